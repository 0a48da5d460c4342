/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "core/counters.h"
#include "milter/child.h"
#include "milter/worker.h"

#define CHILDREN 4

/* What the children of these tests do; each ends when its parent hangs up. */
static int
obey(struct pst_supervisor *supervisor, size_t index, int fd)
{
	char byte;

	(void)supervisor;
	if (write(fd, &(char){PST_WORKER_READY}, 1) != 1)
		return 1;
	while (read(fd, &byte, 1) == 1) {
		char answer =
		    index % 2 == 0 ? PST_WORKER_RELOADED : PST_WORKER_REFUSED;

		if (byte == PST_WORKER_STOP)
			return 0;
		if (write(fd, &answer, 1) != 1)
			return 1;
	}
	return 7;
}

static int
fail_at_once(struct pst_supervisor *supervisor, size_t index, int fd)
{
	(void)supervisor;
	(void)index;
	(void)fd;
	return 3;
}

static const struct pst_role worker = {
    .name = "worker", .needed = true, .reads_mail = true, .run = obey};
static const struct pst_role helper = {.name = "helper", .run = obey};
static const struct pst_role broken = {
    .name = "worker", .needed = true, .reads_mail = true, .run = fail_at_once};

static struct pst_child items[CHILDREN];
static struct pst_counters *block;
static struct pst_counters_sum sum;

/* Three workers and a helper, which is the second one. */
static struct pst_children
team(void)
{
	memset(items, 0, sizeof(items));
	for (size_t i = 0; i < CHILDREN; i++)
		items[i] = (struct pst_child){
		    .role = i == 1 ? &helper : &worker, .index = i};
	return (struct pst_children){items, CHILDREN};
}

static uint64_t
counted(enum pst_counter counter)
{
	pst_counters_read(block, &sum);
	return pst_counters_total(&sum, counter);
}

static void
start(struct pst_children children, struct pst_child *child)
{
	int fd;
	pid_t pid = pst_child_start(children, child, &fd);

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(child->role->run(NULL, child->index, fd));
}

static void
start_all(struct pst_children children)
{
	for (size_t i = 0; i < children.count; i++)
		start(children, &children.items[i]);
}

/* One turn of the loop, of at most 100 ms. */
static struct pst_child_news
turn(struct pst_children children)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_child_watch(children, &watch);
	pst_watch_until(&watch, pst_clock_ms(&pst_clock_system) + 100);
	pst_watch_wait(&watch, NULL);
	return pst_child_hear(children, &watch);
}

static void
wait_until_ready(struct pst_children children)
{
	while (!pst_child_all_ready(children) || !children.items[1].ready)
		(void)turn(children);
}

static void
wait_for_end(struct pst_children children, bool stopping)
{
	while (pst_child_running(children) > 0) {
		(void)turn(children);
		(void)pst_child_reap(children, stopping);
	}
}

static int
setup(void **state)
{
	struct pst_err err;

	(void)state;
	block = pst_counters_map(&err);
	assert_non_null(block);
	pst_counters_enter(block, PST_COUNTERS_SUPERVISOR);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pst_counters_unmap(block);
	return 0;
}

static void
test_life(void **state)
{
	struct pst_children children = team();
	struct pst_child_news all = {0, 0};

	(void)state;
	assert_false(pst_child_all_ready(children));
	start_all(children);
	wait_until_ready(children);
	assert_int_equal(counted(PST_COUNTER_WORKERS_READY), 3);
	assert_int_equal(counted(PST_COUNTER_WORKER_STARTS), 3);
	pst_child_tell(children, PST_WORKER_RELOAD);
	assert_int_equal(pst_child_reloading(children), CHILDREN);
	while (pst_child_reloading(children) > 0) {
		struct pst_child_news news = turn(children);

		all.reloaded += news.reloaded;
		all.refused += news.refused;
	}
	assert_int_equal(all.reloaded, 2);
	assert_int_equal(all.refused, 2);
	pst_child_tell(children, PST_WORKER_STOP);
	wait_for_end(children, true);
	assert_int_equal(counted(PST_COUNTER_WORKERS_READY), 0);
	assert_int_equal(counted(PST_COUNTER_WORKER_CRASHES), 0);
}

/* When the others' pairs stay open in a child, the others do not end. */
static void
test_hang_up(void **state)
{
	struct pst_children children = team();
	int status;

	(void)state;
	start_all(children);
	wait_until_ready(children);
	for (size_t i = 0; i < CHILDREN; i++) {
		assert_int_equal(close(items[i].fd), 0);
		/* The younger ones still run. */
		assert_int_equal(
		    waitpid(items[i].pid, &status, 0), items[i].pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 7);
	}
}

static void
test_killed(void **state)
{
	struct pst_children children = team();

	(void)state;
	start_all(children);
	wait_until_ready(children);
	assert_int_equal(kill(items[0].pid, SIGKILL), 0);
	assert_int_equal(kill(items[1].pid, SIGKILL), 0);
	while (pst_child_running(children) > 2) {
		(void)turn(children);
		/* They had been ready. */
		assert_false(pst_child_reap(children, false));
	}
	assert_int_equal(counted(PST_COUNTER_WORKERS_READY), 2);
	/* The helper reads no mail. */
	assert_int_equal(counted(PST_COUNTER_WORKER_CRASHES), 1);
	assert_true(counted(PST_COUNTER_LAST_CRASH) > 1600000000);
	assert_false(pst_child_all_ready(children));
	start(children, &items[0]);
	start(children, &items[1]);
	wait_until_ready(children);
	assert_int_equal(counted(PST_COUNTER_WORKERS_READY), 3);
	assert_int_equal(counted(PST_COUNTER_WORKER_STARTS), 4);
	pst_child_tell(children, PST_WORKER_STOP);
	wait_for_end(children, true);
}

/* One that dies again and again is started after growing pauses. */
static void
test_pauses(void **state)
{
	struct pst_children children = team();
	int64_t last = 0;

	(void)state;
	children.count = 1;
	items[0].role = &broken;
	for (size_t i = 0; i < 10; i++) {
		bool stillborn = false;
		struct pst_watch watch;
		int64_t pause;

		start(children, &items[0]);
		while (pst_child_running(children) > 0) {
			(void)turn(children);
			stillborn = pst_child_reap(children, false);
		}
		assert_true(stillborn);
		pst_watch_begin(&watch);
		pst_child_watch_starts(children, &watch);
		assert_true(watch.until_ms == items[0].not_before_ms);
		pause =
		    items[0].not_before_ms - pst_clock_ms(&pst_clock_system);
		assert_true(pause <= 5000);
		assert_true(i < 2 || i > 5 || pause > last);
		last = pause;
	}
	assert_true(last > 4000);
	assert_int_equal(items[0].quick_deaths, 10);
}

/* It is ready, and dies of its first message. */
static int
crash_when_ready(struct pst_supervisor *supervisor, size_t index, int fd)
{
	(void)supervisor;
	(void)index;
	if (write(fd, &(char){PST_WORKER_READY}, 1) != 1)
		return 1;
	(void)raise(SIGKILL);
	return 0;
}

/* One that was ready is needed: a flood of crashes puts it off by little. */
static void
test_crashes(void **state)
{
	static const struct pst_role role = {.name = "worker",
	    .needed = true,
	    .reads_mail = true,
	    .run = crash_when_ready};
	struct pst_children children = team();
	int64_t pause = 0;

	(void)state;
	children.count = 1;
	items[0].role = &role;
	for (size_t i = 0; i < 12; i++) {
		int64_t begun = pst_clock_ms(&pst_clock_system);

		start(children, &items[0]);
		while (!items[0].ready)
			(void)turn(children);
		while (pst_child_running(children) > 0)
			assert_false(pst_child_reap(children, false));
		pause =
		    items[0].not_before_ms - pst_clock_ms(&pst_clock_system);
		assert_true(pause <= (i < 5 ? 0 : 30));
		assert_true(items[0].not_before_ms >= begun);
	}
	/* But there is a pause, so that the processor has time for others. */
	assert_int_equal(items[0].quick_deaths, 12);
	assert_true(items[0].not_before_ms - items[0].started_ms >= 30);
}

/* A helper that cannot start does not stop the daemon. */
static void
test_broken_helper(void **state)
{
	static const struct pst_role role = {
	    .name = "helper", .run = fail_at_once};
	struct pst_children children = team();

	(void)state;
	children.count = 2;
	items[1].role = &role;
	start_all(children);
	while (
	    !pst_child_all_ready(children) || pst_child_running(children) > 1) {
		(void)turn(children);
		assert_false(pst_child_reap(children, false));
	}
	pst_child_tell(children, PST_WORKER_STOP);
	wait_for_end(children, true);
	assert_int_equal(counted(PST_COUNTER_WORKER_CRASHES), 0);
}

#define WITH_BLOCK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BLOCK(test_life),
	    WITH_BLOCK(test_hang_up),
	    WITH_BLOCK(test_killed),
	    WITH_BLOCK(test_pauses),
	    WITH_BLOCK(test_crashes),
	    WITH_BLOCK(test_broken_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
