/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/csv.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

static bool
is_formula(struct pst_str text)
{
	return text.len > 0 && strchr("=+-@|%\t\r", text.ptr[0]) != NULL;
}

void
pst_csv_text(struct pst_str text)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str line;
	bool more = true, first = true;

	putchar('"');
	if (is_formula(text))
		putchar('\'');
	while (pst_str_split(&text, '\n', &line, &more)) {
		const char *c = pst_escaped(arena, line);

		if (*c == '\0' && !first)
			continue;
		if (!first)
			(void)fputs("; ", stdout);
		first = false;
		for (; *c != '\0'; c++) {
			if (*c == '"')
				putchar('"');
			putchar(*c);
		}
	}
	putchar('"');
	pst_arena_free(arena);
}
