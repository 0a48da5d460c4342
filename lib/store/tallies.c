/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "store/tallies_file.h"

#define PATIENCE_MS 1000 /* wait for a lock */
#define STOP_MS 1000
/* Entries in memory; from half of them on the thread does not wait. */
#define MAX_ENTRIES 65536
/* How often it is looked what is old; after a step with more to do, at once. */
#define TEND_MS 600000
#define TEND_STEP_MS 200
/*
 * A row costs about the same however many messages it counts, so with more
 * entries than this the thread gathers for BUSY_FLUSHES times as long.
 */
#define FEW_ENTRIES 256
#define BUSY_FLUSHES 30

struct pst_tallies {
	char *path;
	struct pst_tallies_log log;
	unsigned flush_ms;
	pthread_t thread;

	/* Used by the thread only */
	struct pst_tallies_file *file;  /* NULL if not open */
	struct pst_tally_table writing; /* taken from `counting` */
	size_t written;                 /* so many entries of it */
	struct pst_tally_guesses guesses;
	bool failed;  /* the last turn */
	bool failing; /* and the log was told */
	bool tending; /* there is more to do */
	int64_t tend_ms;

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t change;
	struct pst_tally_table counting;
	int64_t retention_s;
	bool stopping;
};

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

/* ---- the callers ---- */

void
pst_tallies_count(
    struct pst_tallies *tallies, const struct pst_summary *summary)
{
	size_t before;
	bool wake;

	pst_mutex_lock(&tallies->mutex);
	before = tallies->counting.count;
	pst_tally_table_count(&tallies->counting, summary, 1);
	wake = before == 0 ||
	    (before < MAX_ENTRIES / 2 &&
		tallies->counting.count >= MAX_ENTRIES / 2);
	pst_mutex_unlock(&tallies->mutex);
	if (wake)
		pst_cond_signal(&tallies->change);
}

void
pst_tallies_retain(struct pst_tallies *tallies, int64_t retention_s)
{
	pst_mutex_lock(&tallies->mutex);
	tallies->retention_s = retention_s;
	pst_mutex_unlock(&tallies->mutex);
}

/* ---- the thread ---- */

static void
close_file(struct pst_tallies *tallies)
{
	pst_tallies_file_close(tallies->file);
	tallies->file = NULL;
}

static bool
have_file(struct pst_tallies *tallies, struct pst_err *err)
{
	if (tallies->file != NULL && !pst_db_is_alive(tallies->file->db))
		close_file(tallies);
	if (tallies->file != NULL)
		return true;
	tallies->file = pst_tallies_file_open(
	    tallies->path, PST_DB_CREATE, PATIENCE_MS, err);
	if (tallies->file == NULL)
		return false;
	pst_mutex_lock(&tallies->mutex);
	pst_tally_table_sketch(&tallies->counting, tallies->file->secret);
	pst_mutex_unlock(&tallies->mutex);
	return true;
}

/* Takes what was counted, if everything taken before has been written. */
static bool
have_entries(struct pst_tallies *tallies)
{
	struct pst_tally_table *mine = &tallies->writing;
	struct pst_tally_table *theirs = &tallies->counting;
	struct pst_tally_table taken;

	if (tallies->written < mine->count)
		return true;
	pst_tally_table_clear(mine);
	tallies->written = 0;
	pst_mutex_lock(&tallies->mutex);
	taken = *theirs;
	/* Its memory is used again; what makes hashes stays the same. */
	*theirs = *mine;
	theirs->begun = taken.begun;
	theirs->begun_network = taken.begun_network;
	theirs->can_sketch = taken.can_sketch;
	pst_mutex_unlock(&tallies->mutex);
	*mine = taken;
	return mine->count > 0;
}

/* Writes what was taken, until the time has come. */
static bool
write_mine(struct pst_tallies *tallies, int64_t until_ms, struct pst_err *err)
{
	while (
	    tallies->written < tallies->writing.count && now_ms() < until_ms) {
		if (!have_file(tallies, err) ||
		    !pst_tallies_file_write(tallies->file, &tallies->guesses,
			&tallies->writing, &tallies->written, err))
			return false;
	}
	return true;
}

static bool
tend(struct pst_tallies *tallies, struct pst_err *err)
{
	struct pst_tallies_now now = {
	    .wall_s = pst_clock_epoch(&pst_clock_system), .ms = now_ms()};
	int64_t retention_s;

	if (!tallies->tending && now.ms < tallies->tend_ms)
		return true;
	pst_mutex_lock(&tallies->mutex);
	retention_s = tallies->retention_s;
	pst_mutex_unlock(&tallies->mutex);
	tallies->tend_ms = now.ms + TEND_MS;
	return pst_tallies_file_tend(
	    tallies->file, now, retention_s, &tallies->tending, err);
}

static bool
work(struct pst_tallies *tallies, struct pst_err *err)
{
	if (!have_file(tallies, err))
		return false;
	/* What failed the last time, and what has gathered since. */
	for (unsigned i = 0; i < 2 && have_entries(tallies); i++) {
		if (!write_mine(tallies, INT64_MAX, err))
			return false;
	}
	return tend(tallies, err);
}

static bool
work_last(struct pst_tallies *tallies, struct pst_err *err)
{
	const int64_t until_ms = now_ms() + STOP_MS;

	while (now_ms() < until_ms && have_entries(tallies)) {
		if (!write_mine(tallies, until_ms, err))
			return false;
	}
	return !have_entries(tallies) ||
	    pst_err_set(err,
		"the last messages could not be counted in %s before the end",
		tallies->path);
}

/*
 * Tells the log once when it begins to fail, and once when that is over. One turn
 * may fail because a worker packs a day at that moment; nothing is lost by that.
 */
static void
note(struct pst_tallies *tallies, bool ok, bool is_last,
    const struct pst_err *err)
{
	const bool is_failing = !ok && (is_last || tallies->failed);

	tallies->failed = !ok;
	if (ok ? !tallies->failing : tallies->failing || !is_failing)
		return;
	tallies->failing = !ok;
	tallies->log.call(tallies->log.arg, ok ? NULL : err->text);
}

static bool
turn(struct pst_tallies *tallies, bool is_last)
{
	struct pst_err err;
	bool ok = is_last ? work_last(tallies, &err) : work(tallies, &err);

	if (!ok)
		close_file(tallies);
	note(tallies, ok, is_last, &err);
	return ok;
}

/* Waits so long, or until there is much to write. The mutex is locked. */
static void
gather(struct pst_tallies *tallies, bool ok, int64_t ms)
{
	const int64_t until_ms = now_ms() + ms;

	while (!tallies->stopping &&
	    (!ok || tallies->counting.count < MAX_ENTRIES / 2) &&
	    pst_cond_wait_until(&tallies->change, &tallies->mutex, until_ms))
		continue;
}

/*
 * Waits until it is time for a turn. After a failure only the time counts. The
 * mutex is locked.
 */
static void
wait_for_turn(struct pst_tallies *tallies, bool ok)
{
	const int64_t idle_ms = now_ms() + TEND_MS;

	if (ok && tallies->tending) {
		gather(tallies, ok,
		    TEND_STEP_MS < tallies->flush_ms ? TEND_STEP_MS :
						       tallies->flush_ms);
		return;
	}
	while (ok && !tallies->stopping && tallies->counting.count == 0)
		if (!pst_cond_wait_until(
			&tallies->change, &tallies->mutex, idle_ms))
			return;
	gather(tallies, ok, tallies->flush_ms);
	if (ok && tallies->counting.count > FEW_ENTRIES)
		gather(tallies, ok,
		    (int64_t)(BUSY_FLUSHES - 1) * tallies->flush_ms);
}

static void *
run(void *arg)
{
	struct pst_tallies *tallies = arg;
	bool ok;

	/* The first turn makes the file, and says if that is not possible. */
	pst_mutex_lock(&tallies->mutex);
	while (!tallies->stopping) {
		pst_mutex_unlock(&tallies->mutex);
		ok = turn(tallies, false);
		pst_mutex_lock(&tallies->mutex);
		if (!tallies->stopping)
			wait_for_turn(tallies, ok);
	}
	pst_mutex_unlock(&tallies->mutex);
	(void)turn(tallies, true);
	close_file(tallies);
	return NULL;
}

struct pst_tallies *
pst_tallies_start(const char *path, int64_t retention_s, unsigned flush_ms,
    struct pst_tallies_log log)
{
	struct pst_tallies *tallies = calloc(1, sizeof(*tallies));

	if (tallies == NULL || (tallies->path = strdup(path)) == NULL)
		abort();
	tallies->log = log;
	tallies->flush_ms = flush_ms;
	tallies->retention_s = retention_s;
	pst_tally_table_init(&tallies->counting, MAX_ENTRIES);
	pst_tally_table_init(&tallies->writing, MAX_ENTRIES);
	pst_mutex_init(&tallies->mutex);
	pst_cond_init(&tallies->change);
	if (!pst_thread_start(&tallies->thread, run, tallies))
		abort();
	return tallies;
}

void
pst_tallies_stop(struct pst_tallies *tallies)
{
	if (tallies == NULL)
		return;
	pst_mutex_lock(&tallies->mutex);
	tallies->stopping = true;
	pst_mutex_unlock(&tallies->mutex);
	pst_cond_signal(&tallies->change);
	pst_thread_join(tallies->thread);
	pst_cond_destroy(&tallies->change);
	pst_mutex_destroy(&tallies->mutex);
	pst_tally_table_free(&tallies->counting);
	pst_tally_table_free(&tallies->writing);
	free(tallies->path);
	free(tallies);
}
