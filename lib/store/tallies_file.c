/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_file.h"

#include <stdlib.h>
#include <string.h>

#include "store/keyed_file.h"

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
    " body BYTEA NOT NULL, PRIMARY KEY (question, day, part));";

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

/* ---- opening ---- */

static const struct pst_keyed_kind kind = {
    .name = "tallies",
    .what = "file of tallies",
    .missing = "there are no tallies in",
    .made = "when it starts",
    .move = "",
    .version = 1,
    .table_names = "'meta', 'tally', 'room', 'proven', 'pack'",
    .table_count = 5,
    .settings = settings,
    .tables = tables,
};

struct pst_tallies_file *
pst_tallies_file_open(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err)
{
	struct pst_tallies_file *file = calloc(1, sizeof(*file));
	struct pst_keyed_file opened = {.kind = &kind};

	if (file == NULL || (file->path = strdup(path)) == NULL)
		abort();
	opened.path = file->path;
	if (!pst_keyed_file_open(&opened, access, patience_ms, err)) {
		pst_tallies_file_close(file);
		return NULL;
	}
	file->db = opened.db;
	memcpy(file->secret, opened.secret, sizeof(file->secret));
	return file;
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
