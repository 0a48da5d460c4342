/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_LISTENERS_H
#define PST_CONFIG_LISTENERS_H

/* The listeners of a configuration, from `listen` and its sections. */

#include "base/arena.h"
#include "config/config.h"
#include "config/assignments.h"

struct pst_listener {
	const char *socket;
	const struct pst_listener_section *section; /* NULL: there is none */
	struct pst_config *config; /* as it is there; set by config.c */
};

struct pst_listeners {
	struct pst_listener *items;
	size_t count;
};

/*
 * Those of listen, then those of the sections that listen does not name. False
 * with "file:line: ..." when a title is no socket, or two titles are the same
 * one.
 */
bool pst_listeners_make(struct pst_listeners *out, struct pst_arena *arena,
    const struct pst_texts *listen,
    const struct pst_listener_sections *sections, const char *file,
    struct pst_err *err);

/* Index of the listener with that socket; the count when there is none. */
size_t
pst_listeners_find(const struct pst_listeners *listeners, const char *socket);

/* Are they the same sockets in the same order? */
bool pst_listeners_equal(
    const struct pst_listeners *a, const struct pst_listeners *b);

#endif
