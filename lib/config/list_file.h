/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_LIST_FILE_H
#define PST_CONFIG_LIST_FILE_H

/* Lists in the configuration, whose entries may be in files. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_list_taker {
	bool (*add)(void *arg, struct pst_str entry, struct pst_err *err);
	void *arg;
};

/*
 * Calls add(arg, ...) for each of parts[0..count); for a part "@/path", for
 * each entry of that file. Stops at the first entry for which add() returns
 * false, and at a file that cannot be read: it then returns false with a
 * sentence in err, which begins with "file:line: " if the entry is in a file.
 */
bool
pst_list_read(struct pst_arena *arena, const char *const *parts, size_t count,
    struct pst_list_taker taker, struct pst_err *err) PST_MUST_CHECK;

/* Returns an entry as error messages show it: escaped, cut after 80 octets. */
const char *pst_list_shown(struct pst_arena *arena, struct pst_str entry);

#endif
