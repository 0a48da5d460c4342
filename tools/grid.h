/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_GRID_H
#define PST_TOOLS_GRID_H

/*
 * A page of a terminal in memory: cells of printable ASCII, each with a tone.
 * Whatever is put there, a cell never holds a control character or an octet of
 * another character set, so no text can move the cursor or change a colour.
 */

#include "base/arena.h"
#include "tools/ui.h"

#define PST_GRID_MAX_COLUMNS 500
#define PST_GRID_MAX_ROWS 200

struct pst_grid {
	unsigned columns, rows;
	char *text;           /* row by row, without NUL */
	unsigned char *tones; /* enum pst_ui_tone of each cell */
};

/* Returns a blank page in the arena, of at most the size above, at least 1x1. */
struct pst_grid *
pst_grid_new(struct pst_arena *arena, unsigned columns, unsigned rows);

/* A part of one line. */
struct pst_grid_place {
	unsigned row, column, width;
};

/*
 * Puts a text there. What is longer than the width ends with ".."; what is
 * outside the page is left out.
 */
void pst_grid_put(struct pst_grid *grid, struct pst_grid_place place,
    enum pst_ui_tone tone, const char *text);

/* The same, with the text at the right end of the place. */
void pst_grid_put_right(struct pst_grid *grid, struct pst_grid_place place,
    enum pst_ui_tone tone, const char *text);

/* Returns a line without the blanks at its end, in the arena. */
const char *pst_grid_line(
    struct pst_arena *arena, const struct pst_grid *grid, unsigned row);

/* Returns how many lines there are until the last one that is not blank. */
unsigned pst_grid_used_rows(const struct pst_grid *grid);

#endif
