/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_DNS_H
#define PST_DNS_DNS_H

/*
 * A message's access to the DNS: each message has one handle of its own.
 *
 * A check asks with pst_dns_ask(). The first call for a name and type starts
 * the query in the background and returns an entry whose answer is still
 * NULL; later calls return the same entry. So a check never waits: it asks for
 * everything that it needs, and reports "not done yet" while an answer is
 * missing. The caller of the checks (core/session) waits with pst_dns_wait()
 * and then runs them again. All entries together are the message's transcript:
 * no question is asked twice, each answer stays the same for the life of the
 * message, and `postern verify` prints them.
 *
 * Limits: each message has a budget of distinct queries and a deadline, and
 * each query has a time-out. A query that passes one of these limits is
 * answered with PST_DNS_BUDGET or PST_DNS_TIMEOUT, so a check only sees
 * answers. The resolver has limits of its own, which all messages share
 * (dns/gate.h); it answers with PST_DNS_CROWDED or PST_DNS_PAUSED.
 *
 * Threads: a handle and its entries belong to the message's thread. Resolvers
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

enum pst_dns_type { /* numbered as in the DNS */
	PST_DNS_A = 1,
	PST_DNS_CNAME = 5, /* the record itself; its target is not followed */
	PST_DNS_PTR = 12,
	PST_DNS_MX = 15,
	PST_DNS_TXT = 16,
	PST_DNS_AAAA = 28,
};

enum pst_dns_status {
	PST_DNS_OK,       /* at least one record of the type */
	PST_DNS_NODATA,   /* the name exists without a record of the type */
	PST_DNS_NXDOMAIN, /* the name does not exist */
	PST_DNS_SERVFAIL, /* SERVFAIL, REFUSED, a broken packet, CNAME loop */
	PST_DNS_BOGUS,    /* DNSSEC validation failed */
	PST_DNS_TIMEOUT,  /* no answer in time */
	PST_DNS_BUDGET,   /* not asked: the message's budget is spent */
	PST_DNS_BADNAME,  /* not asked: not a legal DNS name */
	PST_DNS_CROWDED,  /* not asked, or given up for another question: too
	                     many questions are open */
	PST_DNS_PAUSED,   /* not asked: the servers of the name were silent */
};

/*
 * What a question is for. It decides which questions give way when too many are
 * open (dns/gate.h). The first three are equal and come before the others:
 * DMARC's result depends on them.
 */
enum pst_dns_class {
	PST_DNS_POLICY, /* the policy of an Author Domain, with its tree walk,
	                   and whether that domain exists */
	PST_DNS_KEY,    /* the key of a signature that could align */
	PST_DNS_SENDER, /* SPF of a domain that could align */
	PST_DNS_OTHER,
	PST_DNS_CLIENT, /* the name of the client: iprev */
};
#define PST_DNS_CLASSES (PST_DNS_CLIENT + 1)

struct pst_dns_record {
	struct pst_ip ip;    /* A, AAAA */
	unsigned preference; /* MX */
	struct pst_str data; /* TXT: all strings joined, may hold any octet;
	                        MX, PTR, CNAME: the name as in pst_dns_ask(), "" for
	                        the root (null MX); always NUL-terminated */
};

struct pst_dns_answer {
	enum pst_dns_status status;
	uint32_t ttl;   /* seconds, the smallest one found; 0 for failures */
	bool authentic; /* the server has validated it with DNSSEC, and it is
	                   believed (dns.trust-ad) */
	size_t count;
	const struct pst_dns_record *records; /* in the packet's order */
};

/* One question of a message. */
struct pst_dns_entry {
	const char *name; /* lower case, no final dot, NUL-terminated */
	size_t name_len;  /* a name may hold NUL: compare with the length */
	enum pst_dns_type type;
	const struct pst_dns_answer *answer; /* NULL while the query is open */
	struct pst_dns_job *job;             /* private to dns.c */
	enum pst_dns_class class; /* the highest one it was asked in */
	uint32_t asked_by;        /* private: readers; see pst_dns_reclass() */
	uint32_t missed_by;       /* private: see pst_dns_turn() */
	int64_t asked_ms;
	int64_t ready_ms; /* private: not before this time (zone's delay) */
};

struct pst_dns;

struct pst_dns_limits {
	unsigned max_queries;   /* distinct questions per message */
	unsigned query_ms;      /* time-out of one query */
	unsigned max_txt_bytes; /* of one TXT record; an answer with a longer
	                           one becomes SERVFAIL */
	unsigned reserved;      /* of max_queries, for PST_DNS_POLICY and
	                           PST_DNS_KEY */
};

/*
 * Return words for printing, such as "TXT"; for a status "NOERROR", "NODATA",
 * "NXDOMAIN", "SERVFAIL", "BOGUS", "TIMEOUT", "BUDGET", "BADNAME", "CROWDED" or
 * "PAUSED".
 */
const char *pst_dns_type_word(enum pst_dns_type type);
const char *pst_dns_status_word(enum pst_dns_status status);

/* True for a status that may be different if the query is repeated later. */
bool pst_dns_is_temporary(enum pst_dns_status status);

/*
 * True for a failure that our own limits caused: BUDGET, CROWDED and PAUSED.
 * It says nothing about the DNS.
 */
bool pst_dns_is_ours(enum pst_dns_status status);

struct pst_resolver; /* below */

/*
 * Returns a handle, never NULL, that is closed when the arena is freed: its
 * open queries are then abandoned and its answers released. resolver and clock
 * must outlive it. pst_dns_wait() advances a manual clock.
 */
struct pst_dns *
pst_dns_open(struct pst_arena *arena, struct pst_resolver *resolver,
    struct pst_clock *clock, struct pst_dns_limits limits);

/*
 * A reader is a check that starts over at each of its turns. It has a number
 * from 1 to PST_DNS_MAX_READERS and gives it with each of its questions, so
 * that pst_dns_turn() knows what it is missing. A question of nobody is asked
 * ahead, or its caller has no turns.
 */
#define PST_DNS_NOBODY 0
#define PST_DNS_MAX_READERS 31

/* The check that asks, and what for. */
struct pst_dns_asker {
	unsigned reader;
	enum pst_dns_class class;
};

extern const struct pst_dns_asker pst_dns_nobody; /* in class OTHER */

/*
 * Says which client the message comes from. Its questions from now on count for
 * the network of that client: IPv4 /24, IPv6 /64. Before this, and for a client
 * without an address, they count for no network.
 */
void pst_dns_set_client(struct pst_dns *dns, const struct pst_ip *client);

/*
 * Asks for name and type, or finds the entry that already did; never NULL. In
 * name, dots separate labels and every other octet is literal (no escapes); one
 * final dot is allowed. The entry has it in lower case. Labels must have 1-63
 * octets and the name at most 253, else the answer is PST_DNS_BADNAME. The
 * entry lives as long as the handle; its answer, once set, does not change.
 *
 * The classes POLICY and KEY are for questions that the sender of a message
 * must not be able to crowd out. They may use the whole budget; other questions
 * may use only the part that is not reserved. If the same question was already
 * refused by a limit of ours in another class, it gets a new entry.
 */
const struct pst_dns_entry *pst_dns_ask(struct pst_dns *dns,
    struct pst_dns_asker asker, struct pst_str name, enum pst_dns_type type);

/*
 * Puts the questions that only this reader has asked into another class: it has
 * become known that they matter less, or more. Later questions have the class of
 * their asker.
 */
void
pst_dns_reclass(struct pst_dns *dns, unsigned reader, enum pst_dns_class class);

/*
 * Begins a turn of a reader. False if it asked questions in its last turn that
 * were still open and none of them has been answered since: it would get no
 * further than it did then. Always true for PST_DNS_NOBODY.
 */
bool pst_dns_turn(struct pst_dns *dns, unsigned reader);

/*
 * Takes in the answers that have arrived. True when an entry was answered since
 * the last call of pst_dns_poll() or pst_dns_wait().
 */
bool pst_dns_poll(struct pst_dns *dns);

/*
 * Waits until an entry is answered, if only with PST_DNS_TIMEOUT, or the clock
 * reaches until_ms. True when an entry was answered; false when until_ms came
 * first, nothing is open or another thread interrupted the wait.
 */
bool pst_dns_wait(struct pst_dns *dns, int64_t until_ms);

/*
 * pst_dns_interrupt() ends the wait of the message's thread, and its later ones
 * too. It is for other threads, after the message's own thread has called
 * pst_dns_allow_interrupt(), and until the handle is closed.
 */
void pst_dns_allow_interrupt(struct pst_dns *dns);
void pst_dns_interrupt(struct pst_dns *dns);

/*
 * Returns true if a question of the class POLICY, KEY or SENDER was answered
 * with PST_DNS_CROWDED: what it was for stays unknown, however long one waits.
 */
bool pst_dns_is_crowded(const struct pst_dns *dns);

/*
 * Answers every open and every later question with this status: PST_DNS_TIMEOUT
 * if the message has waited as long as it may, PST_DNS_CROWDED if it had to make
 * room for other messages.
 */
void pst_dns_expire(struct pst_dns *dns, enum pst_dns_status status);

/*
 * Adds a question with the answer that it had in a message that is read from a
 * file (core/recorded), NULL if there was none; the reference to the answer
 * passes to the handle. name is as in an entry. The handle may have no resolver
 * and no budget: then nothing else can be asked.
 */
void pst_dns_add_recorded(struct pst_dns *dns, struct pst_str name,
    enum pst_dns_type type, enum pst_dns_class class,
    const struct pst_dns_answer *answer);

/* True if the resolver can tell authentic answers from others. */
bool pst_dns_trusts_ad(const struct pst_dns *dns);

/* The transcript, in the order in which the questions were asked. */
size_t pst_dns_count(const struct pst_dns *dns);
const struct pst_dns_entry *pst_dns_at(const struct pst_dns *dns, size_t i);

/* ---- for resolvers ---- */

/*
 * A query under way. The resolver owns it from `ask` until it ends it with one
 * of the functions below, whether or not the message still exists.
 */
struct pst_dns_job;
struct pst_desk; /* where finished jobs arrive; private to job.c */

struct pst_str pst_dns_job_name(const struct pst_dns_job *job);
enum pst_dns_type pst_dns_job_type(const struct pst_dns_job *job);
unsigned pst_dns_job_max_txt(const struct pst_dns_job *job);
enum pst_dns_class pst_dns_job_class(const struct pst_dns_job *job);
/* The client's network, with the host's bits zero; it may have no address. */
const struct pst_ip *pst_dns_job_network(const struct pst_dns_job *job);
/* True when no message waits for it any more; pst_dns_job_lose() ends it. */
bool pst_dns_job_abandoned(struct pst_dns_job *job);

/*
 * Ends the job with an answer; the caller's reference to the answer passes to
 * the job. after_ms delays the answer (a delay from a zone file); 0 is at once.
 */
void pst_dns_job_complete(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, unsigned after_ms);

/*
 * The same without a delay, but the waiting message is not woken until
 * pst_dns_ring(): a resolver's thread that has several answers at hand wakes
 * each message only once. A list of bells belongs to one thread; it is empty
 * when zero-initialised.
 */
struct pst_dns_bells {
	struct pst_desk *first; /* private to job.c */
};
void pst_dns_job_complete_unheard(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, struct pst_dns_bells *bells);
void pst_dns_ring(struct pst_dns_bells *bells);

/* Ends a job without an answer: its question then runs into the time-out. */
void pst_dns_job_lose(struct pst_dns_job *job);

struct pst_resolver {
	/*
	 * Returns an answer that is known without a query, with a reference for
	 * the caller; else NULL. Never waits. Thread-safe. May itself be NULL:
	 * then the resolver never knows an answer.
	 */
	const struct pst_dns_answer *(*peek)(struct pst_resolver *resolver,
	    struct pst_str name, enum pst_dns_type type,
	    unsigned max_txt_bytes);
	/* Takes over the job; may end it before it returns. Thread-safe. */
	void (*ask)(struct pst_resolver *resolver, struct pst_dns_job *job);
	/*
	 * No message waits for the job any more. True if the resolver still had
	 * it and gives it back to the caller; false if it is ending the job
	 * just now. Thread-safe. May be NULL: never.
	 */
	bool (*give_up)(struct pst_resolver *resolver, struct pst_dns_job *job);
	/* The job has another class now. Thread-safe. May be NULL. */
	void (*reclass)(struct pst_resolver *resolver, struct pst_dns_job *job,
	    enum pst_dns_class class);
	/* Frees the resolver; no job may be passed to it any more. */
	void (*free)(struct pst_resolver *resolver);
	/* Its answers can be authentic: it believes somebody's validation. */
	bool trusts_ad;
};

/* NULL is allowed. */
void pst_resolver_free(struct pst_resolver *resolver);

/*
 * Returns a new answer with one reference and room for max_records records
 * whose data take data_bytes in all; never NULL. pst_dns_answer_add() fills it.
 */
struct pst_dns_answer *pst_dns_answer_new(enum pst_dns_status status,
    uint32_t ttl, size_t max_records, size_t data_bytes);
/* Appends a record and copies its data. Asserts that there is room for it. */
void pst_dns_answer_add(
    struct pst_dns_answer *answer, const struct pst_dns_record *record);
/*
 * Marks an answer as authentic and returns it. Only the owner of its one
 * reference may do so, before anybody else sees it. A failure stays as it is.
 */
const struct pst_dns_answer *
pst_dns_answer_authentic(const struct pst_dns_answer *answer);
/* Add a reference (returns answer) and give one back (NULL is allowed). */
const struct pst_dns_answer *
pst_dns_answer_ref(const struct pst_dns_answer *answer);
void pst_dns_answer_unref(const struct pst_dns_answer *answer);

#endif
