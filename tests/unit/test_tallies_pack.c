/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/tallies_merge.h"

static struct pst_tally_row
some_row(unsigned number, char key[64])
{
	struct pst_tally_row row = {.key = key};

	(void)snprintf(key, 64, "d%03u%s.example", number,
	    number % 7 == 0 ? "-with-a-long-name" : "");
	for (size_t i = 0; i < PST_TALLY_NUMBERS; i++)
		*pst_tally_row_number(&row, i) = (number * (i + 3) % 5 == 0) ?
		    0 :
		    (uint64_t)number << (3 * i);
	for (size_t i = 0; i < PST_TALLY_SKETCH; i++)
		row.networks[i] = (unsigned char)(number % 3 == 0 ? 0xff :
			number % 3 == 1 ? i == number % 32 :
			i < number % 33 ? 1u << i % 8 :
					  0);
	return row;
}

/* Takes the next row into an empty one. */
static bool
unpack(struct pst_tally_packing *packing, struct pst_str *rest,
    struct pst_tally_row *row)
{
	*row = (struct pst_tally_row){.key = packing->key};
	return pst_tally_unpack_key(packing, rest) &&
	    pst_tally_unpack_add(rest, row);
}

static void
test_pack(void **state)
{
	struct pst_journal_octets octets = {.len = 0};
	struct pst_tally_packing packing = {.len = 0};
	struct pst_str rest;
	char key[64];

	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		const struct pst_tally_row row = some_row(i, key);

		pst_tally_pack(&packing, &octets, &row);
	}
	packing = (struct pst_tally_packing){.len = 0};
	rest = (struct pst_str){octets.ptr, octets.len};
	for (unsigned i = 0; i < 500; i++) {
		const struct pst_tally_row want = some_row(i, key);
		struct pst_tally_row row;

		assert_true(unpack(&packing, &rest, &row));
		assert_string_equal(row.key, want.key);
		assert_memory_equal(row.done, want.done, sizeof(row.done));
		assert_memory_equal(row.would, want.would, sizeof(row.would));
		assert_int_equal(row.aligned, want.aligned);
		assert_int_equal(row.indirect, want.indirect);
		assert_memory_equal(
		    row.networks, want.networks, sizeof(row.networks));
	}
	assert_int_equal(rest.len, 0);
	free(octets.ptr);
}

/* Octets that are cut or changed are refused, or are other rows; no harm. */
static void
test_damaged_pack(void **state)
{
	struct pst_journal_octets octets = {.len = 0};
	struct pst_tally_packing packing = {.len = 0};
	unsigned refused = 0;
	char key[64];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const struct pst_tally_row row = some_row(i, key);

		pst_tally_pack(&packing, &octets, &row);
	}
	for (size_t at = 0; at < octets.len; at++) {
		for (unsigned change = 0; change < 256; change++) {
			char *copy = malloc(octets.len);
			struct pst_str rest = {copy, octets.len};
			struct pst_tally_row row;
			bool good = true;

			assert_non_null(copy);
			memcpy(copy, octets.ptr, octets.len);
			copy[at] = (char)change;
			/* The last one is cut there instead. */
			if (change == 255)
				rest.len = at;
			packing = (struct pst_tally_packing){.len = 0};
			while (good && rest.len > 0)
				good = unpack(&packing, &rest, &row);
			refused += !good;
			free(copy);
		}
	}
	assert_true(refused > 1000);
	free(octets.ptr);
}

/* ---- merging ---- */

static void
add_row(struct pst_tally_packing *packing, struct pst_journal_octets *octets,
    const char *key, uint64_t messages)
{
	const struct pst_tally_row row = {
	    .key = key, .done = {[PST_ACTION_ACCEPT] = messages}};

	pst_tally_pack(packing, octets, &row);
}

/* Adds a pack with a message of each of the keys, which blanks divide. */
static void
add_keys(struct pst_tally_merge *merge, int64_t day, const char *keys)
{
	struct pst_journal_octets *octets = pst_tally_merge_add(merge, day);
	struct pst_tally_packing packing = {.len = 0};
	struct pst_str rest = pst_str(keys), part;
	bool more = rest.len > 0;
	char key[32];

	while (pst_str_split(&rest, ' ', &part, &more)) {
		(void)snprintf(key, sizeof(key), "%.*s", PST_STR_ARG(part));
		add_row(&packing, octets, key, 1);
	}
}

/* What is left of some packs: "key=messages/days/newest day". */
static void
test_merge(void **state)
{
	static const struct {
		const char *label, *packs[4], *prefix, *sums;
	} rows[] = {
	    {"nothing", {NULL}, "", ""},
	    {"an empty pack", {"", "a"}, "", " a=1/1/1"},
	    {"one", {"a b"}, "", " a=1/1/0 b=1/1/0"},
	    {"some days", {"a c", "b c", "c", "c"}, "",
		" a=1/1/0 b=1/1/1 c=4/4/3"},
	    {"beginnings of others", {"a a. a.b", "a. a.b.c", "a a.b"}, "",
		" a=2/2/2 a.=2/2/1 a.b=2/2/2 a.b.c=1/1/1"},
	    {"octets above 127", {"a z \xc3\xa9", "z\x7f z\xc3 \xff", "a \x80"},
		"",
		" a=2/2/2 z=1/1/0 z\x7f=1/1/1 z\xc3=1/1/1 \x80=1/1/2"
		" \xc3\xa9=1/1/0 \xff=1/1/1"},
	    {"a prefix", {"a ab b", "ab abc b", "a b"}, "ab",
		" ab=2/2/1 abc=1/1/1"},
	    {"a prefix of none", {"a b", "c"}, "bb", ""},
	    {"the wrong order", {"a", "b a"}, "", NULL},
	    {"the wrong order of beginnings", {"ab a"}, "", NULL},
	    {"a key twice", {"a a b"}, "", " a=2/1/0 b=1/1/0"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_tally_merge *merge =
		    pst_tally_merge_new(PST_TALLY_REASON);
		struct pst_tally_sum *sums;
		char text[256] = "";
		size_t count, len = 0;
		bool good;

		for (int64_t k = 0; k < 4 && rows[i].packs[k] != NULL; k++)
			add_keys(merge, k, rows[i].packs[k]);
		good = pst_tally_merge_run(
		    merge, pst_str(rows[i].prefix), &sums, &count);
		assert_int_equal(good, rows[i].sums != NULL);
		for (size_t k = 0; good && k < count; k++) {
			struct pst_tally_row row;
			const unsigned days =
			    pst_tally_merge_read(merge, &sums[k], &row);

			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    " %s=%u/%u/%u", row.key, (unsigned)sums[k].messages,
			    days, (unsigned)row.day);
			assert_int_equal(row.question, PST_TALLY_REASON);
			assert_int_equal(
			    row.done[PST_ACTION_ACCEPT], sums[k].messages);
		}
		if (good)
			assert_string_equal(text, rows[i].sums);
		pst_tally_merge_free(merge);
	}
}

#define KEYS 400 /* in key order */
#define DAYS 20
#define PACKS 60

static char keys[KEYS][8];

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Different keys; most are the beginnings of others. */
static void
make_keys(void)
{
	static const char octets[] = {'\x01', 'a', '\x7f', '\x80', '\xff'};

	for (size_t i = 0; i < KEYS; i++) {
		size_t len = 0;

		for (size_t n = i + 1; n > 0; n = (n - 1) / sizeof(octets))
			keys[i][len++] = octets[(n - 1) % sizeof(octets)];
	}
	qsort(keys, KEYS, sizeof(keys[0]), compare_texts);
}

/*
 * Packs of random rows, several of a day and in any order, come to the same as
 * adding up row by row. The second turn uses the memory of the first.
 */
static void
test_merge_random(void **state)
{
	static uint64_t messages[KEYS];
	static bool seen[KEYS][DAYS];
	struct pst_tally_merge *merge = pst_tally_merge_new(PST_TALLY_SENDER);
	struct pst_tally_sum *sums;
	struct pst_tally_row row;
	uint64_t random = 1;
	size_t count;

	(void)state;
	make_keys();
	for (unsigned turn = 0; turn < 2; turn++) {
		size_t at = 0;

		memset(messages, 0, sizeof(messages));
		memset(seen, 0, sizeof(seen));
		pst_tally_merge_clear(merge);
		for (unsigned pack = 0; pack < PACKS; pack++) {
			const size_t day = pack * 7 % DAYS;
			struct pst_journal_octets *octets =
			    pst_tally_merge_add(merge, (int64_t)day);
			struct pst_tally_packing packing = {.len = 0};

			for (size_t key = 0; key < KEYS; key++) {
				random =
				    random * UINT64_C(6364136223846793005) + 1;
				if ((random >> 33) % 50 > key % 20)
					continue;
				add_row(
				    &packing, octets, keys[key], random >> 50);
				messages[key] += random >> 50;
				seen[key][day] = true;
			}
		}
		assert_true(
		    pst_tally_merge_run(merge, PST_STR(""), &sums, &count));
		for (size_t key = 0; key < KEYS; key++) {
			unsigned days = 0;
			size_t newest = 0;

			for (size_t day = 0; day < DAYS; day++) {
				days += seen[key][day];
				newest = seen[key][day] ? day : newest;
			}
			if (days == 0)
				continue;
			assert_true(at < count);
			assert_int_equal(
			    pst_tally_merge_read(merge, &sums[at], &row), days);
			assert_string_equal(row.key, keys[key]);
			assert_int_equal(
			    row.done[PST_ACTION_ACCEPT], messages[key]);
			assert_int_equal(sums[at].messages, messages[key]);
			assert_int_equal(row.day, newest);
			at++;
		}
		assert_int_equal(at, count);
	}
	pst_tally_merge_free(merge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pack),
	    cmocka_unit_test(test_damaged_pack),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
