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

/*
 * Writes the queued rows and stops. Call it last: from now on every other
 * function here waits for the end of the process, so no message is answered
 * without its rows.
 */
void pst_recorder_stop(void);

/*
 * Returns when the message's rows are committed, or after store.wait. The
 * message's own configuration says whether reports are made and how long it may
 * take.
 */
void pst_recorder_put(const struct pst_message *message);

#endif
