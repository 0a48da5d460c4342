/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_CONFIG_H
#define PST_STORE_JOURNAL_CONFIG_H

/* What the section `journal` of the configuration means for the file. */

#include "base/arena.h"
#include "config/config.h"
#include "store/journal.h"

/* The end of the journal's name if it is beside the store. */
#define PST_JOURNAL_SUFFIX "-messages"

/* With max-size = 0: so much, or a twentieth of the disk if that is less. */
#define PST_JOURNAL_USUAL_BYTES (UINT64_C(4) << 30)
#define PST_JOURNAL_SHARE_OF_DISK 20

/* Returns the path of the file, in the arena or the configuration. */
const char *
pst_journal_path(struct pst_arena *arena, const struct pst_config *config);

/*
 * Returns the limits of the file at path. The size of a disk that cannot be
 * asked is taken as unlimited.
 */
struct pst_journal_limits
pst_journal_limits_of(const struct pst_config *config, const char *path);

#endif
