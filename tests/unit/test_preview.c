/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

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
		    "%s %s %d/%d:", report->domain,
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
	    .db = bench->db,
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
	send_row(&bench, STORE_DAY, "a.example",
	    "mailto:x@a.example mailto:y@over.test mailto:z@no.test"
	    " mailto:w@ill.test",
	    1, 3);
	send_row(&bench, STORE_DAY, "b.example", "", 1, 1);
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
	assert_non_null(strstr(seen.text, "a.example made 1/3: send x@a"));
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
		send_row(&bench, STORE_DAY, domain, rua, 1, 1);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plan),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
