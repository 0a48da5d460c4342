/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_SANDBOX_H
#define PST_MILTER_SANDBOX_H

/*
 * The sandbox: somebody who takes over a process of the daemon, by a fault in
 * how it reads mail, gets little with it. It needs no help of systemd. What
 * each process has:
 *
 * - a worker: no_new_privs, its own list of system calls
 *   (milter/sandbox_calls.h), and Landlock (milter/sandbox_files.h): it reads
 *   the directories of the configuration's files, /etc, /usr and libraries; it
 *   writes to the store's directory and that of enforce-secret-file; it
 *   connects by TCP to the ports of the DNS servers and of its own socket.
 * - postern-upload: the same, but it may read everywhere and connect to any
 *   port, as libpq finds its certificates and servers by settings of its own.
 * - the supervisor and keepers, which read no mail but start processes:
 *   no_new_privs, and calls that change the machine or look into other
 *   processes are fatal. All processes inherit this.
 *
 * What this kernel or this build does not have is left out, and said once. In
 * builds with AddressSanitizer or ThreadSanitizer the sandbox is off: their
 * runtimes read /proc, start processes and use calls of their own.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "config/config.h"

struct pst_sandbox;

/*
 * Notes what a configuration needs, and looks at what the kernel has. Make it
 * once, at the start: a sandbox cannot be widened, so files that a later
 * configuration names must be in the directories that this one needs. The
 * caller owns the result.
 */
struct pst_sandbox *pst_sandbox_new(const struct pst_config *config);
void pst_sandbox_free(struct pst_sandbox *sandbox);

/*
 * For the first process, before it forks: sets what all processes have, and
 * logs one line if a part of the sandbox is missing.
 */
void pst_sandbox_begin(struct pst_sandbox *sandbox);

/*
 * For a worker or postern-upload, before the process starts a thread: other
 * threads would stay outside. Cannot be undone. If the kernel refuses a part,
 * this is logged, and the process goes on without it. A worker counts what it
 * has (PST_COUNTER_NO_NEW_PRIVS and the following).
 */
void pst_sandbox_enter_worker(struct pst_sandbox *sandbox);
void pst_sandbox_enter_upload(struct pst_sandbox *sandbox);

/*
 * Returns true if a worker can load this configuration, which was loaded
 * outside of the sandbox; otherwise false with a sentence in err.
 */
bool pst_sandbox_permits(const struct pst_sandbox *sandbox,
    const struct pst_config *fresh, struct pst_err *err) PST_MUST_CHECK;

/*
 * What to add to the log line about a child that a signal ended; "" unless it
 * is the signal of the sandbox.
 */
const char *pst_sandbox_death(int signal_number);

#endif
