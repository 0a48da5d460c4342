/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/assignments.h"
#include "config/option.h"
#include "tests/unit/rows.h"

/*
 * What libconfuse shows, step by step: how many parts the list has so far (0:
 * not a list), and the newest part. `want` is the outcome of the last step.
 */
static const struct {
	const char *label;
	struct {
		unsigned parts;
		const char *text; /* NULL: no step */
	} steps[6];
	bool want;
	const char *last;
} rows[] = {
    {"once", {{0, "a"}}, true, "a"},
    {"twice", {{0, "a"}, {0, "b"}}, false, "a"},
    {"twice the same", {{0, "a"}, {0, "a"}}, false, "a"},
    {"a list", {{1, "a"}, {2, "b"}}, true, "b"},
    {"and its end", {{1, "a"}, {2, "b"}, {2, "b"}}, true, "b"},
    {"a list of one twice", {{1, "a"}, {1, "a"}, {1, "b"}}, false, "a"},
    {"the same list twice", {{1, "a"}, {1, "a"}, {1, "a"}}, false, "a"},
    {"parts alike", {{1, "a"}, {2, "a"}, {3, "a"}, {3, "a"}}, true, "a"},
    {"after a default", {{3, "a"}, {4, "b"}, {4, "b"}}, true, "b"},
    {"more of it later", {{1, "a"}, {1, "a"}, {2, "b"}}, false, "a"},
    {"a shorter one later", {{1, "a"}, {2, "b"}, {2, "b"}, {1, "c"}}, false,
	"b"},
};

static void
test_settings(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_assignment setting = {.line = 0};
		bool got = true;
		unsigned line = 7;

		for (size_t n = 0; rows[i].steps[n].text != NULL; n++) {
			if (!got)
				fail_msg("step %zu", n);
			got = pst_assignment_note(&setting, arena, line++,
			    rows[i].steps[n].text, rows[i].steps[n].parts);
		}
		if (got != rows[i].want || setting.line != 7 ||
		    strcmp(setting.last, rows[i].last) != 0)
			fail_msg(
			    "%d, line %u, %s", got, setting.line, setting.last);
		pst_arena_free(arena);
	}
}

/* Each section has assignments of its own, whose address never changes. */
static void
test_sections(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_assignments notes = {.arena = arena};
	const struct pst_titled_kind *kind = &pst_titled_kinds[PST_TITLED_RULE];
	char places[3];
	struct pst_titled_notes *rule =
	    pst_assignments_of_titled(&notes, &places[0], kind, 3);
	struct pst_listener_section *listener =
	    pst_assignments_of_listener(&notes, &places[1], 5);
	struct pst_titled_notes *other =
	    pst_assignments_of_titled(&notes, &places[2], kind, 9);

	(void)state;
	assert_int_equal(rule->line, 3);
	assert_int_equal(listener->line, 5);
	assert_int_equal(other->line, 9);
	for (size_t i = 0; i < pst_option_count; i++)
		assert_int_equal(listener->assignments[i].line, 0);
	assert_ptr_equal(
	    pst_assignments_of_titled(&notes, &places[0], kind, 4), rule);
	assert_ptr_equal(
	    pst_assignments_of_listener(&notes, &places[1], 6), listener);
	assert_ptr_equal(
	    pst_assignments_of_titled(&notes, &places[2], kind, 10), other);
	assert_int_equal(rule->line, 3);
	assert_int_equal(listener->line, 5);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
