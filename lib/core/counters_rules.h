/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_COUNTERS_RULES_H
#define PST_CORE_COUNTERS_RULES_H

/*
 * Enters the names of rules into the counters before mail needs them. A monitoring
 * system then sees each rule with 0 from the start, and the first message of a
 * rule is an increase.
 */

#include "config/config.h"

/*
 * Returns the name of a rule of core/policy and what it calls, by number from 0;
 * NULL after the last one. Static.
 */
const char *pst_counters_rule(size_t i);

/*
 * Enters all built-in names and the titles of the rules of this configuration,
 * and notes the date of its public suffix list. The
 * places of names that are no longer used stay taken until the daemon stops; if
 * there are no places left, a rule counts as "other".
 */
void pst_counters_configured(const struct pst_config *config);

#endif
