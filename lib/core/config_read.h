/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CONFIG_READ_H
#define PST_CORE_CONFIG_READ_H

/*
 * The one file that knows libconfuse: from a file into struct pst_config, by
 * the table of keys. Thread rule as in core/config.h.
 */

#include "base/arena.h"
#include "core/config.h"

/* How a key was set in the file. */
struct pst_setting {
	unsigned line; /* 0: not set */
	/* Private to config_read.c. */
	unsigned count;   /* of a list's parts so far, defaults included */
	const char *last; /* the last part */
	bool closed;      /* the list is complete */
};

/*
 * Sets what the file sets in config, which holds the defaults. settings has
 * one zeroed entry for each key. False with "file:line: ..." in err.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_setting *settings, struct pst_err *err);

#endif
