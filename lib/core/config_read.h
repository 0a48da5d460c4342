/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CONFIG_READ_H
#define PST_CORE_CONFIG_READ_H

/*
 * The one file that knows libconfuse: from a file into struct pst_config, by
 * the table of keys. Thread rule as in core/config.h.
 */

#include "base/arena.h"
#include "core/config.h"
#include "core/config_notes.h"

/*
 * Sets what the file sets in config, which holds the defaults, and listeners.
 * settings has one zeroed entry for each key. False with "file:line: ..." in
 * err.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_setting *settings,
    struct pst_listener_sections *listeners, struct pst_err *err);

#endif
