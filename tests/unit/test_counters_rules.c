/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters_rules.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/counters.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static struct pst_counters *block;
static struct pst_counters_sum sum;

static int
map(void **state)
{
	struct pst_err err;

	(void)state;
	block = pst_counters_map(&err);
	assert_non_null(block);
	pst_counters_enter(block, PST_COUNTERS_SUPERVISOR);
	return 0;
}

static int
unmap(void **state)
{
	(void)state;
	pst_counters_unmap(block);
	return 0;
}

static bool
has(enum pst_counter counter, const char *name)
{
	pst_counters_read(block, &sum);
	for (unsigned i = 0; i < PST_COUNTER_PLACES; i++) {
		const char *found = pst_counters_name(&sum, counter, i);

		if (found != NULL && strcmp(found, name) == 0)
			return true;
	}
	return false;
}

static bool
is_listed(const char *name)
{
	for (size_t i = 0; pst_counters_rule(i) != NULL; i++) {
		if (strcmp(pst_counters_rule(i), name) == 0)
			return true;
	}
	return false;
}

/* All names are there before any mail, with 0. */
static void
test_start(void **state)
{
	struct pst_config *config = lab_config(
	    LAB_CONFIG "rule \"Friends\" { mail-from = {\"friend.example\"} "
		       "action = tag }\n");

	(void)state;
	pst_counters_configured(config);
	pst_config_unref(config);
	for (size_t i = 0; pst_counters_rule(i) != NULL; i++) {
		if (!has(PST_COUNTER_RULES, pst_counters_rule(i)))
			fail_msg("%s is missing", pst_counters_rule(i));
	}
	assert_true(has(PST_COUNTER_OPERATOR_RULES, "Friends"));
	assert_false(has(PST_COUNTER_RULES, "Friends"));
	assert_int_equal(pst_counters_total(&sum, PST_COUNTER_RULES), 0);
	assert_int_equal(
	    pst_counters_total(&sum, PST_COUNTER_OPERATOR_RULES), 0);
	assert_int_equal(sum.of[PST_COUNTER_SUFFIX_LIST_DATED][0], 0);
}

/* A reload enters new titles and keeps the places of the old ones. */
static void
test_reload(void **state)
{
	struct pst_config *first = lab_config(LAB_CONFIG
	    "rule \"one\" { mail-from = {\"a.example\"} action = tag }\n");
	struct pst_config *second = lab_config(LAB_CONFIG
	    "rule \"two\" { mail-from = {\"a.example\"} action = tag }\n");
	unsigned place;

	(void)state;
	pst_counters_configured(first);
	place = pst_counters_place(PST_COUNTER_OPERATOR_RULES, "one");
	pst_counters_configured(second);
	assert_true(has(PST_COUNTER_OPERATOR_RULES, "two"));
	assert_int_equal(
	    pst_counters_place(PST_COUNTER_OPERATOR_RULES, "one"), place);
	pst_config_unref(first);
	pst_config_unref(second);
}

static void
test_list_is_dated(void **state)
{
	static const char path[] = "test_counters_rules.dat";
	struct pst_config *config;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	assert_true(fputs("example\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	config = lab_config(LAB_TOP
	    "dmarc { public-suffix-list = \"test_counters_rules.dat\" }\n");
	assert_int_equal(remove(path), 0);
	pst_counters_configured(config);
	pst_counters_read(block, &sum);
	assert_true(sum.of[PST_COUNTER_SUFFIX_LIST_DATED][0] > 1600000000);
	pst_config_unref(config);
}

/* Returns whether a line of a scenario expects a rule, which is copied. */
static bool
expects_rule(const char *line, char rule[100])
{
	return sscanf(line, "rule = %99[^\n]", rule) == 1;
}

/* Returns whether a line of a scenario begins a rule, whose title is copied. */
static bool
begins_rule(const char *line, char title[100])
{
	return sscanf(line, "rule \"%99[^\"]\"", title) == 1 ||
	    (strchr(line, '{') != NULL &&
		sscanf(line, "rule %99[^ {]", title) == 1);
}

/* Returns how many lines of a scenario expect a built-in rule. */
static size_t
check_case(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[4096], titles[4096] = "|", rule[100], marked[110];
	size_t count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t len = strlen(titles);

		if (begins_rule(line, rule))
			(void)snprintf(
			    titles + len, sizeof(titles) - len, "%s|", rule);
		if (!expects_rule(line, rule))
			continue;
		(void)snprintf(marked, sizeof(marked), "|%s|", rule);
		if (strstr(titles, marked) != NULL)
			continue;
		if (!is_listed(rule))
			fail_msg("%s: rule %s is not in the list", path, rule);
		count++;
	}
	(void)fclose(file);
	return count;
}

/* Each rule that decides in a scenario is in the list. */
static void
test_scenarios(void **state)
{
	const char *root = getenv("srcdir");
	char path[4096];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)state;
	(void)snprintf(
	    path, sizeof(path), "%s/tests/cases", root == NULL ? "." : root);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strstr(entry->d_name, ".case") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/tests/cases/%s",
		    root == NULL ? "." : root, entry->d_name);
		count += check_case(path);
	}
	(void)closedir(dir);
	assert_true(count > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_start, map, unmap),
	    cmocka_unit_test_setup_teardown(test_reload, map, unmap),
	    cmocka_unit_test_setup_teardown(test_list_is_dated, map, unmap),
	    cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
