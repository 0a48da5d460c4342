/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_CLIENT_H
#define PST_TOOLS_MTA_CLIENT_H

/*
 * The MTA's side of the milter protocol, version 6. It offers what Postfix and
 * Sendmail offer, sends what Postfix sends in Postfix's order, and accepts
 * nothing from a filter that the protocol does not allow.
 *
 * A client is one connection and belongs to one thread. After a failure, only
 * pst_mta_close() may be called.
 */

#include "base/err.h"
#include "base/ip.h"
#include "base/macros.h"
#include "tools/message.h"

/* A message and what the MTA knows about it. C strings have no controls. */
struct pst_mta_mail {
	bool is_test;     /* it bears the test mark (MILTER_TEST_MACRO) */
	const char *host; /* the MTA's own name: macro j */
	struct pst_ip client;
	const char *client_name; /* "" when unknown */
	const char *helo;        /* "": no HELO is sent */
	const char *mail_from;
	const char *rcpt;
	const char *const *more_rcpts; /* after that one */
	size_t more_count;
	const char *queue_id; /* macro i */
	const struct pst_saved_message *message;
};

enum pst_mta_action {
	PST_MTA_ACCEPT,
	PST_MTA_QUARANTINE, /* accepted, but held back */
	PST_MTA_REJECT,
	PST_MTA_TEMPFAIL,
	PST_MTA_DISCARD,
};
#define PST_MTA_ACTIONS 5

enum pst_mta_edit_op {
	PST_MTA_EDIT_INSERT, /* index: position from the top */
	PST_MTA_EDIT_DELETE, /* index: 1-based among that name's fields */
	PST_MTA_EDIT_CHANGE, /* index: as for delete */
	PST_MTA_EDIT_ADD,    /* at the end; index 0 */
};

struct pst_mta_edit {
	enum pst_mta_edit_op op;
	size_t index;
	const char *name;
	const char *value; /* after the colon; NULL for delete */
};

/* What the filter decided. It lives in the arena of pst_mta_deliver(). */
struct pst_mta_verdict {
	enum pst_mta_action action;
	const char *stage;      /* "CONNECT", ... "END": what was answered */
	const char *reply;      /* lines joined with LF, `%%` undone; or NULL */
	const char *quarantine; /* reason; or NULL */
	struct pst_mta_edit *edits; /* in the order they came */
	size_t edit_count;
	/*
	 * Recipients that were refused while others were not; lines of the
	 * recipient, a blank and the reply.
	 */
	const char **refused;
	size_t refused_count;
	size_t other_changes; /* recipients, sender, body */
	size_t progress;      /* progress packets */
	bool body_skipped;    /* the filter asked to skip the rest */
};

struct pst_mta_client;

/*
 * Takes over fd, which is connected and non-blocking, and negotiates.
 * timeout_ms limits each wait for an answer. Returns NULL with a sentence in
 * err on failure; fd is closed then.
 */
struct pst_mta_client *
pst_mta_open(int fd, unsigned timeout_ms, struct pst_err *err) PST_MUST_CHECK;

/*
 * Plays one SMTP session with one message, up to the filter's final answer.
 * False with a sentence in err if the filter closes the connection, is too slow
 * or violates the protocol.
 */
bool pst_mta_deliver(struct pst_mta_client *milter, struct pst_arena *arena,
    const struct pst_mta_mail *mail, struct pst_mta_verdict *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Tells the filter, as Sendmail does, that another SMTP session follows on this
 * connection. Call it between two calls of pst_mta_deliver().
 */
bool pst_mta_reuse(
    struct pst_mta_client *milter, struct pst_err *err) PST_MUST_CHECK;

/* Sends QUIT if possible, closes, and frees milter. NULL is allowed. */
void pst_mta_close(struct pst_mta_client *milter);

/* "accept", "quarantine", "reject", "tempfail", "discard". */
const char *pst_mta_action_word(enum pst_mta_action action);
/* "insert", "delete", "change", "add". */
const char *pst_mta_edit_word(enum pst_mta_edit_op op);

#endif
