/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SESSION_H
#define PST_CORE_SESSION_H

/*
 * The engine's front: SMTP events in, one decision a message out. The daemon,
 * `postern verify`, the tests and the fuzzers all drive this.
 *
 * A session is one SMTP connection; it belongs to one thread at a time. Only
 * pst_session_end() waits. Events out of order are harmless: MAIL begins a new
 * message and drops an unfinished one, events outside a message do nothing.
 */

#include "core/policy.h"
#include "core/service.h"

struct pst_session;

/* One message, complete: what it was, what was found, what was decided. */
struct pst_message {
	struct pst_ip client;    /* behind our own relays, if it came by one */
	struct pst_ip via;       /* the relay; family PST_IP_NONE: by none */
	const char *client_name; /* as the MTA gave it, escaped; or "" */
	struct pst_str helo;
	struct pst_str mail_from; /* the argument as given, brackets included */
	struct pst_str rcpt;      /* the first one; may be empty */
	size_t rcpt_count;
	const char *queue_id; /* "" when the MTA gave none */
	const char *authserv_id;
	const struct pst_header *header;
	struct pst_findings findings;
	struct pst_decision decision;
	const struct pst_dns *dns;
	enum pst_dns_health_change dns_change; /* of what temperror comes to */
	const char *note;    /* what else the log should say; or NULL */
	unsigned elapsed_ms; /* spent in pst_session_end() */
};

/*
 * A client at ip (family PST_IP_NONE: it has none) named name by the MTA.
 * Never NULL.
 */
struct pst_session *pst_session_open(struct pst_service *service,
    const struct pst_ip *ip, struct pst_str name, struct pst_mta mta);
void pst_session_close(struct pst_session *session); /* NULL is allowed */

/* HELO or EHLO; the last one counts (R-MTA-7). */
void pst_session_helo(struct pst_session *session, struct pst_str helo);

/* The MTA's own name, for the default authserv-id; the last one counts. */
void pst_session_host(struct pst_session *session, struct pst_str host);

/*
 * MAIL: begins a message. The configuration of now is the message's.
 * mta_address is what the MTA itself read from the argument, empty when it did
 * not say; where the two name different domains, the reverse-path is not valid
 * (R-SPF-4).
 */
void pst_session_mail(struct pst_session *session, struct pst_str mail_from,
    struct pst_str mta_address, bool authenticated);
void pst_session_rcpt(struct pst_session *session, struct pst_str rcpt);

/* name as received; value as in pst_header_add(). */
void pst_session_header(
    struct pst_session *session, struct pst_str name, struct pst_str value);
void pst_session_eoh(struct pst_session *session);

/* False when the rest of the body is not needed. */
bool pst_session_body(struct pst_session *session, const void *ptr, size_t len);

/* Called at least every PST_PROGRESS_MS while pst_session_end() waits. */
#define PST_PROGRESS_MS 3000
struct pst_progress {
	void (*call)(void *arg);
	void *arg;
};

/*
 * End of the message: waits for what is open, within the deadline, and
 * decides. queue_id may be empty; progress may be NULL. The message lives until
 * the next MAIL, abort or close. NULL when no message was begun.
 */
const struct pst_message *pst_session_end(struct pst_session *session,
    struct pst_str queue_id, const struct pst_progress *progress);

/* RSET or a lost connection: drops the message. */
void pst_session_abort(struct pst_session *session);

#endif
