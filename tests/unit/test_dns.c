/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "dns_fixture.h"
#include "tests/unit/rows.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define N251                                                                   \
	L63 "." L63 "." L63 "."                                                \
	    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwx"

static void
test_names(void **state)
{
	static const struct {
		const char *label;
		struct pst_str in;
		struct pst_str kept;
		bool legal;
	} rows[] = {
	    {"plain", PST_STR_INIT("a.example"), PST_STR_INIT("a.example"),
		true},
	    {"upper case, final dot", PST_STR_INIT("A.Example."),
		PST_STR_INIT("a.example"), true},
	    {"one label", PST_STR_INIT("com"), PST_STR_INIT("com"), true},
	    {"NUL and backslash", PST_STR_INIT("a\0\\.b"),
		PST_STR_INIT("a\0\\.b"), true},
	    {"octets above 127", PST_STR_INIT("\xc3\x84.b"),
		PST_STR_INIT("\xc3\x84.b"), true},
	    {"label of 63", PST_STR_INIT(L63 ".b"), PST_STR_INIT(L63 ".b"),
		true},
	    {"label of 64", PST_STR_INIT("x" L63 ".b"),
		PST_STR_INIT("x" L63 ".b"), false},
	    {"253 octets", PST_STR_INIT(N251 "y"), PST_STR_INIT(N251 "y"),
		true},
	    {"254 octets", PST_STR_INIT(N251 "yz"), PST_STR_INIT(N251 "yz"),
		false},
	    {"kept at 255 at most", PST_STR_INIT(N251 "yz12345"),
		PST_STR_INIT(N251 "yz1"), false},
	    {"empty", PST_STR_INIT(""), PST_STR_INIT(""), false},
	    {"no pointer", {NULL, 0}, PST_STR_INIT(""), false},
	    {"root", PST_STR_INIT("."), PST_STR_INIT(""), false},
	    {"two final dots", PST_STR_INIT("a.."), PST_STR_INIT("a."), false},
	    {"empty label", PST_STR_INIT("a..b"), PST_STR_INIT("a..b"), false},
	    {"first dot", PST_STR_INIT(".a"), PST_STR_INIT(".a"), false},
	};

	(void)state;
	assert_int_equal(strlen(N251), 252);
	FOR_ROWS(i, rows, rows[i].label) {
		struct fixture *f = setup(STUB_ANSWER);
		const struct pst_dns_entry *entry =
		    pst_dns_ask(f->dns, pst_dns_nobody, rows[i].in, PST_DNS_A);

		if (entry->name_len != rows[i].kept.len ||
		    memcmp(entry->name, rows[i].kept.ptr, entry->name_len) !=
			0 ||
		    entry->name[entry->name_len] != '\0')
			fail_msg("name \"%s\"", entry->name);
		if (entry->answer->status !=
		    (rows[i].legal ? PST_DNS_OK : PST_DNS_BADNAME))
			fail_msg(
			    "%s", pst_dns_status_word(entry->answer->status));
		if (f->stub.asked != rows[i].legal)
			fail_msg("asked %zu", f->stub.asked);
		pst_arena_free(f->arena);
	}
}

static void
test_answered_at_once(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);
	const struct pst_dns_entry *entry = ask(f, "a.example");

	(void)state;
	assert_int_equal(entry->answer->status, PST_DNS_OK);
	assert_int_equal(entry->answer->ttl, 60);
	assert_string_equal(entry->answer->records[0].data.ptr, "now");
	assert_true(pst_dns_poll(f->dns));
	assert_false(pst_dns_poll(f->dns));
	assert_false(pst_dns_wait(f->dns, 100));
	assert_int_equal(pst_clock_ms(&f->clock), 0);
	pst_arena_free(f->arena);
}

static void
test_no_question_twice(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);
	const struct pst_dns_entry *entry = ask(f, "a.example");

	(void)state;
	assert_ptr_equal(ask(f, "A.EXAMPLE."), entry);
	assert_ptr_not_equal(pst_dns_ask(f->dns, pst_dns_nobody,
				 PST_STR("a.example"), PST_DNS_A),
	    entry);
	assert_ptr_not_equal(pst_dns_ask(f->dns, pst_dns_nobody,
				 PST_STR("a.example\0"), PST_DNS_TXT),
	    entry);
	assert_int_equal(f->stub.asked, 3);
	assert_int_equal(pst_dns_count(f->dns), 3);
	assert_ptr_equal(pst_dns_at(f->dns, 0), entry);
	assert_int_equal(pst_dns_at(f->dns, 1)->type, PST_DNS_A);
	pst_arena_free(f->arena);
}

static void
test_budget(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);

	(void)state;
	for (unsigned i = 0; i < limits.max_queries; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i);
		assert_int_equal(ask(f, name)->answer->status, PST_DNS_OK);
		/* A bad name and a repeated question cost nothing. */
		assert_int_equal(
		    ask(f, "b..d")->answer->status, PST_DNS_BADNAME);
		ask(f, name);
	}
	assert_int_equal(
	    ask(f, "more.example")->answer->status, PST_DNS_BUDGET);
	assert_int_equal(ask(f, "n0.example")->answer->status, PST_DNS_OK);
	assert_int_equal(f->stub.asked, limits.max_queries);
	assert_int_equal(pst_dns_count(f->dns), limits.max_queries + 2);
	pst_arena_free(f->arena);
}

/* A sender's queries must not use up those that protect the receiver. */
static void
test_reserve(void **state)
{
	static const struct pst_dns_asker for_policy = {
	    PST_DNS_NOBODY, PST_DNS_POLICY};
	struct pst_dns_limits with_reserve = {5, 1000, 16384, 2};
	struct fixture *f = setup(STUB_ANSWER);
	struct pst_dns *dns =
	    pst_dns_open(f->arena, &f->stub.resolver, &f->clock, with_reserve);
	const char *free_names[] = {"a.example", "b.example", "c.example"};

	(void)state;
	FOR_ROWS(i, free_names, free_names[i])
		assert_int_equal(pst_dns_ask(dns, pst_dns_nobody,
				     pst_str(free_names[i]), PST_DNS_TXT)
				     ->answer->status,
		    PST_DNS_OK);
	const struct pst_dns_entry *refused =
	    pst_dns_ask(dns, pst_dns_nobody, PST_STR("d.example"), PST_DNS_TXT);
	assert_int_equal(refused->answer->status, PST_DNS_BUDGET);
	const struct pst_dns_entry *reserved =
	    pst_dns_ask(dns, for_policy, PST_STR("d.example"), PST_DNS_TXT);
	assert_int_equal(reserved->answer->status, PST_DNS_OK);
	/* Both entries stay as they are. */
	assert_ptr_equal(
	    pst_dns_ask(dns, pst_dns_nobody, PST_STR("d.example"), PST_DNS_TXT),
	    refused);
	assert_ptr_equal(
	    pst_dns_ask(dns, for_policy, PST_STR("d.example"), PST_DNS_TXT),
	    reserved);
	assert_ptr_equal(
	    pst_dns_ask(dns, for_policy, PST_STR("a.example"), PST_DNS_TXT),
	    pst_dns_ask(
		dns, pst_dns_nobody, PST_STR("a.example"), PST_DNS_TXT));
	assert_int_equal(
	    pst_dns_ask(dns, for_policy, PST_STR("e.example"), PST_DNS_TXT)
		->answer->status,
	    PST_DNS_OK);
	assert_int_equal(
	    pst_dns_ask(dns, for_policy, PST_STR("f.example"), PST_DNS_TXT)
		->answer->status,
	    PST_DNS_BUDGET);
	pst_arena_free(f->arena);
}

static void
test_transcript_grows(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);
	const struct pst_dns_entry *first = ask(f, "n0.example");

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", i);
		assert_string_equal(ask(f, name)->name, name);
	}
	assert_int_equal(pst_dns_count(f->dns), 300);
	assert_ptr_equal(ask(f, "n0.example"), first);
	assert_string_equal(pst_dns_at(f->dns, 299)->name, "n299.example");
	pst_arena_free(f->arena);
}

static void
test_entries_survive_rewind(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);
	struct pst_arena_mark mark = pst_arena_mark(f->arena);
	const struct pst_dns_entry *entry = ask(f, "a.example");

	(void)state;
	pst_arena_rewind(f->arena, mark);
	memset(pst_arena_alloc(f->arena, 4000), 'x', 4000);
	assert_string_equal(entry->name, "a.example");
	assert_ptr_equal(ask(f, "a.example"), entry);
	pst_arena_free(f->arena);
}

static void
test_manual_clock(void **state)
{
	static const struct {
		const char *label;
		enum stub_mode mode;
		unsigned after_ms;
		int64_t until_ms;
		bool answered;
		int64_t now_ms;
		enum pst_dns_status status;
	} rows[] = {
	    {"delayed", STUB_DELAY, 20, 5000, true, 20, PST_DNS_OK},
	    {"wait ends first", STUB_DELAY, 20, 19, false, 19, PST_DNS_OK},
	    {"both at once", STUB_DELAY, 20, 20, true, 20, PST_DNS_OK},
	    {"in the past", STUB_DELAY, 20, -5, false, 0, PST_DNS_OK},
	    {"just in time", STUB_DELAY, 1000, 5000, true, 1000, PST_DNS_OK},
	    {"too late", STUB_DELAY, 1001, 5000, true, 1000, PST_DNS_TIMEOUT},
	    {"lost", STUB_LOSE, 0, 5000, true, 1000, PST_DNS_TIMEOUT},
	    {"lost, wait ends first", STUB_LOSE, 0, 999, false, 999,
		PST_DNS_TIMEOUT},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct fixture *f = setup(rows[i].mode);
		const struct pst_dns_entry *entry;
		bool answered;

		f->stub.after_ms = rows[i].after_ms;
		entry = ask(f, "a.example");
		assert_null(entry->answer);
		assert_false(pst_dns_poll(f->dns));
		answered = pst_dns_wait(f->dns, rows[i].until_ms);
		if (answered != rows[i].answered ||
		    answered != (entry->answer != NULL) ||
		    pst_clock_ms(&f->clock) != rows[i].now_ms)
			fail_msg("answered %d at %d ms", answered,
			    (int)pst_clock_ms(&f->clock));
		if (answered && entry->answer->status != rows[i].status)
			fail_msg(
			    "%s", pst_dns_status_word(entry->answer->status));
		pst_arena_free(f->arena);
	}
}

static void
test_late_answer_changes_nothing(void **state)
{
	struct fixture *f = setup(STUB_KEEP);
	const struct pst_dns_entry *entry = ask(f, "a.example");

	(void)state;
	assert_false(pst_dns_job_abandoned(f->stub.kept[0]));
	pst_clock_advance(&f->clock, 1000);
	assert_true(pst_dns_poll(f->dns));
	assert_int_equal(entry->answer->status, PST_DNS_TIMEOUT);
	assert_true(pst_dns_job_abandoned(f->stub.kept[0]));
	pst_dns_job_complete(f->stub.kept[0], make_answer("late"), 0);
	assert_false(pst_dns_poll(f->dns));
	assert_int_equal(entry->answer->status, PST_DNS_TIMEOUT);
	assert_ptr_equal(ask(f, "a.example"), entry);
	pst_arena_free(f->arena);
}

/* The answer arrived in time, although it was read late. */
static void
test_arrived_answer_beats_the_clock(void **state)
{
	struct fixture *f = setup(STUB_KEEP);
	const struct pst_dns_entry *entry = ask(f, "a.example");

	(void)state;
	pst_dns_job_complete(f->stub.kept[0], make_answer("x"), 0);
	pst_clock_advance(&f->clock, 5000);
	assert_true(pst_dns_poll(f->dns));
	assert_int_equal(entry->answer->status, PST_DNS_OK);
	pst_arena_free(f->arena);
}

static void
test_expire(void **state)
{
	struct fixture *f = setup(STUB_KEEP);
	const struct pst_dns_entry *entries[4];

	(void)state;
	entries[0] = ask(f, "kept.example");
	f->stub.mode = STUB_DELAY;
	f->stub.after_ms = 10;
	entries[1] = ask(f, "delayed.example");
	f->stub.mode = STUB_LOSE;
	entries[2] = ask(f, "lost.example");
	f->stub.mode = STUB_ANSWER;
	ask(f, "good.example");
	pst_dns_expire(f->dns, PST_DNS_TIMEOUT);
	entries[3] = ask(f, "after.example");
	for (size_t i = 0; i < PST_COUNT(entries); i++) {
		if (entries[i]->answer->status != PST_DNS_TIMEOUT)
			fail_msg("%s", entries[i]->name);
	}
	assert_int_equal(ask(f, "good.example")->answer->status, PST_DNS_OK);
	assert_int_equal(f->stub.asked, 4);
	assert_int_equal(
	    ask(f, "bad..example")->answer->status, PST_DNS_BADNAME);
	pst_dns_job_lose(f->stub.kept[0]);
	pst_arena_free(f->arena);
}

/*
 * A reader that lacks answers runs again only after one of them arrives. The
 * readers' questions are mixed: no turn changes who asks.
 */
static void
test_turns(void **state)
{
	struct fixture *f = setup(STUB_KEEP);

	(void)state;
	assert_true(pst_dns_turn(f->dns, 1));
	assert_true(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	ask_as(f, 1, "a.example");
	ask_as(f, PST_DNS_MAX_READERS, "both.example");
	ask_as(f, 1, "both.example");
	ask_as(f, PST_DNS_MAX_READERS, "b.example");
	assert_false(pst_dns_turn(f->dns, 1));
	assert_false(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	assert_true(pst_dns_turn(f->dns, 5));
	assert_true(pst_dns_turn(f->dns, 5));

	pst_dns_job_complete(f->stub.kept[0], make_answer("a"), 0);
	assert_false(pst_dns_turn(f->dns, 1));
	assert_true(pst_dns_poll(f->dns));
	assert_false(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	assert_true(pst_dns_turn(f->dns, 1));
	/* Reader 1 asks for the one that is still missing. */
	ask_as(f, 1, "both.example");
	assert_false(pst_dns_turn(f->dns, 1));

	pst_dns_job_complete(f->stub.kept[1], make_answer("both"), 0);
	assert_true(pst_dns_poll(f->dns));
	assert_true(pst_dns_turn(f->dns, 1));
	assert_true(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	ask_as(f, PST_DNS_MAX_READERS, "b.example");
	assert_false(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	pst_dns_expire(f->dns, PST_DNS_TIMEOUT);
	assert_true(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	ask_as(f, PST_DNS_MAX_READERS, "after.example");
	assert_true(pst_dns_turn(f->dns, PST_DNS_MAX_READERS));
	pst_dns_job_lose(f->stub.kept[2]);
	pst_arena_free(f->arena);
}

/* What nobody asks keeps no reader from its turn. */
static void
test_turns_of_nobody(void **state)
{
	struct fixture *f = setup(STUB_KEEP);

	(void)state;
	assert_true(pst_dns_turn(f->dns, 1));
	ask(f, "a.example");
	assert_true(pst_dns_turn(f->dns, 1));
	assert_true(pst_dns_turn(f->dns, PST_DNS_NOBODY));
	ask_as(f, 1, "a.example");
	assert_false(pst_dns_turn(f->dns, 1));
	assert_true(pst_dns_turn(f->dns, PST_DNS_NOBODY));
	pst_dns_expire(f->dns, PST_DNS_TIMEOUT);
	assert_true(pst_dns_turn(f->dns, 1));
	pst_dns_job_lose(f->stub.kept[0]);
	pst_arena_free(f->arena);
}

/* An answer that arrives while a reader runs lets it run once more. */
static void
test_turn_with_answer(void **state)
{
	struct fixture *f = setup(STUB_KEEP);

	(void)state;
	assert_true(pst_dns_turn(f->dns, 1));
	ask_as(f, 1, "a.example");
	pst_dns_job_complete(f->stub.kept[0], make_answer("a"), 0);
	/* This also takes in what has arrived. */
	ask_as(f, 1, "b.example");
	assert_true(pst_dns_turn(f->dns, 1));
	pst_dns_job_lose(f->stub.kept[1]);
	pst_arena_free(f->arena);
}

static void
test_close_with_open_jobs(void **state)
{
	struct fixture *f = setup(STUB_KEEP);

	(void)state;
	ask(f, "a.example");
	ask(f, "b.example");
	ask(f, "c.example");
	ask(f, "d.example");
	f->stub.mode = STUB_DELAY;
	f->stub.after_ms = 10;
	ask(f, "delayed.example");
	/* One answer has arrived, unread. */
	pst_dns_job_complete(f->stub.kept[0], make_answer("x"), 0);
	pst_arena_free(f->arena);
	assert_true(pst_dns_job_abandoned(f->stub.kept[1]));
	pst_dns_job_complete(f->stub.kept[1], make_answer("x"), 0);
	pst_dns_job_complete(f->stub.kept[2], make_answer("x"), 7);
	pst_dns_job_lose(f->stub.kept[3]);
}

static void
test_job_says_the_question(void **state)
{
	struct fixture *f = setup(STUB_KEEP);
	struct pst_str name;

	(void)state;
	ask(f, "A.Example.");
	name = pst_dns_job_name(f->stub.kept[0]);
	assert_true(pst_str_eq(name, PST_STR("a.example")));
	assert_int_equal(pst_dns_job_type(f->stub.kept[0]), PST_DNS_TXT);
	assert_int_equal(pst_dns_job_max_txt(f->stub.kept[0]), 16384);
	pst_dns_job_lose(f->stub.kept[0]);
	pst_arena_free(f->arena);
}

static void
test_resolver_free(void **state)
{
	struct fixture *f = setup(STUB_ANSWER);

	(void)state;
	ask(f, "a.example");
	pst_resolver_free(NULL);
	pst_resolver_free(&f->stub.resolver);
	assert_int_equal(f->stub.asked, 0);
	pst_arena_free(f->arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_answered_at_once),
	    cmocka_unit_test(test_no_question_twice),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_reserve),
	    cmocka_unit_test(test_transcript_grows),
	    cmocka_unit_test(test_entries_survive_rewind),
	    cmocka_unit_test(test_manual_clock),
	    cmocka_unit_test(test_late_answer_changes_nothing),
	    cmocka_unit_test(test_arrived_answer_beats_the_clock),
	    cmocka_unit_test(test_expire),
	    cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_turns_of_nobody),
	    cmocka_unit_test(test_turn_with_answer),
	    cmocka_unit_test(test_close_with_open_jobs),
	    cmocka_unit_test(test_job_says_the_question),
	    cmocka_unit_test(test_resolver_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
