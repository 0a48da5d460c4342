/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_CACHE_H
#define PST_DNS_CACHE_H

/*
 * Decoded answers, kept for their TTL, in front of the resolver's thread: a
 * message whose questions were all asked before needs no other thread. Negative
 * answers are kept, too (RFC 2308).
 *
 * Answers are shared, not copied. A question belongs to one set of a few
 * places. Names that peers choose can therefore displace others, but they never
 * make a look-up slow. All functions are thread-safe, except pst_cache_free().
 */

#include "dns/dns.h"

struct pst_cache;

/* Returns a cache for max_bytes of answers and names; never NULL. */
struct pst_cache *pst_cache_new(size_t max_bytes);
void pst_cache_free(struct pst_cache *cache);

/*
 * Returns the answer with a reference for the caller; NULL if there is none or
 * it has expired at now_ms. name is as in struct pst_dns_entry (lower case).
 * max_txt_bytes is part of the question, because the answer depends on it.
 */
const struct pst_dns_answer *
pst_cache_get(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes, int64_t now_ms);

/*
 * Keeps an answer, with a reference of its own, for its TTL but at most a day.
 * Failures and answers with a TTL of 0 are not kept.
 */
void pst_cache_put(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes,
    const struct pst_dns_answer *answer, int64_t now_ms);

/* Returns the octets held now; for tests. */
size_t pst_cache_bytes(struct pst_cache *cache);

#endif
