/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/upload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#define MAX_PAUSE_MS 300000
#define EXPIRE_MS 3600000
#define STOP_MS 2000

struct pst_uploader {
	struct pst_config *config;
	struct pst_writer_log log;
	pthread_t thread;

	/* The thread's own */
	struct pst_db *local;  /* NULL: not open */
	struct pst_db *shared; /* NULL: not open */
	bool tidied;           /* rows that were too old to be shipped went */
	int64_t expire_ms;     /* when to do it next in the shared one */
	bool failing;          /* the last try did */
	unsigned pause_ms;

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t change;
	bool stopping;
	bool ended;
};

static void
close_both(struct pst_uploader *shipper)
{
	pst_db_close(shipper->local);
	pst_db_close(shipper->shared);
	shipper->local = shipper->shared = NULL;
}

/*
 * What is too old goes first: the shared database may have forgotten by now
 * that it has had such a batch already.
 */
static bool
have_local(struct pst_uploader *shipper, struct pst_err *err)
{
	const struct pst_config *config = shipper->config;

	if (shipper->local != NULL && !pst_db_is_alive(shipper->local)) {
		pst_db_close(shipper->local);
		shipper->local = NULL;
	}
	if (shipper->local == NULL)
		shipper->local = pst_store_open(config, PST_DB_CREATE, err);
	if (shipper->local == NULL)
		return false;
	if (!shipper->tidied)
		shipper->tidied = pst_store_expire(shipper->local, config,
		    pst_clock_epoch(&pst_clock_system), err);
	return shipper->tidied;
}

static bool
have_shared(struct pst_uploader *shipper, struct pst_err *err)
{
	if (shipper->shared == NULL)
		shipper->shared = pst_store_open_shared(shipper->config, err);
	return shipper->shared != NULL;
}

/* After the rows went over, so that none is added that is too old. */
static bool
expire(struct pst_uploader *shipper, struct pst_err *err)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	if (now_ms < shipper->expire_ms)
		return true;
	if (!pst_store_expire(shipper->shared, shipper->config,
		pst_clock_epoch(&pst_clock_system), err))
		return false;
	shipper->expire_ms = now_ms + EXPIRE_MS;
	return true;
}

static void
try_once(struct pst_uploader *shipper)
{
	const struct pst_config *config = shipper->config;
	struct pst_err text;
	unsigned batches;

	if (have_local(shipper, &text) && have_shared(shipper, &text) &&
	    pst_upload_all(shipper->local, shipper->shared,
		pst_clock_epoch(&pst_clock_system), config->store.max_rows,
		&batches, &text) &&
	    expire(shipper, &text)) {
		shipper->pause_ms = PST_UPLOAD_INTERVAL_MS;
		if (!shipper->failing)
			return;
		shipper->failing = false;
		(void)pst_err_set(&text, "%u batches went over", batches);
		shipper->log.call(
		    shipper->log.arg, PST_WRITER_RECOVERED, text.text);
		return;
	}
	close_both(shipper);
	if (!shipper->failing) {
		shipper->failing = true;
		shipper->log.call(
		    shipper->log.arg, PST_WRITER_FAILED, text.text);
		return;
	}
	shipper->pause_ms *= 2;
	if (shipper->pause_ms > MAX_PAUSE_MS)
		shipper->pause_ms = MAX_PAUSE_MS;
}

/* Locked. False when the time is over. */
static bool
wait_until(struct pst_uploader *shipper, const struct timespec *until)
{
	return pthread_cond_timedwait(
		   &shipper->change, &shipper->mutex, until) == 0;
}

static struct timespec
time_after(unsigned ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	return t;
}

static void *
run(void *arg)
{
	struct pst_uploader *shipper = arg;
	struct timespec until;

	(void)pthread_mutex_lock(&shipper->mutex);
	while (!shipper->stopping) {
		(void)pthread_mutex_unlock(&shipper->mutex);
		try_once(shipper);
		until = time_after(shipper->pause_ms);
		(void)pthread_mutex_lock(&shipper->mutex);
		while (!shipper->stopping && wait_until(shipper, &until))
			continue;
	}
	(void)pthread_mutex_unlock(&shipper->mutex);
	close_both(shipper);
	(void)pthread_mutex_lock(&shipper->mutex);
	shipper->ended = true;
	(void)pthread_cond_broadcast(&shipper->change);
	(void)pthread_mutex_unlock(&shipper->mutex);
	return NULL;
}

struct pst_uploader *
pst_uploader_start(struct pst_config *config, struct pst_writer_log log)
{
	struct pst_uploader *shipper = calloc(1, sizeof(*shipper));
	pthread_condattr_t attr;
	sigset_t all, old;

	if (shipper == NULL)
		abort();
	shipper->config = pst_config_ref(config);
	shipper->log = log;
	shipper->pause_ms = PST_UPLOAD_INTERVAL_MS;
	(void)pthread_mutex_init(&shipper->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&shipper->change, &attr);
	(void)pthread_condattr_destroy(&attr);
	/* Signals are for the program's own threads. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&shipper->thread, NULL, run, shipper) != 0)
		abort();
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return shipper;
}

void
pst_uploader_stop(struct pst_uploader *shipper)
{
	struct timespec until = time_after(STOP_MS);
	bool ended;

	if (shipper == NULL)
		return;
	(void)pthread_mutex_lock(&shipper->mutex);
	shipper->stopping = true;
	(void)pthread_cond_broadcast(&shipper->change);
	while (!shipper->ended && wait_until(shipper, &until))
		continue;
	ended = shipper->ended;
	(void)pthread_mutex_unlock(&shipper->mutex);
	if (!ended) {
		/* It waits for a server. It may be killed at any moment, so it
		 * is left to the end of the process with what it uses. */
		(void)pthread_detach(shipper->thread);
		return;
	}
	(void)pthread_join(shipper->thread, NULL);
	(void)pthread_cond_destroy(&shipper->change);
	(void)pthread_mutex_destroy(&shipper->mutex);
	pst_config_unref(shipper->config);
	free(shipper);
}
