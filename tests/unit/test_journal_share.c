/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_share_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>

#include "store/journal_shared.h"
#include "tests/unit/store_fixture.h"

/* ---- copying ---- */

/*
 * Tails, blocks, parts that are complete and not, and both streams: each entry
 * is found once, after each turn and at the end.
 */
static void
test_copy(void **state)
{
	static const struct {
		const char *label;
		unsigned entries, each_turn;
	} rows[] = {
	    {"one entry", 1, 1},
	    {"a turn for each entry", 40, 1},
	    {"less than a block", SHARE_IN_BLOCK - 1, 5},
	    {"a block", SHARE_IN_BLOCK, SHARE_IN_BLOCK},
	    {"some blocks in a turn", 500, 250},
	    {"a part", SHARE_IN_PART, 400},
	    {"a part and something more", SHARE_IN_PART + 30, 300},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct share_gateway one;
		void *nothing = NULL;

		assert_int_equal(share_tear_down(&nothing), 0);
		assert_int_equal(share_set_up(&nothing), 0);
		share_open(&one, "one");
		for (unsigned k = 0; k < rows[i].entries;
		     k += rows[i].each_turn) {
			unsigned left = rows[i].entries - k;

			if (left > rows[i].each_turn)
				left = rows[i].each_turn;
			journal_fill(
			    one.journal, PST_JOURNAL_OTHER, k, left, SHARE_LEN);
			share_turn(&one);
			assert_int_equal(share_total(), k + left);
		}
		journal_fill(
		    one.journal, PST_JOURNAL_ACCEPTED, 5000, 3, SHARE_LEN);
		share_turn(&one);
		assert_int_equal(share_total(), rows[i].entries + 3);
		share_assert_each(0, rows[i].entries, 7);
		share_assert_each(5000, 3, 1);
		assert_int_equal(
		    store_number(share_db,
			"SELECT SUM(entries) FROM"
			" (SELECT entries FROM journal_block UNION ALL"
			" SELECT entries FROM journal_tail) AS all_units"),
		    rows[i].entries + 3);
		/* Nothing is new, and nothing is copied. */
		share_turn(&one);
		assert_int_equal(share_total(), rows[i].entries + 3);
		share_close(&one);
	}
}

/* The rows of the index are merged when a part is complete. */
static void
test_index(void **state)
{
	struct share_gateway one;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0,
	    SHARE_IN_PART - SHARE_IN_BLOCK, SHARE_LEN);
	share_turn(&one);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_idx"),
	    63 * PST_SHARED_YOUNG);
	journal_fill(one.journal, PST_JOURNAL_OTHER,
	    SHARE_IN_PART - SHARE_IN_BLOCK, 2 * SHARE_IN_BLOCK, SHARE_LEN);
	share_turn(&one);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_idx"),
	    PST_SHARED_OLD + PST_SHARED_YOUNG);
	share_close(&one);
}

/* One transaction of a long backlog: the tail is found before the blocks. */
static void
test_backlog(void **state)
{
	const unsigned total = 40 * SHARE_IN_BLOCK + 5;
	struct share_gateway one;
	struct pst_shared_gateway gateway = {.id = 1};
	struct pst_shared_copy copy = {
	    .gateway = &gateway, .now_s = JOURNAL_NOW};
	struct pst_err err;
	unsigned steps = 0, before = 0;

	(void)state;
	share_open(&one, "one");
	share_turn(&one);
	pst_journal_share_id(one.journal, gateway.file);
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, total, SHARE_LEN);
	copy.journal = one.journal;
	copy.db = share_db;
	do {
		if (!pst_shared_copy(&copy, PST_JOURNAL_OTHER, &err))
			fail_msg("%s", err.text);
		share_assert_each(total - 5, 5, 1);
		assert_true(share_total() > before);
		before = share_total();
		/* What comes meanwhile is not found twice later. */
		journal_fill(one.journal, PST_JOURNAL_OTHER, total + 7 * steps,
		    7, SHARE_LEN);
		steps++;
	} while (copy.more);
	assert_true(steps >= 5);
	assert_true(pst_shared_copy(&copy, PST_JOURNAL_OTHER, &err));
	assert_int_equal(share_total(), total + 7 * steps);
	share_assert_each(0, total + 7 * steps, 5);
	share_close(&one);
}

/* A trigger makes each statement fail in turn, as a lost connection would. */
static void
test_failures(void **state)
{
	static const char *const events[] = {
	    "INSERT ON journal_stream",
	    "INSERT ON journal_tail",
	    "UPDATE ON journal_stream",
	    "INSERT ON journal_block",
	    "INSERT ON journal_idx",
	    "DELETE ON journal_tail",
	    "DELETE ON journal_idx",
	};
	struct share_gateway one;
	struct pst_err err;
	unsigned total = 0;
	char sql[160];

	(void)state;
	if (pst_db_is_shared(share_db))
		skip(); /* PostgreSQL has another syntax for triggers */
	share_open(&one, "one");
	assert_true(pst_shared_make(share_db, &err));
	FOR_ROWS(i, events, events[i]) {
		unsigned more = i < 2 ? 2 : i < 6 ? 33 : SHARE_IN_PART;

		journal_fill(
		    one.journal, PST_JOURNAL_OTHER, total, more, SHARE_LEN);
		(void)snprintf(sql, sizeof(sql),
		    "CREATE TRIGGER fault BEFORE %s"
		    " BEGIN SELECT RAISE(ABORT, 'dead'); END",
		    events[i]);
		assert_true(pst_db_script(share_db, sql, &err));
		assert_non_null(strstr(share_turn_fails(&one), "dead"));
		assert_non_null(strstr(share_turn_fails(&one), "dead"));
		if (i > 0)
			share_assert_each(0, total, 11);
		assert_true(
		    pst_db_script(share_db, "DROP TRIGGER fault", &err));
		journal_fill(
		    one.journal, PST_JOURNAL_OTHER, total + more, 5, SHARE_LEN);
		total += more + 5;
		share_turn(&one);
		assert_int_equal(share_total(), total);
	}
	share_assert_each(0, total, 5);
	share_close(&one);
}

/* Blocks that the file has lost are left out, and their tails stay. */
static void
test_missing_blocks(void **state)
{
	struct share_gateway one;
	struct pst_err err;
	struct pst_db *file;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 10, SHARE_LEN);
	share_turn(&one);
	journal_fill(
	    one.journal, PST_JOURNAL_OTHER, 10, 2 * SHARE_IN_PART, SHARE_LEN);
	file = pst_db_open_sqlite(one.path, PST_DB_WRITE, 5000, &err);
	assert_non_null(file);
	assert_true(pst_db_script(file,
	    "DELETE FROM block WHERE id < 70;"
	    "UPDATE block SET entries = 3 WHERE id = 100",
	    &err));
	pst_db_close(file);
	share_turn(&one);
	assert_int_equal(store_number(share_db,
			     "SELECT COUNT(*) FROM journal_block"
			     " WHERE id BETWEEN 70 AND 127 AND id <> 100"),
	    57);
	assert_int_equal(
	    share_total(), 10 + 10 + 2 * SHARE_IN_PART - 71 * SHARE_IN_BLOCK);
	share_assert_each(0, 10, 1);
	share_assert_each(70 * SHARE_IN_BLOCK, SHARE_IN_BLOCK, 1);
	share_close(&one);
}

/* ---- gateways ---- */

static void
test_two_gateways(void **state)
{
	struct share_found found = {.count = 0};
	struct share_gateway one, two;
	struct pst_journal_key key;
	const struct pst_journal_query query = {.keys = &key, .key_count = 1};

	(void)state;
	share_open(&one, "one");
	share_open(&two, "two");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 50, SHARE_LEN);
	journal_fill(two.journal, PST_JOURNAL_OTHER, 100, 50, SHARE_LEN);
	share_turn(&one);
	share_turn(&two);
	assert_int_equal(share_total(), 100);
	for (unsigned i = 0; i < 50; i += 7) {
		key = journal_queue_id(i);
		share_search(
		    &(struct pst_journal_share_query){.query = &query}, &found);
		assert_int_equal(found.count, 1);
		assert_string_equal(found.gateways[0], "one");
		key = journal_queue_id(100 + i);
		share_search(
		    &(struct pst_journal_share_query){.query = &query}, &found);
		assert_int_equal(found.count, 1);
		assert_string_equal(found.gateways[0], "two");
		/* The file of one gateway is left out. */
		share_search(&(struct pst_journal_share_query){.query = &query,
				 .except = two.journal},
		    &found);
		assert_int_equal(found.count, 0);
	}
	share_close(&one);
	share_close(&two);
}

/* A new file of the same gateway: the old entries stay, and nothing is mixed. */
static void
test_new_file(void **state)
{
	struct share_gateway one;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 50, SHARE_LEN);
	share_turn(&one);
	share_close(&one);
	(void)remove(store_path("one"));
	(void)remove(store_path("one-wal"));
	(void)remove(store_path("one-shm"));
	share_turn(&one); /* there is no file at all */
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 100, 50, SHARE_LEN);
	share_turn(&one);
	assert_int_equal(share_total(), 100);
	share_assert_each(0, 50, 1);
	share_assert_each(100, 50, 1);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_gateway"), 2);
	share_close(&one);
}

static void
copy_file(const char *from, const char *to)
{
	FILE *in = fopen(store_path(from), "rb"), *out;
	char buf[65536];
	size_t n;

	assert_non_null(in);
	out = fopen(store_path(to), "wb");
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	(void)fclose(in);
}

/*
 * A file is restored from a backup and is behind what is in the database. It
 * goes on with what is new; a gateway that does so at once is told why.
 */
static void
test_restored(void **state)
{
	struct share_gateway one;
	struct pst_err err;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 40, SHARE_LEN);
	share_close(&one);
	copy_file("one", "backup");
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 40, 40, SHARE_LEN);
	share_turn(&one);
	share_close(&one);
	copy_file("backup", "one");
	(void)remove(store_path("one-wal"));
	(void)remove(store_path("one-shm"));
	share_open(&one, "one");
	assert_non_null(
	    strstr(share_turn_fails(&one), "was copied from another gateway"));
	assert_true(pst_db_script(share_db,
	    "UPDATE journal_gateway SET since_s = since_s - 4000", &err));
	share_turn(&one);
	journal_fill(one.journal, PST_JOURNAL_OTHER, 1000, 60, SHARE_LEN);
	share_turn(&one);
	share_assert_each(0, 34, 1);
	share_assert_each(40, 40, 1);
	share_assert_each(1000, 60, 1);
	share_close(&one);
}

/* The same file under another name copies nothing again. */
static void
test_renamed(void **state)
{
	struct share_gateway one;

	(void)state;
	share_open(&one, "one");
	journal_fill(
	    one.journal, PST_JOURNAL_OTHER, 0, 2 * SHARE_IN_BLOCK, SHARE_LEN);
	share_turn(&one);
	one.share.name = "new-name";
	share_turn(&one);
	assert_int_equal(share_total(), 2 * SHARE_IN_BLOCK);
	journal_fill(
	    one.journal, PST_JOURNAL_OTHER, 100, 2 * SHARE_IN_BLOCK, SHARE_LEN);
	share_turn(&one);
	assert_int_equal(share_total(), 4 * SHARE_IN_BLOCK);
	share_close(&one);
}

/* ---- versions ---- */

static void
test_version(void **state)
{
	const struct pst_journal_key key = journal_queue_id(1);
	const struct pst_journal_query query = {.keys = &key, .key_count = 1};
	const struct pst_journal_share_query all = {.query = &query};
	const struct pst_journal_share_visitor nobody = {NULL, NULL};
	const struct pst_journal_share_reader no_reader = {NULL, NULL};
	const struct pst_journal_judge no_judge = {NULL, NULL};
	struct share_gateway one;
	struct pst_err err;
	uint64_t count;

	(void)state;
	/* Without tables there is nothing to find, which is not a failure. */
	assert_int_equal(share_total(), 0);
	assert_true(pst_journal_share_figures(share_db, no_reader, &err));
	assert_true(
	    pst_journal_share_forget(share_db, &key, no_judge, &count, &err));
	assert_int_equal(count, 0);
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 3, SHARE_LEN);
	share_turn(&one);
	assert_true(pst_db_script(share_db,
	    "UPDATE meta SET value = '2' WHERE name = 'journal'", &err));
	journal_fill(one.journal, PST_JOURNAL_OTHER, 3, 3, SHARE_LEN);
	assert_non_null(strstr(share_turn_fails(&one),
	    "has version 2, but this program knows version 1 only; install "
	    "the newer Postern here, too"));
	assert_false(
	    pst_journal_share_search(share_db, &all, nobody, NULL, &err));
	assert_non_null(strstr(err.text, "has version 2"));
	assert_false(
	    pst_journal_share_forget(share_db, &key, no_judge, &count, &err));
	assert_non_null(strstr(err.text, "has version 2"));
	assert_false(pst_journal_share_figures(share_db, no_reader, &err));
	assert_non_null(strstr(err.text, "has version 2"));
	assert_int_equal(
	    store_number(share_db, "SELECT SUM(entries) FROM journal_tail"), 3);
	assert_true(pst_db_script(share_db,
	    "UPDATE meta SET value = '1' WHERE name = 'journal'", &err));
	share_turn(&one);
	assert_int_equal(share_total(), 6);
	share_close(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_copy, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_index, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_backlog, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_failures, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_missing_blocks, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_two_gateways, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_new_file, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_restored, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_renamed, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_version, share_set_up, share_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
