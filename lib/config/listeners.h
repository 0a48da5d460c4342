/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_LISTENERS_H
#define PST_CONFIG_LISTENERS_H

/* The listeners of a configuration: `listen` and the sections `listener`. */

#include "base/arena.h"
#include "base/macros.h"
#include "config/config.h"
#include "config/assignments.h"

struct pst_listener {
	const char *socket;
	const struct pst_listener_section *section; /* NULL: there is none */
	struct pst_config *config; /* valid for this listener; by config.c */
};

struct pst_listeners {
	struct pst_listener *items;
	size_t count;
};

/*
 * Makes the listeners, in the arena: the sockets of listen, then those that
 * only a section names. *out must be zero. Returns false with "file:line: ..."
 * in err if a title is not a socket, or two titles are the same socket.
 */
bool pst_listeners_make(struct pst_listeners *out, struct pst_arena *arena,
    const struct pst_texts *listen,
    const struct pst_listener_sections *sections,
    struct pst_err *err) PST_MUST_CHECK;

/* Returns the index of the listener with that socket, the count if none has. */
size_t
pst_listeners_find(const struct pst_listeners *listeners, const char *socket);

/* Returns true if both have the same sockets in the same order. */
bool pst_listeners_equal(
    const struct pst_listeners *a, const struct pst_listeners *b);

#endif
