/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_EXPLAIN_H
#define PST_CORE_EXPLAIN_H

/*
 * One message and its decision as the log line, as text for a person, and as
 * JSON. The functions return text in the arena.
 */

#include <stdbool.h>

#include "base/json.h"
#include "core/session.h"

/*
 * Returns the log line: "QUEUEID: from=... spf=... dkim=... dmarc=...
 * policy=... action=... rule=...". It is one line of printable ASCII, and its
 * length is bounded (R-SEC-3, R-LOG-4).
 */
const char *
pst_explain_line(struct pst_arena *arena, const struct pst_message *message);

/*
 * The same as one JSON object on one line, for `log { format = json }`. Both are
 * described in posternd(8); core/log_line says what is cut.
 */
const char *pst_explain_line_json(
    struct pst_arena *arena, const struct pst_message *message);

/*
 * Returns the object of another line about the message. sentence is the
 * program's own, or validated, or escaped; if it is too long, it is cut.
 */
const char *pst_explain_event_json(struct pst_arena *arena,
    const struct pst_message *message, const char *event, const char *sentence);

/*
 * Return parts of pst_explain_text(): what the checks found; the decision, with
 * the reply and the changes of the header; the questions to the DNS with their
 * answers, without labels.
 */
const char *pst_explain_findings(
    struct pst_arena *arena, const struct pst_message *message);
const char *pst_explain_decision(
    struct pst_arena *arena, const struct pst_message *message);
const char *
pst_explain_dns(struct pst_arena *arena, const struct pst_message *message);

/* Returns several lines for a person, each with a final newline. */
const char *
pst_explain_text(struct pst_arena *arena, const struct pst_message *message);

/*
 * Returns one JSON object without a final newline; postern(1) documents it.
 * file_name and envelope_source may be NULL; envelope_source says where ip,
 * helo and mail_from were taken from.
 */
const char *
pst_explain_json(struct pst_arena *arena, const struct pst_message *message,
    const char *file_name, const char *envelope_source);

/* What is told of a saved message beside its verdict; each may be NULL. */
struct pst_explain_source {
	const char *file_name;
	const char *envelope_source;
	/* Adds members of its own after that. */
	void (*add)(const void *arg, struct pst_json *json);
	const void *arg;
};

/* The same as pst_explain_json(), with more of where the message is from. */
const char *pst_explain_saved_json(struct pst_arena *arena,
    const struct pst_message *message, const struct pst_explain_source *source);

/* Returns the SMTP reply as "550 5.7.26 text", NULL if there is none. */
const char *
pst_explain_reply(struct pst_arena *arena, const struct pst_decision *decision);

#endif
