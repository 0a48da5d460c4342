/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_REMEMBER_H
#define PST_MILTER_REMEMBER_H

/*
 * The worker's side of what is remembered after the verdict: it hands each
 * decided message to the journal and to the tallies, and logs when their files
 * cannot be written and when they can be again. No message waits for it.
 * Functions are thread-safe; a process has one journal.
 */

#include "core/session.h"

/*
 * Starts the threads, if the configuration keeps anything and they are not
 * running yet; else gives them its limits. Call it at the start and after each
 * reload.
 */
void pst_remember_start(struct pst_config *config);

/*
 * Writes what is queued, as far as that is possible within a second, and ends
 * the threads. Call it last: from now on messages are not remembered.
 */
void pst_remember_stop(void);

/* Hands over a message after pst_session_done(). */
void pst_remember_message(const struct pst_message *message);

#endif
