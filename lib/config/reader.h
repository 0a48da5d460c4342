/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_READER_H
#define PST_CONFIG_READER_H

/*
 * The one file that knows libconfuse: from a file into struct pst_config, by
 * the table of options. Thread rule as in config/config.h.
 */

#include "base/arena.h"
#include "config/config.h"
#include "config/assignments.h"

/*
 * Sets what the file sets in config, which holds the defaults, and listeners.
 * assignments has one zeroed entry for each option. False with "file:line: ..." in
 * err.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_assignment *assignments,
    struct pst_listener_sections *listeners, struct pst_err *err);

#endif
