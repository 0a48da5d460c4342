/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool
is_known(const struct pst_problems *problems, unsigned line, const char *text)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].line == line &&
		    strcmp(problems->items[i].sentence, text) == 0)
			return true;
	}
	return false;
}

bool
pst_problems_add(struct pst_problems *problems, enum pst_problem_kind kind,
    const char *file, unsigned line, const char *format, ...)
{
	struct pst_err sentence;
	struct pst_problem *added;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(sentence.text, sizeof(sentence.text), format, ap);
	va_end(ap);
	if (is_known(problems, line, sentence.text))
		return false;
	if (problems->items == NULL)
		problems->items = pst_arena_array(problems->arena,
		    PST_PROBLEMS_MAX, sizeof(*problems->items));
	problems->errors += kind == PST_PROBLEM_ERROR;
	if (problems->count == PST_PROBLEMS_MAX)
		return false;
	added = &problems->items[problems->count++];
	added->kind = kind;
	added->file =
	    file == NULL ? NULL : pst_arena_strdup(problems->arena, file);
	added->line = line;
	added->sentence = pst_arena_strdup(problems->arena, sentence.text);
	return false;
}

static bool
comes_before(const struct pst_problem *a, const struct pst_problem *b)
{
	if (a->line == 0 || b->line == 0)
		return a->line != 0 && b->line == 0;
	return a->line < b->line;
}

/* Problems of one line stay in their order. */
void
pst_problems_sort(struct pst_problems *problems)
{
	for (size_t i = 1; i < problems->count; i++) {
		struct pst_problem moved = problems->items[i];
		size_t to = i;

		for (; to > 0 && comes_before(&moved, &problems->items[to - 1]);
		     to--)
			problems->items[to] = problems->items[to - 1];
		problems->items[to] = moved;
	}
}

void
pst_problems_first(const struct pst_problems *problems, struct pst_err *err)
{
	size_t i = 0;

	while (
	    i < problems->count && problems->items[i].kind != PST_PROBLEM_ERROR)
		i++;
	if (i == problems->count)
		return;
	if (problems->items[i].file == NULL)
		(void)pst_err_set(err, "%s", problems->items[i].sentence);
	else
		(void)pst_err_set_at(err, problems->items[i].file,
		    problems->items[i].line, "%s", problems->items[i].sentence);
}
