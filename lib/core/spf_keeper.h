/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPF_KEEPER_H
#define PST_CORE_SPF_KEEPER_H

/*
 * Keeps the lists of a service (core/spf_lists) fresh and on disk, in a thread.
 * The thread exists only if the configuration names an SPF record. No message
 * waits for it.
 */

#include "core/service.h"

/* Called in any thread that uses the keeper. */
struct pst_spf_log {
	void (*call)(void *arg, bool is_warning, const char *sentence);
	void *arg;
};

struct pst_spf_keeper;

/* The service must outlive the keeper. */
struct pst_spf_keeper *
pst_spf_keeper_new(struct pst_service *service, struct pst_spf_log log);

/*
 * To be called at the start and after each pst_service_replace(). The first call
 * with names reads the file, so that the lists of the last time count at once,
 * and starts the thread. Later calls let the thread look at the names. If a
 * thread cannot be started, a sentence says so, and the lists stay as they are.
 */
void pst_spf_keeper_tend(struct pst_spf_keeper *keeper);

/*
 * Waits until no name is unknown, or for so long: at a start, so that the first
 * messages find lists. Returns at once if the first look-up has failed.
 */
void pst_spf_keeper_wait(struct pst_spf_keeper *keeper, unsigned patience_ms);

/* Ends the thread. NULL is allowed. */
void pst_spf_keeper_stop(struct pst_spf_keeper *keeper);

#endif
