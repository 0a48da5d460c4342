/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_DB_FILE_H
#define PST_STORE_DB_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

/*
 * Creates the file of a database, with mode 0600, unless it exists. SQLite would
 * leave the permissions to the umask. Its other two files inherit the
 * permissions of this one.
 */
bool pst_db_file_make(const char *path, struct pst_err *err) PST_MUST_CHECK;

#endif
