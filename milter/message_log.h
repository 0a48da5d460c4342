/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_MESSAGE_LOG_H
#define PST_MILTER_MESSAGE_LOG_H

/* The lines of the log about one message, as text or as JSON. Any thread. */

#include "base/log.h"
#include "core/session.h"

/* Logs the message's line, its note, and at level debug what was found. */
void pst_message_log(const struct pst_message *message);

/* Logs what the message has changed in the health of the DNS, if anything. */
void pst_message_log_dns(const struct pst_message *message);

/*
 * Logs "QUEUEID: SUBJECT SENTENCE". subject may be "". event is the word for it
 * in a JSON log.
 */
void pst_message_log_about(enum pst_log_level level,
    const struct pst_message *message, const char *event, const char *sentence,
    const char *subject);

#endif
