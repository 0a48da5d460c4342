/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_share_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/journal_share_scan.h"
#include "store/journal_shared.h"
#include "tests/unit/store_fixture.h"

static struct share_found
find(const struct pst_journal_query *query)
{
	struct share_found found = {.count = 0};

	share_search(&(struct pst_journal_share_query){.query = query}, &found);
	return found;
}

/*
 * Two gateways and both streams in turns of ten, in blocks, tails and a part that
 * is complete.
 */
#define ALL 1500
#define OTHERS 1100
static void
fill_both(struct share_gateway *one, struct share_gateway *two)
{
	share_open(one, "one");
	share_open(two, "two");
	for (unsigned i = 0; i < ALL; i += 10) {
		unsigned turn = i / 10 % 15;

		journal_fill(turn % 5 == 4 ? two->journal : one->journal,
		    turn % 5 == 2 || turn == 4 ? PST_JOURNAL_ACCEPTED :
						 PST_JOURNAL_OTHER,
		    i, 10, 2 * SHARE_LEN);
	}
	share_turn(one);
	share_turn(two);
	assert_int_equal(
	    store_number(
		share_db, "SELECT COUNT(*) FROM journal_idx WHERE bucket = 0"),
	    1);
}

static void
check_order(void)
{
	struct share_found found =
	    find(&(struct pst_journal_query){.since_s = 0});

	assert_int_equal(found.count, ALL);
	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(found.numbers[i], ALL - 1 - i);
		assert_string_equal(found.gateways[i], i < 10 ? "two" : "one");
	}
	found = find(&(struct pst_journal_query){.oldest_first = true});
	assert_int_equal(found.count, ALL);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(found.numbers[i], i);
	found = find(&(struct pst_journal_query){.others_only = true});
	assert_int_equal(found.count, OTHERS);
	found = (struct share_found){.stop_after = 3};
	share_search(
	    &(struct pst_journal_share_query){
		.query = &(struct pst_journal_query){.since_s = 0}},
	    &found);
	assert_int_equal(found.count, 3);
}

static void
test_order_and_times(void **state)
{
	static const struct {
		const char *label;
		int64_t since, until;
		unsigned count, newest;
	} rows[] = {
	    {"all", 0, 4000, ALL, ALL - 1},
	    {"one second", 700, 700, 1, 700},
	    {"the beginning", 0, 9, 10, 9},
	    {"the tail", ALL - 1, 5000, 1, ALL - 1},
	    {"the middle", 300, 899, 600, 899},
	    {"before all", -100, -1, 0, 0},
	    {"after all", ALL, 2700, 0, 0},
	    {"nothing", 700, 699, 0, 0},
	};
	const struct pst_journal_key rcpt = {
	    PST_JOURNAL_RCPT, PST_STR("user@all.example")};
	struct share_gateway one, two;

	(void)state;
	fill_both(&one, &two);
	check_order();
	FOR_ROWS(i, rows, rows[i].label) {
		for (unsigned way = 0; way < 4; way++) {
			struct share_found found =
			    find(&(struct pst_journal_query){.keys = &rcpt,
				.key_count = way & 1,
				.oldest_first = way > 1,
				.since_s = JOURNAL_NOW + rows[i].since,
				.until_s = JOURNAL_NOW + rows[i].until});

			assert_int_equal(found.count, rows[i].count);
			if (found.count > 0 && way < 2)
				assert_int_equal(
				    found.numbers[0], rows[i].newest);
		}
	}
	share_close(&one);
	share_close(&two);
}

/* Each kind of key, in tails and blocks; an entry must have all of them. */
static void
test_keys(void **state)
{
	static const struct pst_journal_key keys[] = {
	    {PST_JOURNAL_QUEUE_ID, PST_STR_INIT("Q1")},
	    {PST_JOURNAL_MESSAGE_ID, PST_STR_INIT("1@a.example")},
	    {PST_JOURNAL_FROM_DOMAIN, PST_STR_INIT("a.example")},
	    {PST_JOURNAL_CLIENT, PST_STR_INIT("192.0.2.1")},
	    {PST_JOURNAL_RCPT, PST_STR_INIT("x@b.example")},
	    {PST_JOURNAL_RCPT_DOMAIN, PST_STR_INIT("b.example")},
	};
	static const struct {
		const char *label;
		unsigned entries; /* after it */
	} rows[] = {{"in the tail", 0}, {"in a block", 20},
	    {"in a part", SHARE_IN_PART}};
	struct pst_journal_entry entry = journal_entry(5000, SHARE_LEN);
	struct share_gateway one;
	unsigned number = 0;
	struct pst_err err;

	(void)state;
	share_open(&one, "one");
	entry.keys = keys;
	entry.key_count = PST_COUNT(keys);
	assert_true(pst_journal_add(one.journal, &entry, 1, &err));
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_journal_key wrong[PST_COUNT(keys)];

		journal_fill(one.journal, PST_JOURNAL_OTHER, number,
		    rows[i].entries, SHARE_LEN);
		number += rows[i].entries;
		share_turn(&one);
		for (size_t k = 0; k < PST_COUNT(keys); k++) {
			const struct pst_journal_key other = {
			    keys[(k + 1) % PST_COUNT(keys)].kind,
			    keys[k].value};

			assert_int_equal(share_count(&keys[k]), 1);
			assert_int_equal(share_count(&other), 0);
			memcpy(wrong, keys, sizeof(wrong));
			wrong[k].value = PST_STR("another");
			assert_int_equal(
			    find(&(struct pst_journal_query){.keys = wrong,
				     .key_count = PST_COUNT(keys)})
				.count,
			    0);
		}
		assert_int_equal(find(&(struct pst_journal_query){.keys = keys,
					  .key_count = PST_COUNT(keys)})
				     .count,
		    1);
	}
	share_close(&one);
}

/*
 * While somebody reads what was found, a part becomes complete and tails become
 * blocks: each entry that was there at the beginning is seen once.
 */
static void
test_while_reading(void **state)
{
	const struct pst_journal_key rcpt = {
	    PST_JOURNAL_RCPT, PST_STR("user@all.example")};

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		const struct pst_journal_query query = {.keys = &rcpt,
		    .key_count = way & 1,
		    .oldest_first = way > 1};
		/* With a key, the last part is complete meanwhile. */
		const unsigned total =
		    ((way & 1) == 0 ? 2 : 63) * SHARE_IN_BLOCK + 5;
		struct pst_journal_share_scan *scan;
		struct share_gateway one;
		unsigned seen = 0, number;
		struct pst_err err;
		void *nothing = NULL;

		assert_int_equal(share_tear_down(&nothing), 0);
		assert_int_equal(share_set_up(&nothing), 0);
		share_open(&one, "one");
		journal_fill(
		    one.journal, PST_JOURNAL_OTHER, 0, total, SHARE_LEN);
		share_turn(&one);
		scan = pst_journal_share_scan_begin(share_db,
		    &(struct pst_journal_share_query){.query = &query}, &err);
		assert_non_null(scan);
		for (;; seen++) {
			assert_true(pst_journal_share_scan_next(scan, &err));
			if (pst_journal_share_scan_entry(scan) == NULL)
				break;
			assert_int_equal(
			    sscanf(
				pst_journal_share_scan_entry(scan)->octets.ptr,
				"entry %u", &number),
			    1);
			assert_int_equal(
			    number, way > 1 ? seen : total - 1 - seen);
			if (seen != 2)
				continue;
			journal_fill(one.journal, PST_JOURNAL_OTHER, total,
			    3 * SHARE_IN_BLOCK, SHARE_LEN);
			share_turn(&one);
		}
		assert_int_equal(seen, total);
		assert_true(pst_journal_share_scan_next(scan, &err));
		assert_null(pst_journal_share_scan_entry(scan));
		pst_journal_share_scan_end(scan);
		share_close(&one);
	}
}

static void
test_damaged(void **state)
{
	struct share_gateway one;
	struct share_found found;
	struct pst_err err;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 5 * SHARE_IN_BLOCK + 3,
	    SHARE_LEN);
	share_turn(&one);
	assert_true(pst_db_script(share_db,
	    "UPDATE journal_block SET body = head WHERE id = 1;"
	    "UPDATE journal_block SET head = body WHERE id = 3;"
	    "UPDATE journal_tail SET entries = 77",
	    &err));
	found = find(&(struct pst_journal_query){.since_s = 0});
	assert_int_equal(found.damaged, 3);
	assert_int_equal(found.count, 3 * SHARE_IN_BLOCK);
	share_close(&one);
}

/* ---- forgetting ---- */

static const struct pst_journal_key everybody = {
    PST_JOURNAL_RCPT, PST_STR_INIT("user@all.example")};
static const struct pst_journal_key domain = {
    PST_JOURNAL_FROM_DOMAIN, PST_STR_INIT("d3.example")};

struct judge {
	unsigned asked;
	bool change; /* every second one; else all are dropped */
};

static enum pst_journal_fate
judge(void *arg, struct pst_journal_entry *entry)
{
	struct judge *work = arg;

	work->asked++;
	if (!work->change || work->asked % 2 == 0)
		return PST_JOURNAL_DROP;
	entry->keys = &everybody;
	entry->key_count = 1;
	return PST_JOURNAL_CHANGED;
}

static uint64_t
forget(struct judge *work)
{
	struct pst_err err;
	uint64_t count;

	if (!pst_journal_share_forget(share_db, &domain,
		(struct pst_journal_judge){judge, work}, &count, &err))
		fail_msg("%s", err.text);
	return count;
}

/* A tenth of all entries, in tails and blocks, young and old, of two gateways. */
static void
test_forget(void **state)
{
	static const struct {
		const char *label;
		unsigned entries; /* of each gateway; a multiple of 10 */
		bool change;
	} rows[] = {
	    {"tails", 10, false},
	    {"blocks", 100, true},
	    {"parts", SHARE_IN_PART + 52, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const unsigned all = 2 * rows[i].entries;
		const unsigned changed = rows[i].change ? all / 20 : 0;
		struct judge work = {.change = rows[i].change};
		struct share_gateway one, two;
		void *nothing = NULL;

		assert_int_equal(share_tear_down(&nothing), 0);
		assert_int_equal(share_set_up(&nothing), 0);
		share_open(&one, "one");
		share_open(&two, "two");
		journal_fill(one.journal, PST_JOURNAL_OTHER, 0, rows[i].entries,
		    SHARE_LEN);
		journal_fill(two.journal, PST_JOURNAL_ACCEPTED, 2000,
		    rows[i].entries, SHARE_LEN);
		share_turn(&one);
		share_turn(&two);
		assert_int_equal(share_count(&domain), all / 10);
		assert_int_equal(forget(&work), all / 10);
		assert_int_equal(work.asked, all / 10);
		assert_int_equal(share_count(&domain), 0);
		assert_int_equal(
		    share_count(&everybody), all - all / 10 + changed);
		assert_int_equal(share_total(), all - all / 10 + changed);
		for (unsigned k = 0; k < rows[i].entries; k += 10)
			share_assert_each(k, 3, 1);
		assert_int_equal(
		    store_number(share_db,
			"SELECT (SELECT SUM(entries) FROM journal_block)"
			" - (SELECT SUM(entries) FROM journal_stream)"),
		    0);
		assert_int_equal(
		    store_number(share_db,
			"SELECT (SELECT SUM(bytes) FROM journal_block)"
			" - (SELECT SUM(bytes) FROM journal_stream)"),
		    0);
		assert_int_equal(forget(&work), 0);
		share_close(&one);
		share_close(&two);
	}
}

/* The whole stream is forgotten: no block and no hash is left. */
static void
test_forget_all(void **state)
{
	struct judge work = {.change = false};
	struct share_gateway one;
	struct pst_err err;
	uint64_t count;

	(void)state;
	share_open(&one, "one");
	journal_fill(
	    one.journal, PST_JOURNAL_OTHER, 0, SHARE_IN_PART + 40, SHARE_LEN);
	share_turn(&one);
	assert_true(pst_journal_share_forget(share_db, &everybody,
	    (struct pst_journal_judge){judge, &work}, &count, &err));
	assert_int_equal(count, SHARE_IN_PART + 40);
	assert_int_equal(
	    store_number(share_db,
		"SELECT (SELECT COUNT(*) FROM journal_block)"
		" + (SELECT COUNT(*) FROM journal_tail)"
		" + (SELECT COUNT(*) FROM journal_idx)"
		" + (SELECT SUM(bytes + entries + blocks) FROM journal_stream)"),
	    0);
	share_close(&one);
}

/* In the file first and then here: what is copied afterwards does not have it. */
static void
test_forget_in_file(void **state)
{
	struct judge work = {.change = false};
	struct share_gateway one;
	struct pst_err err;
	uint64_t count;

	(void)state;
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 30, SHARE_LEN);
	share_turn(&one);
	journal_fill(one.journal, PST_JOURNAL_OTHER, 30, 40, SHARE_LEN);
	assert_true(pst_journal_rewrite(one.journal, &domain,
	    (struct pst_journal_judge){judge, &work}, &count, &err));
	assert_int_equal(count, 7);
	assert_int_equal(forget(&work), 3);
	share_turn(&one);
	assert_int_equal(share_count(&domain), 0);
	assert_int_equal(share_total(), 63);
	for (unsigned k = 0; k < 70; k += 10)
		share_assert_each(k, 3, 1);
	share_close(&one);
}

/* ---- deleting ---- */

static struct pst_shared_gateway
gateway_of(struct share_gateway *gateway)
{
	struct pst_shared_gateway out = {
	    .id = 1, .limits = gateway->share.limits};

	pst_journal_share_id(gateway->journal, out.file);
	return out;
}

/* By age, whatever the clock of the gateway said when it was copied. */
static void
test_retention(void **state)
{
	struct share_gateway one;
	struct pst_shared_gateway gateway;
	struct pst_err err;
	bool more = true;

	(void)state;
	share_open(&one, "one");
	one.share.limits.retention_s = 1000;
	gateway = gateway_of(&one);
	share_turn(&one); /* the gateway's row */
	for (int64_t i = 0; i < 2; i++) {
		struct pst_shared_copy copy = {.journal = one.journal,
		    .db = share_db,
		    .gateway = &gateway,
		    .now_s = JOURNAL_NOW + 1200,
		    .more = true};

		journal_fill(one.journal, PST_JOURNAL_OTHER, i == 0 ? 0 : 5000,
		    i == 0 ? 1200 : 20, SHARE_LEN);
		while (copy.more)
			assert_true(
			    pst_shared_copy(&copy, PST_JOURNAL_OTHER, &err));
	}
	/* Nothing is old yet. */
	assert_true(pst_shared_trim(
	    share_db, &gateway, JOURNAL_NOW + 1000, &more, &err));
	assert_int_equal(share_total(), 1220);
	for (more = true; more;)
		assert_true(pst_shared_trim(
		    share_db, &gateway, JOURNAL_NOW + 1500, &more, &err));
	/* A block goes when its newest entry is old. */
	assert_int_equal(
	    share_total(), 1220 - 500 / SHARE_IN_BLOCK * SHARE_IN_BLOCK);
	/* Those from the future are not kept for longer than the others. */
	for (more = true; more;)
		assert_true(pst_shared_trim(
		    share_db, &gateway, JOURNAL_NOW + 2201, &more, &err));
	assert_int_equal(share_total(), 0);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_idx"), 0);
	share_close(&one);
}

/* Accepts make room first; the sums agree with what is there. */
static void
test_size(void **state)
{
	struct share_gateway one;

	(void)state;
	share_open(&one, "one");
	one.share.limits.max_bytes = 4000000;
	for (unsigned i = 0; i < 900; i += 100) {
		journal_fill(
		    one.journal, PST_JOURNAL_OTHER, i * 2, 100, SHARE_LEN);
		journal_fill(one.journal, PST_JOURNAL_ACCEPTED, i * 2 + 100,
		    100, SHARE_LEN);
		share_turn(&one);
		assert_true(
		    store_number(share_db,
			"SELECT SUM(bytes) FROM journal_block") <= 4000000);
	}
	assert_int_equal(store_number(share_db,
			     "SELECT (SELECT SUM(bytes) FROM journal_block)"
			     " - (SELECT SUM(bytes) FROM journal_stream)"),
	    0);
	assert_true(
	    store_number(share_db,
		"SELECT SUM(bytes) FROM journal_block WHERE stream = 1") > 2 *
		store_number(share_db,
		    "SELECT SUM(bytes) FROM journal_block WHERE stream = 0"));
	share_assert_each(1600 + 20, 80, 3);
	share_close(&one);
}

/* What is left of a gateway that is gone is deleted by another one. */
static void
test_gone(void **state)
{
	struct share_gateway one, two;
	struct pst_shared_gateway gateway;
	struct pst_err err;
	bool more;

	(void)state;
	share_open(&one, "one");
	share_open(&two, "two");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 20, SHARE_LEN);
	journal_fill(two.journal, PST_JOURNAL_OTHER, 20, 20, SHARE_LEN);
	share_turn(&one);
	share_turn(&two);
	gateway = gateway_of(&one);
	gateway.limits.retention_s = 1;
	gateway.seen_s = 1;
	assert_true(pst_shared_trim(share_db, &gateway,
	    JOURNAL_NOW + INT64_C(1000000000), &more, &err));
	assert_int_equal(share_total(), 20);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_gateway"), 1);
	/* If it comes back, it begins again. */
	share_turn(&one);
	assert_int_equal(share_total(), 40);
	assert_int_equal(
	    store_number(share_db, "SELECT COUNT(*) FROM journal_gateway"), 2);
	share_close(&one);
	share_close(&two);
}

/* ---- figures ---- */

struct figures {
	unsigned gateways;
	uint64_t entries, bytes;
};

static void
read_figures(void *arg, const struct pst_journal_share_figures *figures)
{
	struct figures *sum = arg;

	assert_string_equal(
	    figures->gateway, sum->gateways == 0 ? "one" : "two");
	assert_int_equal(strlen(figures->file), PST_JOURNAL_ID_SIZE - 1);
	assert_int_equal(figures->first_s, JOURNAL_NOW + 100 * sum->gateways);
	assert_int_equal(
	    figures->last_s, JOURNAL_NOW + (sum->gateways == 0 ? 49 : 109));
	assert_true(figures->bytes > figures->entries * SHARE_LEN / 2);
	assert_true(figures->copied_s > 0);
	sum->gateways++;
	sum->entries += figures->entries;
}

static void
test_figures(void **state)
{
	struct figures sum = {.gateways = 0};
	struct share_gateway one, two;
	struct pst_err err;

	(void)state;
	share_open(&two, "two");
	share_open(&one, "one");
	journal_fill(one.journal, PST_JOURNAL_OTHER, 0, 50, SHARE_LEN);
	journal_fill(two.journal, PST_JOURNAL_ACCEPTED, 100, 10, SHARE_LEN);
	share_turn(&two);
	share_turn(&one);
	assert_true(pst_journal_share_figures(share_db,
	    (struct pst_journal_share_reader){read_figures, &sum}, &err));
	assert_int_equal(sum.gateways, 2);
	assert_int_equal(sum.entries, 60);
	share_close(&one);
	share_close(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_order_and_times, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_keys, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_while_reading, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_damaged, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_forget, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_forget_all, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_forget_in_file, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_retention, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_size, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_gone, share_set_up, share_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_figures, share_set_up, share_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
