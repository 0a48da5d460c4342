/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/memory_fixture.h"
#include "tests/unit/rows.h"

static void
test_recall(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);
	struct pst_recalled out = {.arena = pst_arena_new()};

	(void)state;
	assert_false(
	    pst_memory_recall(memory, "bank.example", NOON, DAY, &out));
	see_record(memory, "bank.example", REJECT, NOON);
	assert_recalls(memory, "bank.example", NOON, REJECT, 0);
	assert_recalls(memory, "bank.example", NOON + 7 * DAY, REJECT, 7 * DAY);
	/* The limit of age, and a clock that was set back. */
	assert_false(pst_memory_recall(
	    memory, "bank.example", NOON + 7 * DAY + 1, 7 * DAY, &out));
	assert_recalls(memory, "bank.example", NOON - HOUR, REJECT, 0);
	/* A name above or below is another name. */
	assert_false(pst_memory_recall(memory, "example", NOON, DAY, &out));
	assert_false(
	    pst_memory_recall(memory, "a.bank.example", NOON, DAY, &out));
	/* A later answer counts, whether it is longer or shorter. */
	see_record(memory, "bank.example", REJECT "; adkim=s", NOON + 1);
	assert_recalls(memory, "bank.example", NOON + 2, REJECT "; adkim=s", 1);
	see_record(memory, "bank.example", NONE, NOON + 3);
	assert_recalls(memory, "bank.example", NOON + 3, NONE, 0);
	see_record(memory, "bank.example", "v=DMARC1; p=test", NOON + 4);
	assert_recalls(memory, "bank.example", NOON + 4, "v=DMARC1; p=test", 0);
	pst_arena_free(out.arena);
	pst_memory_free(memory);
}

static void
test_no_record(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);

	(void)state;
	see_record(memory, "bank.example", REJECT, NOON);
	see_authenticated(memory, "bank.example", NOON);
	see_no_record(memory, "bank.example", NOON + 1);
	assert_false(recalls_record(memory, "bank.example"));
	/* The rest is still known. */
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOON + DAY), 1);
	/* The answer that there is none does not make a domain known. */
	see_no_record(memory, "other.example", NOON + 1);
	assert_int_equal(count_domains(memory), 1);
	see_record(memory, "bank.example", NONE, NOON + 2);
	assert_recalls(memory, "bank.example", NOON + 2, NONE, 0);
	pst_memory_free(memory);
}

static void
test_bounded_record(void **state)
{
	static char longest[PST_MEMORY_MAX_RECORD + 1];
	static char longer[PST_MEMORY_MAX_RECORD + 2];
	static const struct {
		const char *label;
		struct pst_str record;
		bool kept;
	} rows[] = {
	    {"longest", {longest, PST_MEMORY_MAX_RECORD}, true},
	    {"longer", {longer, PST_MEMORY_MAX_RECORD + 1}, false},
	    {"NUL", PST_STR_INIT("v=DMARC1;\0p=none"), false},
	    {"not UTF-8", PST_STR_INIT("v=DMARC1; p=none; x=\xff"), false},
	    {"UTF-8", PST_STR_INIT("v=DMARC1; p=none; x=\xc3\xa9"), true},
	};

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	memset(longer, 'a', sizeof(longer) - 1);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_memory *memory = pst_memory_new(10, NOON);
		struct pst_memory_lesson lesson = lesson_from(NULL, NOON);
		struct pst_memory_answer answer = {
		    "new.example", rows[i].record};

		lesson.answers = &answer;
		lesson.answer_count = 1;
		pst_memory_learn(memory, &lesson);
		assert_int_equal(
		    recalls_record(memory, "new.example"), rows[i].kept);
		/* An older record must not be used instead. */
		see_record(memory, "old.example", REJECT, NOON);
		answer.domain = "old.example";
		pst_memory_learn(memory, &lesson);
		assert_int_equal(
		    recalls_record(memory, "old.example"), rows[i].kept);
		pst_memory_free(memory);
	}
}

static void
test_days(void **state)
{
	/* The days of authentication, up to -1, and the question's day. */
	static const struct {
		const char *label;
		int days[8];
		int asked;
		unsigned want;
	} rows[] = {
	    {"never", {-1}, 10, 0},
	    {"today only", {10, 10, -1}, 10, 0},
	    {"yesterday", {9, -1}, 10, 1},
	    {"yesterday and today", {9, 10, -1}, 10, 1},
	    {"the same day thrice", {9, 9, 9, -1}, 10, 1},
	    {"three days", {3, 5, 9, -1}, 10, 3},
	    {"three days and today", {3, 5, 9, 10, -1}, 10, 3},
	    {"60 days without", {1, 61, -1}, 62, 2},
	    {"61 days without: from 1 again", {1, 62, -1}, 63, 1},
	    {"last seen 60 days ago", {1, 2, -1}, 62, 2},
	    {"last seen 61 days ago", {1, 2, -1}, 63, 0},
	    {"the clock was set back", {9, 5, -1}, 10, 1},
	};
	const char *domain = "list.example";

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_memory *memory = pst_memory_new(10, NOON);

		for (size_t j = 0; rows[i].days[j] != -1; j++)
			see_authenticated(memory, domain,
			    NOON + (int64_t)rows[i].days[j] * DAY);
		assert_int_equal(pst_memory_earlier_days(memory, domain,
				     NOON + (int64_t)rows[i].asked * DAY),
		    rows[i].want);
		pst_memory_free(memory);
	}
}

static void
test_days_end(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);
	int64_t day;

	(void)state;
	for (day = 0; day < PST_MEMORY_MAX_DAYS + 20; day++)
		see_authenticated(memory, "a.example", NOON + day * DAY);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "a.example", NOON + day * DAY),
	    PST_MEMORY_MAX_DAYS);
	pst_memory_free(memory);
}

static void
test_young(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);

	(void)state;
	assert_true(pst_memory_is_young(memory, NOON));
	assert_true(pst_memory_is_young(memory, NOON + 7 * DAY - 1));
	assert_false(pst_memory_is_young(memory, NOON + 7 * DAY));
	/* The oldest file counts, whatever is read later. */
	pst_memory_set_born(memory, NOON - 3 * DAY);
	pst_memory_set_born(memory, NOON - DAY);
	assert_false(pst_memory_is_young(memory, NOON + 4 * DAY));
	assert_true(pst_memory_is_young(memory, NOON + 4 * DAY - 1));
	pst_memory_free(memory);
}

/* ---- the disk ---- */

static size_t
count_changed(struct pst_memory *memory)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory_row rows[8];
	size_t count =
	    pst_memory_take_changed(memory, arena, rows, PST_COUNT(rows));

	pst_arena_free(arena);
	return count;
}

static void
test_changed(void **state)
{
	struct pst_memory *memory = pst_memory_new(4, NOON);
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory_row rows[4];

	(void)state;
	assert_int_equal(count_changed(memory), 0);
	see_aligned(memory, "bank.example", NOON);
	see_record(memory, "bank.example", REJECT, NOON);
	see_record(memory, "other.example", NONE, NOON);
	assert_int_equal(pst_memory_take_changed(memory, arena, rows, 1), 1);
	assert_string_equal(rows[0].domain, "bank.example");
	assert_true(pst_str_eq(rows[0].record, PST_STR(REJECT)));
	assert_int_equal(rows[0].record_epoch, NOON);
	assert_int_equal(rows[0].days, 1);
	assert_int_equal(rows[0].last_day, NOON / DAY);
	assert_int_equal(rows[0].first_epoch, NOON);
	assert_int_equal(rows[0].aligned_epoch, NOON);
	assert_int_equal(pst_memory_take_changed(memory, arena, rows, 4), 1);
	assert_string_equal(rows[0].domain, "other.example");
	assert_int_equal(count_changed(memory), 0);
	/* Nothing new within the hour; then the age has changed. */
	see_aligned(memory, "bank.example", NOON + HOUR - 1);
	see_record(memory, "bank.example", REJECT, NOON + HOUR - 1);
	assert_int_equal(count_changed(memory), 0);
	see_record(memory, "bank.example", REJECT, NOON + HOUR);
	assert_int_equal(count_changed(memory), 1);
	see_record(memory, "bank.example", NONE, NOON + HOUR);
	assert_int_equal(count_changed(memory), 1);
	see_aligned(memory, "bank.example", NOON + DAY);
	assert_int_equal(count_changed(memory), 1);
	see_no_record(memory, "bank.example", NOON + DAY);
	assert_int_equal(count_changed(memory), 1);
	/* What was given up meanwhile is not written. */
	for (int i = 0; i < 8; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "x%d.example", i);
		see_record(memory, name, NONE, NOON + DAY);
	}
	assert_int_equal(count_changed(memory), 3);
	/* A new file gets everything, and each row once. */
	see_record(memory, "x1.example", REJECT, NOON + DAY);
	pst_memory_change_all(memory);
	assert_int_equal(count_changed(memory), count_domains(memory));
	assert_int_equal(count_changed(memory), 0);
	pst_arena_free(arena);
	pst_memory_free(memory);
}

#define D (NOON / DAY)

static void
test_combine(void **state)
{
	static const struct {
		const char *label;
		struct pst_memory_row ours, other, want;
	} rows[] = {
	    {"the newer record", {"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0},
		{"", PST_STR_INIT(NONE), 11, 0, 0, 5, 0},
		{"", PST_STR_INIT(NONE), 11, 0, 0, 5, 0}},
	    {"the older record", {"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0},
		{"", PST_STR_INIT(NONE), 9, 0, 0, 5, 0},
		{"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0}},
	    {"of the same second, ours",
		{"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0},
		{"", PST_STR_INIT(NONE), 10, 0, 0, 5, 0},
		{"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0}},
	    {"no record is newer", {"", PST_STR_INIT(REJECT), 10, 0, 0, 5, 0},
		{"", PST_STR_INIT(""), 11, 0, 0, 5, 0},
		{"", PST_STR_INIT(""), 11, 0, 0, 5, 0}},
	    {"more days, later day", {"", PST_STR_INIT(""), 0, 3, D, 5, 0},
		{"", PST_STR_INIT(""), 0, 2, D + 1, 5, 0},
		{"", PST_STR_INIT(""), 0, 3, D + 1, 5, 0}},
	    {"days from before a gap", {"", PST_STR_INIT(""), 0, 50, D, 5, 0},
		{"", PST_STR_INIT(""), 0, 1, D + 61, 5, 0},
		{"", PST_STR_INIT(""), 0, 1, D + 61, 5, 0}},
	    {"days from before our gap",
		{"", PST_STR_INIT(""), 0, 1, D + 61, 5, 0},
		{"", PST_STR_INIT(""), 0, 50, D, 5, 0},
		{"", PST_STR_INIT(""), 0, 1, D + 61, 5, 0}},
	    {"first and aligned", {"", PST_STR_INIT(""), 0, 0, 0, 5, 0},
		{"", PST_STR_INIT(""), 0, 0, 0, 4, 8},
		{"", PST_STR_INIT(""), 0, 0, 0, 4, 8}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_memory_row *want = &rows[i].want;
		struct pst_memory_row got = rows[i].ours;

		pst_memory_combine(&got, &rows[i].other);
		assert_true(pst_str_eq(got.record, want->record));
		assert_int_equal(got.record_epoch, want->record_epoch);
		assert_int_equal(got.days, want->days);
		assert_int_equal(got.last_day, want->last_day);
		assert_int_equal(got.first_epoch, want->first_epoch);
		assert_int_equal(got.aligned_epoch, want->aligned_epoch);
	}
}

static void
test_merge(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);
	struct pst_memory_row row = {"bank.example", PST_STR(REJECT),
	    NOON - HOUR, 3, D - 1, NOON - 9 * DAY, 0};

	(void)state;
	pst_memory_merge(memory, &row);
	assert_recalls(memory, "bank.example", NOON, REJECT, HOUR);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOON), 3);
	see_authenticated(memory, "bank.example", NOON);
	assert_int_equal(count_changed(memory), 1);
	pst_memory_merge(memory, &row);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOON + DAY), 4);
	/* What was read is not written again. */
	assert_int_equal(count_changed(memory), 0);
	pst_memory_free(memory);
}

static void
test_merge_malformed(void **state)
{
	static char longer[PST_MEMORY_MAX_RECORD + 1];
	static const struct {
		const char *label;
		struct pst_memory_row row;
	} rows[] = {
	    {"no domain", {"", PST_STR_INIT(REJECT), 1, 0, 0, 1, 0}},
	    {"not a domain", {"a b", PST_STR_INIT(REJECT), 1, 0, 0, 1, 0}},
	    {"long", {"a.example", {longer, sizeof(longer)}, 1, 0, 0, 1, 0}},
	    {"NUL", {"a.example", PST_STR_INIT("a\0b"), 1, 0, 0, 1, 0}},
	    {"days", {"a.example", PST_STR_INIT(""), 0, 61, 1, 1, 0}},
	    {"last day",
		{"a.example", PST_STR_INIT(""), 0, 1, INT64_MIN, 1, 0}},
	    {"day of another era",
		{"a.example", PST_STR_INIT(""), 0, 1, INT64_MAX, 1, 0}},
	    {"first second",
		{"a.example", PST_STR_INIT(""), 0, 1, 1, INT64_MIN, 0}},
	    {"time of the record",
		{"a.example", PST_STR_INIT("x"), INT64_MAX, 1, 1, 1, 0}},
	    {"time of a pass", {"a.example", PST_STR_INIT(""), 0, 1, 1, 1, -1}},
	};

	(void)state;
	memset(longer, 'a', sizeof(longer));
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_memory *memory = pst_memory_new(10, NOON);

		pst_memory_merge(memory, &rows[i].row);
		assert_int_equal(count_domains(memory), 0);
		pst_memory_free(memory);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recall),
	    cmocka_unit_test(test_no_record),
	    cmocka_unit_test(test_bounded_record),
	    cmocka_unit_test(test_days),
	    cmocka_unit_test(test_days_end),
	    cmocka_unit_test(test_young),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_combine),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
