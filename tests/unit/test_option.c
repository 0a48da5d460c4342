/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/option.h"
#include "tests/unit/rows.h"

#define PATH_SIZE 80

static const char *
path_of(size_t i, char path[PATH_SIZE])
{
	return pst_option_path(&pst_options[i], path, PATH_SIZE);
}

static size_t
section_index(const char *section)
{
	if (section == NULL)
		return 0;
	for (size_t i = 0; pst_option_sections[i] != NULL; i++) {
		if (strcmp(pst_option_sections[i], section) == 0)
			return i + 1;
	}
	fail_msg("section %s is not in the list", section);
	return 0;
}

/* Sections are contiguous, so that each is printed once. */
static void
test_sections_in_order(void **state)
{
	size_t i, last = 0, seen = 1;

	(void)state;
	for (i = 0; i < pst_option_count; i++) {
		size_t now = section_index(pst_options[i].section);

		if (now < last)
			fail_msg("%s is out of order", pst_options[i].name);
		seen += now != last;
		last = now;
	}
	for (i = 0; pst_option_sections[i] != NULL; i++)
		continue;
	assert_int_equal(seen, i + 1);
}

static void
test_names_are_unique(void **state)
{
	char a[PATH_SIZE], b[PATH_SIZE];

	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(path_of(i, a), path_of(j, b)) == 0)
				fail_msg("%s is there twice", a);
			if (pst_options[i].offset == pst_options[j].offset)
				fail_msg("%s and %s share a place", a, b);
		}
	}
}

static void
test_names_are_plain(void **state)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz-";

	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		const char *name = pst_options[i].name;

		if (name[0] == '\0' || strspn(name, allowed) != strlen(name))
			fail_msg("\"%s\" is not a plain name", name);
	}
}

static void
test_types_have_what_they_need(void **state)
{
	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		const struct pst_option *option = &pst_options[i];
		bool ranged = option->type == PST_OPTION_NUMBER ||
		    option->type == PST_OPTION_DURATION ||
		    option->type == PST_OPTION_SECONDS ||
		    option->type == PST_OPTION_SIZE ||
		    option->type == PST_OPTION_PREFIX ||
		    option->type == PST_OPTION_OCTAL;

		if ((option->words != NULL) !=
		    (option->type == PST_OPTION_WORD))
			fail_msg("%s: words and type differ", option->name);
		if (ranged != (option->max > 0))
			fail_msg("%s: range and type differ", option->name);
		if (option->min > option->max)
			fail_msg("%s: the range is empty", option->name);
		if (option->at_start && option->per_listener)
			fail_msg("%s: a listener's option at a start only",
			    option->name);
		if (option->offset >= sizeof(struct pst_config))
			fail_msg("%s: out of the structure", option->name);
	}
}

struct path_row {
	const char *path;
	bool at_start;
};

static const struct path_row path_rows[] = {
    {"mode", false},
    {"listen", true},
    {"dns.query-timeout", false},
    {"dns.servers", true},
    {"dmarc.discovery", false},
    {"log.target", true},
    {"log.level", false},
};

static void
test_paths(void **state)
{
	char path[PATH_SIZE];
	size_t i;

	(void)state;
	FOR_ROWS(r, path_rows, path_rows[r].path) {
		for (i = 0; i < pst_option_count; i++) {
			if (strcmp(path_of(i, path), path_rows[r].path) == 0)
				break;
		}
		if (i == pst_option_count)
			fail_msg("%s is missing", path_rows[r].path);
		if (pst_options[i].at_start != path_rows[r].at_start)
			fail_msg("at_start");
	}
}

static void
test_find(void **state)
{
	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		if (pst_option_find(
			pst_options[i].section, pst_options[i].name) != i)
			fail_msg("%s is not found", pst_options[i].name);
	}
	assert_int_equal(pst_option_find(NULL, "zone"), pst_option_count);
	assert_int_equal(pst_option_find("dns", "mode"), pst_option_count);
	assert_int_equal(pst_option_find("nothing", "zone"), pst_option_count);
	assert_int_equal(pst_option_find(NULL, ""), pst_option_count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sections_in_order),
	    cmocka_unit_test(test_names_are_unique),
	    cmocka_unit_test(test_names_are_plain),
	    cmocka_unit_test(test_types_have_what_they_need),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
