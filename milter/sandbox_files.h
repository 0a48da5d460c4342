/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_SANDBOX_FILES_H
#define PST_MILTER_SANDBOX_FILES_H

/*
 * The part of the sandbox that limits files and TCP ports: Landlock, by its
 * system calls. A permission belongs to a directory or file and not to its
 * path: what is put at the same path later has none.
 *
 * Which rights exist depends on the kernel. Without its ABI 3 a file can be cut
 * to length 0 anywhere the system allows it, without ABI 4 TCP is not limited,
 * without ABI 6 neither are signals to others and abstract sockets. Connecting
 * to a unix socket with a path is never limited.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

/* A file, or a directory with all that is below it. */
struct pst_sandbox_place {
	const char *path;
	bool writable; /* files may be made, written and removed there */
};

struct pst_sandbox_files {
	/* All else can be neither read nor written. A path that does not exist
	 * is left out. */
	const struct pst_sandbox_place *places;
	size_t place_count;
	/* TCP connections may go to these ports. NULL: to any port. No process
	 * of ours binds a TCP socket once it is in the sandbox. */
	const unsigned *ports;
	size_t port_count;
};

/* Returns the ABI of Landlock in this kernel, 0 if it has none. */
int pst_sandbox_files_abi(void);

/*
 * Limits the calling thread and the threads that it starts from now on, as far
 * as that ABI, which is not 0, can do it. The process must have no_new_privs.
 * Files that are open stay so. False with a sentence in err if the kernel
 * refuses it; nothing is limited then.
 */
bool pst_sandbox_limit_files(const struct pst_sandbox_files *files, int abi,
    struct pst_err *err) PST_MUST_CHECK;

#endif
