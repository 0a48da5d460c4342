/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_FLIGHTS_H
#define PST_DNS_FLIGHTS_H

/*
 * The questions that a resolver has open, for dns/resolver.c. A flight is one
 * question with the jobs of all messages that have asked it. It is open until
 * it is answered, displaced or given up by the last of its jobs; then it is
 * over, but it exists until its query has ended: the resolver's thread frees
 * it.
 *
 * The caller locks the table. Of a flight, the members after `hops` belong to
 * the resolver's thread.
 */

#include "dns/dns.h"
#include "dns/gate.h"

struct pst_flight {
	struct pst_gate_flight
	    gate; /* first: the gate returns a pointer to it */
	struct pst_flight *next_in_bucket;
	struct pst_dns_job *jobs;
	uint32_t hash;
	bool is_over;
	struct pst_flight *next; /* in the inbox of the resolver */

	unsigned hops; /* CNAMEs that were followed by questions of our own */
	bool without_edns;
	bool is_unproven; /* a packet of the chain had no AD bit */
	bool is_probe; /* of the resolver's own; besides, only engine is set */
	bool is_unwanted; /* is_over, as it was when the inbox was read */
	char *target;     /* the name to ask for; NULL: name */
	void *engine;
	enum pst_dns_type type; /* these do not change */
	unsigned max_txt_bytes;
	size_t name_len;
	char name[];
};

struct pst_flights;

struct pst_flights *pst_flights_new(unsigned max_open, uint64_t seed);

/* Ends all flights, frees the table and returns the jobs. */
struct pst_dns_job *
pst_flights_close(struct pst_flights *flights, int64_t now_ms);

struct pst_flights_reply {
	enum pst_gate_verdict verdict;
	struct pst_flight *opened; /* NULL: refused, or the job has joined one
	                              that was open */
	struct pst_flight *over;   /* the flight that made room, or NULL */
	struct pst_dns_job *displaced; /* its jobs */
	unsigned displaced_count;
};

/* Takes over the job, unless the verdict is a refusal. */
struct pst_flights_reply pst_flights_ask(
    struct pst_flights *flights, struct pst_dns_job *job, int64_t now_ms);

/*
 * Takes the job out of its flight; false if it is in none. *over is set to the
 * flight if it is over by that, else to NULL.
 */
bool pst_flights_give_up(struct pst_flights *flights, struct pst_dns_job *job,
    int64_t now_ms, struct pst_flight **over);

void pst_flights_reclass(struct pst_flights *flights, struct pst_dns_job *job,
    enum pst_dns_class class);

/* Ends a flight, unless it is over, and returns its jobs and their number. */
struct pst_dns_job *
pst_flights_end(struct pst_flights *flights, struct pst_flight *flight,
    enum pst_gate_end end, int64_t now_ms, unsigned *count);

/* A flight that is over was answered after all. */
void pst_flights_hear(struct pst_flights *flights,
    const struct pst_flight *flight, int64_t now_ms);

unsigned pst_flights_open(const struct pst_flights *flights);

/* ---- one flight; no lock ---- */

void pst_flight_free(struct pst_flight *flight);
/* A probe (dns/pulse) of that engine, in no table. */
struct pst_flight *pst_flight_new_probe(void *engine);
int64_t pst_flight_asked_ms(const struct pst_flight *flight);
struct pst_str pst_flight_name(const struct pst_flight *flight);
/* The name that is asked for now: the name, or the end of a CNAME chain. */
struct pst_str pst_flight_target(const struct pst_flight *flight);
void pst_flight_set_target(struct pst_flight *flight, const char *target);
/* The job after this one in a list of jobs. */
struct pst_dns_job *pst_flight_next_job(const struct pst_dns_job *job);

#endif
