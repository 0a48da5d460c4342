/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/memory_keeper.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"
#include "core/counters.h"
#include "store/memory_file.h"
#include "store/trusted_clock.h"

#define PATIENCE_MS 1000 /* wait for a lock; a start waits that long, too */
#define STOP_MS 3000

struct pst_memory_keeper {
	struct pst_config *config;
	struct pst_memory *memory;
	struct pst_memory_log log;
	unsigned interval_ms;
	pthread_t thread;

	/* Used by the thread only, once it runs */
	struct pst_db *db; /* NULL if not open */
	int64_t last;      /* the newest change that was read */
	bool failing;
	uint64_t refused;                 /* as it was counted last */
	struct pst_trusted_clock trusted; /* for deleting by age */
	/* The batch that is being written; tried again after a failure. */
	struct pst_arena *arena;
	struct pst_memory_row rows[PST_MEMORY_BATCH];
	size_t count;

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t change;
	bool stopping;
};

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

static void
close_file(struct pst_memory_keeper *keeper)
{
	pst_db_close(keeper->db);
	keeper->db = NULL;
	keeper->last = 0;
}

/* Takes the next batch, unless there is one that could not be written. */
static bool
have_batch(struct pst_memory_keeper *keeper)
{
	struct pst_memory_row *rows = keeper->rows;

	if (keeper->count > 0)
		return true;
	pst_arena_free(keeper->arena);
	keeper->arena = pst_arena_new();
	keeper->count = pst_memory_take_changed(
	    keeper->memory, keeper->arena, rows, PST_COUNT(keeper->rows));
	return keeper->count > 0;
}

/* The memory and the file become as old as the older one of them. */
static bool
compare_births(struct pst_memory_keeper *keeper, struct pst_err *err)
{
	struct pst_memory_figures figures;
	int64_t born;

	pst_memory_figures(keeper->memory, &figures);
	born = figures.born_epoch;
	if (!pst_memory_file_born(keeper->db, PST_DB_WRITE, &born, err))
		return false;
	pst_memory_set_born(keeper->memory, born);
	return true;
}

/*
 * Opens the file, unless there is none and nothing to write. In a file that was
 * missing, all that is remembered has to be written.
 */
static bool
have_file(struct pst_memory_keeper *keeper, struct pst_err *err)
{
	bool exists = pst_memory_file_exists(keeper->config);

	if (keeper->db != NULL && pst_db_is_alive(keeper->db))
		return true;
	if (keeper->db != NULL)
		close_file(keeper);
	if (!exists && !have_batch(keeper))
		return true;
	keeper->db = pst_memory_file_open(
	    keeper->config, PST_DB_CREATE, PATIENCE_MS, err);
	if (keeper->db == NULL)
		return false;
	if (!exists)
		pst_memory_change_all(keeper->memory);
	return compare_births(keeper, err);
}

/*
 * Writes batch by batch until nothing is left, or until the time has come.
 * *wrote is set to true if there was something to write.
 */
static bool
write_all(struct pst_memory_keeper *keeper, int64_t until_ms, bool *wrote,
    struct pst_err *err)
{
	*wrote = have_batch(keeper);
	while (have_batch(keeper) && now_ms() < until_ms) {
		if (!pst_memory_file_write(
			keeper->db, keeper->rows, keeper->count, NULL, err))
			return false;
		keeper->count = 0;
	}
	return true;
}

static bool
prune(struct pst_memory_keeper *keeper, struct pst_err *err)
{
	struct pst_trusted_now now;
	bool more = true;

	keeper->trusted.clock = &pst_clock_system;
	if (!pst_trusted_clock_ask(&keeper->trusted, keeper->db, &now, err))
		return false;
	while (more) {
		if (!pst_memory_file_prune(keeper->db, now.now_s,
			PST_MEMORY_MAX_DOMAINS, &more, err))
			return false;
	}
	return true;
}

static void
note(struct pst_memory_keeper *keeper, bool ok, const struct pst_err *err)
{
	if (ok != keeper->failing)
		return;
	keeper->failing = !ok;
	pst_counter_since(PST_COUNTER_MEMORY_FAILING_SINCE, !ok);
	keeper->log.call(keeper->log.arg, ok ? NULL : err->text);
}

static void
count(struct pst_memory_keeper *keeper)
{
	struct pst_memory_figures figures;

	pst_memory_figures(keeper->memory, &figures);
	pst_counter_set(PST_COUNTER_MEMORY_DOMAINS, figures.domains);
	pst_counter_set(PST_COUNTER_MEMORY_RECORDS, figures.with_record);
	pst_counter_set(PST_COUNTER_MEMORY_BORN, (uint64_t)figures.born_epoch);
	pst_counter_add(
	    PST_COUNTER_MEMORY_REFUSED, 0, figures.refused - keeper->refused);
	keeper->refused = figures.refused;
}

/* All that the thread does in a turn; the last turn only writes. */
static bool
work_with_file(
    struct pst_memory_keeper *keeper, bool last_turn, struct pst_err *err)
{
	int64_t until_ms =
	    now_ms() + (last_turn ? STOP_MS : (int64_t)keeper->interval_ms);
	bool wrote;

	if (!have_file(keeper, err))
		return false;
	if (keeper->db == NULL)
		return true;
	if (!write_all(keeper, until_ms, &wrote, err))
		return false;
	if (last_turn)
		return true;
	return pst_memory_file_read(
		   keeper->db, keeper->memory, &keeper->last, err) &&
	    (!wrote || prune(keeper, err));
}

static void
work(struct pst_memory_keeper *keeper, bool last_turn)
{
	struct pst_err err;
	bool ok = work_with_file(keeper, last_turn, &err);

	if (!ok)
		close_file(keeper);
	note(keeper, ok, &err);
	count(keeper);
}

static void *
run(void *arg)
{
	struct pst_memory_keeper *keeper = arg;

	pst_mutex_lock(&keeper->mutex);
	while (!keeper->stopping) {
		int64_t until_ms = now_ms() + keeper->interval_ms;

		while (!keeper->stopping &&
		    pst_cond_wait_until(
			&keeper->change, &keeper->mutex, until_ms))
			continue;
		/* pst_memory_keeper_stop() has a turn of its own. */
		if (keeper->stopping)
			break;
		pst_mutex_unlock(&keeper->mutex);
		work(keeper, false);
		pst_mutex_lock(&keeper->mutex);
	}
	pst_mutex_unlock(&keeper->mutex);
	return NULL;
}

/* The first time, before there is a thread. The file is only read. */
static void
read_file(struct pst_memory_keeper *keeper)
{
	struct pst_err err;
	bool ok = pst_memory_file_load(
	    keeper->config, keeper->memory, PATIENCE_MS, &keeper->last, &err);

	note(keeper, ok, &err);
	count(keeper);
}

struct pst_memory_keeper *
pst_memory_keeper_start(struct pst_config *config, struct pst_memory *memory,
    struct pst_memory_log log, unsigned interval_ms)
{
	struct pst_memory_keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL)
		abort();
	keeper->config = pst_config_ref(config);
	keeper->memory = memory;
	keeper->log = log;
	keeper->interval_ms = interval_ms;
	pst_mutex_init(&keeper->mutex);
	pst_cond_init(&keeper->change);
	read_file(keeper);
	if (!pst_thread_start(&keeper->thread, run, keeper))
		abort();
	return keeper;
}

void
pst_memory_keeper_stop(struct pst_memory_keeper *keeper)
{
	if (keeper == NULL)
		return;
	pst_mutex_lock(&keeper->mutex);
	keeper->stopping = true;
	pst_cond_broadcast(&keeper->change);
	pst_mutex_unlock(&keeper->mutex);
	pst_thread_join(keeper->thread);
	work(keeper, true);
	pst_db_close(keeper->db);
	pst_arena_free(keeper->arena);
	pst_cond_destroy(&keeper->change);
	pst_mutex_destroy(&keeper->mutex);
	pst_config_unref(keeper->config);
	free(keeper);
}
