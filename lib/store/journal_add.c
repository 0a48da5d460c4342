/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Adding entries. A row of the tail is what one call has added. When a call
 * would make the tail of a stream a block long, the tail and the new entries
 * become blocks at once, and what is left over is the new tail.
 */

#include <time.h>

#include "store/journal_file.h"
#include "store/journal_index.h"

/* How often the log is tried to be emptied, and the pause between two tries. */
#define TRIES 20
static const struct timespec pause_time = {0, 20000000};

bool
pst_journal_put_block(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, const struct pst_journal_unit *unit,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO block (stream, id, first_s, last_s, raw_bytes,"
	    " entries, head, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
	int64_t id = state->next_block;
	struct pst_db_value values[] = {pst_db_int(stream), pst_db_int(id),
	    pst_db_int(unit->first_s), pst_db_int(unit->last_s),
	    pst_db_int((int64_t)unit->body.len),
	    pst_db_int((int64_t)unit->entries),
	    pst_db_blob(pst_journal_octets_slice(&unit->head)),
	    pst_db_blob(PST_STR(""))};

	pst_journal_pack(journal->packer, pst_journal_octets_slice(&unit->body),
	    &journal->packed);
	values[7] = pst_db_blob(pst_journal_octets_slice(&journal->packed));
	if (!pst_db_run(journal->db, sql, values, PST_COUNT(values), NULL, err))
		return false;
	state->next_block++;
	state->blocks++;
	state->entries += (int64_t)unit->entries;
	state->bytes += (int64_t)(unit->head.len + journal->packed.len);
	state->raw_bytes += (int64_t)pst_journal_unit_bytes(unit);
	return state->next_block % PST_JOURNAL_PART != 0 ||
	    pst_journal_index_part(journal,
		(struct pst_journal_part){stream, id / PST_JOURNAL_PART}, err);
}

bool
pst_journal_put_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, const struct pst_journal_unit *unit,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO tail (stream, id, first_s, last_s, entries, head,"
	    " body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
	const struct pst_db_value values[] = {pst_db_int(stream),
	    pst_db_int(state->next_tail), pst_db_int(unit->first_s),
	    pst_db_int(unit->last_s), pst_db_int((int64_t)unit->entries),
	    pst_db_blob(pst_journal_octets_slice(&unit->head)),
	    pst_db_blob(pst_journal_octets_slice(&unit->body))};

	if (!pst_db_run(journal->db, sql, values, PST_COUNT(values), NULL, err))
		return false;
	state->next_tail++;
	state->tail_entries += (int64_t)unit->entries;
	state->tail_bytes += (int64_t)pst_journal_unit_bytes(unit);
	return true;
}

bool
pst_journal_get_row(struct pst_journal *journal, unsigned first,
    struct pst_str *head, struct pst_str *body)
{
	uint64_t entries = (uint64_t)pst_db_number(journal->db, first);

	*head = pst_db_octets(journal->db, first + 1);
	*body = pst_db_octets(journal->db, first + 2);
	return pst_journal_unit_is_sound(*head, entries, body->len);
}

bool
pst_journal_get_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_unit *out, struct pst_err *err)
{
	static const char sql[] = "SELECT entries, head, body FROM tail"
				  " WHERE stream = $1 ORDER BY id";
	const struct pst_db_value value = pst_db_int(stream);
	struct pst_journal_record record;
	struct pst_str head, body;

	if (!pst_db_select(journal->db, sql, &value, 1, err))
		return false;
	/* A sound file's tail is not full. */
	while (!pst_journal_unit_is_full(out) && pst_db_next(journal->db)) {
		if (!pst_journal_get_row(journal, 0, &head, &body))
			continue;
		while (!pst_journal_unit_is_full(out) &&
		    pst_journal_unit_next(&head, &body, &record))
			pst_journal_unit_copy(out, &record);
	}
	return pst_db_end(journal->db, err);
}

bool
pst_journal_drop_tail(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, struct pst_err *err)
{
	static const char sql[] = "DELETE FROM tail WHERE stream = $1";
	const struct pst_db_value value = pst_db_int(stream);

	state->tail_entries = state->tail_bytes = 0;
	return pst_db_run(journal->db, sql, &value, 1, NULL, err);
}

/* Makes blocks of the tail and the new entries, and a tail of the rest. */
static bool
make_blocks(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *state, struct pst_err *err)
{
	const struct pst_journal_unit *fresh = &journal->fresh[stream];
	struct pst_journal_unit *whole = &journal->whole;
	struct pst_str head = pst_journal_octets_slice(&fresh->head),
		       body = pst_journal_octets_slice(&fresh->body);
	struct pst_journal_record record;
	bool ok;

	pst_journal_unit_clear(whole);
	ok = pst_journal_get_tail(journal, stream, whole, err) &&
	    pst_journal_drop_tail(journal, stream, state, err);
	while (ok && pst_journal_unit_next(&head, &body, &record)) {
		if (pst_journal_unit_is_full(whole)) {
			ok = pst_journal_put_block(
			    journal, stream, state, whole, err);
			pst_journal_unit_clear(whole);
		}
		pst_journal_unit_copy(whole, &record);
	}
	if (!ok || whole->entries == 0)
		return ok;
	return pst_journal_unit_is_full(whole) ?
	    pst_journal_put_block(journal, stream, state, whole, err) :
	    pst_journal_put_tail(journal, stream, state, whole, err);
}

static bool
add_stream(struct pst_journal *journal, int64_t stream, struct pst_err *err)
{
	const struct pst_journal_unit *fresh = &journal->fresh[stream];
	struct pst_journal_state state;
	uint64_t entries, bytes;

	if (fresh->entries == 0)
		return true;
	if (!pst_journal_state_read(journal, stream, &state, err))
		return false;
	if (fresh->last_s > state.newest_s)
		state.newest_s = fresh->last_s;
	entries = (uint64_t)state.tail_entries + fresh->entries;
	bytes = (uint64_t)state.tail_bytes + pst_journal_unit_bytes(fresh);
	return (entries >= PST_JOURNAL_BLOCK_ENTRIES ||
			   bytes >= PST_JOURNAL_BLOCK_BYTES ?
		       make_blocks(journal, stream, &state, err) :
		       pst_journal_put_tail(
			   journal, stream, &state, fresh, err)) &&
	    pst_journal_state_write(journal, stream, &state, err);
}

/*
 * Several busy processes can keep each other from emptying the log in passing,
 * so it is emptied on purpose when it is half as long as it may be. That fails
 * while another process is doing the same, too.
 */
static bool
check_wal(struct pst_journal *journal, struct pst_err *err)
{
	bool empty;

	if (pst_journal_wal_bytes(journal) <= PST_JOURNAL_WAL_BYTES / 2)
		return true;
	for (unsigned i = 0; i < TRIES; i++) {
		if (!pst_journal_empty_wal(journal, &empty, err))
			return false;
		if (empty ||
		    pst_journal_wal_bytes(journal) <= PST_JOURNAL_WAL_BYTES)
			return true;
		/* SQLite does not wait for another that empties it. */
		(void)nanosleep(&pause_time, NULL);
	}
	return pst_err_set(err,
	    "journal %s: a program that reads it has kept its log from "
	    "being emptied; stop that program",
	    journal->path);
}

bool
pst_journal_add(struct pst_journal *journal,
    const struct pst_journal_entry *entries, size_t count, struct pst_err *err)
{
	bool ok = true;

	if (!check_wal(journal, err))
		return false;
	for (size_t i = 0; i < PST_JOURNAL_STREAMS; i++)
		pst_journal_unit_clear(&journal->fresh[i]);
	for (size_t i = 0; i < count; i++)
		pst_journal_unit_add(&journal->fresh[entries[i].stream],
		    journal->secret, &entries[i]);
	if (!pst_db_begin(journal->db, err))
		return false;
	for (int64_t i = 0; ok && i < PST_JOURNAL_STREAMS; i++)
		ok = add_stream(journal, i, err);
	return pst_db_finish(journal->db, ok, err);
}
