/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_NAME 300
#define MAX_MESSAGE 4000

/* The loop under way. */
static struct {
	const char *table;
	size_t index;
	char name[MAX_NAME]; /* of the row; "": none */
	bool in_row;
	size_t failed; /* rows of this loop */
	bool watched;  /* check_end() runs at the end of the program */
} rows;

jmp_buf rows_here;

/* If a loop was left early, its failures would be forgotten. */
static void
check_end(void)
{
	if (rows.failed == 0)
		return;
	(void)fprintf(stderr,
	    "%zu rows of %s failed, and the loop did not reach its end\n",
	    rows.failed, rows.table);
	(void)fflush(NULL);
	_Exit(1);
}

static void
begin(const char *table)
{
	if (!rows.watched && atexit(check_end) != 0)
		abort();
	rows.watched = true;
	rows.in_row = false;
	if (rows.failed > 0) {
		size_t failed = rows.failed;

		rows.failed = 0;
		fail_msg("%zu rows of %s failed, and the loop did not reach "
			 "its end",
		    failed, rows.table);
	}
	rows.table = table;
}

bool
rows_more(const char *table, size_t i, size_t count, const char *file, int line)
{
	size_t failed;

	if (i == 0)
		begin(table);
	rows.index = i;
	rows.name[0] = '\0';
	rows.in_row = i < count;
	if (rows.in_row)
		return true;
	failed = rows.failed;
	rows.failed = 0;
	if (count == 0)
		rows_fail(file, line, "%s has no rows", table);
	if (failed > 0)
		rows_fail(file, line, "%zu of %zu rows of %s failed", failed,
		    count, table);
	return false;
}

/* Always returns true. */
bool
rows_name(const char *name)
{
	(void)snprintf(
	    rows.name, sizeof(rows.name), "%s", name == NULL ? "" : name);
	return true;
}

const char *
rows_number_text(intmax_t number)
{
	static char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIdMAX, number);
	return text;
}

void
rows_fail(const char *file, int line, const char *format, ...)
{
	char message[MAX_MESSAGE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	if (rows.in_row) {
		bool named = rows.name[0] != '\0';

		rows.failed++;
		print_error("%s[%zu]%s%s%s: %s\n%s:%d: error: failed row\n",
		    rows.table, rows.index, named ? " (" : "", rows.name,
		    named ? ")" : "", message, file, line);
		longjmp(rows_here, 1);
	}
	print_error("ERROR: %s\n", message);
	_fail(file, line);
	abort();
}

void
rows_int_equal(
    uintmax_t got, uintmax_t want, const char *what, const char *file, int line)
{
	if (got != want)
		rows_fail(file, line,
		    "%s is %" PRIdMAX " (%#" PRIxMAX "), not %" PRIdMAX
		    " (%#" PRIxMAX ")",
		    what, (intmax_t)got, got, (intmax_t)want, want);
}

void
rows_in_range(
    uintmax_t got, uintmax_t low, uintmax_t high, const char *file, int line)
{
	if (got < low || got > high)
		rows_fail(file, line,
		    "%" PRIdMAX " is not from %" PRIdMAX " to %" PRIdMAX,
		    (intmax_t)got, (intmax_t)low, (intmax_t)high);
}

static const char *
shown(const char *text)
{
	return text == NULL ? "(NULL)" : text;
}

void
rows_text_equal(const char *got, const char *want, const char *what,
    const char *file, int line)
{
	if (got == NULL || want == NULL || strcmp(got, want) != 0)
		rows_fail(file, line, "%s is \"%s\", not \"%s\"", what,
		    shown(got), shown(want));
}
