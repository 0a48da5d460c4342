/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/mta_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

#define LENGTH_OF(array) (PST_COUNT(array))

/* The protocol steps (SMFIP_NR_*) with which an event gets no answer. */
static const struct {
	char letter;
	uint32_t silent;
} silents[] = {
    {'C', 0x1000},
    {'H', 0x2000},
    {'M', 0x4000},
    {'R', 0x8000},
    {'T', 0x10000},
    {'L', 0x80},
    {'N', 0x40000},
    {'B', 0x80000},
};

static bool
read_all(int fd, void *to, size_t len)
{
	char *at = to;

	while (len > 0) {
		ssize_t got = recv(fd, at, len, 0);
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

static void
write_raw(int fd, struct pst_str raw)
{
	ssize_t ignored = send(fd, raw.ptr, raw.len, MSG_NOSIGNAL);

	(void)ignored;
}

static bool
is_silent(const struct filter *filter, char letter)
{
	if (letter == 'A' || letter == 'Q' || letter == 'K')
		return true;
	for (size_t i = 0; i < LENGTH_OF(silents); i++)
		if (silents[i].letter == letter)
			return (filter->script->steps & silents[i].silent) != 0;
	return false;
}

static void
answer_negotiation(const struct filter *filter)
{
	const struct filter_script *script = filter->script;
	uint32_t words[3] = {
	    htonl(6), htonl(script->actions), htonl(script->steps)};
	char packet[17] = "\0\0\0\015O";

	memcpy(packet + 5, words, sizeof(words));
	if (script->negotiation.ptr != NULL)
		write_raw(filter->fd, script->negotiation);
	else
		write_raw(filter->fd, (struct pst_str){packet, 17});
}

/* Returns false if the filter is to hang up now. */
static bool
answer(struct filter *filter, char letter)
{
	static const struct pst_str go_on = RAW("\0\0\0\1c");
	const struct filter_rule *rules = filter->script->rules;

	for (size_t i = 0; i < MAX_RULES; i++) {
		if (rules[i].letter != letter || filter->used[i])
			continue;
		filter->used[i] = true;
		if (rules[i].answer.ptr != NULL)
			write_raw(filter->fd, rules[i].answer);
		return !rules[i].hang_up;
	}
	if (letter == 'O')
		answer_negotiation(filter);
	else if (!is_silent(filter, letter))
		write_raw(filter->fd, go_on);
	return true;
}

static void *
run_filter(void *arg)
{
	struct filter *filter = arg;
	size_t traced = 0;
	uint32_t len;

	while (read_all(filter->fd, &len, sizeof(len))) {
		len = ntohl(len);
		if (len == 0 || len > MAX_SEEN - filter->seen_len)
			break;
		char *packet = filter->seen + filter->seen_len;
		if (!read_all(filter->fd, packet, len))
			break;
		filter->seen_len += len;
		if (packet[0] == 'D')
			continue;
		if (traced < MAX_TRACE - 1)
			filter->trace[traced++] = packet[0];
		if (!answer(filter, packet[0]))
			break;
	}
	close(filter->fd);
	return NULL;
}

int
filter_start(struct filter *filter, const struct filter_script *script)
{
	int ends[2];

	memset(filter, 0, sizeof(*filter));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	filter->fd = ends[1];
	filter->script = script;
	filter->seen = calloc(1, MAX_SEEN);
	assert_non_null(filter->seen);
	assert_int_equal(
	    pthread_create(&filter->thread, NULL, run_filter, filter), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

void
filter_stop(struct filter *filter)
{
	assert_int_equal(pthread_join(filter->thread, NULL), 0);
}

void
filter_free(struct filter *filter)
{
	free(filter->seen);
}

bool
filter_saw(const struct filter *filter, struct pst_str text)
{
	struct pst_str seen = {filter->seen, filter->seen_len};

	while (seen.len >= text.len) {
		if (pst_str_starts(seen, text))
			return true;
		seen = pst_str_from(seen, 1);
	}
	return false;
}
