/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_SANDBOX_CALLS_H
#define PST_MILTER_SANDBOX_CALLS_H

/*
 * The part of the sandbox that limits system calls: seccomp(2), by libseccomp.
 * A program that was built without that library has no such part.
 *
 * A call that no program of ours has a use for, but somebody who has taken over
 * a process has, kills the process with SIGSYS, so that it is noticed: a new
 * program or process, ptrace(2), a raw socket, mount(2) and the like. Any other
 * call that is not on the list fails with ENOSYS, as in an older kernel: the C
 * library looks for new calls and goes on without them.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

enum pst_sandbox_calls {
	/* Everything but calls that change the machine or other processes. It
	 * may start programs; they inherit this. */
	PST_SANDBOX_SUPERVISOR,
	/* What a worker needs, and no more. */
	PST_SANDBOX_WORKER,
	/* The same, but a call for keyrings only fails. */
	PST_SANDBOX_UPLOAD,
};

/* Returns true if this program and this kernel can limit system calls. */
bool pst_sandbox_calls_known(void);

/*
 * Limits the calling thread and the threads and processes that it starts from
 * now on. This cannot be undone, and further limits can only be added. The
 * process must have no_new_privs. False with a sentence in err if the kernel
 * refuses it; nothing is limited then.
 */
bool pst_sandbox_limit_calls(
    enum pst_sandbox_calls kind, struct pst_err *err) PST_MUST_CHECK;

#endif
