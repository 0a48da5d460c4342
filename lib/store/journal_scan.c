/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_scan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct pst_journal_scan {
	struct pst_journal *journal;
	const struct pst_journal_match *match;
	int64_t stream;
	struct pst_journal_unit tail; /* matching entries, from the beginning */
	int64_t next_block;           /* of the stream, at the beginning */
	bool tail_done;
	int64_t part;    /* the one that `blocks` belongs to */
	uint64_t blocks; /* of this part, that are still to be read */
	/* What the index says of some parts, from first_found on */
	struct pst_journal_found found[PST_JOURNAL_PARTS];
	int64_t first_found; /* a multiple of PST_JOURNAL_PARTS; or -1 */
	struct pst_journal_hand hand;
	uint64_t damaged;
};

/* Reads the tail and the number of blocks in one statement. */
static bool
read_tail(struct pst_journal_scan *scan, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT stream.next_block, tail.id, tail.entries, tail.head,"
	    " tail.body FROM stream LEFT JOIN tail"
	    " ON tail.stream = stream.stream WHERE stream.stream = $1"
	    " ORDER BY tail.id";
	struct pst_db *db = scan->journal->db;
	const struct pst_db_value value = pst_db_int(scan->stream);
	struct pst_journal_record record;
	struct pst_str head, body;

	if (!pst_db_select(db, sql, &value, 1, err))
		return false;
	while (!pst_journal_unit_is_full(&scan->tail) && pst_db_next(db)) {
		scan->next_block = pst_db_number(db, 0);
		if (pst_db_column(db, 1).len == 0)
			continue;
		if (!pst_journal_get_row(scan->journal, 2, &head, &body)) {
			scan->damaged++;
			continue;
		}
		while (!pst_journal_unit_is_full(&scan->tail) &&
		    pst_journal_unit_next(&head, &body, &record)) {
			if (pst_journal_matches(scan->match, &record))
				pst_journal_unit_copy(&scan->tail, &record);
		}
	}
	return pst_db_end(db, err);
}

struct pst_journal_scan *
pst_journal_scan_begin(struct pst_journal *journal, int64_t stream,
    const struct pst_journal_match *match, struct pst_err *err)
{
	struct pst_journal_scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		abort();
	scan->journal = journal;
	scan->stream = stream;
	scan->match = match;
	scan->first_found = -1;
	if (!read_tail(scan, err)) {
		pst_journal_scan_end(scan);
		return NULL;
	}
	if (scan->next_block < 0 ||
	    scan->next_block > INT64_MAX - 2 * PST_JOURNAL_PART)
		scan->next_block = 0;
	/* The first part that next_part() steps to is the first or the last. */
	scan->part = match->oldest_first ?
	    -1 :
	    (scan->next_block + PST_JOURNAL_PART - 1) / PST_JOURNAL_PART;
	return scan;
}

void
pst_journal_scan_end(struct pst_journal_scan *scan)
{
	if (scan == NULL)
		return;
	pst_journal_unit_free(&scan->tail);
	pst_journal_hand_free(&scan->hand);
	free(scan);
}

/* ---- the unit at hand ---- */

/* Reads the row that a selection is at: first_s, last_s, raw, entries, ... */
static void
read_row(struct pst_journal_scan *scan)
{
	struct pst_db *db = scan->journal->db;
	struct pst_str head;

	if (pst_db_number(db, 0) > scan->match->until_s ||
	    pst_db_number(db, 1) < scan->match->since_s)
		return;
	head = pst_db_octets(db, 4);
	if (!pst_journal_unit_is_sound(head, (uint64_t)pst_db_number(db, 3),
		(uint64_t)pst_db_number(db, 2))) {
		scan->damaged++;
		return;
	}
	/* SQLite reads the body only if it is asked for. */
	if (pst_journal_match_head(scan->match, head) &&
	    !pst_journal_hand_unpack(&scan->hand, scan->match,
		scan->journal->packer, head, pst_db_octets(db, 5)))
		scan->damaged++;
}

static bool
read_block(struct pst_journal_scan *scan, int64_t id, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT first_s, last_s, raw_bytes, entries, head, body FROM block"
	    " WHERE stream = $1 AND id = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(scan->stream), pst_db_int(id)};
	struct pst_db *db = scan->journal->db;

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	if (pst_db_next(db))
		read_row(scan);
	return pst_db_end(db, err);
}

/* ---- from unit to unit ---- */

/* Asks the index about the part at hand, and those around it. */
static bool
ask_index(struct pst_journal_scan *scan, struct pst_err *err)
{
	const struct pst_journal_match *match = scan->match;
	const int64_t first = scan->part - scan->part % PST_JOURNAL_PARTS;
	const struct pst_journal_found *found =
	    &scan->found[scan->part - first];

	if (first != scan->first_found &&
	    !pst_journal_index_find(scan->journal,
		(struct pst_journal_part){scan->stream, first}, &match->hashes,
		scan->found, err))
		return false;
	scan->first_found = first;
	scan->blocks =
	    found->first_s > match->until_s || found->last_s < match->since_s ?
	    0 :
	    found->blocks;
	return true;
}

/* Steps to the next part. The last one may not be complete: it has no index. */
static bool
next_part(struct pst_journal_scan *scan, bool *more, struct pst_err *err)
{
	scan->part += scan->match->oldest_first ? 1 : -1;
	*more =
	    scan->part >= 0 && scan->part * PST_JOURNAL_PART < scan->next_block;
	if (!*more)
		return true;
	if ((scan->part + 1) * PST_JOURNAL_PART <= scan->next_block)
		return ask_index(scan, err);
	scan->blocks =
	    (UINT64_C(1) << (scan->next_block % PST_JOURNAL_PART)) - 1;
	return true;
}

/* The number of the next block of the part. There is one. */
static unsigned
take_block(struct pst_journal_scan *scan)
{
	unsigned bit = scan->match->oldest_first ? 0 : PST_JOURNAL_PART - 1;

	while ((scan->blocks >> bit & 1) == 0)
		bit = scan->match->oldest_first ? bit + 1 : bit - 1;
	scan->blocks &= ~(UINT64_C(1) << bit);
	return bit;
}

/* Reads the next block with entries that match. False in *more: none is left. */
static bool
next_block(struct pst_journal_scan *scan, bool *more, struct pst_err *err)
{
	*more = true;
	while (scan->hand.count == 0) {
		if (scan->blocks == 0) {
			if (!next_part(scan, more, err))
				return false;
			if (!*more)
				return true;
			continue;
		}
		if (!read_block(scan,
			scan->part * PST_JOURNAL_PART + take_block(scan), err))
			return false;
	}
	return true;
}

static void
take_tail(struct pst_journal_scan *scan)
{
	const struct pst_journal_unit *tail = &scan->tail;

	scan->tail_done = true;
	pst_journal_hand_take(&scan->hand, scan->match,
	    (struct pst_str){tail->head.ptr, tail->head.len},
	    (struct pst_str){tail->body.ptr, tail->body.len});
}

static bool
next_unit(struct pst_journal_scan *scan, struct pst_err *err)
{
	bool more;

	scan->hand.count = scan->hand.at = 0;
	if (!scan->match->oldest_first && !scan->tail_done)
		take_tail(scan);
	if (!next_block(scan, &more, err))
		return false;
	if (!more && !scan->tail_done)
		take_tail(scan);
	return true;
}

bool
pst_journal_scan_next(struct pst_journal_scan *scan, struct pst_err *err)
{
	struct pst_journal_hand *hand = &scan->hand;

	if (hand->at < hand->count)
		hand->at++;
	return hand->at < hand->count || next_unit(scan, err);
}

const struct pst_journal_record *
pst_journal_scan_record(const struct pst_journal_scan *scan)
{
	return pst_journal_hand_record(&scan->hand, scan->match->oldest_first);
}

uint64_t
pst_journal_scan_damaged(const struct pst_journal_scan *scan)
{
	return scan->damaged;
}
