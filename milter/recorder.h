/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_RECORDER_H
#define PST_MILTER_RECORDER_H

/*
 * The worker's side of the report store: hands in what each message
 * contributes, before its final reply, and logs how the store does. Functions
 * are thread-safe; there is one recorder a process.
 */

#include "core/session.h"

/*
 * Starts what config asks for and is not running: the writer when reports are
 * made, the shipper when gateways share a database. At the start, and after
 * each reload.
 */
void pst_recorder_start(struct pst_config *config);

/* Writes what is waiting and stops. Messages that come later are not kept. */
void pst_recorder_stop(void);

/*
 * Returns when the message's records are committed, or after store.wait. Does
 * nothing when no reports are made.
 */
void pst_recorder_put(
    const struct pst_config *config, const struct pst_message *message);

#endif
