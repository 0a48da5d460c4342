/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf_keeper.h"

#include <stdlib.h>

#include "base/thread.h"
#include "core/counters.h"
#include "core/spf_file.h"
#include "core/spf_refresh.h"

/* How long one look-up of all names may take. */
#define PATIENCE_MS 30000

#define DAY_MS INT64_C(86400000)

struct pst_spf_keeper {
	struct pst_service *service;
	struct pst_spf_log log;
	pthread_t thread;
	bool is_writing_well; /* used by the thread only */

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t change;
	bool runs;
	bool is_woken;
	bool stopping;
	unsigned turns; /* that the thread has ended */
};

struct pst_spf_keeper *
pst_spf_keeper_new(struct pst_service *service, struct pst_spf_log log)
{
	struct pst_spf_keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL)
		abort();
	keeper->service = service;
	keeper->log = log;
	keeper->is_writing_well = true;
	pst_mutex_init(&keeper->mutex);
	pst_cond_init(&keeper->change);
	return keeper;
}

static void
say(void *arg, bool is_warning, const char *sentence)
{
	struct pst_spf_keeper *keeper = arg;

	keeper->log.call(keeper->log.arg, is_warning, sentence);
}

static bool
must_stop(void *arg)
{
	struct pst_spf_keeper *keeper = arg;
	bool stopping;

	pst_mutex_lock(&keeper->mutex);
	stopping = keeper->stopping;
	pst_mutex_unlock(&keeper->mutex);
	return stopping;
}

static void
put(void *arg, struct pst_spf_list *list)
{
	struct pst_spf_keeper *keeper = arg;

	pst_spf_lists_put(pst_service_spf_lists(keeper->service), list);
}

static void
read_file(struct pst_spf_keeper *keeper)
{
	struct pst_config *config = pst_service_config(keeper->service);
	struct pst_err err;

	if (!pst_spf_file_read(
		config, (struct pst_spf_taker){put, keeper}, &err))
		say(keeper, true, err.text);
	pst_config_unref(config);
}

/* Says once that it fails, and once that it works again. */
static void
write_file(struct pst_spf_keeper *keeper)
{
	struct pst_config *config = pst_service_config(keeper->service);
	struct pst_err err;
	bool good = pst_spf_file_write(
	    config, pst_service_spf_lists(keeper->service), &err);

	if (!good && keeper->is_writing_well)
		say(keeper, true, err.text);
	if (good && !keeper->is_writing_well)
		say(keeper, false,
		    "the file of SPF networks can be written again");
	keeper->is_writing_well = good;
	pst_config_unref(config);
}

static void
count(struct pst_spf_keeper *keeper)
{
	struct pst_spf_lists_figures figures;

	pst_spf_lists_read_figures(
	    pst_service_spf_lists(keeper->service), &figures);
	pst_counter_since(
	    PST_COUNTER_SPF_LISTS_FAILING_SINCE, figures.failing > 0);
	pst_counter_since(
	    PST_COUNTER_SPF_LISTS_MISSING_SINCE, figures.missing > 0);
}

/* Returns when there is something to do again. */
static int64_t
work(struct pst_spf_keeper *keeper)
{
	const struct pst_spf_refresh refresh = {.service = keeper->service,
	    .patience_ms = PATIENCE_MS,
	    .say = say,
	    .must_stop = must_stop,
	    .arg = keeper};
	int64_t next_ms;

	if (pst_spf_refresh_due(&refresh, &next_ms))
		write_file(keeper);
	count(keeper);
	if (next_ms == INT64_MAX)
		next_ms = pst_clock_ms(&pst_clock_system) + DAY_MS;
	return next_ms;
}

static void *
run(void *arg)
{
	struct pst_spf_keeper *keeper = arg;
	int64_t next_ms;

	pst_mutex_lock(&keeper->mutex);
	while (!keeper->stopping) {
		keeper->is_woken = false;
		pst_mutex_unlock(&keeper->mutex);
		next_ms = work(keeper);
		pst_mutex_lock(&keeper->mutex);
		keeper->turns++;
		pst_cond_broadcast(&keeper->change);
		while (!keeper->stopping && !keeper->is_woken &&
		    pst_cond_wait_until(
			&keeper->change, &keeper->mutex, next_ms))
			continue;
	}
	pst_mutex_unlock(&keeper->mutex);
	return NULL;
}

static bool
has_names(const struct pst_spf_keeper *keeper)
{
	struct pst_config *config = pst_service_config(keeper->service);
	bool has = config->spf_names.count > 0;

	pst_config_unref(config);
	return has;
}

void
pst_spf_keeper_tend(struct pst_spf_keeper *keeper)
{
	bool failed = false;

	pst_mutex_lock(&keeper->mutex);
	if (keeper->runs) {
		keeper->is_woken = true;
		pst_cond_broadcast(&keeper->change);
	} else if (!keeper->stopping && has_names(keeper)) {
		read_file(keeper);
		keeper->runs = pst_thread_start(&keeper->thread, run, keeper);
		failed = !keeper->runs;
	}
	pst_mutex_unlock(&keeper->mutex);
	if (failed)
		say(keeper, true,
		    "cannot start the thread that looks up the networks of SPF "
		    "records, so entries spf: have the networks of the last "
		    "time, or none; restart posternd when there is memory");
}

static bool
is_complete(struct pst_spf_keeper *keeper)
{
	struct pst_spf_lists_figures figures;

	pst_spf_lists_read_figures(
	    pst_service_spf_lists(keeper->service), &figures);
	return figures.missing == 0;
}

void
pst_spf_keeper_wait(struct pst_spf_keeper *keeper, unsigned patience_ms)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + patience_ms;

	pst_mutex_lock(&keeper->mutex);
	while (keeper->runs && keeper->turns == 0 && !is_complete(keeper) &&
	    pst_cond_wait_until(&keeper->change, &keeper->mutex, until_ms))
		continue;
	pst_mutex_unlock(&keeper->mutex);
}

void
pst_spf_keeper_stop(struct pst_spf_keeper *keeper)
{
	bool runs;

	if (keeper == NULL)
		return;
	pst_mutex_lock(&keeper->mutex);
	keeper->stopping = true;
	runs = keeper->runs;
	pst_cond_broadcast(&keeper->change);
	pst_mutex_unlock(&keeper->mutex);
	if (runs)
		pst_thread_join(keeper->thread);
	pst_cond_destroy(&keeper->change);
	pst_mutex_destroy(&keeper->mutex);
	free(keeper);
}
