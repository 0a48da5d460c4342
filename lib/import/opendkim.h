/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_H
#define PST_IMPORT_OPENDKIM_H

/* Reads opendkim.conf(5) and the files that it names. */

#include "import/import.h"

/* True if a file of that name or with that text is an opendkim.conf. */
bool pst_opendkim_is_conf(const char *name, struct pst_str text);

/*
 * Fills import from the text of an opendkim.conf. Each option that is in it gets
 * a remark, with one exception: of a table whose lines have remarks, lines that
 * became a section have none. Never fails: what cannot be read is a remark.
 */
void pst_opendkim_import(
    struct pst_import *import, const char *file, struct pst_str text);

#endif
