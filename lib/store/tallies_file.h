/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_FILE_H
#define PST_STORE_TALLIES_FILE_H

/*
 * The file of tallies.
 *
 *	tally	the rows of the days that still change
 *	pack	the rows of days that are over: PST_TALLY_PACK_ROWS at most, of one
 *		day and question, packed; rows that come late are another pack
 *	room	how many rows of each class a day and question have
 *	proven	keys whose mail has passed aligned, with the last such day
 *	meta	the version, the secret of the sketches, the clock's note
 *
 * Each function that can fail returns false, or NULL, with a sentence in err. A
 * file belongs to one thread at a time; several processes may use the same one.
 */

#include "store/db.h"
#include "store/tallies_table.h"

/* Rows that one transaction writes: so long another worker waits. */
#define PST_TALLIES_BATCH 500

/* Which limit a row counts for. */
enum pst_tally_class {
	PST_TALLY_UNPROVEN,
	PST_TALLY_PROVEN,
	PST_TALLY_JOINT, /* "other" and "*.ORGDOMAIN" */
};

/*
 * How often a key was seen today, also one that has no row: never too low, and
 * rarely much too high (a count-min sketch for each kind of key). It is only in
 * memory.
 */
#define PST_TALLY_GUESS_KINDS 3
#define PST_TALLY_GUESS_ROWS 3
#define PST_TALLY_GUESS_CELLS 131072
struct pst_tally_guesses {
	int64_t day;
	uint16_t cells[PST_TALLY_GUESS_KINDS][PST_TALLY_GUESS_ROWS]
		      [PST_TALLY_GUESS_CELLS];
};

struct pst_tallies_file {
	struct pst_db *db;
	char *path;
	unsigned char secret[PST_SIPHASH_KEY_BYTES];
	/* For deleting by age */
	bool asked;
	int64_t asked_ms;
};

/* Opens the file. One of another version or kind is refused and not changed. */
struct pst_tallies_file *
pst_tallies_file_open(const char *path, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;
void pst_tallies_file_close(struct pst_tallies_file *file); /* or NULL */

/*
 * Adds up to PST_TALLIES_BATCH entries of the table, from *done on, in one
 * transaction, and advances *done.
 */
bool pst_tallies_file_write(struct pst_tallies_file *file,
    struct pst_tally_guesses *guesses, const struct pst_tally_table *table,
    size_t *done, struct pst_err *err) PST_MUST_CHECK;

/* The time, as the system's clocks tell it. */
struct pst_tallies_now {
	int64_t wall_s; /* seconds since 1970 */
	int64_t ms;     /* monotonic */
};

/*
 * One bounded step of what has to be done now and then: deletes rows older than
 * retention_s, as far as the clock can be believed (store/trusted_clock), or
 * packs rows of a day that is over. *more is true if there is more to do.
 */
bool
pst_tallies_file_tend(struct pst_tallies_file *file, struct pst_tallies_now now,
    int64_t retention_s, bool *more, struct pst_err *err) PST_MUST_CHECK;

/* ---- for the sources of this module ---- */

/* The number of a question in the file. */
int64_t pst_tallies_question_number(enum pst_tally_question question);

/* The columns of the numbers and of the sketch. */
#define PST_TALLIES_COLUMNS                                                    \
	"n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, s0, s1, s2, s3"
#define PST_TALLIES_COLUMN_COUNT 16
void pst_tallies_values_of(const struct pst_tally_row *row,
    struct pst_db_value values[PST_TALLIES_COLUMN_COUNT]);
/* Reads them, in the same order, from a column on. */
void pst_tallies_row_of(
    struct pst_db *db, unsigned column, struct pst_tally_row *out);

#endif
