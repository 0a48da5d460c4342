/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_CONFIG_CHECK_H
#define PST_CONFIG_CONFIG_CHECK_H

/*
 * The checks of a configuration that involve more than one option. The checks
 * of single values are in config/option_check. The functions only read config,
 * so they may be called from any thread.
 */

#include "config/config.h"
#include "config/problems.h"

/*
 * Checks that the options of config, or of one listener's copy of it, agree
 * with each other; adds an error to problems for each that does not.
 */
void pst_config_check(
    const struct pst_config *config, struct pst_problems *problems);

/*
 * Returns how many DNS queries of a message are for DKIM keys and for the
 * policy of the From domain only.
 */
unsigned pst_config_reserved_queries(const struct pst_config *config);

/* Two options of one section that do not agree; section NULL: the top level. */
struct pst_config_fault {
	const char *section;
	const char *option;
	const char *other;
	const char *sentence;
};

/*
 * Adds the fault's sentence, with the line of `option` or, if that is not set, of
 * `other`. If the value of one of them was refused, this does nothing:
 * nobody has chosen the default that is there now. Returns false.
 */
bool pst_config_fail(const struct pst_config *config,
    const struct pst_config_fault *fault, struct pst_problems *problems);

#endif
