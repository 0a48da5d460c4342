/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_VALUE_H
#define PST_CONFIG_OPTION_VALUE_H

/* One configuration value: from text into its place, and back to text. */

#include "base/buf.h"
#include "config/option.h"

/*
 * Parses text as the option's type wants it and stores it in config. Lists are
 * stored with pst_option_set_list(); for them this checks one part. False with
 * a sentence in err that names what is wanted.
 */
bool pst_option_set(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *text, struct pst_err *err);

bool pst_option_is_list(const struct pst_option *option);

/*
 * Parts that pst_option_set() accepted. False with a sentence in err when a
 * file that one of them names is not right.
 */
bool pst_option_set_list(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option, const char *const *parts, size_t count,
    struct pst_err *err);

/* The option's default. Asserts that it is valid. */
void pst_option_set_default(struct pst_config *config, struct pst_arena *arena,
    const struct pst_option *option);

/* Text in quotes, as libconfuse reads it back. */
void pst_option_add_quoted(struct pst_buf *buf, const char *text);

/* The value as it would stand in a file. */
const char *pst_option_text(const struct pst_config *config,
    const struct pst_option *option, struct pst_arena *arena);

#endif
