/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_SUPERVISOR_H
#define PST_MILTER_SUPERVISOR_H

/*
 * Keeps one worker process running for each listener.
 *
 * libmilter serves one socket per process. With one listener, this process
 * therefore opens the socket itself, gives up root and forks a worker that
 * serves it; the socket outlives a worker that crashes, and the next worker
 * takes its place at once. With several listeners, this process forks one such
 * keeper for each. A keeper reads no mail.
 *
 * SIGTERM and SIGINT stop the daemon. SIGUSR1 reloads the configuration, and so
 * does a request on the control socket, which only the first process has. A
 * reload is complete when each worker has said that it uses the new
 * configuration. Without any of these, and while its children live, a
 * supervising process sleeps.
 */

#include "config/config.h"
#include "core/counters.h"
#include "milter/process.h"
#include "milter/sandbox.h"

#define PST_MAX_LISTENERS PST_CONFIG_MAX_LISTENERS

struct pst_supervisor {
	struct pst_config *config;     /* in use; a reload replaces it */
	struct pst_config *started;    /* at the start, for what stays */
	const char *socket;            /* in a keeper: the one that it opened */
	struct pst_counters *counters; /* shared with all children */
	struct pst_identity identity;
	struct pst_sandbox *sandbox; /* as the start made it */
	bool logs_to_stderr;
};

/* Exit status of a daemon that could not start; see posternd(8). */
#define PST_EXIT_START 2

/* Runs until the daemon is stopped; returns its exit status. */
int pst_supervisor_run(struct pst_supervisor *supervisor);

#endif
