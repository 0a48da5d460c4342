/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/day.h"
#include "report/preview.h"
#include "tests/unit/send_fixture.h"

struct seen {
	char text[2000];
	unsigned count, max;
};

static bool
note(void *arg, const struct pst_preview_report *report)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	if (len < 1500) {
		len += (size_t)snprintf(seen->text + len, 200,
		    "%s%s %s %d/%d:", report->what.domain,
		    report->kind == PST_OUTBOX_FAILURE ? " failure" : "",
		    report->report[0] == '\0' ? "new" : "made",
		    (int)report->rows, (int)report->messages);
		for (size_t i = 0; i < report->count; i++)
			len += (size_t)snprintf(seen->text + len, 100, " %s %s",
			    report->addresses[i].what,
			    report->addresses[i].target);
		(void)snprintf(seen->text + len, 10, "\n");
	}
	return ++seen->count != seen->max;
}

static bool
plan(struct send_bench *bench, bool ask, bool resend, struct seen *seen)
{
	const struct pst_preview what = {
	    .service = bench->service,
	    .store = &bench->store,
	    .filter = {.before = STORE_DAY + 1,
		.day = -1,
		.domain = "",
		.resend = resend},
	    .ask = ask,
	    .visit = note,
	    .arg = seen,
	};
	unsigned max = seen->max;

	memset(seen, 0, sizeof(*seen));
	seen->max = max;
	return pst_preview_run(&what, &bench->err);
}

static void
test_plan(void **state)
{
	struct seen seen = {.max = 0};
	struct send_bench bench;

	(void)state;
	send_open(&bench,
	    "a.example._report._dmarc.over.test. TXT"
	    " \"v=DMARC1; rua=mailto:new@over.test\"\n"
	    ";! servfail a.example._report._dmarc.ill.test\n");
	send_row(&bench,
	    (struct send_row){STORE_DAY, "a.example",
		"mailto:x@a.example mailto:y@over.test mailto:z@no.test"
		" mailto:w@ill.test",
		1, 3});
	send_row(&bench, (struct send_row){STORE_DAY, "b.example", "", 1, 1});
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(seen.text,
	    "a.example new 1/3: send x@a.example send new@over.test "
	    "refuse z@no.test postpone w@ill.test\nb.example new 1/1:\n");
	assert_int_equal(
	    store_number(bench.db, "SELECT COUNT(*) FROM report"), 0);
	assert_true(send_run(&bench));
	/* Only what is due is shown, and nothing is due yet. */
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(seen.text, "");
	bench.clock.now_epoch += 1000;
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(
	    seen.text, "a.example made 1/3: postpone w@ill.test\n");
	assert_true(plan(&bench, true, true, &seen));
	assert_string_equal(seen.text,
	    "a.example made 1/3: postpone w@ill.test send x@a.example "
	    "send new@over.test refuse z@no.test\n");
	send_close(&bench);
}

/* With more than one batch of each kind, each report is shown once. */
static void
test_many(void **state)
{
	struct seen seen = {.max = 0};
	struct send_bench bench;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	for (unsigned i = 0; i < 100; i++) {
		char domain[32], rua[400];

		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		(void)snprintf(rua, sizeof(rua),
		    "mailto:a@%s mailto:b@%s mailto:c@%s mailto:d@%s "
		    "mailto:e@%s mailto:f@%s mailto:g@%s",
		    domain, domain, domain, domain, domain, domain, domain);
		send_row(
		    &bench, (struct send_row){STORE_DAY, domain, rua, 1, 1});
	}
	assert_true(plan(&bench, true, false, &seen));
	assert_int_equal(seen.count, 100);
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.sent, 700);
	assert_true(plan(&bench, false, true, &seen));
	assert_int_equal(seen.count, 100);
	seen.max = 3;
	assert_false(plan(&bench, false, true, &seen));
	assert_int_equal(seen.count, 3);
	assert_string_equal(bench.err.text, "");
	send_close(&bench);
}

/* ---- the preview says what the run does ---- */

struct totals {
	unsigned made, failures_made; /* reports that are new */
	unsigned send, postpone, refuse, drop, suppressed;
};

static bool
add_up(void *arg, const struct pst_preview_report *report)
{
	struct totals *totals = arg;

	if (report->report[0] == '\0' && report->kind == PST_OUTBOX_FAILURE)
		totals->failures_made++;
	else if (report->report[0] == '\0')
		totals->made++;
	for (size_t i = 0; i < report->count; i++) {
		const char *what = report->addresses[i].what;

		totals->send += strcmp(what, "send") == 0;
		totals->postpone += strcmp(what, "postpone") == 0;
		totals->refuse += strcmp(what, "refuse") == 0;
		totals->drop += strcmp(what, "drop") == 0;
		totals->suppressed += strcmp(what, "suppressed") == 0;
	}
	return true;
}

/* Previews a run and makes it. Both must say `wanted`, as send_sum() does. */
static void
compare(struct send_bench *bench, const struct pst_outbox_filter *filter,
    const char *wanted)
{
	struct totals totals = {.made = 0};
	const struct pst_preview what = {
	    .service = bench->service,
	    .store = &bench->store,
	    .filter = {.before = pst_day_of(pst_store_now(&bench->store)),
		.day = filter->day,
		.domain = filter->domain,
		.resend = filter->resend},
	    .ask = true,
	    .visit = add_up,
	    .arg = &totals,
	};
	char said[200];

	assert_true(pst_preview_run(&what, &bench->err));
	(void)snprintf(said, sizeof(said),
	    "made %u+%u sent %u again %u dropped %u refused %u suppressed %u",
	    totals.made, totals.failures_made, totals.send, totals.postpone,
	    totals.drop, totals.refuse, totals.suppressed);
	assert_string_equal(said, wanted);
	assert_true(
	    send_run_with(bench, filter->day, filter->domain, filter->resend));
	(void)snprintf(said, sizeof(said), "%.*s",
	    (int)(strstr(send_sum(bench), " uncertain") - send_sum(bench)),
	    send_sum(bench));
	assert_string_equal(said, wanted);
}

static const struct pst_outbox_filter all = {.day = -1, .domain = ""};

static void
add_incident(struct send_bench *bench, unsigned number, int64_t seen_s,
    const char *domain, const char *ruf)
{
	char id[16];
	const struct pst_incident incident = {
	    .id = id,
	    .seen_s = seen_s,
	    .domain = domain,
	    .ruf = ruf,
	    .fields = "Auth-Failure: dmarc\n",
	    .header = "Subject: hello\n",
	    .subject = "hello",
	};
	struct pst_err err;

	(void)snprintf(id, sizeof(id), "i%u", number);
	if (!pst_db_begin(bench->db, &err) ||
	    !pst_store_add_incident(bench->db, &incident, 2, &err) ||
	    !pst_db_commit(bench->db, &err))
		fail_msg("%s", err.text);
}

#define FAILURE_ZONE                                                           \
	"a.example._report._dmarc.over.test. TXT"                              \
	" \"v=DMARC1; ruf=mailto:new@over.test\"\n"                            \
	";! servfail a.example._report._dmarc.ill.test\n"

/* Failure reports are shown like aggregate ones. */
static void
test_failures(void **state)
{
	struct seen seen = {.max = 0};
	struct send_bench bench;

	(void)state;
	send_open(&bench, FAILURE_ZONE);
	add_incident(&bench, 1, SEND_NOW - 9, "a.example",
	    "mailto:x@a.example mailto:y@over.test mailto:z@no.test"
	    " mailto:w@ill.test");
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(seen.text, "");
	compare(&bench, &all,
	    "made 0+0 sent 0 again 0 dropped 0 refused 0 suppressed 0");
	bench.config->failures.all_domains = true;
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(seen.text,
	    "a.example failure new 1/2: send x@a.example send new@over.test "
	    "refuse z@no.test postpone w@ill.test\n");
	assert_true(plan(&bench, false, false, &seen));
	assert_string_equal(
	    seen.text, "a.example failure new 1/2:  x@a.example\n");
	compare(&bench, &all,
	    "made 0+1 sent 2 again 1 dropped 0 refused 1 suppressed 0");
	bench.clock.now_epoch += 1000;
	assert_true(plan(&bench, true, false, &seen));
	assert_string_equal(
	    seen.text, "a.example failure made 1/2: postpone w@ill.test\n");
	/* Only aggregate reports are sent again. */
	compare(&bench,
	    &(struct pst_outbox_filter){
		.day = STORE_DAY + 1, .domain = "", .resend = true},
	    "made 0+0 sent 0 again 1 dropped 0 refused 0 suppressed 0");
	send_close(&bench);
}

/* R-FAIL-5: the limits of failure reports. */
static void
test_failure_limits(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, FAILURE_ZONE);
	bench.config->failures.all_domains = true;
	bench.config->failures.max_per_hour = 5;
	bench.config->failures.max_per_domain = 2;
	bench.config->failures.max_per_destination = 1;
	for (unsigned i = 0; i < 30; i++) {
		char domain[32], ruf[64];

		(void)snprintf(domain, sizeof(domain), "d%u.example", i % 6);
		(void)snprintf(ruf, sizeof(ruf), "mailto:x@%s", domain);
		add_incident(&bench, i, SEND_NOW - 100 + i, domain, ruf);
	}
	compare(&bench, &all,
	    "made 0+5 sent 5 again 0 dropped 0 refused 0 suppressed 0");
	compare(&bench, &all,
	    "made 0+0 sent 0 again 0 dropped 0 refused 0 suppressed 0");
	/* The sixth domain was too late; it and its neighbours go first. */
	bench.clock.now_epoch += 3601;
	bench.config->failures.max_per_hour = 7;
	compare(&bench, &all,
	    "made 0+7 sent 6 again 0 dropped 1 refused 0 suppressed 0");
	send_close(&bench);
}

/* --day and --domain select incidents, too. */
static void
test_failure_filter(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, FAILURE_ZONE);
	bench.config->failures.all_domains = true;
	add_incident(
	    &bench, 1, SEND_NOW - 9, "a.example", "mailto:x@a.example");
	add_incident(
	    &bench, 2, SEND_NOW - 86400, "a.example", "mailto:x@a.example");
	add_incident(
	    &bench, 3, SEND_NOW - 9, "b.example", "mailto:x@b.example");
	compare(&bench,
	    &(struct pst_outbox_filter){
		.day = STORE_DAY + 1, .domain = "a.example"},
	    "made 0+1 sent 1 again 0 dropped 0 refused 0 suppressed 0");
	compare(&bench, &all,
	    "made 0+2 sent 2 again 0 dropped 0 refused 0 suppressed 0");
	send_close(&bench);
}

/* R-AGG-30: rows that do not fit into one report make several. */
static void
test_parts(void **state)
{
	struct pst_composed size;
	struct send_bench bench;
	struct seen seen = {.max = 0};

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	bench.config->reports.max_bytes = 4096;
	for (unsigned i = 0; i < 400; i++)
		send_row(&bench,
		    (struct send_row){STORE_DAY, "a.example",
			"mailto:x@a.example", i * 7919, 1});
	assert_true(pst_compose_measure(&bench.store,
	    &(struct pst_compose){.day = STORE_DAY,
		.domain = "a.example",
		.owner = "",
		.id = "0123456789abcdef0123456789abcdef"},
	    &size, &bench.err));
	assert_true(size.cut);
	assert_true(plan(&bench, true, false, &seen));
	assert_true(seen.count > 1);
	assert_in_range(seen.count, 400 / size.rows - 1, 400 / size.rows + 2);
	assert_true(send_run(&bench));
	assert_int_equal(bench.counts.made, seen.count);
	assert_int_equal(bench.counts.sent, seen.count);
	send_close(&bench);
}

/* Limits, lists and states that stop an aggregate report. */
static void
test_stopped(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, ";! servfail a.example._report._dmarc.ill.test\n");
	bench.config->reports.max_per_day = 2;
	for (unsigned i = 0; i < 4; i++)
		send_row(&bench,
		    (struct send_row){STORE_DAY - i, "a.example",
			"mailto:x@a.example mailto:y@a.example mailto:w@ill.test",
			1, 1});
	/* A policy without rows makes no report. */
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	assert_true(pst_db_script(bench.db,
	    "DELETE FROM record WHERE domain = 'b.example';"
	    "INSERT INTO suppress VALUES ('s@c.example', 0, 1795480000, '')",
	    NULL));
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "c.example", "mailto:s@c.example", 1, 1});
	compare(&bench,
	    &(struct pst_outbox_filter){.day = STORE_DAY, .domain = ""},
	    "made 2+0 sent 2 again 1 dropped 0 refused 0 suppressed 1");
	compare(&bench, &all,
	    "made 3+0 sent 0 again 9 dropped 0 refused 0 suppressed 0");
	compare(&bench, &all,
	    "made 0+0 sent 0 again 0 dropped 0 refused 0 suppressed 0");
	/* The second day: fewer addresses, and the DNS has failed too long. */
	bench.clock.now_epoch += 86400;
	bench.config->reports.max_addresses = 1;
	bench.config->reports.retry_for_s = 1;
	compare(&bench,
	    &(struct pst_outbox_filter){.day = STORE_DAY - 1, .domain = ""},
	    "made 0+0 sent 1 again 0 dropped 0 refused 2 suppressed 0");
	bench.config->reports.max_addresses = 3;
	compare(&bench,
	    &(struct pst_outbox_filter){.day = STORE_DAY - 2, .domain = ""},
	    "made 0+0 sent 1 again 1 dropped 1 refused 0 suppressed 0");
	send_close(&bench);
}

/* What a killed run left counts as sent, and is sent again by --resend. */
static void
test_left_over(void **state)
{
	struct send_bench bench;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	compare(&bench, &all,
	    "made 2+0 sent 2 again 0 dropped 0 refused 0 suppressed 0");
	assert_true(pst_db_script(bench.db,
	    "UPDATE delivery SET state = 'handing', done_s = 1", NULL));
	compare(&bench,
	    &(struct pst_outbox_filter){
		.day = STORE_DAY, .domain = "a.example", .resend = true},
	    "made 0+0 sent 1 again 0 dropped 0 refused 0 suppressed 0");
	send_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plan),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_failure_limits),
	    cmocka_unit_test(test_failure_filter),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_stopped),
	    cmocka_unit_test(test_left_over),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
