/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_TABLES_H
#define PST_IMPORT_OPENDKIM_TABLES_H

/*
 * What opendkim signs, as sections `sign`.
 *
 * opendkim selects keys by the whole From address, in tables that may have
 * patterns; Postern by the From domain. For each domain that a table names, this
 * asks which keys opendkim would use for an address of no particular user, and
 * writes a section with these. What such a section cannot say becomes a remark.
 * Key files are only named, not read.
 */

#include "import/import.h"

struct pst_opendkim_tables {
	struct pst_import_at signing_table, key_table;
	const char *base; /* BaseDirectory; NULL: none */
	bool multiple;    /* MultipleSignatures */
};

/* Adds the sections and the remarks of KeyTable and SigningTable. */
void pst_opendkim_tables(
    struct pst_import *import, const struct pst_opendkim_tables *tables);

struct pst_opendkim_single {
	struct pst_import_at domain, selector, key_file;
	const char *base;
	bool subdomains;
};

/* The same for the options Domain, Selector, KeyFile and SubDomains. */
void pst_opendkim_single(
    struct pst_import *import, const struct pst_opendkim_single *single);

#endif
