/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_index.h"

#include <stdlib.h>

#include "store/journal_words.h"

#define BUCKET_BITS 7

_Static_assert(PST_JOURNAL_BUCKETS == 1 << BUCKET_BITS, "bits of a bucket");

static const struct pst_journal_layout layout = {
    .bucket_bits = BUCKET_BITS, .block_bits = PST_JOURNAL_BLOCK_BITS};

/* What is gathered of a part. */
struct words {
	struct pst_journal_words all;
	int64_t first_s, last_s;
	bool has_block;
};

static void
note_times(struct words *words, int64_t first_s, int64_t last_s)
{
	if (!words->has_block || first_s < words->first_s)
		words->first_s = first_s;
	if (!words->has_block || last_s > words->last_s)
		words->last_s = last_s;
	words->has_block = true;
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
		at =
		    pst_journal_words_pack(&words->all, at, layout, i, &octets);
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
			pst_journal_words_add(&words->all, head,
			    (unsigned)(pst_db_number(journal->db, 0) - first));
	}
	return pst_db_end(journal->db, err);
}

bool
pst_journal_index_part(struct pst_journal *journal,
    struct pst_journal_part part, struct pst_err *err)
{
	struct words words = {.has_block = false};
	bool ok = gather(journal, part, &words, err);

	if (ok) {
		pst_journal_words_sort(&words.all);
		ok = write_rows(journal, part, &words, err);
	}
	free(words.all.ptr);
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
	    pst_db_int(hash == NULL ?
		    0 :
		    (int64_t)pst_journal_words_bucket(layout, *hash)),
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
		    pst_journal_words_find(
			layout, pst_db_octets(journal->db, 3), *hash);
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
