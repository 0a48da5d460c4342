/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/slow_questions.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/counters.h"
#include "tests/unit/rows.h"

static struct pst_arena *arena;
static struct pst_slow_table *tables;
static struct pst_slow_question found[PST_SLOW_MAX];

#define TABLES 3
#define NOW 1000000

static int
setup(void **state)
{
	(void)state;
	arena = pst_arena_new();
	tables = pst_arena_array(arena, TABLES, sizeof(*tables));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static void
add(size_t table, const char *name, unsigned ms, int64_t at_ms)
{
	const struct pst_resolver_note note = {.event = PST_RESOLVER_ANSWERED,
	    .name = pst_str(name),
	    .type = PST_DNS_TXT,
	    .ms = ms};

	pst_slow_table_add(&tables[table], &note, at_ms);
}

static size_t
slowest(int64_t at_ms)
{
	return pst_slow_tables_read(arena, tables, TABLES, at_ms, found);
}

static void
test_empty(void **state)
{
	(void)state;
	assert_int_equal(slowest(NOW), 0);
	assert_int_equal(slowest(0), 0);
}

/* The slowest come first, from all tables; of each table a few are kept. */
static void
test_order(void **state)
{
	char name[40];

	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		add(i % 2, name, i, NOW);
	}
	assert_int_equal(slowest(NOW), PST_SLOW_MAX);
	for (unsigned i = 0; i < PST_SLOW_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", 100 - i);
		assert_string_equal(found[i].name, name);
		assert_int_equal(found[i].ms, 100 - i);
	}
	/* One that is faster than all of its table is not kept. */
	add(0, "fast.example", 2, NOW);
	add(2, "alone.example", 1, NOW);
	assert_int_equal(slowest(NOW), PST_SLOW_MAX);
	assert_string_equal(found[0].name, "n100.example");
}

static void
test_age(void **state)
{
	(void)state;
	add(0, "old.example", 9000, NOW);
	assert_int_equal(slowest(NOW + PST_SLOW_LIFE_MS), 1);
	assert_int_equal(slowest(NOW + PST_SLOW_LIFE_MS + 1), 0);
	/* Its place is free for a faster one. */
	for (unsigned i = 0; i < PST_SLOW_PLACES; i++) {
		char name[40];

		(void)snprintf(name, sizeof(name), "new%u.example", i);
		add(0, name, 5 + i, NOW + 2 * PST_SLOW_LIFE_MS);
	}
	assert_int_equal(slowest(NOW + 2 * PST_SLOW_LIFE_MS), PST_SLOW_PLACES);
	assert_int_equal(found[0].ms, 5 + PST_SLOW_PLACES - 1);
}

/* A question that is asked again has one place: a flood of it hides nothing. */
static void
test_same(void **state)
{
	(void)state;
	add(0, "other.example", 10, NOW);
	for (unsigned i = 1; i < 50; i++)
		add(0, "same.example", i * 20 % 300, NOW + i);
	assert_int_equal(slowest(NOW + 50), 2);
	assert_string_equal(found[0].name, "same.example");
	assert_int_equal(found[0].ms, 280);
	assert_string_equal(found[1].name, "other.example");
}

/* A sender chooses names: they are bounded and printed escaped. */
static void
test_hostile_names(void **state)
{
	static const struct {
		const char *label;
		struct pst_str name;
		const char *want;
	} rows[] = {
	    {"control", PST_STR_INIT("a\n\033[2J.example"),
		"a\\x0A\\x1B[2J.example"},
	    {"NUL", PST_STR_INIT("a\0b.example"), "a\\x00b.example"},
	    {"quote", PST_STR_INIT("a\"b\\c"), "a\"b\\\\c"},
	    {"octet", PST_STR_INIT("\xff"), "\\xFF"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_resolver_note note = {
		    .event = PST_RESOLVER_GIVEN_UP,
		    .name = rows[i].name,
		    .type = PST_DNS_A,
		    .ms = 100 + (unsigned)i};

		pst_slow_table_add(&tables[0], &note, NOW);
		assert_int_equal(slowest(NOW), i + 1);
		assert_string_equal(found[0].name, rows[i].want);
		assert_string_equal(found[0].type, "A");
		assert_string_equal(found[0].outcome, "GIVEN_UP");
	}
}

static void
test_longest_name(void **state)
{
	char name[2000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	add(0, name, 5, NOW);
	assert_int_equal(slowest(NOW), 1);
	assert_int_equal(
	    strlen(found[0].name), PST_SLOW_NAME_WORDS * sizeof(uint64_t));
	add(0, "", 9, NOW);
	assert_int_equal(slowest(NOW), 1);
}

/* What a worker left when it was killed while it wrote is not shown. */
static void
test_half_written(void **state)
{
	(void)state;
	add(0, "a.example", 5, NOW);
	atomic_fetch_add(&tables[0].entries[PST_SLOW_PLACES - 1].turn, 1);
	assert_int_equal(slowest(NOW), 0);
	/* The same place is used again. */
	add(0, "a.example", 6, NOW);
	assert_int_equal(slowest(NOW), 1);
	assert_int_equal(found[0].ms, 6);
}

/* A worker that somebody has taken over may write anything there. */
static void
test_nonsense(void **state)
{
	struct pst_slow_entry *entry = &tables[0].entries[PST_SLOW_PLACES - 1];

	(void)state;
	add(0, "a.example", 5, NOW);
	atomic_store(&entry->type, 12345);
	assert_int_equal(slowest(NOW), 1);
	assert_string_equal(found[0].type, "?");
	atomic_store(&entry->outcome, 4000000000);
	assert_int_equal(slowest(NOW), 0);
	atomic_store(&entry->outcome, 0);
	atomic_store(&entry->name_len, UINT64_MAX);
	assert_int_equal(slowest(NOW), 0);
}

/* Through the shared memory of the counters and JSON. */
static void
test_block(void **state)
{
	const struct pst_resolver_note note = {.event = PST_RESOLVER_DISPLACED,
	    .name = PST_STR_INIT("slow\n.example"),
	    .type = PST_DNS_MX,
	    .status = PST_DNS_CROWDED,
	    .ms = 4321};
	const struct pst_slow_question *read;
	struct pst_counters *block;
	struct pst_json *json = pst_json_new(arena);
	struct pst_err err;
	pid_t pid;
	int status;

	(void)state;
	pst_slow_questions_note(&note); /* without a slot: nothing */
	block = pst_counters_map(&err);
	assert_non_null(block);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		pst_counters_enter(block, 4);
		pst_slow_questions_note(&note);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(pst_counters_process(block, 4), pid);
	pst_counters_enter(block, PST_COUNTERS_SUPERVISOR);
	pst_counters_bury(4);
	assert_int_equal(pst_counters_process(block, 4), 0);
	pst_json_open_object(json, NULL);
	pst_slow_questions_json(json, block);
	pst_json_close(json);
	assert_int_equal(
	    pst_slow_questions_from_json(arena,
		pst_json_read(arena, pst_str(pst_json_end(json)), &err), &read),
	    1);
	assert_string_equal(read[0].name, "slow\\x0A.example");
	assert_string_equal(read[0].type, "MX");
	assert_string_equal(read[0].outcome, "CROWDED");
	assert_int_equal(read[0].ms, 4321);
	pst_counters_unmap(block);
	/* An answer of a daemon that does not know them. */
	assert_int_equal(pst_slow_questions_from_json(arena,
			     pst_json_read(arena, pst_str("{}"), &err), &read),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_age, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_hostile_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_longest_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_half_written, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_block, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
