/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_WATCH_H
#define PST_MILTER_WATCH_H

/*
 * What a supervising process waits for: descriptors, signals, and the next
 * moment at which it has something to do. In each turn of its loop it collects
 * them, waits once, and asks which descriptors have something to say. Without a
 * moment it sleeps until something happens.
 */

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PST_WATCH_MAX 64

struct pst_watch {
	struct pollfd fds[PST_WATCH_MAX];
	size_t count;
	int64_t until_ms; /* INT64_MAX: no moment */
};

/* Begins a turn: nothing is watched. */
void pst_watch_begin(struct pst_watch *watch);

/* Watches a descriptor for POLLIN or POLLOUT. At most PST_WATCH_MAX fit. */
void pst_watch_add(struct pst_watch *watch, int fd, short events);

/* Ends the wait at that time of pst_clock_ms(), or earlier. */
void pst_watch_until(struct pst_watch *watch, int64_t when_ms);

/*
 * Waits, with that mask of blocked signals meanwhile. A signal ends the wait;
 * no descriptor is then ready.
 */
void pst_watch_wait(struct pst_watch *watch, const sigset_t *mask);

/* Returns true if the descriptor was watched and can be read or written. */
bool pst_watch_is_ready(const struct pst_watch *watch, int fd);

#endif
