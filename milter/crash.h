/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_CRASH_H
#define PST_MILTER_CRASH_H

/* What a supervising process does after a worker crashed inside a library. */

#include <stddef.h>
#include <sys/types.h>

/*
 * Blames the message on which the worker of that listener crashed
 * (core/containment), and logs what becomes of it. Does nothing after a death
 * of another kind.
 */
void pst_crash_note(size_t listener, pid_t dead);

#endif
