/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_MASK_H
#define PST_CONFIG_MASK_H

/* Passwords in values that a person is shown. */

#include "base/arena.h"

/* What is shown instead of a password. */
#define PST_MASK "********"

/*
 * Returns text with PST_MASK instead of each password: the value of a keyword
 * such as password= or sslpassword=, in quotes or not, as libpq reads it, and
 * what follows the user in a URI. In the arena; text itself if there is none.
 */
const char *pst_mask_passwords(struct pst_arena *arena, const char *text);

#endif
