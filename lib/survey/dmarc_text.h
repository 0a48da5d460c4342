/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_DMARC_TEXT_H
#define PST_SURVEY_DMARC_TEXT_H

/*
 * The text of one DMARC record, examined tag by tag (RFC 9989 s. 4.7, 4.8). The
 * parser of auth/dmarc_record skips what it cannot read, as a receiver must; here
 * each such part is a finding.
 */

#include "survey/finding.h"

/*
 * True if the author of the text meant it as a DMARC record, whether or not it
 * is one: with quotes around it, with a wrong version, and so on.
 */
bool pst_dmarc_text_is_meant(struct pst_str text);

/* A record at the name `at`; findings go to list. */
struct pst_dmarc_text {
	struct pst_findings_list *list;
	const char *at;
	struct pst_str text;
};

/* Adds what is wrong with the text, and what is worth saying of it. */
void pst_dmarc_text_check(const struct pst_dmarc_text *what);

#endif
