/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "report/outbox.h"
#include "tests/unit/rows.h"
#include "tests/unit/send_fixture.h"

#define ZONE "x.invalid. A 192.0.2.1\n"

static const struct pst_outbox_filter all = {
    .before = STORE_DAY + 1, .day = -1, .domain = ""};

static size_t
pending(struct send_bench *bench, struct pst_arena *arena,
    const struct pst_outbox_filter *filter,
    const struct pst_outbox_pending *after, struct pst_outbox_pending out[8])
{
	const struct pst_outbox_pending first = {.day = -1, .domain = ""};
	struct pst_pending_page page = {.arena = arena, .items = out, .max = 8};

	assert_true(pst_outbox_pending(&bench->store, filter,
	    after == NULL ? &first : after, &page, NULL));
	return page.count;
}

static void
claim(struct send_bench *bench, const char *domain, int64_t wanted)
{
	const struct pst_outbox_pending item = {STORE_DAY, domain};
	struct pst_outbox_claimed claimed;

	assert_true(pst_db_begin(bench->db, NULL));
	assert_true(pst_outbox_claim(&bench->store, &item, &claimed, NULL));
	assert_true(pst_db_commit(bench->db, NULL));
	assert_false(claimed.cut);
	assert_int_equal(claimed.rows, wanted);
}

static size_t
due(struct send_bench *bench, struct pst_arena *arena, int64_t now_s,
    const struct pst_delivery *after, struct pst_delivery out[8])
{
	struct pst_delivery_page page = {.kind = PST_OUTBOX_AGGREGATE,
	    .arena = arena,
	    .items = out,
	    .max = 8};

	bench->clock.now_epoch = now_s;
	assert_true(pst_outbox_due(&bench->store, &all, after, &page, NULL));
	return page.count;
}

static void
test_pending(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_outbox_pending items[8];
	struct pst_outbox_filter filter = all;
	struct send_bench bench;

	(void)state;
	send_open(&bench, ZONE);
	assert_int_equal(pending(&bench, arena, &all, NULL, items), 0);
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "b.example", "mailto:x@b.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY - 3, "c.example", "mailto:x@c.example", 1, 1});
	send_row(&bench,
	    (struct send_row){
		STORE_DAY + 1, "d.example", "mailto:x@d.example", 1, 1});
	assert_int_equal(pending(&bench, arena, &all, NULL, items), 3);
	assert_string_equal(items[0].domain, "c.example");
	assert_string_equal(items[1].domain, "a.example");
	assert_string_equal(items[2].domain, "b.example");
	assert_int_equal(pending(&bench, arena, &all, &items[1], items), 1);
	filter.day = STORE_DAY;
	assert_int_equal(pending(&bench, arena, &filter, NULL, items), 2);
	filter.domain = "b.example";
	assert_int_equal(pending(&bench, arena, &filter, NULL, items), 1);
	claim(&bench, "b.example", 1);
	assert_int_equal(pending(&bench, arena, &filter, NULL, items), 0);
	claim(&bench, "b.example", 0);
	send_close(&bench);
	pst_arena_free(arena);
}

static void
test_states(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_delivery items[8], *one = &items[0];
	const struct pst_outbox_entry retry = {
	    PST_OUTBOX_RETRY, 1, SEND_NOW + 900, "450"};
	struct send_bench bench;
	struct pst_err err;
	int64_t count;

	(void)state;
	send_open(&bench, ZONE);
	send_row(&bench,
	    (struct send_row){STORE_DAY, "a.example",
		"mailto:x@a.example mailto:y@a.example", 1, 1});
	claim(&bench, "a.example", 1);
	assert_int_equal(due(&bench, arena, 0, NULL, items), 2);
	assert_string_equal(items[0].address, "x@a.example");
	assert_string_equal(items[1].address, "y@a.example");
	assert_string_equal(items[0].report, items[1].report);
	assert_string_not_equal(items[0].token, items[1].token);
	assert_int_equal(strlen(items[0].token), PST_OUTBOX_TOKEN_SIZE - 1);
	assert_string_equal(
	    items[0].uris, "mailto:x@a.example mailto:y@a.example");
	/* Nothing is handed over without the lease. */
	assert_false(pst_outbox_hand_over(&bench.store, one, "me 1", &err));
	assert_string_equal(err.text, "");
	assert_true(pst_db_run(bench.db,
	    "INSERT INTO lease (name, holder, until_s)"
	    " VALUES ('send-reports', 'me 1', 1)",
	    NULL, 0, NULL, NULL));
	assert_true(pst_outbox_hand_over(&bench.store, one, "me 1", &err));
	assert_false(pst_outbox_hand_over(&bench.store, one, "me 1", &err));
	assert_string_equal(err.text, "");
	assert_int_equal(due(&bench, arena, SEND_NOW, NULL, items), 1);
	assert_string_equal(one->address, "y@a.example");
	assert_true(pst_outbox_book(&bench.store, one, &retry, &err));
	assert_int_equal(due(&bench, arena, SEND_NOW + 899, NULL, items), 0);
	assert_int_equal(due(&bench, arena, SEND_NOW + 900, NULL, items), 1);
	assert_int_equal(one->tries, 1);
	assert_int_equal(one->state, PST_OUTBOX_RETRY);
	assert_true(pst_outbox_count_due(&bench.store, &all, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(due(&bench, arena, SEND_NOW + 900, one, items), 0);
	assert_true(pst_outbox_recover(&bench.store, &count, &err));
	assert_int_equal(count, 1);
	assert_true(pst_outbox_reopen(bench.db, &all, &err));
	assert_int_equal(due(&bench, arena, SEND_NOW, NULL, items), 2);
	send_close(&bench);
	pst_arena_free(arena);
}

/* Pauses grow from 15 minutes to 4 hours, and end when time is up. */
static void
test_pauses(void **state)
{
	static const unsigned wanted[] = {
	    900, 1800, 3600, 7200, 14400, 14400, 14400};
	unsigned sum = 0;
	int64_t tries = 1;

	(void)state;
	FOR_ROWS(i, wanted, rows_number(wanted[i]))
		assert_int_equal(
		    pst_outbox_pause((int64_t)i + 1, 172800), wanted[i]);
	while (pst_outbox_pause(tries, 172800) > 0)
		sum += pst_outbox_pause(tries++, 172800);
	assert_in_range(sum, 172800, 172800 + 14400);
	assert_int_equal(pst_outbox_pause(1, 1), 900);
	assert_int_equal(pst_outbox_pause(2, 1), 0);
	assert_int_equal(pst_outbox_pause(INT64_MAX, 172800), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pending),
	    cmocka_unit_test(test_states),
	    cmocka_unit_test(test_pauses),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
