/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_RECORDER_H
#define PST_MILTER_RECORDER_H

/*
 * The worker's side of the report store: hands over what each message
 * contributes, before its final reply, and logs when the store fails and when
 * it recovers. Functions are thread-safe; a process has one recorder.
 */

#include "core/session.h"

/*
 * Starts the writer if reports are made and it is not running yet. Call it at
 * the start and after each reload. The upload to a shared database is a process
 * of its own (milter/upload_child.h).
 */
void pst_recorder_start(struct pst_config *config);

/* Writes the queued rows and stops. Later messages are not recorded. */
void pst_recorder_stop(void);

/*
 * Returns when the message's rows are committed, or after store.wait. The
 * message's own configuration says whether reports are made and how long it may
 * take.
 */
void pst_recorder_put(const struct pst_message *message);

#endif
