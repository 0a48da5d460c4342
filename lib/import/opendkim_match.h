/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_MATCH_H
#define PST_IMPORT_OPENDKIM_MATCH_H

/*
 * How opendkim finds the lines of a SigningTable that apply to a From address.
 * Written from opendkim.conf(5) and from what opendkim 2.11.0 does.
 */

#include "import/dataset.h"

/* A local part and a label that no pattern means in particular. */
#define PST_OPENDKIM_ANY "\001"

/* For which From domains a line is meant. */
enum pst_opendkim_target {
	PST_OPENDKIM_DOMAIN,  /* that domain */
	PST_OPENDKIM_BELOW,   /* all domains below it */
	PST_OPENDKIM_ENDS,    /* it, those below, and others: "*example.com" */
	PST_OPENDKIM_ALL,     /* all domains */
	PST_OPENDKIM_NOTHING, /* matches no address */
	PST_OPENDKIM_LATER, /* "*@example.com" in a table that is not refile: */
	PST_OPENDKIM_ODD,   /* a pattern that we do not follow */
};

struct pst_opendkim_key {
	enum pst_opendkim_target target;
	const char *domain; /* normal form; NULL: not one of the first three */
	bool some_users;    /* only for some local parts */
};

/* Takes the key of a line apart. */
struct pst_opendkim_key pst_opendkim_key_parse(struct pst_arena *arena,
    const struct pst_dataset *table, const struct pst_dataset_row *row);

/* Lines that apply to one address. More than these are left out. */
#define PST_OPENDKIM_MAX_MATCHES 16

struct pst_opendkim_matches {
	const struct pst_dataset_row *rows[PST_OPENDKIM_MAX_MATCHES];
	size_t count;
};

/*
 * Finds the lines that apply to mail from user@domain, in opendkim's order; only
 * the first one unless multiple is set (MultipleSignatures).
 */
void pst_opendkim_match(const struct pst_dataset *table, const char *user,
    const char *domain, bool multiple, struct pst_opendkim_matches *out);

/* True if text matches pattern, in which `*` stands for any text. No case. */
bool pst_opendkim_glob(struct pst_str pattern, struct pst_str text);

#endif
