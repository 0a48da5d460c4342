/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_SECRET_H
#define PST_BASE_SECRET_H

/* Files that hold a private key or a password. */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

/*
 * Reads a whole regular file of at most size - 2 octets into out and appends a
 * NUL. `what` names the content in error sentences ("private key"). False with
 * a sentence in err if the file cannot be read, is longer, may be used by users
 * other than its owner and group, or may be written by its group. The caller
 * clears out with explicit_bzero() after use.
 */
bool pst_secret_read(const char *file_name, const char *what, char *out,
    size_t size, struct pst_err *err) PST_MUST_CHECK;

#endif
