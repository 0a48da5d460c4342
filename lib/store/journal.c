/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/journal_file.h"
#include "store/store.h"

#define VERSION 1
#define VERSION_TEXT "1"

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
    " ON CONFLICT DO NOTHING;"
    "INSERT INTO meta VALUES ('journal', '" VERSION_TEXT "')"
    " ON CONFLICT DO NOTHING;";

/* What is in a file. */
enum content { NOTHING, JOURNAL, ANOTHER };

static bool
look(struct pst_db *db, enum content *out, struct pst_err *err)
{
	static const char all[] = "SELECT COUNT(*) FROM sqlite_master";
	static const char ours[] =
	    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
	    " AND name IN ('meta', 'stream', 'tail', 'block', 'idx')";
	int64_t count;

	*out = NOTHING;
	if (!pst_db_get_number(db, all, NULL, 0, &count, NULL, err))
		return false;
	if (count == 0)
		return true;
	if (!pst_db_get_number(db, ours, NULL, 0, &count, NULL, err))
		return false;
	*out = count == 5 ? JOURNAL : ANOTHER;
	return true;
}

#define MOVE_IT                                                                \
	"move it away together with the files of the same name that end in "   \
	"-wal and -shm, or set another path; a new one will be created"

static bool
check_version(struct pst_journal *journal, struct pst_err *err)
{
	static const char sql[] = "SELECT CAST(value AS BIGINT) FROM meta"
				  " WHERE name = 'journal'";
	int64_t version = 0;

	if (!pst_db_get_number(journal->db, sql, NULL, 0, &version, NULL, err))
		return false;
	return version == VERSION ||
	    pst_err_set(err,
		"the journal %s has version %lld, but this program knows "
		"version %d only; " MOVE_IT,
		journal->path, (long long)version, VERSION);
}

static bool
read_secret(struct pst_journal *journal, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT value FROM meta WHERE name = 'secret'";
	struct pst_str text = PST_STR("");
	bool good = false;

	if (!pst_db_select(journal->db, sql, NULL, 0, err))
		return false;
	if (pst_db_next(journal->db))
		text = pst_db_column(journal->db, 0);
	if (text.len == 2 * sizeof(journal->secret)) {
		good = true;
		for (size_t i = 0; i < sizeof(journal->secret); i++) {
			int high = pst_hex_value(text.ptr[2 * i]);
			int low = pst_hex_value(text.ptr[2 * i + 1]);

			good = good && high >= 0 && low >= 0;
			journal->secret[i] =
			    (unsigned char)((high & 15) << 4 | (low & 15));
		}
	}
	if (!pst_db_end(journal->db, err))
		return false;
	return good ||
	    pst_err_set(
		err, "the journal %s is damaged; " MOVE_IT, journal->path);
}

/* Says what a file is that exists, without changing it. */
static bool
peek(struct pst_journal *journal, unsigned patience_ms, enum content *out,
    struct pst_err *err)
{
	bool ok;

	journal->db =
	    pst_db_open_sqlite(journal->path, PST_DB_READ, patience_ms, err);
	if (journal->db == NULL)
		return false;
	ok = look(journal->db, out, err);
	if (ok && *out == ANOTHER)
		ok = pst_err_set(err,
		    "%s is not a journal but another database; " MOVE_IT,
		    journal->path);
	return ok && (*out == NOTHING || check_version(journal, err));
}

static bool
make_tables(struct pst_journal *journal, struct pst_err *err)
{
	static const char sql[] = "INSERT INTO meta VALUES ('secret', $1)"
				  " ON CONFLICT DO NOTHING";
	char secret[PST_STORE_ID_SIZE];
	struct pst_db_value value;

	pst_store_random_id(secret);
	value = pst_db_text(secret);
	if (!pst_db_script(journal->db, prepare, err) ||
	    !pst_db_begin(journal->db, err))
		return false;
	return pst_journal_finish(journal,
	    pst_db_script(journal->db, tables, err) &&
		pst_db_run(journal->db, sql, &value, 1, NULL, err),
	    err);
}

static bool
open_to_write(
    struct pst_journal *journal, unsigned patience_ms, struct pst_err *err)
{
	enum content content = NOTHING;
	struct stat st;

	/* Opening it to write would change a file of another kind. */
	if (stat(journal->path, &st) == 0 && st.st_size > 0 &&
	    !peek(journal, patience_ms, &content, err))
		return false;
	pst_db_close(journal->db);
	journal->db =
	    pst_db_open_sqlite(journal->path, PST_DB_CREATE, patience_ms, err);
	return journal->db != NULL &&
	    pst_db_script(journal->db, settings, err) &&
	    (content == JOURNAL || make_tables(journal, err)) &&
	    check_version(journal, err);
}

static bool
open_to_read(
    struct pst_journal *journal, unsigned patience_ms, struct pst_err *err)
{
	enum content content;
	struct stat st;

	if (stat(journal->path, &st) == -1)
		return pst_err_set(err,
		    "there is no journal %s; the daemon creates it with the "
		    "first message",
		    journal->path);
	if (!peek(journal, patience_ms, &content, err))
		return false;
	return content == JOURNAL ||
	    pst_err_set(err,
		"the journal %s is empty; the daemon makes its tables with "
		"the first message",
		journal->path);
}

struct pst_journal *
pst_journal_open(const char *path, enum pst_journal_access access,
    unsigned patience_ms, struct pst_err *err)
{
	struct pst_journal *journal = calloc(1, sizeof(*journal));
	bool ok = false;

	if (journal == NULL || (journal->path = strdup(path)) == NULL)
		abort();
	journal->packer = pst_journal_packer_new();
	switch (access) {
	case PST_JOURNAL_READ:
		ok = open_to_read(journal, patience_ms, err);
		break;
	case PST_JOURNAL_WRITE:
		ok = open_to_write(journal, patience_ms, err);
		break;
	}
	if (ok && read_secret(journal, err))
		return journal;
	pst_journal_close(journal);
	return NULL;
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

bool
pst_journal_finish(struct pst_journal *journal, bool ok, struct pst_err *err)
{
	if (ok && pst_db_commit(journal->db, err))
		return true;
	pst_db_rollback(journal->db);
	return false;
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
		return pst_err_set(
		    err, "the journal %s is damaged; " MOVE_IT, journal->path);
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
