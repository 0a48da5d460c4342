/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_GATE_H
#define PST_DNS_GATE_H

/*
 * Which questions may be open. All messages of a process share one pool of open
 * questions, and whoever sends mail chooses most of the names in it. The gate
 * keeps the pool usable for everybody else while a sender fills it with names
 * whose servers do not answer (R-SEC-8, R-SEC-9).
 *
 * A flight is one question that is open, for all messages that have asked it.
 *
 * - A full pool: the newcomer takes the place of a flight that has been open
 *   for more than 200 ms. That is the oldest one of the lowest rank below its
 *   own, or else, within its own rank, the oldest one of the client network or
 *   subject that holds most. POLICY, KEY and SENDER have the highest rank,
 *   then comes OTHER, then CLIENT. If none is that old, the newcomer is
 *   refused. Only questions that are answered slowly are ever given up.
 * - Shares: of the flights that have been open for more than 500 ms, one client
 *   network may hold an eighth of the pool, one subject a sixteenth, and
 *   either may hold four. A busy
 *   sender of honest mail is far below that, however much mail it sends,
 *   because most of its names are answered. The class POLICY is exempt from the
 *   share of the subject.
 * - Pauses: see dns/subjects.h.
 *
 * The subject of a name is the domain whose servers it depends on, as far as
 * that can be told from the name: the part after the last label that begins
 * with "_", so "_dmarc.a.example" and "s._domainkey.a.example" have the subject
 * a.example; for a reverse name it is the name of the /24 or /64.
 *
 * The gate has no thread and no clock. The caller locks it and passes the time,
 * in milliseconds, which never goes back.
 */

#include "dns/dns.h"
#include "dns/subjects.h"

#define PST_GATE_DISPLACE_MS 200
#define PST_GATE_SLOW_MS 500
#define PST_GATE_NETWORK_PART 8 /* one part in this many of the pool */
#define PST_GATE_SUBJECT_PART 16
/* A flight that more networks than this have asked for counts for none. */
#define PST_GATE_NETWORKS 4

struct pst_gate;
struct pst_gate_network; /* private to gate.c */

enum pst_gate_verdict {
	PST_GATE_ADMITTED,
	PST_GATE_POOL,    /* refused: the pool is full */
	PST_GATE_NETWORK, /* refused: the client network has its share */
	PST_GATE_SUBJECT, /* refused: the subject has its share */
	PST_GATE_PAUSE,   /* refused: the subject is paused */
};
#define PST_GATE_VERDICTS (PST_GATE_PAUSE + 1)

/* How a flight ended. */
enum pst_gate_end {
	PST_GATE_ANSWERED,  /* by records, or by the fact that there are none */
	PST_GATE_FAILED,    /* by a failure */
	PST_GATE_TIMED_OUT, /* not at all */
	PST_GATE_GIVEN_UP,  /* nobody waited any more, or it was displaced */
};

/* Part of the caller's own flight; zero-initialise it. All is private. */
struct pst_gate_flight {
	struct pst_gate_flight *prev, *next;   /* of its rank, by age */
	struct pst_gate_flight *older, *newer; /* of all, by age */
	struct pst_subject *subject;
	struct pst_subject *probed; /* it is a probe during that pause */
	unsigned probe;
	struct pst_gate_network *networks[PST_GATE_NETWORKS];
	unsigned network_count;
	unsigned asked_by[PST_DNS_CLASSES]; /* questions, by class */
	unsigned rank;
	unsigned stage; /* of age: the thresholds that it has passed */
	int64_t asked_ms;
};

struct pst_gate_question {
	struct pst_str name; /* lower case */
	enum pst_dns_class class;
	struct pst_ip network; /* with the host's bits zero */
};

/* seed is secret, so that nobody can choose names that collide. */
struct pst_gate *pst_gate_new(unsigned max_open, uint64_t seed);
/* All flights must have ended. */
void pst_gate_free(struct pst_gate *gate);

/*
 * Asks whether a flight may be opened for this question. If so, the flight is
 * open until pst_gate_end(); *displaced is the flight that had to make room,
 * which has ended already, or NULL.
 */
enum pst_gate_verdict pst_gate_admit(struct pst_gate *gate,
    struct pst_gate_flight *flight, const struct pst_gate_question *question,
    int64_t now_ms, struct pst_gate_flight **displaced);

/* Another message asks the question of an open flight. It is never refused. */
void pst_gate_join(struct pst_gate *gate, struct pst_gate_flight *flight,
    const struct pst_gate_question *question);

/*
 * A message's question has another class now, or (to is PST_DNS_CLASSES) nobody
 * waits for its answer any more. A flight has the highest rank of its
 * questions. Returns the number of questions that are left.
 */
unsigned pst_gate_change(struct pst_gate *gate, struct pst_gate_flight *flight,
    enum pst_dns_class from, unsigned to);

/* Ends an open flight. */
void pst_gate_end(struct pst_gate *gate, struct pst_gate_flight *flight,
    enum pst_gate_end end, int64_t now_ms);

/* An answer came for a name whose flight had been given up. */
void pst_gate_hear(struct pst_gate *gate, struct pst_str name, int64_t now_ms);

/* The number of open flights. */
unsigned pst_gate_open(const struct pst_gate *gate);

/* The word for a verdict: "admitted", "pool", "network", "name", "pause". */
const char *pst_gate_verdict_word(enum pst_gate_verdict verdict);

#endif
