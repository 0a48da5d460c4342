/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Taking an address out of what is kept of all gateways. What was copied of the
 * tails comes first, and the blocks then: an entry only moves from there to
 * here. A part of a stream is one transaction, with its index.
 */

#include <stdlib.h>

#include "store/journal_judge.h"
#include "store/journal_shared.h"

struct forget {
	struct pst_db *db;
	struct pst_journal_packer *packer;
	struct pst_journal_octets packed;
	const struct pst_journal_key *key;
	struct pst_journal_judging judging;
	const struct pst_shared_gateway *gateway;
	struct pst_shared_stream stream;
	struct pst_shared_state state;
};

/*
 * Reads the unit of the row that a selection is at, whose columns from `first`
 * on are entries, raw_bytes, head and body, and judges it. One that is damaged
 * may hold the address, and nobody can read it: it becomes an empty one.
 */
static void
judge_row(struct forget *work, unsigned first)
{
	struct pst_journal_judging *judging = &work->judging;
	struct pst_str head = pst_db_octets(work->db, first + 2);
	uint64_t entries = (uint64_t)pst_db_number(work->db, first);
	uint64_t raw_bytes = (uint64_t)pst_db_number(work->db, first + 1);

	pst_journal_unit_clear(&judging->old);
	pst_journal_unit_clear(&judging->fresh);
	judging->changed = true;
	if (!pst_journal_unit_is_sound(head, entries, raw_bytes) ||
	    !pst_journal_unpack(work->packer,
		pst_db_octets(work->db, first + 3), (size_t)raw_bytes,
		&judging->old.body))
		return;
	pst_journal_octets_add(&judging->old.head, head);
	judging->old.entries = entries;
	pst_journal_judge_unit(judging, work->stream.stream);
}

/* What a row of the unit has: first_s, last_s, raw_bytes, entries, head, body. */
#define UNIT_VALUES 6
static void
write_values(struct forget *work, struct pst_db_value *out)
{
	const struct pst_journal_unit *fresh = &work->judging.fresh;

	pst_journal_pack(work->packer, pst_journal_octets_slice(&fresh->body),
	    &work->packed);
	out[0] = pst_db_int(fresh->first_s);
	out[1] = pst_db_int(fresh->last_s);
	out[2] = pst_db_int((int64_t)fresh->body.len);
	out[3] = pst_db_int((int64_t)fresh->entries);
	out[4] = pst_db_blob(pst_journal_octets_slice(&fresh->head));
	out[5] = pst_db_blob(pst_journal_octets_slice(&work->packed));
}

/* ---- tails ---- */

/* The place of a row of the tail; the next one is looked for after it. */
struct place {
	int64_t block, id;
	bool found;
};

static bool
judge_tail(struct forget *work, struct place *place, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT block, id, entries, raw_bytes, head, body"
	    " FROM journal_tail WHERE gateway = $1 AND stream = $2"
	    " AND (block, id) > ($3, $4) ORDER BY block, id LIMIT 1";
	const struct pst_db_value values[] = {pst_db_int(work->stream.gateway),
	    pst_db_int(work->stream.stream), pst_db_int(place->block),
	    pst_db_int(place->id)};

	if (!pst_db_select(work->db, sql, values, PST_COUNT(values), err))
		return false;
	place->found = pst_db_next(work->db);
	if (place->found) {
		place->block = pst_db_number(work->db, 0);
		place->id = pst_db_number(work->db, 1);
		judge_row(work, 2);
	}
	return pst_db_end(work->db, err);
}

static bool
write_tail(struct forget *work, const struct place *place, struct pst_err *err)
{
	static const char delete_sql[] =
	    "DELETE FROM journal_tail WHERE gateway = $1 AND stream = $2"
	    " AND block = $3 AND id = $4";
	static const char sql[] =
	    "UPDATE journal_tail SET first_s = $5, last_s = $6,"
	    " raw_bytes = $7, entries = $8, head = $9, body = $10"
	    " WHERE gateway = $1 AND stream = $2 AND block = $3 AND id = $4";
	struct pst_db_value values[4 + UNIT_VALUES] = {
	    pst_db_int(work->stream.gateway), pst_db_int(work->stream.stream),
	    pst_db_int(place->block), pst_db_int(place->id)};

	if (work->judging.fresh.entries == 0)
		return pst_db_run(work->db, delete_sql, values, 4, NULL, err);
	write_values(work, values + 4);
	return pst_db_run(work->db, sql, values, PST_COUNT(values), NULL, err);
}

static bool
rewrite_tails(struct forget *work, struct pst_err *err)
{
	struct place place = {-1, -1, true};

	while (place.found) {
		if (!judge_tail(work, &place, err))
			return false;
		if (place.found && work->judging.changed &&
		    !write_tail(work, &place, err))
			return false;
	}
	return true;
}

/* ---- blocks ---- */

static bool
judge_block(struct forget *work, int64_t id, bool *found, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT entries, raw_bytes, head, body FROM journal_block"
	    " WHERE gateway = $1 AND stream = $2 AND id = $3";
	const struct pst_db_value values[] = {pst_db_int(work->stream.gateway),
	    pst_db_int(work->stream.stream), pst_db_int(id)};

	if (!pst_db_select(work->db, sql, values, PST_COUNT(values), err))
		return false;
	*found = pst_db_next(work->db);
	if (*found)
		judge_row(work, 0);
	return pst_db_end(work->db, err);
}

/* Puts the fresh unit in the block's place. Its age stays. */
static bool
replace_block(struct forget *work, int64_t id, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT age_s FROM journal_block"
	    " WHERE gateway = $1 AND stream = $2 AND id = $3";
	const struct pst_db_value place[] = {pst_db_int(work->stream.gateway),
	    pst_db_int(work->stream.stream), pst_db_int(id)};
	const struct pst_journal_unit *fresh = &work->judging.fresh;
	struct pst_shared_unit unit = {.first_s = fresh->first_s,
	    .last_s = fresh->last_s,
	    .raw_bytes = (int64_t)fresh->body.len,
	    .entries = (int64_t)fresh->entries,
	    .head = pst_journal_octets_slice(&fresh->head)};

	pst_journal_pack(work->packer, pst_journal_octets_slice(&fresh->body),
	    &work->packed);
	unit.body = pst_journal_octets_slice(&work->packed);
	return pst_db_get_number(work->db, sql, place, PST_COUNT(place),
		   &unit.age_s, NULL, err) &&
	    pst_shared_take_block(&work->stream, id, &work->state, err) &&
	    (fresh->entries == 0 ||
		pst_shared_put_block(
		    &work->stream, id, &unit, &work->state, err));
}

/* Blocks of a part, which are bits. */
static bool
rewrite_part(
    struct forget *work, int64_t part, uint64_t blocks, struct pst_err *err)
{
	const int64_t first = part * PST_JOURNAL_PART;
	bool changed = false, found;

	for (int64_t i = 0; i < PST_JOURNAL_PART; i++) {
		if ((blocks >> i & 1) == 0)
			continue;
		if (!judge_block(work, first + i, &found, err))
			return false;
		if (!found || !work->judging.changed)
			continue;
		changed = true;
		if (!replace_block(work, first + i, err))
			return false;
	}
	/* The rows of the whole part still have the hashes. */
	return !changed || first + PST_JOURNAL_PART > work->state.next_block ||
	    (pst_shared_index_drop_part(&work->stream, part, err) &&
		pst_shared_index_part(&work->stream, part, err));
}

/* ---- all ---- */

/* One transaction: the tails, or a part. The gateway may be gone by now. */
static bool
step(struct forget *work, int64_t part, struct pst_err *err)
{
	struct pst_journal_found found[PST_JOURNAL_PARTS];
	bool gone, ok;

	if (!pst_shared_begin(work->db, work->gateway, &gone, err))
		return false;
	if (gone)
		return true;
	ok = pst_shared_state_read(&work->stream, &work->state, err);
	if (part < 0)
		ok = ok && rewrite_tails(work, err);
	else
		ok = ok &&
		    pst_shared_index_find(&work->stream, part,
			&work->judging.hashes, found, err) &&
		    rewrite_part(work, part, found[0].blocks, err);
	return pst_db_finish(work->db,
	    ok && pst_shared_state_write(&work->stream, &work->state, err),
	    err);
}

/* The first block that is left, and the one that comes next. */
static bool
find_range(
    struct forget *work, int64_t *first, int64_t *next, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COALESCE(MIN(id), 0) FROM journal_block"
	    " WHERE gateway = $1 AND stream = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(work->stream.gateway), pst_db_int(work->stream.stream)};

	if (!pst_shared_state_read(&work->stream, &work->state, err))
		return false;
	*next = work->state.next_block;
	return pst_db_get_number(
	    work->db, sql, values, PST_COUNT(values), first, NULL, err);
}

static bool
rewrite_stream(struct forget *work, struct pst_err *err)
{
	struct pst_journal_found found[PST_JOURNAL_PARTS];
	int64_t first, next;

	if (!step(work, -1, err) || !find_range(work, &first, &next, err))
		return false;
	for (int64_t part = first / PST_JOURNAL_PART;
	     part * PST_JOURNAL_PART < next; part += PST_JOURNAL_PARTS) {
		if (!pst_shared_index_find(
			&work->stream, part, &work->judging.hashes, found, err))
			return false;
		for (int64_t i = 0; i < PST_JOURNAL_PARTS; i++) {
			if (found[i].blocks != 0 && !step(work, part + i, err))
				return false;
		}
	}
	return true;
}

static bool
rewrite_gateway(struct forget *work, const struct pst_shared_gateway *gateway,
    struct pst_err *err)
{
	work->gateway = gateway;
	work->judging.secret = gateway->secret;
	work->judging.hashes.values[0] =
	    pst_journal_hash(gateway->secret, work->key);
	work->judging.hashes.count = 1;
	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		work->stream =
		    (struct pst_shared_stream){work->db, gateway->id, i};
		if (!rewrite_stream(work, err))
			return false;
	}
	return true;
}

/* Deleted rows are overwritten or given to other rows. */
static bool
clean(struct pst_db *db, struct pst_err *err)
{
	struct pst_err why;

	if (pst_db_is_shared(db) ?
		pst_db_script(db, "VACUUM journal_block", &why) &&
		    pst_db_script(db, "VACUUM journal_tail", &why) &&
		    pst_db_script(db, "VACUUM journal_idx", &why) :
		pst_db_script(db, "VACUUM", &why))
		return true;
	return pst_err_set(err,
	    "the entries are deleted from the shared database, but it could "
	    "not be told to clean its tables, which it does on its own later: "
	    "%s",
	    why.text);
}

static bool
rewrite_all(struct forget *work, struct pst_err *err)
{
	struct pst_shared_gateway *gateways = NULL;
	bool exists, ok = true;
	size_t count = 0;

	if (!pst_shared_exists(work->db, &exists, err) ||
	    (exists && !pst_shared_gateways(work->db, &gateways, &count, err)))
		return false;
	for (size_t i = 0; ok && i < count; i++)
		ok = rewrite_gateway(work, &gateways[i], err);
	free(gateways);
	return ok;
}

bool
pst_journal_share_forget(struct pst_db *db, const struct pst_journal_key *key,
    struct pst_journal_judge judge, uint64_t *count, struct pst_err *err)
{
	struct forget work = {
	    .db = db, .key = key, .judging = {.judge = judge}};
	bool ok;

	work.packer = pst_journal_packer_new();
	ok = rewrite_all(&work, err) &&
	    (work.judging.count == 0 || clean(db, err));
	*count = work.judging.count;
	pst_journal_judging_free(&work.judging);
	pst_journal_packer_free(work.packer);
	free(work.packed.ptr);
	return ok;
}
