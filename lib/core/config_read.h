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
	unsigned line;    /* 0: not set */
	const char *last; /* the value; of a list, its last part */
	/* Private to config_read.c. */
	unsigned count; /* of a list's parts so far, defaults included */
	bool closed;    /* the list is complete */
};

/* What the file wants different for one listener. */
struct pst_listener_section {
	const char *title; /* as written, not checked */
	unsigned line;
	struct pst_setting *settings; /* by key index; `last` is the value, a
	                                 right one */
};

struct pst_listener_sections {
	struct pst_listener_section *items;
	size_t count;
};

/*
 * Sets what the file sets in config, which holds the defaults, and listeners.
 * settings has one zeroed entry for each key. False with "file:line: ..." in
 * err.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_setting *settings,
    struct pst_listener_sections *listeners, struct pst_err *err);

#endif
