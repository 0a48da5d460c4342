/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_UI_H
#define PST_TOOLS_UI_H

/*
 * What a person sees: sentences on standard error, tables and colour on
 * standard output, a progress bar on standard error. Colour and bars appear on
 * a terminal only; NO_COLOR and TERM=dumb turn colour off.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* "postern COMMAND: sentence" on standard error; returns PST_EXIT_USAGE. */
int pst_ui_fail(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints a remark in the same form. */
void pst_ui_note(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Flushes standard output; returns status, or PST_EXIT_USAGE after a sentence
 * if the output could not be written.
 */
int pst_ui_finish(const char *command, int status);

enum pst_ui_tone {
	PST_UI_PLAIN,
	PST_UI_GOOD,
	PST_UI_WARN,
	PST_UI_BAD,
	PST_UI_DIM,
};

/* Prints text on standard output, coloured when that is a terminal. */
void pst_ui_print(enum pst_ui_tone tone, const char *text);

/* Returns the width of the terminal in columns; 80 if it is unknown. */
unsigned pst_ui_width(int fd);

/*
 * Prints lines of text. A line that is longer than width columns is broken at
 * blanks, and what follows is indented by indent, or as far as the line itself
 * is if that is more. A word is never broken. Width 0: no line is broken.
 */
void pst_ui_wrap(FILE *out, const char *text, unsigned width, unsigned indent);

/* Returns the width for that: the terminal's; 0 if fd is not a terminal. */
unsigned pst_ui_wrap_width(int fd);

/*
 * Prints rows x columns cells, which are given row by row, in columns that are
 * as wide as their widest cell; a NULL cell is empty. Each row begins with
 * indent blanks.
 */
void pst_ui_table(FILE *out, unsigned indent, const char *const *cells,
    size_t columns, size_t rows);

/* A progress bar on standard error; shown only if that is a terminal. */
struct pst_ui_bar {
	bool shown;
	uint64_t total;
	int64_t start_ms;
};
void pst_ui_bar_begin(struct pst_ui_bar *bar, uint64_t total);
void pst_ui_bar_draw(const struct pst_ui_bar *bar, uint64_t done);
void pst_ui_bar_end(const struct pst_ui_bar *bar);

#endif
