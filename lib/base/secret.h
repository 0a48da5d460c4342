/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_SECRET_H
#define PST_BASE_SECRET_H

/* Files that hold a private key or a password. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Reads a whole file of less than size octets into out and ends it with NUL.
 * what says for the error's sentence what it holds ("private key"). False also
 * for a file that others than its owner and group may use, or that its group
 * may write. Clear out with explicit_bzero() after use.
 */
bool pst_secret_read(const char *file_name, const char *what, char *out,
    size_t size, struct pst_err *err);

#endif
