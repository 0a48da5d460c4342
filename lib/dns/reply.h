/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_REPLY_H
#define PST_DNS_REPLY_H

/* What the packet that answers a flight's query says. For dns/resolver. */

#include "dns/flights.h"

/*
 * Decodes the packet. The answer is authentic if trust_ad is set and this packet
 * and all earlier ones of the flight have the AD bit (RFC 4035 s. 3.2.3): a
 * chain of CNAMEs is as good as its worst link. Never NULL; the caller owns one
 * reference.
 */
const struct pst_dns_answer *pst_reply_decode(
    struct pst_flight *flight, struct pst_str packet, bool trust_ad);

/* Returns what the gate is told of a flight that ends with this answer. */
enum pst_gate_end pst_reply_end(const struct pst_dns_answer *answer);

#endif
