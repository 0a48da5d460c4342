/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_PROCESS_H
#define PST_MILTER_PROCESS_H

/*
 * How a daemon opens its log, goes into the background, writes a pid file and
 * gives up root.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/macros.h"
#include "config/config.h"

/*
 * Opens the log of a program named ident: standard error, in journald's form if
 * that is where it goes, or syslog; facility and level as configured. ident is
 * borrowed. Logging never waits from then on (pst_log_never_wait()).
 */
void pst_process_open_log(
    const char *ident, bool to_stderr, const struct pst_config *config);

/* The identity to take on; uid and gid count only if change is set. */
struct pst_identity {
	uid_t uid;
	gid_t gid;
	bool change;
};

/*
 * Looks up user and group; "" as group means the user's own group. Does not
 * set out->change if the process was not started as root, or if user is "".
 * False with a sentence in err if a name is unknown.
 */
bool pst_process_identity(const char *user, const char *group,
    struct pst_identity *out, struct pst_err *err) PST_MUST_CHECK;

/* Takes on the identity permanently, supplementary groups included. */
bool pst_process_become(
    const struct pst_identity *identity, struct pst_err *err) PST_MUST_CHECK;

/* Raises the limit of open files as far as the system allows. */
void pst_process_raise_files(void);

/*
 * Forks; returns in the child, in the background. The parent waits for
 * pst_process_ready() and exits. False with a sentence in err.
 */
bool pst_process_background(struct pst_err *err) PST_MUST_CHECK;

/*
 * Lets the parent of pst_process_background() exit with status 0, and redirects
 * standard output and error to /dev/null. Does nothing in the foreground.
 */
void pst_process_ready(void);

/*
 * In a child process: closes what belongs to its parent only, the pid file and
 * the end of the pipe on which pst_process_background() waits.
 */
void pst_process_leave(void);

/*
 * Writes our pid to the file; does nothing if name is "". False with a sentence
 * in err if another process has locked the file or it cannot be written. The
 * file stays locked as long as this process lives.
 */
bool
pst_process_write_pid(const char *name, struct pst_err *err) PST_MUST_CHECK;

/* Removes the file that pst_process_write_pid() wrote. */
void pst_process_remove_pid(void);

#endif
