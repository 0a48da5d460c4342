/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_MILTER_FIXTURE_H
#define PST_TESTS_MILTER_FIXTURE_H

/* A filter that does what a script says, at the other end of a socket. */

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

/* What the scripted filter does when it sees an event for the first time. */
struct filter_rule {
	char letter;
	struct pst_str answer; /* raw octets; ptr NULL: none */
	bool hang_up;          /* closes after the answer */
};

struct filter_script {
	uint32_t actions, steps;
	struct pst_str negotiation; /* raw; ptr NULL: made of the two above */
	struct filter_rule rules[MAX_RULES];
};

/* A filter in a thread: it follows the script and answers `c` otherwise. */
struct filter {
	int fd;
	const struct filter_script *script;
	bool used[MAX_RULES];
	char trace[MAX_TRACE]; /* the letters that came, macros left out */
	char *seen;            /* all packets' data, in MAX_SEEN octets */
	size_t seen_len;
	pthread_t thread;
};

/* Starts the filter; the descriptor is the client's end, non-blocking. */
int filter_start(struct filter *filter, const struct filter_script *script);

/* Waits for its end, which comes when the client closes. */
void filter_stop(struct filter *filter);
void filter_free(struct filter *filter);

/* True when these octets came, letters and data of all packets in a row. */
bool filter_saw(const struct filter *filter, struct pst_str text);

#endif
