/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_SIGNING_LINE_H
#define PST_IMPORT_SIGNING_LINE_H

/* One line of OpenDKIM's SigningTable, for one From domain. */

#include "import/opendkim_keys.h"
#include "import/opendkim_match.h"
#include "import/opendkim_tables.h"

/* The tables while they are taken. */
struct pst_signing_work {
	struct pst_import *import;
	const struct pst_opendkim_tables *tables;
	struct pst_dataset signing;
	struct pst_opendkim_keys keys;
	struct pst_opendkim_key *parsed; /* by row of signing */
	bool only_own;     /* the first round: what a domain signs itself */
	bool again;        /* that round has left something out */
	bool *seen;        /* by row: it applies to some address */
	bool *told;        /* by row: its fault was told */
	bool *told_signer; /* by row: its i= was told */
};

/* One question: mail from that domain, or from all domains below it. */
struct pst_signing_question {
	const char *domain;
	bool below;
};

/* Adds a remark about a line; the second one only once for each line. */
void
pst_signing_remark(struct pst_signing_work *work, enum pst_import_kind kind,
    const struct pst_dataset_row *row, const char *text, const char *now);
void pst_signing_remark_once(struct pst_signing_work *work,
    enum pst_import_kind kind, const struct pst_dataset_row *row,
    const char *text, const char *now);

/*
 * Returns the name of the key that a line asks for; from is the From domain, NULL
 * if it may be any one.
 */
struct pst_str
pst_signing_key_name(const struct pst_dataset_row *row, const char *from);

/* Adds a remark if a line has an i= of its own. */
void pst_signing_tell_signer(
    struct pst_signing_work *work, const struct pst_dataset_row *row);

/* Adds a key to a section, or a remark that says why it cannot be there. */
void pst_signing_add_pair(struct pst_signing_work *work,
    struct pst_import_section *section, const struct pst_dataset_row *row,
    const struct pst_opendkim_signature *key);

/* Takes a line that applies to the question into the sections. */
void pst_signing_take_line(struct pst_signing_work *work,
    const struct pst_dataset_row *row,
    const struct pst_signing_question *question);

#endif
