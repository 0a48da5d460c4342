/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/resolver.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/hash.h"
#include "base/thread.h"
#include "dns/alarms.h"
#include "dns/cache.h"
#include "dns/flights.h"
#include "dns/pulse.h"
#include "dns/query.h"
#include "dns/reply.h"
#include "dns/servers.h"
#include "dns/transport.h"
#include "dns/wire.h"

/*
 * So many queries may be open, including those that nobody waits for any more.
 * At 600 to 700 octets each, 16384 take about 10 MB.
 */
#define MIN_QUERIES 16384
/* The most CNAMEs that are followed by questions of our own. */
#define MAX_HOPS 8

struct engine {
	struct pst_resolver resolver; /* first: callers hold a pointer to it */
	pthread_t thread;
	int wakeup_fd;
	size_t max_queries;
	struct pst_cache *cache;
	void (*note)(const struct pst_resolver_note *note);

	pthread_mutex_t lock; /* for the members from here to watch */
	struct pst_flights *flights;
	struct pst_flight *inbox_first;
	struct pst_flight *inbox_last;
	bool awake; /* the thread has been woken and will read the inbox */
	bool stopping;
	struct pst_resolver_stats stats;
	struct pst_alarms alarms;
	void (*watch)(enum pst_resolver_alarm alarm, bool on);

	struct pst_transport *transport; /* thread only */
	struct pst_dns_bells bells;      /* thread only */
	struct pst_dns_pulse pulse;      /* thread only */
};

static void
note(struct engine *engine, enum pst_resolver_event event, unsigned verdict)
{
	if (engine->note != NULL)
		engine->note(&(struct pst_resolver_note){
		    .event = event, .verdict = verdict});
}

/* A flight is over. Locked. */
static void
note_end(struct engine *engine, enum pst_resolver_event event,
    const struct pst_flight *flight, enum pst_dns_status status, int64_t at_ms)
{
	const struct pst_resolver_note note = {.event = event,
	    .ms = (unsigned)(at_ms - pst_flight_asked_ms(flight)),
	    .name = pst_flight_name(flight),
	    .type = flight->type,
	    .status = status};

	if (engine->note != NULL)
		engine->note(&note);
}

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

static const struct pst_dns_answer *
failure(enum pst_dns_status status)
{
	return pst_dns_answer_new(status, 0, 0, 0);
}

/* Adds a flight to the inbox; true if the thread must be woken. Locked. */
static bool
put_in_inbox(struct engine *engine, struct pst_flight *flight)
{
	bool must_wake = !engine->awake;

	flight->next = NULL;
	if (engine->inbox_last != NULL)
		engine->inbox_last->next = flight;
	else
		engine->inbox_first = flight;
	engine->inbox_last = flight;
	engine->awake = true;
	return must_wake;
}

static void
wake(struct engine *engine)
{
	/* This fails only if the counter is full; then the thread is awake. */
	(void)eventfd_write(engine->wakeup_fd, 1);
}

/* ---- alarms ---- */

/* True if the thread must be woken to tell it. Locked. */
static bool
raise_alarm(struct engine *engine, enum pst_resolver_alarm which, int64_t at_ms)
{
	if (!pst_alarms_raise(&engine->alarms, which, at_ms) || engine->awake)
		return false;
	engine->awake = true;
	return true;
}

/*
 * Tells what has begun or ended. Returns how long the thread may sleep before
 * something may end; -1 if nothing can.
 */
static int
tell_alarms(struct engine *engine)
{
	int sleep_ms = -1;

	for (unsigned i = 0; i < PST_RESOLVER_ALARMS; i++) {
		const enum pst_resolver_alarm which = i;
		void (*watch)(enum pst_resolver_alarm which, bool on);
		struct pst_alarm_news news;

		pst_mutex_lock(&engine->lock);
		watch = engine->watch;
		if (which == PST_RESOLVER_DEAD)
			pst_alarms_set(
			    &engine->alarms, which, engine->pulse.is_dead);
		news = pst_alarms_take(&engine->alarms, which, now_ms());
		pst_mutex_unlock(&engine->lock);
		if (news.changed && watch != NULL)
			watch(which, news.raised);
		sleep_ms = pst_sooner_ms(sleep_ms, news.left_ms);
	}
	return sleep_ms;
}

/* ---- the thread ---- */

/* Ends the jobs of a list, each with a reference of its own to the answer. */
static void
answer_jobs(struct pst_dns_job *job, const struct pst_dns_answer *answer,
    struct pst_dns_bells *bells)
{
	while (job != NULL) {
		struct pst_dns_job *next = pst_flight_next_job(job);

		if (bells == NULL)
			pst_dns_job_complete(
			    job, pst_dns_answer_ref(answer), 0);
		else
			pst_dns_job_complete_unheard(
			    job, pst_dns_answer_ref(answer), bells);
		job = next;
	}
}

/* Ends a flight whose query has ended, and frees it. */
static void
finish(struct engine *engine, struct pst_flight *flight,
    const struct pst_dns_answer *answer)
{
	enum pst_gate_end end = pst_reply_end(answer);
	struct pst_dns_job *jobs;
	unsigned count;
	int64_t at_ms = now_ms();

	pst_mutex_lock(&engine->lock);
	if (flight->is_over && end == PST_GATE_ANSWERED)
		pst_flights_hear(engine->flights, flight, at_ms);
	if (!flight->is_over)
		note_end(engine, PST_RESOLVER_ANSWERED, flight, answer->status,
		    at_ms);
	jobs = pst_flights_end(engine->flights, flight, end, at_ms, &count);
	engine->stats.answered += count;
	if (pst_dns_is_temporary(answer->status))
		engine->stats.failed += count;
	pst_mutex_unlock(&engine->lock);
	answer_jobs(jobs, answer, &engine->bells);
	pst_dns_answer_unref(answer);
	pst_flight_free(flight);
}

static void
send_query(struct engine *engine, struct pst_flight *flight)
{
	uint8_t packet[PST_QUERY_SIZE];
	size_t len = pst_query_make(pst_flight_target(flight), flight->type,
	    !flight->without_edns, packet);

	/* Not every version of c-ares can ask for a name that holds a NUL. */
	if (len == 0 ||
	    pst_str_find(pst_flight_target(flight), '\0') <
		pst_flight_target(flight).len) {
		finish(engine, flight, failure(PST_DNS_BADNAME));
		return;
	}
	if (pst_transport_open(engine->transport) >= engine->max_queries)
		pst_transport_drop(engine->transport);
	pst_transport_send(engine->transport, packet, len, flight);
}

/*
 * Sends another query when the transport has ended its call, if the flight is
 * still needed then.
 */
static void
send_again(struct engine *engine, struct pst_flight *flight)
{
	pst_mutex_lock(&engine->lock);
	/* The thread is awake: it is here. */
	(void)put_in_inbox(engine, flight);
	pst_mutex_unlock(&engine->lock);
}

/*
 * Asks for the end of a chain of CNAMEs that is not in the packet; false if
 * there is none. A resolver should do that, but some forwarders leave it to
 * their clients.
 */
static bool
ask_target(
    struct engine *engine, struct pst_flight *flight, struct pst_str packet)
{
	char target[PST_WIRE_TARGET_SIZE];

	if (!pst_wire_target(
		packet, pst_flight_target(flight), flight->type, target))
		return false;
	if (++flight->hops > MAX_HOPS) {
		finish(engine, flight, failure(PST_DNS_SERVFAIL));
		return true;
	}
	pst_flight_set_target(flight, target);
	send_again(engine, flight);
	return true;
}

static void
take_reply(
    struct engine *engine, struct pst_flight *flight, struct pst_str packet)
{
	const struct pst_dns_answer *answer;

	/* The server does not know EDNS. */
	if (pst_query_was_misunderstood(packet) && !flight->without_edns) {
		flight->without_edns = true;
		send_again(engine, flight);
		return;
	}
	answer = pst_reply_decode(flight, packet, engine->resolver.trusts_ad);
	if (answer->status == PST_DNS_NODATA &&
	    ask_target(engine, flight, packet)) {
		pst_dns_answer_unref(answer);
		return;
	}
	/* The TTL of a chain that came in several packets is not known. */
	if (flight->hops == 0)
		pst_cache_put(engine->cache, pst_flight_name(flight),
		    flight->type, flight->max_txt_bytes, answer, now_ms());
	finish(engine, flight, answer);
}

static void
on_end(
    void *query, enum pst_transport_end end, const uint8_t *packet, size_t len)
{
	struct pst_flight *flight = query;
	struct engine *engine = flight->engine;

	if (flight->is_probe) {
		pst_dns_pulse_probed(
		    &engine->pulse, end == PST_TRANSPORT_REPLY, now_ms());
		pst_flight_free(flight);
		return;
	}
	pst_dns_pulse_feel(
	    &engine->pulse, end, pst_flight_asked_ms(flight), now_ms());
	switch (end) {
	case PST_TRANSPORT_REPLY:
		take_reply(engine, flight,
		    (struct pst_str){(const char *)packet, len});
		return;
	case PST_TRANSPORT_SILENCE:
		finish(engine, flight, failure(PST_DNS_TIMEOUT));
		return;
	case PST_TRANSPORT_FAILURE:
		finish(engine, flight, failure(PST_DNS_SERVFAIL));
		return;
	case PST_TRANSPORT_DROPPED: /* to make room */
		send_again(engine, flight);
		return;
	}
}

/* Sends a probe if one is due; returns how long the thread may sleep. */
static int
probe(struct engine *engine)
{
	bool is_watched;

	pst_mutex_lock(&engine->lock);
	is_watched = engine->watch != NULL;
	pst_mutex_unlock(&engine->lock);
	if (!is_watched)
		return -1;
	if (pst_dns_pulse_take_probe(&engine->pulse, now_ms()))
		pst_dns_pulse_send(
		    engine->transport, pst_flight_new_probe(engine));
	return pst_dns_pulse_wait_ms(&engine->pulse, now_ms());
}

/* Sends what has arrived, except what is over already. */
static bool
read_inbox(struct engine *engine)
{
	struct pst_flight *flight;

	pst_mutex_lock(&engine->lock);
	if (engine->stopping) {
		/* release() frees what is in the inbox. */
		pst_mutex_unlock(&engine->lock);
		return false;
	}
	flight = engine->inbox_first;
	engine->inbox_first = NULL;
	engine->inbox_last = NULL;
	engine->awake = false;
	engine->stats.queries = pst_transport_open(engine->transport);
	for (struct pst_flight *at = flight; at != NULL; at = at->next)
		at->is_unwanted = at->is_over;
	pst_mutex_unlock(&engine->lock);
	while (flight != NULL) {
		struct pst_flight *next = flight->next;

		if (flight->is_unwanted)
			pst_flight_free(flight);
		else
			send_query(engine, flight);
		flight = next;
	}
	return true;
}

static void *
run(void *arg)
{
	struct engine *engine = arg;

	while (read_inbox(engine)) {
		int sleep_ms =
		    pst_sooner_ms(probe(engine), tell_alarms(engine));

		/* All answers of one round wake a message once. */
		pst_dns_ring(&engine->bells);
		pst_transport_wait(engine->transport, sleep_ms);
		pst_dns_ring(&engine->bells);
	}
	return NULL;
}

/* ---- the handle ---- */

static const struct pst_dns_answer *
engine_peek(struct pst_resolver *resolver, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	const struct pst_dns_answer *answer =
	    pst_cache_get(engine->cache, name, type, max_txt_bytes, now_ms());

	if (answer != NULL)
		note(engine, PST_RESOLVER_CACHED, 0);
	return answer;
}

/* Counts a refusal; true if the thread must be woken. Locked. */
static bool
count_refusal(
    struct engine *engine, enum pst_gate_verdict verdict, int64_t at_ms)
{
	engine->stats.answered++;
	engine->stats.failed++;
	note(engine, PST_RESOLVER_REFUSED, verdict);
	return raise_alarm(engine,
	    verdict == PST_GATE_PAUSE ? PST_RESOLVER_PAUSING :
					PST_RESOLVER_CROWDED,
	    at_ms);
}

static void
engine_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct engine *engine = (struct engine *)(void *)resolver;
	int64_t at_ms = now_ms();
	struct pst_flights_reply reply;
	bool must_wake = false;

	pst_mutex_lock(&engine->lock);
	engine->stats.asked++;
	reply = pst_flights_ask(engine->flights, job, at_ms);
	if (reply.opened != NULL) {
		reply.opened->engine = engine;
		/* Before the thread may see the flight, and note its end. */
		note(engine, PST_RESOLVER_ASKED, 0);
		must_wake = put_in_inbox(engine, reply.opened);
	} else if (reply.verdict == PST_GATE_ADMITTED) {
		note(engine, PST_RESOLVER_JOINED, 0);
	} else {
		must_wake = count_refusal(engine, reply.verdict, at_ms);
	}
	if (reply.over != NULL) {
		engine->stats.answered += reply.displaced_count;
		engine->stats.failed += reply.displaced_count;
		note_end(engine, PST_RESOLVER_DISPLACED, reply.over,
		    PST_DNS_CROWDED, at_ms);
		must_wake |= raise_alarm(engine, PST_RESOLVER_CROWDED, at_ms);
	}
	pst_mutex_unlock(&engine->lock);
	if (reply.verdict != PST_GATE_ADMITTED)
		pst_dns_job_complete(job,
		    failure(reply.verdict == PST_GATE_PAUSE ? PST_DNS_PAUSED :
							      PST_DNS_CROWDED),
		    0);
	answer_jobs(reply.displaced, failure(PST_DNS_CROWDED), NULL);
	if (must_wake)
		wake(engine);
}

static bool
engine_give_up(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct engine *engine = (struct engine *)(void *)resolver;
	struct pst_flight *over = NULL;
	int64_t at_ms = now_ms();
	bool had;

	pst_mutex_lock(&engine->lock);
	had = pst_flights_give_up(engine->flights, job, at_ms, &over);
	if (over != NULL)
		note_end(engine, PST_RESOLVER_GIVEN_UP, over, PST_DNS_TIMEOUT,
		    at_ms);
	pst_mutex_unlock(&engine->lock);
	return had;
}

static void
engine_reclass(struct pst_resolver *resolver, struct pst_dns_job *job,
    enum pst_dns_class class)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	pst_mutex_lock(&engine->lock);
	pst_flights_reclass(engine->flights, job, class);
	pst_mutex_unlock(&engine->lock);
}

/* Frees an engine, complete or not, whose thread does not run. */
static void
release(struct engine *engine)
{
	struct pst_dns_job *jobs;

	/* The flights come back into the inbox. */
	pst_transport_free(engine->transport);
	jobs = pst_flights_close(engine->flights, now_ms());
	while (engine->inbox_first != NULL) {
		struct pst_flight *flight = engine->inbox_first;

		engine->inbox_first = flight->next;
		pst_flight_free(flight);
	}
	while (jobs != NULL) {
		struct pst_dns_job *next = pst_flight_next_job(jobs);

		pst_dns_job_lose(jobs);
		jobs = next;
	}
	if (engine->wakeup_fd >= 0)
		close(engine->wakeup_fd);
	pst_cache_free(engine->cache);
	pst_mutex_destroy(&engine->lock);
	free(engine);
}

static void
engine_free(struct pst_resolver *resolver)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	pst_mutex_lock(&engine->lock);
	engine->stopping = true;
	pst_mutex_unlock(&engine->lock);
	wake(engine);
	pst_thread_join(engine->thread);
	release(engine);
}

void
pst_resolver_read_stats(
    struct pst_resolver *resolver, struct pst_resolver_stats *out)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	pst_mutex_lock(&engine->lock);
	*out = engine->stats;
	out->open = pst_flights_open(engine->flights);
	pst_mutex_unlock(&engine->lock);
}

void
pst_resolver_watch(struct pst_resolver *resolver,
    void (*call)(enum pst_resolver_alarm alarm, bool on))
{
	struct engine *engine = (struct engine *)(void *)resolver;

	pst_mutex_lock(&engine->lock);
	engine->watch = call;
	pst_mutex_unlock(&engine->lock);
}

/* ---- starting ---- */

static size_t
max_queries(unsigned max_open)
{
	size_t some_more = (size_t)max_open + max_open / 4;

	return some_more > MIN_QUERIES ? some_more : MIN_QUERIES;
}

static bool
start_transport(struct engine *engine, const struct pst_resolver_config *config,
    struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_servers servers;

	engine->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->wakeup_fd < 0)
		(void)pst_err_set(err,
		    "cannot create the resolver's eventfd: %s; is the limit "
		    "on open files too low?",
		    strerror(errno));
	else if (pst_servers_read(arena, config->servers, config->server_count,
		     &servers, err)) {
		engine->resolver.trusts_ad = config->trust_ad ||
		    (config->trust_local_ad && servers.all_local);
		engine->transport =
		    pst_transport_new(&servers, engine->wakeup_fd, on_end, err);
	}
	pst_arena_free(arena);
	return engine->transport != NULL;
}

struct pst_resolver *
pst_resolver_start(
    const struct pst_resolver_config *config, struct pst_err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	assert(config->max_open > 0);
	if (engine == NULL)
		abort();
	pst_mutex_init(&engine->lock);
	engine->cache = pst_cache_new(config->cache_bytes);
	engine->flights = pst_flights_new(config->max_open, pst_hash_secret());
	engine->max_queries = max_queries(config->max_open);
	engine->note = config->note;
	engine->resolver = (struct pst_resolver){.peek = engine_peek,
	    .ask = engine_ask,
	    .give_up = engine_give_up,
	    .reclass = engine_reclass,
	    .free = engine_free};
	if (start_transport(engine, config, err)) {
		if (pst_thread_start(&engine->thread, run, engine))
			return &engine->resolver;
		(void)pst_err_set(err,
		    "cannot start the resolver's thread; allow more threads "
		    "or memory for this user");
	}
	release(engine);
	return NULL;
}
