/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_SUPERVISOR_H
#define PST_MILTER_SUPERVISOR_H

/*
 * Keeps one worker process running for each listener.
 *
 * libmilter serves one socket a process. So for one listener the process
 * itself opens the socket, gives up root and forks workers that serve it; the
 * socket outlives a worker that crashed, and the next one is there at once.
 * For several listeners the process forks one such keeper for each. A keeper
 * reads no mail.
 *
 * SIGTERM and SIGINT stop, SIGUSR1 reloads the configuration; so does a request
 * on the control socket, which only the first process has. A reload is over
 * when each worker has said that it has the new configuration.
 */

#include "config/config.h"
#include "milter/process.h"

#define PST_MAX_LISTENERS 32

struct pst_supervisor {
	struct pst_config *config;  /* current one; replaced by a reload */
	struct pst_config *started; /* that it began with, for what stays */
	const char *socket;         /* of a keeper: the one that it opened */
	struct pst_identity identity;
	bool logs_to_stderr;
};

/* Exit status when the daemon could not start, as posternd(8) says. */
#define PST_EXIT_START 2

/* Runs until it is stopped; returns the process's exit status. */
int pst_supervisor_run(struct pst_supervisor *supervisor);

#endif
