/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_READER_H
#define PST_CONFIG_READER_H

/*
 * Reads a file into struct pst_config by the table of options. Only reader.c
 * uses libconfuse. Thread rule: as for pst_config_load() in config/config.h.
 */

#include "base/arena.h"
#include "base/macros.h"
#include "config/config.h"
#include "config/assignments.h"

/*
 * Stores the options and rules of the file in config, which must hold the
 * defaults, and the sections `listener` in *listeners. assignments has one
 * zeroed entry for each option and receives where it was set. Values live in
 * the arena; file is borrowed during the call. Returns false with
 * "file:line: ..." in err at the first error.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_assignment *assignments,
    struct pst_listener_sections *listeners,
    struct pst_err *err) PST_MUST_CHECK;

#endif
