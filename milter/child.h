/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CHILD_H
#define PST_MILTER_CHILD_H

/*
 * The child processes of a supervising process, each connected to it by a
 * socket pair: functions to start them, to talk to them and to collect those
 * that died. milter/worker.h lists the bytes that are sent over a pair.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "milter/heartbeat.h"
#include "milter/watch.h"

struct pst_supervisor;

/*
 * What a child is for. A further kind of child, which serves no listener, is
 * one more role: it obeys the bytes of milter/worker.h, is restarted when it
 * dies, and is not needed.
 */
struct pst_role {
	const char *name; /* for the log, such as "worker" */
	/* It serves a listener: the daemon is ready only when this child is,
	 * and it counts in the slot of its listener (core/counters). */
	bool needed;
	bool reads_mail; /* it is a worker, not the keeper of one */
	/*
	 * What the child does; returns its exit status. index is that of struct
	 * pst_child, fd its end of the pair. Of what its parent had open, the
	 * child has only that end, the milter socket and the log. If the parent
	 * is still root, so is the child.
	 */
	int (*run)(struct pst_supervisor *supervisor, size_t index, int fd);
};

struct pst_child {
	const struct pst_role *role;
	size_t index; /* of its listener, if it serves one */
	pid_t pid;    /* 0: not running */
	int fd;       /* our end of the pair */
	bool ready;
	bool silent;    /* its end is closed; it will die soon */
	bool reloading; /* it was told to reload and has not answered yet */
	int64_t started_ms;
	unsigned quick_deaths; /* in a row */
	int64_t not_before_ms; /* do not restart it before this time */
	struct pst_heartbeat beat;
};

/* The children of one process; the struct is theirs as long as it lives. */
struct pst_children {
	struct pst_child *items;
	size_t count;
};

/*
 * Forks a child. Returns its pid in the parent; 0 in the child, which gets its
 * end of the pair in *own_fd, and in which our ends of all pairs are closed;
 * -1, after a line in the log, on failure: it is then tried again a second
 * later.
 */
pid_t pst_child_start(
    struct pst_children children, struct pst_child *child, int *own_fd);

/* Sends a byte to each child that runs. */
void pst_child_tell(struct pst_children children, char byte);

/* Watches the descriptors of the children that can send something. */
void pst_child_watch(struct pst_children children, struct pst_watch *watch);

/* Ends the wait when a child that does not run is to be started. */
void
pst_child_watch_starts(struct pst_children children, struct pst_watch *watch);

/*
 * Before and after each wait: watches the socket that the workers serve, or the
 * time, asks workers whether they are at work, and kills those that do not
 * answer (milter/heartbeat.h). They are then reaped and restarted as others are.
 */
void pst_child_watch_beats(
    struct pst_children children, int listen_fd, struct pst_watch *watch);
void pst_child_check_beats(
    struct pst_children children, int listen_fd, const struct pst_watch *watch);

/* How many children answered an order to reload. */
struct pst_child_news {
	size_t reloaded; /* use the new configuration */
	size_t refused;  /* keep the old configuration */
};
/* Reads what the children have sent, and updates their state. */
struct pst_child_news
pst_child_hear(struct pst_children children, const struct pst_watch *watch);

/*
 * Collects the children that died, and logs and counts each unexpected death.
 * Returns true if one that is needed had never been ready. While stopping, any
 * exit status is expected.
 */
bool pst_child_reap(struct pst_children children, bool stopping);

size_t pst_child_running(struct pst_children children);
size_t pst_child_reloading(struct pst_children children);

/* Returns true if each child that is needed is ready. */
bool pst_child_all_ready(struct pst_children children);

#endif
