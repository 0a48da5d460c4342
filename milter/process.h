/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_PROCESS_H
#define PST_MILTER_PROCESS_H

/* What a daemon does to its own process: background, pid file, privileges. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Who to become; both -1 when we stay who we are. */
struct pst_identity {
	uid_t uid;
	gid_t gid;
	bool change;
};

/*
 * Looks up user and group (each may be ""; the group is then the user's).
 * Nothing to change when not started as root, or when user is "". False with a
 * sentence when a name is unknown.
 */
bool pst_process_identity(const char *user, const char *group,
    struct pst_identity *out, struct pst_err *err);

/* Becomes that identity for good, supplementary groups included. */
bool
pst_process_become(const struct pst_identity *identity, struct pst_err *err);

/* Allows as many open files as the system lets us have. */
void pst_process_raise_files(void);

/* Forks into the background; the parent waits for pst_process_ready(). */
bool pst_process_background(struct pst_err *err);

/* Lets the parent of pst_process_background() end with status 0. */
void pst_process_ready(void);

/*
 * Writes our pid; name "" does nothing. False with a sentence when another
 * process holds the file or it cannot be written. The file is locked as long
 * as the process lives.
 */
bool pst_process_write_pid(const char *name, struct pst_err *err);

/* Removes what pst_process_write_pid() wrote. */
void pst_process_remove_pid(void);

#endif
