/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "store/spool.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"

#define LIMIT 50000

static struct pst_config *config;
static struct pst_db *store, *spool;

static int
set_up(void **state)
{
	struct pst_err err;

	if (store_set_up(state) != 0)
		return -1;
	config = store_config("");
	store = store_open("db");
	spool = pst_spool_open(config, PST_DB_CREATE, 0, &err);
	return spool == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	pst_db_close(store);
	pst_db_close(spool);
	pst_config_unref(config);
	return store_tear_down(state);
}

static void
fill(struct pst_db *db, unsigned first, unsigned count)
{
	struct pst_err err;

	assert_true(pst_db_begin(db, &err));
	for (unsigned i = first; i < first + count; i++) {
		struct pst_report_row row = store_record(i);

		assert_true(pst_store_add(db, &row, 2, LIMIT, &err));
	}
	assert_true(pst_db_commit(db, &err));
}

static int64_t
count(void)
{
	struct pst_err err;
	int64_t out;

	if (!pst_spool_count(config, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

/* Moves until the spool is empty; returns how many rows were moved. */
static int64_t
move(void)
{
	int64_t moved = 0;
	struct pst_err err;
	bool more = true;

	while (more) {
		if (!pst_spool_move(spool, store, config, &more, &moved, &err))
			fail_msg("%s", err.text);
	}
	return moved;
}

static void
test_none(void **state)
{
	struct pst_config *other;
	struct pst_err err;
	int64_t out = 7;

	(void)state;
	assert_int_equal(count(), 0);
	assert_int_equal(move(), 0);
	other = store_config("");
	other->store.path = store_path("missing");
	assert_false(pst_spool_exists(other));
	assert_true(pst_spool_count(other, &out, &err));
	assert_int_equal(out, 0);
	assert_null(pst_spool_open(other, PST_DB_WRITE, 0, &err));
	pst_config_unref(other);
}

static void
test_move(void **state)
{
	const struct pst_incident incident = {.id = "i",
	    .domain = "example.org",
	    .ruf = "",
	    .fields = "a\n",
	    .header = "b\n",
	    .subject = "c"};
	struct pst_err err;
	struct stat st;

	(void)state;
	assert_int_equal(stat(store_path("db-spool"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	fill(store, 0, 10);
	fill(spool, 5, 2500);
	assert_true(pst_store_add_incident(spool, &incident, 3, &err));
	assert_int_equal(count(), 5003);
	assert_int_equal(move(), 2501);
	assert_int_equal(count(), 0);
	assert_string_equal(store_sum(store), "2505 rows, 5020 messages");
	assert_int_equal(store_number(store, "SELECT n FROM failure"), 3);
	/* The store's own batches are on their way to a shared database. */
	assert_int_equal(store_number(store, "SELECT COUNT(*) FROM batch"), 0);
	fill(spool, 0, 3);
	assert_int_equal(move(), 3);
	assert_string_equal(store_sum(store), "2505 rows, 5026 messages");
}

/*
 * Each statement fails in turn, as it would if the process were killed there.
 * Afterwards each row is in the store once.
 */
static void
test_failures(void **state)
{
	static const struct {
		bool in_store;
		const char *make;
	} faults[] = {
	    {false, "CREATE TRIGGER fault BEFORE UPDATE ON record"},
	    {false, "CREATE TRIGGER fault BEFORE INSERT ON batch"},
	    {true, "CREATE TRIGGER fault BEFORE UPDATE ON meta"},
	    {true, "CREATE TRIGGER fault BEFORE INSERT ON record"},
	    {true, "CREATE TRIGGER fault BEFORE UPDATE ON policy"},
	    {false, "CREATE TRIGGER fault BEFORE DELETE ON record"},
	    {false, "CREATE TRIGGER fault BEFORE DELETE ON batch"},
	};
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err;

	(void)state;
	fill(spool, 0, 1);
	(void)move();
	for (unsigned i = 0; i < PST_COUNT(faults); i++) {
		struct pst_db *db = faults[i].in_store ? store : spool;
		int64_t moved = 0;
		bool more;

		fill(spool, 1 + i, 1);
		assert_true(pst_db_script(db,
		    pst_arena_printf(arena,
			"%s BEGIN SELECT RAISE(ABORT, 'dead'); END",
			faults[i].make),
		    &err));
		for (int tries = 0; tries < 2; tries++) {
			if (pst_spool_move(
				spool, store, config, &more, &moved, &err))
				fail_msg("%s did not fail", faults[i].make);
			assert_non_null(strstr(err.text, "dead"));
		}
		assert_int_equal(moved, 0);
		assert_true(pst_db_script(db, "DROP TRIGGER fault", &err));
		assert_in_range(move(), 1, 2);
		assert_int_equal(count(), 0);
		assert_string_equal(store_sum(store),
		    pst_arena_printf(
			arena, "%u rows, %u messages", i + 2, 2 * (i + 2)));
	}
	pst_arena_free(arena);
}

/* Rows are not moved into a store that may not be written to. */
static void
test_closed(void **state)
{
	int64_t moved = 0;
	struct pst_err err;
	bool more;

	(void)state;
	fill(spool, 0, 4);
	assert_true(pst_db_script(store,
	    "UPDATE meta SET value = '99' WHERE name = 'oldest_writer'", &err));
	assert_false(pst_spool_move(spool, store, config, &more, &moved, &err));
	assert_non_null(strstr(err.text, "newer Postern"));
	assert_int_equal(count(), 8);
	assert_string_equal(store_sum(store), "0 rows, 0 messages");
	assert_true(pst_db_script(store,
	    "UPDATE meta SET value = '1' WHERE name = 'oldest_writer'", &err));
	assert_int_equal(move(), 4);
	assert_string_equal(store_sum(store), "4 rows, 8 messages");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_move, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_closed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
