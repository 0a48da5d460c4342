/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/recorder.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/incident.h"
#include "store/upload.h"
#include "store/writer.h"

/* Read by each message, written by the start and the end of the two. */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct pst_writer *writer;
static struct pst_uploader *shipper;
static bool stopped;

static void
log_writer(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	if (event == PST_WRITER_FAILED)
		pst_log(PST_LOG_ERROR,
		    "rows for reports cannot be written and wait, mail goes "
		    "on: %s",
		    text);
	else
		pst_log(PST_LOG_NOTICE,
		    "rows for reports are written again: %s", text);
}

static void
log_shipper(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	if (event == PST_WRITER_FAILED)
		pst_log(PST_LOG_WARNING,
		    "rows for reports cannot be handed over and wait in the "
		    "gateway's own file: %s",
		    text);
	else
		pst_log(PST_LOG_NOTICE,
		    "rows for reports are handed over again: %s", text);
}

void
pst_recorder_start(struct pst_config *config)
{
	(void)pthread_rwlock_wrlock(&lock);
	if (config->reports.from[0] != '\0' && !stopped) {
		if (writer == NULL)
			writer = pst_writer_start(
			    config, (struct pst_writer_log){log_writer, NULL});
		if (shipper == NULL && config->store.postgresql[0] != '\0')
			shipper = pst_uploader_start(
			    config, (struct pst_writer_log){log_shipper, NULL});
	}
	(void)pthread_rwlock_unlock(&lock);
}

static void
log_counts(const struct pst_writer_counts *counts)
{
	pst_log(PST_LOG_NOTICE,
	    "rows for reports: %llu written, %llu not, %llu came late, %llu "
	    "lost because the queue was full",
	    (unsigned long long)counts->committed,
	    (unsigned long long)counts->waiting,
	    (unsigned long long)counts->late,
	    (unsigned long long)counts->dropped);
}

void
pst_recorder_stop(void)
{
	struct pst_writer_counts counts;

	(void)pthread_rwlock_wrlock(&lock);
	stopped = true;
	if (writer != NULL) {
		pst_writer_stop(writer, &counts);
		log_counts(&counts);
		writer = NULL;
	}
	pst_uploader_stop(shipper);
	shipper = NULL;
	(void)pthread_rwlock_unlock(&lock);
}

/* What is left of the time that the reply may wait. */
static unsigned
time_left(int64_t until_ms)
{
	int64_t now_ms = pst_clock_ms(&pst_clock_system);

	return until_ms > now_ms ? (unsigned)(until_ms - now_ms) : 0;
}

static void
put_incident(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_message *message, int64_t now_s)
{
	char secret[PST_STORE_ID_SIZE];
	struct pst_incident incident;

	if (pst_writer_secret(writer, secret) &&
	    pst_incident_make(arena, config, message, secret, now_s, &incident))
		pst_writer_put_incident(writer, &incident);
}

void
pst_recorder_put(
    const struct pst_config *config, const struct pst_message *message)
{
	int64_t now_s = pst_clock_epoch(&pst_clock_system);
	int64_t until_ms =
	    pst_clock_ms(&pst_clock_system) + config->store.wait_ms;
	struct pst_arena *arena;
	struct pst_report_row record;
	size_t at;

	if (config->reports.from[0] == '\0')
		return;
	arena = pst_arena_new();
	(void)pthread_rwlock_rdlock(&lock);
	for (at = 0; writer != NULL &&
	     pst_report_row_make(arena, config, message, now_s, at, &record);
	     at++)
		(void)pst_writer_put(writer, &record, time_left(until_ms));
	if (writer != NULL && pst_incident_is_possible(config))
		put_incident(arena, config, message, now_s);
	(void)pthread_rwlock_unlock(&lock);
	pst_arena_free(arena);
}
