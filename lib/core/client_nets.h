/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CLIENT_NETS_H
#define PST_CORE_CLIENT_NETS_H

/*
 * Whether the client of a message is in a set of networks that may have entries
 * "spf:" (config/sets.h). A message asks the lists of the process
 * (core/spf_lists) once, before it is decided, for every name that its
 * configuration has. What it learns then is a part of the findings and of the
 * recorded message, so nothing that is found later changes a decision.
 */

#include <stdbool.h>
#include <stddef.h>

#include "config/sets.h"

enum pst_held {
	PST_HELD_NO,
	PST_HELD_YES,
	PST_HELD_UNKNOWN, /* there is no list: its look-up has failed */
};

struct pst_client_net {
	const char *name; /* of an entry "spf:", in normal form */
	enum pst_held held;
};

struct pst_client_nets {
	const struct pst_client_net *items; /* sorted by name */
	size_t count;
};

/*
 * Returns whether the client is in the set, given what is known of the networks
 * of SPF records. A name about which nothing is known is PST_HELD_UNKNOWN, unless
 * another entry has the client.
 */
enum pst_held pst_client_nets_held(const struct pst_net_set *set,
    const struct pst_ip *client, struct pst_client_nets known);

/* Returns what is known of a name; NULL: nothing was asked about it. */
const struct pst_client_net *
pst_client_nets_find(struct pst_client_nets known, const char *name);

/*
 * Returns the names whose networks have the client, separated by commas, and
 * those that are unknown with "(unknown)" after them; NULL: there is none. For
 * the log: bounded, printable ASCII without blanks, in the arena.
 */
const char *
pst_client_nets_text(struct pst_arena *arena, struct pst_client_nets known);

/* True if one of them is PST_HELD_UNKNOWN. */
bool pst_client_nets_are_unsure(struct pst_client_nets known);

#endif
