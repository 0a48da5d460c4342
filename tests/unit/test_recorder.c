/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/thread.h"
#include "milter/recorder.h"
#include "store/writer.h"
#include "tests/unit/store_fixture.h"

#define PATIENCE_MS 10000

/*
 * A writer of our own, which takes the place of that of store/writer in this
 * program. A message waits in it until `committed`.
 */
struct pst_writer {
	unsigned starts;
};

static struct pst_writer the_writer;
static atomic_uint entered, left;
static atomic_bool committed;

static void
pause_ms(long ms)
{
	const struct timespec pause = {0, ms * 1000000};

	(void)nanosleep(&pause, NULL);
}

/* Waits until the number is reached, but not for ever. */
static bool
reaches(atomic_uint *number, unsigned wanted)
{
	int64_t end = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;

	while (atomic_load(number) < wanted &&
	    pst_clock_ms(&pst_clock_system) < end)
		pause_ms(1);
	return atomic_load(number) >= wanted;
}

struct pst_writer *
pst_writer_start(struct pst_config *config, struct pst_writer_log log)
{
	(void)config;
	(void)log;
	the_writer.starts++;
	return &the_writer;
}

void
pst_writer_stop(struct pst_writer *writer, struct pst_writer_counts *counts)
{
	(void)writer;
	*counts = (struct pst_writer_counts){0};
}

bool
pst_writer_put(
    struct pst_writer *writer, struct pst_outcome *outcome, unsigned wait_ms)
{
	int64_t end = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;

	(void)writer;
	(void)wait_ms;
	pst_outcome_free(outcome);
	atomic_fetch_add(&entered, 1);
	while (
	    !atomic_load(&committed) && pst_clock_ms(&pst_clock_system) < end)
		pause_ms(1);
	return true;
}

static void *
put(void *arg)
{
	struct pst_message message = store_message(arg, 1);

	pst_recorder_put(&message);
	atomic_fetch_add(&left, 1);
	return NULL;
}

/* A reload goes on while a message waits for its row. */
static void
test_reload(void **state)
{
	struct pst_config *config = store_config("");
	pthread_t thread;
	bool waits;

	(void)state;
	pst_recorder_start(config);
	assert_int_equal(the_writer.starts, 1);
	assert_true(pst_thread_start(&thread, put, config));
	assert_true(reaches(&entered, 1));
	pst_recorder_start(config);
	waits = atomic_load(&left) == 0;
	atomic_store(&committed, true);
	pst_thread_join(thread);
	assert_true(waits);
	assert_int_equal(the_writer.starts, 1);
	pst_config_unref(config);
}

/*
 * R-AGG-5: a message that comes after the stop gets no answer, as it cannot
 * have a row any more. Its thread ends with the process.
 */
static void
test_stop(void **state)
{
	static struct pst_config *config;
	pthread_t thread;

	(void)state;
	config = store_config("");
	pst_recorder_stop();
	assert_true(pst_thread_start(&thread, put, config));
	pst_thread_detach(thread);
	pause_ms(200);
	assert_int_equal(atomic_load(&left), 1);
	assert_int_equal(atomic_load(&entered), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reload),
	    cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
