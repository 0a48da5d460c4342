/* SPDX-License-Identifier: BSD-2-Clause */

/* The tables, gateways and sums of the journals in the shared database. */

#include <stdlib.h>
#include <string.h>

#include "store/journal_shared.h"

#define VERSION 1
#define VERSION_TEXT "1"

/* What a hash takes in the index with its row, measured with bench/journal_share. */
#define HASH_BYTES 6

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS journal_gateway ("
    " id BIGINT NOT NULL PRIMARY KEY, file TEXT NOT NULL,"
    " name TEXT NOT NULL, since_s BIGINT NOT NULL, seen_s BIGINT NOT NULL,"
    " retention_s BIGINT NOT NULL, max_bytes BIGINT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS journal_stream ("
    " gateway BIGINT NOT NULL, stream BIGINT NOT NULL,"
    " next_block BIGINT NOT NULL, next_tail BIGINT NOT NULL,"
    " entries BIGINT NOT NULL, blocks BIGINT NOT NULL,"
    " bytes BIGINT NOT NULL, PRIMARY KEY (gateway, stream));"

    "CREATE TABLE IF NOT EXISTS journal_block ("
    " gateway BIGINT NOT NULL, stream BIGINT NOT NULL, id BIGINT NOT NULL,"
    " first_s BIGINT NOT NULL, last_s BIGINT NOT NULL,"
    " age_s BIGINT NOT NULL, raw_bytes BIGINT NOT NULL,"
    " entries BIGINT NOT NULL, bytes BIGINT NOT NULL,"
    " head BYTEA NOT NULL, body BYTEA NOT NULL,"
    " PRIMARY KEY (gateway, stream, id));"
    "CREATE INDEX IF NOT EXISTS journal_block_age"
    " ON journal_block (gateway, stream, age_s);"

    "CREATE TABLE IF NOT EXISTS journal_tail ("
    " gateway BIGINT NOT NULL, stream BIGINT NOT NULL,"
    " block BIGINT NOT NULL, id BIGINT NOT NULL, first_s BIGINT NOT NULL,"
    " last_s BIGINT NOT NULL, age_s BIGINT NOT NULL,"
    " raw_bytes BIGINT NOT NULL, entries BIGINT NOT NULL,"
    " head BYTEA NOT NULL, body BYTEA NOT NULL,"
    " PRIMARY KEY (gateway, stream, block, id));"

    "CREATE TABLE IF NOT EXISTS journal_idx ("
    " gateway BIGINT NOT NULL, stream BIGINT NOT NULL,"
    " bucket BIGINT NOT NULL, first BIGINT NOT NULL,"
    " first_s BIGINT NOT NULL, last_s BIGINT NOT NULL,"
    " hashes BYTEA NOT NULL,"
    " PRIMARY KEY (gateway, stream, bucket, first));"

    "INSERT INTO meta (name, value) VALUES ('journal', '" VERSION_TEXT "')"
    " ON CONFLICT DO NOTHING;";

bool
pst_shared_exists(struct pst_db *db, bool *exists, struct pst_err *err)
{
	static const char sql[] = "SELECT CAST(value AS BIGINT) FROM meta"
				  " WHERE name = 'journal'";
	int64_t version = 0;

	if (!pst_db_get_number(db, sql, NULL, 0, &version, exists, err))
		return false;
	return !*exists || version == VERSION ||
	    pst_err_set(err,
		"the journal in the shared database has version %lld, but this "
		"program knows version %d only; install the newer Postern "
		"here, too",
		(long long)version, VERSION);
}

bool
pst_shared_make(struct pst_db *db, struct pst_err *err)
{
	bool exists;

	if (!pst_shared_exists(db, &exists, err))
		return false;
	if (exists)
		return true;
	if (!pst_db_begin(db, err))
		return false;
	return pst_db_finish(db,
		   pst_db_lock(db, PST_DB_LOCK_EXCLUSIVE, err) &&
		       pst_db_script(db, tables, err),
		   err) &&
	    pst_shared_exists(db, &exists, err);
}

/* ---- transactions ---- */

/*
 * The row of the gateway is what transactions about the same one wait for. The
 * lock keeps others from bringing the tables forward meanwhile.
 */
static bool
lock_gateway(struct pst_db *db, const struct pst_shared_gateway *gateway,
    bool *gone, struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE journal_gateway SET seen_s ="
	    " CASE WHEN seen_s < $3 THEN $3 ELSE seen_s END"
	    " WHERE id = $1 AND file = $2";
	const struct pst_db_value values[] = {pst_db_int(gateway->id),
	    pst_db_text(gateway->file), pst_db_int(gateway->seen_s)};
	int64_t changed = 0;
	bool exists;

	if (!pst_db_lock(db, PST_DB_LOCK_SHARED, err) ||
	    !pst_shared_exists(db, &exists, err) ||
	    (exists &&
		!pst_db_run(db, sql, values, PST_COUNT(values), &changed, err)))
		return false;
	*gone = changed == 0;
	return true;
}

bool
pst_shared_begin(struct pst_db *db, const struct pst_shared_gateway *gateway,
    bool *gone, struct pst_err *err)
{
	bool ok;

	if (!pst_db_begin(db, err))
		return false;
	ok = lock_gateway(db, gateway, gone, err);
	if (!ok || *gone)
		pst_db_rollback(db);
	return ok;
}

/* ---- gateways ---- */

static void
copy_text(char *to, size_t size, struct pst_str text)
{
	text = pst_str_first(text, size - 1);
	memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
}

bool
pst_shared_read_gateway(struct pst_db *db, struct pst_shared_gateway *out)
{
	struct pst_str file = pst_db_column(db, 1);
	int64_t max_bytes = pst_db_number(db, 6);

	*out = (struct pst_shared_gateway){
	    .id = pst_db_number(db, 0),
	    .since_s = pst_db_number(db, 3),
	    .seen_s = pst_db_number(db, 4),
	    .limits = {.max_bytes = max_bytes < 0 ? 0 : (uint64_t)max_bytes,
		.retention_s = pst_db_number(db, 5)},
	};
	copy_text(out->file, sizeof(out->file), file);
	copy_text(out->name, sizeof(out->name), pst_db_column(db, 2));
	return pst_hex_decode(file, out->secret, sizeof(out->secret));
}

bool
pst_shared_gateways(struct pst_db *db, struct pst_shared_gateway **out,
    size_t *count, struct pst_err *err)
{
	static const char sql[] = "SELECT " PST_SHARED_GATEWAY
				  " FROM journal_gateway ORDER BY name, id";
	size_t capacity = 0;

	*out = NULL;
	*count = 0;
	if (!pst_db_select(db, sql, NULL, 0, err))
		return false;
	while (pst_db_next(db)) {
		if (*count == capacity) {
			capacity = capacity == 0 ? 16 : 2 * capacity;
			*out = realloc(*out, capacity * sizeof(**out));
			if (*out == NULL)
				abort();
		}
		if (pst_shared_read_gateway(db, &(*out)[*count]))
			++*count;
	}
	if (pst_db_end(db, err))
		return true;
	free(*out);
	*out = NULL;
	return false;
}

/* ---- the state of a stream ---- */

bool
pst_shared_state_read(const struct pst_shared_stream *stream,
    struct pst_shared_state *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT next_block, next_tail, entries, blocks, bytes"
	    " FROM journal_stream WHERE gateway = $1 AND stream = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(stream->gateway), pst_db_int(stream->stream)};
	struct pst_db *db = stream->db;
	bool found;

	*out = (struct pst_shared_state){.next_block = 0};
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	found = pst_db_next(db);
	if (found)
		*out = (struct pst_shared_state){
		    .next_block = pst_db_number(db, 0),
		    .next_tail = pst_db_number(db, 1),
		    .entries = pst_db_number(db, 2),
		    .blocks = pst_db_number(db, 3),
		    .bytes = pst_db_number(db, 4)};
	if (!pst_db_end(db, err))
		return false;
	return found ||
	    pst_err_set(err,
		"the journal in the shared database is damaged: a row of its "
		"table journal_stream is missing; delete this gateway's row "
		"from journal_gateway, and all is copied again");
}

bool
pst_shared_state_write(const struct pst_shared_stream *stream,
    const struct pst_shared_state *state, struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE journal_stream SET next_block = $3, next_tail = $4,"
	    " entries = $5, blocks = $6, bytes = $7"
	    " WHERE gateway = $1 AND stream = $2";
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(state->next_block),
	    pst_db_int(state->next_tail), pst_db_int(state->entries),
	    pst_db_int(state->blocks), pst_db_int(state->bytes)};

	return pst_db_run(
	    stream->db, sql, values, PST_COUNT(values), NULL, err);
}

/* ---- blocks ---- */

bool
pst_shared_put_block(const struct pst_shared_stream *stream, int64_t id,
    const struct pst_shared_unit *unit, struct pst_shared_state *state,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO journal_block (gateway, stream, id, first_s, last_s,"
	    " age_s, raw_bytes, entries, bytes, head, body)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	int64_t hashes, bytes;

	if (!pst_shared_index_block(stream, id, unit, &hashes, err))
		return false;
	bytes =
	    (int64_t)(unit->head.len + unit->body.len) + HASH_BYTES * hashes;
	state->blocks++;
	state->entries += unit->entries;
	state->bytes += bytes;
	return pst_db_run(stream->db, sql,
	    (struct pst_db_value[]){pst_db_int(stream->gateway),
		pst_db_int(stream->stream), pst_db_int(id),
		pst_db_int(unit->first_s), pst_db_int(unit->last_s),
		pst_db_int(unit->age_s), pst_db_int(unit->raw_bytes),
		pst_db_int(unit->entries), pst_db_int(bytes),
		pst_db_blob(unit->head), pst_db_blob(unit->body)},
	    11, NULL, err);
}

static bool
read_sums(const struct pst_shared_stream *stream, int64_t id, int64_t *entries,
    int64_t *bytes, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT entries, bytes FROM journal_block"
	    " WHERE gateway = $1 AND stream = $2 AND id = $3";
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(id)};

	*entries = *bytes = 0;
	if (!pst_db_select(stream->db, sql, values, PST_COUNT(values), err))
		return false;
	if (pst_db_next(stream->db)) {
		*entries = pst_db_number(stream->db, 0);
		*bytes = pst_db_number(stream->db, 1);
	}
	return pst_db_end(stream->db, err);
}

bool
pst_shared_take_block(const struct pst_shared_stream *stream, int64_t id,
    struct pst_shared_state *state, struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM journal_block"
	    " WHERE gateway = $1 AND stream = $2 AND id = $3";
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(id)};
	int64_t entries, bytes, deleted;

	if (!read_sums(stream, id, &entries, &bytes, err) ||
	    !pst_db_run(
		stream->db, sql, values, PST_COUNT(values), &deleted, err) ||
	    !pst_shared_index_drop_block(stream, id, err))
		return false;
	state->blocks -= deleted;
	state->entries -= entries;
	state->bytes -= bytes;
	return true;
}

bool
pst_shared_drop_block(const struct pst_shared_stream *stream, int64_t id,
    struct pst_shared_state *state, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COUNT(*) FROM journal_block WHERE gateway = $1"
	    " AND stream = $2 AND id >= $3 AND id < $4";
	const int64_t part = id / PST_JOURNAL_PART;
	const struct pst_db_value values[] = {pst_db_int(stream->gateway),
	    pst_db_int(stream->stream), pst_db_int(part * PST_JOURNAL_PART),
	    pst_db_int((part + 1) * PST_JOURNAL_PART)};
	int64_t left;

	return pst_shared_take_block(stream, id, state, err) &&
	    pst_db_get_number(
		stream->db, sql, values, PST_COUNT(values), &left, NULL, err) &&
	    (left > 0 || pst_shared_index_drop_part(stream, part, err));
}
