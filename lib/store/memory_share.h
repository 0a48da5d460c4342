/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_MEMORY_SHARE_H
#define PST_STORE_MEMORY_SHARE_H

/*
 * What several gateways remember of domains: the upload process hands the rows
 * that changed in this gateway's file (store/memory_file.h) to the shared
 * database, and brings those of the other gateways into the file, from where
 * the workers read them. It is a matter of minutes, and no report row waits for
 * it: a failure here does not end the upload.
 *
 * All functions belong to one thread.
 */

#include "base/macros.h"
#include "config/config.h"
#include "store/db.h"
#include "store/trusted_clock.h"

#define PST_MEMORY_SHARE_MS 60000

/* Begin with all zero, except for config. */
struct pst_memory_share {
	const struct pst_config *config;
	int64_t due_ms;   /* when it is time again */
	int64_t up, down; /* the last change that was copied each way */
	struct pst_trusted_clock trusted; /* for deleting by age */
};

/*
 * Copies each way what has changed, if it is time. One turn takes some seconds
 * at most; what is left follows at the next call.
 */
bool pst_memory_share_turn(struct pst_memory_share *share,
    struct pst_db *shared, struct pst_err *err) PST_MUST_CHECK;

#endif
