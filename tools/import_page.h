/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_IMPORT_PAGE_H
#define PST_TOOLS_IMPORT_PAGE_H

#include "import/import.h"

/*
 * Prints what was imported on standard output: a part of postern.conf with
 * explanations, and after it, as comments, what was changed on purpose, what
 * needs an answer, and what became of each other option. program is the name of
 * what was imported ("opendkim"), file its configuration.
 */
void pst_import_print(
    const struct pst_import *import, const char *program, const char *file);

#endif
