/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CSV_H
#define PST_TOOLS_CSV_H

/* Cells of CSV on standard output, as RFC 4180 says. */

#include "base/str.h"

/*
 * Prints a text in quotes, escaped. "; " separates the lines within it. A
 * spreadsheet takes a cell that begins with = and the like for a formula and runs
 * it; a leading apostrophe makes it a text.
 */
void pst_csv_text(struct pst_str text);

#endif
