/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/day.h"
#include "base/macros.h"
#include "core/lesson.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define SEED "v=DMARC1; p=quarantine"
#define RECORD "v=DMARC1; p=reject"
#define POLICY "_dmarc.bank.example. 60 IN TXT \"" RECORD "\"\n"
#define SPF "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
#define GOOD "192.0.2.10"
#define BAD "192.0.2.66"

/* Returns the row of that domain among those that have changed. */
static struct pst_memory_row
take(struct pst_memory *memory, struct pst_arena *arena, const char *domain)
{
	struct pst_memory_row rows[16];
	struct pst_memory_row found = {.domain = NULL};
	size_t count =
	    pst_memory_take_changed(memory, arena, rows, PST_COUNT(rows));

	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].domain, domain) == 0)
			found = rows[i];
	}
	return found;
}

static void
seed(struct pst_memory *memory)
{
	const struct pst_memory_row row = {"bank.example", PST_STR(SEED),
	    LAB_NOW - 3600, 0, 0, LAB_NOW - 3600, 0};

	pst_memory_merge(memory, &row);
}

/* What a message of bank.example teaches while an older record is known. */
static void
test_lessons(void **state)
{
	static const struct {
		const char *label, *zone, *client, *header;
		const char *record; /* then; SEED: nothing was learnt of it */
		unsigned days;
		bool aligned;
	} rows[] = {
	    {"forged", POLICY SPF, BAD, "From: a@bank.example\n", RECORD, 0,
		false},
	    {"genuine", POLICY SPF, GOOD, "From: a@bank.example\n", RECORD, 1,
		true},
	    {"no record", SPF, GOOD, "From: a@bank.example\n", "", 1, false},
	    {"the name has another record",
		"_dmarc.bank.example. 60 IN TXT \"x\"\n", BAD,
		"From: a@bank.example\n", "", 0, false},
	    {"several records",
		POLICY "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=none\"\n",
		BAD, "From: a@bank.example\n", "", 0, false},
	    {"a repeated tag",
		"_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=none; "
		"p=none\"\n",
		BAD, "From: a@bank.example\n", "", 0, false},
	    {"SERVFAIL", POLICY ";! servfail _dmarc.bank.example\n", BAD,
		"From: a@bank.example\n", SEED, 0, false},
	    {"no answer", POLICY ";! timeout _dmarc.bank.example\n", BAD,
		"From: a@bank.example\n", SEED, 0, false},
	    {"an author below", POLICY, BAD, "From: a@x.bank.example\n", RECORD,
		0, false},
	    {"another author", POLICY SPF, GOOD, "From: a@other.example\n",
		SEED, 1, false},
	    {"several authors", POLICY, BAD,
		"From: a@bank.example, a@other.example\n", SEED, 0, false},
	    {"a trusted client", POLICY SPF, "192.0.2.99",
		"From: a@bank.example\n", SEED, 0, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct letter letter = {
		    .mail_from = "<a@bank.example>", .header = rows[i].header};
		struct pst_arena *arena = pst_arena_new();
		struct pst_session *session;
		struct pst_recalled out = {.arena = arena};
		struct pst_memory *memory;
		struct lab lab;
		bool found;

		lab_open(&lab,
		    "authserv-id = \"" LAB_ID "\"\n"
		    "trusted-networks = {192.0.2.99}\n"
		    "dmarc { " LAB_NO_LIST " }\n",
		    rows[i].zone);
		memory = pst_service_memory(lab.service);
		seed(memory);
		session = lab_connect(&lab, rows[i].client);
		(void)lab_send(session, &letter);
		found = pst_memory_recall(
		    memory, "bank.example", LAB_NOW, 7 * PST_DAY_SECONDS, &out);
		assert_int_equal(found, rows[i].record[0] != '\0');
		if (found)
			assert_true(
			    pst_str_eq(out.record, pst_str(rows[i].record)));
		assert_int_equal(pst_memory_earlier_days(memory, "bank.example",
				     LAB_NOW + PST_DAY_SECONDS),
		    rows[i].days);
		assert_int_equal(
		    take(memory, arena, "bank.example").aligned_epoch > 0,
		    rows[i].aligned);
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

static void
test_recall(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory *memory = pst_memory_new(10, LAB_NOW);
	struct pst_recalled out = {.arena = arena};
	const struct pst_recall *recall;

	(void)state;
	assert_null(pst_lesson_recall(arena, memory, LAB_NOW, 0));
	seed(memory);
	recall = pst_lesson_recall(arena, memory, LAB_NOW, 3600);
	assert_true(recall->call(recall->arg, "bank.example", &out));
	assert_true(pst_str_eq(out.record, PST_STR(SEED)));
	assert_int_equal(out.age_s, 3600);
	assert_false(recall->call(recall->arg, "other.example", &out));
	recall = pst_lesson_recall(arena, memory, LAB_NOW, 3599);
	assert_false(recall->call(recall->arg, "bank.example", &out));
	pst_memory_free(memory);
	pst_arena_free(arena);
}

/* What one message recalled does not change when another one teaches more. */
static void
test_recalls_the_same(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory *memory = pst_memory_new(10, LAB_NOW);
	struct pst_recalled out = {.arena = arena};
	const struct pst_recall *before, *after;

	(void)state;
	before = pst_lesson_recall(arena, memory, LAB_NOW, 3600);
	assert_false(before->call(before->arg, "bank.example", &out));
	seed(memory);
	assert_false(before->call(before->arg, "bank.example", &out));
	after = pst_lesson_recall(arena, memory, LAB_NOW, 3600);
	assert_true(after->call(after->arg, "bank.example", &out));
	assert_true(pst_str_eq(out.record, PST_STR(SEED)));
	pst_memory_free(memory);
	pst_arena_free(arena);
}

/* With remember = 0s there are no records, but days count all the same. */
static void
test_remember_nothing(void **state)
{
	static const struct letter letter = {.mail_from = "<a@bank.example>",
	    .header = "From: a@bank.example\n"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_recalled out = {.arena = arena};
	struct pst_session *session;
	struct pst_memory *memory;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_TOP "dmarc { " LAB_NO_LIST " remember = 0s }\n",
	    POLICY SPF);
	memory = pst_service_memory(lab.service);
	session = lab_connect(&lab, GOOD);
	(void)lab_send(session, &letter);
	assert_false(pst_memory_recall(
	    memory, "bank.example", LAB_NOW, PST_DAY_SECONDS, &out));
	assert_int_equal(pst_memory_earlier_days(
			     memory, "bank.example", LAB_NOW + PST_DAY_SECONDS),
	    1);
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lessons),
	    cmocka_unit_test(test_recall),
	    cmocka_unit_test(test_recalls_the_same),
	    cmocka_unit_test(test_remember_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
