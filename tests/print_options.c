/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the tables of options for tests/check-options, one option on a line:
 *
 *	PATH <tab> start|listener|plain <tab> DEFAULT
 *	rule NAME, sign NAME
 *
 * The default is printed as it is written in a file.
 */
#include <stdio.h>

#include "config/option.h"
#include "config/titled.h"

static const char *
kind(const struct pst_option *option)
{
	if (option->at_start)
		return "start";
	return option->per_listener ? "listener" : "plain";
}

int
main(void)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err;
	struct pst_config *config = pst_config_load(NULL, &err);
	char path[80];

	if (config == NULL) {
		(void)fprintf(stderr, "print_options: %s\n", err.text);
		pst_arena_free(arena);
		return 1;
	}
	for (size_t i = 0; i < pst_option_count; i++)
		printf("%s\t%s\t%s\n",
		    pst_option_path(&pst_options[i], path, sizeof(path)),
		    kind(&pst_options[i]), pst_config_value(config, i, arena));
	for (size_t i = 0; i < PST_TITLED_KINDS; i++) {
		const struct pst_titled_kind *kind = &pst_titled_kinds[i];

		for (size_t k = 0; k < kind->count; k++)
			printf("%s %s\n", kind->section, kind->options[k].name);
	}
	pst_config_unref(config);
	pst_arena_free(arena);
	return 0;
}
