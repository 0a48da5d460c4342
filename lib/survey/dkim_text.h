/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_DKIM_TEXT_H
#define PST_SURVEY_DKIM_TEXT_H

/* The text of one DKIM key record, examined (RFC 6376 s. 3.6.1). */

#include "survey/finding.h"

/* True if the author of the text meant it as a key record. */
bool pst_dkim_text_is_meant(struct pst_str text);

/* A record at the name `at`; findings go to list. */
struct pst_dkim_text {
	struct pst_findings_list *list;
	const char *at;
	struct pst_str text;
};

struct pst_dkim_text_key {
	bool usable;      /* receivers verify signatures with it */
	const char *type; /* "rsa", "ed25519"; NULL: neither */
	unsigned bits;    /* 0: not known */
};

/* Adds what is wrong with the text, and what is worth saying of it. */
void pst_dkim_text_check(
    const struct pst_dkim_text *what, struct pst_dkim_text_key *out);

#endif
