/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_PROCESS_USAGE_H
#define PST_CORE_PROCESS_USAGE_H

/*
 * What processes take of the machine, read from /proc. The supervisor reads it
 * for all processes of the daemon, since a worker may not look at /proc.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/json.h"
#include "base/json_read.h"

/* Sums; begin with all zero. */
struct pst_process_usage {
	uint64_t processes;
	uint64_t cpu_ms; /* with that of their children that have ended */
	uint64_t resident_bytes; /* what they share counts for each of them */
	uint64_t open_fds;
	bool fds_hidden; /* the descriptors of a process cannot be seen, so that
	                    open_fds means nothing */
};

/* Adds one process. One that does not exist any more adds nothing. */
void pst_process_usage_add(struct pst_process_usage *usage, pid_t pid);

/* Adds the member "usage" to the object that is open in json. */
void pst_process_usage_json(
    struct pst_json *json, const struct pst_process_usage *usage);

/* Reads that member of an object again; all zero if it is missing. */
void pst_process_usage_from_json(
    const struct pst_json_value *object, struct pst_process_usage *out);

#endif
