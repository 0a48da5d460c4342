/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/trusted_clock.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define NOW INT64_C(1795000000)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)

/* Times are relative to NOW; NONE is a witness that is missing. */
#define NONE INT64_MIN
#define NO_NOTE NONE, NONE

static int64_t
at(int64_t relative_s)
{
	return relative_s == NONE ? 0 : NOW + relative_s;
}

/* What the clock says, what witnesses say, and what follows. */
static const struct row {
	const char *label;
	int64_t wall, server, newest, note, noted_at, ran;
	int64_t now, new_note; /* expected */
	enum pst_clock_doubt doubt;
} rows[] = {
    /* a gateway's own file */
    {"all is well", 0, NONE, -60, -HOUR, -HOUR, HOUR, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    {"an idle store: the newest row is a month old", 0, NONE, -30 * DAY, -HOUR,
	-HOUR, HOUR, 0, 0, PST_CLOCK_PLAUSIBLE},
    {"off for a night", 0, NONE, -DAY, -12 * HOUR, -12 * HOUR, 0, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    {"40 days ahead at the start", 40 * DAY, NONE, 0, 0, 0, 0, 0, 0,
	PST_CLOCK_AHEAD},
    {"500 days ahead at the start", 500 * DAY, NONE, 0, 0, 0, 0, 0, 0,
	PST_CLOCK_AHEAD},
    {"40 days ahead, an hour later", 40 * DAY + HOUR, NONE, 0, 0, 40 * DAY,
	HOUR, 2 * HOUR, 2 * HOUR, PST_CLOCK_AHEAD},
    {"its own new rows prove nothing", 40 * DAY + HOUR, NONE, 40 * DAY + HOUR,
	0, 40 * DAY, HOUR, 2 * HOUR, 2 * HOUR, PST_CLOCK_AHEAD},
    {"another process has noted it a minute ago", 40 * DAY + HOUR, NONE, 0,
	2 * HOUR, 40 * DAY + HOUR - 60, HOUR, 2 * HOUR + 120, 2 * HOUR + 120,
	PST_CLOCK_AHEAD},
    {"a jump of 40 days while it runs", 40 * DAY + HOUR, NONE, 0, 0, 0, HOUR,
	2 * HOUR, 2 * HOUR, PST_CLOCK_AHEAD},
    {"the jump is taken back", 2 * HOUR, NONE, 40 * DAY, 2 * HOUR, 40 * DAY,
	HOUR, 2 * HOUR, 2 * HOUR, PST_CLOCK_PLAUSIBLE},
    {"restarted again and again: nothing passes", 40 * DAY, NONE, 0, 0,
	40 * DAY, 0, 0, 0, PST_CLOCK_AHEAD},
    {"off for a month: it catches up", 0, NONE, -30 * DAY, -30 * DAY, -30 * DAY,
	0, -30 * DAY, -30 * DAY, PST_CLOCK_AHEAD},
    {"and has caught up", 0, NONE, -30 * DAY, -DAY - HOUR, -HOUR, HOUR, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    {"a day ahead is believed", DAY, NONE, 0, 0, 0, 0, DAY, DAY,
	PST_CLOCK_PLAUSIBLE},
    {"a second more is not", DAY + 1, NONE, 0, 0, 0, 0, 0, 0, PST_CLOCK_AHEAD},
    {"a turn that comes three days late", 3 * DAY, NONE, 0, 0, 0, 3 * DAY,
	3 * DAY, 3 * DAY, PST_CLOCK_PLAUSIBLE},
    /* behind */
    {"a day behind", -DAY, NONE, 0, 0, 0, 0, -DAY, 0, PST_CLOCK_BEHIND},
    {"an hour behind is not said", -HOUR, NONE, 0, 0, 0, 0, -HOUR, 0,
	PST_CLOCK_PLAUSIBLE},
    {"behind, an hour later", -9 * DAY + HOUR, NONE, 0, 0, -9 * DAY, HOUR,
	-9 * DAY + HOUR, -DAY, PST_CLOCK_BEHIND},
    {"the note never falls below the clock", -2 * HOUR, NONE, 0, 0, -3 * HOUR,
	HOUR, -2 * HOUR, -2 * HOUR, PST_CLOCK_BEHIND},
    {"the clock was set back just now", -9 * DAY, NONE, 0, 0, 0, HOUR, -9 * DAY,
	0, PST_CLOCK_BEHIND},
    {"a clock without a battery", -NOW + 1, NONE, 0, 0, 0, 0, -NOW + 1, 0,
	PST_CLOCK_BEHIND},
    /* no note yet */
    {"the first note, after an upgrade", 0, NONE, -HOUR, NO_NOTE, 0, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    {"ahead at the first start of this version", 40 * DAY, NONE, 0, NO_NOTE, 0,
	0, 0, PST_CLOCK_AHEAD},
    {"a row of the future is a weak witness", 0, NONE, 40 * DAY, NO_NOTE, 0, 0,
	0, PST_CLOCK_BEHIND},
    {"an empty store is watched first", 0, NONE, NONE, NO_NOTE, 0, 0, NONE,
	PST_CLOCK_PLAUSIBLE},
    {"for less than an hour", 0, NONE, NONE, NO_NOTE, HOUR - 1, 0, NONE,
	PST_CLOCK_PLAUSIBLE},
    {"and noted after an hour", 0, NONE, NONE, NO_NOTE, HOUR, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    /* a shared database */
    {"gateway 40 days ahead of the server", 40 * DAY, 0, 0, -HOUR, -HOUR, 0, 0,
	0, PST_CLOCK_AHEAD_OF_SERVER},
    {"gateway 500 days ahead, and so are its rows", 500 * DAY, 0, 500 * DAY,
	-HOUR, -HOUR, 0, 0, 0, PST_CLOCK_AHEAD_OF_SERVER},
    {"gateway a day behind the server", -DAY, 0, 0, 0, 0, HOUR, -DAY, 0,
	PST_CLOCK_BEHIND_SERVER},
    {"the server 40 days ahead", 0, 40 * DAY, 0, -HOUR, -HOUR, HOUR, 0, 0,
	PST_CLOCK_BEHIND_SERVER},
    {"both 40 days ahead: they share a machine", 40 * DAY, 40 * DAY, 0, 0, 0, 0,
	0, 0, PST_CLOCK_AHEAD},
    {"rows of a gateway that is ahead", 0, 0, 40 * DAY, 0, 0, 0, 0, 0,
	PST_CLOCK_PLAUSIBLE},
    {"seconds do not count", 30, 0, 0, 0, 0, 0, 0, 0, PST_CLOCK_PLAUSIBLE},
    {"no rows, ahead of the server", 40 * DAY, 0, NONE, NO_NOTE, HOUR, 0, 0,
	PST_CLOCK_AHEAD_OF_SERVER},
};

static void
test_judge(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct row *row = &rows[i];
		const struct pst_clock_evidence evidence = {at(row->wall),
		    at(row->server), at(row->newest), at(row->note),
		    at(row->noted_at), row->ran};
		struct pst_trusted_now got = pst_trusted_clock_judge(&evidence);

		assert_int_equal(got.now_s - NOW, row->now);
		assert_int_equal(got.note_s, at(row->new_note));
		assert_int_equal(got.doubt, row->doubt);
		assert_true(got.doubt == PST_CLOCK_PLAUSIBLE || got.off_s > 0);
	}
}

static struct pst_trusted_now
ask(struct pst_trusted_clock *trusted, struct pst_db *db)
{
	struct pst_trusted_now now;
	struct pst_err err;

	if (!pst_trusted_clock_ask(trusted, db, &now, &err))
		fail_msg("%s", err.text);
	return now;
}

/* A year of a clock that is ahead never gets further than twice that year. */
static void
test_twice_as_fast(void **state)
{
	struct pst_db *db = store_open("db");
	struct pst_clock clock = pst_clock_manual(NOW);
	struct pst_trusted_clock right = {.clock = &clock};
	struct pst_trusted_clock wrong = {.clock = &clock};
	struct pst_trusted_now now;

	(void)state;
	(void)ask(&right, db);
	pst_clock_advance(&clock, HOUR * 1000);
	now = ask(&right, db);
	assert_int_equal(now.now_s, NOW + HOUR);
	assert_int_equal(now.note_s, NOW + HOUR);
	clock.now_epoch += 500 * DAY;
	for (unsigned hours = 0; hours < 100; hours++) {
		now = ask(&wrong, db);
		assert_int_equal(now.doubt, PST_CLOCK_AHEAD);
		assert_int_equal(now.now_s, NOW + HOUR + 2 * HOUR * hours);
		pst_clock_advance(&clock, HOUR * 1000);
	}
	/* A second process does not make it faster. */
	right.asked = false;
	(void)ask(&right, db);
	now = ask(&wrong, db);
	assert_int_equal(now.now_s, NOW + HOUR + 198 * HOUR);
	clock.now_epoch -= 500 * DAY;
	now = ask(&wrong, db);
	/* The clock is behind what the wrong one has left, and counts. */
	assert_int_equal(now.now_s, NOW + 101 * HOUR);
	pst_db_close(db);
}

/* A note that is damaged is none. */
static void
test_damaged_note(void **state)
{
	static const char *const values[] = {
	    "", "x", "1", " ", "1 ", "-5 -5", "1 99999999999999999999"};
	struct pst_db *db = store_open("db");
	struct pst_clock clock = pst_clock_manual(NOW);

	(void)state;
	FOR_ROWS(i, values, values[i]) {
		struct pst_trusted_clock trusted = {.clock = &clock};
		struct pst_db_value value = pst_db_text(values[i]);

		assert_true(pst_db_run(db,
		    "INSERT INTO meta (name, value) VALUES ('clock', $1)"
		    " ON CONFLICT (name) DO UPDATE SET value = $1",
		    &value, 1, NULL, NULL));
		assert_int_equal(ask(&trusted, db).now_s, NOW);
	}
	pst_db_close(db);
}

/* Each table's time is a witness while there is no note. */
static void
test_newest_row(void **state)
{
	static const struct {
		const char *table;
		const char *sql;
	} tables[] = {
	    {"policy",
		"INSERT INTO policy VALUES (20775, 'a.example', '',"
		" 1795000000, '', '', '', '', '', '', '', '', '', '', 0)"},
	    {"report", "INSERT INTO report VALUES ('a', 1, 'd', 1795000000)"},
	    {"batch", "INSERT INTO batch VALUES ('a', '', '', 1795000000)"},
	    {"failure",
		"INSERT INTO failure VALUES"
		" ('a', '', 1795000000, '', '', '', '', '', 1)"},
	    {"feedback",
		"INSERT INTO feedback VALUES"
		" ('a', '', 1795000000, 1, '', '', '', 0, 0, '', '')"},
	    {"memory",
		"INSERT INTO memory VALUES"
		" ('a', '', 0, 0, 0, 0, 0, 1795000000, 0)"},
	};
	struct pst_db *db = store_open("db");
	struct pst_clock clock = pst_clock_manual(NOW + 40 * DAY);

	(void)state;
	FOR_ROWS(i, tables, tables[i].table) {
		struct pst_trusted_clock trusted = {.clock = &clock};
		char clean[64];
		struct pst_err err;

		if (!pst_db_script(db, tables[i].sql, &err))
			fail_msg("%s", err.text);
		assert_int_equal(ask(&trusted, db).now_s, NOW);
		(void)snprintf(clean, sizeof(clean),
		    "DELETE FROM %s; DELETE FROM meta WHERE name = 'clock'",
		    tables[i].table);
		assert_true(pst_db_script(db, clean, NULL));
	}
	pst_db_close(db);
}

/* R-SEC-22: what the operator reads. */
static void
test_say(void **state)
{
	static const struct {
		enum pst_clock_doubt doubt;
		const char *text;
	} said[] = {
	    {PST_CLOCK_PLAUSIBLE, "agrees"},
	    {PST_CLOCK_AHEAD, "960 h ahead of the time at which the store was"},
	    {PST_CLOCK_AHEAD,
		"old on 2026-11-18 is deleted; correct the clock"},
	    {PST_CLOCK_BEHIND, "960 h behind"},
	    {PST_CLOCK_AHEAD_OF_SERVER, "960 h ahead of that of the shared"},
	    {PST_CLOCK_BEHIND_SERVER, "960 h behind that of the shared"},
	};
	struct pst_err text;

	(void)state;
	FOR_ROWS(i, said, said[i].text) {
		const struct pst_trusted_now now = {
		    .now_s = NOW, .doubt = said[i].doubt, .off_s = 40 * DAY};

		pst_trusted_clock_say(&now, &text);
		assert_non_null(strstr(text.text, said[i].text));
		assert_true(strlen(text.text) < sizeof(text.text) - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judge),
	    cmocka_unit_test(test_say),
	    cmocka_unit_test_setup_teardown(
		test_twice_as_fast, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_damaged_note, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_newest_row, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
