/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_ENTRY_H
#define PST_CONFIG_ENTRY_H

/*
 * What is wrong with an entry of a list of networks or domains, and what to
 * write instead. Each function returns false, with a sentence in err that names
 * the entry; what it allocates lives in the arena.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

bool pst_entry_no_net(struct pst_arena *arena, struct pst_str entry,
    struct pst_err *err) PST_MUST_CHECK;
/* For an entry "spf:..." with a bad name, and for one where none may be. */
bool pst_entry_no_spf(struct pst_arena *arena, struct pst_str entry,
    struct pst_err *err) PST_MUST_CHECK;
bool pst_entry_no_domain(struct pst_arena *arena, struct pst_str entry,
    struct pst_err *err) PST_MUST_CHECK;

#endif
