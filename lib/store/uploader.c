/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/upload.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/thread.h"
#include "core/counters.h"
#include "store/expiry.h"
#include "store/journal_config.h"
#include "store/journal_share.h"
#include "store/memory_share.h"

#define MAX_PAUSE_MS 300000
#define STOP_MS 2000

struct pst_uploader {
	struct pst_config *config;
	struct pst_writer_log log;
	struct pst_memory_log memory_log;
	pthread_t thread;

	/* Used by the thread only */
	struct pst_db *local;  /* NULL if not open */
	struct pst_db *shared; /* NULL if not open */
	bool tidied;           /* rows too old to upload were deleted */
	struct pst_expiry local_expiry, shared_expiry;
	bool failing; /* the last attempt failed */
	struct pst_memory_share share;
	bool share_failing; /* the last attempt to share the memory failed */
	struct pst_journal_share journal;
	struct pst_memory_log journal_log;
	bool journal_failing;
	struct pst_arena *arena; /* has the journal's path */
	unsigned pause_ms;

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t change;
	bool stopping;
	bool ended;
};

static void
close_both(struct pst_uploader *uploader)
{
	pst_db_close(uploader->local);
	pst_db_close(uploader->shared);
	uploader->local = uploader->shared = NULL;
}

/*
 * Opens this gateway's file and deletes what is too old first: the shared
 * database may have forgotten that it already has such a batch.
 */
static bool
have_local(struct pst_uploader *uploader, struct pst_err *err)
{
	const struct pst_config *config = uploader->config;

	if (uploader->local != NULL && !pst_db_is_alive(uploader->local)) {
		pst_db_close(uploader->local);
		uploader->local = NULL;
	}
	if (uploader->local == NULL) {
		struct pst_store store = {.config = config};

		if (!pst_store_open_file(&store, PST_DB_CREATE, err))
			return false;
		uploader->local = store.db;
	}
	while (!uploader->tidied) {
		if (!pst_expiry_turn(
			&uploader->local_expiry, uploader->local, err))
			return false;
		uploader->tidied = !uploader->local_expiry.sum.more;
	}
	return true;
}

static bool
have_shared(struct pst_uploader *uploader, struct pst_err *err)
{
	struct pst_store store = {.config = uploader->config};

	if (uploader->shared != NULL)
		return true;
	if (!pst_store_open_shared(&store, err))
		return false;
	uploader->shared = store.db;
	return true;
}

/* Deletes old rows. This follows the upload, which may have added some. */
static bool
expire(struct pst_uploader *uploader, struct pst_err *err)
{
	return pst_expiry_turn(&uploader->shared_expiry, uploader->shared, err);
}

/* Calls log when it begins to fail, and when it succeeds again. */
static void
tell(const struct pst_memory_log *log, bool *failing, bool ok,
    const struct pst_err *err)
{
	if (ok != *failing)
		return;
	*failing = !ok;
	log->call(log->arg, ok ? NULL : err->text);
}

/*
 * A connection may have been lost while there was nothing to upload. Then it is
 * closed: the next upload connects again, or says why it cannot.
 */
static bool
is_lost(struct pst_uploader *uploader)
{
	if (pst_db_is_alive(uploader->shared))
		return false;
	pst_db_close(uploader->shared);
	uploader->shared = NULL;
	uploader->share.due_ms = uploader->journal.due_ms = 0;
	return true;
}

/* Report rows come first; this neither ends nor delays their upload. */
static void
share(struct pst_uploader *uploader)
{
	struct pst_err err;
	bool ok;

	ok = pst_memory_share_turn(&uploader->share, uploader->shared, &err);
	if (is_lost(uploader))
		return;
	tell(&uploader->memory_log, &uploader->share_failing, ok, &err);
	ok = pst_journal_share_turn(&uploader->journal, uploader->shared, &err);
	if (!is_lost(uploader))
		tell(&uploader->journal_log, &uploader->journal_failing, ok,
		    &err);
}

static void
try_once(struct pst_uploader *uploader)
{
	const struct pst_config *config = uploader->config;
	struct pst_err text;
	unsigned batches;

	if (have_local(uploader, &text) && have_shared(uploader, &text) &&
	    pst_upload_all(uploader->local, uploader->shared,
		pst_clock_epoch(&pst_clock_system), config->store.max_rows,
		&batches, &text) &&
	    expire(uploader, &text)) {
		uploader->pause_ms = PST_UPLOAD_INTERVAL_MS;
		pst_counter_add(PST_COUNTER_UPLOAD_BATCHES, 0, batches);
		pst_counter_since(PST_COUNTER_UPLOAD_FAILING_SINCE, false);
		share(uploader);
		if (!uploader->failing)
			return;
		uploader->failing = false;
		(void)pst_err_set(&text, "%u batches were uploaded", batches);
		uploader->log.call(
		    uploader->log.arg, PST_WRITER_RECOVERED, text.text);
		return;
	}
	close_both(uploader);
	pst_counter_since(PST_COUNTER_UPLOAD_FAILING_SINCE, true);
	if (!uploader->failing) {
		uploader->failing = true;
		uploader->log.call(
		    uploader->log.arg, PST_WRITER_FAILED, text.text);
		return;
	}
	uploader->pause_ms *= 2;
	if (uploader->pause_ms > MAX_PAUSE_MS)
		uploader->pause_ms = MAX_PAUSE_MS;
}

static int64_t
time_after(unsigned ms)
{
	return pst_clock_ms(&pst_clock_system) + ms;
}

static void *
run(void *arg)
{
	struct pst_uploader *uploader = arg;
	int64_t until_ms;

	pst_mutex_lock(&uploader->mutex);
	while (!uploader->stopping) {
		pst_mutex_unlock(&uploader->mutex);
		try_once(uploader);
		until_ms = time_after(uploader->pause_ms);
		pst_mutex_lock(&uploader->mutex);
		while (!uploader->stopping &&
		    pst_cond_wait_until(
			&uploader->change, &uploader->mutex, until_ms))
			continue;
	}
	pst_mutex_unlock(&uploader->mutex);
	close_both(uploader);
	pst_mutex_lock(&uploader->mutex);
	uploader->ended = true;
	pst_cond_broadcast(&uploader->change);
	pst_mutex_unlock(&uploader->mutex);
	return NULL;
}

struct pst_uploader *
pst_uploader_start(
    struct pst_config *config, const struct pst_uploader_logs *logs)
{
	struct pst_uploader *uploader = calloc(1, sizeof(*uploader));

	if (uploader == NULL)
		abort();
	uploader->config = pst_config_ref(config);
	uploader->log = logs->rows;
	/* What the worker finds in the file, it tells itself. */
	uploader->local_expiry.config = uploader->config;
	uploader->shared_expiry.config = uploader->config;
	uploader->shared_expiry.log = logs->rows;
	uploader->memory_log = logs->memory;
	uploader->share.config = uploader->config;
	uploader->arena = pst_arena_new();
	uploader->journal_log = logs->journal;
	uploader->journal.path =
	    pst_journal_path(uploader->arena, uploader->config);
	uploader->journal.limits =
	    pst_journal_limits_of(uploader->config, uploader->journal.path);
	uploader->pause_ms = PST_UPLOAD_INTERVAL_MS;
	pst_mutex_init(&uploader->mutex);
	pst_cond_init(&uploader->change);
	if (!pst_thread_start(&uploader->thread, run, uploader))
		abort();
	return uploader;
}

void
pst_uploader_stop(struct pst_uploader *uploader)
{
	int64_t until_ms = time_after(STOP_MS);
	bool ended;

	if (uploader == NULL)
		return;
	pst_mutex_lock(&uploader->mutex);
	uploader->stopping = true;
	pst_cond_broadcast(&uploader->change);
	while (!uploader->ended &&
	    pst_cond_wait_until(&uploader->change, &uploader->mutex, until_ms))
		continue;
	ended = uploader->ended;
	pst_mutex_unlock(&uploader->mutex);
	if (!ended) {
		/*
		 * The thread is waiting for a server. It may be killed at any
		 * moment, so leave it and what it uses until the process ends.
		 */
		pst_thread_detach(uploader->thread);
		return;
	}
	pst_thread_join(uploader->thread);
	pst_cond_destroy(&uploader->change);
	pst_mutex_destroy(&uploader->mutex);
	pst_arena_free(uploader->arena);
	pst_config_unref(uploader->config);
	free(uploader);
}
