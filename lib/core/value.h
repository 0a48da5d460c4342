/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_VALUE_H
#define PST_CORE_VALUE_H

/* One configuration value: from text into its place, and back to text. */

#include "base/buf.h"
#include "core/keys.h"

/*
 * Parses text as the key's type wants it and stores it in config. Lists are
 * stored with pst_value_set_list(); for them this checks one part. False with
 * a sentence in err that names what is wanted.
 */
bool pst_value_set(struct pst_config *config, struct pst_arena *arena,
    const struct pst_key *key, const char *text, struct pst_err *err);

bool pst_value_is_list(const struct pst_key *key);

/*
 * Parts that pst_value_set() accepted. False with a sentence in err when a
 * file that one of them names is not right.
 */
bool pst_value_set_list(struct pst_config *config, struct pst_arena *arena,
    const struct pst_key *key, const char *const *parts, size_t count,
    struct pst_err *err);

/* The key's default. Asserts that it is valid. */
void pst_value_set_initial(struct pst_config *config, struct pst_arena *arena,
    const struct pst_key *key);

/* Text in quotes, as libconfuse reads it back. */
void pst_value_add_quoted(struct pst_buf *buf, const char *text);

/* The value as it would stand in a file. */
const char *pst_value_text(const struct pst_config *config,
    const struct pst_key *key, struct pst_arena *arena);

#endif
