/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "dns/resolver.h"
#include "tests/unit/dns_server.h"
#include "tests/unit/rows.h"

struct fixture {
	struct server server;
	struct pst_resolver *resolver;
	struct pst_clock clock;
};

/* What the resolver said, by event. */
static atomic_uint noted[PST_RESOLVER_DISPLACED + 1];

static void
note(const struct pst_resolver_note *about)
{
	bool is_end = about->event == PST_RESOLVER_ANSWERED ||
	    about->event == PST_RESOLVER_GIVEN_UP ||
	    about->event == PST_RESOLVER_DISPLACED;

	/* Only a flight that is over has a name. */
	assert_true(is_end == (about->name.len > 0));
	assert_true(is_end || about->ms == 0);
	assert_true(
	    (about->event == PST_RESOLVER_REFUSED) == (about->verdict != 0));
	(void)atomic_fetch_add(&noted[about->event], 1);
}

static struct pst_resolver *
start(const char *address, unsigned max_open)
{
	const char *servers[] = {address};
	struct pst_resolver_config config = {.servers = servers,
	    .server_count = 1,
	    .cache_bytes = 1 << 20,
	    .max_open = max_open,
	    .note = note};
	struct pst_err err = {0};
	struct pst_resolver *resolver = pst_resolver_start(&config, &err);

	if (resolver == NULL)
		fail_msg("%s", err.text);
	return resolver;
}

static void
setup(struct fixture *f, unsigned max_open)
{
	server_start(&f->server);
	f->resolver = start(f->server.address, max_open);
	f->clock = pst_clock_system;
}

static void
teardown(struct fixture *f)
{
	pst_resolver_free(f->resolver);
	server_stop(&f->server);
}

static struct pst_dns *
door(struct fixture *f, struct pst_arena *arena, unsigned query_ms)
{
	struct pst_dns_limits limits = {500, query_ms, 16384, 0};

	return pst_dns_open(arena, f->resolver, &f->clock, limits);
}

static const struct pst_dns_answer *
resolve(struct pst_dns *dns, struct pst_str name, enum pst_dns_type type)
{
	const struct pst_dns_entry *entry =
	    pst_dns_ask(dns, pst_dns_nobody, name, type);

	while (entry->answer == NULL && pst_dns_wait(dns, INT64_MAX))
		;
	assert_non_null(entry->answer);
	return entry->answer;
}

static void
test_answers(void **state)
{
	static const struct {
		const char *label;
		struct pst_str name;
		enum pst_dns_type type;
		enum pst_dns_status status;
		size_t count;
		size_t data_len;
	} rows[] = {
	    {"A", PST_STR_INIT("a.example"), PST_DNS_A, PST_DNS_OK, 1, 0},
	    {"A again, from the cache", PST_STR_INIT("A.example."), PST_DNS_A,
		PST_DNS_OK, 1, 0},
	    {"TXT in two strings", PST_STR_INIT("t.example"), PST_DNS_TXT,
		PST_DNS_OK, 1, 6},
	    {"null MX", PST_STR_INIT("m.example"), PST_DNS_MX, PST_DNS_OK, 1,
		0},
	    {"NXDOMAIN", PST_STR_INIT("nx.example"), PST_DNS_A,
		PST_DNS_NXDOMAIN, 0, 0},
	    {"NODATA", PST_STR_INIT("none.example"), PST_DNS_A, PST_DNS_NODATA,
		0, 0},
	    {"SERVFAIL", PST_STR_INIT("sf.example"), PST_DNS_A,
		PST_DNS_SERVFAIL, 0, 0},
	    {"CNAME", PST_STR_INIT("cname.example"), PST_DNS_A, PST_DNS_OK, 1,
		0},
	    {"a server without EDNS", PST_STR_INIT("old.example"), PST_DNS_TXT,
		PST_DNS_OK, 1, 6},
	    {"another one", PST_STR_INIT("old.two.example"), PST_DNS_TXT,
		PST_DNS_OK, 1, 6},
	    {"CNAME without its target", PST_STR_INIT("far.example"),
		PST_DNS_TXT, PST_DNS_OK, 1, 6},
	    {"CNAMEs without an end", PST_STR_INIT("round.example"),
		PST_DNS_TXT, PST_DNS_SERVFAIL, 0, 0},
	    {"TCP after truncation", PST_STR_INIT("big.example"), PST_DNS_TXT,
		PST_DNS_OK, 1, BIG_LEN},
	    {"a name of .test", PST_STR_INIT("x.test"), PST_DNS_A, PST_DNS_OK,
		1, 0},
	    {"private reverse name", PST_STR_INIT("1.0.0.10.in-addr.arpa"),
		PST_DNS_TXT, PST_DNS_OK, 1, 6},
	};
	struct fixture f;

	(void)state;
	setup(&f, 100);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const struct pst_dns_answer *answer =
		    resolve(door(&f, arena, 5000), rows[i].name, rows[i].type);

		if (answer->status != rows[i].status ||
		    answer->count != rows[i].count ||
		    (answer->count > 0 &&
			answer->records[0].data.len != rows[i].data_len))
			fail_msg("%s, %zu records",
			    pst_dns_status_word(answer->status), answer->count);
		pst_arena_free(arena);
	}
	teardown(&f);
}

static void
test_no_answer_times_out(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	setup(&f, 100);
	assert_int_equal(
	    resolve(door(&f, arena, 20), PST_STR("drop.example"), PST_DNS_A)
		->status,
	    PST_DNS_TIMEOUT);
	pst_arena_free(arena);
	teardown(&f);
}

struct asker {
	pthread_t thread;
	struct fixture *fixture;
	unsigned number;
	unsigned good;
};

static void *
ask_many(void *arg)
{
	struct asker *asker = arg;
	struct pst_arena *arena = pst_arena_new();
	struct pst_dns *dns = door(asker->fixture, arena, 20000);

	for (unsigned i = 0; i < 200; i++) {
		char name[64];
		int len = snprintf(name, sizeof(name), "n%u.q%u.example", i,
		    asker->number / 2);

		pst_dns_ask(dns, pst_dns_nobody,
		    (struct pst_str){name, (size_t)len}, PST_DNS_A);
	}
	while (pst_dns_wait(dns, INT64_MAX))
		;
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		if (pst_dns_at(dns, i)->answer->status == PST_DNS_OK)
			asker->good++;
	}
	pst_arena_free(arena);
	return NULL;
}

static void
test_many_threads(void **state)
{
	struct asker askers[8];
	struct pst_resolver_stats stats;
	struct fixture f;
	unsigned good = 0;

	(void)state;
	memset(noted, 0, sizeof(noted));
	setup(&f, 2000);
	for (unsigned i = 0; i < 8; i++) {
		askers[i] = (struct asker){.fixture = &f, .number = i};
		assert_int_equal(pthread_create(&askers[i].thread, NULL,
				     ask_many, &askers[i]),
		    0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(askers[i].thread, NULL);
		good += askers[i].good;
	}
	assert_int_equal(good, 8 * 200);
	pst_resolver_read_stats(f.resolver, &stats);
	assert_int_equal(stats.asked + noted[PST_RESOLVER_CACHED], 8 * 200);
	assert_int_equal(stats.answered, stats.asked);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.open, 0);
	teardown(&f);
}

/* What a busy server loses of a burst is repeated in portions, not in another
 * burst of which it would lose the same again. */
static void
test_burst(void **state)
{
	struct pst_resolver_stats stats;
	struct pst_dns *doors[12];
	struct pst_arena *arena = pst_arena_new();
	struct fixture f;

	(void)state;
	setup(&f, 6000);
	atomic_store(&f.server.burst_max, 300);
	for (unsigned i = 0; i < PST_COUNT(doors); i++) {
		doors[i] = door(&f, arena, 20000);
		for (unsigned n = 0; n < 500; n++) {
			char name[64];
			int len = snprintf(
			    name, sizeof(name), "n%u.q%u.example", n, i);

			pst_dns_ask(doors[i], pst_dns_nobody,
			    (struct pst_str){name, (size_t)len}, PST_DNS_A);
		}
	}
	for (unsigned i = 0; i < PST_COUNT(doors); i++)
		while (pst_dns_wait(doors[i], INT64_MAX))
			;
	pst_resolver_read_stats(f.resolver, &stats);
	assert_int_equal(stats.answered, 12 * 500);
	/* In bursts, it could not have taken more than half of them; a slow
	 * machine may make bursts of some portions. */
	assert_in_range(stats.failed, 0, 12 * 500 / 10);
	assert_true(atomic_load(&f.server.seen) > 12 * 500);
	teardown(&f);
	pst_arena_free(arena);
}

/* A question that many messages ask goes to the server once. */
static void
test_same_question(void **state)
{
	static const struct {
		const char *label;
		struct pst_str name;
		enum pst_dns_status status;
	} rows[] = {
	    {"cached", PST_STR_INIT("a.example"), PST_DNS_OK},
	    {"cached NXDOMAIN", PST_STR_INIT("nx.example"), PST_DNS_NXDOMAIN},
	    {"open together", PST_STR_INIT("drop.example"), PST_DNS_TIMEOUT},
	};
	struct fixture f;

	(void)state;
	setup(&f, 100);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dns *doors[20];
		unsigned before = atomic_load(&f.server.seen);
		unsigned seen;

		for (size_t d = 0; d < 20; d++) {
			doors[d] = door(&f, arena, 30);
			pst_dns_ask(
			    doors[d], pst_dns_nobody, rows[i].name, PST_DNS_A);
		}
		for (size_t d = 0; d < 20; d++)
			assert_int_equal(
			    resolve(doors[d], rows[i].name, PST_DNS_A)->status,
			    rows[i].status);
		/* On a slow machine, it may be sent again. */
		seen = atomic_load(&f.server.seen) - before;
		if (seen < 1 || seen > 2)
			fail_msg("%u questions", seen);
		pst_arena_free(arena);
	}
	teardown(&f);
}

static void
ask_number(struct pst_dns *dns, const char *prefix, unsigned number)
{
	char name[64];
	int len = snprintf(name, sizeof(name), "%s%u.example", prefix, number);

	(void)pst_dns_ask(dns, pst_dns_nobody,
	    (struct pst_str){name, (size_t)len}, PST_DNS_A);
}

/* A full pool refuses; a place is free as soon as its question is given up. */
static void
test_too_many_open(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena *gone = pst_arena_new();
	struct pst_resolver_stats stats;
	struct pst_dns *dns, *leaving;

	(void)state;
	setup(&f, 3);
	dns = door(&f, arena, 20000);
	leaving = door(&f, gone, 20000);
	atomic_store(&f.server.silent, true);
	ask_number(dns, "a", 1);
	ask_number(leaving, "b", 1);
	ask_number(leaving, "b", 2);
	/* Equal questions need no place. */
	ask_number(leaving, "a", 1);
	memset(noted, 0, sizeof(noted));
	assert_int_equal(resolve(dns, PST_STR("c.example"), PST_DNS_A)->status,
	    PST_DNS_CROWDED);
	assert_int_equal(noted[PST_RESOLVER_REFUSED], 1);
	assert_int_equal(noted[PST_RESOLVER_ASKED], 0);
	ask_number(dns, "b", 2);
	assert_int_equal(noted[PST_RESOLVER_JOINED], 1);
	pst_arena_free(gone);
	assert_int_equal(noted[PST_RESOLVER_GIVEN_UP], 1);
	pst_resolver_read_stats(f.resolver, &stats);
	assert_int_equal(stats.open, 2);
	ask_number(dns, "d", 1);
	assert_int_equal(noted[PST_RESOLVER_ASKED], 1);
	assert_int_equal(noted[PST_RESOLVER_REFUSED], 1);
	/* Slow ones make room; their messages are told. */
	usleep(300000);
	ask_number(dns, "e", 1);
	assert_int_equal(noted[PST_RESOLVER_DISPLACED], 1);
	assert_true(pst_dns_poll(dns));
	assert_int_equal(resolve(dns, PST_STR("a1.example"), PST_DNS_A)->status,
	    PST_DNS_CROWDED);
	pst_arena_free(arena);
	teardown(&f);
}

/* An answer that nobody waits for any more goes to the cache. */
static void
test_late_answer(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena *later = pst_arena_new();
	const struct pst_dns_answer *cached;
	unsigned seen;

	(void)state;
	setup(&f, 100);
	atomic_store(&f.server.delay_ms, 100);
	assert_int_equal(
	    resolve(door(&f, arena, 10), PST_STR("a.example"), PST_DNS_A)
		->status,
	    PST_DNS_TIMEOUT);
	while ((cached = f.resolver->peek(f.resolver, PST_STR("a.example"),
		    PST_DNS_A, 16384)) == NULL)
		usleep(1000);
	pst_dns_answer_unref(cached);
	seen = atomic_load(&f.server.seen);
	assert_int_equal(
	    resolve(door(&f, later, 10), PST_STR("a.example"), PST_DNS_A)
		->status,
	    PST_DNS_OK);
	assert_int_equal(atomic_load(&f.server.seen), seen);
	pst_arena_free(arena);
	pst_arena_free(later);
	teardown(&f);
}

static atomic_uint alarms[PST_RESOLVER_ALARMS];

static void
on_alarm(enum pst_resolver_alarm alarm, bool on)
{
	assert_true(on);
	(void)atomic_fetch_add(&alarms[alarm], 1);
}

/*
 * Far more silent questions than the servers may have: those that were given up
 * are dropped, the one that is waited for is sent again, and others are
 * answered meanwhile.
 */
static void
test_bound(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();
	struct pst_resolver_stats stats;
	struct pst_arena *messages[200] = {NULL};
	struct pst_dns *dns;
	char name[40];

	(void)state;
	setup(&f, 4096);
	pst_resolver_watch(f.resolver, on_alarm);
	dns = door(&f, arena, 20000);
	(void)pst_dns_ask(
	    dns, pst_dns_nobody, PST_STR("drop.example"), PST_DNS_A);
	for (unsigned i = 0; i < 20000; i++) {
		/* Given up some time after it was sent. */
		struct pst_arena **gone = &messages[i % PST_COUNT(messages)];

		pst_arena_free(*gone);
		*gone = pst_arena_new();
		(void)snprintf(name, sizeof(name), "drop.n%u.example", i);
		(void)pst_dns_ask(door(&f, *gone, 20000), pst_dns_nobody,
		    pst_str(name), PST_DNS_A);
		if (i % 50 == 0)
			usleep(1000);
	}
	for (size_t i = 0; i < PST_COUNT(messages); i++)
		pst_arena_free(messages[i]);
	assert_int_equal(
	    resolve(dns, PST_STR("a.example"), PST_DNS_A)->status, PST_DNS_OK);
	pst_resolver_read_stats(f.resolver, &stats);
	assert_int_equal(stats.open, 1);
	assert_true(stats.queries <= 16384);
	assert_null(pst_dns_at(dns, 0)->answer);
	assert_int_equal(alarms[PST_RESOLVER_CROWDED], 0);
	pst_arena_free(arena);
	teardown(&f);
}

/*
 * A forged reply that comes first is not taken for the one to our query, and
 * the query goes on waiting for that.
 */
static void
test_forged_replies(void **state)
{
	static const struct {
		const char *label;
		struct pst_str name;
	} rows[] = {
	    {"another id", PST_STR_INIT("forged-id.example")},
	    {"another question", PST_STR_INIT("forged-name.example")},
	    {"from another port", PST_STR_INIT("forged-port.example")},
	    {"an empty packet", PST_STR_INIT("forged-empty.example")},
	};
	struct fixture f;

	(void)state;
	setup(&f, 100);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const struct pst_dns_answer *answer =
		    resolve(door(&f, arena, 20000), rows[i].name, PST_DNS_A);
		char text[PST_IP_TEXT_SIZE] = "";

		if (answer->count == 1)
			(void)pst_ip_text(&answer->records[0].ip, text);
		if (answer->count != 1 || strcmp(text, "192.0.2.1") != 0)
			fail_msg("%s, %zu records, %s",
			    pst_dns_status_word(answer->status), answer->count,
			    text);
		pst_arena_free(arena);
	}
	teardown(&f);
}

/* The alarm is told by the thread, once. */
static void
test_alarm(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();
	struct pst_dns *dns;

	(void)state;
	memset(alarms, 0, sizeof(alarms));
	setup(&f, 2);
	pst_resolver_watch(f.resolver, on_alarm);
	dns = door(&f, arena, 20000);
	atomic_store(&f.server.silent, true);
	for (unsigned i = 0; i < 10; i++)
		ask_number(dns, "a", i);
	while (atomic_load(&alarms[PST_RESOLVER_CROWDED]) == 0)
		usleep(1000);
	ask_number(dns, "b", 1);
	pst_arena_free(arena);
	teardown(&f);
	assert_int_equal(alarms[PST_RESOLVER_CROWDED], 1);
	assert_int_equal(alarms[PST_RESOLVER_PAUSING], 0);
}

static void
test_free_with_open_jobs(void **state)
{
	struct fixture f;
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena *gone = pst_arena_new();
	struct pst_dns *dns;
	struct pst_resolver_stats stats;

	(void)state;
	setup(&f, 100);
	atomic_store(&f.server.silent, true);
	dns = door(&f, arena, 50);
	for (unsigned i = 0; i < 50; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "f%u.example", i);

		pst_dns_ask(dns, pst_dns_nobody,
		    (struct pst_str){name, (size_t)len}, PST_DNS_A);
	}
	pst_dns_ask(door(&f, gone, 50), pst_dns_nobody, PST_STR("gone.example"),
	    PST_DNS_A);
	pst_arena_free(gone);
	while (atomic_load(&f.server.seen) == 0)
		usleep(1000);
	pst_resolver_read_stats(f.resolver, &stats);
	assert_true(stats.open > 0);
	teardown(&f);
	/* The queries outlive the resolver, and time out. */
	while (pst_dns_wait(dns, INT64_MAX))
		;
	for (size_t i = 0; i < pst_dns_count(dns); i++)
		assert_int_equal(
		    pst_dns_at(dns, i)->answer->status, PST_DNS_TIMEOUT);
	pst_arena_free(arena);
}

static void
test_bad_servers(void **state)
{
	static const char *const rows[] = {"", "resolver.example", "192.0.2",
	    "192.0.2.1@", "192.0.2.1@0", "192.0.2.1@65536", "192.0.2.1@x",
	    "192.0.2.1:53", "fe80::1%eth0", "2001:db8::1@1@2"};

	(void)state;
	FOR_ROWS(i, rows, rows[i]) {
		const char *servers[] = {"192.0.2.53", rows[i]};
		struct pst_resolver_config config = {
		    .servers = servers, .server_count = 2, .max_open = 10};
		struct pst_err err = {0};

		if (pst_resolver_start(&config, &err) != NULL)
			fail_msg("\"%s\" was accepted", rows[i]);
		if (strstr(err.text, rows[i]) == NULL)
			fail_msg("%s", err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers),
	    cmocka_unit_test(test_no_answer_times_out),
	    cmocka_unit_test(test_many_threads),
	    cmocka_unit_test(test_burst),
	    cmocka_unit_test(test_same_question),
	    cmocka_unit_test(test_too_many_open),
	    cmocka_unit_test(test_late_answer),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_forged_replies),
	    cmocka_unit_test(test_alarm),
	    cmocka_unit_test(test_free_with_open_jobs),
	    cmocka_unit_test(test_bad_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
