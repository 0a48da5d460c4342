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
#include "config/problems.h"

/* Receives where the options were set, and the sections `listener`. */
struct pst_config_notes {
	struct pst_assignment *assignments; /* one for each option, zeroed */
	struct pst_listener_sections *listeners;
	/* Every name was understood; only values may be wrong. */
	bool is_read;
};

/*
 * Stores the options and rules of the file in config, which must hold the
 * defaults. Values live in the arena; file is borrowed during the call. Returns
 * false after it has added every error of the file to problems, which must have
 * none at the call.
 */
bool pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_config_notes *out,
    struct pst_problems *problems) PST_MUST_CHECK;

#endif
