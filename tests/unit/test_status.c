/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "config/config.h"
#include "core/status.h"
#include "tools/status_page.h"

#define NOW 1700000000

static struct pst_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

/* A daemon that is well and has seen no mail. */
static struct pst_status *
well(void)
{
	struct pst_status *status = pst_arena_alloc(arena, sizeof(*status));

	status->version = "1.0";
	status->configuration = "/etc/postern/postern.conf";
	status->process = 7;
	status->now_epoch = NOW;
	status->counters.of[PST_COUNTER_STARTED][0] = NOW - 7200;
	status->counters.of[PST_COUNTER_SESSIONS_MAX][0] = 4000;
	status->counters.of[PST_COUNTER_WAITING_MAX][0] = 512;
	status->counters.of[PST_COUNTER_DNS_OPEN_MAX][0] = 8192;
	status->counters.of[PST_COUNTER_WORKERS][0] = 2;
	status->counters.of[PST_COUNTER_WORKERS_READY][0] = 2;
	return status;
}

/* One counter of a daemon that is well, and what follows from it. */
static const struct {
	const char *label;
	enum pst_counter counter;
	uint64_t value;
	enum pst_status_level level;
	const char *problem;
} judged[] = {
    {"well", PST_COUNTER_SESSIONS, 1, PST_STATUS_OK, ""},
    {"one ready", PST_COUNTER_WORKERS_READY, 1, PST_STATUS_WARNING,
	"1 of 2 workers are not ready"},
    {"none ready", PST_COUNTER_WORKERS_READY, 0, PST_STATUS_CRITICAL,
	"no worker is ready, so mail is not checked"},
    {"crash", PST_COUNTER_LAST_CRASH, NOW - 3599, PST_STATUS_WARNING,
	"a worker ended unexpectedly 59 min ago"},
    {"old crash", PST_COUNTER_LAST_CRASH, NOW - 3600, PST_STATUS_OK, ""},
    {"crash, clock behind", PST_COUNTER_LAST_CRASH, NOW + 50,
	PST_STATUS_WARNING, "a worker ended unexpectedly 0 s ago"},
    {"DNS", PST_COUNTER_DNS_FAILING_SINCE, NOW - 60, PST_STATUS_WARNING,
	"the DNS has not answered for 60 s"},
    {"DNS, one message", PST_COUNTER_DNS_FAILING_SINCE, NOW - 59, PST_STATUS_OK,
	""},
    {"store", PST_COUNTER_STORE_FAILING_SINCE, NOW - 1, PST_STATUS_WARNING,
	"the report store cannot be written"},
    {"queue", PST_COUNTER_STORE_QUEUE, 501, PST_STATUS_WARNING,
	"501 rows wait for the report store"},
    {"short queue", PST_COUNTER_STORE_QUEUE, 500, PST_STATUS_OK, ""},
    {"journal", PST_COUNTER_JOURNAL_FAILING_SINCE, NOW - 1, PST_STATUS_WARNING,
	"the journal cannot be written"},
    {"upload", PST_COUNTER_UPLOAD_FAILING_SINCE, NOW - 7200, PST_STATUS_WARNING,
	"have not been uploaded for 2 h 0 min"},
    {"clock, store", PST_COUNTER_CLOCK_STORE_SINCE, NOW - 1, PST_STATUS_WARNING,
	"disagrees with what the report store has seen"},
    {"clock, server", PST_COUNTER_CLOCK_SERVER_SINCE, NOW + 9999999,
	PST_STATUS_WARNING, "disagrees with that of the shared database"},
    {"clock, signatures", PST_COUNTER_CLOCK_SIGNATURES_SINCE, NOW,
	PST_STATUS_WARNING, "most DKIM signatures are from the future"},
    {"fault", PST_COUNTER_LAST_FAULT, NOW - 3599, PST_STATUS_WARNING,
	"a decision could not be carried out 59 min ago"},
    {"old fault", PST_COUNTER_LAST_FAULT, NOW - 3600, PST_STATUS_OK, ""},
    {"reload", PST_COUNTER_RELOAD_FAILED_SINCE, NOW, PST_STATUS_WARNING,
	"the last reload failed"},
    {"list of five years", PST_COUNTER_SUFFIX_LIST_DATED, NOW - 1825 * 86400,
	PST_STATUS_WARNING, "the public suffix list is 1825 d 0 h old"},
    {"list of a release", PST_COUNTER_SUFFIX_LIST_DATED, NOW - 1824 * 86400,
	PST_STATUS_OK, ""},
    {"sessions", PST_COUNTER_SESSIONS_OPEN, 4000, PST_STATUS_WARNING,
	"4000 of 4000 sessions are open, so new ones are refused"},
    {"room for a session", PST_COUNTER_SESSIONS_OPEN, 3999, PST_STATUS_OK, ""},
    {"waiting", PST_COUNTER_WAITING, 512, PST_STATUS_WARNING,
	"512 of 512 messages wait for the DNS"},
    {"some wait", PST_COUNTER_WAITING, 511, PST_STATUS_OK, ""},
    {"pool", PST_COUNTER_DNS_OPEN, 8192, PST_STATUS_WARNING,
	"8192 of 8192 DNS questions are open"},
    {"room in the pool", PST_COUNTER_DNS_OPEN, 8191, PST_STATUS_OK, ""},
    {"memory", PST_COUNTER_MEMORY_FAILING_SINCE, NOW - 600, PST_STATUS_WARNING,
	"could not be used for 10 min"},
    {"short memory", PST_COUNTER_MEMORY_FAILING_SINCE, NOW - 599, PST_STATUS_OK,
	""},
    {"short upload", PST_COUNTER_UPLOAD_FAILING_SINCE, NOW - 500, PST_STATUS_OK,
	""},
};

static void
test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < PST_COUNT(judged); i++) {
		struct pst_status *status = well();
		enum pst_status_level level;
		const char *problems, *line;

		status->counters.of[judged[i].counter][0] = judged[i].value;
		level = pst_status_judge(arena, status, &problems);
		line = pst_status_nagios(arena, status, level, problems);
		if (level != judged[i].level)
			fail_msg("%s: level %d", judged[i].label, level);
		if (strstr(problems, judged[i].problem) == NULL ||
		    (judged[i].problem[0] == '\0') != (problems[0] == '\0'))
			fail_msg("%s: %s", judged[i].label, problems);
		if (strstr(line, judged[i].problem) == NULL ||
		    strchr(line, '\n') != NULL)
			fail_msg("%s: %s", judged[i].label, line);
	}
}

/* Several problems: the worst level, and all sentences. */
static void
test_several(void **state)
{
	struct pst_status *status = well();
	const char *problems;

	(void)state;
	status->counters.of[PST_COUNTER_WORKERS_READY][0] = 0;
	status->counters.of[PST_COUNTER_DNS_FAILING_SINCE][0] = 1;
	assert_int_equal(
	    pst_status_judge(arena, status, &problems), PST_STATUS_CRITICAL);
	assert_non_null(strstr(problems, "see the log; the DNS has not"));
}

static void
test_nagios(void **state)
{
	struct pst_status *status = well();
	uint64_t(*of)[PST_COUNTER_PLACES] = status->counters.of;

	(void)state;
	assert_string_equal(pst_status_nagios(arena, status, PST_STATUS_OK, ""),
	    "POSTERN OK - 2 of 2 workers ready, 0 messages | workers_ready=2 "
	    "messages=0c accept=0c tag=0c quarantine=0c reject=0c tempfail=0c "
	    "sessions=0 dns_open=0 store_queue=0 rows_dropped=0c crashes=0c");
	of[PST_COUNTER_MESSAGES][PST_ACTION_REJECT] = 3;
	of[PST_COUNTER_MESSAGES][PST_ACTION_ACCEPT] = 4;
	of[PST_COUNTER_MESSAGE_MS][3] = 7;
	assert_string_equal(pst_status_nagios(arena, status, PST_STATUS_WARNING,
				"the DNS is ill"),
	    "POSTERN WARNING - the DNS is ill | workers_ready=2 messages=7c "
	    "accept=4c tag=0c quarantine=0c reject=3c tempfail=0c sessions=0 "
	    "dns_open=0 store_queue=0 rows_dropped=0c crashes=0c p99=10ms");
}

/* Fills all counters with numbers that are as long as they get. */
static struct pst_status *
busy(void)
{
	struct pst_status *status = well();
	struct pst_counters_sum *sum = &status->counters;

	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		enum pst_counter_kind kind =
		    pst_counter_info((enum pst_counter)i)->kind;

		for (unsigned j = 0; j < PST_COUNTER_PLACES; j++)
			if (kind == PST_COUNTER_TOTAL ||
			    kind == PST_COUNTER_HISTOGRAM)
				sum->of[i][j] = 9999990 + j % 8;
			else if (kind != PST_COUNTER_GAUGE)
				sum->of[i][j] = NOW - 7200000;
	}
	for (unsigned j = 0; j < 20; j++) {
		memset(sum->rules[j], 'r', PST_COUNTER_NAME_SIZE - 1);
		memset(sum->operator_rules[j], 'o', PST_COUNTER_NAME_SIZE - 1);
	}
	return status;
}

/* No line is longer than 80 columns, and nothing is missing. */
static void
test_page(void **state)
{
	static const char *const words[] = {"postern 1.0, process 7, running",
	    "    configuration   /etc/postern/postern.conf\n", "2 of 2 ready",
	    "\nMessages\n", "    reject ", "\nResults ", "\n  dmarc ",
	    "\nDecided by\n", "\nDecided by a rule of yours\n", "\nDNS\n",
	    "    from the cache", "\nReport store\n",
	    "    failing for     83 d"};
	const char *page = pst_status_page(arena, busy());
	struct pst_str rest = pst_str(page);

	(void)state;
	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (strstr(page, words[i]) == NULL)
			fail_msg("\"%s\" is not in:\n%s", words[i], page);
	while (rest.len > 0) {
		size_t len = pst_str_find(rest, '\n');

		if (len > 80)
			fail_msg("a line of %zu columns: %.*s", len, (int)len,
			    rest.ptr);
		rest = pst_str_from(rest, len + 1);
	}
	page = pst_status_page(arena, well());
	assert_null(strstr(page, "Decided by"));
	assert_null(strstr(page, "failing"));
	assert_non_null(strstr(page, "running for 2 h 0 min"));
}

static void
test_span(void **state)
{
	static const struct {
		uint64_t s;
		const char *text;
	} rows[] = {{0, "0 s"}, {119, "119 s"}, {120, "2 min"},
	    {7199, "119 min"}, {7200, "2 h 0 min"}, {172799, "47 h 59 min"},
	    {172800, "2 d 0 h"}, {200000, "2 d 7 h"}};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++)
		assert_string_equal(
		    pst_status_span(arena, rows[i].s), rows[i].text);
}

static void
test_read(void **state)
{
	static const struct {
		const char *label, *answer, *error; /* NULL: none */
	} rows[] = {
	    {"well",
		"{\"version\":\"1\",\"process\":3,\"configuration\":null,"
		"\"now\":9,\"counters\":{\"sessions\":{\"value\":4}}}",
		NULL},
	    {"not JSON", "well", "is not JSON"},
	    {"no counters", "{\"version\":\"1\",\"process\":3,\"now\":9}",
		"no counters"},
	    {"no version",
		"{\"process\":3,\"now\":9,"
		"\"counters\":{\"sessions\":{\"value\":4}}}",
		"unknown form"},
	    {"no time",
		"{\"process\":3,\"version\":\"1\","
		"\"counters\":{\"sessions\":{\"value\":4}}}",
		"unknown form"},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct pst_err err = {""};
		const struct pst_status *status =
		    pst_status_read(arena, rows[i].answer, &err);

		if ((status == NULL) != (rows[i].error != NULL))
			fail_msg("%s: %s", rows[i].label, err.text);
		if (status == NULL && strstr(err.text, rows[i].error) == NULL)
			fail_msg("%s: %s", rows[i].label, err.text);
		if (status == NULL)
			continue;
		assert_string_equal(status->configuration, "built-in");
		assert_int_equal(
		    status->counters.of[PST_COUNTER_SESSIONS][0], 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_judge, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_several, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nagios, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_page, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_span, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
