/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_RESOLVER_H
#define PST_DNS_RESOLVER_H

/*
 * The resolver of a running gateway. One thread owns libunbound and its
 * libevent loop; messages give it jobs through a locked queue and an eventfd.
 */

#include "base/err.h"
#include "base/macros.h"
#include "dns/dns.h"

/* What a resolver tells about its work, for counters. */
enum pst_resolver_event {
	PST_RESOLVER_CACHED,   /* a question was answered from the cache */
	PST_RESOLVER_ASKED,    /* a question was queued for the servers */
	PST_RESOLVER_REFUSED,  /* one was not, as max_open are open */
	PST_RESOLVER_ANSWERED, /* one that was queued has its answer */
	PST_RESOLVER_GIVEN_UP, /* one that was queued is no longer needed */
};

struct pst_resolver_config {
	/* Addresses "192.0.2.53" or "192.0.2.53@5353". If there are none,
	 * /etc/resolv.conf is read, once, by pst_resolver_start(). */
	const char *const *servers;
	size_t server_count;
	size_t cache_bytes; /* our own and libunbound's caches together */
	unsigned max_open;  /* queries open at once; any more get SERVFAIL */
	/* Called in any thread, must not wait; ms counts from ASKED and is set
	 * for ANSWERED. NULL: nobody counts. */
	void (*note)(enum pst_resolver_event event, unsigned ms);
};

/*
 * Starts the thread. Returns NULL with a sentence in err on failure (no usable
 * server, a bad address, out of threads). Free the resolver with
 * pst_resolver_free(), which ends the thread and loses open jobs.
 */
struct pst_resolver *
pst_resolver_start(const struct pst_resolver_config *config,
    struct pst_err *err) PST_MUST_CHECK;

/* Queries open now and counts since the start; for metrics. Thread-safe. */
struct pst_resolver_stats {
	uint64_t asked;
	uint64_t answered; /* failed ones too */
	uint64_t failed;   /* SERVFAIL and BOGUS */
	unsigned open;
};
void pst_resolver_read_stats(
    struct pst_resolver *resolver, struct pst_resolver_stats *out);

#endif
