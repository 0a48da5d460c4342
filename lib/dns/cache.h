/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_CACHE_H
#define PST_DNS_CACHE_H

/*
 * Decoded answers, for as long as their TTL says, in front of the resolver's
 * thread: a message whose questions were asked before needs no other thread.
 * libunbound's own cache is behind it and holds more.
 *
 * Answers are shared, not copied. Every set of a few places may be held by any
 * names, so what peers choose to ask can displace others, but never make a
 * look-up slow. All functions are thread-safe.
 */

#include "dns/dns.h"

struct pst_cache;

/* For max_bytes of answers and names, never NULL. */
struct pst_cache *pst_cache_new(size_t max_bytes);
void pst_cache_free(struct pst_cache *cache);

/*
 * The answer with a reference for the caller; NULL when there is none or its
 * time is over at now_ms. name as a door has it (lower case); max_txt_bytes is
 * a part of the question, as it is of the answer.
 */
const struct pst_dns_answer *
pst_cache_get(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes, int64_t now_ms);

/*
 * Keeps an answer, with a reference of its own. Failures and answers without
 * a TTL are not kept, none for longer than a day.
 */
void pst_cache_put(struct pst_cache *cache, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes,
    const struct pst_dns_answer *answer, int64_t now_ms);

/* Octets held now, for tests. */
size_t pst_cache_bytes(struct pst_cache *cache);

#endif
