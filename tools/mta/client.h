/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_CLIENT_H
#define PST_TOOLS_MTA_CLIENT_H

/*
 * The MTA's side of the milter protocol, version 6. It offers what Postfix and
 * Sendmail offer, sends what Postfix sends in Postfix's order, and accepts
 * nothing from a filter that the protocol does not allow.
 *
 * A client is one connection and belongs to one thread. After a failure, only
 * pst_milter_close() may be called.
 */

#include "base/err.h"
#include "base/ip.h"
#include "tools/message.h"

/* A message and what the MTA knows about it. C strings have no controls. */
struct pst_milter_mail {
	const char *host; /* the MTA's own name: macro j */
	struct pst_ip client;
	const char *client_name; /* "" when unknown */
	const char *helo;        /* "": no HELO is sent */
	const char *mail_from;
	const char *rcpt;
	const char *queue_id; /* macro i */
	const struct pst_saved_message *message;
};

enum pst_milter_action {
	PST_MILTER_ACCEPT,
	PST_MILTER_QUARANTINE, /* accepted, but held back */
	PST_MILTER_REJECT,
	PST_MILTER_TEMPFAIL,
	PST_MILTER_DISCARD,
};
#define PST_MILTER_ACTIONS 5

enum pst_milter_edit_op {
	PST_MILTER_EDIT_INSERT, /* index: position from the top */
	PST_MILTER_EDIT_DELETE, /* index: 1-based among that name's fields */
	PST_MILTER_EDIT_CHANGE, /* index: as for delete */
	PST_MILTER_EDIT_ADD,    /* at the end; index 0 */
};

struct pst_milter_edit {
	enum pst_milter_edit_op op;
	size_t index;
	const char *name;
	const char *value; /* after the colon; NULL for delete */
};

/* What the filter decided. It lives in the arena of pst_milter_deliver(). */
struct pst_milter_verdict {
	enum pst_milter_action action;
	const char *stage;      /* "CONNECT", ... "END": what was answered */
	const char *reply;      /* lines joined with LF, `%%` undone; or NULL */
	const char *quarantine; /* reason; or NULL */
	struct pst_milter_edit *edits; /* in the order they came */
	size_t edit_count;
	size_t other_changes; /* recipients, sender, body */
	size_t progress;      /* progress packets */
	bool body_skipped;    /* the filter asked to skip the rest */
};

struct pst_milter;

/*
 * Takes over fd, which is connected and non-blocking, and negotiates.
 * timeout_ms limits each wait for an answer. Returns NULL with a sentence in
 * err on failure; fd is closed then.
 */
struct pst_milter *
pst_milter_open(int fd, unsigned timeout_ms, struct pst_err *err);

/*
 * Plays one SMTP session with one message, up to the filter's final answer.
 * False with a sentence in err if the filter closes the connection, is too slow
 * or violates the protocol.
 */
bool pst_milter_deliver(struct pst_milter *milter, struct pst_arena *arena,
    const struct pst_milter_mail *mail, struct pst_milter_verdict *out,
    struct pst_err *err);

/*
 * Tells the filter, as Sendmail does, that another SMTP session follows on this
 * connection. Call it between two calls of pst_milter_deliver().
 */
bool pst_milter_reuse(struct pst_milter *milter, struct pst_err *err);

/* Sends QUIT if possible, closes, and frees milter. NULL is allowed. */
void pst_milter_close(struct pst_milter *milter);

/* "accept", "quarantine", "reject", "tempfail", "discard". */
const char *pst_milter_action_word(enum pst_milter_action action);
/* "insert", "delete", "change", "add". */
const char *pst_milter_edit_word(enum pst_milter_edit_op op);

#endif
