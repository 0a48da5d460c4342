/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DMARC_EVAL_H
#define PST_AUTH_DMARC_EVAL_H

/*
 * The evaluation of one Author Domain by one discovery method: record,
 * alignment of each identifier, result, effective policy. auth/dmarc.c makes
 * the message's verdict of one or several of them; nothing else includes this.
 */

#include "auth/dmarc.h"

/* Whether an identifier's domain is aligned with the Author Domain. */
enum pst_dmarc_align {
	PST_DMARC_ALIGN_NO,
	PST_DMARC_ALIGN_YES,
	PST_DMARC_ALIGN_UNKNOWN, /* an answer that decides it is missing */
	PST_DMARC_ALIGN_PENDING,
};

enum pst_dmarc_lookup {
	PST_DMARC_PENDING,
	PST_DMARC_TEMPERROR, /* an answer is missing for now */
	PST_DMARC_KNOWN,
};

struct pst_dmarc_eval {
	struct pst_world *world;
	const struct pst_dmarc_config *config;
	const struct pst_spf *spf;
	const struct pst_dkim *dkim;
	const char *author;
	bool psl_mode;
	enum pst_dmarc_align spf_align;
	enum pst_dmarc_align *sig_align; /* one for each signature */
	struct pst_dmarc out;
};

/*
 * An empty evaluation of the author's domain, in the arena of world, with the
 * identifiers and settings of blank.
 */
struct pst_dmarc_eval pst_dmarc_eval_begin(
    const struct pst_dmarc_eval *blank, const char *author, bool psl_mode);

/* Restartable, as in auth/world.h; ev->out is complete when it is true. */
bool pst_dmarc_eval_check(struct pst_dmarc_eval *ev) PST_MUST_CHECK;

/*
 * The org domain of name by the method of ev. After PST_DMARC_TEMPERROR it is the widest
 * one that is possible.
 */
enum pst_dmarc_lookup pst_dmarc_eval_org_domain(
    struct pst_dmarc_eval *ev, const char *name, const char **org_domain);

#endif
