/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CONFIG_PLACES_H
#define PST_TOOLS_CONFIG_PLACES_H

/*
 * Looks at what a configuration names outside of itself: users, directories,
 * keys, a zone file, a connection string.
 */

#include "config/config.h"
#include "config/problems.h"

/*
 * Adds an error for what would stop the start, or a warning where the value is
 * a default, since the test may run on another host; and a warning for what
 * would only be noticed later.
 */
void pst_config_look_around(
    const struct pst_config *config, struct pst_problems *problems);

#endif
