/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/grid.h"

#include <string.h>

static unsigned
bounded(unsigned number, unsigned max)
{
	return number < 1 ? 1 : number > max ? max : number;
}

struct pst_grid *
pst_grid_new(struct pst_arena *arena, unsigned columns, unsigned rows)
{
	struct pst_grid *grid = pst_arena_alloc(arena, sizeof(*grid));
	size_t cells;

	grid->columns = bounded(columns, PST_GRID_MAX_COLUMNS);
	grid->rows = bounded(rows, PST_GRID_MAX_ROWS);
	cells = (size_t)grid->columns * grid->rows;
	grid->text = pst_arena_alloc(arena, cells);
	grid->tones = pst_arena_alloc(arena, cells);
	memset(grid->text, ' ', cells);
	return grid;
}

static char
printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

void
pst_grid_put(struct pst_grid *grid, struct pst_grid_place place,
    enum pst_ui_tone tone, const char *text)
{
	size_t len = strlen(text), at;
	unsigned width = place.width;
	bool cut;

	if (place.row >= grid->rows || place.column >= grid->columns)
		return;
	if (width > grid->columns - place.column)
		width = grid->columns - place.column;
	cut = len > width;
	if (cut)
		len = width;
	at = (size_t)place.row * grid->columns + place.column;
	for (size_t i = 0; i < len; i++) {
		grid->text[at + i] =
		    cut && width > 4 && i + 2 >= len ? '.' : printable(text[i]);
		grid->tones[at + i] = (unsigned char)tone;
	}
}

void
pst_grid_put_right(struct pst_grid *grid, struct pst_grid_place place,
    enum pst_ui_tone tone, const char *text)
{
	size_t len = strlen(text);

	if (len < place.width) {
		place.column += place.width - (unsigned)len;
		place.width = (unsigned)len;
	}
	pst_grid_put(grid, place, tone, text);
}

const char *
pst_grid_line(
    struct pst_arena *arena, const struct pst_grid *grid, unsigned row)
{
	const char *text = grid->text + (size_t)row * grid->columns;
	size_t len = grid->columns;

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return pst_arena_memdup(arena, text, len);
}

unsigned
pst_grid_used_rows(const struct pst_grid *grid)
{
	size_t cells = (size_t)grid->columns * grid->rows;

	while (cells > 0 && grid->text[cells - 1] == ' ')
		cells--;
	return (unsigned)((cells + grid->columns - 1) / grid->columns);
}
