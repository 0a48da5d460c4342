/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_KEEPER_H
#define PST_MILTER_KEEPER_H

/*
 * The state of a process that keeps children running: the first process, or the
 * keeper of one of several listeners. Private to milter/supervisor.c, which has
 * the loop, and to the parts of that loop declared here. A keeper has one
 * thread.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "milter/child.h"
#include "milter/control.h"
#include "milter/supervisor.h"
#include "milter/upload_child.h"

/* A child for each listener, and room for helpers that serve none. */
#define PST_MAX_CHILDREN (PST_MAX_LISTENERS + 4)

struct pst_keeper {
	struct pst_supervisor *supervisor;
	struct pst_child children[PST_MAX_CHILDREN];
	size_t count;
	int up_fd; /* to our parent; -1: we are the first process */
	struct pst_control *control;    /* in the first process; NULL: none */
	struct pst_upload_child upload; /* in the first process */
	int listen_fd; /* what our worker serves; -1: no worker */
	sigset_t mask; /* of blocked signals while it waits */
	bool announced;
	bool reloading; /* our children load the new configuration */
	int64_t reload_until_ms;
	size_t refused; /* children that kept the old configuration */
	struct pst_err reload_text; /* the answer to the request */
};

struct pst_children pst_keeper_children(struct pst_keeper *keeper);

/*
 * Ends a reload whose children have answered, or that takes too long, and
 * begins one if *wanted is set, which it clears, or if a client asks for it.
 * One reload at a time: a request that arrives during one starts the next.
 */
void
pst_keeper_reload(struct pst_keeper *keeper, volatile sig_atomic_t *wanted);

/*
 * Reads the keys of sections `sign` if a listener signs, as the user that reads
 * them at a reload. False with a sentence in err.
 */
bool pst_keeper_read_keys(
    struct pst_config *config, struct pst_err *err) PST_MUST_CHECK;

/* Ends the wait when a reload takes too long. */
void pst_keeper_watch_reload(
    const struct pst_keeper *keeper, struct pst_watch *watch);

/* Answers clients of the control socket that ask for status or counters. */
void pst_keeper_status(struct pst_keeper *keeper);

#endif
