/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/journal_file.h"
#include "store/keyed_file.h"

/* No sane file has numbers beyond this, and sums of them do not overflow. */
#define MAX_NUMBER (INT64_C(1) << 53)

/*
 * The freed pages of this file can be given back to the disk, in steps: when
 * max-size is lowered, the file becomes smaller.
 */
static const char prepare[] = "PRAGMA auto_vacuum = INCREMENTAL; VACUUM";

/*
 * An entry that was moved from the tail into a block, or was deleted, leaves no
 * octets in free pages, so forgetting an address need not look for any.
 */
static const char settings[] = "PRAGMA secure_delete = ON";

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS meta ("
    " name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS stream ("
    " stream BIGINT NOT NULL PRIMARY KEY, next_block BIGINT NOT NULL,"
    " next_tail BIGINT NOT NULL, blocks BIGINT NOT NULL,"
    " entries BIGINT NOT NULL, bytes BIGINT NOT NULL,"
    " raw_bytes BIGINT NOT NULL, tail_entries BIGINT NOT NULL,"
    " tail_bytes BIGINT NOT NULL, newest_s BIGINT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS tail ("
    " stream BIGINT NOT NULL, id BIGINT NOT NULL, first_s BIGINT NOT NULL,"
    " last_s BIGINT NOT NULL, entries BIGINT NOT NULL, head BYTEA NOT NULL,"
    " body BYTEA NOT NULL, PRIMARY KEY (stream, id));"

    "CREATE TABLE IF NOT EXISTS block ("
    " stream BIGINT NOT NULL, id BIGINT NOT NULL, first_s BIGINT NOT NULL,"
    " last_s BIGINT NOT NULL, raw_bytes BIGINT NOT NULL,"
    " entries BIGINT NOT NULL, head BYTEA NOT NULL, body BYTEA NOT NULL,"
    " PRIMARY KEY (stream, id));"
    "CREATE INDEX IF NOT EXISTS block_last ON block (stream, last_s);"

    "CREATE TABLE IF NOT EXISTS idx ("
    " stream BIGINT NOT NULL, part BIGINT NOT NULL, bucket BIGINT NOT NULL,"
    " first_s BIGINT NOT NULL, last_s BIGINT NOT NULL,"
    " hashes BYTEA NOT NULL, PRIMARY KEY (stream, bucket, part));"

    "INSERT INTO stream VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
    " ON CONFLICT DO NOTHING;"
    "INSERT INTO stream VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
    " ON CONFLICT DO NOTHING;";

static const struct pst_keyed_kind kind = {
    .name = "journal",
    .what = "journal",
    .missing = "there is no journal",
    .made = "with the first message",
    .move = ", or set another path",
    .version = 1,
    .table_names = "'meta', 'stream', 'tail', 'block', 'idx'",
    .table_count = 5,
    .settings = settings,
    .prepare = prepare,
    .tables = tables,
};

struct pst_journal *
pst_journal_open(const char *path, enum pst_journal_access access,
    unsigned patience_ms, struct pst_err *err)
{
	struct pst_journal *journal = calloc(1, sizeof(*journal));
	struct pst_keyed_file file = {.kind = &kind};

	if (journal == NULL || (journal->path = strdup(path)) == NULL)
		abort();
	journal->packer = pst_journal_packer_new();
	file.path = journal->path;
	if (!pst_keyed_file_open(&file,
		access == PST_JOURNAL_READ ? PST_DB_READ : PST_DB_CREATE,
		patience_ms, err)) {
		pst_journal_close(journal);
		return NULL;
	}
	journal->db = file.db;
	memcpy(journal->secret, file.secret, sizeof(journal->secret));
	return journal;
}

void
pst_journal_close(struct pst_journal *journal)
{
	if (journal == NULL)
		return;
	pst_db_close(journal->db);
	pst_journal_packer_free(journal->packer);
	for (size_t i = 0; i < PST_JOURNAL_STREAMS; i++)
		pst_journal_unit_free(&journal->fresh[i]);
	pst_journal_unit_free(&journal->whole);
	free(journal->packed.ptr);
	free(journal->path);
	free(journal);
}

bool
pst_journal_is_alive(const struct pst_journal *journal)
{
	return pst_db_is_alive(journal->db);
}

/* ---- the state of a stream ---- */

#define STATE_NUMBERS 9

bool
pst_journal_state_read(struct pst_journal *journal, int64_t stream,
    struct pst_journal_state *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT next_block, next_tail, blocks, entries, bytes, raw_bytes,"
	    " tail_entries, tail_bytes, newest_s FROM stream WHERE stream = $1";
	const struct pst_db_value value = pst_db_int(stream);
	int64_t numbers[STATE_NUMBERS];
	bool good;

	if (!pst_db_select(journal->db, sql, &value, 1, err))
		return false;
	good = pst_db_next(journal->db);
	for (unsigned i = 0; good && i < STATE_NUMBERS; i++) {
		numbers[i] = pst_db_number(journal->db, i);
		good = numbers[i] <= MAX_NUMBER && numbers[i] >= -MAX_NUMBER;
	}
	if (!pst_db_end(journal->db, err))
		return false;
	if (!good || numbers[0] < 0 || numbers[1] < 0)
		return pst_keyed_file_damaged(&kind, journal->path, err);
	*out = (struct pst_journal_state){.next_block = numbers[0],
	    .next_tail = numbers[1],
	    .blocks = numbers[2],
	    .entries = numbers[3],
	    .bytes = numbers[4],
	    .raw_bytes = numbers[5],
	    .tail_entries = numbers[6],
	    .tail_bytes = numbers[7],
	    .newest_s = numbers[8]};
	return true;
}

bool
pst_journal_state_write(struct pst_journal *journal, int64_t stream,
    const struct pst_journal_state *state, struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE stream SET next_block = $2, next_tail = $3, blocks = $4,"
	    " entries = $5, bytes = $6, raw_bytes = $7, tail_entries = $8,"
	    " tail_bytes = $9, newest_s = $10 WHERE stream = $1";
	const struct pst_db_value values[] = {pst_db_int(stream),
	    pst_db_int(state->next_block), pst_db_int(state->next_tail),
	    pst_db_int(state->blocks), pst_db_int(state->entries),
	    pst_db_int(state->bytes), pst_db_int(state->raw_bytes),
	    pst_db_int(state->tail_entries), pst_db_int(state->tail_bytes),
	    pst_db_int(state->newest_s)};

	return pst_db_run(
	    journal->db, sql, values, PST_COUNT(values), NULL, err);
}

/* ---- sizes ---- */

uint64_t
pst_journal_wal_bytes(const struct pst_journal *journal)
{
	char name[4104];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s-wal", journal->path);
	return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

bool
pst_journal_size(struct pst_journal *journal, struct pst_journal_size *out,
    struct pst_err *err)
{
	static const char *const questions[] = {
	    "PRAGMA page_size", "PRAGMA page_count", "PRAGMA freelist_count"};
	int64_t numbers[PST_COUNT(questions)];

	for (size_t i = 0; i < PST_COUNT(questions); i++) {
		if (!pst_db_get_number(journal->db, questions[i], NULL, 0,
			&numbers[i], NULL, err))
			return false;
	}
	out->used_bytes = (uint64_t)((numbers[1] - numbers[2]) * numbers[0]);
	out->free_bytes = (uint64_t)(numbers[2] * numbers[0]);
	return true;
}

bool
pst_journal_empty_wal(
    struct pst_journal *journal, bool *empty, struct pst_err *err)
{
	static const char sql[] = "PRAGMA wal_checkpoint(TRUNCATE)";
	int64_t busy = 1;

	if (!pst_db_get_number(journal->db, sql, NULL, 0, &busy, NULL, err))
		return false;
	*empty = busy == 0;
	return true;
}

/* The oldest or newest times, as the order of arrival has them. */
static bool
find_time(struct pst_journal *journal, const char *sql, int64_t stream,
    int64_t *out, struct pst_err *err)
{
	const struct pst_db_value value = pst_db_int(stream);

	*out = 0;
	return pst_db_get_number(journal->db, sql, &value, 1, out, NULL, err);
}

static bool
find_times(struct pst_journal *journal, int64_t stream, int64_t *first_s,
    int64_t *last_s, struct pst_err *err)
{
	static const char first_block[] =
	    "SELECT first_s FROM block"
	    " WHERE stream = $1 ORDER BY id LIMIT 1";
	static const char last_block[] =
	    "SELECT last_s FROM block"
	    " WHERE stream = $1 ORDER BY id DESC LIMIT 1";
	static const char first_tail[] =
	    "SELECT COALESCE(MIN(first_s), 0) FROM tail WHERE stream = $1";
	static const char last_tail[] =
	    "SELECT COALESCE(MAX(last_s), 0) FROM tail WHERE stream = $1";
	int64_t tail_first_s, tail_last_s;

	if (!find_time(journal, first_block, stream, first_s, err) ||
	    !find_time(journal, last_block, stream, last_s, err) ||
	    !find_time(journal, first_tail, stream, &tail_first_s, err) ||
	    !find_time(journal, last_tail, stream, &tail_last_s, err))
		return false;
	if (*first_s == 0)
		*first_s = tail_first_s;
	if (tail_last_s > *last_s)
		*last_s = tail_last_s;
	return true;
}

bool
pst_journal_figures(struct pst_journal *journal,
    struct pst_journal_figures *out, struct pst_err *err)
{
	struct pst_journal_state state;
	struct pst_journal_size size;

	if (!pst_journal_size(journal, &size, err))
		return false;
	out->file_bytes =
	    size.used_bytes + size.free_bytes + pst_journal_wal_bytes(journal);
	for (int64_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (!pst_journal_state_read(journal, i, &state, err) ||
		    !find_times(journal, i, &out->streams[i].first_s,
			&out->streams[i].last_s, err))
			return false;
		out->streams[i].entries =
		    (uint64_t)(state.entries + state.tail_entries);
		out->streams[i].blocks = (uint64_t)state.blocks;
		out->streams[i].bytes =
		    (uint64_t)(state.bytes + state.tail_bytes);
		out->streams[i].raw_bytes =
		    (uint64_t)(state.raw_bytes + state.tail_bytes);
	}
	return true;
}
