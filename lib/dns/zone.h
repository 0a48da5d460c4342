/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ZONE_H
#define PST_DNS_ZONE_H

/*
 * A resolver over a text zone, for tests, the demo and `postern --zone`. It
 * answers at once from memory and needs no thread and no network. A name that
 * is not in the file (and has nothing below it) is NXDOMAIN.
 *
 * Beside the records of RFC 1035 the file may hold
 *	;! timeout NAME		no answer for any type of this name
 *	;! servfail NAME
 *	;! delay NAME 20ms	the answer comes that much later
 * NAME is as in the file's records: \DDD escapes, final dot optional, always
 * absolute. CNAMEs are followed within the zone.
 */

#include "base/err.h"
#include "dns/dns.h"

/* Reads the file; NULL with a sentence in err. Immutable, thread-safe. */
struct pst_resolver *pst_zone_load(const char *file_name, struct pst_err *err);

/* The same from a text in memory; file_name is for messages. */
struct pst_resolver *pst_zone_parse(
    const char *text, size_t len, const char *file_name, struct pst_err *err);

#endif
