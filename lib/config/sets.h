/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SETS_H
#define PST_CONFIG_SETS_H

/*
 * Sets of domains and of networks, made once and then asked for each message.
 * A look-up is a binary search, so that what a sender puts into a name cannot
 * make it slow, and 100 000 entries cost a microsecond.
 *
 * A part is an entry, or "@/path": a file with one entry a line, blanks around
 * it and empty lines ignored, comments from a number sign on. Files are read
 * when the set is made, so a reload reads them again.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ip.h"

/* "example.com" is that domain, ".example.com" every domain below it. */
struct pst_domain_set {
	const char **exact; /* sorted, distinct, normal form */
	size_t exact_count;
	const char **below; /* the same, without their first dot */
	size_t below_count;
	size_t below_labels; /* of the entry of `below` that has most */
};

struct pst_net_set {
	struct pst_net *nets; /* sorted, none holds another, siblings joined */
	size_t count;
};

/*
 * Makes a set of parts[0..count) in the arena. False with a sentence in err,
 * with "file:line: " in front when it is about the line of a file.
 */
bool pst_domain_set_make(struct pst_domain_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err);
bool pst_net_set_make(struct pst_net_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err);

/* name in normal form. */
bool pst_domain_set_has(const struct pst_domain_set *set, const char *name);
bool
pst_net_set_has(const struct pst_net_set *set, const struct pst_ip *address);

/* True when all that lies in b lies in a. Exact, no guess. */
bool pst_domain_set_covers(
    const struct pst_domain_set *a, const struct pst_domain_set *b);
bool
pst_net_set_covers(const struct pst_net_set *a, const struct pst_net_set *b);

#endif
