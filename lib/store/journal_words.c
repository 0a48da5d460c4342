/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_words.h"

#include <assert.h>
#include <stdlib.h>

#define STORED_BYTES 4

_Static_assert(
    PST_JOURNAL_PART == 1 << PST_JOURNAL_BLOCK_BITS, "bits of a block");

/* How many bits of a word are in the row. */
static unsigned
stored_bits(struct pst_journal_layout layout)
{
	unsigned bits = 32 + layout.block_bits - layout.bucket_bits;

	assert(bits <= 8 * STORED_BYTES);
	return bits;
}

static void
add_word(struct pst_journal_words *words, uint64_t word)
{
	if (words->count == words->capacity) {
		words->capacity =
		    words->capacity == 0 ? 65536 : 2 * words->capacity;
		words->ptr =
		    realloc(words->ptr, words->capacity * sizeof(*words->ptr));
		if (words->ptr == NULL)
			abort();
	}
	words->ptr[words->count++] = word;
}

void
pst_journal_words_add(
    struct pst_journal_words *words, struct pst_str head, unsigned block)
{
	struct pst_journal_record record;
	struct pst_str none = {NULL, 0};

	while (pst_journal_unit_next(&head, &none, &record)) {
		for (size_t i = 0; i < record.hash_count; i++)
			add_word(words,
			    (uint64_t)pst_journal_record_hash(&record, i)
				    << PST_JOURNAL_BLOCK_BITS |
				block);
	}
}

/* Sorts by the hash, an octet a turn. */
void
pst_journal_words_sort(struct pst_journal_words *words)
{
	uint64_t *from = words->ptr, *to, *other;

	if (words->count == 0)
		return;
	other = to = malloc(words->count * sizeof(*to));
	if (to == NULL)
		abort();
	for (unsigned shift = PST_JOURNAL_BLOCK_BITS;
	     shift < PST_JOURNAL_BLOCK_BITS + 32; shift += 8) {
		size_t starts[257] = {0};
		uint64_t *swap = from;

		for (size_t i = 0; i < words->count; i++)
			starts[(from[i] >> shift & 255) + 1]++;
		for (size_t i = 1; i < 256; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < words->count; i++)
			to[starts[from[i] >> shift & 255]++] = from[i];
		from = to;
		to = swap;
	}
	/* After an even number of turns they are where they were. */
	free(other);
}

/* The word as the layout has it: without a block if there is only one. */
static uint64_t
laid_out(struct pst_journal_layout layout, uint64_t word)
{
	return word >> (PST_JOURNAL_BLOCK_BITS - layout.block_bits);
}

size_t
pst_journal_words_pack(const struct pst_journal_words *words, size_t at,
    struct pst_journal_layout layout, uint64_t bucket,
    struct pst_journal_octets *out)
{
	const unsigned bits = stored_bits(layout);
	uint64_t last = 0;

	out->len = 0;
	for (; at < words->count; at++) {
		const uint64_t word = laid_out(layout, words->ptr[at]);
		char stored[STORED_BYTES];

		if (word >> bits != bucket)
			break;
		if (out->len > 0 && word == last)
			continue;
		last = word;
		for (unsigned i = 0; i < STORED_BYTES; i++)
			stored[i] =
			    (char)(unsigned char)((word &
						      ((UINT64_C(1) << bits) -
							  1)) >>
				(8 * i));
		pst_journal_octets_add(
		    out, (struct pst_str){stored, sizeof(stored)});
	}
	return at;
}

uint64_t
pst_journal_words_bucket(struct pst_journal_layout layout, uint32_t hash)
{
	return hash >> (32 - layout.bucket_bits);
}

static uint64_t
stored_word(struct pst_str row, size_t at)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < STORED_BYTES; i++)
		word |= (uint64_t)(unsigned char)row.ptr[at * STORED_BYTES + i]
		    << (8 * i);
	return word;
}

uint64_t
pst_journal_words_find(
    struct pst_journal_layout layout, struct pst_str row, uint32_t hash)
{
	const uint64_t mask = (UINT64_C(1) << stored_bits(layout)) - 1;
	const uint64_t first = ((uint64_t)hash << layout.block_bits) & mask;
	const uint64_t block_count = UINT64_C(1) << layout.block_bits;
	size_t low = 0, high = row.len / STORED_BYTES;
	uint64_t blocks = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stored_word(row, middle) < first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < row.len / STORED_BYTES; low++) {
		uint64_t word = stored_word(row, low);

		if (word >= first + block_count)
			break;
		blocks |= UINT64_C(1) << (word & (block_count - 1));
	}
	return blocks;
}
