/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_share.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/journal_shared.h"
#include "store/open.h"

/* A turn begins no further transaction after this time. */
#define TURN_MS 5000

#define TRIM_MS 3600000

/* A file may fall behind so often; see renew(). */
#define BEHIND_S 3600

struct turn {
	struct pst_journal_share *share;
	struct pst_db *db;
	int64_t now_s; /* of the database */
	int64_t until_ms;
	bool more;
};

void
pst_journal_share_id(
    const struct pst_journal *journal, char id[PST_JOURNAL_ID_SIZE])
{
	for (size_t i = 0; i < PST_SIPHASH_KEY_BYTES; i++)
		(void)snprintf(
		    id + 2 * i, 3, "%02x", (unsigned)journal->secret[i]);
}

static bool
has_time(const struct turn *turn)
{
	return pst_clock_ms(&pst_clock_system) < turn->until_ms;
}

/* ---- who this is ---- */

static void
name_gateway(
    const struct pst_journal_share *share, char name[PST_JOURNAL_NAME_SIZE])
{
	memset(name, 0, PST_JOURNAL_NAME_SIZE);
	if (share->name != NULL)
		(void)snprintf(name, PST_JOURNAL_NAME_SIZE, "%s", share->name);
	else if (gethostname(name, PST_JOURNAL_NAME_SIZE - 1) == -1)
		name[0] = '\0';
}

/* The newest row of this file and name. */
static bool
find_gateway(struct pst_db *db, struct pst_shared_gateway *gateway, bool *found,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT " PST_SHARED_GATEWAY " FROM journal_gateway"
	    " WHERE file = $1 AND name = $2 ORDER BY id DESC LIMIT 1";
	const struct pst_db_value values[] = {
	    pst_db_text(gateway->file), pst_db_text(gateway->name)};
	struct pst_shared_gateway row;

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	*found = pst_db_next(db) && pst_shared_read_gateway(db, &row);
	if (*found)
		*gateway = row;
	return pst_db_end(db, err);
}

/* Inserts the rows of the streams; the copy begins at these places. */
static bool
insert_streams(struct turn *turn, struct pst_journal *journal,
    const struct pst_shared_gateway *gateway, bool from_now,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO journal_stream (gateway, stream, next_block,"
	    " next_tail, entries, blocks, bytes)"
	    " VALUES ($1, $2, $3, $4, 0, 0, 0)";

	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		struct pst_journal_state state = {.next_block = 0};

		if (from_now &&
		    !pst_journal_state_read(journal, i, &state, err))
			return false;
		if (!pst_db_run(turn->db, sql,
			(struct pst_db_value[]){pst_db_int(gateway->id),
			    pst_db_int(i), pst_db_int(state.next_block),
			    pst_db_int(state.next_tail)},
			4, NULL, err))
			return false;
	}
	return true;
}

/*
 * If the database knows the file under another name, or has seen it longer than
 * it is now, the copy begins with what comes next: the rest is there already.
 */
static bool
insert_gateway(struct turn *turn, struct pst_journal *journal,
    struct pst_shared_gateway *gateway, struct pst_err *err)
{
	static const char known_sql[] =
	    "SELECT COUNT(*) FROM journal_gateway WHERE file = $1";
	static const char id_sql[] =
	    "SELECT COALESCE(MAX(id), 0) + 1 FROM journal_gateway";
	static const char sql[] =
	    "INSERT INTO journal_gateway (" PST_SHARED_GATEWAY ")"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
	const struct pst_db_value file = pst_db_text(gateway->file);
	int64_t known;

	gateway->since_s = gateway->seen_s = turn->now_s;
	gateway->limits = turn->share->limits;
	return pst_db_get_number(
		   turn->db, known_sql, &file, 1, &known, NULL, err) &&
	    pst_db_get_number(
		turn->db, id_sql, NULL, 0, &gateway->id, NULL, err) &&
	    pst_db_run(turn->db, sql,
		(struct pst_db_value[]){pst_db_int(gateway->id), file,
		    pst_db_text(gateway->name), pst_db_int(gateway->since_s),
		    pst_db_int(gateway->seen_s),
		    pst_db_int(gateway->limits.retention_s),
		    pst_db_int((int64_t)gateway->limits.max_bytes)},
		7, NULL, err) &&
	    insert_streams(turn, journal, gateway, known > 0, err);
}

/* Numbers are given out by one process at a time. */
static bool
add_gateway(struct turn *turn, struct pst_journal *journal,
    struct pst_shared_gateway *gateway, struct pst_err *err)
{
	bool exists;

	if (!pst_db_begin(turn->db, err))
		return false;
	return pst_db_finish(turn->db,
	    pst_db_lock(turn->db, PST_DB_LOCK_EXCLUSIVE, err) &&
		pst_shared_exists(turn->db, &exists, err) &&
		insert_gateway(turn, journal, gateway, err),
	    err);
}

/* Another limit after a restart; others delete by it, too. */
static bool
update_limits(
    struct turn *turn, struct pst_shared_gateway *gateway, struct pst_err *err)
{
	static const char sql[] = "UPDATE journal_gateway SET retention_s = $2,"
				  " max_bytes = $3 WHERE id = $1";
	const struct pst_journal_limits *limits = &turn->share->limits;
	bool gone;

	if (gateway->limits.retention_s == limits->retention_s &&
	    gateway->limits.max_bytes == limits->max_bytes)
		return true;
	gateway->limits = *limits;
	if (!pst_shared_begin(turn->db, gateway, &gone, err))
		return false;
	return gone ||
	    pst_db_finish(turn->db,
		pst_db_run(turn->db, sql,
		    (struct pst_db_value[]){pst_db_int(gateway->id),
			pst_db_int(limits->retention_s),
			pst_db_int((int64_t)limits->max_bytes)},
		    3, NULL, err),
		err);
}

static bool
have_gateway(struct turn *turn, struct pst_journal *journal,
    struct pst_shared_gateway *gateway, struct pst_err *err)
{
	bool found;

	memcpy(gateway->secret, journal->secret, sizeof(gateway->secret));
	pst_journal_share_id(journal, gateway->file);
	name_gateway(turn->share, gateway->name);
	if (!find_gateway(turn->db, gateway, &found, err) ||
	    !(found ? update_limits(turn, gateway, err) :
		      add_gateway(turn, journal, gateway, err)))
		return false;
	if (gateway->seen_s < turn->now_s)
		gateway->seen_s = turn->now_s;
	return true;
}

/*
 * The file is behind what is in the database: it was restored from a backup. It
 * goes on as a new one. Two gateways that were given the same file would do that
 * in turns, and so they are told.
 */
static bool
renew(struct turn *turn, struct pst_journal *journal,
    struct pst_shared_gateway *gateway, struct pst_err *err)
{
	if (gateway->since_s > turn->now_s - BEHIND_S)
		return pst_err_set(err,
		    "the journal %s is older than what the shared database "
		    "has of it; if it was copied from another gateway, move it "
		    "away together with the files of the same name that end in "
		    "-wal and -shm, and a new one will be created",
		    turn->share->path);
	return add_gateway(turn, journal, gateway, err);
}

/* ---- a turn ---- */

static bool
copy_streams(struct turn *turn, struct pst_journal *journal,
    struct pst_shared_gateway *gateway, uint64_t *blocks, struct pst_err *err)
{
	struct pst_shared_copy copy = {.journal = journal,
	    .db = turn->db,
	    .gateway = gateway,
	    .now_s = turn->now_s};
	bool more = true;

	while (more && has_time(turn)) {
		more = false;
		/* What was refused comes first. */
		for (int64_t i = PST_JOURNAL_STREAMS - 1; i >= 0; i--) {
			if (!pst_shared_copy(&copy, i, err))
				return false;
			if (copy.behind)
				return renew(turn, journal, gateway, err);
			more = more || copy.more;
			if (copy.gone)
				return true;
		}
	}
	turn->more = turn->more || more;
	*blocks = copy.blocks;
	return true;
}

static bool
trim_gateway(struct turn *turn, const struct pst_shared_gateway *gateway,
    struct pst_err *err)
{
	struct pst_trusted_now now;
	bool more = true;

	turn->share->trusted.clock = &pst_clock_system;
	if (!pst_trusted_clock_ask(&turn->share->trusted, turn->db, &now, err))
		return false;
	while (more && has_time(turn)) {
		if (!pst_shared_trim(turn->db, gateway, now.now_s, &more, err))
			return false;
	}
	if (more)
		turn->share->trim_due_ms = 0;
	return true;
}

static bool
copy_file(struct turn *turn, struct pst_err *err)
{
	struct pst_shared_gateway gateway = {.id = 0};
	struct pst_journal *journal = pst_journal_open(
	    turn->share->path, PST_JOURNAL_READ, PST_STORE_PATIENCE_MS, err);
	uint64_t blocks = 0;
	bool ok;

	if (journal == NULL)
		return false;
	ok = have_gateway(turn, journal, &gateway, err) &&
	    copy_streams(turn, journal, &gateway, &blocks, err) &&
	    (blocks == 0 || trim_gateway(turn, &gateway, err));
	pst_journal_close(journal);
	return ok;
}

/* Those of other gateways, too, which may not be there any more. */
static bool
trim_all(struct turn *turn, struct pst_err *err)
{
	struct pst_shared_gateway *gateways;
	bool ok = true;
	size_t count;

	if (pst_clock_ms(&pst_clock_system) < turn->share->trim_due_ms)
		return true;
	turn->share->trim_due_ms = pst_clock_ms(&pst_clock_system) + TRIM_MS;
	if (!pst_shared_gateways(turn->db, &gateways, &count, err))
		return false;
	for (size_t i = 0; ok && i < count; i++)
		ok = trim_gateway(turn, &gateways[i], err);
	free(gateways);
	return ok;
}

static bool
has_file(const char *path)
{
	struct stat st;

	return path[0] != '\0' && stat(path, &st) == 0 && st.st_size > 0;
}

bool
pst_journal_share_turn(
    struct pst_journal_share *share, struct pst_db *db, struct pst_err *err)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);
	struct turn turn = {.share = share,
	    .db = db,
	    .now_s = pst_clock_epoch(&pst_clock_system),
	    .until_ms = now_ms + TURN_MS};

	if (now_ms < share->due_ms)
		return true;
	share->due_ms = now_ms + PST_JOURNAL_SHARE_MS;
	if (!pst_shared_make(db, err) ||
	    !pst_trusted_clock_server(db, &turn.now_s, err) ||
	    (has_file(share->path) && !copy_file(&turn, err)) ||
	    !trim_all(&turn, err))
		return false;
	if (turn.more)
		share->due_ms = 0;
	return true;
}

/* ---- figures ---- */

static bool
read_figures(struct pst_db *db, const struct pst_shared_gateway *gateway,
    struct pst_journal_share_figures *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT CAST(SUM(n) AS BIGINT), CAST(SUM(b) AS BIGINT),"
	    " CAST(COALESCE(MIN(f), 0) AS BIGINT),"
	    " CAST(COALESCE(MAX(l), 0) AS BIGINT) FROM"
	    " (SELECT SUM(entries) AS n, SUM(bytes) AS b, MIN(first_s) AS f,"
	    " MAX(last_s) AS l FROM journal_block WHERE gateway = $1"
	    " UNION ALL"
	    " SELECT SUM(entries), SUM(LENGTH(head) + LENGTH(body)),"
	    " MIN(first_s), MAX(last_s) FROM journal_tail"
	    " WHERE gateway = $1) AS parts";
	const struct pst_db_value value = pst_db_int(gateway->id);

	*out = (struct pst_journal_share_figures){.gateway = gateway->name,
	    .file = gateway->file,
	    .copied_s = gateway->seen_s};
	if (!pst_db_select(db, sql, &value, 1, err))
		return false;
	if (pst_db_next(db)) {
		out->entries = (uint64_t)pst_db_number(db, 0);
		out->bytes = (uint64_t)pst_db_number(db, 1);
		out->first_s = pst_db_number(db, 2);
		out->last_s = pst_db_number(db, 3);
	}
	return pst_db_end(db, err);
}

bool
pst_journal_share_figures(struct pst_db *db,
    struct pst_journal_share_reader reader, struct pst_err *err)
{
	struct pst_shared_gateway *gateways = NULL;
	bool exists, ok = true;
	size_t count = 0;

	if (!pst_shared_exists(db, &exists, err) ||
	    (exists && !pst_shared_gateways(db, &gateways, &count, err)))
		return false;
	for (size_t i = 0; ok && i < count; i++) {
		struct pst_journal_share_figures figures;

		ok = read_figures(db, &gateways[i], &figures, err);
		if (ok)
			reader.read(reader.arg, &figures);
	}
	free(gateways);
	return ok;
}
