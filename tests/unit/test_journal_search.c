/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>

#include "store/db.h"
#include "tests/unit/store_fixture.h"

/* Entries of 16,000 octets: 17 make a block, 1088 a part of 64 blocks. */
#define LEN 16000
#define IN_BLOCK 17
#define IN_PART (64 * IN_BLOCK)

static struct journal_found
find(struct pst_journal *journal, const struct pst_journal_query *query)
{
	struct journal_found found = {.count = 0};

	journal_search(journal, query, &found);
	return found;
}

/*
 * Two streams, a part that is complete, one that is not, and a tail: each entry
 * is found once by its queue id, wherever it is, and no other one with it.
 */
static void
test_each(void **state)
{
	static const unsigned counts[] = {1, IN_BLOCK - 1, IN_BLOCK,
	    IN_BLOCK + 1, IN_PART - 1, IN_PART, IN_PART + IN_BLOCK + 5};

	(void)state;
	FOR_ROWS(i, counts, rows_number(counts[i])) {
		struct pst_journal *journal = journal_open();

		journal_fill(journal, PST_JOURNAL_OTHER, 0, counts[i], LEN);
		journal_fill(journal, PST_JOURNAL_ACCEPTED, 5000, 3, LEN);
		for (unsigned k = 0; k < counts[i]; k += 7) {
			struct pst_journal_key key = journal_queue_id(k);
			struct journal_found found = find(journal,
			    &(struct pst_journal_query){
				.keys = &key, .key_count = 1});

			assert_int_equal(found.count, 1);
			assert_int_equal(found.numbers[0], k);
			assert_int_equal(found.damaged, 0);
		}
		assert_int_equal(
		    find(journal, &(struct pst_journal_query){.since_s = 0})
			.count,
		    counts[i] + 3);
		assert_int_equal(
		    find(journal,
			&(struct pst_journal_query){.others_only = true})
			.count,
		    counts[i]);
		pst_journal_close(journal);
		(void)remove(store_path("journal"));
	}
}

/* Both streams in turn, over several blocks, a complete part and the tail. */
static struct pst_journal *
mixed(void)
{
	struct pst_journal *journal = journal_open();

	for (unsigned i = 0; i < 1300; i += 10)
		journal_fill(journal,
		    i % 20 == 0 ? PST_JOURNAL_OTHER : PST_JOURNAL_ACCEPTED, i,
		    10, 2 * LEN);
	return journal;
}

static void
test_order(void **state)
{
	struct pst_journal *journal = mixed();
	struct journal_found found =
	    find(journal, &(struct pst_journal_query){.since_s = 0});

	(void)state;
	assert_int_equal(found.count, 1300);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(found.numbers[i], 1299 - i);
	found =
	    find(journal, &(struct pst_journal_query){.oldest_first = true});
	assert_int_equal(found.count, 1300);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(found.numbers[i], i);
	found = (struct journal_found){.stop_after = 3};
	journal_search(
	    journal, &(struct pst_journal_query){.since_s = 0}, &found);
	assert_int_equal(found.count, 3);
	pst_journal_close(journal);
}

static void
test_times(void **state)
{
	static const struct {
		const char *label;
		int64_t since, until;
		unsigned count, newest;
	} rows[] = {
	    {"all", 0, 2000, 1300, 1299},
	    {"one second", 700, 700, 1, 700},
	    {"the beginning", 0, 9, 10, 9},
	    {"the tail", 1299, 5000, 1, 1299},
	    {"the middle", 300, 899, 600, 899},
	    {"before all", -100, -1, 0, 0},
	    {"after all", 1300, 1400, 0, 0},
	    {"nothing", 700, 699, 0, 0},
	};
	struct pst_journal *journal = mixed();

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct journal_found found = find(journal,
		    &(struct pst_journal_query){
			.since_s = JOURNAL_NOW + rows[i].since,
			.until_s = JOURNAL_NOW + rows[i].until});

		assert_int_equal(found.count, rows[i].count);
		if (found.count > 0)
			assert_int_equal(found.numbers[0], rows[i].newest);
	}
	pst_journal_close(journal);
}

/* All keys must be of the same entry. */
static void
test_keys(void **state)
{
	struct pst_journal_key keys[3] = {
	    {PST_JOURNAL_RCPT, PST_STR("user@all.example")},
	    {PST_JOURNAL_FROM_DOMAIN, PST_STR("d3.example")},
	};
	struct pst_journal *journal = mixed();
	struct journal_found found;

	(void)state;
	assert_int_equal(journal_count(journal, &keys[0]), 1300);
	found = find(
	    journal, &(struct pst_journal_query){.keys = keys, .key_count = 2});
	assert_int_equal(found.count, 130);
	assert_int_equal(found.numbers[0], 1293);
	keys[2] = journal_queue_id(13);
	found = find(
	    journal, &(struct pst_journal_query){.keys = keys, .key_count = 3});
	assert_int_equal(found.count, 1);
	/* In the same block, but of another entry. */
	keys[2] = journal_queue_id(14);
	found = find(
	    journal, &(struct pst_journal_query){.keys = keys, .key_count = 3});
	assert_int_equal(found.count, 0);
	keys[1].kind = PST_JOURNAL_RCPT_DOMAIN;
	assert_int_equal(journal_count(journal, &keys[1]), 0);
	pst_journal_close(journal);
}

static enum pst_journal_fate
drop(void *arg, struct pst_journal_entry *entry)
{
	(void)arg;
	(void)entry;
	return PST_JOURNAL_DROP;
}

/* A damaged block is left out, whatever is damaged, and counted. */
static void
test_damage(void **state)
{
	static const char *const damages[] = {
	    "UPDATE block SET body = substr(body, 1, 100)",
	    "UPDATE block SET body = zeroblob(length(body))",
	    "UPDATE block SET head = zeroblob(length(head))",
	    "UPDATE block SET head = 'text'",
	    "UPDATE block SET raw_bytes = 1000000000000",
	    "UPDATE block SET raw_bytes = -1",
	    "UPDATE block SET entries = entries + 1",
	    "UPDATE block SET entries = -1",
	    "UPDATE tail SET body = 'short'",
	    "UPDATE tail SET head = body, body = head",
	    "UPDATE tail SET entries = 1000000",
	    "UPDATE stream SET next_block = 9223372036854775807",
	    "UPDATE stream SET next_block = -5",
	    "DELETE FROM stream",
	    "UPDATE idx SET hashes = zeroblob(7)",
	    "DELETE FROM idx",
	    "DELETE FROM block",
	};

	(void)state;
	FOR_ROWS(i, damages, damages[i]) {
		struct pst_journal_key key = journal_queue_id(IN_BLOCK + 3);
		struct pst_journal *journal = journal_open();
		struct journal_found found = {.count = 0};
		struct pst_err err;
		struct pst_db *db;
		uint64_t count;
		bool more;

		journal_fill(journal, PST_JOURNAL_OTHER, 0, IN_PART + 50, LEN);
		db = pst_db_open_sqlite(
		    store_path("journal"), PST_DB_WRITE, 1000, &err);
		assert_non_null(db);
		assert_true(pst_db_script(db, damages[i], &err));
		pst_db_close(db);
		journal_search(journal,
		    &(struct pst_journal_query){.keys = &key, .key_count = 1},
		    &found);
		assert_true(found.count <= 1);
		if (strstr(damages[i], "UPDATE block") != NULL)
			assert_true(found.count == 0 && found.damaged >= 1);
		journal_search(journal,
		    &(struct pst_journal_query){.oldest_first = true}, &found);
		if (strstr(damages[i], "UPDATE tail") != NULL)
			assert_true(
			    found.damaged == 1 && found.count >= IN_PART);
		/* Everything else goes on, or fails with a sentence. */
		(void)!pst_journal_trim(journal,
		    &(struct pst_journal_limits){1000000, 1000000}, JOURNAL_NOW,
		    &more, &err);
		(void)!pst_journal_rewrite(journal, &key,
		    (struct pst_journal_judge){drop, NULL}, &count, &err);
		for (unsigned k = 0; k < 20; k++) {
			struct pst_journal_entry entry =
			    journal_entry(9000 + k, LEN);

			(void)!pst_journal_add(journal, &entry, 1, &err);
		}
		pst_journal_close(journal);
		(void)remove(store_path("journal"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_each, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_order, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_times, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_keys, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_damage, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
