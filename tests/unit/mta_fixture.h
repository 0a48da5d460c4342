/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_MILTER_FIXTURE_H
#define PST_TESTS_MILTER_FIXTURE_H

/* A scripted milter at the other end of a socket. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RAW(literal)                                                           \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

#define MAX_RULES 6
#define MAX_TRACE 64
#define MAX_SEEN (256 * 1024)

/* What the filter does at an event; each rule is used once. */
struct filter_rule {
	char letter;
	struct pst_str answer; /* raw octets; ptr NULL: none */
	bool hang_up;          /* closes after the answer */
};

struct filter_script {
	uint32_t actions, steps;
	struct pst_str negotiation; /* raw; ptr NULL: from the two above */
	struct filter_rule rules[MAX_RULES];
};

/* A filter in a thread. It follows the script, or else answers `c`. */
struct filter {
	int fd;
	const struct filter_script *script;
	bool used[MAX_RULES];
	char trace[MAX_TRACE]; /* letters of the packets, without macros */
	char *seen;            /* data of all packets; MAX_SEEN octets */
	size_t seen_len;
	pthread_t thread;
};

/* Starts the filter. Returns the client's end, a non-blocking descriptor. */
int filter_start(struct filter *filter, const struct filter_script *script);

/* Waits for the thread, which ends when the client closes its end. */
void filter_stop(struct filter *filter);
void filter_free(struct filter *filter);

/* True if these octets arrived: letters and data of all packets, joined. */
bool filter_saw(const struct filter *filter, struct pst_str text);

#endif
