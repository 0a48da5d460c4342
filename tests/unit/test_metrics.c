/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/metrics.h"

#include <stdio.h>

#include "config/choice.h"
#include "config/rules.h"

#include "tests/unit/rows.h"

#define NOW 1700000000

static struct pst_arena *arena;
static struct pst_status *status;

static int
setup(void **state)
{
	(void)state;
	arena = pst_arena_new();
	status = pst_arena_alloc(arena, sizeof(*status));
	status->version = "1.0";
	status->libmilter = "1.0.1";
	status->libopendkim = "2.11.0";
	status->now_epoch = NOW;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

/* Returns whether the text has that whole line. */
static bool
has_line(const char *text, const char *line)
{
	const char *whole = pst_arena_printf(arena, "\n%s\n", line);

	return strstr(pst_arena_printf(arena, "\n%s", text), whole) != NULL;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Each counter has a metric of its own, whose name says what kind it is. */
static void
test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		enum pst_counter counter = (enum pst_counter)i;
		const struct pst_counter_info *info = pst_counter_info(counter);
		const struct pst_metric *metric = pst_metric_of(counter);
		bool total = info->kind == PST_COUNTER_TOTAL;

		if (metric->name == NULL)
			fail_msg("%s has no metric", info->name);
		if (strncmp(metric->name, "postern_", 8) != 0 &&
		    strncmp(metric->name, "process_", 8) != 0)
			fail_msg("%s: wrong prefix", metric->name);
		if (ends_with(metric->name, "_total") != total)
			fail_msg("%s: wrong suffix", metric->name);
		if ((info->kind == PST_COUNTER_HISTOGRAM ||
			info->kind == PST_COUNTER_SINCE ||
			info->kind == PST_COUNTER_LAST) &&
		    metric->form != PST_METRIC_SUCCESS &&
		    !ends_with(metric->name, "_seconds"))
			fail_msg("%s: no unit", metric->name);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(metric->name,
			    pst_metric_of((enum pst_counter)j)->name);
	}
}

/* HELP, TYPE and a series are there for each counter, if only with 0. */
static void
test_all_are_printed(void **state)
{
	const char *text = pst_metrics_text(arena, status);

	(void)state;
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		const char *name = pst_metric_of((enum pst_counter)i)->name;

		if (strstr(text, pst_arena_printf(arena, "# HELP %s ", name)) ==
			NULL ||
		    strstr(text, pst_arena_printf(arena, "# TYPE %s ", name)) ==
			NULL)
			fail_msg("%s: no head", name);
		if (strstr(text, pst_arena_printf(arena, "\n%s ", name)) ==
			NULL &&
		    strstr(text, pst_arena_printf(arena, "\n%s{", name)) ==
			NULL &&
		    strstr(text,
			pst_arena_printf(arena, "\n%s_bucket{", name)) == NULL)
			fail_msg("%s: no series", name);
	}
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void
test_lines(void **state)
{
	static const struct {
		enum pst_counter counter;
		unsigned place;
		uint64_t value;
		const char *line;
	} rows[] = {
	    {PST_COUNTER_SESSIONS, 0, 7, "postern_connections_total 7"},
	    {PST_COUNTER_MESSAGES, PST_ACTION_REJECT, 2,
		"postern_actions_total{action=\"reject\"} 2"},
	    {PST_COUNTER_DISPOSITIONS, 8, 3,
		"postern_messages_total{result=\"fail\",disposition=\"reject\"} "
		"3"},
	    {PST_COUNTER_DMARC_POLICIES, 24, 4,
		"postern_dmarc_results_total{result=\"fail\",policy=\"reject\","
		"alignment=\"neither\"} 4"},
	    {PST_COUNTER_DNS_DEAD_SINCE, 0, NOW - 5,
		"postern_dns_dead_since_timestamp_seconds 1699999995"},
	    {PST_COUNTER_SUFFIX_LIST_DATED, 0, NOW - 86400,
		"postern_psl_age_seconds 86400"},
	    {PST_COUNTER_SUFFIX_LIST_DATED, 0, 0, "postern_psl_age_seconds 0"},
	    {PST_COUNTER_SUFFIX_LIST_DATED, 0, NOW + 9,
		"postern_psl_age_seconds 0"},
	    {PST_COUNTER_RELOAD_FAILED_SINCE, 0, 0,
		"postern_config_last_reload_successful 1"},
	    {PST_COUNTER_RELOAD_FAILED_SINCE, 0, NOW,
		"postern_config_last_reload_successful 0"},
	    {PST_COUNTER_MILTER_ERRORS, PST_MILTER_QUARANTINE, 1,
		"postern_milter_errors_total{stage=\"quarantine\"} 1"},
	    {PST_COUNTER_OPERATOR_RULES, PST_COUNTER_PLACES - 1, 6,
		"postern_operator_rule_messages_total{rule=\"other\"} 6"},
	    {PST_COUNTER_OVERRIDES, PST_REASON_LOCAL_POLICY - 1, 2,
		"postern_overrides_total{reason=\"local_policy\"} 2"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].line) {
		uint64_t *place =
		    &status->counters.of[rows[i].counter][rows[i].place];

		*place = rows[i].value;
		assert_true(
		    has_line(pst_metrics_text(arena, status), rows[i].line));
		*place = 0;
	}
}

/* Our buckets are not cumulative and in milliseconds; theirs are, in seconds. */
static void
test_histogram(void **state)
{
	static const char name[] = "postern_message_duration_seconds";
	uint64_t *of = status->counters.of[PST_COUNTER_MESSAGE_MS];
	static const struct {
		const char *line;
	} rows[] = {
	    {"_bucket{le=\"0.001\"} 2"},
	    {"_bucket{le=\"0.002\"} 2"},
	    {"_bucket{le=\"0.005\"} 5"},
	    {"_bucket{le=\"1\"} 5"},
	    {"_bucket{le=\"60\"} 5"},
	    {"_bucket{le=\"+Inf\"} 9"},
	    {"_sum 280.014"},
	    {"_count 9"},
	};

	(void)state;
	of[0] = 2;
	of[2] = 3;
	of[PST_COUNTER_BUCKETS - 1] = 4;
	of[PST_COUNTER_SUM] = 280014;
	FOR_ROWS(i, rows, rows[i].line) {
		assert_true(has_line(pst_metrics_text(arena, status),
		    pst_arena_printf(arena, "%s%s", name, rows[i].line)));
	}
}

/* A title cannot end its label, nor its line. */
static void
test_titles(void **state)
{
	static const struct {
		const char *title, *label;
	} rows[] = {
	    {"Friends, all", "Friends, all"},
	    {"a\"} 1\nx", "a\\\"} 1?x"},
	    {"back\\slash", "back\\\\slash"},
	    {"\xc3\xa4", "??"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		(void)snprintf(status->counters.operator_rules[0],
		    PST_COUNTER_NAME_SIZE, "%s", rows[i].title);
		assert_true(has_line(pst_metrics_text(arena, status),
		    pst_arena_printf(arena,
			"postern_operator_rule_messages_total{rule=\"%s\"} 0",
			rows[i].label)));
	}
}

static void
test_processes(void **state)
{
	const char *text;

	(void)state;
	status->usage = (struct pst_process_usage){.processes = 3,
	    .cpu_ms = 1250,
	    .resident_bytes = 4096,
	    .open_fds = 9};
	text = pst_metrics_text(arena, status);
	assert_true(has_line(text, "process_cpu_seconds_total 1.250"));
	assert_true(has_line(text, "process_resident_memory_bytes 4096"));
	assert_true(has_line(text, "process_open_fds 9"));
	assert_true(has_line(text, "postern_processes 3"));
	assert_true(has_line(text,
	    "postern_build_info{version=\"1.0\",libmilter=\"1.0.1\","
	    "libopendkim=\"2.11.0\"} 1"));
	status->usage.fds_hidden = true;
	text = pst_metrics_text(arena, status);
	assert_null(strstr(text, "process_open_fds"));
}

/* Whatever the daemon says of itself, the text is complete. */
static void
test_longest(void **state)
{
	char *version = pst_arena_alloc(arena, 600000);
	const char *text;

	(void)state;
	memset(version, '"', 600000 - 1);
	status->version = version;
	for (unsigned i = 0; i < PST_COUNTER_PLACES; i++) {
		memset(
		    status->counters.rules[i], '\\', PST_COUNTER_NAME_SIZE - 1);
		memset(status->counters.operator_rules[i], '"',
		    PST_COUNTER_NAME_SIZE - 1);
		for (unsigned c = 0; c < PST_COUNTERS; c++)
			status->counters.of[c][i] = UINT64_MAX;
	}
	text = pst_metrics_text(arena, status);
	assert_non_null(strstr(text, "\npostern_processes 0\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_table, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_all_are_printed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_histogram, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_titles, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_longest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
