/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/ui.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/command.h"

#define WIDTH_DEFAULT 80
#define BAR_MAX 60

static void say(const char *command, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
say(const char *command, const char *format, va_list args)
{
	fprintf(
	    stderr, "postern%s%s: ", command[0] == '\0' ? "" : " ", command);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int
pst_ui_fail(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(command, format, args);
	va_end(args);
	return PST_EXIT_USAGE;
}

void
pst_ui_note(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(command, format, args);
	va_end(args);
}

int
pst_ui_finish(const char *command, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return pst_ui_fail(
	    command, "cannot write the output: %s", strerror(errno));
}

static bool
has_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color != NULL && no_color[0] != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fd) == 1;
}

void
pst_ui_print(enum pst_ui_tone tone, const char *text)
{
	static const char *const codes[] = {
	    [PST_UI_PLAIN] = "",
	    [PST_UI_GOOD] = "\033[32m",
	    [PST_UI_WARN] = "\033[33m",
	    [PST_UI_BAD] = "\033[31m",
	    [PST_UI_DIM] = "\033[2m",
	};

	if (tone == PST_UI_PLAIN || !has_colour(STDOUT_FILENO))
		fputs(text, stdout);
	else
		printf("%s%s\033[0m", codes[tone], text);
}

unsigned
pst_ui_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_DEFAULT;
	return size.ws_col;
}

#define TAB_COLUMNS 8
/* Narrower, a line would be mostly indent. */
#define MIN_WRAP 40

unsigned
pst_ui_wrap_width(int fd)
{
	return isatty(fd) == 1 ? pst_ui_width(fd) : 0;
}

/* The columns of blanks and tabs at the beginning of a line; *len of octets. */
static size_t
leading_columns(const char *line, size_t *len)
{
	size_t columns = 0;

	for (*len = 0; line[*len] == ' ' || line[*len] == '\t'; ++*len)
		columns +=
		    line[*len] == ' ' ? 1 : TAB_COLUMNS - columns % TAB_COLUMNS;
	return columns;
}

static void
wrap_line(FILE *out, const char *line, size_t len, size_t width, size_t indent)
{
	size_t at;
	size_t column = leading_columns(line, &at);
	bool first = true;

	if (column > indent)
		indent = column;
	fwrite(line, 1, at, out);
	while (at < len) {
		size_t blanks = strspn(line + at, " ");
		size_t word = strcspn(line + at + blanks, " \n");

		if (!first && column + blanks + word > width &&
		    column > indent) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else {
			fprintf(out, "%*s", (int)blanks, "");
			column += blanks;
		}
		fwrite(line + at + blanks, 1, word, out);
		column += word;
		at += blanks + word;
		first = false;
	}
}

void
pst_ui_wrap(FILE *out, const char *text, unsigned width, unsigned indent)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (width < MIN_WRAP || len <= width)
			fwrite(text, 1, len, out);
		else
			wrap_line(out, text, len, width, indent);
		text += len;
		if (*text == '\n') {
			fputc('\n', out);
			text++;
		}
	}
}

/* Returns the width of the widest cell of a column. */
static size_t
column_width(
    const char *const *cells, size_t columns, size_t rows, size_t column)
{
	size_t width = 0;

	for (size_t row = 0; row < rows; row++) {
		const char *cell = cells[row * columns + column];
		size_t len = cell == NULL ? 0 : strlen(cell);
		if (len > width)
			width = len;
	}
	return width;
}

/* True if the row is empty from this column on. */
static bool
rest_is_empty(const char *const *row, size_t columns, size_t from)
{
	for (size_t i = from; i < columns; i++)
		if (row[i] != NULL && row[i][0] != '\0')
			return false;
	return true;
}

void
pst_ui_table(FILE *out, unsigned indent, const char *const *cells,
    size_t columns, size_t rows)
{
	for (size_t row = 0; row < rows; row++) {
		const char *const *at = cells + row * columns;
		fprintf(out, "%*s", (int)indent, "");
		for (size_t i = 0; i < columns; i++) {
			const char *cell = at[i] == NULL ? "" : at[i];
			if (rest_is_empty(at, columns, i + 1)) {
				fputs(cell, out);
				break;
			}
			fprintf(out, "%-*s  ",
			    (int)column_width(cells, columns, rows, i), cell);
		}
		fputc('\n', out);
	}
}

void
pst_ui_bar_begin(struct pst_ui_bar *bar, uint64_t total)
{
	bar->shown = isatty(STDERR_FILENO) == 1 && total > 0;
	bar->total = total;
	bar->start_ms = pst_clock_ms(&pst_clock_system);
}

void
pst_ui_bar_draw(const struct pst_ui_bar *bar, uint64_t done)
{
	char line[BAR_MAX + 1];
	double share = (double)done / (double)bar->total;
	double seconds;

	if (!bar->shown)
		return;
	seconds =
	    (double)(pst_clock_ms(&pst_clock_system) - bar->start_ms) / 1000;
	unsigned width = pst_ui_width(STDERR_FILENO);
	unsigned room = width > 60 ? width - 50 : 10;
	if (room > BAR_MAX)
		room = BAR_MAX;
	unsigned full = (unsigned)(share * room);
	memset(line, '-', room);
	memset(line, '#', full);
	line[room] = '\0';
	fprintf(stderr, "\r[%s] %3.0f%% %llu/%llu %.0f/s\033[K", line,
	    share * 100, (unsigned long long)done,
	    (unsigned long long)bar->total,
	    seconds > 0 ? (double)done / seconds : 0.0);
}

void
pst_ui_bar_end(const struct pst_ui_bar *bar)
{
	if (bar->shown)
		fputs("\r\033[K", stderr);
}
