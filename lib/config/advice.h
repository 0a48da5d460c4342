/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ADVICE_H
#define PST_CONFIG_ADVICE_H

/*
 * Warnings about values that are allowed and hardly meant, such as a text with
 * a {mark} that does not exist. Nothing outside of the configuration is looked
 * at. Any thread.
 */

#include "config/config.h"
#include "config/problems.h"

/*
 * Adds the warnings about options that the file sets, and about what the
 * options together mean.
 */
void pst_config_advise(
    const struct pst_config *config, struct pst_problems *problems);

/* Adds a warning about an option, with the line that sets it, if one does. */
void pst_config_warn(const struct pst_config *config,
    struct pst_problems *problems, size_t option_index, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
