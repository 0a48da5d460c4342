/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_SETS_H
#define PST_CONFIG_SETS_H

/*
 * Sets of domains and of networks. A set is made when the configuration is
 * loaded and searched for each message. A look-up is a binary search: a sender
 * cannot choose a name that makes it slow, and with 100 000 entries it takes a
 * microsecond.
 *
 * A set is made from parts. A part is an entry, or "@/path": a file with one
 * entry per line. In a file, blanks around an entry and empty lines are
 * ignored, and a number sign begins a comment. Files are read when the set is
 * made, so a reload reads them again.
 *
 * An entry "spf:example.com" of a set of networks means the networks in the SPF
 * record of that domain. A set has only its name: which networks these are
 * changes with time, so core/spf_lists knows them, and core/client_nets asks both.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/macros.h"

/* A list as it was written. */
struct pst_texts {
	const char **items;
	size_t count;
};

/* "example.com" means that domain, ".example.com" every domain below it. */
struct pst_domain_set {
	const char **exact; /* sorted, distinct, normal form */
	size_t exact_count;
	const char **below; /* the same, without their first dot */
	size_t below_count;
	size_t below_labels; /* labels of the deepest entry of `below` */
};

struct pst_net_set {
	struct pst_net *nets; /* sorted, disjoint, the two halves of a larger
	                         network joined */
	size_t count;
	const char **spf; /* domains of the entries "spf:": sorted, distinct,
	                     normal form */
	size_t spf_count;
};

#define PST_NET_SET_SPF "spf:"

/*
 * Makes a set of parts[0..count) in the arena. Returns false, with a sentence
 * in err, at the first invalid entry or unreadable file; the sentence begins
 * with "file:line: " if it is about a line of a file.
 */
bool pst_domain_set_make(struct pst_domain_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err) PST_MUST_CHECK;
bool pst_net_set_make(struct pst_net_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err) PST_MUST_CHECK;

/* pst_net_set_make(), but an entry may be "spf:" and a domain. */
bool pst_net_set_make_spf(struct pst_net_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err) PST_MUST_CHECK;

/* Makes a set of nets[0..count), which are sorted in place and become its own. */
void
pst_net_set_take(struct pst_net_set *out, struct pst_net *nets, size_t count);

/*
 * True for an entry that begins with "spf:". *domain is then its domain in
 * normal form, or NULL if what follows is not a domain with two labels or more.
 */
bool pst_net_entry_is_spf(
    struct pst_arena *arena, struct pst_str entry, const char **domain);

/*
 * Return true if the set contains name, which is in normal form, or address.
 * Entries "spf:" are not looked at; see core/client_nets.h.
 */
bool pst_domain_set_has(const struct pst_domain_set *set, const char *name);
bool
pst_net_set_has(const struct pst_net_set *set, const struct pst_ip *address);

/*
 * Returns a network that is in both sets; NULL if no address is. Entries "spf:" are
 * not looked at.
 */
const struct pst_net *
pst_net_set_common(const struct pst_net_set *a, const struct pst_net_set *b);

/*
 * Return true if everything in b is also in a. The result is exact. An entry
 * "spf:" is covered by an equal one only, since its networks change.
 */
bool pst_domain_set_covers(
    const struct pst_domain_set *a, const struct pst_domain_set *b);
bool
pst_net_set_covers(const struct pst_net_set *a, const struct pst_net_set *b);

#endif
