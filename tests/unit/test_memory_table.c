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
	assert_false(recalls_record(memory, "seen.example"));
	assert_true(recalls_record(memory, "seen2.example"));
	/* One that authenticated once takes the place of that. */
	see_authenticated(memory, "list2.example", NOON + DAY);
	assert_false(recalls_record(memory, "seen2.example"));
	/* Now a record alone finds no place. */
	see_record(memory, "seen3.example", REJECT, NOON + DAY);
	assert_false(recalls_record(memory, "seen3.example"));
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
	assert_true(recalls_record(memory, "seen.example"));
	assert_true(recalls_record(memory, "seen2.example"));
	pst_memory_free(memory);
}

/* The record of a policy domain protects the authors below it. */
static void
test_policy_domain_of_author(void **state)
{
	struct pst_memory *memory = pst_memory_new(2, NOON);
	struct pst_memory_lesson lesson = lesson_from("192.0.2.1", NOON);
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
	assert_true(recalls_record(memory, "bank.example"));
	/* What is not above the author is not protected by it. */
	assert_false(recalls_record(memory, "other.example"));
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
		lesson = lesson_from(client, NOON + i);
		lesson.authenticated = &domain;
		lesson.authenticated_count = 1;
		lesson.answers = &answer;
		lesson.answer_count = 1;
		lesson.aligned = name;
		pst_memory_learn(memory, &lesson);
	}
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "victim%d.example", i);
		assert_true(recalls_record(memory, name));
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
	assert_false(recalls_record(memory, "low.example"));
	assert_int_equal(count_domains(memory), 2);
	see_record(memory, "low.example", NONE, NOON + 2);
	assert_recalls(memory, "low.example", NOON + 2, NONE, 0);
	pst_memory_free(memory);
}

/* A client of this address shows a domain with a record. */
static void
see_from(struct pst_memory *memory, const char *client, const char *domain,
    int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_from(client, now_epoch);
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
		assert_recalls(memory, "x1.example", NOON + 1, REJECT, 0);
		see_from(memory, rows[i].second, "other.example", NOON);
		assert_int_equal(
		    recalls_record(memory, "other.example"), !rows[i].same);
		/* The next day begins anew. */
		see_from(memory, rows[i].first, "next.example", NOON + DAY);
		assert_true(recalls_record(memory, "next.example"));
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
		lesson = lesson_from(client, NOON + i);
		answer.record = pst_str(record);
		lesson.answers = &answer;
		lesson.answer_count = 1;
		pst_memory_learn(memory, &lesson);
		assert_true(recalls_record(memory, name));
	}
	for (int n = 0; n < NAMES; n++) {
		(void)snprintf(name, sizeof(name), "x%d.example", n);
		found += recalls_record(memory, name);
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
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_stale_goes_first),
	    cmocka_unit_test(test_policy_domain_of_author),
	    cmocka_unit_test(test_attack),
	    cmocka_unit_test(test_no_room_to_grow),
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
