/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SESSION_H
#define PST_CORE_SESSION_H

/*
 * The interface of the engine: SMTP events go in, one decision per message
 * comes out. The daemon, `postern verify`, the tests and the fuzzers use it.
 *
 * A session is one SMTP connection; only one thread at a time may use it. Only
 * pst_session_end() waits. Events in a wrong order are harmless: MAIL begins a
 * new message and drops an unfinished one; events outside a message do nothing.
 */

#include "core/policy.h"
#include "core/recipients.h"
#include "core/service.h"

struct pst_session;

/*
 * A complete message: what it was, what was found, what was decided and what
 * was done.
 */
struct pst_message {
	struct pst_ip client;    /* if a relay of ours sent it, the client of
	                            that relay */
	bool authenticated;      /* the client used SMTP AUTH */
	bool is_test;            /* `postern send` sent it: it is judged as
	                            mail, but nothing remembers it */
	struct pst_ip via;       /* that relay; family PST_IP_NONE: no relay */
	const char *client_name; /* as the MTA or the relay gave it, escaped;
	                            or "" */
	struct pst_str helo;
	struct pst_str mail_from; /* the argument as given, brackets included */
	struct pst_str rcpt;      /* the first recipient; may be empty */
	struct pst_rcpts rcpts;   /* the first ones, with that one */
	size_t rcpt_count;        /* of all */
	const char *queue_id;     /* escaped; "" if the MTA gave none */
	const char *authserv_id;
	int64_t began_s;    /* MAIL, in seconds since 1970 */
	struct pst_mta mta; /* what the decision could ask of it */
	const struct pst_header *header;
	struct pst_findings findings;
	struct pst_decision decision;
	struct pst_done done; /* as decided, until pst_session_done() */
	const struct pst_dns *dns;
	enum pst_dns_health_change dns_change; /* caused by this message */
	const char *note;    /* a remark for the log, or NULL */
	unsigned elapsed_ms; /* spent in pst_session_end() */
	/* The configuration that it began with; it holds a reference. */
	struct pst_config *config;
};

/*
 * Begins the session of a client at ip (family PST_IP_NONE: it has no address),
 * for which the MTA gives that name. Texts are copied, here and below. service
 * must outlive the session. Never returns NULL.
 *
 * is_test: the session is one of `postern send`. Its messages get the verdict
 * that mail gets, with two differences (R-TEST-1, -2): no table of the service
 * takes anything in from them, and the canary's names are answered from its own
 * zone (core/canary.h).
 */
struct pst_session *
pst_session_open(struct pst_service *service, const struct pst_ip *ip,
    struct pst_str name, struct pst_mta mta, bool is_test);
void pst_session_close(struct pst_session *session); /* NULL is allowed */

/*
 * The MTA waits for the answer to each RCPT, so that messages may be split
 * (core/parts). Without this, it does not.
 */
void pst_session_can_defer_rcpts(struct pst_session *session);

/* HELO or EHLO. The last one counts (R-MTA-7). */
void pst_session_helo(struct pst_session *session, struct pst_str helo);

/* The MTA's own name, for the default authserv-id. The last one counts. */
void pst_session_host(struct pst_session *session, struct pst_str host);

/*
 * MAIL: begins a message, which keeps the current configuration of the service.
 * mail_from is the argument as received. mta_address is the address that the
 * MTA itself read from it, empty if it did not say; if they name different
 * domains, the reverse-path is not valid (R-SPF-4).
 */
void pst_session_mail(struct pst_session *session, struct pst_str mail_from,
    struct pst_str mta_address, bool authenticated);
/*
 * RCPT: adds a recipient; rcpt is the argument as received. Returns false if it
 * is not added and must be told to come later (core/parts).
 */
bool pst_session_rcpt(struct pst_session *session, struct pst_str rcpt);
/*
 * The same; mta_address is the address that the MTA itself read from it, empty
 * if it did not say. If their domains differ, the stricter mode counts.
 */
bool pst_session_rcpt_as(struct pst_session *session, struct pst_str rcpt,
    struct pst_str mta_address);

/* A header field: name is as received, value as in pst_header_add(). */
void pst_session_header(
    struct pst_session *session, struct pst_str name, struct pst_str value);
/* The end of the header. */
void pst_session_eoh(struct pst_session *session);

/* Part of the body. Returns false if the rest of the body is not needed. */
bool pst_session_body(struct pst_session *session, const void *ptr, size_t len);

/* Called at least every PST_PROGRESS_MS while pst_session_end() waits. */
#define PST_PROGRESS_MS 3000
struct pst_progress {
	void (*call)(void *arg);
	void *arg;
};

/*
 * The end of the message: waits for missing answers, at most until the
 * deadline, and decides. queue_id may be empty; progress may be NULL. Returns
 * the message, which lives until the next MAIL, abort or close; NULL if no
 * message was begun.
 */
const struct pst_message *pst_session_end(struct pst_session *session,
    struct pst_str queue_id, const struct pst_progress *progress);

/*
 * Tells what was really done with the message that pst_session_end() returned,
 * which then says so. Does nothing if no message was decided.
 */
void pst_session_done(struct pst_session *session, const struct pst_done *done);

/* RSET or a lost connection: drops the message. */
void pst_session_abort(struct pst_session *session);

#endif
