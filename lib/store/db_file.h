/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_FILE_H
#define PST_STORE_DB_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/macros.h"

/*
 * Creates the file of a database, with this mode, unless it exists. SQLite would
 * leave the permissions to the umask. Its other two files inherit the
 * permissions of this one.
 */
bool pst_db_file_make(
    const char *path, unsigned mode, struct pst_err *err) PST_MUST_CHECK;

/*
 * Lets the group read a database that was made with mode 0600, and its other two
 * files. Files of another user, with another mode, or that are not regular stay
 * as they are, and nothing is an error: whoever owns a file may do it later. For
 * each file that it changes, the process keeps a descriptor open until it ends.
 */
void pst_db_file_share(const char *path);

/*
 * Reads what the file is. A missing one is refused, and so is one that is not a
 * regular file, such as a symbolic link: its creator may not be the store's
 * owner.
 */
bool pst_db_file_check(
    const char *path, struct stat *st, struct pst_err *err) PST_MUST_CHECK;

/* What the room on the disk permits, in pages of SQLite's usual size. */
struct pst_db_file_limits {
	bool is_roomy; /* no limit is needed */
	int64_t log_pages;
	int64_t max_pages; /* of the file itself */
};

/*
 * Half of the room is left to another store in the same directory. Returns false
 * if it is not known.
 */
bool pst_db_file_limit(const char *path, struct pst_db_file_limits *out);

#endif
