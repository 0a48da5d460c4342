/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SIGN_READER_H
#define PST_CONFIG_SIGN_READER_H

/* How the values of a section `sign`, and of login-domains, are understood. */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "config/problems.h"
#include "config/sign.h"

/* Indexed by enum pst_sign_option. */
extern const struct pst_titled_option pst_sign_options[PST_SIGN_OPTIONS];

/*
 * Fills in the rest of a section, of which line and `written` are set, and
 * `domain` to its title. Returns false if the section is invalid, with a sentence
 * in err and the line that it is about in *line. What is stored lives in the
 * arena.
 */
bool
pst_sign_domain_make(struct pst_sign_domain *domain, struct pst_arena *arena,
    unsigned *line, struct pst_err *err) PST_MUST_CHECK;

/*
 * Prepares the look-ups in the sections, which are all valid. Returns false, with
 * an error in problems for each, if there are too many, or two of one domain.
 */
bool pst_sign_domains_index(struct pst_sign_domains *domains,
    struct pst_arena *arena, const char *file,
    struct pst_problems *problems) PST_MUST_CHECK;

/*
 * Makes the look-ups of login-domains from parts[0..count), which may be files
 * (config/list_file.h). `written` does not change. Returns false with a sentence
 * in err, as pst_domain_set_make() does.
 */
bool pst_logins_make(struct pst_logins *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err) PST_MUST_CHECK;

/* Is this one good entry of login-domains? False with a sentence in err. */
bool pst_logins_check(struct pst_arena *arena, struct pst_str entry,
    struct pst_err *err) PST_MUST_CHECK;

#endif
