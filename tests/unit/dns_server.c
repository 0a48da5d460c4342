/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/dns.h"
#include "tests/unit/dns_server.h"

#define TYPE_CNAME 5
#define TYPE_SOA 6
#define BURST_MS 20
#define FORGED "\xc6\x33\x64\x42" /* 198.51.100.66 */

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

/* Adds an SOA record to the authority section: a minimum of 300. */
static void
put_soa(struct message *m)
{
	static const uint8_t data[22] = {[20] = 300 >> 8, [21] = 300 & 255};

	put_record(m, TYPE_SOA, data, sizeof(data));
	m->octets[7]--;
	m->octets[9]++;
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
		put_soa(reply);
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
set_ad(struct server *server, const uint8_t *query, struct message *reply)
{
	static const char zone[] = "\x06signed";
	size_t end = 12;

	while (query[end] != 0 && memcmp(query + end, zone, sizeof(zone)) != 0)
		end += query[end] + 1U;
	if (query[end] != 0 || atomic_load(&server->validates))
		reply->octets[3] |= 0x20;
}

/*
 * Sends what somebody else would send to be taken for us, before the true
 * reply: an answer with the address FORGED, or an empty packet.
 */
static void
send_forged(const struct server *server, const struct message *reply,
    const struct sockaddr_in *to)
{
	struct pst_str label = {
	    (const char *)reply->octets + 13, reply->octets[12]};
	struct message forged = *reply;
	int fd = server->udp, other = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(other >= 0);
	memcpy(forged.octets + forged.len - 4, FORGED, 4);
	if (pst_str_eq(label, PST_STR("forged-id")))
		forged.octets[1] ^= 0x55;
	else if (pst_str_eq(label, PST_STR("forged-name")))
		forged.octets[13] ^= 1;
	else if (pst_str_eq(label, PST_STR("forged-port")))
		fd = other;
	else if (pst_str_eq(label, PST_STR("forged-empty")))
		forged.len = 0;
	else
		fd = -1;
	if (fd >= 0)
		(void)sendto(fd, forged.octets, forged.len, 0,
		    (const struct sockaddr *)to, sizeof(*to));
	close(other);
}

static bool
is_lost(struct server *server)
{
	unsigned max = atomic_load(&server->burst_max);
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	if (now_ms - server->burst_ms >= BURST_MS) {
		server->burst_ms = now_ms;
		server->burst = 0;
	}
	return max > 0 && server->burst++ >= max;
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
	if (atomic_load(&server->silent) || is_lost(server) ||
	    !make_reply(query, (size_t)len, false, &reply))
		return;
	set_ad(server, query, &reply);
	if (atomic_load(&server->delay_ms) > 0)
		usleep(1000 * atomic_load(&server->delay_ms));
	send_forged(server, &reply, &from);
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
		set_ad(server, query, &reply);
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

void
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

void
server_stop(struct server *server)
{
	assert_int_equal(write(server->stop[1], "", 1), 1);
	pthread_join(server->thread, NULL);
	close(server->stop[0]);
	close(server->stop[1]);
	close(server->udp);
	close(server->tcp);
}
