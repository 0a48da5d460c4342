/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "base/day.h"
#include "base/macros.h"
#include "store/memory_file.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define NOW (INT64_C(86400) * STORE_DAY + 43200)
#define DAY PST_DAY_SECONDS
#define REJECT "v=DMARC1; p=reject"

static struct pst_config *config;
static struct pst_db *file;

static int
set_up(void **state)
{
	struct pst_err err;

	if (store_set_up(state) != 0)
		return -1;
	config = store_config("");
	file = pst_memory_file_open(config, PST_DB_CREATE, 0, &err);
	return file == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	pst_db_close(file);
	pst_config_unref(config);
	return store_tear_down(state);
}

static void
write_rows(struct pst_db *db, const struct pst_memory_row *rows, size_t count)
{
	struct pst_err err;

	if (!pst_memory_file_write(db, rows, count, NULL, &err))
		fail_msg("%s", err.text);
}

static void
read_new(struct pst_db *db, struct pst_memory *memory, int64_t *last)
{
	struct pst_err err;

	if (!pst_memory_file_read(db, memory, last, &err))
		fail_msg("%s", err.text);
}

static int64_t
count_rows(void)
{
	return store_number(file, "SELECT COUNT(*) FROM memory");
}

static void
assert_recalled(struct pst_memory *memory, const char *domain, const char *want)
{
	struct pst_recalled out = {.arena = pst_arena_new()};
	bool found = pst_memory_recall(memory, domain, NOW, 60 * DAY, &out);

	assert_int_equal(found, want != NULL);
	if (found)
		assert_true(pst_str_eq(out.record, pst_str(want)));
	pst_arena_free(out.arena);
}

static void
test_round_trip(void **state)
{
	const struct pst_memory_row rows[] = {
	    {"bank.example", PST_STR(REJECT), NOW - 60, 3, STORE_DAY,
		NOW - 9 * DAY, NOW - 90},
	    {"list.example", PST_STR(""), 0, 5, STORE_DAY - 1, NOW - 8 * DAY,
		0},
	};
	struct pst_memory *memory = pst_memory_new(10, NOW);
	struct pst_memory_figures figures;
	int64_t last = 0;
	struct stat st;

	(void)state;
	assert_true(pst_memory_file_exists(config));
	assert_int_equal(stat(store_path("db-memory"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	write_rows(file, rows, PST_COUNT(rows));
	read_new(file, memory, &last);
	assert_int_equal(last, 2);
	assert_recalled(memory, "bank.example", REJECT);
	assert_recalled(memory, "list.example", NULL);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOW), 2);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "list.example", NOW), 5);
	assert_int_equal(store_number(file,
			     "SELECT aligned_s FROM memory"
			     " WHERE domain = 'bank.example'"),
	    NOW - 90);
	pst_memory_figures(memory, &figures);
	assert_int_equal(figures.domains, 2);
	pst_memory_free(memory);
}

/* What the file makes of two rows is what the memory makes of them. */
static void
test_same_as_memory(void **state)
{
	static const struct {
		const char *label;
		struct pst_memory_row one, other;
	} rows[] = {
	    {"the newer record", {"a", PST_STR_INIT("x"), 10, 0, 0, 5, 0},
		{"a", PST_STR_INIT("y"), 11, 0, 0, 5, 0}},
	    {"the older record", {"a", PST_STR_INIT("x"), 10, 0, 0, 5, 0},
		{"a", PST_STR_INIT("y"), 9, 0, 0, 5, 0}},
	    {"no record is newer", {"a", PST_STR_INIT("x"), 10, 0, 0, 5, 0},
		{"a", PST_STR_INIT(""), 11, 0, 0, 5, 0}},
	    {"more days", {"a", PST_STR_INIT(""), 0, 3, 100, 5, 0},
		{"a", PST_STR_INIT(""), 0, 4, 100, 5, 0}},
	    {"fewer days, later day", {"a", PST_STR_INIT(""), 0, 3, 100, 5, 0},
		{"a", PST_STR_INIT(""), 0, 2, 101, 5, 0}},
	    {"60 days apart", {"a", PST_STR_INIT(""), 0, 50, 100, 5, 0},
		{"a", PST_STR_INIT(""), 0, 1, 160, 5, 0}},
	    {"a gap", {"a", PST_STR_INIT(""), 0, 50, 100, 5, 0},
		{"a", PST_STR_INIT(""), 0, 1, 161, 5, 0}},
	    {"before our gap", {"a", PST_STR_INIT(""), 0, 1, 161, 5, 0},
		{"a", PST_STR_INIT(""), 0, 50, 100, 5, 0}},
	    {"first and aligned", {"a", PST_STR_INIT(""), 0, 0, 0, 5, 0},
		{"a", PST_STR_INIT(""), 0, 0, 0, 4, 8}},
	    {"the same twice", {"a", PST_STR_INIT("x"), 10, 2, 100, 5, 8},
		{"a", PST_STR_INIT("x"), 10, 2, 100, 5, 8}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_memory *memory = pst_memory_new(10, NOW);
		struct pst_arena *arena = pst_arena_new();
		struct pst_memory_row want = rows[i].one;
		int64_t changed = 0;
		struct pst_err err;

		pst_memory_combine(&want, &rows[i].other);
		assert_true(pst_db_script(file, "DELETE FROM memory", &err));
		write_rows(file, &rows[i].one, 1);
		assert_true(pst_memory_file_write(
		    file, &rows[i].other, 1, &changed, &err));
		/* A row that brings nothing new is not handed on. */
		assert_int_equal(changed,
		    want.record_epoch != rows[i].one.record_epoch ||
			want.days != rows[i].one.days ||
			want.last_day != rows[i].one.last_day ||
			want.first_epoch != rows[i].one.first_epoch ||
			want.aligned_epoch != rows[i].one.aligned_epoch);
		assert_true(pst_db_select(file,
		    "SELECT record, record_s, days, last_day, first_s,"
		    " aligned_s, seen_s FROM memory",
		    NULL, 0, &err));
		assert_true(pst_db_next(file));
		struct pst_str record = pst_db_column(file, 0);
		struct pst_memory_row got = {"a",
		    {pst_arena_memdup(arena, record.ptr, record.len),
			record.len},
		    pst_db_number(file, 1), (unsigned)pst_db_number(file, 2),
		    pst_db_number(file, 3), pst_db_number(file, 4),
		    pst_db_number(file, 5)};
		int64_t seen = pst_db_number(file, 6);
		assert_true(pst_db_end(file, &err));
		assert_true(pst_str_eq(got.record, want.record));
		assert_int_equal(got.record_epoch, want.record_epoch);
		assert_int_equal(got.days, want.days);
		assert_int_equal(got.last_day, want.last_day);
		assert_int_equal(got.first_epoch, want.first_epoch);
		assert_int_equal(got.aligned_epoch, want.aligned_epoch);
		assert_in_range(pst_memory_seen(&got), seen, seen);
		pst_arena_free(arena);
		pst_memory_free(memory);
	}
}

/* What another gateway wrote into a shared database is not handed on blindly. */
static void
test_unsound(void **state)
{
	const struct pst_memory_row rows[] = {
	    {"a.example", PST_STR("x"), NOW, 1, INT64_MIN, NOW, 0},
	    {"b.example", PST_STR("x"), NOW, 1, 100, NOW, 0},
	    {"c .example", PST_STR("x"), NOW, 1, 100, NOW, 0},
	};
	int64_t changed = 0, count;
	struct pst_err err;

	(void)state;
	assert_true(
	    pst_memory_file_write(file, rows, PST_COUNT(rows), &changed, &err));
	assert_int_equal(changed, 1);
	assert_true(pst_db_get_number(
	    file, "SELECT COUNT(*) FROM memory", NULL, 0, &count, NULL, &err));
	assert_int_equal(count, 1);
}

/* Two workers of one host: each reads what the other has written since. */
static void
test_two_workers(void **state)
{
	const struct pst_memory_row first = {
	    "a.example", PST_STR(REJECT), NOW - 9, 0, 0, NOW - 9, 0};
	struct pst_memory_row second = {
	    "b.example", PST_STR(REJECT), NOW - 9, 0, 0, NOW - 9, 0};
	struct pst_memory *memory = pst_memory_new(10, NOW);
	struct pst_db *other;
	struct pst_err err;
	int64_t last = 0;

	(void)state;
	other = pst_memory_file_open(config, PST_DB_WRITE, 0, &err);
	assert_non_null(other);
	write_rows(file, &first, 1);
	read_new(other, memory, &last);
	assert_recalled(memory, "a.example", REJECT);
	write_rows(file, &second, 1);
	read_new(other, memory, &last);
	assert_recalled(memory, "b.example", REJECT);
	/* The number of a row that was deleted does not occur again. */
	assert_true(pst_db_script(
	    file, "DELETE FROM memory WHERE domain = 'b.example'", &err));
	second.domain = "c.example";
	write_rows(file, &second, 1);
	read_new(other, memory, &last);
	assert_recalled(memory, "c.example", REJECT);
	pst_db_close(other);
	pst_memory_free(memory);
}

static void
test_born(void **state)
{
	int64_t born = NOW;
	struct pst_err err;

	(void)state;
	assert_true(pst_memory_file_born(file, PST_DB_READ, &born, &err));
	assert_int_equal(born, NOW);
	assert_true(pst_memory_file_born(file, PST_DB_WRITE, &born, &err));
	born = NOW + 5;
	assert_true(pst_memory_file_born(file, PST_DB_READ, &born, &err));
	assert_int_equal(born, NOW);
	born = NOW + 5;
	assert_true(pst_memory_file_born(file, PST_DB_WRITE, &born, &err));
	assert_int_equal(born, NOW);
	born = NOW - 5;
	assert_true(pst_memory_file_born(file, PST_DB_WRITE, &born, &err));
	born = NOW;
	assert_true(pst_memory_file_born(file, PST_DB_READ, &born, &err));
	assert_int_equal(born, NOW - 5);
}

static void
test_prune(void **state)
{
	const struct pst_memory_row rows[] = {
	    {"old.example", PST_STR(REJECT), NOW - 61 * DAY, 9, STORE_DAY - 61,
		NOW - 99 * DAY, NOW - 61 * DAY},
	    {"bank.example", PST_STR(REJECT), NOW - 59 * DAY, 9, STORE_DAY - 59,
		NOW - 99 * DAY, NOW - 59 * DAY},
	    {"seen.example", PST_STR(REJECT), NOW, 0, 0, NOW, 0},
	    {"list.example", PST_STR(""), 0, 2, STORE_DAY, NOW, 0},
	    {"shop.example", PST_STR(""), 0, 1, STORE_DAY, NOW, NOW},
	};
	struct pst_err err;
	bool more;

	(void)state;
	write_rows(file, rows, PST_COUNT(rows));
	assert_true(pst_memory_file_prune(file, NOW, 10, &more, &err));
	assert_false(more);
	assert_int_equal(count_rows(), 4);
	assert_int_equal(store_number(file,
			     "SELECT COUNT(*) FROM memory"
			     " WHERE domain = 'old.example'"),
	    0);
	assert_true(pst_memory_file_prune(file, NOW, 2, &more, &err));
	assert_int_equal(count_rows(), 2);
	assert_int_equal(store_number(file,
			     "SELECT COUNT(*) FROM memory WHERE domain IN"
			     " ('bank.example', 'shop.example')"),
	    2);
}

/* Many rows are deleted in steps. */
static void
test_prune_steps(void **state)
{
	struct pst_err err;
	bool more;

	(void)state;
	assert_true(pst_db_script(file,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 12000) INSERT INTO memory SELECT 'd' || i, '', 0, 0, 0,"
	    " 1, 0, 1, i FROM n",
	    &err));
	/* 5,000 that are old, and 5,000 of those that are too many. */
	assert_true(pst_memory_file_prune(file, NOW, 10, &more, &err));
	assert_true(more);
	assert_int_equal(count_rows(), 2000);
	assert_true(pst_memory_file_prune(file, NOW, 10, &more, &err));
	assert_false(more);
	assert_int_equal(count_rows(), 0);
}

/* Gateways hand rows to each other over a database, and come to rest. */
static void
test_copy(void **state)
{
	static struct pst_memory_row rows[PST_MEMORY_BATCH];
	static char names[PST_MEMORY_BATCH][32];
	struct pst_db *shared = store_open_shared();
	struct pst_db *other = store_open("other");
	int64_t up = 0, down = 0, back = 0, last = 0;
	struct pst_memory_row newer = {
	    "d7.example", PST_STR("newer"), NOW, 0, 0, NOW - 9, 0};
	struct pst_memory *memory = pst_memory_new(1000, NOW);
	struct pst_err err;
	bool more = true;
	size_t batches;

	(void)state;
	assert_true(pst_db_script(shared,
	    "DELETE FROM memory; DELETE FROM meta WHERE name = 'change'",
	    &err));
	for (size_t i = 0; i < PST_MEMORY_BATCH; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "d%zu.example", i);
		rows[i] = (struct pst_memory_row){
		    names[i], PST_STR(REJECT), NOW - 9, 0, 0, NOW - 9, 0};
	}
	write_rows(file, rows, PST_COUNT(rows));
	write_rows(file,
	    &(struct pst_memory_row){
		"last.example", PST_STR(REJECT), NOW - 9, 0, 0, NOW - 9, 0},
	    1);
	for (batches = 0; more; batches++)
		assert_true(
		    pst_memory_file_copy(file, shared, &up, &more, &err));
	assert_int_equal(batches, 3);
	for (more = true; more;)
		assert_true(
		    pst_memory_file_copy(shared, other, &down, &more, &err));
	write_rows(other, &newer, 1);
	/* The other gateway hands back what it got; only d7 is news. */
	for (more = true; more;)
		assert_true(
		    pst_memory_file_copy(other, shared, &last, &more, &err));
	assert_true(pst_memory_file_copy(shared, file, &down, &more, &err));
	assert_true(more);
	assert_true(pst_memory_file_copy(shared, file, &down, &more, &err));
	assert_false(more);
	assert_int_equal(
	    store_number(shared, "SELECT COUNT(*) FROM memory"), 501);
	read_new(file, memory, &back);
	assert_recalled(memory, "d7.example", "newer");
	/* A database that was replaced is copied from the beginning. */
	down = 1000000;
	assert_true(pst_memory_file_copy(shared, file, &down, &more, &err));
	assert_true(more);
	pst_memory_free(memory);
	pst_db_close(shared);
	pst_db_close(other);
}

static void
test_damaged(void **state)
{
	struct pst_err err;
	FILE *out;

	(void)state;
	pst_db_close(file);
	file = NULL;
	out = fopen(store_path("db-memory"), "wb");
	assert_non_null(out);
	for (int i = 0; i < 1000; i++)
		(void)fputs("not a database ", out);
	assert_int_equal(fclose(out), 0);
	assert_null(pst_memory_file_open(config, PST_DB_READ, 0, &err));
	assert_non_null(strstr(err.text, "db-memory"));
	assert_non_null(strstr(err.text, "move it away"));
	assert_null(pst_memory_file_open(config, PST_DB_CREATE, 0, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_same_as_memory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_unsound, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_two_workers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_born, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_prune, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_prune_steps, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_copy, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
