/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rule_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/rule_reader.h"

struct pst_arena *rule_arena;

int
rule_begin(void **state)
{
	(void)state;
	rule_arena = pst_arena_new();
	return 0;
}

int
rule_end(void **state)
{
	(void)state;
	pst_arena_free(rule_arena);
	return 0;
}

struct pst_rule
rule_written(const char *title, const struct key_text keys[RULE_MAX_KEYS])
{
	struct pst_rule rule = {.title = title, .line = 1};

	for (unsigned i = 0; i < RULE_MAX_KEYS && keys[i].name != NULL; i++) {
		enum pst_rule_option key = pst_rule_option_find(keys[i].name);
		struct pst_str rest = pst_str(keys[i].parts), part;
		bool more = rest.len > 0;

		if (key == PST_RULE_OPTIONS)
			fail_msg("no option %s", keys[i].name);
		rule.written[key].line = i + 2;
		rule.written[key].parts =
		    pst_arena_array(rule_arena, 20, sizeof(const char *));
		while (pst_rule_options[key].list &&
		    pst_str_split(&rest, ' ', &part, &more))
			rule.written[key].parts[rule.written[key].count++] =
			    pst_arena_memdup(rule_arena, part.ptr, part.len);
		if (!pst_rule_options[key].list) {
			rule.written[key].parts[0] = keys[i].parts;
			rule.written[key].count = 1;
		}
	}
	return rule;
}

struct pst_rule
rule_make(const struct key_text keys[RULE_MAX_KEYS])
{
	struct pst_rule rule = rule_written("r", keys);
	struct pst_err err;
	unsigned line;

	if (!pst_rule_make(&rule, rule_arena, &line, &err))
		fail_msg("%s", err.text);
	return rule;
}
