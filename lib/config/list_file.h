/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_LIST_FILE_H
#define PST_CONFIG_LIST_FILE_H

/* Lists of a configuration that may name files of entries. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Calls add() for each of parts[0..count); for "@/path" instead for each entry
 * of that file. False with a sentence in err at the first entry that add()
 * refuses, with "file:line: " in front when it stands in a file, and when a
 * file cannot be read.
 */
bool
pst_list_read(struct pst_arena *arena, const char *const *parts, size_t count,
    bool (*add)(void *arg, struct pst_str entry, struct pst_err *err),
    void *arg, struct pst_err *err);

/* An entry for the text of an error: escaped, and cut when it is long. */
const char *pst_list_shown(struct pst_arena *arena, struct pst_str entry);

#endif
