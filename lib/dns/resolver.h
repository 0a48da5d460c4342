/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_RESOLVER_H
#define PST_DNS_RESOLVER_H

/*
 * The resolver of a running gateway: one thread owns libunbound and its
 * libevent loop; messages hand it jobs through a locked queue and an eventfd.
 */

#include "base/err.h"
#include "dns/dns.h"

struct pst_resolver_config {
	/* Addresses "192.0.2.53" or "192.0.2.53@5353"; none: those of
	 * /etc/resolv.conf, read again at each start and reload. */
	const char *const *servers;
	size_t server_count;
	size_t cache_bytes; /* message and record cache together */
	unsigned max_open;  /* queries open at once; above it SERVFAIL */
};

/*
 * Starts the thread. NULL with a sentence in err (no usable server, a bad
 * address, out of threads). Free it with pst_resolver_free(), which ends the
 * thread and loses open jobs.
 */
struct pst_resolver *pst_resolver_start(
    const struct pst_resolver_config *config, struct pst_err *err);

/* Queries open now and answered so far; for metrics. Thread-safe. */
struct pst_resolver_stats {
	uint64_t asked;
	uint64_t answered;
	uint64_t failed; /* SERVFAIL and bogus */
	unsigned open;
};
void pst_resolver_read_stats(
    struct pst_resolver *resolver, struct pst_resolver_stats *out);

#endif
