/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/thread.h"
#include "tools/command.h"
#include "tools/send.h"
#include "tools/ui.h"

#define BAR_MS 100
#define NS_A_SECOND 1000000000

static const char command[] = "send";

/*
 * Shared by the threads. Members that are not atomic are constant or protected
 * by the lock; each thread writes only its own entries of latency_us.
 */
struct load {
	const struct pst_send_plan *plan;
	int64_t start_ns;
	uint32_t *latency_us; /* of answered messages, [0..answered) */
	_Atomic uint64_t next;
	_Atomic uint64_t done;
	_Atomic uint64_t answered;
	_Atomic uint64_t failed;
	_Atomic uint64_t progress;
	_Atomic uint64_t actions[PST_MTA_ACTIONS];
	pthread_mutex_t lock;
	struct pst_err first_err;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_A_SECOND + now.tv_nsec;
}

static void
sleep_until(int64_t ns)
{
	struct timespec until = {.tv_sec = (time_t)(ns / NS_A_SECOND),
	    .tv_nsec = (long)(ns % NS_A_SECOND)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	    EINTR)
		continue;
}

/*
 * Waits until message nth is due; returns the time in ns from which its latency
 * counts. With a rate, that is a fixed time: a filter that stalls must not slow
 * down the clock that measures it.
 */
static int64_t
await_turn(const struct load *load, uint64_t nth)
{
	unsigned rate = load->plan->rate;

	if (rate == 0)
		return now_ns();
	int64_t due = load->start_ns + (int64_t)(nth / rate) * NS_A_SECOND +
	    (int64_t)(nth % rate) * NS_A_SECOND / rate;
	sleep_until(due);
	return due;
}

static void
count_failure(struct load *load, const struct pst_err *err)
{
	pst_mutex_lock(&load->lock);
	if (load->first_err.text[0] == '\0')
		load->first_err = *err;
	pst_mutex_unlock(&load->lock);
	atomic_fetch_add(&load->failed, 1);
}

static void
count_answer(
    struct load *load, const struct pst_mta_verdict *verdict, int64_t begun_ns)
{
	int64_t us = (now_ns() - begun_ns) / 1000;
	uint64_t at = atomic_fetch_add(&load->answered, 1);

	load->latency_us[at] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	atomic_fetch_add(&load->actions[verdict->action], 1);
	atomic_fetch_add(&load->progress, verdict->progress);
}

static void *
work(void *arg)
{
	struct load *load = arg;
	const struct pst_send_plan *plan = load->plan;
	struct pst_send_line line = {.milter = NULL};

	for (;;) {
		uint64_t nth = atomic_fetch_add(&load->next, 1);
		struct pst_err err;
		if (nth >= plan->repeat)
			break;
		int64_t begun_ns = await_turn(load, nth);
		line.arena = pst_arena_new();
		if (pst_send_one(plan, &plan->items[nth % plan->item_count],
			nth + 1, &line, &err))
			count_answer(load, &line.verdict, begun_ns);
		else
			count_failure(load, &err);
		pst_arena_free(line.arena);
		atomic_fetch_add(&load->done, 1);
	}
	pst_mta_close(line.milter);
	return NULL;
}

/* Runs the threads until they end; false if none could be started. */
static bool
run(struct load *load, pthread_t *threads)
{
	struct pst_ui_bar bar;
	unsigned started = 0;

	load->start_ns = now_ns();
	while (started < load->plan->concurrency &&
	    pst_thread_start(&threads[started], work, load))
		started++;
	if (started < load->plan->concurrency)
		pst_ui_note(command, "only %u of %u threads could be started",
		    started, load->plan->concurrency);
	pst_ui_bar_begin(&bar, load->plan->repeat);
	while (bar.shown && started > 0 &&
	    atomic_load(&load->done) < load->plan->repeat) {
		pst_ui_bar_draw(&bar, atomic_load(&load->done));
		sleep_until(now_ns() + (int64_t)BAR_MS * 1000000);
	}
	for (unsigned i = 0; i < started; i++)
		pst_thread_join(threads[i]);
	pst_ui_bar_end(&bar);
	return started > 0;
}

static int
compare_us(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const struct {
	const char *name;
	unsigned percent;
} marks[] = {{"p50", 50}, {"p95", 95}, {"p99", 99}, {"max", 100}};
#define MARKS (PST_COUNT(marks))

/* Returns the nearest rank in milliseconds; 0 if nothing was answered. */
static double
percentile(const struct load *load, unsigned percent)
{
	uint64_t count = atomic_load(&load->answered);
	uint64_t rank = (count * percent + 99) / 100;

	return rank == 0 ? 0 : (double)load->latency_us[rank - 1] / 1000;
}

static void
report_json(struct load *load, struct pst_arena *arena, double seconds)
{
	struct pst_json *json = pst_json_new(arena);
	uint64_t answered = atomic_load(&load->answered);
	uint64_t failed = atomic_load(&load->failed);

	pst_json_open_object(json, NULL);
	pst_json_number(json, "messages", answered + failed);
	pst_json_number(json, "errors", failed);
	pst_json_text(
	    json, "first_error", failed > 0 ? load->first_err.text : NULL);
	pst_json_real(json, "seconds", seconds);
	pst_json_real(json, "per_second", (double)answered / seconds);
	pst_json_open_object(json, "latency_ms");
	for (size_t i = 0; i < MARKS; i++)
		pst_json_real(
		    json, marks[i].name, percentile(load, marks[i].percent));
	pst_json_close(json);
	pst_json_open_object(json, "actions");
	for (enum pst_mta_action action = 0; action < PST_MTA_ACTIONS; action++)
		pst_json_number(json, pst_mta_action_word(action),
		    atomic_load(&load->actions[action]));
	pst_json_close(json);
	pst_json_number(json, "progress", atomic_load(&load->progress));
	pst_json_close(json);
	puts(pst_json_end(json));
}

static void
report_text(struct load *load, struct pst_arena *arena, double seconds)
{
	const char *cells[(PST_MTA_ACTIONS + MARKS + 1) * 2];
	size_t used = 0;
	uint64_t answered = atomic_load(&load->answered);
	uint64_t failed = atomic_load(&load->failed);

	printf("%llu messages in %.3f s, %.0f a second, %u at a time\n",
	    (unsigned long long)(answered + failed), seconds,
	    (double)answered / seconds, load->plan->concurrency);
	for (size_t i = 0; i < MARKS; i++) {
		cells[used++] = marks[i].name;
		cells[used++] = pst_arena_printf(
		    arena, "%.3f ms", percentile(load, marks[i].percent));
	}
	for (enum pst_mta_action action = 0; action < PST_MTA_ACTIONS;
	     action++) {
		uint64_t count = atomic_load(&load->actions[action]);
		if (count == 0)
			continue;
		cells[used++] = pst_mta_action_word(action);
		cells[used++] =
		    pst_arena_printf(arena, "%llu", (unsigned long long)count);
	}
	cells[used++] = "error";
	cells[used++] =
	    pst_arena_printf(arena, "%llu", (unsigned long long)failed);
	pst_ui_table(stdout, 2, cells, 2, used / 2);
}

/* Connects once before all others, to tell a wrong socket from an overload. */
static bool
filter_is_there(const struct pst_send_plan *plan)
{
	struct pst_err err;
	int fd = pst_mta_connect(&plan->to, plan->timeout_ms, &err);
	struct pst_mta_client *milter = NULL;

	if (fd >= 0)
		milter = pst_mta_open(fd, plan->timeout_ms, &err);
	if (milter == NULL)
		pst_ui_fail(command, "%s", err.text);
	pst_mta_close(milter);
	return milter != NULL;
}

int
pst_send_load(const struct pst_send_plan *plan)
{
	struct load load = {.plan = plan, .lock = PTHREAD_MUTEX_INITIALIZER};

	if (!filter_is_there(plan))
		return PST_EXIT_USAGE;
	struct pst_arena *arena = pst_arena_new();
	load.latency_us =
	    pst_arena_array(arena, plan->repeat, sizeof(*load.latency_us));
	pthread_t *threads =
	    pst_arena_array(arena, plan->concurrency, sizeof(*threads));
	if (!run(&load, threads)) {
		pst_arena_free(arena);
		return pst_ui_fail(command, "no thread could be started");
	}
	double seconds = (double)(now_ns() - load.start_ns) / NS_A_SECOND;
	qsort(load.latency_us, atomic_load(&load.answered),
	    sizeof(*load.latency_us), compare_us);
	if (plan->json)
		report_json(&load, arena, seconds);
	else
		report_text(&load, arena, seconds);
	if (atomic_load(&load.failed) > 0)
		pst_ui_note(command, "first error: %s", load.first_err.text);
	int status =
	    atomic_load(&load.failed) > 0 ? PST_EXIT_USAGE : PST_EXIT_OK;
	pst_arena_free(arena);
	return status;
}
