/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_share_lane.h"

#include <stdlib.h>

/*
 * Rows of the tail that are kept, packed; there are more only if blocks have not
 * been copied for long. Those that would be shown first are kept.
 */
#define MAX_TAIL_BYTES (16 * 1024 * 1024)

/* A row of the tail, in the octets of the lane. */
struct row {
	size_t at, head_len, body_len;
};

struct pst_shared_lane {
	struct pst_shared_stream stream;
	const struct pst_shared_gateway *gateway;
	struct pst_journal_match match;
	/* Rows of the tail that have an entry that matches, in their order */
	struct pst_journal_octets octets;
	struct row *rows;
	size_t row_count, next_row;
	int64_t low, high; /* blocks that are left: low <= id < high */
	/* With keys: the part at hand, its blocks, and what the index says */
	int64_t part;
	uint64_t blocks;
	struct pst_journal_found found[PST_JOURNAL_PARTS];
	int64_t first_found; /* a multiple of PST_JOURNAL_PARTS; or -1 */
	bool parts_begun, parts_done;
	struct pst_journal_hand hand;
	uint64_t damaged;
};

/* ---- the beginning ---- */

static void
keep_row(struct pst_shared_lane *lane, struct pst_str head, struct pst_str body)
{
	/* The number of rows grows by powers of two. */
	if ((lane->row_count & (lane->row_count - 1)) == 0) {
		lane->rows = realloc(lane->rows,
		    (lane->row_count == 0 ? 1 : 2 * lane->row_count) *
			sizeof(lane->rows[0]));
		if (lane->rows == NULL)
			abort();
	}
	lane->rows[lane->row_count++] =
	    (struct row){lane->octets.len, head.len, body.len};
	pst_journal_octets_add(&lane->octets, head);
	pst_journal_octets_add(&lane->octets, body);
}

/* Reads the row that a selection is at. */
static void
read_tail_row(struct pst_shared_lane *lane)
{
	struct pst_db *db = lane->stream.db;
	struct pst_str head;

	lane->high = pst_db_number(db, 0);
	lane->low = pst_db_number(db, 1);
	if (pst_db_number(db, 2) == 0)
		return;
	head = pst_db_octets(db, 4);
	if (!pst_journal_unit_is_sound(head, (uint64_t)pst_db_number(db, 2),
		(uint64_t)pst_db_number(db, 3)))
		lane->damaged++;
	else if (pst_journal_match_head(&lane->match, head))
		keep_row(lane, head, pst_db_octets(db, 5));
}

#define TAIL_SQL(order)                                                        \
	"SELECT s.next_block, (SELECT COALESCE(MIN(id), 0)"                    \
	" FROM journal_block WHERE gateway = $1 AND stream = $2),"             \
	" t.entries, t.raw_bytes, t.head, t.body"                              \
	" FROM journal_stream s LEFT JOIN journal_tail t"                      \
	" ON t.gateway = s.gateway AND t.stream = s.stream"                    \
	" WHERE s.gateway = $1 AND s.stream = $2"                              \
	" ORDER BY t.block " order ", t.id " order

static bool
read_tail(struct pst_shared_lane *lane, struct pst_err *err)
{
	static const char oldest_sql[] = TAIL_SQL("ASC");
	static const char newest_sql[] = TAIL_SQL("DESC");
	const struct pst_db_value values[] = {
	    pst_db_int(lane->stream.gateway), pst_db_int(lane->stream.stream)};
	struct pst_db *db = lane->stream.db;

	if (!pst_db_select(db,
		lane->match.oldest_first ? oldest_sql : newest_sql, values,
		PST_COUNT(values), err))
		return false;
	while (lane->octets.len < MAX_TAIL_BYTES && pst_db_next(db))
		read_tail_row(lane);
	return pst_db_end(db, err);
}

static struct pst_journal_match
match_of(const struct pst_shared_gateway *gateway,
    const struct pst_journal_query *query)
{
	struct pst_journal_match match = {
	    .since_s = query->since_s == 0 ? INT64_MIN : query->since_s,
	    .until_s = query->until_s == 0 ? INT64_MAX : query->until_s,
	    .oldest_first = query->oldest_first};

	for (size_t i = 0; i < query->key_count && i < PST_JOURNAL_MAX_KEYS;
	     i++)
		match.hashes.values[match.hashes.count++] =
		    pst_journal_hash(gateway->secret, &query->keys[i]);
	return match;
}

struct pst_shared_lane *
pst_shared_lane_begin(const struct pst_shared_stream *stream,
    const struct pst_shared_gateway *gateway,
    const struct pst_journal_query *query, struct pst_err *err)
{
	struct pst_shared_lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		abort();
	lane->stream = *stream;
	lane->gateway = gateway;
	lane->match = match_of(gateway, query);
	lane->first_found = -1;
	if (!read_tail(lane, err)) {
		pst_shared_lane_end(lane);
		return NULL;
	}
	if (lane->low < 0 || lane->high > INT64_MAX / 2)
		lane->low = lane->high = 0;
	return lane;
}

void
pst_shared_lane_end(struct pst_shared_lane *lane)
{
	if (lane == NULL)
		return;
	free(lane->octets.ptr);
	free(lane->rows);
	pst_journal_hand_free(&lane->hand);
	free(lane);
}

/* ---- blocks ---- */

/* Reads the row that a selection is at: id, entries, raw_bytes, head, body. */
static void
read_block_row(struct pst_shared_lane *lane, struct pst_journal_packer *packer)
{
	struct pst_db *db = lane->stream.db;
	struct pst_str head = pst_db_octets(db, 3);

	if (!pst_journal_unit_is_sound(head, (uint64_t)pst_db_number(db, 1),
		(uint64_t)pst_db_number(db, 2)) ||
	    (pst_journal_match_head(&lane->match, head) &&
		!pst_journal_hand_unpack(&lane->hand, &lane->match, packer,
		    head, pst_db_octets(db, 4))))
		lane->damaged++;
}

/*
 * Reads the next block with those times, of those from first to last, and leaves
 * only what comes after it. *found is false if there is none.
 */
static bool
read_block(struct pst_shared_lane *lane, struct pst_journal_packer *packer,
    int64_t first, int64_t last, struct pst_err *err)
{
#define SQL(order)                                                             \
	"SELECT id, entries, raw_bytes, head, body FROM journal_block"         \
	" WHERE gateway = $1 AND stream = $2 AND id >= $3 AND id <= $4"        \
	" AND first_s <= $5 AND last_s >= $6 ORDER BY id " order " LIMIT 1"
	static const char oldest_sql[] = SQL("ASC");
	static const char newest_sql[] = SQL("DESC");
#undef SQL
	const bool oldest_first = lane->match.oldest_first;
	const struct pst_db_value values[] = {pst_db_int(lane->stream.gateway),
	    pst_db_int(lane->stream.stream), pst_db_int(first),
	    pst_db_int(last), pst_db_int(lane->match.until_s),
	    pst_db_int(lane->match.since_s)};
	struct pst_db *db = lane->stream.db;
	int64_t id = oldest_first ? last : first;

	if (!pst_db_select(db, oldest_first ? oldest_sql : newest_sql, values,
		PST_COUNT(values), err))
		return false;
	if (pst_db_next(db)) {
		id = pst_db_number(db, 0);
		read_block_row(lane, packer);
	}
	if (oldest_first)
		lane->low = id + 1;
	else
		lane->high = id;
	return pst_db_end(db, err);
}

/* ---- by the index ---- */

/* Asks the index about the part at hand, and those around it. */
static bool
ask_index(struct pst_shared_lane *lane, struct pst_err *err)
{
	const int64_t first = lane->part - lane->part % PST_JOURNAL_PARTS;
	const struct pst_journal_found *found =
	    &lane->found[lane->part - first];

	if (first != lane->first_found &&
	    !pst_shared_index_find(
		&lane->stream, first, &lane->match.hashes, lane->found, err))
		return false;
	lane->first_found = first;
	lane->blocks = found->first_s > lane->match.until_s ||
		found->last_s < lane->match.since_s ?
	    0 :
	    found->blocks;
	return true;
}

/* Steps to the next part that may have a block. */
static bool
next_part(struct pst_shared_lane *lane, struct pst_err *err)
{
	const bool oldest_first = lane->match.oldest_first;
	const int64_t first = lane->low / PST_JOURNAL_PART;
	const int64_t last = (lane->high - 1) / PST_JOURNAL_PART;

	if (!lane->parts_begun)
		lane->part = oldest_first ? first : last;
	else
		lane->part += oldest_first ? 1 : -1;
	lane->parts_begun = true;
	lane->parts_done =
	    lane->low >= lane->high || lane->part < first || lane->part > last;
	return lane->parts_done || ask_index(lane, err);
}

/* The number of the next block of the part. There is one. */
static int64_t
take_block(struct pst_shared_lane *lane)
{
	const bool oldest_first = lane->match.oldest_first;
	unsigned bit = oldest_first ? 0 : PST_JOURNAL_PART - 1;

	while ((lane->blocks >> bit & 1) == 0)
		bit = oldest_first ? bit + 1 : bit - 1;
	lane->blocks &= ~(UINT64_C(1) << bit);
	return lane->part * PST_JOURNAL_PART + bit;
}

/* Reads blocks until one has entries that match. */
static bool
next_block(struct pst_shared_lane *lane, struct pst_journal_packer *packer,
    struct pst_err *err)
{
	while (lane->hand.count == 0 && lane->low < lane->high) {
		int64_t id;

		if (lane->match.hashes.count == 0) {
			if (!read_block(
				lane, packer, lane->low, lane->high - 1, err))
				return false;
			continue;
		}
		if (lane->parts_done)
			return true;
		if (lane->blocks == 0) {
			if (!next_part(lane, err))
				return false;
			continue;
		}
		id = take_block(lane);
		/* A later one was copied after the beginning. */
		if (id >= lane->low && id < lane->high &&
		    !read_block(lane, packer, id, id, err))
			return false;
	}
	return true;
}

/* ---- from unit to unit ---- */

static void
next_tail(struct pst_shared_lane *lane, struct pst_journal_packer *packer)
{
	while (lane->hand.count == 0 && lane->next_row < lane->row_count) {
		const struct row *row = &lane->rows[lane->next_row++];
		const char *at = lane->octets.ptr + row->at;

		if (!pst_journal_hand_unpack(&lane->hand, &lane->match, packer,
			(struct pst_str){at, row->head_len},
			(struct pst_str){at + row->head_len, row->body_len}))
			lane->damaged++;
	}
}

bool
pst_shared_lane_next(struct pst_shared_lane *lane,
    struct pst_journal_packer *packer, struct pst_err *err)
{
	struct pst_journal_hand *hand = &lane->hand;

	if (hand->at < hand->count)
		hand->at++;
	if (hand->at < hand->count)
		return true;
	hand->count = hand->at = 0;
	if (!lane->match.oldest_first)
		next_tail(lane, packer);
	if (!next_block(lane, packer, err))
		return false;
	next_tail(lane, packer);
	return true;
}

const struct pst_journal_record *
pst_shared_lane_record(const struct pst_shared_lane *lane)
{
	return pst_journal_hand_record(&lane->hand, lane->match.oldest_first);
}

const struct pst_shared_gateway *
pst_shared_lane_gateway(const struct pst_shared_lane *lane)
{
	return lane->gateway;
}

int64_t
pst_shared_lane_stream(const struct pst_shared_lane *lane)
{
	return lane->stream.stream;
}

uint64_t
pst_shared_lane_damaged(const struct pst_shared_lane *lane)
{
	return lane->damaged;
}
