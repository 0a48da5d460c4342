/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/bar.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "tools/ui.h"

static bool
is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < PST_COUNT(names); i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || value[0] == '\0')
			continue;
		return pst_str_iends(pst_str(value), PST_STR("utf-8")) ||
		    pst_str_iends(pst_str(value), PST_STR("utf8"));
	}
	return false;
}

void
pst_bar_print(uint64_t part, uint64_t whole, size_t columns)
{
	static const char *const eighths[] = {"", "\u258f", "\u258e", "\u258d",
	    "\u258c", "\u258b", "\u258a", "\u2589"};
	char bar[PST_BAR_MAX_COLUMNS * 3 + 4];
	size_t steps = 0, len = 0;

	assert(columns <= PST_BAR_MAX_COLUMNS);
	if (part >= whole)
		steps = whole == 0 ? 0 : columns * 8;
	else
		steps = (size_t)((double)part * (double)(columns * 8) /
		    (double)whole);
	if (steps == 0 && part > 0)
		steps = 1;
	if (is_utf8()) {
		for (size_t i = 0; i < steps / 8; i++, len += 3)
			memcpy(bar + len, "\u2588", 3);
		memcpy(bar + len, eighths[steps % 8],
		    strlen(eighths[steps % 8]) + 1);
	} else {
		len = (steps + 7) / 8;
		memset(bar, '#', len);
		bar[len] = '\0';
	}
	pst_ui_print(PST_UI_DIM, bar);
}

void
pst_bar_print_key(const char *key, size_t columns)
{
	const size_t len = strlen(key);
	const size_t half = (columns - 2) / 2;

	if (len <= columns)
		printf("%-*s", (int)columns, key);
	else
		printf("%.*s..%-*s", (int)half, key, (int)(columns - half - 2),
		    key + len - half);
}
