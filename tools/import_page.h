/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_IMPORT_PAGE_H
#define PST_TOOLS_IMPORT_PAGE_H

#include "import/import.h"

struct pst_import_source {
	const char *program; /* what was imported: "opendkim" */
	const char *file;    /* its configuration */
	const char *keys;    /* the directory for copies of key files; NULL: use
	                     them where they are */
};

/*
 * Prints what was imported on standard output: a part of postern.conf with
 * explanations, and after it, as comments, what needs an answer, what was
 * changed on purpose, and what became of each other option.
 */
void pst_import_print(
    const struct pst_import *import, const struct pst_import_source *source);

#endif
