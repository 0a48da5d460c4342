/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "dns/resolver.h"
#include "tests/unit/rows.h"

#define TYPE_CNAME 5
#define BIG_STRINGS 40 /* of 100 octets: too many for one datagram */
#define BIG_LEN (BIG_STRINGS * 100)

/* ---- a DNS server on loopback; the first label selects the answer ---- */

struct server {
	pthread_t thread;
	int udp;
	int tcp;
	int stop[2];
	char address[64];
	atomic_uint seen;   /* questions over UDP */
	atomic_bool silent; /* answers nothing at all */
	atomic_uint delay_ms;
};

struct message {
	uint8_t octets[8192];
	size_t len;
};

static void
put(struct message *m, const void *octets, size_t len)
{
	assert_true(m->len + len <= sizeof(m->octets));
	memcpy(m->octets + m->len, octets, len);
	m->len += len;
}

static void
put16(struct message *m, unsigned value)
{
	uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(m, octets, 2);
}

/* Adds a record, owned by the name in the question; TTL 300. */
static void
put_record(struct message *m, unsigned type, const void *data, size_t len)
{
	put16(m, 0xc00c);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 300);
	put16(m, (unsigned)len);
	put(m, data, len);
	m->octets[7]++;
}

static void
put_big(struct message *m)
{
	uint8_t data[BIG_STRINGS * 101];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < BIG_STRINGS; i++)
		data[i * 101] = 100;
	put_record(m, PST_DNS_TXT, data, sizeof(data));
}

/* Returns false if the question is to remain unanswered. */
static bool
make_reply(const uint8_t *query, size_t len, bool tcp, struct message *reply)
{
	struct pst_str label;
	size_t end = 12;
	unsigned type;

	while (end < len && query[end] != 0)
		end += query[end] + 1U;
	assert_true(end + 5 <= len);
	type = (unsigned)query[end + 1] << 8 | query[end + 2];
	label = (struct pst_str){(const char *)query + 13, query[12]};
	reply->len = 0;
	put(reply, query, end + 5);
	reply->octets[2] = 0x85; /* QR AA RD */
	reply->octets[3] = 0x80; /* RA */
	memset(reply->octets + 6, 0, 6);
	if (pst_str_eq(label, PST_STR("drop")))
		return false;
	if (pst_str_eq(label, PST_STR("nx"))) {
		reply->octets[3] |= 3;
	} else if (pst_str_eq(label, PST_STR("sf"))) {
		reply->octets[3] |= 2;
	} else if (pst_str_eq(label, PST_STR("old")) &&
	    query[11] != 0) { /* does not know EDNS */
		reply->octets[3] |= 1;
	} else if (pst_str_eq(label, PST_STR("far"))) {
		/* A CNAME to t.example, which is not in the packet. */
		put_record(reply, TYPE_CNAME,
		    "\x01t\x07"
		    "example\0",
		    11);
		return true;
	} else if (pst_str_eq(label, PST_STR("round"))) {
		put_record(reply, TYPE_CNAME,
		    "\x05round\x04"
		    "more\0",
		    12);
		return true;
	} else if (pst_str_eq(label, PST_STR("cname"))) {
		put_record(reply, TYPE_CNAME,
		    "\x01z\x07"
		    "example\0",
		    11);
	} else if (pst_str_eq(label, PST_STR("big")) && tcp) {
		put_big(reply);
	} else if (pst_str_eq(label, PST_STR("big"))) {
		reply->octets[2] |= 2; /* TC */
	} else if (pst_str_eq(label, PST_STR("none"))) {
		return true;
	} else if (type == PST_DNS_A) {
		put_record(reply, type, "\xc0\x00\x02\x01", 4);
	} else if (type == PST_DNS_TXT) {
		put_record(reply, type, "\x02v=\x04spf1", 8);
	} else if (type == PST_DNS_MX) {
		put_record(reply, type, "\x00\x0a\x00", 3);
	}
	return true;
}

static void
serve_udp(struct server *server)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t query[1500];
	struct message reply;
	ssize_t len = recvfrom(server->udp, query, sizeof(query), 0,
	    (struct sockaddr *)&from, &from_len);

	if (len < 0)
		return;
	atomic_fetch_add(&server->seen, 1);
	if (atomic_load(&server->silent) ||
	    !make_reply(query, (size_t)len, false, &reply))
		return;
	if (atomic_load(&server->delay_ms) > 0)
		usleep(1000 * atomic_load(&server->delay_ms));
	(void)sendto(server->udp, reply.octets, reply.len, 0,
	    (struct sockaddr *)&from, from_len);
}

static void
serve_tcp(struct server *server)
{
	int fd = accept(server->tcp, NULL, NULL);
	uint8_t query[1500];
	struct message reply;
	uint8_t size[2];
	ssize_t len;

	if (fd < 0)
		return;
	len = recv(fd, size, 2, MSG_WAITALL);
	if (len == 2)
		len = recv(fd, query, (size_t)size[0] << 8 | size[1], 0);
	if (len > 12 && make_reply(query, (size_t)len, true, &reply)) {
		size[0] = (uint8_t)(reply.len >> 8);
		size[1] = (uint8_t)reply.len;
		(void)send(fd, size, 2, MSG_NOSIGNAL | MSG_MORE);
		(void)send(fd, reply.octets, reply.len, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *
serve(void *arg)
{
	struct server *server = arg;
	struct pollfd fds[3] = {{server->stop[0], POLLIN, 0},
	    {server->udp, POLLIN, 0}, {server->tcp, POLLIN, 0}};

	while (poll(fds, 3, -1) > 0 && fds[0].revents == 0) {
		if (fds[1].revents != 0)
			serve_udp(server);
		if (fds[2].revents != 0)
			serve_tcp(server);
	}
	return NULL;
}

static void
server_start(struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	memset(server, 0, sizeof(*server));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->tcp = socket(AF_INET, SOCK_STREAM, 0);
	server->udp = socket(AF_INET, SOCK_DGRAM, 0);
	/* A port that is free for TCP is nearly always free for UDP. */
	assert_int_equal(
	    bind(server->tcp, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server->tcp, 16), 0);
	assert_int_equal(
	    getsockname(server->tcp, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(
	    bind(server->udp, (struct sockaddr *)&address, len), 0);
	snprintf(server->address, sizeof(server->address), "127.0.0.1@%u",
	    (unsigned)ntohs(address.sin_port));
	assert_int_equal(pipe(server->stop), 0);
	assert_int_equal(
	    pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
server_stop(struct server *server)
{
	assert_int_equal(write(server->stop[1], "", 1), 1);
	pthread_join(server->thread, NULL);
	close(server->stop[0]);
	close(server->stop[1]);
	close(server->udp);
	close(server->tcp);
}

/* ---- the resolver that asks it ---- */

struct fixture {
	struct server server;
	struct pst_resolver *resolver;
	struct pst_clock clock;
};

/* What the resolver said, by event. */
static atomic_uint noted[PST_RESOLVER_DISPLACED + 1];

static void
note(enum pst_resolver_event event, unsigned value)
{
	assert_true(event == PST_RESOLVER_ANSWERED ||
	    event == PST_RESOLVER_REFUSED || value == 0);
	(void)atomic_fetch_add(&noted[event], 1);
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
	    {"any octets", PST_STR_INIT("a\\ \0%;@\xff.example"), PST_DNS_TXT,
		PST_DNS_OK, 1, 6},
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
	assert_int_equal(stats.asked, 8 * 200);
	assert_int_equal(stats.answered, 8 * 200);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.open, 0);
	teardown(&f);
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
	unsigned seen;

	(void)state;
	setup(&f, 100);
	atomic_store(&f.server.delay_ms, 100);
	assert_int_equal(
	    resolve(door(&f, arena, 10), PST_STR("a.example"), PST_DNS_A)
		->status,
	    PST_DNS_TIMEOUT);
	while (f.resolver->peek(
		   f.resolver, PST_STR("a.example"), PST_DNS_A, 16384) == NULL)
		usleep(1000);
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
	struct pst_dns *dns;
	char name[40];

	(void)state;
	setup(&f, 4096);
	pst_resolver_watch(f.resolver, on_alarm);
	dns = door(&f, arena, 20000);
	(void)pst_dns_ask(
	    dns, pst_dns_nobody, PST_STR("drop.example"), PST_DNS_A);
	for (unsigned i = 0; i < 20000; i++) {
		struct pst_arena *gone = pst_arena_new();

		(void)snprintf(name, sizeof(name), "drop.n%u.example", i);
		(void)pst_dns_ask(door(&f, gone, 20000), pst_dns_nobody,
		    pst_str(name), PST_DNS_A);
		if (i % 50 == 0)
			usleep(1000);
		pst_arena_free(gone);
	}
	assert_int_equal(
	    resolve(dns, PST_STR("a.example"), PST_DNS_A)->status, PST_DNS_OK);
	pst_resolver_read_stats(f.resolver, &stats);
	assert_int_equal(stats.open, 1);
	assert_true(stats.queries <= 16384);
	assert_int_equal(pst_dns_at(dns, 0)->answer == NULL ? 0 : 1, 0);
	assert_int_equal(alarms[PST_RESOLVER_CROWDED], 0);
	pst_arena_free(arena);
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
	    cmocka_unit_test(test_same_question),
	    cmocka_unit_test(test_too_many_open),
	    cmocka_unit_test(test_late_answer),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_alarm),
	    cmocka_unit_test(test_free_with_open_jobs),
	    cmocka_unit_test(test_bad_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
