/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/thread.h"
#include "store/tallies_file.h"
#include "tests/unit/store_fixture.h"
#include "web/keep.h"

#define FILE_NAME "journal-tallies"
#define PACE_MS 50
#define PATIENCE_MS 30000

/* ---- filling ---- */

static struct pst_tally_table filled;

static int64_t
today(void)
{
	return pst_day_of(pst_clock_epoch(&pst_clock_system));
}

static void
begin(void)
{
	const unsigned char secret[PST_SIPHASH_KEY_BYTES] = {7};

	pst_tally_table_init(&filled, 100000);
	pst_tally_table_sketch(&filled, secret);
}

/* Counts n messages of a domain, `ago` days before today. */
static void
count(const char *domain, const char *via, int64_t ago, uint64_t n)
{
	const bool aligned = strncmp(via, "dkim:", 5) == 0;
	const struct pst_summary summary = {
	    .seen_s = pst_day_begin(today() - ago) + 3600,
	    .done = PST_ACTION_ACCEPT,
	    .would = aligned ? PST_ACTION_ACCEPT : PST_ACTION_REJECT,
	    .from_domain = domain,
	    .org_domain = domain,
	    .via = via,
	    .network = aligned ? "192.0.2.0/24" : via + 4,
	    .aligned = aligned,
	    .rule = aligned ? "default" : "dmarc-reject",
	    .reason = aligned ? "dmarc pass" : "dmarc p=reject",
	};

	pst_tally_table_count(&filled, &summary, n);
}

/* Writes what was counted into the file. */
static void
end(void)
{
	struct pst_tally_guesses *guesses = calloc(1, sizeof(*guesses));
	struct pst_tallies_file *file;
	struct pst_err err;
	size_t done = 0;

	assert_non_null(guesses);
	file = pst_tallies_file_open(
	    store_path(FILE_NAME), PST_DB_CREATE, 1000, &err);
	assert_non_null(file);
	while (done < filled.count)
		assert_true(pst_tallies_file_write(
		    file, guesses, &filled, &done, &err));
	pst_tallies_file_close(file);
	free(guesses);
	pst_tally_table_free(&filled);
}

/* Three domains, and 600 that have a message each. */
static void
fill(void)
{
	char name[32];

	begin();
	count("large.example", "dkim:large.example", 0, 100);
	count("large.example", "net:203.0.113.0/24", 0, 20);
	count("large.example", "dkim:large.example", 2, 1000);
	count("small.example", "dkim:small.example", 1, 5);
	count("small.example", "dkim:small.example", 6, 5);
	count("old.example", "dkim:old.example", 40, 7);
	for (unsigned i = 0; i < 600; i++) {
		(void)snprintf(name, sizeof(name), "x%u.example", i);
		count(name, "net:198.51.100.0/24", i % 7, 1);
	}
	end();
}

static struct pst_web_keep *
new_keep(void)
{
	/* The path must live as long. */
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s", store_path(FILE_NAME));
	return pst_web_keep_new(path, NULL);
}

static const struct pst_web_table_rows *
must_ask(struct pst_web_keep *keep, struct pst_arena *arena,
    enum pst_tally_question question, unsigned days, const char *key)
{
	struct pst_err err = {""};
	const struct pst_web_table_rows *rows = pst_web_keep_ask(
	    keep, arena, &(struct pst_web_question){question, days, key}, &err);

	if (rows == NULL)
		fail_msg("%s", err.text);
	return rows;
}

static uint64_t
messages(const struct pst_web_row *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sum += row->done[i];
	return sum;
}

/* ---- tests ---- */

static void
test_sums(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();
	const struct pst_web_table_rows *rows;
	uint64_t listed = 0;

	(void)state;
	fill();
	rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, NULL);
	assert_int_equal(rows->first_day, today() - 6);
	assert_int_equal(rows->last_day, today());
	assert_int_equal(rows->days_shown, 7);
	assert_int_equal(rows->count, PST_WEB_KEPT_ROWS);
	assert_int_equal(rows->all, 602);
	assert_int_equal(messages(&rows->sum), 1120 + 10 + 600);
	assert_int_equal(rows->sum.aligned, 1110);
	assert_int_equal(rows->sum.would[PST_ACTION_REJECT], 620);
	assert_int_equal(rows->sum.networks, 3);
	assert_null(rows->sum.key);
	assert_string_equal(rows->rows[0].key, "large.example");
	assert_int_equal(messages(&rows->rows[0]), 1120);
	assert_int_equal(rows->rows[0].days, 2);
	assert_int_equal(rows->rows[0].networks, 2);
	assert_int_equal(rows->rows[0].by_day[6], 120);
	assert_int_equal(rows->rows[0].by_day[4], 1000);
	assert_int_equal(rows->rows[0].by_day[5], 0);
	assert_string_equal(rows->rows[1].key, "small.example");
	assert_int_equal(rows->rows[1].by_day[0], 5);
	assert_int_equal(rows->rows[1].by_day[5], 5);
	for (size_t i = 0; i < rows->days_shown; i++)
		listed += messages(&rows->day_rows[i]);
	assert_int_equal(listed, messages(&rows->sum));
	assert_int_equal(rows->day_rows[4].aligned, 1000);

	rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 1, NULL);
	assert_int_equal(rows->first_day, today());
	assert_int_equal(messages(&rows->rows[0]), 120);
	rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 90, NULL);
	assert_int_equal(messages(&rows->sum), 1737);
	rows = must_ask(keep, arena, PST_TALLY_SENDER, 7, NULL);
	assert_null(rows->day_rows);
	assert_null(rows->rows[0].by_day);
	assert_string_equal(
	    rows->rows[0].key, "large.example dkim:large.example");
	pst_web_keep_free(keep);
	/* What was given is the arena's. */
	assert_string_equal(
	    rows->rows[0].key, "large.example dkim:large.example");
	pst_arena_free(arena);
}

static void
test_key(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();
	const struct pst_web_table_rows *rows;
	char name[32];

	(void)state;
	fill();
	rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, "large.example");
	assert_int_equal(rows->count, 1);
	assert_int_equal(rows->all, 1);
	assert_int_equal(messages(&rows->rows[0]), 1120);
	assert_int_equal(rows->rows[0].days, 2);
	assert_int_equal(rows->rows[0].networks, 2);
	assert_int_equal(rows->rows[0].by_day[4], 1000);
	assert_int_equal(rows->day_rows[6].would[PST_ACTION_REJECT], 20);
	assert_int_equal(messages(&rows->sum), 1120);
	assert_int_equal(rows->sum.networks, 2);

	rows = must_ask(keep, arena, PST_TALLY_SENDER, 7, "large.example");
	assert_int_equal(rows->count, 2);
	assert_string_equal(
	    rows->rows[0].key, "large.example dkim:large.example");
	assert_int_equal(messages(&rows->rows[0]), 1100);
	assert_int_equal(rows->rows[0].days, 2);

	/* A key is not a prefix, and there are more keys than places. */
	rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, "large");
	assert_int_equal(rows->count, 0);
	rows = must_ask(keep, arena, PST_TALLY_SENDER, 7, "large");
	assert_int_equal(rows->count, 0);
	for (unsigned i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "x%u.example", i);
		rows = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, name);
		assert_int_equal(rows->count, 1);
		assert_string_equal(rows->rows[0].key, name);
	}
	pst_web_keep_free(keep);
	pst_arena_free(arena);
}

static void
test_missing(void **state)
{
	static const struct pst_web_question rules = {PST_TALLY_RULE, 7, NULL};
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();
	struct pst_err err = {""};

	(void)state;
	(void)unlink(store_path(FILE_NAME));
	assert_null(pst_web_keep_ask(keep, arena, &rules, &err));
	assert_non_null(strstr(err.text, "there are no tallies in"));
	err.text[0] = '\0';
	assert_null(pst_web_keep_forecast(keep, arena, 7, &err));
	assert_non_null(strstr(err.text, "there are no tallies in"));
	/* The same question is not tried again at once; another one is. */
	fill();
	assert_null(pst_web_keep_ask(keep, arena, &rules, &err));
	assert_int_equal(
	    must_ask(keep, arena, PST_TALLY_REASON, 7, NULL)->count, 2);
	pst_web_keep_free(keep);
	pst_arena_free(arena);
}

static void
test_once(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();

	(void)state;
	fill();
	pst_web_keep_pace(keep, 1);
	assert_int_equal(
	    messages(&must_ask(keep, arena, PST_TALLY_HOUR, 7, NULL)->sum),
	    1730);
	begin();
	count("late.example", "dkim:late.example", 0, 3);
	end();
	(void)usleep(10000);
	/* Without the thread, all pages agree. */
	assert_int_equal(
	    messages(&must_ask(keep, arena, PST_TALLY_HOUR, 7, NULL)->sum),
	    1730);
	pst_web_keep_free(keep);
	pst_arena_free(arena);
}

/* Returns true as soon as the sum is n. */
static bool
becomes(struct pst_web_keep *keep, const char *key, uint64_t n)
{
	const int64_t began_ms = pst_clock_ms(&pst_clock_system);

	while (pst_clock_ms(&pst_clock_system) - began_ms < PATIENCE_MS) {
		struct pst_arena *arena = pst_arena_new();
		uint64_t sum = messages(
		    &must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, key)->sum);

		pst_arena_free(arena);
		if (sum == n)
			return true;
		(void)usleep(5000);
	}
	return false;
}

static void
test_renewal(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();
	const struct pst_web_table_rows *before, *after;
	struct pst_err err;

	(void)state;
	fill();
	pst_web_keep_pace(keep, PACE_MS);
	assert_true(pst_web_keep_start(keep, &err));
	before = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, NULL);
	assert_int_equal(messages(&before->sum), 1730);
	/* Nothing has changed, so the same answer is kept. */
	(void)usleep(4 * PACE_MS * 1000);
	after = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, NULL);
	assert_ptr_equal(before->rows, after->rows);
	begin();
	count("small.example", "dkim:small.example", 0, 9);
	end();
	assert_true(becomes(keep, NULL, 1739));
	assert_true(becomes(keep, "small.example", 19));
	assert_int_equal(messages(&before->sum), 1730);
	/* A file that is gone for a moment costs nothing. */
	assert_int_equal(unlink(store_path(FILE_NAME)), 0);
	(void)usleep(4 * PACE_MS * 1000);
	after = must_ask(keep, arena, PST_TALLY_FROM_DOMAIN, 7, NULL);
	assert_int_equal(messages(&after->sum), 1739);
	pst_web_keep_free(keep);
	pst_arena_free(arena);
}

static void
test_forecast(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_web_keep *keep = new_keep();
	const struct pst_web_forecast *forecast;
	struct pst_err err = {""};
	size_t kept = 0, senders = 0;
	uint64_t sum = 0;

	(void)state;
	fill();
	forecast = pst_web_keep_forecast(keep, arena, 7, &err);
	assert_non_null(forecast);
	assert_int_equal(forecast->messages, 1730);
	assert_int_equal(forecast->would[PST_ACTION_REJECT], 620);
	assert_int_equal(forecast->days, 7);
	for (size_t i = 0; i < PST_FORECAST_KINDS; i++) {
		assert_true(forecast->kinds[i].kept <= PST_WEB_KEPT_SENDERS);
		assert_true(
		    forecast->kinds[i].kept <= forecast->kinds[i].senders);
		kept += forecast->kinds[i].kept;
		senders += forecast->kinds[i].senders;
		sum += forecast->kinds[i].messages;
	}
	assert_int_equal(forecast->count, kept);
	assert_int_equal(senders, 601);
	assert_int_equal(sum, 620);
	assert_string_equal(forecast->rows[0].from_domain, "large.example");
	assert_int_equal(forecast->rows[0].messages, 20);
	pst_web_keep_free(keep);
	pst_arena_free(arena);
}

/* ---- threads ---- */

#define ASKERS 6
#define ROUNDS 60

static void *
ask_often(void *arg)
{
	struct pst_web_keep *keep = arg;
	static const unsigned days[] = {1, 7, 30, 90};
	uintptr_t wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_err err = {""};
		const enum pst_tally_question question =
		    (enum pst_tally_question)(i % PST_TALLY_QUESTIONS);
		const struct pst_web_table_rows *rows =
		    pst_web_keep_ask(keep, arena,
			&(struct pst_web_question){question, days[i % 4],
			    i % 3 == 0 ? "large.example" : NULL},
			&err);
		const struct pst_web_forecast *forecast =
		    pst_web_keep_forecast(keep, arena, days[i % 4], &err);

		if (rows == NULL || forecast == NULL ||
		    forecast->messages < 120 ||
		    (i % 3 != 0 && messages(&rows->sum) < 120 &&
			question != PST_TALLY_RCPT_DOMAIN))
			wrong++;
		pst_arena_free(arena);
	}
	return (void *)wrong;
}

static void
test_threads(void **state)
{
	struct pst_web_keep *keep = new_keep();
	pthread_t threads[ASKERS];
	struct pst_err err;
	void *wrong;

	(void)state;
	fill();
	pst_web_keep_pace(keep, PACE_MS);
	assert_true(pst_web_keep_start(keep, &err));
	for (size_t i = 0; i < ASKERS; i++)
		assert_true(pst_thread_start(&threads[i], ask_often, keep));
	for (unsigned i = 0; i < 5; i++) {
		begin();
		count("late.example", "dkim:late.example", 0, 3);
		end();
		(void)usleep(PACE_MS * 1000);
	}
	for (size_t i = 0; i < ASKERS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	pst_web_keep_free(keep);
}

/* It ends soon, whatever it does just then. */
static void
test_end(void **state)
{
	struct pst_err err;

	(void)state;
	fill();
	for (unsigned i = 0; i < 20; i++) {
		struct pst_web_keep *keep = new_keep();
		const int64_t began_ms = pst_clock_ms(&pst_clock_system);

		assert_true(pst_web_keep_start(keep, &err));
		(void)usleep(500 * i);
		pst_web_keep_free(keep);
		assert_true(
		    pst_clock_ms(&pst_clock_system) - began_ms < PATIENCE_MS);
	}
	pst_web_keep_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_sums, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_key, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_missing, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_once, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_renewal, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_forecast, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_threads, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_end, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
