/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ZONE_H
#define PST_DNS_ZONE_H

/*
 * A resolver that answers from a zone file, for tests, the demo and
 * `postern --zone`. It answers at once from memory and needs no thread and no
 * network. A name that is not in the file and has nothing below it is NXDOMAIN.
 *
 * Besides the records of RFC 1035 the file may hold
 *	;! timeout NAME		no answer for any type of this name
 *	;! servfail NAME	SERVFAIL for any type of this name
 *	;! bogus NAME		the same, since DNSSEC validation has failed
 *	;! delay NAME 20ms	the answer comes that much later
 *	;! secure NAME		answers for this name and all names below it are
 *				authentic, as if a server had validated them
 * NAME is written as in the file's records, with \DDD escapes and an optional
 * final dot, but is always absolute. CNAMEs are followed within the zone.
 */

#include "base/err.h"
#include "base/macros.h"
#include "dns/dns.h"

/*
 * Reads the file. Returns a resolver that never changes and is thread-safe, or
 * NULL with a sentence in err.
 */
struct pst_resolver *
pst_zone_load(const char *file_name, struct pst_err *err) PST_MUST_CHECK;

/* The same for text in memory; file_name is for error sentences. */
struct pst_resolver *pst_zone_parse(const char *text, size_t len,
    const char *file_name, struct pst_err *err) PST_MUST_CHECK;

#endif
