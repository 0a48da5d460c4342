/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_TRANSPORT_H
#define PST_DNS_TRANSPORT_H

/*
 * Queries to the DNS servers and their replies: the only module that uses
 * c-ares, which repeats lost queries, tries the next server, matches replies to
 * queries and asks again over TCP when a reply is truncated.
 *
 * A c-ares channel has one UDP socket for each server, and it cannot forget a
 * single query. So channels are small: each gets a few queries and is then
 * replaced by a new one, whose socket has another port. To forge
 * a reply, one must guess the port as well as the id of the query. A channel is
 * destroyed when its last query has ended, or with all its queries.
 *
 * Everything is called by one thread, and so is `done`. `done` must not call the
 * transport, except for pst_transport_open(): versions of c-ares free a query
 * twice if its own callback cancels it (CVE-2026-33630).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "dns/servers.h"

#define PST_TRANSPORT_PER_CHANNEL 128

enum pst_transport_end {
	PST_TRANSPORT_REPLY,   /* packet and len are set */
	PST_TRANSPORT_SILENCE, /* no server replied in time */
	PST_TRANSPORT_FAILURE, /* SERVFAIL, REFUSED, or a server is not there */
	PST_TRANSPORT_DROPPED, /* by pst_transport_drop() or _free() */
};

struct pst_transport;

/* Called once for each query that was sent, perhaps before that returns. */
typedef void pst_transport_done(
    void *query, enum pst_transport_end end, const uint8_t *packet, size_t len);

/* Returns NULL with a sentence in err on failure. wakeup_fd is an eventfd. */
struct pst_transport *
pst_transport_new(const struct pst_servers *servers, int wakeup_fd,
    pst_transport_done *done, struct pst_err *err) PST_MUST_CHECK;
/* Ends all queries as PST_TRANSPORT_DROPPED. NULL is allowed. */
void pst_transport_free(struct pst_transport *transport);

/* A packet as pst_query_make() makes it; its id is set here. */
void pst_transport_send(
    struct pst_transport *transport, uint8_t *packet, size_t len, void *query);

/* The number of queries that have not ended. */
size_t pst_transport_open(const struct pst_transport *transport);

/* Ends all queries of the oldest channel as PST_TRANSPORT_DROPPED. */
void pst_transport_drop(struct pst_transport *transport);

/*
 * Waits for replies, for the wakeup_fd or for timeout_ms (-1: no limit), and
 * ends the queries that are done. While queries are open it returns after a
 * twentieth of a second at the latest.
 */
void pst_transport_wait(struct pst_transport *transport, int timeout_ms);

#endif
