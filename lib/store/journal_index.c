/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_index.h"

#include <stdlib.h>
#include <string.h>

/*
 * A word is a hash, shifted left, and in its lowest bits the block. Its highest
 * bits are the bucket, and the four octets below are what is stored.
 */
#define BLOCK_BITS 6
#define BUCKET_BITS 7
#define STORED_BITS (32 + BLOCK_BITS - BUCKET_BITS)
#define STORED_MASK ((UINT64_C(1) << STORED_BITS) - 1)
#define STORED_BYTES 4

_Static_assert(STORED_BITS <= 8 * STORED_BYTES, "bits that are stored");
_Static_assert(PST_JOURNAL_PART == 1 << BLOCK_BITS, "bits of a block");
_Static_assert(PST_JOURNAL_BUCKETS == 1 << BUCKET_BITS, "bits of a bucket");

/* What is gathered of a part. */
struct words {
	uint64_t *ptr;
	size_t count, capacity;
	int64_t first_s, last_s;
	bool has_block;
};

static void
add_word(struct words *words, uint64_t word)
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

static void
add_head(struct words *words, struct pst_str head, unsigned block)
{
	struct pst_journal_record record;
	struct pst_str none = {NULL, 0};

	while (pst_journal_unit_next(&head, &none, &record)) {
		for (size_t i = 0; i < record.hash_count; i++)
			add_word(words,
			    (uint64_t)pst_journal_record_hash(&record, i)
				    << BLOCK_BITS |
				block);
	}
}

static void
note_times(struct words *words, int64_t first_s, int64_t last_s)
{
	if (!words->has_block || first_s < words->first_s)
		words->first_s = first_s;
	if (!words->has_block || last_s > words->last_s)
		words->last_s = last_s;
	words->has_block = true;
}

/*
 * Sorts by the hash, an octet a turn. What has the same hash stays in the order
 * of the blocks.
 */
static void
sort_words(struct words *words)
{
	uint64_t *from = words->ptr, *to, *other;

	if (words->count == 0)
		return;
	other = to = malloc(words->count * sizeof(*to));
	if (to == NULL)
		abort();
	for (unsigned shift = BLOCK_BITS; shift < BLOCK_BITS + 32; shift += 8) {
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

/* Writes the words of one bucket, each once. Returns where the next begins. */
static size_t
pack_bucket(const struct words *words, size_t at, uint64_t bucket,
    struct pst_journal_octets *out)
{
	out->len = 0;
	for (; at < words->count && words->ptr[at] >> STORED_BITS == bucket;
	     at++) {
		const uint64_t word = words->ptr[at] & STORED_MASK;
		char stored[STORED_BYTES];

		if (out->len > 0 && words->ptr[at] == words->ptr[at - 1])
			continue;
		for (unsigned i = 0; i < STORED_BYTES; i++)
			stored[i] = (char)(unsigned char)(word >> (8 * i));
		pst_journal_octets_add(
		    out, (struct pst_str){stored, sizeof(stored)});
	}
	return at;
}

static bool
write_rows(struct pst_journal *journal, struct pst_journal_part part,
    const struct words *words, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO idx (stream, part, bucket, first_s, last_s, hashes)"
	    " VALUES ($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT (stream, bucket, part) DO UPDATE SET"
	    " first_s = excluded.first_s, last_s = excluded.last_s,"
	    " hashes = excluded.hashes";
	struct pst_journal_octets octets = {NULL, 0, 0};
	size_t at = 0;
	bool ok = true;

	for (unsigned i = 0; ok && i < PST_JOURNAL_BUCKETS; i++) {
		at = pack_bucket(words, at, i, &octets);
		ok = pst_db_run(journal->db, sql,
		    (struct pst_db_value[]){pst_db_int(part.stream),
			pst_db_int(part.id), pst_db_int(i),
			pst_db_int(words->first_s), pst_db_int(words->last_s),
			pst_db_blob((struct pst_str){octets.ptr, octets.len})},
		    6, NULL, err);
	}
	free(octets.ptr);
	return ok;
}

/* A block whose head is damaged has no keys, and is found by time only. */
static bool
gather(struct pst_journal *journal, struct pst_journal_part part,
    struct words *words, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT id, first_s, last_s, entries, head FROM block"
	    " WHERE stream = $1 AND id >= $2 AND id < $3 ORDER BY id";
	const int64_t first = part.id * PST_JOURNAL_PART;
	const struct pst_db_value values[] = {pst_db_int(part.stream),
	    pst_db_int(first), pst_db_int(first + PST_JOURNAL_PART)};

	if (!pst_db_select(journal->db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(journal->db)) {
		struct pst_str head = pst_db_octets(journal->db, 4);
		uint64_t entries = (uint64_t)pst_db_number(journal->db, 3);

		note_times(words, pst_db_number(journal->db, 1),
		    pst_db_number(journal->db, 2));
		if (entries <= PST_JOURNAL_BLOCK_ENTRIES &&
		    head.len <= PST_JOURNAL_MAX_UNIT)
			add_head(words, head,
			    (unsigned)(pst_db_number(journal->db, 0) - first));
	}
	return pst_db_end(journal->db, err);
}

bool
pst_journal_index_part(struct pst_journal *journal,
    struct pst_journal_part part, struct pst_err *err)
{
	struct words words = {.ptr = NULL};
	bool ok = gather(journal, part, &words, err);

	if (ok) {
		sort_words(&words);
		ok = write_rows(journal, part, &words, err);
	}
	free(words.ptr);
	return ok;
}

bool
pst_journal_index_drop(struct pst_journal *journal,
    struct pst_journal_part part, struct pst_err *err)
{
	static const char count_sql[] =
	    "SELECT COUNT(*) FROM block"
	    " WHERE stream = $1 AND id >= $2 AND id < $3";
	static const char sql[] =
	    "DELETE FROM idx"
	    " WHERE stream = $1 AND bucket = $2 AND part = $3";
	const int64_t first = part.id * PST_JOURNAL_PART;
	struct pst_db_value values[] = {pst_db_int(part.stream),
	    pst_db_int(first), pst_db_int(first + PST_JOURNAL_PART)};
	int64_t count;

	if (!pst_db_get_number(journal->db, count_sql, values,
		PST_COUNT(values), &count, NULL, err))
		return false;
	for (int64_t i = 0; count == 0 && i < PST_JOURNAL_BUCKETS; i++) {
		values[1] = pst_db_int(i);
		values[2] = pst_db_int(part.id);
		if (!pst_db_run(
			journal->db, sql, values, PST_COUNT(values), NULL, err))
			return false;
	}
	return true;
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

/* Returns the blocks that a row names for a hash, as bits. */
static uint64_t
blocks_of(struct pst_str row, uint32_t hash)
{
	const uint64_t first = ((uint64_t)hash << BLOCK_BITS) & STORED_MASK;
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

		if (word >= first + PST_JOURNAL_PART)
			break;
		blocks |= UINT64_C(1) << (word & (PST_JOURNAL_PART - 1));
	}
	return blocks;
}

/* Keeps of the blocks found so far those that have this hash, too. */
static bool
find_hash(struct pst_journal *journal, struct pst_journal_part first,
    const uint32_t *hash, struct pst_journal_found out[PST_JOURNAL_PARTS],
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT part, first_s, last_s, hashes FROM idx"
	    " WHERE stream = $1 AND bucket = $2 AND part >= $3 AND part < $4";
	const struct pst_db_value values[] = {pst_db_int(first.stream),
	    pst_db_int(hash == NULL ? 0 : *hash >> (32 - BUCKET_BITS)),
	    pst_db_int(first.id), pst_db_int(first.id + PST_JOURNAL_PARTS)};
	uint64_t blocks[PST_JOURNAL_PARTS] = {0};

	if (!pst_db_select(journal->db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(journal->db)) {
		size_t at = (size_t)(pst_db_number(journal->db, 0) - first.id);

		out[at].first_s = pst_db_number(journal->db, 1);
		out[at].last_s = pst_db_number(journal->db, 2);
		blocks[at] = hash == NULL ?
		    UINT64_MAX :
		    blocks_of(pst_db_octets(journal->db, 3), *hash);
	}
	for (size_t i = 0; i < PST_JOURNAL_PARTS; i++)
		out[i].blocks &= blocks[i];
	return pst_db_end(journal->db, err);
}

bool
pst_journal_index_find(struct pst_journal *journal,
    struct pst_journal_part first, const struct pst_journal_hashes *hashes,
    struct pst_journal_found out[PST_JOURNAL_PARTS], struct pst_err *err)
{
	for (size_t i = 0; i < PST_JOURNAL_PARTS; i++)
		out[i] = (struct pst_journal_found){.blocks = UINT64_MAX};
	if (hashes->count == 0)
		return find_hash(journal, first, NULL, out, err);
	for (size_t i = 0; i < hashes->count; i++) {
		if (!find_hash(journal, first, &hashes->values[i], out, err))
			return false;
	}
	return true;
}
