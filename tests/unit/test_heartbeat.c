/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "milter/heartbeat.h"
#include "tests/unit/rows.h"

#define STEP PST_HEARTBEAT_MS

static enum pst_heartbeat_step
turn(struct pst_heartbeat *beat, int64_t now_ms, bool client_waits)
{
	const struct pst_heartbeat_view view = {
	    .client_waits = client_waits, .now_ms = now_ms};

	return pst_heartbeat_turn(beat, &view);
}

/* What the supervisor would wait for: a descriptor, or a time. */
static int64_t
wait_of(const struct pst_heartbeat *beat)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_heartbeat_watch(beat, 7, &watch);
	assert_int_equal(watch.count, beat->asking ? 0 : 1);
	return watch.until_ms;
}

/* Without a client nobody wakes up; a worker that answers is left alone. */
static void
test_questions(void **state)
{
	struct pst_heartbeat beat = {.asking = false};
	int64_t now_ms = 5000;

	(void)state;
	assert_true(wait_of(&beat) == INT64_MAX);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(turn(&beat, now_ms + i * STEP, false),
		    PST_HEARTBEAT_NOTHING);
	assert_int_equal(turn(&beat, now_ms, true), PST_HEARTBEAT_NOTHING);
	assert_int_equal(wait_of(&beat), now_ms + STEP);
	assert_int_equal(
	    turn(&beat, now_ms + STEP - 1, true), PST_HEARTBEAT_NOTHING);
	for (unsigned i = 0; i < 100; i++) {
		now_ms += STEP;
		assert_int_equal(turn(&beat, now_ms, true), PST_HEARTBEAT_ASK);
		pst_heartbeat_heard(&beat, false);
	}
	pst_heartbeat_heard(&beat, true);
	assert_true(wait_of(&beat) == INT64_MAX);
	/* Its socket is of no use if it is not known. */
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_heartbeat_watch(&beat, -1, &watch);
	assert_int_equal(watch.count, 0);
}

/* A worker that hangs is killed after a minute, later while it reloads. */
static void
test_hang(void **state)
{
	static const struct {
		const char *label;
		bool reloading;
		unsigned questions;
	} rows[] = {
	    {"at work", false, PST_HEARTBEAT_MISSES},
	    {"reloading", true, PST_HEARTBEAT_MISSES_RELOAD},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_heartbeat beat = {.asking = true, .ask_ms = 0};
		struct pst_heartbeat_view view = {
		    .client_waits = true, .reloading = rows[i].reloading};
		unsigned asked = 0;

		while (pst_heartbeat_turn(&beat, &view) == PST_HEARTBEAT_ASK) {
			asked++;
			view.now_ms += STEP;
		}
		assert_int_equal(asked, rows[i].questions);
		assert_int_equal(beat.missed, rows[i].questions);
	}
}

/* The supervisor was stopped, too: the worker cannot help that. */
static void
test_all_stopped(void **state)
{
	struct pst_heartbeat beat = {.asking = true, .ask_ms = STEP};

	(void)state;
	assert_int_equal(turn(&beat, STEP, false), PST_HEARTBEAT_ASK);
	assert_int_equal(turn(&beat, 3600000, false), PST_HEARTBEAT_ASK);
	pst_heartbeat_heard(&beat, false);
	assert_int_equal(turn(&beat, 3600000 + STEP, false), PST_HEARTBEAT_ASK);
	assert_int_equal(beat.missed, 1);
}

/* ---- the worker's side ---- */

#define LIMIT 95000

/* Asks every ten seconds for five minutes; returns how many got an answer. */
static unsigned
answers(bool work, unsigned turns_per_question)
{
	struct pst_pulse pulse = {.begun = false};
	unsigned sum = 0;

	for (unsigned i = 0; i < 30; i++) {
		const struct pst_pulse_view view = {.now_ms = 77777 + i * STEP,
		    .turns = i * turns_per_question,
		    .work = work,
		    .limit_ms = LIMIT};

		sum += pst_pulse_beats(&pulse, &view);
	}
	return sum;
}

static void
test_pulse(void **state)
{
	static const struct {
		const char *label;
		bool work;
		unsigned turns, answers;
	} rows[] = {
	    {"idle", false, 0, 30},
	    {"a flood", true, 100000, 30},
	    {"one slow session", true, 1, 30},
	    /* the one at 0 s, and those until 90 s after it */
	    {"callbacks that do not end, or clients nobody accepts", true, 0,
		10},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		assert_int_equal(
		    answers(rows[i].work, rows[i].turns), rows[i].answers);
	}
}

/* What happened while nobody asked is not held against the worker. */
static void
test_pause(void **state)
{
	struct pst_pulse pulse = {.begun = false};
	struct pst_pulse_view view = {.work = true, .limit_ms = LIMIT};

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		assert_true(pst_pulse_beats(&pulse, &view));
		view.now_ms += 3600000;
	}
	view.now_ms -= 3600000;
	for (unsigned i = 0; i < 9; i++) {
		view.now_ms += STEP;
		assert_true(pst_pulse_beats(&pulse, &view));
	}
	view.now_ms += STEP;
	assert_false(pst_pulse_beats(&pulse, &view));
	/* It gets on again. */
	view.turns++;
	assert_true(pst_pulse_beats(&pulse, &view));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_hang),
	    cmocka_unit_test(test_all_stopped),
	    cmocka_unit_test(test_pulse),
	    cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
