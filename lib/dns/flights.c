/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/flights.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "dns/job.h"

#define BUCKETS 4096

struct pst_flights {
	struct pst_gate *gate;
	uint64_t seed;
	struct pst_flight *buckets[BUCKETS];
};

struct pst_flights *
pst_flights_new(unsigned max_open, uint64_t seed)
{
	struct pst_flights *flights = calloc(1, sizeof(*flights));

	if (flights == NULL)
		abort();
	flights->gate = pst_gate_new(max_open, seed);
	flights->seed = seed;
	return flights;
}

static uint32_t
hash_of(const struct pst_flights *flights, const struct pst_dns_job *job)
{
	uint64_t start =
	    PST_HASH_START ^ flights->seed ^ (uint64_t)job->type * 2654435761U;

	return pst_hash_fold(pst_hash(start, pst_dns_job_name(job)));
}

static struct pst_flight *
find(const struct pst_flights *flights, const struct pst_dns_job *job,
    uint32_t hash)
{
	struct pst_flight *at = flights->buckets[hash % BUCKETS];

	while (at != NULL &&
	    (at->hash != hash || at->type != job->type ||
		at->max_txt_bytes != job->max_txt_bytes ||
		!pst_str_eq(pst_flight_name(at), pst_dns_job_name(job))))
		at = at->next_in_bucket;
	return at;
}

static void
add_job(struct pst_flight *flight, struct pst_dns_job *job)
{
	job->flight = flight;
	job->next_mate = flight->jobs;
	flight->jobs = job;
}

/* Takes all jobs out of the flight. */
static struct pst_dns_job *
take_jobs(struct pst_flight *flight, unsigned *count)
{
	struct pst_dns_job *jobs = flight->jobs;

	*count = 0;
	flight->jobs = NULL;
	for (struct pst_dns_job *job = jobs; job != NULL;
	     job = job->next_mate) {
		job->flight = NULL;
		(*count)++;
	}
	return jobs;
}

/* Ends a flight of which the gate knows already that it has ended. */
static void
close_flight(struct pst_flights *flights, struct pst_flight *flight)
{
	struct pst_flight **at = &flights->buckets[flight->hash % BUCKETS];

	while (*at != flight)
		at = &(*at)->next_in_bucket;
	*at = flight->next_in_bucket;
	flight->is_over = true;
}

static struct pst_flight *
new_flight(const struct pst_dns_job *job, uint32_t hash)
{
	struct pst_flight *flight = calloc(1, sizeof(*flight) + job->name_len);

	if (flight == NULL)
		abort();
	flight->hash = hash;
	flight->type = job->type;
	flight->max_txt_bytes = job->max_txt_bytes;
	flight->name_len = job->name_len;
	memcpy(flight->name, job->name, job->name_len);
	return flight;
}

struct pst_flights_reply
pst_flights_ask(
    struct pst_flights *flights, struct pst_dns_job *job, int64_t now_ms)
{
	struct pst_gate_question question = {
	    pst_dns_job_name(job), job->class, job->network};
	struct pst_flights_reply reply = {.verdict = PST_GATE_ADMITTED};
	uint32_t hash = hash_of(flights, job);
	struct pst_flight *flight = find(flights, job, hash);
	struct pst_gate_flight *displaced;

	if (flight != NULL) {
		pst_gate_join(flights->gate, &flight->gate, &question);
		add_job(flight, job);
		return reply;
	}
	flight = new_flight(job, hash);
	reply.verdict = pst_gate_admit(
	    flights->gate, &flight->gate, &question, now_ms, &displaced);
	if (reply.verdict != PST_GATE_ADMITTED) {
		free(flight);
		return reply;
	}
	if (displaced != NULL) {
		struct pst_flight *other = (struct pst_flight *)displaced;

		reply.over = other;
		reply.displaced = take_jobs(other, &reply.displaced_count);
		close_flight(flights, other);
	}
	flight->next_in_bucket = flights->buckets[hash % BUCKETS];
	flights->buckets[hash % BUCKETS] = flight;
	add_job(flight, job);
	reply.opened = flight;
	return reply;
}

bool
pst_flights_give_up(struct pst_flights *flights, struct pst_dns_job *job,
    int64_t now_ms, struct pst_flight **over)
{
	struct pst_flight *flight = job->flight;
	struct pst_dns_job **at;

	*over = NULL;
	if (flight == NULL)
		return false;
	for (at = &flight->jobs; *at != job; at = &(*at)->next_mate)
		;
	*at = job->next_mate;
	job->flight = NULL;
	if (pst_gate_change(
		flights->gate, &flight->gate, job->class, PST_DNS_CLASSES) > 0)
		return true;
	pst_gate_end(flights->gate, &flight->gate, PST_GATE_GIVEN_UP, now_ms);
	close_flight(flights, flight);
	*over = flight;
	return true;
}

void
pst_flights_reclass(struct pst_flights *flights, struct pst_dns_job *job,
    enum pst_dns_class class)
{
	struct pst_flight *flight = job->flight;

	if (flight == NULL)
		return;
	(void)pst_gate_change(flights->gate, &flight->gate, job->class, class);
	job->class = class;
}

struct pst_dns_job *
pst_flights_end(struct pst_flights *flights, struct pst_flight *flight,
    enum pst_gate_end end, int64_t now_ms, unsigned *count)
{
	*count = 0;
	if (flight->is_over)
		return NULL;
	pst_gate_end(flights->gate, &flight->gate, end, now_ms);
	close_flight(flights, flight);
	return take_jobs(flight, count);
}

void
pst_flights_hear(struct pst_flights *flights, const struct pst_flight *flight,
    int64_t now_ms)
{
	assert(flight->is_over);
	pst_gate_hear(flights->gate, pst_flight_name(flight), now_ms);
}

unsigned
pst_flights_open(const struct pst_flights *flights)
{
	return pst_gate_open(flights->gate);
}

struct pst_dns_job *
pst_flights_close(struct pst_flights *flights, int64_t now_ms)
{
	struct pst_dns_job *all = NULL;

	for (size_t i = 0; i < BUCKETS; i++) {
		while (flights->buckets[i] != NULL) {
			unsigned count;
			struct pst_dns_job *jobs =
			    pst_flights_end(flights, flights->buckets[i],
				PST_GATE_GIVEN_UP, now_ms, &count);

			while (jobs != NULL) {
				struct pst_dns_job *next = jobs->next_mate;

				jobs->next_mate = all;
				all = jobs;
				jobs = next;
			}
		}
	}
	pst_gate_free(flights->gate);
	free(flights);
	return all;
}

struct pst_flight *
pst_flight_new_probe(void *engine)
{
	struct pst_flight *flight = calloc(1, sizeof(*flight));

	if (flight == NULL)
		abort();
	flight->is_probe = true;
	flight->engine = engine;
	return flight;
}

void
pst_flight_free(struct pst_flight *flight)
{
	free(flight->target);
	free(flight);
}

int64_t
pst_flight_asked_ms(const struct pst_flight *flight)
{
	return flight->gate.asked_ms;
}

struct pst_str
pst_flight_name(const struct pst_flight *flight)
{
	return (struct pst_str){flight->name, flight->name_len};
}

struct pst_str
pst_flight_target(const struct pst_flight *flight)
{
	return flight->target == NULL ? pst_flight_name(flight) :
					pst_str(flight->target);
}

void
pst_flight_set_target(struct pst_flight *flight, const char *target)
{
	free(flight->target);
	flight->target = strdup(target);
	if (flight->target == NULL)
		abort();
}

struct pst_dns_job *
pst_flight_next_job(const struct pst_dns_job *job)
{
	return job->next_mate;
}
