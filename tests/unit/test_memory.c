/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/day.h"
#include "base/macros.h"
#include "core/memory.h"
#include "tests/unit/rows.h"

/* 2026-11-23, 12:00 UTC. */
#define NOON INT64_C(1795435200)
#define HOUR 3600
#define DAY PST_DAY_SECONDS

#define REJECT "v=DMARC1; p=reject"
#define NONE "v=DMARC1; p=none"

static struct pst_memory_lesson
lesson_of(const char *client, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = {.now_epoch = now_epoch};

	if (client != NULL)
		assert_true(pst_ip_parse(pst_str(client), &lesson.client));
	return lesson;
}

static void
see_record(struct pst_memory *memory, const char *domain, const char *record,
    int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_of("192.0.2.1", now_epoch);
	const struct pst_memory_answer answer = {domain, pst_str(record)};

	lesson.answers = &answer;
	lesson.answer_count = 1;
	pst_memory_learn(memory, &lesson);
}

static void
see_no_record(struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	see_record(memory, domain, "", now_epoch);
}

static void
see_authenticated(
    struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_of("192.0.2.1", now_epoch);

	lesson.authenticated = &domain;
	lesson.authenticated_count = 1;
	pst_memory_learn(memory, &lesson);
}

static void
see_aligned(struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_of("192.0.2.1", now_epoch);

	lesson.authenticated = &domain;
	lesson.authenticated_count = 1;
	lesson.aligned = domain;
	pst_memory_learn(memory, &lesson);
}

static bool
recalls(struct pst_memory *memory, const char *domain)
{
	struct pst_recalled out = {.arena = pst_arena_new()};
	bool found = pst_memory_recall(memory, domain, NOON, INT64_MAX, &out);

	pst_arena_free(out.arena);
	return found;
}

static size_t
count_domains(struct pst_memory *memory)
{
	struct pst_memory_figures figures;

	pst_memory_figures(memory, &figures);
	return figures.domains;
}

static void
assert_record(struct pst_memory *memory, const char *domain, int64_t now_epoch,
    const char *want, int64_t want_age_s)
{
	struct pst_recalled out = {.arena = pst_arena_new()};

	assert_true(
	    pst_memory_recall(memory, domain, now_epoch, 7 * DAY, &out));
	assert_true(pst_str_eq(out.record, pst_str(want)));
	assert_int_equal(out.age_s, want_age_s);
	pst_arena_free(out.arena);
}

static void
test_recall(void **state)
{
	struct pst_memory *memory = pst_memory_new(10, NOON);
	struct pst_recalled out = {.arena = pst_arena_new()};

	(void)state;
	assert_false(
	    pst_memory_recall(memory, "bank.example", NOON, DAY, &out));
	see_record(memory, "bank.example", REJECT, NOON);
	assert_record(memory, "bank.example", NOON, REJECT, 0);
	assert_record(memory, "bank.example", NOON + 7 * DAY, REJECT, 7 * DAY);
	/* The limit of age, and a clock that was set back. */
	assert_false(pst_memory_recall(
	    memory, "bank.example", NOON + 7 * DAY + 1, 7 * DAY, &out));
	assert_record(memory, "bank.example", NOON - HOUR, REJECT, 0);
	/* A name above or below is another name. */
	assert_false(pst_memory_recall(memory, "example", NOON, DAY, &out));
	assert_false(
	    pst_memory_recall(memory, "a.bank.example", NOON, DAY, &out));
	/* A later answer counts, whether it is longer or shorter. */
	see_record(memory, "bank.example", REJECT "; adkim=s", NOON + 1);
	assert_record(memory, "bank.example", NOON + 2, REJECT "; adkim=s", 1);
	see_record(memory, "bank.example", NONE, NOON + 3);
	assert_record(memory, "bank.example", NOON + 3, NONE, 0);
	see_record(memory, "bank.example", "v=DMARC1; p=test", NOON + 4);
	assert_record(memory, "bank.example", NOON + 4, "v=DMARC1; p=test", 0);
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
	assert_false(recalls(memory, "bank.example"));
	/* The rest is still known. */
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOON + DAY), 1);
	/* The answer that there is none does not make a domain known. */
	see_no_record(memory, "other.example", NOON + 1);
	assert_int_equal(count_domains(memory), 1);
	see_record(memory, "bank.example", NONE, NOON + 2);
	assert_record(memory, "bank.example", NOON + 2, NONE, 0);
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
		struct pst_memory_lesson lesson = lesson_of(NULL, NOON);
		struct pst_memory_answer answer = {
		    "new.example", rows[i].record};

		lesson.answers = &answer;
		lesson.answer_count = 1;
		pst_memory_learn(memory, &lesson);
		assert_int_equal(recalls(memory, "new.example"), rows[i].kept);
		/* An older record must not be used instead. */
		see_record(memory, "old.example", REJECT, NOON);
		answer.domain = "old.example";
		pst_memory_learn(memory, &lesson);
		assert_int_equal(recalls(memory, "old.example"), rows[i].kept);
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

/* ---- a full table ---- */

/* One after the other into a table of four domains. */
static void
test_order(void **state)
{
	struct pst_memory *memory = pst_memory_new(4, NOON);

	(void)state;
	see_aligned(memory, "bank.example", NOON);
	see_aligned(memory, "bank.example", NOON + DAY);
	see_aligned(memory, "shop.example", NOON + DAY);
	see_authenticated(memory, "list.example", NOON + DAY);
	see_record(memory, "seen.example", REJECT, NOON + DAY);
	/* A record alone ranks lowest. */
	see_record(memory, "seen2.example", REJECT, NOON + DAY);
	assert_false(recalls(memory, "seen.example"));
	assert_true(recalls(memory, "seen2.example"));
	/* One that authenticated once takes the place of that. */
	see_authenticated(memory, "list2.example", NOON + DAY);
	assert_false(recalls(memory, "seen2.example"));
	/* Now a record alone finds no place. */
	see_record(memory, "seen3.example", REJECT, NOON + DAY);
	assert_false(recalls(memory, "seen3.example"));
	/* Of two of one rank the one not seen for longest goes. */
	see_authenticated(memory, "list.example", NOON + DAY);
	see_authenticated(memory, "list3.example", NOON + DAY);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "list2.example", NOON + 2 * DAY),
	    0);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "list.example", NOON + 2 * DAY), 1);
	/* Those that passed aligned go last, by days. */
	see_aligned(memory, "new1.example", NOON + DAY);
	see_aligned(memory, "new2.example", NOON + DAY);
	see_aligned(memory, "new3.example", NOON + DAY);
	see_aligned(memory, "new4.example", NOON + DAY);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "shop.example", NOON + 2 * DAY), 0);
	assert_int_equal(
	    pst_memory_earlier_days(memory, "bank.example", NOON + 2 * DAY), 2);
	assert_int_equal(count_domains(memory), 4);
	pst_memory_free(memory);
}

static void
test_stale_goes_first(void **state)
{
	struct pst_memory *memory = pst_memory_new(2, NOON);
	int64_t later = NOON + (PST_MEMORY_KEEP_DAYS + 2) * DAY;

	(void)state;
	see_aligned(memory, "bank.example", NOON);
	see_record(memory, "seen.example", REJECT, later);
	see_record(memory, "seen2.example", REJECT, later);
	assert_true(recalls(memory, "seen.example"));
	assert_true(recalls(memory, "seen2.example"));
	pst_memory_free(memory);
}

/* The record of a policy domain protects the authors below it. */
static void
test_policy_domain_of_author(void **state)
{
	struct pst_memory *memory = pst_memory_new(2, NOON);
	struct pst_memory_lesson lesson = lesson_of("192.0.2.1", NOON);
	static const struct pst_memory_answer answers[] = {
	    {"mail.bank.example", PST_STR_INIT("")},
	    {"bank.example", PST_STR_INIT(REJECT)},
	    {"example", PST_STR_INIT("")},
	    {"other.example", PST_STR_INIT(REJECT)},
	};

	(void)state;
	lesson.answers = answers;
	lesson.answer_count = PST_COUNT(answers);
	lesson.aligned = "mail.bank.example";
	pst_memory_learn(memory, &lesson);
	see_record(memory, "seen.example", REJECT, NOON);
	assert_true(recalls(memory, "bank.example"));
	/* What is not above the author is not protected by it. */
	assert_false(recalls(memory, "other.example"));
	assert_int_equal(count_domains(memory), 2);
	pst_memory_free(memory);
}

/*
 * Senders of many networks bring new domains with the longest records: no
 * victim is lost, and the memory stays within its limits.
 */
static void
test_attack(void **state)
{
	enum { MAX = 200 };
	static char longest[PST_MEMORY_MAX_RECORD + 1];
	struct pst_memory *memory = pst_memory_new(MAX, NOON);
	struct pst_memory_figures figures;
	char name[64];
	const struct pst_memory_answer answer = {
	    name, {longest, sizeof(longest) - 1}};

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "victim%d.example", i);
		see_aligned(memory, name, NOON - DAY);
		see_aligned(memory, name, NOON);
		see_record(memory, name, REJECT, NOON);
	}
	for (int i = 0; i < 10 * MAX; i++) {
		const char *domain = name;
		char client[32];
		struct pst_memory_lesson lesson;

		(void)snprintf(name, sizeof(name), "x%d.attacker.example", i);
		(void)snprintf(
		    client, sizeof(client), "10.%d.%d.1", i / 256, i % 256);
		lesson = lesson_of(client, NOON + i);
		lesson.authenticated = &domain;
		lesson.authenticated_count = 1;
		lesson.answers = &answer;
		lesson.answer_count = 1;
		lesson.aligned = name;
		pst_memory_learn(memory, &lesson);
	}
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "victim%d.example", i);
		assert_true(recalls(memory, name));
	}
	pst_memory_figures(memory, &figures);
	assert_in_range(figures.domains, 50, MAX);
	assert_in_range(figures.bytes, 1, MAX * (PST_MEMORY_ROW_BYTES + 40));
	pst_memory_free(memory);
}

/* A record that grows where nothing can be given up is not remembered. */
static void
test_no_room_to_grow(void **state)
{
	static char longest[PST_MEMORY_MAX_RECORD + 1];
	struct pst_memory *memory = pst_memory_new(2, NOON);

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	see_aligned(memory, "bank.example", NOON);
	see_record(memory, "low.example", REJECT, NOON);
	see_record(memory, "low.example", longest, NOON + 1);
	assert_false(recalls(memory, "low.example"));
	assert_int_equal(count_domains(memory), 2);
	see_record(memory, "low.example", NONE, NOON + 2);
	assert_record(memory, "low.example", NOON + 2, NONE, 0);
	pst_memory_free(memory);
}

/* A client of this address shows a domain with a record. */
static void
see_from(struct pst_memory *memory, const char *client, const char *domain,
    int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_of(client, now_epoch);
	const struct pst_memory_answer answer = {domain, PST_STR(REJECT)};

	lesson.answers = &answer;
	lesson.answer_count = 1;
	pst_memory_learn(memory, &lesson);
}

static void
test_networks(void **state)
{
	static const struct {
		const char *label, *first, *second;
		bool same;
	} rows[] = {
	    {"the same address", "192.0.2.1", "192.0.2.1", true},
	    {"the same /24", "192.0.2.1", "192.0.2.254", true},
	    {"another /24", "192.0.2.1", "192.0.3.1", false},
	    {"the same /64", "2001:db8::1", "2001:db8::ffff:0:0:1", true},
	    {"another /64", "2001:db8::1", "2001:db8:0:1::1", false},
	    {"no address", NULL, NULL, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_memory *memory = pst_memory_new(2000, NOON);
		struct pst_memory_figures figures;
		char name[64];

		for (int j = 0; j < PST_MEMORY_MAX_NEW + 10; j++) {
			(void)snprintf(name, sizeof(name), "x%d.example", j);
			see_from(memory, rows[i].first, name, NOON);
		}
		assert_int_equal(count_domains(memory), PST_MEMORY_MAX_NEW);
		pst_memory_figures(memory, &figures);
		assert_int_equal(figures.refused, 10);
		/* A domain that is there already costs nothing. */
		see_from(memory, rows[i].first, "x1.example", NOON + 1);
		assert_record(memory, "x1.example", NOON + 1, REJECT, 0);
		see_from(memory, rows[i].second, "other.example", NOON);
		assert_int_equal(
		    recalls(memory, "other.example"), !rows[i].same);
		/* The next day begins anew. */
		see_from(memory, rows[i].first, "next.example", NOON + DAY);
		assert_true(recalls(memory, "next.example"));
		pst_memory_free(memory);
	}
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
	assert_record(memory, "bank.example", NOON, REJECT, HOUR);
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

/* Many rows come and go: what is found is what was put last. */
static void
test_churn(void **state)
{
	enum { MAX = 64, NAMES = 500 };
	struct pst_memory *memory = pst_memory_new(MAX, NOON);
	struct pst_memory_figures figures;
	unsigned random = 1;
	size_t found = 0;
	char name[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char record[128], client[32];
		struct pst_memory_lesson lesson;
		struct pst_memory_answer answer = {name, PST_STR("")};
		int n;

		random = random * 1103515245 + 12345;
		n = (int)(random >> 16) % NAMES;
		(void)snprintf(name, sizeof(name), "x%d.example", n);
		(void)snprintf(record, sizeof(record), "v=%d %.*s", i, n % 90,
		    "----------------------------------------------------------"
		    "--------------------------------");
		(void)snprintf(
		    client, sizeof(client), "10.%d.%d.1", i / 256, i % 256);
		lesson = lesson_of(client, NOON + i);
		answer.record = pst_str(record);
		lesson.answers = &answer;
		lesson.answer_count = 1;
		pst_memory_learn(memory, &lesson);
		assert_true(recalls(memory, name));
	}
	for (int n = 0; n < NAMES; n++) {
		(void)snprintf(name, sizeof(name), "x%d.example", n);
		found += recalls(memory, name);
	}
	pst_memory_figures(memory, &figures);
	assert_int_equal(found, figures.domains);
	assert_int_equal(found, figures.with_record);
	assert_in_range(found, MAX / 2, MAX);
	pst_memory_free(memory);
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
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_stale_goes_first),
	    cmocka_unit_test(test_policy_domain_of_author),
	    cmocka_unit_test(test_attack),
	    cmocka_unit_test(test_no_room_to_grow),
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_combine),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_malformed),
	    cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
