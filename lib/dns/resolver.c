/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/resolver.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/thread.h"
#include "dns/cache.h"
#include "dns/wire.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define CLASS_IN 1
#define MIN_CACHE_BYTES ((size_t)256 * 1024)
/* One part in this many of the cache memory is for decoded answers. */
#define OWN_SHARE 4

/* A job, from the inbox until its end. */
struct query {
	struct engine *engine;
	struct pst_dns_job *job;
	struct query *prev; /* in the list of open ones, thread only */
	struct query *next; /* in that list, or earlier in the inbox */
	int64_t asked_ms;
};

struct engine {
	struct pst_resolver resolver; /* first: callers hold a pointer to it */
	pthread_t thread;
	struct event_base *base;
	struct event *wakeup;
	struct ub_ctx *unbound;
	int wakeup_fd;
	unsigned max_open;
	struct pst_cache *cache;
	void (*note)(enum pst_resolver_event event, unsigned ms);

	pthread_mutex_t lock; /* for the members from here to stats */
	struct query *inbox_first;
	struct query *inbox_last;
	bool awake; /* the thread has been woken and will read the inbox */
	bool stopping;
	struct pst_resolver_stats stats;

	struct query *open;         /* given to libunbound; thread only */
	struct pst_dns_bells bells; /* thread only */
};

/* ---- the thread ---- */

static void
note(struct engine *engine, enum pst_resolver_event event, unsigned ms)
{
	if (engine->note != NULL)
		engine->note(event, ms);
}

static void
count_end(struct engine *engine, const struct pst_dns_answer *answer)
{
	pst_mutex_lock(&engine->lock);
	engine->stats.open--;
	if (answer != NULL)
		engine->stats.answered++;
	if (answer != NULL && pst_dns_is_temporary(answer->status))
		engine->stats.failed++;
	pst_mutex_unlock(&engine->lock);
}

static void
unlink_query(struct query *query)
{
	if (query->prev != NULL)
		query->prev->next = query->next;
	else
		query->engine->open = query->next;
	if (query->next != NULL)
		query->next->prev = query->prev;
}

/* Ends an open query; if answer is NULL, its job is lost. */
static void
end_query(struct query *query, const struct pst_dns_answer *answer)
{
	unlink_query(query);
	count_end(query->engine, answer);
	note(query->engine,
	    answer == NULL ? PST_RESOLVER_GIVEN_UP : PST_RESOLVER_ANSWERED,
	    (unsigned)(pst_clock_ms(&pst_clock_system) - query->asked_ms));
	if (answer == NULL)
		pst_dns_job_lose(query->job);
	else
		pst_dns_job_complete_unheard(
		    query->job, answer, &query->engine->bells);
	free(query);
}

static const struct pst_dns_answer *
failure(enum pst_dns_status status)
{
	return pst_dns_answer_new(status, 0, 0, 0);
}

/*
 * libunbound's callback. An answer of the servers, NXDOMAIN included, comes as
 * rcode 0 and a packet; any other rcode is a failure in libunbound. Rcode 3 is
 * let through in case a version reports NXDOMAIN that way too.
 */
static void
on_result(void *arg, int rcode, void *packet, int packet_len, int security,
    char *why_bogus, int was_rate_limited)
{
	struct query *query = arg;
	struct pst_dns_job *job = query->job;
	const struct pst_dns_answer *answer;

	(void)why_bogus;
	(void)was_rate_limited;
	if (job == NULL) /* called by ub_ctx_delete(), see release() */
		return;
	if (security == 1)
		answer = failure(PST_DNS_BOGUS);
	else if ((rcode != 0 && rcode != 3) || packet == NULL ||
	    packet_len <= 0)
		answer = failure(PST_DNS_SERVFAIL);
	else
		answer = pst_wire_decode(packet, (size_t)packet_len,
		    pst_dns_job_name(job), pst_dns_job_type(job),
		    pst_dns_job_max_txt(job));
	pst_cache_put(query->engine->cache, pst_dns_job_name(job),
	    pst_dns_job_type(job), pst_dns_job_max_txt(job), answer,
	    pst_clock_ms(&pst_clock_system));
	end_query(query, answer);
}

static void
resolve(struct engine *engine, struct query *query)
{
	char name[PST_WIRE_NAME_SIZE];
	int type = (int)pst_dns_job_type(query->job);

	query->prev = NULL;
	query->next = engine->open;
	if (engine->open != NULL)
		engine->open->prev = query;
	engine->open = query;
	if (pst_dns_job_abandoned(query->job)) {
		end_query(query, NULL);
		return;
	}
	if (!pst_wire_name_text(pst_dns_job_name(query->job), name) ||
	    ub_resolve_event(engine->unbound, name, type, CLASS_IN, query,
		on_result, NULL) != 0)
		end_query(query, failure(PST_DNS_SERVFAIL));
}

static void
on_wakeup(evutil_socket_t fd, short what, void *arg)
{
	struct engine *engine = arg;
	struct query *query;
	eventfd_t count;
	bool stopping;

	(void)what;
	(void)eventfd_read(fd, &count);
	pst_mutex_lock(&engine->lock);
	query = engine->inbox_first;
	engine->inbox_first = NULL;
	engine->inbox_last = NULL;
	engine->awake = false;
	stopping = engine->stopping;
	pst_mutex_unlock(&engine->lock);
	while (query != NULL) {
		struct query *next = query->next;

		resolve(engine, query);
		query = next;
	}
	if (stopping)
		event_base_loopbreak(engine->base);
}

static void *
run(void *arg)
{
	struct engine *engine = arg;

	/* All answers from one round of the loop wake a message once. */
	while (event_base_loop(engine->base, EVLOOP_ONCE) == 0 &&
	    !event_base_got_break(engine->base))
		pst_dns_ring(&engine->bells);
	pst_dns_ring(&engine->bells);
	return NULL;
}

/* ---- the handle ---- */

static void
wake(struct engine *engine)
{
	/* This fails only if the counter is full; then the thread is awake. */
	(void)eventfd_write(engine->wakeup_fd, 1);
}

static const struct pst_dns_answer *
engine_peek(struct pst_resolver *resolver, struct pst_str name,
    enum pst_dns_type type, unsigned max_txt_bytes)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	const struct pst_dns_answer *answer = pst_cache_get(engine->cache, name,
	    type, max_txt_bytes, pst_clock_ms(&pst_clock_system));

	if (answer != NULL)
		note(engine, PST_RESOLVER_CACHED, 0);
	return answer;
}

static void
engine_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct engine *engine = (struct engine *)(void *)resolver;
	struct query *query = calloc(1, sizeof(*query));
	bool full;
	bool must_wake = false;

	if (query == NULL)
		abort();
	query->engine = engine;
	query->job = job;
	query->asked_ms = pst_clock_ms(&pst_clock_system);
	pst_mutex_lock(&engine->lock);
	engine->stats.asked++;
	full = engine->stats.open >= engine->max_open;
	if (full) {
		engine->stats.answered++;
		engine->stats.failed++;
	} else {
		engine->stats.open++;
		if (engine->inbox_last != NULL)
			engine->inbox_last->next = query;
		else
			engine->inbox_first = query;
		engine->inbox_last = query;
		must_wake = !engine->awake;
		engine->awake = true;
	}
	/* Before the thread may see the question, and note its end. */
	note(engine, full ? PST_RESOLVER_REFUSED : PST_RESOLVER_ASKED, 0);
	pst_mutex_unlock(&engine->lock);
	if (full) {
		free(query);
		pst_dns_job_complete(job, failure(PST_DNS_SERVFAIL), 0);
	} else if (must_wake) {
		wake(engine);
	}
}

static void
stop_thread(struct engine *engine)
{
	pst_mutex_lock(&engine->lock);
	engine->stopping = true;
	pst_mutex_unlock(&engine->lock);
	wake(engine);
	pst_thread_join(engine->thread);
}

/* Frees an engine, complete or not, whose thread does not run. */
static void
release(struct engine *engine)
{
	/*
	 * Deleting the context may call on_result() for open queries, so they
	 * are kept, without their jobs, until it is gone.
	 */
	for (struct query *query = engine->open; query; query = query->next) {
		pst_dns_job_lose(query->job);
		query->job = NULL;
	}
	if (engine->unbound != NULL)
		ub_ctx_delete(engine->unbound);
	while (engine->open != NULL) {
		struct query *query = engine->open;

		engine->open = query->next;
		free(query);
	}
	if (engine->wakeup != NULL)
		event_free(engine->wakeup);
	if (engine->base != NULL)
		event_base_free(engine->base);
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

	stop_thread(engine);
	release(engine);
}

void
pst_resolver_read_stats(
    struct pst_resolver *resolver, struct pst_resolver_stats *out)
{
	struct engine *engine = (struct engine *)(void *)resolver;

	pst_mutex_lock(&engine->lock);
	*out = engine->stats;
	pst_mutex_unlock(&engine->lock);
}

/* ---- starting ---- */

static bool
set_option(struct engine *engine, const char *name, const char *value,
    struct pst_err *err)
{
	int rc = ub_ctx_set_option(engine->unbound, name, value);

	if (rc == 0)
		return true;
	return pst_err_set(err,
	    "libunbound rejects the setting \"%s %s\": %s; Postern requires "
	    "libunbound 1.17 or later",
	    name, value, ub_strerror(rc));
}

static bool
set_size(
    struct engine *engine, const char *name, size_t size, struct pst_err *err)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "%zu", size);
	return set_option(engine, name, value, err);
}

static bool
set_options(struct engine *engine, size_t cache_bytes, struct pst_err *err)
{
	static const struct {
		const char *name;
		const char *value;
	} options[] = {
	    /* The servers validate; a validator here would ask them not to. */
	    {"module-config:", "iterator"},
	    /* The server is usually a resolver on this host. */
	    {"do-not-query-localhost:", "no"},
	    /* Private and reserved names are for the servers to answer. */
	    {"unblock-lan-zones:", "yes"},
	    {"local-zone:", "test. transparent"},
	    {"edns-buffer-size:", "1232"},
	    {"qname-minimisation:", "no"},
	    {"use-caps-for-id:", "no"},
	    {"serve-expired:", "no"},
	    {"msg-cache-slabs:", "1"},
	    {"rrset-cache-slabs:", "1"},
	    {"infra-cache-slabs:", "1"},
	    {"outgoing-num-tcp:", "20"},
	    /* A server that was down is tried again soon. */
	    {"infra-host-ttl:", "5"},
	    {"infra-keep-probing:", "yes"},
	};
	size_t cache =
	    cache_bytes < MIN_CACHE_BYTES ? MIN_CACHE_BYTES : cache_bytes;

	for (size_t i = 0; i < PST_COUNT(options); i++) {
		if (!set_option(engine, options[i].name, options[i].value, err))
			return false;
	}
	return set_size(engine, "msg-cache-size:", cache / 3, err) &&
	    set_size(engine, "rrset-cache-size:", cache - cache / 3, err) &&
	    set_size(engine, "outgoing-range:", engine->max_open, err) &&
	    set_size(engine, "num-queries-per-thread:", engine->max_open, err);
}

/* libunbound accepts any number as a port, so it is checked here. */
static bool
is_server(struct pst_str server)
{
	size_t at = pst_str_find(server, '@');
	struct pst_str address = pst_str_first(server, at);
	struct pst_ip ip;
	uint64_t port;

	/* The scope of a link-local address is for libunbound to read. */
	address = pst_str_first(address, pst_str_find(address, '%'));
	if (!pst_ip_parse(address, &ip))
		return false;
	return at == server.len ||
	    (pst_str_to_u64(pst_str_from(server, at + 1), 65535, &port) &&
		port > 0);
}

static bool
add_server(struct engine *engine, const char *server, struct pst_err *err)
{
	if (is_server(pst_str(server)) &&
	    ub_ctx_set_fwd(engine->unbound, server) == 0)
		return true;
	return pst_err_set(err,
	    "the DNS server \"%s\" is not an IP address; write it as "
	    "192.0.2.53 or 192.0.2.53@5353",
	    server);
}

/* Returns the address in a "nameserver" line, which it cuts; NULL if none. */
static const char *
nameserver_in(char *line)
{
	struct pst_str rest = pst_str(line);
	size_t len = 0;
	size_t start;

	if (!pst_str_starts(rest, PST_STR("nameserver")))
		return NULL;
	for (start = strlen("nameserver"); pst_is_wsp(line[start]); start++)
		;
	if (start == strlen("nameserver"))
		return NULL;
	while (strchr(" \t\r\n#;", line[start + len]) == NULL)
		len++;
	line[start + len] = '\0';
	return len == 0 ? NULL : line + start;
}

static bool
add_system_servers(struct engine *engine, struct pst_err *err)
{
	FILE *file = fopen(RESOLV_CONF, "re");
	char line[512];
	size_t count = 0;
	bool ok = true;

	if (file == NULL)
		return pst_err_set(err,
		    "no DNS server is configured and %s cannot be read: %s; "
		    "set dns.servers",
		    RESOLV_CONF, strerror(errno));
	while (ok && fgets(line, sizeof(line), file) != NULL) {
		const char *server = nameserver_in(line);

		if (server == NULL)
			continue;
		ok = add_server(engine, server, err);
		count++;
	}
	fclose(file);
	if (ok && count == 0)
		return pst_err_set(err,
		    "no DNS server is configured and %s names none; set "
		    "dns.servers",
		    RESOLV_CONF);
	return ok;
}

static bool
add_servers(struct engine *engine, const struct pst_resolver_config *config,
    struct pst_err *err)
{
	if (config->server_count == 0)
		return add_system_servers(engine, err);
	for (size_t i = 0; i < config->server_count; i++) {
		if (!add_server(engine, config->servers[i], err))
			return false;
	}
	return true;
}

static bool
make_loop(struct engine *engine, struct pst_err *err)
{
	engine->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	engine->base = event_base_new();
	if (engine->wakeup_fd < 0 || engine->base == NULL)
		return pst_err_set(err,
		    "cannot create the resolver's event loop: %s; is the "
		    "limit on open files too low?",
		    strerror(errno));
	engine->wakeup = event_new(engine->base, engine->wakeup_fd,
	    EV_READ | EV_PERSIST, on_wakeup, engine);
	engine->unbound = ub_ctx_create_event(engine->base);
	if (engine->wakeup == NULL || event_add(engine->wakeup, NULL) != 0 ||
	    engine->unbound == NULL)
		return pst_err_set(err,
		    "cannot start libunbound: %s; it must be one that was "
		    "built with libevent",
		    strerror(errno));
	ub_ctx_debuglevel(engine->unbound, 0);
	ub_ctx_debugout(engine->unbound, NULL); /* the library prints nothing */
	return true;
}

static bool
start_thread(struct engine *engine, struct pst_err *err)
{
	return pst_thread_start(&engine->thread, run, engine) ||
	    pst_err_set(err,
		"cannot start the resolver's thread; allow more threads or "
		"memory for this user");
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
	engine->cache = pst_cache_new(config->cache_bytes / OWN_SHARE);
	engine->resolver.peek = engine_peek;
	engine->resolver.ask = engine_ask;
	engine->resolver.free = engine_free;
	engine->max_open = config->max_open;
	engine->note = config->note;
	engine->wakeup_fd = -1;
	if (make_loop(engine, err) &&
	    set_options(engine,
		config->cache_bytes - config->cache_bytes / OWN_SHARE, err) &&
	    add_servers(engine, config, err) && start_thread(engine, err))
		return &engine->resolver;
	release(engine);
	return NULL;
}
