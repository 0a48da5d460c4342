/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"
#include "tests/unit/store_fixture.h"

/* Entries of 16,000 octets: 17 make a block. */
#define LEN 16000

#define VICTIM "ann@victim.example"
#define VICTIM_IN_ENTRY "to=" VICTIM " "

static const struct pst_journal_key victim = {
    PST_JOURNAL_RCPT, PST_STR_INIT(VICTIM)};

/* Adds entries; each `every`th is to the victim, and says so in its octets. */
static void
fill(struct pst_journal *journal, unsigned first, unsigned count,
    unsigned every, size_t len)
{
	for (unsigned i = first; i < first + count; i++) {
		struct pst_journal_entry entry = journal_entry(i, len);
		struct pst_journal_key keys[3];
		struct pst_err err;
		char *octets = malloc(len);

		assert_non_null(octets);
		memcpy(octets, entry.octets.ptr, len);
		memcpy(keys, entry.keys, sizeof(keys));
		if (i % every == 0) {
			memcpy(octets + 16, VICTIM_IN_ENTRY,
			    sizeof(VICTIM_IN_ENTRY) - 1);
			keys[2].value = PST_STR(VICTIM);
		}
		entry.octets.ptr = octets;
		entry.keys = keys;
		entry.stream =
		    i % 3 == 0 ? PST_JOURNAL_ACCEPTED : PST_JOURNAL_OTHER;
		if (!pst_journal_add(journal, &entry, 1, &err))
			fail_msg("%s", err.text);
		free(octets);
	}
}

struct judge {
	unsigned asked;
	bool change; /* every second one; else all are dropped */
	char *octets;
	struct pst_journal_key key;
};

static enum pst_journal_fate
judge(void *arg, struct pst_journal_entry *entry)
{
	struct judge *work = arg;

	work->asked++;
	assert_true(memcmp(entry->octets.ptr + 16, VICTIM_IN_ENTRY,
			sizeof(VICTIM_IN_ENTRY) - 1) == 0);
	if (!work->change || work->asked % 2 == 0)
		return PST_JOURNAL_DROP;
	work->octets = realloc(work->octets, entry->octets.len);
	assert_non_null(work->octets);
	memcpy(work->octets, entry->octets.ptr, entry->octets.len);
	memset(work->octets + 16, '-', sizeof(VICTIM_IN_ENTRY) - 1);
	entry->octets.ptr = work->octets;
	work->key = (struct pst_journal_key){
	    PST_JOURNAL_FROM_DOMAIN, PST_STR("changed.example")};
	entry->keys = &work->key;
	entry->key_count = 1;
	return PST_JOURNAL_CHANGED;
}

static void
check_integrity(void)
{
	struct pst_err err;
	struct pst_db *db =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_READ, 1000, &err);

	assert_non_null(db);
	assert_int_equal(store_number(db,
			     "SELECT COUNT(*) FROM pragma_integrity_check"
			     " WHERE integrity_check <> 'ok'"),
	    0);
	pst_db_close(db);
}

/*
 * The address is in blocks with and without an index, and in the tail, and was
 * in tails that have become blocks since. Nothing of it is left.
 */
static void
test_forget(void **state)
{
	static const struct {
		const char *label;
		unsigned entries, every;
		size_t len;
		bool change;
	} rows[] = {
	    {"the tail only", 10, 3, LEN, false},
	    {"small entries in pages of the table", 500, 7, 120, false},
	    {"a block", 40, 5, LEN, true},
	    {"some blocks", 500, 20, LEN, true},
	    {"all of them", 200, 1, LEN, false},
	    {"parts that are complete", 2200, 41, LEN, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		unsigned concerned = (rows[i].entries - 1) / rows[i].every + 1;
		unsigned changed = rows[i].change ? (concerned + 1) / 2 : 0;
		const struct pst_journal_key other = {
		    PST_JOURNAL_FROM_DOMAIN, PST_STR("changed.example")};
		struct pst_journal *journal = journal_open();
		struct judge work = {.change = rows[i].change};
		struct pst_journal_figures figures;
		struct journal_found found = {.count = 0};
		struct pst_err err;
		uint64_t count;

		fill(journal, 0, rows[i].entries, rows[i].every, rows[i].len);
		assert_int_equal(journal_count(journal, &victim), concerned);
		assert_true(journal_file_has("journal-wal", VICTIM) ||
		    journal_file_has("journal", VICTIM));
		if (!pst_journal_rewrite(journal, &victim,
			(struct pst_journal_judge){judge, &work}, &count, &err))
			fail_msg("%s", err.text);
		free(work.octets);
		assert_int_equal(work.asked, concerned);
		assert_int_equal(count, concerned);
		assert_int_equal(journal_count(journal, &victim), 0);
		assert_int_equal(journal_count(journal, &other), changed);
		assert_false(journal_file_has("journal", VICTIM));
		assert_false(journal_file_has("journal-wal", VICTIM));
		assert_false(journal_file_has("journal", "victim"));
		journal_search(
		    journal, &(struct pst_journal_query){.since_s = 0}, &found);
		assert_int_equal(found.damaged, 0);
		assert_int_equal(
		    found.count, rows[i].entries - concerned + changed);
		assert_true(pst_journal_figures(journal, &figures, &err));
		assert_int_equal(
		    figures.streams[0].entries + figures.streams[1].entries,
		    found.count);
		/* All others are found as before, and adding goes on. */
		for (unsigned k = 1; k < rows[i].entries; k += 13) {
			struct pst_journal_key key = journal_queue_id(k);

			assert_int_equal(journal_count(journal, &key),
			    k % rows[i].every != 0);
		}
		fill(journal, 3000, 40, 50, rows[i].len);
		check_integrity();
		pst_journal_close(journal);
		(void)remove(store_path("journal"));
	}
}

/* Nothing to forget: nothing is changed, and nobody is asked. */
static void
test_nothing(void **state)
{
	const struct pst_journal_key nobody = {
	    PST_JOURNAL_RCPT, PST_STR("nobody@example.org")};
	struct pst_journal *journal = journal_open();
	struct judge work = {.asked = 0};
	struct pst_err err;
	uint64_t count = 7;

	(void)state;
	fill(journal, 0, 100, 3, LEN);
	assert_true(pst_journal_rewrite(journal, &nobody,
	    (struct pst_journal_judge){judge, &work}, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(work.asked, 0);
	assert_int_equal(journal_count(journal, &victim), 34);
	pst_journal_close(journal);
}

/* A program in the middle of reading keeps the log; this is said. */
static void
test_reader(void **state)
{
	struct pst_journal *journal = pst_journal_open(
	    store_path("journal"), PST_JOURNAL_WRITE, 50, NULL);
	struct judge work = {.asked = 0};
	struct pst_err err;
	struct pst_db *reader;
	uint64_t count;

	(void)state;
	assert_non_null(journal);
	fill(journal, 0, 30, 3, LEN);
	reader =
	    pst_db_open_sqlite(store_path("journal"), PST_DB_READ, 1000, &err);
	assert_non_null(reader);
	assert_true(
	    pst_db_select(reader, "SELECT body FROM tail", NULL, 0, &err));
	assert_true(pst_db_next(reader));
	assert_false(pst_journal_rewrite(journal, &victim,
	    (struct pst_journal_judge){judge, &work}, &count, &err));
	assert_non_null(strstr(err.text, "run the command again"));
	assert_int_equal(count, 10);
	assert_true(pst_db_end(reader, &err));
	pst_db_close(reader);
	assert_true(pst_journal_rewrite(journal, &victim,
	    (struct pst_journal_judge){judge, &work}, &count, &err));
	assert_int_equal(count, 0);
	assert_false(journal_file_has("journal", VICTIM));
	assert_false(journal_file_has("journal-wal", VICTIM));
	pst_journal_close(journal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_forget, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_nothing, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_reader, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
