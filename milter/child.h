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
#include <sys/select.h>
#include <sys/types.h>

/* A child: the worker of a keeper, or the keeper of one of many listeners. */
struct pst_child {
	pid_t pid; /* 0: not running */
	int fd;    /* our end of the pair */
	bool ready;
	bool silent;    /* its end is closed; it will die soon */
	bool reloading; /* it was told to reload and has not answered yet */
	int64_t started_ms;
	unsigned quick_deaths; /* in a row */
	int64_t not_before_ms; /* do not restart it before this time */
};

/*
 * Forks a child. Returns its pid in the parent; 0 in the child, which gets its
 * end of the pair in *own_fd; -1, after a line in the log, on failure.
 */
pid_t pst_child_start(struct pst_child *child, int *own_fd);

/* Sends a byte to each child that runs. */
void pst_child_tell(struct pst_child *children, size_t count, char byte);

/* Adds to the set the descriptors of the children that can send something. */
void pst_child_watch(
    const struct pst_child *children, size_t count, fd_set *set, int *max_fd);

/* How many children answered an order to reload. */
struct pst_child_news {
	size_t reloaded; /* use the new configuration */
	size_t refused;  /* keep the old configuration */
};
/* Reads what the children in the set have sent, and updates their state. */
struct pst_child_news
pst_child_hear(struct pst_child *children, size_t count, const fd_set *set);

/*
 * Collects the children that died, and logs each unexpected death. Returns true
 * if one of them had never been ready. While stopping, any exit status is
 * expected.
 */
bool pst_child_reap(struct pst_child *children, size_t count, bool stopping);

size_t pst_child_running(const struct pst_child *children, size_t count);
size_t pst_child_ready(const struct pst_child *children, size_t count);
size_t pst_child_reloading(const struct pst_child *children, size_t count);

#endif
