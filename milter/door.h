/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_DOOR_H
#define PST_MILTER_DOOR_H

/*
 * Decides for each connection of an MTA whether libmilter serves it, or whether
 * its session is refused (milter/refuser.h), because max-sessions are open or
 * because threads, descriptors or memory are lacking (replaced/dispatch.h).
 */

#include "replaced/dispatch.h"

/* A connection is refused unless this much memory can still be mapped. */
#define PST_DOOR_MEMORY_BYTES ((size_t)32 * 1024 * 1024)

/*
 * Starts the refuser. Returns the door, which is static, for
 * pst_dispatch_begin(); or NULL if the refuser cannot be started. Once in a
 * process.
 */
const struct pst_door *pst_door_open(unsigned max_sessions);

/*
 * Returns how many sessions can be open in a process that may open `files`
 * descriptors: some are kept for the DNS, the store and the refuser.
 */
unsigned pst_door_sessions_for(unsigned long files);

/* Returns how many descriptors that function asks for: its inverse. */
unsigned long pst_door_files_for(unsigned sessions);

#endif
