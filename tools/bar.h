/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_BAR_H
#define PST_TOOLS_BAR_H

/* Cells of a table for a person: a key of a fixed width, and a bar. */

#include <stddef.h>
#include <stdint.h>

#define PST_BAR_MAX_COLUMNS 40

/*
 * Prints a bar of part / whole of its columns; a little is at least a mark. It
 * has blocks in a UTF-8 locale, else number signs.
 */
void pst_bar_print(uint64_t part, uint64_t whole, size_t columns);

/*
 * Prints an ASCII key, filled up to its columns; its middle is left out if it
 * is longer.
 */
void pst_bar_print_key(const char *key, size_t columns);

#endif
