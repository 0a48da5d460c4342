/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "milter/refuser.h"

#define RESERVE 8
#define GIVERS 4
/* Of each of them; together more than the refuser holds. */
#define SESSIONS 100
#define PATIENCE_MS 20000

static const unsigned char hello[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 1,
    0xff, 0, 0x1f, 0xff, 0xff, 0, 0, 0, 2, 'C', 0};
static const unsigned char wanted[] = {
    0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 't'};

static struct pst_counters *counters;
static atomic_uint refused;

/* Returns our end of a connection that is refused; -1 if there is none. */
static int
give(enum pst_lack lack)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return -1;
	pst_refuser_take(fds[1], lack);
	return fds[0];
}

/* True if the session is negotiated and then refused. */
static bool
is_refused(int fd)
{
	unsigned char got[sizeof(wanted)];

	return send(fd, hello, sizeof(hello), MSG_NOSIGNAL) > 0 &&
	    recv(fd, got, sizeof(got), MSG_WAITALL) == (ssize_t)sizeof(got) &&
	    memcmp(got, wanted, sizeof(wanted)) == 0;
}

static void *
give_many(void *arg)
{
	int fds[SESSIONS];

	/* All have come before the first one says anything. */
	for (unsigned i = 0; i < SESSIONS; i++)
		fds[i] = give(PST_LACK_SESSIONS);
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (is_refused(fds[i]))
			atomic_fetch_add(&refused, 1);
		(void)close(fds[i]);
	}
	return arg;
}

static void
test_each_is_answered(void **state)
{
	static struct pst_counters_sum sum;
	pthread_t threads[GIVERS];

	(void)state;
	for (size_t i = 0; i < GIVERS; i++)
		assert_true(pst_thread_start(&threads[i], give_many, NULL));
	for (size_t i = 0; i < GIVERS; i++)
		pst_thread_join(threads[i]);
	assert_int_equal(atomic_load(&refused), GIVERS * SESSIONS);
	pst_counters_read(counters, &sum);
	assert_int_equal(
	    sum.of[PST_COUNTER_SESSIONS_REFUSED][PST_LACK_SESSIONS],
	    GIVERS * SESSIONS);
}

/* Peers that say nothing keep others waiting for two seconds at most. */
static void
test_silent_ones_make_room(void **state)
{
	int fds[PST_REFUSER_CONNECTIONS];
	int fd;
	char octet;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(fds); i++)
		fds[i] = give(PST_LACK_MEMORY);
	fd = give(PST_LACK_MEMORY);
	assert_true(is_refused(fd));
	assert_int_equal(recv(fds[0], &octet, 1, 0), 0);
	for (size_t i = 0; i < PST_COUNT(fds); i++)
		close(fds[i]);
	close(fd);
}

/* The reserve is handed out once, and filled again when that is possible. */
static void
test_reserve(void **state)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;
	unsigned freed = 0;

	(void)state;
	while (
	    freed < 3 * RESERVE && pst_clock_ms(&pst_clock_system) < until_ms)
		freed += pst_refuser_free_descriptor();
	assert_int_equal(freed, 3 * RESERVE);
}

static int
begin(void **state)
{
	struct pst_err err;

	(void)state;
	counters = pst_counters_map(&err);
	if (counters == NULL)
		return -1;
	pst_counters_enter(counters, 0);
	return pst_refuser_start(RESERVE) ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_is_answered),
	    cmocka_unit_test(test_reserve),
	    cmocka_unit_test(test_silent_ones_make_room),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
