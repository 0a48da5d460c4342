/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Taking an address out of the file. A part of a stream is one transaction, with
 * its index: so a search never sees one without the other, and whoever is
 * stopped in the middle may begin again. The tail is done together with the last
 * part, so that no entry moves into a block behind our back.
 */

#include "store/journal_index.h"
#include "store/journal_judge.h"
#include "store/journal_search.h"

struct rewrite {
	struct pst_journal *journal;
	struct pst_journal_judging judging;
	int64_t stream;
	struct pst_journal_state state;
	bool is_damaged; /* the unit at hand cannot be read */
};

/* ---- blocks ---- */

/* Reads a block into the old unit; *bytes is what it takes as stored. */
static bool
read_block(struct rewrite *work, int64_t id, bool *exists, int64_t *bytes,
    struct pst_err *err)
{
	static const char sql[] = "SELECT raw_bytes, entries, head, body"
				  " FROM block WHERE stream = $1 AND id = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(work->stream), pst_db_int(id)};
	struct pst_db *db = work->journal->db;

	pst_journal_unit_clear(&work->judging.old);
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	*exists = pst_db_next(db);
	if (*exists) {
		struct pst_str head = pst_db_octets(db, 2);
		struct pst_str body = pst_db_octets(db, 3);
		uint64_t raw_bytes = (uint64_t)pst_db_number(db, 0);

		work->judging.old.entries = (uint64_t)pst_db_number(db, 1);
		*bytes = (int64_t)(head.len + body.len);
		work->is_damaged = !pst_journal_unit_is_sound(head,
				       work->judging.old.entries, raw_bytes) ||
		    !pst_journal_unpack(work->journal->packer, body,
			(size_t)raw_bytes, &work->judging.old.body);
		if (!work->is_damaged)
			pst_journal_octets_add(&work->judging.old.head, head);
	}
	return pst_db_end(db, err);
}

/* Replaces a block by the fresh unit, or deletes it if that is empty. */
static bool
write_block(struct rewrite *work, int64_t id, struct pst_err *err)
{
	static const char delete_sql[] =
	    "DELETE FROM block WHERE stream = $1 AND id = $2";
	static const char sql[] =
	    "UPDATE block SET first_s = $3, last_s = $4, raw_bytes = $5,"
	    " entries = $6, head = $7, body = $8"
	    " WHERE stream = $1 AND id = $2";
	const struct pst_journal_unit *fresh = &work->judging.fresh;
	struct pst_journal *journal = work->journal;
	struct pst_db_value values[] = {pst_db_int(work->stream),
	    pst_db_int(id), pst_db_int(fresh->first_s),
	    pst_db_int(fresh->last_s), pst_db_int((int64_t)fresh->body.len),
	    pst_db_int((int64_t)fresh->entries),
	    pst_db_blob(pst_journal_octets_slice(&fresh->head)),
	    pst_db_blob(PST_STR(""))};

	if (fresh->entries == 0) {
		work->state.blocks--;
		return pst_db_run(
		    journal->db, delete_sql, values, 2, NULL, err);
	}
	pst_journal_pack(journal->packer,
	    pst_journal_octets_slice(&fresh->body), &journal->packed);
	values[7] = pst_db_blob(pst_journal_octets_slice(&journal->packed));
	work->state.entries += (int64_t)fresh->entries;
	work->state.raw_bytes += (int64_t)pst_journal_unit_bytes(fresh);
	work->state.bytes += (int64_t)(fresh->head.len + journal->packed.len);
	return pst_db_run(
	    journal->db, sql, values, PST_COUNT(values), NULL, err);
}

/*
 * A block that is damaged may hold the address, and nobody can read it: it is
 * deleted. *changed is set to true if the block is another one now.
 */
static bool
rewrite_block(
    struct rewrite *work, int64_t id, bool *changed, struct pst_err *err)
{
	int64_t bytes = 0;
	bool exists;

	if (!read_block(work, id, &exists, &bytes, err))
		return false;
	if (!exists)
		return true;
	if (work->is_damaged) {
		pst_journal_unit_clear(&work->judging.fresh);
		work->judging.changed = true;
	} else {
		pst_journal_judge_unit(&work->judging, work->stream);
	}
	if (!work->judging.changed)
		return true;
	*changed = true;
	work->state.entries -= (int64_t)work->judging.old.entries;
	work->state.raw_bytes -=
	    (int64_t)pst_journal_unit_bytes(&work->judging.old);
	work->state.bytes -= bytes;
	return write_block(work, id, err);
}

static bool
rewrite_part(struct rewrite *work, int64_t id, struct pst_err *err)
{
	const struct pst_journal_part part = {work->stream, id};
	const int64_t first = id * PST_JOURNAL_PART;
	bool is_complete = first + PST_JOURNAL_PART <= work->state.next_block;
	struct pst_journal_found found[PST_JOURNAL_PARTS];
	bool changed = false;

	found[0].blocks = UINT64_MAX;
	if (is_complete &&
	    !pst_journal_index_find(
		work->journal, part, &work->judging.hashes, found, err))
		return false;
	for (unsigned i = 0; i < PST_JOURNAL_PART; i++) {
		if ((found[0].blocks >> i & 1) != 0 &&
		    first + i < work->state.next_block &&
		    !rewrite_block(work, first + i, &changed, err))
			return false;
	}
	return !changed || !is_complete ||
	    (pst_journal_index_part(work->journal, part, err) &&
		pst_journal_index_drop(work->journal, part, err));
}

/* ---- the tail ---- */

static bool
rewrite_tail(struct rewrite *work, struct pst_err *err)
{
	struct pst_journal *journal = work->journal;

	pst_journal_unit_clear(&work->judging.old);
	if (!pst_journal_get_tail(
		journal, work->stream, &work->judging.old, err))
		return false;
	pst_journal_judge_unit(&work->judging, work->stream);
	/* A row that is damaged may hold the address, too. */
	if (!work->judging.changed &&
	    (int64_t)work->judging.old.entries == work->state.tail_entries)
		return true;
	if (!pst_journal_drop_tail(journal, work->stream, &work->state, err))
		return false;
	return work->judging.fresh.entries == 0 ||
	    pst_journal_put_tail(
		journal, work->stream, &work->state, &work->judging.fresh, err);
}

/* ---- all ---- */

/* One transaction. *more is false after the last one. */
static bool
step(struct rewrite *work, int64_t part, bool *more, struct pst_err *err)
{
	struct pst_journal *journal = work->journal;
	bool ok;

	if (!pst_db_begin(journal->db, err))
		return false;
	ok = pst_journal_state_read(journal, work->stream, &work->state, err);
	if (ok) {
		*more = (part + 1) * PST_JOURNAL_PART <= work->state.next_block;
		ok = rewrite_part(work, part, err) &&
		    (*more || rewrite_tail(work, err)) &&
		    pst_journal_state_write(
			journal, work->stream, &work->state, err);
	}
	return pst_db_finish(journal->db, ok, err);
}

static bool
rewrite_all(struct rewrite *work, struct pst_err *err)
{
	for (work->stream = 0; work->stream < PST_JOURNAL_STREAMS;
	     work->stream++) {
		bool more = true;

		for (int64_t part = 0; more; part++) {
			if (!step(work, part, &more, err))
				return false;
		}
	}
	return true;
}

/* What was deleted is overwritten in the file only when the log is in it. */
static bool
clean_log(struct pst_journal *journal, struct pst_err *err)
{
	bool empty;

	if (!pst_journal_empty_wal(journal, &empty, err))
		return false;
	return empty ||
	    pst_err_set(err,
		"the entries are deleted, but old octets are still in %s-wal "
		"because another program is reading the journal; run the "
		"command again when that has ended",
		journal->path);
}

bool
pst_journal_rewrite(struct pst_journal *journal,
    const struct pst_journal_key *key, struct pst_journal_judge judge,
    uint64_t *count, struct pst_err *err)
{
	struct rewrite work = {.journal = journal,
	    .judging = {.judge = judge, .secret = journal->secret}};
	bool ok;

	work.judging.hashes.values[0] = pst_journal_hash(journal->secret, key);
	work.judging.hashes.count = 1;
	ok = rewrite_all(&work, err) && clean_log(journal, err);
	*count = work.judging.count;
	pst_journal_judging_free(&work.judging);
	return ok;
}
