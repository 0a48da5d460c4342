/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_RESOLVER_H
#define PST_DNS_RESOLVER_H

/*
 * The resolver of a running gateway. One thread sends queries and takes replies
 * (dns/transport); messages give it jobs through a locked queue and an eventfd.
 * The gate (dns/gate) decides which questions may be open.
 *
 * Equal questions (name, type and the limit on TXT records) that are open at
 * the same time are one flight with several jobs, and one query. When the last
 * job of a flight is given up, its place is free at once. The query itself
 * cannot be taken back; it is kept apart until it ends, and an answer still
 * goes to the cache. If too many such queries are kept, the oldest are dropped.
 */

#include "base/err.h"
#include "base/macros.h"
#include "dns/dns.h"

/* What a resolver tells about its work, for counters. */
enum pst_resolver_event {
	PST_RESOLVER_CACHED,    /* a question was answered from the cache */
	PST_RESOLVER_ASKED,     /* a flight was opened */
	PST_RESOLVER_JOINED,    /* a question waits for one that is open */
	PST_RESOLVER_REFUSED,   /* one was refused */
	PST_RESOLVER_ANSWERED,  /* a flight has its answer */
	PST_RESOLVER_GIVEN_UP,  /* nobody waits for a flight any more */
	PST_RESOLVER_DISPLACED, /* one was given up for another question */
};

struct pst_resolver_note {
	enum pst_resolver_event event;
	unsigned verdict; /* enum pst_gate_verdict, of REFUSED */
	/* Of ANSWERED, GIVEN_UP and DISPLACED: */
	unsigned ms;         /* since the flight was opened */
	struct pst_str name; /* of the question: chosen by a sender, any octets;
	                        valid during the call */
	enum pst_dns_type type;
	enum pst_dns_status status; /* not of GIVEN_UP */
};

/* What lasts for a while; see pst_resolver_watch(). */
enum pst_resolver_alarm {
	PST_RESOLVER_CROWDED, /* questions are refused or given up for others */
	PST_RESOLVER_PAUSING, /* questions are refused during a pause */
	PST_RESOLVER_DEAD,    /* no server answers anything (dns/pulse) */
};
#define PST_RESOLVER_ALARMS (PST_RESOLVER_DEAD + 1)

/*
 * An alarm ends when its cause has not occurred for so long; DEAD ends with the
 * next answer. Only with a watch are probes sent.
 */
#define PST_RESOLVER_QUIET_MS 30000

struct pst_resolver_config {
	/* Addresses "192.0.2.53" or "192.0.2.53@5353". If there are none,
	 * /etc/resolv.conf is read, once, by pst_resolver_start(). */
	const char *const *servers;
	size_t server_count;
	size_t cache_bytes;  /* of the cache */
	unsigned max_open;   /* flights that may be open at once */
	bool trust_ad;       /* believe the AD bit of replies */
	bool trust_local_ad; /* believe it if all servers are on this host */
	/* Called in any thread, under a lock unless the event is CACHED; must
	 * not wait. NULL: nobody counts. */
	void (*note)(const struct pst_resolver_note *note);
};

/*
 * Starts the thread. Returns NULL with a sentence in err on failure (no usable
 * server, a bad address, out of threads). Free the resolver with
 * pst_resolver_free(), which ends the thread and loses open jobs.
 */
struct pst_resolver *
pst_resolver_start(const struct pst_resolver_config *config,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * From now on `call` is told when an alarm begins and ends, in the resolver's
 * thread; it may write to the log. Set it once.
 */
void pst_resolver_watch(struct pst_resolver *resolver,
    void (*call)(enum pst_resolver_alarm alarm, bool on));

/* Counts since the start, and what is open now. Thread-safe. */
struct pst_resolver_stats {
	uint64_t asked;    /* questions of messages */
	uint64_t answered; /* of them, those with an answer, even a failure */
	uint64_t failed;   /* of those, the failures */
	unsigned open;     /* flights */
	size_t queries;    /* at the servers, with those that were given up */
};
void pst_resolver_read_stats(
    struct pst_resolver *resolver, struct pst_resolver_stats *out);

#endif
