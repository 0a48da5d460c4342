/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPF_REFRESH_H
#define PST_CORE_SPF_REFRESH_H

/*
 * Looks up the names of core/spf_lists that are due, all side by side, through a
 * handle for the DNS that no message shares. It waits for the answers, so it is
 * for a thread of its own (core/spf_keeper), or for a program that has none.
 */

#include "core/service.h"
#include "core/spf_lists.h"

struct pst_spf_refresh {
	struct pst_service *service;
	unsigned patience_ms; /* what has no answer then has failed */
	/* Called for each change, with a sentence for the log. May be NULL. */
	void (*say)(void *arg, bool is_warning, const char *sentence);
	/* Asked every quarter of a second; true ends the wait. May be NULL. */
	bool (*must_stop)(void *arg);
	void *arg;
};

/*
 * Returns true if something changed that is to be kept on disk. *next_ms is as in
 * pst_spf_lists_due(), and comprises the names that were looked up.
 */
bool
pst_spf_refresh_due(const struct pst_spf_refresh *refresh, int64_t *next_ms);

#endif
