/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_CONFIG_NETWORKS_H
#define PST_TOOLS_CONFIG_NETWORKS_H

/* What `postern config show` tells about the entries "spf:". */

#include "config/config.h"

/*
 * Prints a comment line for each SPF record that the configuration names: how
 * many networks the daemon has found in it and when, and what was left out; or
 * that it has none.
 */
void pst_config_show_networks(
    const struct pst_config *config, struct pst_arena *arena);

#endif
