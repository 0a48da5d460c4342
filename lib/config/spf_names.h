/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SPF_NAMES_H
#define PST_CONFIG_SPF_NAMES_H

/* The domains of all entries "spf:" of a configuration (config/sets.h). */

#include "config/config.h"

/*
 * The most domains that a configuration may name. Each may have 20,000 networks
 * (auth/spf_networks.h), all of which are in memory and in a file.
 */
#define PST_SPF_NAMES_MAX 64

/*
 * Sets config->spf_names to the domains in forwarders and in all rules, sorted
 * and distinct. Adds a problem if there are more than PST_SPF_NAMES_MAX.
 */
void pst_config_make_spf_names(struct pst_config *config,
    struct pst_arena *arena, struct pst_problems *problems);

#endif
