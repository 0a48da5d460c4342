/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/day.h"
#include "store/tallies_file.h"
#include "tests/unit/tallies_fixture.h"

#define MANY 100000 /* more than any test counts between two writes */

#define DAY_MS INT64_C(86400000)

static struct pst_tallies_file *file;
static struct pst_tally_guesses *guesses;
static struct pst_tally_table table;

static void
open_file(void)
{
	struct pst_err err = {""};

	file = pst_tallies_file_open(
	    store_path("tallies"), PST_DB_CREATE, 1000, &err);
	if (file == NULL)
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	open_file();
	guesses = calloc(1, sizeof(*guesses));
	pst_tally_table_init(&table, MANY);
	table.can_sketch = true;
	return guesses == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	pst_tallies_file_close(file);
	file = NULL;
	free(guesses);
	pst_tally_table_free(&table);
	return store_tear_down(state);
}

static void
count(const struct pst_summary *summary, uint64_t n)
{
	pst_tally_table_count(&table, summary, n);
}

/* Counts a message of a domain of its own organization. */
static void
count_from(const char *from, bool aligned, int64_t day, uint64_t n)
{
	const struct pst_summary summary =
	    tallies_summary(from, from, aligned, day);

	count(&summary, n);
}

static void
write_all(void)
{
	struct pst_err err = {""};
	size_t done = 0;

	while (done < table.count) {
		if (!pst_tallies_file_write(file, guesses, &table, &done, &err))
			fail_msg("%s", err.text);
	}
	pst_tally_table_clear(&table);
}

/* Does all that there is to do, STORE_DAY + day having ended. */
static void
tend_all(int64_t day, int64_t ms, int64_t retention_days)
{
	const struct pst_tallies_now now = {pst_day_end(STORE_DAY + day), ms};
	struct pst_err err = {""};
	bool more = true;

	for (unsigned i = 0; more; i++) {
		if (!pst_tallies_file_tend(file, now,
			retention_days * PST_DAY_SECONDS, &more, &err))
			fail_msg("%s", err.text);
		assert_true(i < 1000);
	}
}

/* ---- memory ---- */

/* What every question counts of a message. */
static void
test_count(void **state)
{
	struct pst_summary summary =
	    tallies_summary("bank.example", "bank.example", true, 0);
	static const struct {
		enum pst_tally_question question;
		const char *key;
		uint64_t messages;
	} rows[] = {
	    {PST_TALLY_FROM_DOMAIN, "bank.example", 3},
	    {PST_TALLY_FROM_DOMAIN, "-", 2},
	    {PST_TALLY_SENDER, "bank.example dkim:bank.example", 3},
	    {PST_TALLY_SENDER, "- net:local", 2},
	    {PST_TALLY_NETWORK, "192.0.2.0/24", 3},
	    {PST_TALLY_NETWORK, "-", 2},
	    {PST_TALLY_RCPT_DOMAIN, "customer.example", 3},
	    {PST_TALLY_RCPT_DOMAIN, "b.example", 3},
	    {PST_TALLY_RULE, "default", 5},
	    {PST_TALLY_REASON, "dmarc pass", 3},
	    {PST_TALLY_REASON, "from malformed", 2},
	    {PST_TALLY_HOUR, "13", 3},
	    {PST_TALLY_HOUR, "23", 2},
	};

	(void)state;
	summary.via = "dkim:bank.example";
	summary.rcpt_domains[1] = "b.example";
	summary.rcpt_count = 2;
	count(&summary, 3);
	summary = tallies_summary("", "", false, 0);
	summary.seen_s = pst_day_end(STORE_DAY);
	summary.via = "net:local";
	summary.network = "";
	summary.rule = "default";
	summary.reason = "from malformed";
	summary.rcpt_count = 0;
	count(&summary, 2);
	write_all();
	FOR_ROWS(i, rows, rows[i].key) {
		const struct tallies_answer *answer =
		    tallies_ask("tallies", rows[i].question, false);

		assert_int_equal(
		    tallies_messages(answer, rows[i].key), rows[i].messages);
		assert_int_equal(answer->messages,
		    rows[i].question == PST_TALLY_RCPT_DOMAIN ? 6 : 5);
	}
	assert_int_equal(tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false)
			     ->rows[0]
			     .aligned,
	    3);
}

/* A table in memory that is full counts the rest as "other". */
static void
test_full_memory(void **state)
{
	char name[32];

	(void)state;
	pst_tally_table_free(&table);
	pst_tally_table_init(&table, 60);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "d%u.example", i);
		count_from(name, false, i % 2, 1);
	}
	/* For each day and question one more, at most. */
	assert_true(table.count <= 60 + 2 * PST_TALLY_QUESTIONS);
	write_all();
	for (unsigned i = 0; i < PST_TALLY_QUESTIONS; i++) {
		const struct tallies_answer *answer =
		    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN + i, false);

		assert_int_equal(answer->messages, 1000);
	}
}

static void
test_networks(void **state)
{
	static const struct {
		unsigned networks, least, most;
	} rows[] = {{0, 0, 0}, {1, 1, 1}, {2, 1, 2}, {5, 4, 6}, {20, 16, 24},
	    {200, 150, 250}, {5000, 900, 1000}};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].networks)) {
		char network[32];
		struct pst_summary summary = tallies_summary(
		    "bank.example", "bank.example", false, (int64_t)i);
		const struct tallies_answer *answer;

		for (unsigned k = 0; k < rows[i].networks; k++) {
			(void)snprintf(network, sizeof(network),
			    "10.%u.%u.0/24", k / 256, k % 256);
			summary.network = network;
			count(&summary, 1);
		}
		write_all();
		answer = tallies_ask_as("tallies",
		    &(struct pst_tally_query){.question = PST_TALLY_FROM_DOMAIN,
			.first_day = STORE_DAY + (int64_t)i,
			.last_day = STORE_DAY + (int64_t)i});
		assert_in_range(
		    answer->count == 0 ? 0 : answer->rows[0].networks,
		    rows[i].least, rows[i].most);
	}
}

/* ---- questions ---- */

static void
test_ask(void **state)
{
	const struct tallies_answer *answer;

	(void)state;
	for (int64_t day = 0; day < 5; day++) {
		count_from("a.example", true, day, 10);
		if (day % 2 == 0)
			count_from("b.example", false, day, 20);
		count_from("ab.example", false, 3, 1);
		write_all();
	}
	/* The same, whether the days are packed or not. */
	for (unsigned turn = 0; turn < 2; turn++) {
		answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false);
		assert_int_equal(answer->count, 3);
		assert_string_equal(answer->rows[0].key, "b.example");
		assert_int_equal(answer->rows[0].messages, 60);
		assert_int_equal(answer->rows[0].would_refuse, 60);
		assert_int_equal(answer->rows[0].days, 3);
		assert_int_equal(answer->rows[0].day, 4);
		assert_string_equal(answer->rows[1].key, "a.example");
		assert_int_equal(answer->rows[1].aligned, 50);
		assert_int_equal(answer->rows[1].days, 5);
		assert_int_equal(answer->rows[2].days, 1);
		answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, true);
		assert_int_equal(answer->count, 5 + 3 + 1);
		assert_string_equal(answer->rows[0].key, "b.example");
		assert_int_equal(answer->rows[0].day, 0);
		assert_int_equal(answer->rows[1].messages, 10);
		assert_int_equal(answer->rows[1].days, 1);
		assert_int_equal(answer->rows[8].day, 4);
		answer = tallies_ask_as("tallies",
		    &(struct pst_tally_query){.question = PST_TALLY_FROM_DOMAIN,
			.first_day = STORE_DAY + 1,
			.last_day = STORE_DAY + 3,
			.key_prefix = "a"});
		assert_int_equal(answer->count, 2);
		assert_int_equal(tallies_messages(answer, "a.example"), 30);
		assert_int_equal(tallies_messages(answer, "ab.example"), 5);
		answer = tallies_ask_as("tallies",
		    &(struct pst_tally_query){.question = PST_TALLY_SENDER,
			.first_day = STORE_DAY,
			.last_day = STORE_DAY + 4,
			.key_prefix = "a.example "});
		assert_int_equal(answer->count, 1);
		tend_all(4, 0, 30);
		tend_all(20, 16 * DAY_MS, 30);
		assert_int_equal(
		    store_number(file->db, "SELECT COUNT(*) FROM tally"), 0);
	}
}

/* A row for a day that is packed already is not lost. */
static void
test_late(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		count_from("a.example", true, 0, 10);
		write_all();
		tend_all(0, 0, 30);
		tend_all(5, 5 * DAY_MS, 30);
		assert_int_equal(
		    tallies_messages(
			tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false),
			"a.example"),
		    10 * (i + 1));
	}
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false)->rows[0].days,
	    1);
	assert_int_equal(store_number(file->db,
			     "SELECT COUNT(*) FROM pack WHERE question = 1"),
	    3);
}

/* ---- limits ---- */

/*
 * Made-up From domains wash out neither one that passes, today or some days ago,
 * nor one that is steady and large. All messages stay counted.
 */
static void
test_wash(void **state)
{
	const unsigned flood = 20000, turns = 20;
	const struct tallies_answer *answer;
	char name[64];

	(void)state;
	count_from("earlier.example", true, -20, 1);
	write_all();
	for (unsigned turn = 0; turn < turns; turn++) {
		count_from("genuine.example", true, 0, 1);
		count_from("steady.example", false, 0, 20);
		for (unsigned i = 0; i < flood / turns; i++) {
			(void)snprintf(name, sizeof(name), "x%u-%u.example",
			    turn, i * 7919 % 65536);
			count_from(name, false, 0, 1);
		}
		if (turn == turns / 2)
			count_from("earlier.example", false, 0, 1);
		if (turn == turns - 1)
			count_from("late.example", true, 0, 1);
		write_all();
	}
	answer = tallies_ask_as("tallies",
	    &(struct pst_tally_query){.question = PST_TALLY_FROM_DOMAIN,
		.first_day = STORE_DAY,
		.last_day = STORE_DAY});
	assert_int_equal(answer->messages, 21 * turns + flood + 2);
	assert_int_equal(tallies_messages(answer, "genuine.example"), turns);
	assert_int_equal(tallies_messages(answer, "earlier.example"), 1);
	assert_int_equal(tallies_messages(answer, "late.example"), 1);
	assert_int_equal(
	    tallies_messages(answer, "steady.example"), 20 * turns);
	assert_true(tallies_messages(answer, PST_TALLIES_OTHER) > 10000);
	assert_true(answer->count < 8192 + 10);
}

/* A key that becomes large when the rows are taken gets one. */
static void
test_replace(void **state)
{
	const struct tallies_answer *answer;
	char name[64];
	uint64_t messages;

	(void)state;
	for (unsigned i = 0; i < 8192; i++) {
		(void)snprintf(name, sizeof(name), "x%u.example", i);
		count_from(name, false, 0, 2);
	}
	write_all();
	for (unsigned i = 0; i < 50; i++) {
		count_from("late.example", false, 0, 1);
		write_all();
	}
	answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false);
	messages = tallies_messages(answer, "late.example");
	/* The first few are in "other". */
	assert_in_range(messages, 45, 49);
	assert_int_equal(
	    tallies_messages(answer, PST_TALLIES_OTHER), 2 + 50 - messages);
	assert_int_equal(answer->messages, 2 * 8192 + 50);
}

/* An organizational domain has few rows in each half; the large ones stay. */
static void
test_org(void **state)
{
	const struct tallies_answer *answer;
	char name[64];

	(void)state;
	for (unsigned i = 0; i < 400; i++) {
		struct pst_summary summary;

		(void)snprintf(name, sizeof(name), "%s%u.bank.example",
		    i % 2 == 0 ? "mail" : "x", i);
		summary = tallies_summary(name, "bank.example", i % 2 == 0, 0);
		count(&summary, 1);
		if (i % 50 == 0) {
			summary = tallies_summary(
			    "www.bank.example", "bank.example", true, 0);
			count(&summary, 10);
		}
		write_all();
	}
	answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false);
	assert_int_equal(answer->messages, 480);
	assert_int_equal(answer->count, 2 * PST_TALLIES_PER_ORG + 1);
	assert_int_equal(tallies_messages(answer, "www.bank.example"), 80);
	assert_int_equal(tallies_messages(answer, "*.bank.example"),
	    400 - (2 * PST_TALLIES_PER_ORG - 1));
	answer = tallies_ask("tallies", PST_TALLY_SENDER, false);
	assert_int_equal(answer->messages, 480);
	assert_int_equal(answer->count, 2 * PST_TALLIES_PER_ORG + 1);
	assert_int_equal(tallies_messages(answer, "*.bank.example"),
	    400 - (2 * PST_TALLIES_PER_ORG - 1));
}

/* Somebody makes each name below his an organizational domain that passes. */
static void
test_near(void **state)
{
	char name[64];

	(void)state;
	for (unsigned i = 0; i < PST_TALLIES_PER_NEAR + 500; i++) {
		(void)snprintf(name, sizeof(name), "x%u.evil.example", i);
		count_from(name, true, 0, 1);
	}
	count_from("bank.example", true, 0, 1);
	write_all();
	assert_int_equal(
	    store_number(file->db,
		"SELECT COUNT(*) FROM tally WHERE question = 1 AND class = 1"),
	    PST_TALLIES_PER_NEAR + 1);
	assert_int_equal(store_number(file->db,
			     "SELECT COUNT(*) FROM tally WHERE question = 1"
			     " AND class = 1 AND key = 'bank.example'"),
	    1);
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false)->messages,
	    PST_TALLIES_PER_NEAR + 501);
}

/* A row moves to the other half when its key has passed. */
static void
test_promote(void **state)
{
	static const char sql[] =
	    "SELECT SUM(row_count * (1 + 9 * class)) FROM room"
	    " WHERE question = 1 AND day >= 0";

	(void)state;
	count_from("a.example", false, 0, 5);
	count_from("b.example", false, 0, 5);
	write_all();
	assert_int_equal(store_number(file->db, sql), 2);
	count_from("a.example", true, 0, 5);
	write_all();
	assert_int_equal(store_number(file->db, sql), 11);
	count_from("a.example", true, 0, 5);
	write_all();
	assert_int_equal(store_number(file->db, sql), 11);
	assert_int_equal(
	    store_number(file->db,
		"SELECT COUNT(*) FROM proven WHERE key = 'a.example'"),
	    1);
	assert_int_equal(tallies_messages(tallies_ask("tallies",
					      PST_TALLY_FROM_DOMAIN, false),
			     "a.example"),
	    15);
}

/* ---- age ---- */

static void
test_retention(void **state)
{
	const struct tallies_answer *answer;

	(void)state;
	for (int64_t day = 0; day < 40; day++) {
		count_from("a.example", true, day, 1);
		write_all();
		tend_all(day, day * DAY_MS, 30);
	}
	answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, true);
	assert_int_equal(answer->rows[0].day, 9);
	assert_int_equal(answer->count, 31);
	assert_int_equal(store_number(file->db,
			     "SELECT COUNT(*) FROM room WHERE day >= 0"
			     " AND day < 20818"),
	    0);
	/* The operator keeps less. */
	tend_all(39, 39 * DAY_MS, 10);
	answer = tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, true);
	assert_int_equal(answer->count, 11);
	/* What has not passed for long is forgotten, in all questions. */
	assert_int_equal(
	    store_number(file->db, "SELECT COUNT(*) FROM proven"), 3);
	tend_all(75, 75 * DAY_MS, 10);
	assert_int_equal(
	    store_number(file->db, "SELECT COUNT(*) FROM proven"), 0);
	assert_int_equal(
	    store_number(file->db, "SELECT COUNT(*) FROM room WHERE day = -1"),
	    0);
}

/* A clock that is wrong deletes nothing. */
static void
test_wrong_clock(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 5; day++) {
		count_from("a.example", true, day, 1);
		write_all();
		tend_all(day, day * 86400000, 30);
	}
	/* It jumps, and a message is counted at that time. */
	count_from("a.example", true, 500, 1);
	write_all();
	tend_all(500, 4 * 86400000 + 60000, 30);
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, true)->count, 6);
	/* Also in a process that has just started, and with a clock behind. */
	pst_tallies_file_close(file);
	open_file();
	tend_all(500, 0, 30);
	tend_all(-400, 60000, 30);
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, true)->count, 6);
}

/* ---- files ---- */

static bool
visit_none(void *arg, const struct pst_tally_row *row, unsigned days)
{
	(void)arg;
	(void)row;
	(void)days;
	fail_msg("a row");
	return false;
}

static void
test_damaged_file(void **state)
{
	const struct pst_tally_query query = {
	    .question = PST_TALLY_FROM_DOMAIN, .last_day = STORE_DAY + 100};
	struct pst_err err = {""};

	(void)state;
	count_from("a.example", true, 0, 1);
	write_all();
	tend_all(0, 0, 30);
	tend_all(5, 5 * DAY_MS, 30);
	assert_true(pst_db_script(
	    file->db, "UPDATE pack SET plain_bytes = plain_bytes + 1", &err));
	assert_false(pst_tallies_ask(store_path("tallies"), &query,
	    (struct pst_tally_visitor){visit_none, NULL}, &err));
	assert_non_null(strstr(err.text, "is damaged; move it away"));
	/* Numbers that no program has written */
	count_from("a.example", true, 10, 1);
	write_all();
	assert_true(pst_db_script(file->db,
	    "DELETE FROM pack; UPDATE tally SET n0 = -5, n10 = 1 << 60", &err));
	assert_int_equal(
	    tallies_ask("tallies", PST_TALLY_FROM_DOMAIN, false)->messages, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_full_memory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_networks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_ask, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_late, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_wash, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_replace, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_org, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_near, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_promote, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_retention, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_wrong_clock, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_damaged_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
