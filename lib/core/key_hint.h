/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_KEY_HINT_H
#define PST_CORE_KEY_HINT_H

/* What somebody may have meant who wrote a key that does not exist. */

/*
 * The known key of that section (NULL: top level), or the known section name,
 * that looks most like name; NULL when none is near.
 */
const char *pst_key_nearest(const char *section, const char *name);

/* The same of the keys of a rule (core/rule_make.h). */
const char *pst_rule_key_nearest(const char *name);

/* The same of the keys that may be set for one listener. */
const char *pst_listener_key_nearest(const char *name);

#endif
