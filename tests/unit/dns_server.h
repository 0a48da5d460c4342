/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_DNS_SERVER_H
#define PST_TESTS_DNS_SERVER_H

/* A DNS server on loopback; the first label of a name selects the answer. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BIG_STRINGS 40 /* of 100 octets: too many for one datagram */
#define BIG_LEN (BIG_STRINGS * 100)

struct server {
	pthread_t thread;
	int udp;
	int tcp;
	int stop[2];
	char address[64];
	atomic_uint seen;   /* questions over UDP */
	atomic_bool silent; /* answers nothing at all */
	atomic_uint delay_ms;
	/* A busy server: of the questions that it reads within 20 ms, it loses
	 * all but the first so many; 0: none. */
	atomic_uint burst_max;
	int64_t burst_ms;      /* when this burst began */
	unsigned burst;        /* questions of it */
	atomic_bool validates; /* sets AD in all replies, not only in those for
	                          names that end in ".signed" */
};

/* Both end the test if they fail. */
void server_start(struct server *server);
void server_stop(struct server *server);

#endif
