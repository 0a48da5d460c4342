/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/config_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/advice.h"
#include "tools/command.h"
#include "tools/config_keys.h"
#include "tools/config_places.h"
#include "tools/ui.h"

#define INDENT 4

/*
 * Prints a sentence in lines that fit in the width; all but the first begin
 * with blanks. A word that is longer, such as a path, has a line of its own.
 */
static void
print_wrapped(FILE *out, const char *text)
{
	size_t width = pst_ui_width(fileno(out));
	size_t at = 0, len;
	bool is_first = true;

	for (; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		if (!is_first && at + 1 + len > width) {
			fprintf(out, "\n%*s", INDENT, "");
			at = INDENT;
		} else if (!is_first) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)len, text);
		at += len;
		is_first = false;
	}
	fputc('\n', out);
}

static void
print_problem(FILE *out, struct pst_arena *arena, const char *command,
    const struct pst_problem *problem)
{
	const char *place = "";

	if (problem->file != NULL && problem->line != 0)
		place = pst_arena_printf(
		    arena, "%s:%u: ", problem->file, problem->line);
	else if (problem->file != NULL)
		place = pst_arena_printf(arena, "%s: ", problem->file);
	print_wrapped(out,
	    pst_arena_printf(arena, "%s%s%s%s%s",
		out == stderr ? "postern " : "", out == stderr ? command : "",
		out == stderr ? ": " : "", place,
		pst_arena_printf(arena, "%s%s",
		    problem->kind == PST_PROBLEM_WARNING ? "warning: " : "",
		    problem->sentence)));
}

static const char *
counted(struct pst_arena *arena, size_t count, const char *what)
{
	return pst_arena_printf(
	    arena, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* Prints all problems; errors, and what is found with them, on stderr. */
static void
print(const char *command, const char *file, const struct pst_problems *found)
{
	struct pst_arena *arena = found->arena;
	FILE *out = found->errors > 0 ? stderr : stdout;
	size_t warnings = found->count - found->errors;

	for (size_t i = 0; i < found->count; i++)
		print_problem(out, arena, command, &found->items[i]);
	if (found->errors > 1)
		fprintf(out, "postern %s: %s: %s\n", command, file,
		    counted(arena, found->errors, "error"));
	else if (found->errors == 0 && warnings > 0)
		printf("%s: no errors found, %s\n", file,
		    counted(arena, warnings, "warning"));
	else if (found->errors == 0)
		printf("%s: no errors found\n", file);
}

/* Returns true if a rule can never match. */
static bool
check_rules(const struct pst_config *config, struct pst_problems *problems)
{
	bool found = false;

	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		const struct pst_rule *cover =
		    pst_rules_find_covering(&config->rules, i);

		if (cover == NULL)
			continue;
		found = true;
		(void)pst_problems_add(problems, PST_PROBLEM_WARNING,
		    pst_config_file(config), rule->line,
		    "rule \"%s\" is never reached: rule \"%s\" in line %u "
		    "matches everything that it could match",
		    rule->title, cover->title, cover->line);
	}
	return found;
}

int
pst_config_test(const char *command, const char *file_name, bool strict)
{
	struct pst_problems found = {.arena = pst_arena_new()};
	struct pst_config *config = pst_config_load_all(file_name, &found);
	int status = PST_EXIT_OK;

	if (config != NULL) {
		if (check_rules(config, &found))
			status = PST_EXIT_OTHER;
		pst_config_advise(config, &found);
		pst_config_look_around(config, &found);
		pst_config_look_at_keys(config, &found);
		pst_problems_sort(&found);
	}
	if (strict && found.count > 0)
		status = PST_EXIT_OTHER;
	if (found.errors > 0)
		status = PST_EXIT_USAGE;
	print(command, file_name, &found);
	pst_config_unref(config);
	pst_arena_free(found.arena);
	return status;
}
