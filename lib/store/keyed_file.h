/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_KEYED_FILE_H
#define PST_STORE_KEYED_FILE_H

/*
 * Opening an SQLite file of a kind of its own, with a secret by which it hashes:
 * the journal and the tallies. Its table meta has the version of the file, by
 * the name of the kind, and the secret. A file of another kind or version is
 * refused with a sentence that says what to do, and is never changed.
 */

#include "base/macros.h"
#include "base/siphash.h"
#include "store/db.h"

struct pst_keyed_kind {
	const char *name;    /* in meta */
	const char *what;    /* in sentences, such as "journal" */
	const char *missing; /* "there is no journal", before the path */
	const char *made;    /* when the daemon makes it, as the end of one */
	const char *move; /* after "move it away ...": ", or set another path"
	                     if there is an option, or "" */
	int version;
	const char *table_names; /* as SQL has them in IN (...) */
	int64_t table_count;
	/* Scripts: for each connection that writes; before the tables of a new
	 * file, outside of a transaction, or NULL; and the tables */
	const char *settings, *prepare, *tables;
};

/* Set the first two; opening sets the rest. */
struct pst_keyed_file {
	const struct pst_keyed_kind *kind;
	const char *path;
	struct pst_db *db; /* NULL after a failure */
	unsigned char secret[PST_SIPHASH_KEY_BYTES];
};

/*
 * Opens the file. PST_DB_READ: it must exist. PST_DB_CREATE: a missing one is
 * made, with mode 0600. Waits for up to patience_ms while it is locked, also in
 * later calls.
 */
bool pst_keyed_file_open(struct pst_keyed_file *file, enum pst_db_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;

/* Sets err to a sentence that says that the file is damaged; returns false. */
bool pst_keyed_file_damaged(const struct pst_keyed_kind *kind, const char *path,
    struct pst_err *err) PST_MUST_CHECK;

#endif
