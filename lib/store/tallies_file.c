/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store.h"

#define VERSION 1
#define VERSION_TEXT "1"

/* No number in a sane file is larger, and sums of them do not overflow. */
#define MAX_NUMBER (INT64_C(1) << 48)

#define WORD_BYTES 8
#define SKETCH_WORDS (PST_TALLY_SKETCH / WORD_BYTES)

/* What is deleted leaves no octets in free pages. */
static const char settings[] = "PRAGMA secure_delete = ON";

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS meta ("
    " name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"

    "CREATE TABLE IF NOT EXISTS tally ("
    " question BIGINT NOT NULL, day BIGINT NOT NULL, key TEXT NOT NULL,"
    " org TEXT NOT NULL, near TEXT NOT NULL, class BIGINT NOT NULL,"
    " weight BIGINT NOT NULL,"
    " n0 BIGINT NOT NULL, n1 BIGINT NOT NULL, n2 BIGINT NOT NULL,"
    " n3 BIGINT NOT NULL, n4 BIGINT NOT NULL, n5 BIGINT NOT NULL,"
    " n6 BIGINT NOT NULL, n7 BIGINT NOT NULL, n8 BIGINT NOT NULL,"
    " n9 BIGINT NOT NULL, n10 BIGINT NOT NULL, n11 BIGINT NOT NULL,"
    " s0 BIGINT NOT NULL, s1 BIGINT NOT NULL, s2 BIGINT NOT NULL,"
    " s3 BIGINT NOT NULL, PRIMARY KEY (question, day, key));"
    "CREATE INDEX IF NOT EXISTS tally_weight ON tally"
    " (question, day, class, weight);"
    "CREATE INDEX IF NOT EXISTS tally_org ON tally"
    " (question, day, near, class, org);"

    "CREATE TABLE IF NOT EXISTS room ("
    " question BIGINT NOT NULL, day BIGINT NOT NULL,"
    " class BIGINT NOT NULL, row_count BIGINT NOT NULL,"
    " PRIMARY KEY (question, day, class));"

    "CREATE TABLE IF NOT EXISTS proven ("
    " question BIGINT NOT NULL, key TEXT NOT NULL, org TEXT NOT NULL,"
    " near TEXT NOT NULL, last_day BIGINT NOT NULL,"
    " PRIMARY KEY (question, key));"
    "CREATE INDEX IF NOT EXISTS proven_org ON proven (question, near, org);"
    "CREATE INDEX IF NOT EXISTS proven_day ON proven (last_day);"

    "CREATE TABLE IF NOT EXISTS pack ("
    " question BIGINT NOT NULL, day BIGINT NOT NULL,"
    " part BIGINT NOT NULL, plain_bytes BIGINT NOT NULL,"
    " body BYTEA NOT NULL, PRIMARY KEY (question, day, part));"

    "INSERT INTO meta VALUES ('tallies', '" VERSION_TEXT "')"
    " ON CONFLICT DO NOTHING;";

int64_t
pst_tallies_question_number(enum pst_tally_question question)
{
	static const int64_t numbers[PST_TALLY_QUESTIONS] = {
	    [PST_TALLY_FROM_DOMAIN] = 1,
	    [PST_TALLY_SENDER] = 2,
	    [PST_TALLY_NETWORK] = 3,
	    [PST_TALLY_RCPT_DOMAIN] = 4,
	    [PST_TALLY_RULE] = 5,
	    [PST_TALLY_REASON] = 6,
	    [PST_TALLY_HOUR] = 7,
	};

	return numbers[question];
}

/* ---- rows ---- */

static int64_t
word_of(const unsigned char *octets)
{
	uint64_t word = 0;
	int64_t number;

	for (size_t i = 0; i < WORD_BYTES; i++)
		word |= (uint64_t)octets[i] << (8 * i);
	memcpy(&number, &word, sizeof(number));
	return number;
}

void
pst_tallies_values_of(const struct pst_tally_row *row,
    struct pst_db_value values[PST_TALLIES_COLUMN_COUNT])
{
	struct pst_tally_row copy = *row;

	for (size_t i = 0; i < PST_TALLY_NUMBERS; i++)
		*values++ =
		    pst_db_int((int64_t)*pst_tally_row_number(&copy, i));
	for (size_t i = 0; i < SKETCH_WORDS; i++)
		*values++ = pst_db_int(word_of(row->networks + i * WORD_BYTES));
}

void
pst_tallies_row_of(
    struct pst_db *db, unsigned column, struct pst_tally_row *out)
{
	for (size_t i = 0; i < PST_TALLY_NUMBERS; i++) {
		int64_t number = pst_db_number(db, column++);

		*pst_tally_row_number(out, i) =
		    number < 0 || number > MAX_NUMBER ? 0 : (uint64_t)number;
	}
	for (size_t i = 0; i < SKETCH_WORDS; i++) {
		uint64_t word = (uint64_t)pst_db_number(db, column++);

		for (size_t k = 0; k < WORD_BYTES; k++)
			out->networks[i * WORD_BYTES + k] =
			    (unsigned char)(word >> (8 * k));
	}
}

bool
pst_tallies_finish(struct pst_db *db, bool ok, struct pst_err *err)
{
	if (ok && pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	return false;
}

/* ---- opening ---- */

/* What is in a file. */
enum content { NOTHING, TALLIES, ANOTHER };

static bool
look(struct pst_db *db, enum content *out, struct pst_err *err)
{
	static const char all[] = "SELECT COUNT(*) FROM sqlite_master";
	static const char ours[] =
	    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
	    " AND name IN ('meta', 'tally', 'room', 'proven', 'pack')";
	int64_t count;

	*out = NOTHING;
	if (!pst_db_get_number(db, all, NULL, 0, &count, NULL, err))
		return false;
	if (count == 0)
		return true;
	if (!pst_db_get_number(db, ours, NULL, 0, &count, NULL, err))
		return false;
	*out = count == 5 ? TALLIES : ANOTHER;
	return true;
}

#define MOVE_IT                                                                \
	"move it away together with the files of the same name that end in "   \
	"-wal and -shm; a new one will be created"

static bool
check_version(struct pst_tallies_file *file, struct pst_err *err)
{
	static const char sql[] = "SELECT CAST(value AS BIGINT) FROM meta"
				  " WHERE name = 'tallies'";
	int64_t version = 0;

	if (!pst_db_get_number(file->db, sql, NULL, 0, &version, NULL, err))
		return false;
	return version == VERSION ||
	    pst_err_set(err,
		"the file of tallies %s has version %lld, but this program "
		"knows version %d only; " MOVE_IT,
		file->path, (long long)version, VERSION);
}

static bool
read_secret(struct pst_tallies_file *file, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT value FROM meta WHERE name = 'secret'";
	struct pst_str text = PST_STR("");
	bool good = false;

	if (!pst_db_select(file->db, sql, NULL, 0, err))
		return false;
	if (pst_db_next(file->db))
		text = pst_db_column(file->db, 0);
	if (text.len == 2 * sizeof(file->secret)) {
		good = true;
		for (size_t i = 0; i < sizeof(file->secret); i++) {
			int high = pst_hex_value(text.ptr[2 * i]);
			int low = pst_hex_value(text.ptr[2 * i + 1]);

			good = good && high >= 0 && low >= 0;
			file->secret[i] =
			    (unsigned char)((high & 15) << 4 | (low & 15));
		}
	}
	if (!pst_db_end(file->db, err))
		return false;
	return good ||
	    pst_err_set(
		err, "the file of tallies %s is damaged; " MOVE_IT, file->path);
}

/* Says what a file is that exists, without changing it. */
static bool
peek(struct pst_tallies_file *file, unsigned patience_ms, enum content *out,
    struct pst_err *err)
{
	file->db =
	    pst_db_open_sqlite(file->path, PST_DB_READ, patience_ms, err);
	if (file->db == NULL || !look(file->db, out, err))
		return false;
	if (*out == ANOTHER)
		return pst_err_set(err,
		    "%s is not a file of tallies but another database; " MOVE_IT,
		    file->path);
	return *out == NOTHING || check_version(file, err);
}

static bool
make_tables(struct pst_tallies_file *file, struct pst_err *err)
{
	static const char sql[] = "INSERT INTO meta VALUES ('secret', $1)"
				  " ON CONFLICT DO NOTHING";
	char secret[PST_STORE_ID_SIZE];
	struct pst_db_value value;

	pst_store_random_id(secret);
	value = pst_db_text(secret);
	if (!pst_db_begin(file->db, err))
		return false;
	return pst_tallies_finish(file->db,
	    pst_db_script(file->db, tables, err) &&
		pst_db_run(file->db, sql, &value, 1, NULL, err),
	    err);
}

static bool
open_to_write(
    struct pst_tallies_file *file, unsigned patience_ms, struct pst_err *err)
{
	enum content content = NOTHING;
	struct stat st;

	/* Opening it to write would change a file of another kind. */
	if (stat(file->path, &st) == 0 && st.st_size > 0 &&
	    !peek(file, patience_ms, &content, err))
		return false;
	pst_db_close(file->db);
	file->db =
	    pst_db_open_sqlite(file->path, PST_DB_CREATE, patience_ms, err);
	return file->db != NULL && pst_db_script(file->db, settings, err) &&
	    (content == TALLIES || make_tables(file, err)) &&
	    check_version(file, err);
}

static bool
open_to_read(
    struct pst_tallies_file *file, unsigned patience_ms, struct pst_err *err)
{
	enum content content;
	struct stat st;

	if (stat(file->path, &st) == -1)
		return pst_err_set(err,
		    "there are no tallies in %s; the daemon creates the file "
		    "when it starts",
		    file->path);
	if (!peek(file, patience_ms, &content, err))
		return false;
	return content == TALLIES ||
	    pst_err_set(err,
		"the file of tallies %s is empty; the daemon makes its tables "
		"when it starts",
		file->path);
}

struct pst_tallies_file *
pst_tallies_file_open(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	struct pst_tallies_file *file = calloc(1, sizeof(*file));
	bool ok;

	if (file == NULL || (file->path = strdup(path)) == NULL)
		abort();
	ok = access == PST_DB_READ ? open_to_read(file, patience_ms, err) :
				     open_to_write(file, patience_ms, err);
	if (ok && read_secret(file, err))
		return file;
	pst_tallies_file_close(file);
	return NULL;
}

void
pst_tallies_file_close(struct pst_tallies_file *file)
{
	if (file == NULL)
		return;
	pst_db_close(file->db);
	free(file->path);
	free(file);
}
