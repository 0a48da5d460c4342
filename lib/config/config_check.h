/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_CONFIG_CHECK_H
#define PST_CONFIG_CONFIG_CHECK_H

/*
 * The checks of a configuration that involve more than one option. The checks
 * of single values are in config/option_check. The functions only read config,
 * so they may be called from any thread.
 */

#include "base/err.h"
#include "base/macros.h"
#include "config/config.h"

/*
 * Checks that the options of config, or of one listener's copy of it, agree
 * with each other. Returns false with "file:line: ..." in err if they do not.
 */
bool pst_config_check(
    const struct pst_config *config, struct pst_err *err) PST_MUST_CHECK;

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
 * Puts the fault's sentence into err, with the line of `option` or, if that is
 * not set, of `other`. Returns false.
 */
bool pst_config_fail(const struct pst_config *config,
    const struct pst_config_fault *fault, struct pst_err *err) PST_MUST_CHECK;

#endif
