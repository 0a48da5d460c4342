/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DMARC_EVAL_H
#define PST_AUTH_DMARC_EVAL_H

/*
 * The evaluation of one Author Domain by one discovery method: record,
 * alignment of each identifier, result, effective policy. auth/dmarc.c combines
 * one or several of them into the result of the message; no other file includes
 * this header.
 */

#include "auth/dmarc.h"

/* Whether an identifier's domain is aligned with the Author Domain. */
enum pst_dmarc_align {
	PST_DMARC_ALIGN_NO,
	PST_DMARC_ALIGN_YES,
	PST_DMARC_ALIGN_UNKNOWN, /* a look-up failed temporarily */
	PST_DMARC_ALIGN_PENDING,
};

enum pst_dmarc_lookup {
	PST_DMARC_PENDING,
	PST_DMARC_TEMPERROR, /* the look-up failed temporarily */
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
 * Returns an empty evaluation of the domain author, in the arena of blank's
 * world, with the identifiers and options of blank. psl_mode selects the
 * discovery method.
 */
struct pst_dmarc_eval pst_dmarc_eval_begin(
    const struct pst_dmarc_eval *blank, const char *author, bool psl_mode);

/* Restartable, as described in auth/world.h. True: ev->out is complete. */
bool pst_dmarc_eval_check(struct pst_dmarc_eval *ev) PST_MUST_CHECK;

/* Returns whether a signature can decide the result, if it is aligned. */
bool pst_dmarc_eval_sig_matters(
    const struct pst_dmarc_eval *ev, const struct pst_dkim_sig *sig);

/*
 * Finds the org domain of name by the discovery method of ev. After
 * PST_DMARC_TEMPERROR, *org_domain is the widest one possible.
 */
enum pst_dmarc_lookup pst_dmarc_eval_org_domain(
    struct pst_dmarc_eval *ev, const char *name, const char **org_domain);

#endif
