/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdlib.h>

#include "base/day.h"
#include "base/macros.h"
#include "store/tallies_file.h"
#include "tests/unit/tallies_fixture.h"

static struct pst_tallies_file *file;
static struct pst_tally_guesses *guesses;
static struct pst_tally_table table;

static int
set_up(void **state)
{
	struct pst_err err = {""};

	if (store_set_up(state) != 0)
		return -1;
	file = pst_tallies_file_open(
	    store_path("tallies"), PST_DB_CREATE, 1000, &err);
	guesses = calloc(1, sizeof(*guesses));
	pst_tally_table_init(&table, 1000);
	return file == NULL || guesses == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	pst_tallies_file_close(file);
	free(guesses);
	pst_tally_table_free(&table);
	return store_tear_down(state);
}

static void
write_all(void)
{
	struct pst_err err = {""};
	size_t done = 0;

	while (done < table.count)
		assert_true(
		    pst_tallies_file_write(file, guesses, &table, &done, &err));
	pst_tally_table_clear(&table);
}

/* Packs what is old when STORE_DAY + day has ended. */
static void
pack_all(int64_t day)
{
	const struct pst_tallies_now now = {
	    pst_day_end(STORE_DAY + day), day * PST_DAY_SECONDS * 1000};
	struct pst_err err = {""};
	bool more = true;

	while (more)
		assert_true(pst_tallies_file_tend(
		    file, now, 30 * PST_DAY_SECONDS, &more, &err));
}

#define DAYS 6

/* In the order of their octets: signed ones would have another. */
static const char *const names[] = {"a", "a.example", "a.example.net",
    "ab.example", "today.example", "z.example", "\xc3\xa9.example"};
#define TODAY 4 /* the one that is in rows of the last day only */

static uint64_t counts[PST_COUNT(names)][DAYS];

/* Counts each name some times on each day. */
static void
count_names(unsigned turn)
{
	struct pst_summary summary;

	for (unsigned day = 0; day < DAYS; day++) {
		for (unsigned i = 0; i < PST_COUNT(names); i++) {
			const unsigned n = (i * 5 + day * 3 + turn * 7) % 4;

			if (n == 0 || (i == TODAY && day + 1 < DAYS))
				continue;
			summary =
			    tallies_summary(names[i], names[i], false, day);
			pst_tally_table_count(&table, &summary, n);
			counts[i][day] += n;
		}
	}
	write_all();
}

/* The rows of some days have the right numbers and the right order. */
static void
check(const struct tallies_row *rows, size_t count, unsigned first_day,
    unsigned last_day)
{
	size_t expected = 0;

	for (unsigned i = 0; i < PST_COUNT(names); i++) {
		uint64_t messages = 0;
		unsigned days = 0, newest = 0;
		size_t at = 0;

		for (unsigned day = first_day; day <= last_day; day++) {
			messages += counts[i][day];
			days += counts[i][day] > 0;
			newest = counts[i][day] > 0 ? day : newest;
		}
		if (messages == 0)
			continue;
		expected++;
		while (at < count && strcmp(rows[at].key, names[i]) != 0)
			at++;
		assert_true(at < count);
		assert_int_equal(rows[at].messages, messages);
		assert_int_equal(rows[at].days, days);
		assert_int_equal(rows[at].day, newest);
	}
	assert_int_equal(count, expected);
	for (size_t i = 1; i < count; i++)
		assert_true(rows[i - 1].messages > rows[i].messages ||
		    (rows[i - 1].messages == rows[i].messages &&
			strcmp(rows[i - 1].key, rows[i].key) < 0));
}

/* Packs of several days, late ones, and rows, also late ones, come together. */
static void
test_together(void **state)
{
	static const char late[] =
	    "SELECT COUNT(*) FROM pack WHERE question = 1 GROUP BY day";
	struct pst_tally_query query = {.question = PST_TALLY_FROM_DOMAIN,
	    .first_day = STORE_DAY,
	    .last_day = STORE_DAY + DAYS - 1};
	const struct tallies_answer *answer;
	size_t at = 0;

	(void)state;
	memset(counts, 0, sizeof(counts));
	for (unsigned turn = 0; turn < 3; turn++) {
		count_names(turn);
		if (turn == 2)
			break;
		pack_all(0);
		pack_all(DAYS - 1);
	}
	assert_int_equal(store_number(file->db, late), 2);
	answer = tallies_ask_as("tallies", &query);
	check(answer->rows, answer->count, 0, DAYS - 1);
	query.by_day = true;
	answer = tallies_ask_as("tallies", &query);
	for (unsigned day = 0; day < DAYS; day++) {
		const size_t begin = at;

		while (at < answer->count && answer->rows[at].day == day)
			at++;
		check(answer->rows + begin, at - begin, day, day);
	}
	assert_int_equal(at, answer->count);
	query.by_day = false;
	query.key_prefix = "a.example";
	answer = tallies_ask_as("tallies", &query);
	assert_int_equal(answer->count, 2);
	query.key_prefix = "today";
	assert_int_equal(tallies_ask_as("tallies", &query)->rows[0].messages,
	    counts[TODAY][DAYS - 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_together, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
