/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"

#include <stdio.h>

#include "store/journal_unit.h"

static const unsigned char secret[PST_SIPHASH_KEY_BYTES] = {1, 2, 3};

static struct pst_str
slice(const struct pst_journal_octets *octets)
{
	return (struct pst_str){octets->ptr, octets->len};
}

static struct pst_journal_hashes
hashes_of(enum pst_journal_kind kind, const char *value)
{
	const struct pst_journal_key key = {kind, pst_str(value)};

	return (struct pst_journal_hashes){
	    .values = {pst_journal_hash(secret, &key)}, .count = 1};
}

static void
test_round_trip(void **state)
{
	struct pst_journal_unit unit = {.entries = 0}, copy = {.entries = 0};
	struct pst_journal_hashes first = hashes_of(PST_JOURNAL_QUEUE_ID, "q0");
	struct pst_journal_hashes domain =
	    hashes_of(PST_JOURNAL_FROM_DOMAIN, "d0.example");
	struct pst_journal_hashes other_kind =
	    hashes_of(PST_JOURNAL_RCPT_DOMAIN, "d0.example");
	struct pst_journal_record record;
	struct pst_str head, body;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct pst_journal_entry entry = journal_entry(i, 50 + i);

		pst_journal_unit_add(&unit, secret, &entry);
	}
	assert_int_equal(unit.entries, 20);
	assert_true(unit.first_s == JOURNAL_NOW);
	assert_true(unit.last_s == JOURNAL_NOW + 19);
	head = slice(&unit.head);
	body = slice(&unit.body);
	assert_true(pst_journal_unit_is_sound(head, 20, body.len));
	for (unsigned i = 0; i < 20; i++) {
		struct pst_journal_entry entry = journal_entry(i, 50 + i);

		assert_true(pst_journal_unit_next(&head, &body, &record));
		assert_true(pst_str_eq(record.entry, entry.octets));
		assert_true(record.seen_s == entry.seen_s);
		assert_int_equal(record.hash_count, 3);
		assert_int_equal(
		    pst_journal_record_has(&record, &first), i == 0);
		assert_int_equal(
		    pst_journal_record_has(&record, &domain), i % 10 == 0);
		assert_false(pst_journal_record_has(&record, &other_kind));
		pst_journal_unit_copy(&copy, &record);
	}
	assert_false(pst_journal_unit_next(&head, &body, &record));
	assert_true(pst_str_eq(slice(&copy.head), slice(&unit.head)));
	assert_true(pst_str_eq(slice(&copy.body), slice(&unit.body)));
	pst_journal_unit_clear(&copy);
	assert_int_equal(pst_journal_unit_bytes(&copy), 0);
	pst_journal_unit_free(&unit);
	pst_journal_unit_free(&copy);
}

/* A key that is repeated is once; more than the limit are left out. */
static void
test_keys(void **state)
{
	static char texts[PST_JOURNAL_MAX_KEYS + 8][16];
	struct pst_journal_key keys[PST_JOURNAL_MAX_KEYS + 8];
	struct pst_journal_unit unit = {.entries = 0};
	struct pst_journal_record record;
	struct pst_str head, body;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(keys); i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "key %zu", i / 2);
		keys[i] = (struct pst_journal_key){
		    PST_JOURNAL_RCPT, pst_str(texts[i])};
	}
	pst_journal_unit_add(&unit, secret,
	    &(struct pst_journal_entry){.keys = keys, .key_count = 10});
	for (size_t i = 0; i < PST_COUNT(keys); i++) {
		(void)snprintf(texts[i], sizeof(texts[i]), "key %zu", i);
		keys[i].value = pst_str(texts[i]);
	}
	pst_journal_unit_add(&unit, secret,
	    &(struct pst_journal_entry){
		.keys = keys, .key_count = PST_COUNT(keys)});
	head = slice(&unit.head);
	body = PST_STR("");
	assert_true(pst_journal_unit_next(&head, &body, &record));
	assert_int_equal(record.hash_count, 5);
	assert_true(pst_journal_unit_next(&head, &body, &record));
	assert_int_equal(record.hash_count, PST_JOURNAL_MAX_KEYS);
	pst_journal_unit_free(&unit);
}

static void
test_full(void **state)
{
	struct pst_journal_unit unit = {.entries = 0};

	(void)state;
	for (unsigned i = 0; i < PST_JOURNAL_BLOCK_ENTRIES; i++) {
		struct pst_journal_entry entry = journal_entry(i, 30);

		assert_false(pst_journal_unit_is_full(&unit));
		pst_journal_unit_add(&unit, secret, &entry);
	}
	assert_true(pst_journal_unit_is_full(&unit));
	pst_journal_unit_clear(&unit);
	while (!pst_journal_unit_is_full(&unit)) {
		struct pst_journal_entry entry =
		    journal_entry(1, PST_JOURNAL_MAX_ENTRY);

		pst_journal_unit_add(&unit, secret, &entry);
	}
	assert_int_equal(unit.entries, 4);
	assert_true(pst_journal_unit_bytes(&unit) <= PST_JOURNAL_MAX_UNIT);
	pst_journal_unit_free(&unit);
}

/* What is damaged: one octet of a head of two entries of 8 octets. */
static void
test_damage(void **state)
{
	static const struct {
		const char *label;
		size_t at;
		char octet;
		size_t cut;
		uint64_t entries, body_bytes;
		bool sound;
	} rows[] = {
	    {"nothing", 0, 8, 0, 2, 16, true},
	    {"a longer entry", 0, 9, 0, 2, 16, false},
	    {"an entry above the limit", 3, 1, 0, 2, 16 + (1 << 24), false},
	    {"a key less", 12, 2, 0, 2, 16, false},
	    {"keys above the limit", 12, 65, 0, 2, 16, false},
	    {"an octet is missing", 0, 8, 1, 2, 16, false},
	    {"a record is missing", 0, 8, 25, 2, 16, false},
	    {"another number of entries", 0, 8, 0, 3, 16, false},
	    {"another length", 0, 8, 0, 2, 15, false},
	    {"entries above the limit", 0, 8, 0, 513, 16, false},
	    {"a length above the limit", 0, 8, 0, 2, UINT64_MAX, false},
	};
	struct pst_journal_unit unit = {.entries = 0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pst_journal_entry entry = journal_entry(i, 8);

		pst_journal_unit_add(&unit, secret, &entry);
	}
	assert_int_equal(unit.head.len, 50);
	FOR_ROWS(i, rows, rows[i].label) {
		char head[50];

		memcpy(head, unit.head.ptr, sizeof(head));
		head[rows[i].at] = rows[i].octet;
		assert_int_equal(
		    pst_journal_unit_is_sound(
			(struct pst_str){head, sizeof(head) - rows[i].cut},
			rows[i].entries, rows[i].body_bytes),
		    rows[i].sound);
	}
	pst_journal_unit_free(&unit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
