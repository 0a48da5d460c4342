/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_QUERY_H
#define PST_DNS_QUERY_H

/* The queries that are sent to a recursive server. */

#include "dns/dns.h"

#define PST_QUERY_SIZE 300 /* room for any query */

/*
 * Writes a query and returns its length; 0 if name is not a legal name. RD is
 * set, and AD, which says that we understand it. With edns there is an OPT
 * record, at the end, for replies of up to 1232 octets. The id is 0.
 */
size_t pst_query_make(struct pst_str name, enum pst_dns_type type, bool edns,
    uint8_t packet[PST_QUERY_SIZE]);

/* Writes a query for TXT records of the root, without EDNS. */
size_t pst_query_make_probe(uint8_t packet[PST_QUERY_SIZE]);

/* True for a reply with the AD bit: the server says that it has validated it. */
bool pst_query_is_authentic(struct pst_str packet);

/* True for a reply that says that the server did not understand the query. */
bool pst_query_was_misunderstood(struct pst_str packet);

#endif
