/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "store/journal_shared.h"
#include "store/journal_words.h"

/* Rows of one statement, and the values before their hashes. */
#define ROWS 16
#define VALUES 6

_Static_assert(VALUES + ROWS <= PST_DB_MAX_VALUES, "values of a statement");
_Static_assert(PST_SHARED_YOUNG == ROWS, "rows of a block");
_Static_assert(PST_SHARED_OLD % ROWS == 0, "rows of a part");

static const struct pst_journal_layout young = {.bucket_bits = 4,
					   .block_bits = 0},
				       old = {.bucket_bits = 10,
					   .block_bits =
					       PST_JOURNAL_BLOCK_BITS};

_Static_assert(PST_SHARED_YOUNG == 1 << 4, "buckets of a block");
_Static_assert(PST_SHARED_OLD == 1 << 10, "buckets of a part");

/* Young rows have the buckets after those of old ones. */
#define YOUNG_BUCKET PST_SHARED_OLD

/* Sixteen buckets from that of the value $3 on. */
#define BUCKET(n) "CAST($3 AS BIGINT) + " #n
#define BUCKETS                                                                                                                     \
	"(" BUCKET(0) "," BUCKET(1) "," BUCKET(2) "," BUCKET(3) "," BUCKET(4) "," BUCKET(5) "," BUCKET(6) "," BUCKET(7) "," BUCKET( \
	    8) "," BUCKET(9) "," BUCKET(10) "," BUCKET(11) "," BUCKET(12) "," BUCKET(13) "," BUCKET(14) "," BUCKET(15) ")"

/* ---- writing ---- */

struct rows {
	const struct pst_shared_stream *stream;
	const struct pst_journal_words *words;
	struct pst_journal_layout layout;
	int64_t first_bucket; /* of the table */
	int64_t first, first_s, last_s;
};

static bool
write_rows(const struct rows *rows, struct pst_err *err)
{
#define ROW(n, hashes) "($1, $2, " BUCKET(n) ", $4, $5, $6, $" #hashes ")"
	static const char sql[] =
	    "INSERT INTO journal_idx"
	    " (gateway, stream, bucket, first, first_s, last_s, hashes)"
	    " VALUES " ROW(0, 7) "," ROW(1, 8) "," ROW(2, 9) "," ROW(
		3, 10) "," ROW(4, 11) "," ROW(5, 12) "," ROW(6, 13) "," ROW(7,
		14) "," ROW(8, 15) "," ROW(9, 16) "," ROW(10, 17) "," ROW(11,
		18) "," ROW(12, 19) "," ROW(13, 20) "," ROW(14, 21) "," ROW(15,
		22) " ON CONFLICT (gateway, stream, bucket, first) DO UPDATE SET"
		    " first_s = excluded.first_s, last_s = excluded.last_s,"
		    " hashes = excluded.hashes";
#undef ROW
	const uint64_t buckets = UINT64_C(1) << rows->layout.bucket_bits;
	struct pst_journal_octets packed[ROWS] = {{NULL, 0, 0}};
	size_t at = 0;
	bool ok = true;

	for (uint64_t bucket = 0; ok && bucket < buckets; bucket += ROWS) {
		struct pst_db_value values[VALUES + ROWS] = {
		    pst_db_int(rows->stream->gateway),
		    pst_db_int(rows->stream->stream),
		    pst_db_int(rows->first_bucket + (int64_t)bucket),
		    pst_db_int(rows->first), pst_db_int(rows->first_s),
		    pst_db_int(rows->last_s)};

		for (size_t i = 0; i < ROWS; i++) {
			at = pst_journal_words_pack(rows->words, at,
			    rows->layout, bucket + i, &packed[i]);
			values[VALUES + i] = pst_db_blob(
			    (struct pst_str){packed[i].ptr, packed[i].len});
		}
		ok = pst_db_run(rows->stream->db, sql, values,
		    PST_COUNT(values), NULL, err);
	}
	for (size_t i = 0; i < ROWS; i++)
		free(packed[i].ptr);
	return ok;
}

bool
pst_shared_index_block(const struct pst_shared_stream *stream, int64_t id,
    const struct pst_shared_unit *unit, int64_t *hashes, struct pst_err *err)
{
	struct pst_journal_words words = {.ptr = NULL};
	const struct rows rows = {.stream = stream,
	    .words = &words,
	    .layout = young,
	    .first_bucket = YOUNG_BUCKET,
	    .first = id,
	    .first_s = unit->first_s,
	    .last_s = unit->last_s};
	bool ok;

	pst_journal_words_add(&words, unit->head, 0);
	pst_journal_words_sort(&words);
	*hashes = (int64_t)words.count;
	ok = write_rows(&rows, err);
	free(words.ptr);
	return ok;
}

/* Of blocks from first to last. */
static bool
drop_young(const struct pst_shared_stream *stream, int64_t first, int64_t last,
    struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM journal_idx WHERE gateway = $1 AND stream = $2"
	    " AND bucket IN " BUCKETS " AND first >= $4 AND first <= $5";
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(YOUNG_BUCKET),
	    pst_db_int(first), pst_db_int(last)};

	return pst_db_run(
	    stream->db, sql, values, PST_COUNT(values), NULL, err);
}

bool
pst_shared_index_drop_block(
    const struct pst_shared_stream *stream, int64_t id, struct pst_err *err)
{
	return drop_young(stream, id, id, err);
}

/* Adds the hashes of a part's blocks to the words of rows. */
static bool
gather(struct rows *rows, struct pst_journal_words *words, bool *found,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT id, first_s, last_s, entries, raw_bytes, head"
	    " FROM journal_block WHERE gateway = $1 AND stream = $2"
	    " AND id >= $3 AND id < $4 ORDER BY id";
	const struct pst_db_value values[] = {pst_db_int(rows->stream->gateway),
	    pst_db_int(rows->stream->stream), pst_db_int(rows->first),
	    pst_db_int(rows->first + PST_JOURNAL_PART)};
	struct pst_db *db = rows->stream->db;

	*found = false;
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(db)) {
		struct pst_str head = pst_db_octets(db, 5);
		int64_t first_s = pst_db_number(db, 1);
		int64_t last_s = pst_db_number(db, 2);

		if (!*found || first_s < rows->first_s)
			rows->first_s = first_s;
		if (!*found || last_s > rows->last_s)
			rows->last_s = last_s;
		*found = true;
		/* A damaged head has no keys. */
		if (pst_journal_unit_is_sound(head,
			(uint64_t)pst_db_number(db, 3),
			(uint64_t)pst_db_number(db, 4)))
			pst_journal_words_add(words, head,
			    (unsigned)(pst_db_number(db, 0) - rows->first));
	}
	return pst_db_end(db, err);
}

bool
pst_shared_index_part(
    const struct pst_shared_stream *stream, int64_t part, struct pst_err *err)
{
	const int64_t first = part * PST_JOURNAL_PART;
	struct pst_journal_words words = {.ptr = NULL};
	struct rows rows = {
	    .stream = stream, .words = &words, .layout = old, .first = first};
	bool found, ok;

	ok = gather(&rows, &words, &found, err);
	if (ok && found) {
		pst_journal_words_sort(&words);
		ok = write_rows(&rows, err) &&
		    drop_young(
			stream, first, first + PST_JOURNAL_PART - 1, err);
	}
	free(words.ptr);
	return ok;
}

bool
pst_shared_index_drop_part(
    const struct pst_shared_stream *stream, int64_t part, struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM journal_idx WHERE gateway = $1 AND stream = $2"
	    " AND bucket IN " BUCKETS " AND first = $4";

	for (int64_t bucket = 0; bucket < PST_SHARED_OLD; bucket += ROWS) {
		const struct pst_db_value values[] = {
		    pst_db_int(stream->gateway), pst_db_int(stream->stream),
		    pst_db_int(bucket), pst_db_int(part * PST_JOURNAL_PART)};

		if (!pst_db_run(
			stream->db, sql, values, PST_COUNT(values), NULL, err))
			return false;
	}
	return true;
}

/* ---- finding ---- */

/* What a row names of a part, as bits. */
static uint64_t
blocks_of(struct pst_db *db, uint32_t hash)
{
	struct pst_str hashes = pst_db_octets(db, 4);
	int64_t first = pst_db_number(db, 1);

	if (pst_db_number(db, 0) < YOUNG_BUCKET)
		return pst_journal_words_find(old, hashes, hash);
	return pst_journal_words_find(young, hashes, hash)
	    << (first % PST_JOURNAL_PART);
}

/* Keeps of the blocks found so far those that have this hash, too. */
static bool
find_hash(const struct pst_shared_stream *stream, int64_t first_part,
    uint32_t hash, struct pst_journal_found out[PST_JOURNAL_PARTS],
    struct pst_err *err)
{
	/* One statement: a block is seen young or old, and not missed between. */
	static const char sql[] =
	    "SELECT bucket, first, first_s, last_s, hashes FROM journal_idx"
	    " WHERE gateway = $1 AND stream = $2 AND bucket IN ($3, $4)"
	    " AND first >= $5 AND first < $6";
	const int64_t first = first_part * PST_JOURNAL_PART;
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream),
	    pst_db_int((int64_t)pst_journal_words_bucket(old, hash)),
	    pst_db_int(
		YOUNG_BUCKET + (int64_t)pst_journal_words_bucket(young, hash)),
	    pst_db_int(first),
	    pst_db_int(first + PST_JOURNAL_PARTS * PST_JOURNAL_PART)};
	uint64_t blocks[PST_JOURNAL_PARTS] = {0};
	struct pst_db *db = stream->db;

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(db)) {
		size_t at =
		    (size_t)((pst_db_number(db, 1) - first) / PST_JOURNAL_PART);
		uint64_t found = blocks_of(db, hash);

		if (found == 0)
			continue;
		if (blocks[at] == 0 || pst_db_number(db, 2) < out[at].first_s)
			out[at].first_s = pst_db_number(db, 2);
		if (blocks[at] == 0 || pst_db_number(db, 3) > out[at].last_s)
			out[at].last_s = pst_db_number(db, 3);
		blocks[at] |= found;
	}
	for (size_t i = 0; i < PST_JOURNAL_PARTS; i++)
		out[i].blocks &= blocks[i];
	return pst_db_end(db, err);
}

bool
pst_shared_index_find(const struct pst_shared_stream *stream,
    int64_t first_part, const struct pst_journal_hashes *hashes,
    struct pst_journal_found out[PST_JOURNAL_PARTS], struct pst_err *err)
{
	for (size_t i = 0; i < PST_JOURNAL_PARTS; i++)
		out[i] = (struct pst_journal_found){.blocks = UINT64_MAX};
	for (size_t i = 0; i < hashes->count; i++) {
		if (!find_hash(stream, first_part, hashes->values[i], out, err))
			return false;
	}
	return true;
}
