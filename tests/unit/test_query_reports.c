/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/outbox.h"
#include "store/query_reports.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

/* A file, or the server that POSTERN_TEST_POSTGRES names. */
static struct pst_db *db;

static void
run(const char *sql)
{
	struct pst_err err;

	if (!pst_db_script(db, sql, &err))
		fail_msg("%s", err.text);
}

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	db = store_open_shared();
	store_wipe(db);
	run("DELETE FROM delivery; DELETE FROM report; DELETE FROM suppress;"
	    "INSERT INTO report VALUES ('r1', 10, 'a.example', 1000),"
	    " ('r2', 11, 'a.example', 2000), ('r3', 11, 'b.example', 3000),"
	    " ('r4', 12, 'c.example', 4000);"
	    "INSERT INTO delivery VALUES"
	    " ('r1', 'aggregate', 'x@a.example', 'sent', '', 1, 7, 50, '250'),"
	    " ('r2', 'aggregate', 'x@a.example', 'retry', '', 3, 99, 60,"
	    " '451 later'),"
	    " ('r2', 'aggregate', 'y@a.example', 'suppressed', '', 0, 0, 61,"
	    " 'bounced'),"
	    " ('r3', 'failure', 'z@b.example', 'waiting', '', 0, 0, 0, '');"
	    "INSERT INTO suppress VALUES ('y@a.example', 5, 777, 'bounce')");
	return 0;
}

static int
tear_down(void **state)
{
	pst_db_close(db);
	return store_tear_down(state);
}

struct seen {
	char text[2000];
	unsigned count, max;
};

static bool
note(void *arg, const struct pst_query_sent *sent)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len,
	    "%d %.*s %.*s %.*s %.*s %d %d/%d/%d/%d %d:%d '%.*s';",
	    (int)sent->day, PST_STR_ARG(sent->domain),
	    PST_STR_ARG(sent->address), PST_STR_ARG(sent->kind),
	    PST_STR_ARG(sent->state), (int)sent->tries, (int)sent->made_s,
	    (int)sent->next_s, (int)sent->done_s, (int)sent->suppressed_until_s,
	    (int)sent->rows, (int)sent->messages, PST_STR_ARG(sent->why));
	return ++seen->count != seen->max;
}

#define R1 "10 a.example x@a.example aggregate sent 1 1000/0/50/0 0:0 '250';"
#define R2_X                                                                   \
	"11 a.example x@a.example aggregate retry 3 2000/99/60/0 1:3"          \
	" '451 later';"
#define R2_Y                                                                   \
	"11 a.example y@a.example aggregate suppressed 0 2000/0/61/777 1:3"    \
	" 'bounced';"
#define R3 "11 b.example z@b.example failure waiting 0 3000/0/0/0 0:0 '';"

static void
test_sent(void **state)
{
	static const struct {
		const char *label;
		struct pst_query_sent_filter filter;
		unsigned max;
		const char *want;
	} rows[] = {
	    {"all", {0, 99, NULL, NULL, 100}, 0, R2_X R2_Y R3 R1},
	    {"first day", {11, 99, "", "", 100}, 0, R2_X R2_Y R3},
	    {"last day", {0, 10, "", "", 100}, 0, R1},
	    {"domain", {0, 99, "a.example", "", 100}, 0, R2_X R2_Y R1},
	    {"state", {0, 99, "", "waiting", 100}, 0, R3},
	    {"both", {0, 99, "a.example", "sent", 100}, 0, R1},
	    {"limit", {0, 99, "", "", 2}, 0, R2_X R2_Y},
	    {"limit 0", {0, 99, "", "", 0}, 0, ""},
	    {"ended by the visitor", {0, 99, "", "", 100}, 1, R2_X},
	    {"no such domain", {0, 99, "' OR 1=1", "", 100}, 0, ""},
	};
	struct pst_report_row row = store_record(1);
	struct pst_err err;

	(void)state;
	row.day = 11;
	row.policy.domain = "a.example";
	if (!pst_db_begin(db, &err) ||
	    !pst_store_add(db, &row, 3, 50000, &err) ||
	    !pst_db_commit(db, &err))
		fail_msg("%s", err.text);
	run("UPDATE record SET owner = 'r2'");
	FOR_ROWS(i, rows, rows[i].label) {
		struct seen seen = {.max = rows[i].max};

		if (!pst_query_sent(db, &rows[i].filter, note, &seen, &err))
			fail_msg("%s", err.text);
		assert_string_equal(seen.text, rows[i].want);
	}
}

static void
test_counts(void **state)
{
	struct pst_query_sent_counts counts;

	(void)state;
	assert_true(pst_query_sent_counts(db, 0, 99, &counts, NULL));
	assert_int_equal(counts.all, 4);
	assert_int_equal(counts.reports, 4);
	assert_int_equal(counts.deliveries[PST_OUTBOX_WAITING], 1);
	assert_int_equal(counts.deliveries[PST_OUTBOX_RETRY], 1);
	assert_int_equal(counts.deliveries[PST_OUTBOX_HANDING], 0);
	assert_int_equal(counts.deliveries[PST_OUTBOX_SENT], 1);
	assert_int_equal(counts.deliveries[PST_OUTBOX_SUPPRESSED], 1);
	assert_true(pst_query_sent_counts(db, 11, 11, &counts, NULL));
	assert_int_equal(counts.all, 3);
	assert_int_equal(counts.reports, 2);
	assert_int_equal(counts.deliveries[PST_OUTBOX_SENT], 0);
}

/* The pages may not include report/outbox.h; its words must be the same. */
static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(PST_QUERY_SENT_STATES, PST_OUTBOX_SUPPRESSED + 1);
	FOR_COUNT(i, PST_QUERY_SENT_STATES, pst_query_sent_states[i]) {
		assert_string_equal(pst_query_sent_states[i],
		    pst_outbox_state_word((enum pst_outbox_state)i));
	}
}

static void
test_failure(void **state)
{
	const struct pst_query_sent_filter filter = {0, 99, "", "", 100};
	struct pst_query_sent_counts counts;
	struct seen seen = {.max = 0};
	struct pst_err err = {""};

	(void)state;
	run("ALTER TABLE delivery RENAME TO away");
	assert_false(pst_query_sent(db, &filter, note, &seen, &err));
	assert_string_not_equal(err.text, "");
	err.text[0] = '\0';
	assert_false(pst_query_sent_counts(db, 0, 99, &counts, &err));
	assert_string_not_equal(err.text, "");
	run("ALTER TABLE away RENAME TO delivery");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_sent, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
