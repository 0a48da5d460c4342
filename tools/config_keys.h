/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CONFIG_KEYS_H
#define PST_TOOLS_CONFIG_KEYS_H

/* Looks at the key files of sections `sign`. */

#include "config/config.h"
#include "config/problems.h"

/*
 * Reads the keys, which config then owns. Adds an error for each file that is
 * wrong, a warning if there are some that this user may not read, and one if the
 * user of posternd may not read one.
 */
void pst_config_look_at_keys(
    struct pst_config *config, struct pst_problems *problems);

#endif
