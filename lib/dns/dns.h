/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_DNS_H
#define PST_DNS_DNS_H

/*
 * The door to the DNS: one for each message.
 *
 * A check asks with pst_dns_ask(). The first call for a name and type starts
 * the query in the background and returns an entry whose answer is still
 * NULL; later calls return the same entry. So a check never waits: it asks for
 * all that it needs, and says "not done yet" while something is missing. Who
 * drives the checks (core/session) waits with pst_dns_wait() and calls them
 * again. All entries together are the message's transcript: no question is
 * asked twice, each answer stays the same for the life of the message, and
 * `postern verify` prints them.
 *
 * Limits: a budget of distinct queries a message, a time-out for each query,
 * a deadline for the message. What passes one of them is answered with
 * PST_DNS_BUDGET or PST_DNS_TIMEOUT, so a check only sees answers.
 *
 * Threads: a door and its entries belong to the message's thread. Resolvers
 * complete a job from any thread with pst_dns_job_complete(). Answers are
 * immutable and reference-counted, so a cache may share them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/str.h"

enum pst_dns_type { /* the numbers of the DNS */
	PST_DNS_A = 1,
	PST_DNS_PTR = 12,
	PST_DNS_MX = 15,
	PST_DNS_TXT = 16,
	PST_DNS_AAAA = 28,
};

enum pst_dns_status {
	PST_DNS_OK,       /* at least one record of the type */
	PST_DNS_NODATA,   /* the name exists, no record of the type */
	PST_DNS_NXDOMAIN, /* the name does not exist */
	PST_DNS_SERVFAIL, /* SERVFAIL, REFUSED, a broken packet, CNAME loop */
	PST_DNS_BOGUS,    /* DNSSEC validation failed */
	PST_DNS_TIMEOUT,  /* no answer in time */
	PST_DNS_BUDGET,   /* not asked: the message's budget is spent */
	PST_DNS_BADNAME,  /* not asked: no legal DNS name */
};

struct pst_dns_record {
	struct pst_ip ip;    /* A, AAAA */
	unsigned preference; /* MX */
	struct pst_str data; /* TXT: all strings joined, may hold any octet;
	                        MX, PTR: the name as in pst_dns_ask(), "" is
	                        the root (null MX); NUL-terminated as well */
};

struct pst_dns_answer {
	enum pst_dns_status status;
	uint32_t ttl; /* seconds, the smallest met; 0 for failures */
	size_t count;
	const struct pst_dns_record *records; /* in the order of the packet */
};

/* One question of a message. */
struct pst_dns_entry {
	const char *name; /* lower case, no final dot, NUL-terminated */
	size_t name_len;  /* a name may hold NUL: compare with the length */
	enum pst_dns_type type;
	const struct pst_dns_answer *answer; /* NULL while it is open */
	struct pst_dns_job *job;             /* private to dns.c */
	uint32_t missed_by;                  /* the same: see pst_dns_turn() */
	int64_t asked_ms;
	int64_t ready_ms; /* private: not before this time (zone's delay) */
};

struct pst_dns;

struct pst_dns_limits {
	unsigned max_queries;   /* distinct questions a message */
	unsigned query_ms;      /* one query */
	unsigned max_txt_bytes; /* of one TXT record; longer ones are cut off
	                           and the answer becomes SERVFAIL */
	unsigned reserved;      /* of max_queries, for pst_dns_ask_reserved() */
};

/*
 * Words for printing: "TXT", "NOERROR", "NODATA", "NXDOMAIN", "SERVFAIL",
 * "BOGUS", "TIMEOUT", "BUDGET", "BADNAME".
 */
const char *pst_dns_type_word(enum pst_dns_type type);
const char *pst_dns_status_word(enum pst_dns_status status);

/* True for the statuses that may be different another time. */
bool pst_dns_is_temporary(enum pst_dns_status status);

struct pst_resolver; /* below */

/*
 * A door in the arena, closed with it: open queries are abandoned, answers
 * given back. resolver and clock must outlive it; a manual clock is advanced
 * by pst_dns_wait().
 */
struct pst_dns *
pst_dns_open(struct pst_arena *arena, struct pst_resolver *resolver,
    struct pst_clock *clock, struct pst_dns_limits limits);

/*
 * Asks for name and type, or finds the entry that did; never NULL. name is
 * text with dots between labels, every other octet literal (no escapes), at
 * most one final dot; it is lower-cased. Labels of 1-63 octets and 253 in all,
 * anything else is answered PST_DNS_BADNAME. The entry lives as long as the
 * door; its answer, once set, does not change.
 */
const struct pst_dns_entry *
pst_dns_ask(struct pst_dns *dns, struct pst_str name, enum pst_dns_type type);

/*
 * The same for a question that the sender of a message must not be able to
 * crowd out: the policy of the Author Domain, the keys of its signatures. It
 * may use the whole budget, the others only what is not reserved. Where the
 * question was refused before for want of budget, it gets an entry of its own.
 */
const struct pst_dns_entry *pst_dns_ask_reserved(
    struct pst_dns *dns, struct pst_str name, enum pst_dns_type type);

/*
 * Begins the turn of a reader, who has a number from 0 to 31 and starts over
 * at each turn. False when questions that it asked at its last turn were open
 * and none of them has been answered since: it would come no further than then.
 */
bool pst_dns_turn(struct pst_dns *dns, unsigned reader);

/*
 * Takes over what has arrived. True when an entry was answered since the last
 * call of pst_dns_poll() or pst_dns_wait().
 */
bool pst_dns_poll(struct pst_dns *dns);

/*
 * Waits until an entry is answered, a query's time is over, or until_ms (of
 * the clock) has come. True when an entry was answered; false when until_ms
 * came first or nothing is open.
 */
bool pst_dns_wait(struct pst_dns *dns, int64_t until_ms);

/* Answers all that is open with PST_DNS_TIMEOUT, and all asked from now on. */
void pst_dns_expire(struct pst_dns *dns);

/* The transcript, in the order of asking. */
size_t pst_dns_count(const struct pst_dns *dns);
const struct pst_dns_entry *pst_dns_at(const struct pst_dns *dns, size_t i);

/* ---- for resolvers ---- */

/*
 * A query under way. It is owned by the resolver from `ask` until
 * pst_dns_job_complete(), whether or not the message is still there.
 */
struct pst_dns_job;
struct pst_desk; /* where it comes back to; private to job.c */

struct pst_str pst_dns_job_name(const struct pst_dns_job *job);
enum pst_dns_type pst_dns_job_type(const struct pst_dns_job *job);
unsigned pst_dns_job_max_txt(const struct pst_dns_job *job);
/* True when nobody waits for it any more: it may be dropped unasked. */
bool pst_dns_job_abandoned(struct pst_dns_job *job);

/*
 * Hands the answer over and ends the job. The answer's reference passes to the
 * job's door. after_ms delays it (a zone's injected delay); 0 is at once.
 */
void pst_dns_job_complete(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, unsigned after_ms);

/*
 * The same at once, but the waiting message is not woken until pst_dns_ring():
 * a resolver's thread that has several answers at hand wakes each message once.
 * One list of bells belongs to one thread; all zero it is empty.
 */
struct pst_dns_bells {
	struct pst_desk *first; /* private to job.c */
};
void pst_dns_job_complete_unheard(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, struct pst_dns_bells *bells);
void pst_dns_ring(struct pst_dns_bells *bells);

/* Ends a job that never gets an answer: its door runs into its time-out. */
void pst_dns_job_lose(struct pst_dns_job *job);

struct pst_resolver {
	/*
	 * The answer when it is known without asking, with a reference for the
	 * caller; else NULL. Never waits. NULL: such a resolver knows nothing.
	 */
	const struct pst_dns_answer *(*peek)(struct pst_resolver *resolver,
	    struct pst_str name, enum pst_dns_type type,
	    unsigned max_txt_bytes);
	/* Takes the job; may complete it before it returns. Thread-safe. */
	void (*ask)(struct pst_resolver *resolver, struct pst_dns_job *job);
	/* Frees the resolver; no job may be asked any more. */
	void (*free)(struct pst_resolver *resolver);
};

/* NULL is allowed. */
void pst_resolver_free(struct pst_resolver *resolver);

/*
 * A new answer with one reference and room for count records whose data
 * take data_bytes in all; fill it with pst_dns_answer_add(). One block.
 */
struct pst_dns_answer *pst_dns_answer_new(enum pst_dns_status status,
    uint32_t ttl, size_t max_records, size_t data_bytes);
/* Appends a record; data is copied. Asserts that the room suffices. */
void pst_dns_answer_add(
    struct pst_dns_answer *answer, const struct pst_dns_record *record);
const struct pst_dns_answer *
pst_dns_answer_ref(const struct pst_dns_answer *answer);
void pst_dns_answer_unref(const struct pst_dns_answer *answer);

#endif
