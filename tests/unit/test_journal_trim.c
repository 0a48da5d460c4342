/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>
#include <sys/stat.h>

#include "tests/unit/store_fixture.h"

#define NEVER (INT64_C(1) << 40)
#define MB (UINT64_C(1) << 20)

static void
trim(struct pst_journal *journal, uint64_t max_bytes, int64_t retention_s,
    int64_t now_s)
{
	const struct pst_journal_limits limits = {max_bytes, retention_s};
	struct pst_err err;
	bool more = true;

	for (unsigned i = 0; more; i++) {
		if (!pst_journal_trim(journal, &limits, now_s, &more, &err))
			fail_msg("%s", err.text);
		assert_true(i < 10000);
	}
}

static struct pst_journal_figures
figures_of(struct pst_journal *journal)
{
	struct pst_journal_figures figures;
	struct pst_err err;

	assert_true(pst_journal_figures(journal, &figures, &err));
	return figures;
}

static unsigned
count(struct pst_journal *journal)
{
	struct journal_found found = {.count = 0};

	journal_search(
	    journal, &(struct pst_journal_query){.since_s = 0}, &found);
	assert_int_equal(found.damaged, 0);
	return found.count;
}

/*
 * Ten times as much as fits, in both streams at once: the file stays within its
 * size at each moment, and refusals outlast accepts.
 */
static void
test_size(void **state)
{
	struct pst_journal *journal = journal_open();
	struct pst_journal_figures figures;

	(void)state;
	for (unsigned i = 0; i < 12000; i += 200) {
		journal_fill(journal, PST_JOURNAL_ACCEPTED, i, 180, 8000);
		journal_fill(journal, PST_JOURNAL_OTHER, i + 180, 20, 8000);
		trim(journal, 40 * MB, NEVER, JOURNAL_NOW + i);
		assert_true(figures_of(journal).file_bytes <= 40 * MB);
	}
	figures = figures_of(journal);
	/* All 1200 refusals fit in three quarters; most accepts are gone. */
	assert_int_equal(figures.streams[PST_JOURNAL_OTHER].entries, 1200);
	assert_true(figures.streams[PST_JOURNAL_ACCEPTED].entries < 6000);
	assert_true(figures.streams[PST_JOURNAL_ACCEPTED].entries > 1000);
	assert_int_equal(count(journal),
	    figures.streams[0].entries + figures.streams[1].entries);
	pst_journal_close(journal);
}

/* If refusals alone fill the file, a quarter is still kept for accepts. */
static void
test_shares(void **state)
{
	struct pst_journal *journal = journal_open();
	struct pst_journal_figures figures;
	uint64_t accepts;

	(void)state;
	for (unsigned i = 0; i < 1000; i += 100)
		journal_fill(journal, PST_JOURNAL_ACCEPTED, i, 100, 8000);
	accepts = figures_of(journal).streams[PST_JOURNAL_ACCEPTED].entries;
	for (unsigned i = 1000; i < 9000; i += 200) {
		journal_fill(journal, PST_JOURNAL_OTHER, i, 200, 8000);
		trim(journal, 40 * MB, NEVER, JOURNAL_NOW + i);
	}
	figures = figures_of(journal);
	assert_int_equal(accepts, 1000);
	assert_int_equal(
	    figures.streams[PST_JOURNAL_ACCEPTED].entries, accepts);
	assert_true(figures.streams[PST_JOURNAL_OTHER].entries < 5000);
	assert_int_equal(count(journal),
	    figures.streams[0].entries + figures.streams[1].entries);
	/* The newest of them are kept. */
	assert_true(
	    figures.streams[PST_JOURNAL_OTHER].last_s == JOURNAL_NOW + 8999);
	pst_journal_close(journal);
}

/* After max-size was lowered, the file itself becomes smaller. */
static void
test_smaller(void **state)
{
	struct pst_journal *journal = journal_open();
	struct stat st;

	(void)state;
	for (unsigned i = 0; i < 6000; i += 200)
		journal_fill(journal, PST_JOURNAL_OTHER, i, 200, 8000);
	pst_journal_close(journal);
	assert_int_equal(stat(store_path("journal"), &st), 0);
	assert_true((uint64_t)st.st_size > 20 * MB);
	journal = journal_open();
	trim(journal, 8 * MB, NEVER, JOURNAL_NOW);
	pst_journal_close(journal);
	assert_int_equal(stat(store_path("journal"), &st), 0);
	assert_true((uint64_t)st.st_size <= 4 * MB);
}

/* Blocks of 17 entries, one a second, and a tail. */
static void
test_age(void **state)
{
	static const struct {
		const char *label;
		int64_t retention_s, now_s;
		unsigned left;
	} rows[] = {
	    {"nothing is old", 1000, 999, 1000},
	    {"half", 500, 999, 1000 - 493},
	    {"a clock that is ahead", 1000, 10000000, 1000},
	    {"a clock that is behind", 500, 0, 1000},
	    {"a clock that is a little behind", 500, 600, 1000 - 85},
	    {"all but the tail", 10, 999, 14},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_journal *journal = journal_open();

		journal_fill(journal, PST_JOURNAL_OTHER, 0, 1000, 16000);
		trim(journal, 1000 * MB, rows[i].retention_s,
		    JOURNAL_NOW + rows[i].now_s);
		assert_int_equal(count(journal), rows[i].left);
		assert_int_equal(
		    figures_of(journal).streams[1].entries, rows[i].left);
		pst_journal_close(journal);
		(void)remove(store_path("journal"));
	}
}

/* With little mail, entries become old in the tail. */
static void
test_tail(void **state)
{
	struct pst_journal *journal = journal_open();

	(void)state;
	for (unsigned i = 0; i < 100; i += 10)
		journal_fill(journal, PST_JOURNAL_ACCEPTED, i, 10, 100);
	trim(journal, 1000 * MB, 50, JOURNAL_NOW + 1000);
	assert_int_equal(count(journal), 60);
	assert_int_equal(figures_of(journal).streams[0].entries, 60);
	trim(journal, 1000 * MB, -1, JOURNAL_NOW + 1000);
	assert_int_equal(count(journal), 0);
	assert_int_equal(figures_of(journal).streams[0].bytes, 0);
	journal_fill(journal, PST_JOURNAL_ACCEPTED, 200, 10, 100);
	assert_int_equal(count(journal), 10);
	pst_journal_close(journal);
}

/* The index of a part goes with its last block. */
static void
test_index(void **state)
{
	struct pst_journal *journal = journal_open();
	struct pst_journal_key key = journal_queue_id(1200);

	(void)state;
	journal_fill(journal, PST_JOURNAL_OTHER, 0, 2500, 16000);
	trim(journal, 1000 * MB, 1300, JOURNAL_NOW + 2499);
	assert_int_equal(journal_count(journal, &key), 1);
	trim(journal, 1000 * MB, 1, JOURNAL_NOW + 2499);
	assert_int_equal(journal_count(journal, &key), 0);
	assert_true(figures_of(journal).streams[1].blocks <= 1);
	assert_false(journal_file_has("journal", "entry 1200 "));
	pst_journal_close(journal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_size, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_shares, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_smaller, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_age, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_tail, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_index, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
