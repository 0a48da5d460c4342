/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CHILD_H
#define PST_MILTER_CHILD_H

/*
 * The processes below a supervising one, each at the end of a socket pair:
 * starting, talking to and burying them. What is said on a pair stands in
 * milter/worker.h.
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
	bool silent;    /* its end is closed; it will be dead soon */
	bool reloading; /* was told to, and has not answered yet */
	int64_t started_ms;
	unsigned quick_deaths; /* one after the other */
	int64_t not_before_ms; /* when to start it again */
};

/* In the child returns 0, with its end of the pair in *own_fd; -1: failed. */
pid_t pst_child_start(struct pst_child *child, int *own_fd);

/* Sends a byte to each that runs. */
void pst_child_tell(struct pst_child *children, size_t count, char byte);

/* Adds those that may say something to the set. */
void pst_child_watch(
    const struct pst_child *children, size_t count, fd_set *set, int *max_fd);

/* What children said since; what they were silent about is unchanged. */
struct pst_child_news {
	size_t reloaded; /* took the new configuration over */
	size_t refused;  /* could not */
};
struct pst_child_news
pst_child_hear(struct pst_child *children, size_t count, const fd_set *set);

/*
 * Takes the dead away; true when one of them had never been ready. One that
 * was told to stop (stopping) may end as it likes.
 */
bool pst_child_reap(struct pst_child *children, size_t count, bool stopping);

size_t pst_child_running(const struct pst_child *children, size_t count);
size_t pst_child_ready(const struct pst_child *children, size_t count);
size_t pst_child_reloading(const struct pst_child *children, size_t count);

#endif
