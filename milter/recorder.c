/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/recorder.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/incident.h"
#include "store/redact.h"
#include "store/report_row.h"
#include "store/writer.h"

/*
 * A message locks it for reading; starting and stopping the thread locks it for
 * writing.
 */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct pst_writer *writer;

static void
log_writer(void *arg, enum pst_writer_event event, const char *text)
{
	(void)arg;
	switch (event) {
	case PST_WRITER_FAILED:
		pst_log(PST_LOG_ERROR,
		    "cannot write to the report store; rows are queued and "
		    "mail is not affected: %s",
		    text);
		break;
	case PST_WRITER_RECOVERED:
		pst_log(PST_LOG_NOTICE,
		    "the report store can be written again: %s", text);
		break;
	case PST_WRITER_SPOOLING:
		pst_log(PST_LOG_ERROR,
		    "rows for reports are kept in a file of their own and mail "
		    "is not affected: %s",
		    text);
		break;
	case PST_WRITER_UNSPOOLED:
		pst_log(PST_LOG_NOTICE,
		    "%s rows that were kept in a file of their own are in the "
		    "report store now",
		    text);
		break;
	case PST_WRITER_EXPIRED:
		pst_log(PST_LOG_NOTICE,
		    "deleted from the report store, because they were old: %s",
		    text);
		break;
	case PST_WRITER_CLOCK_WRONG:
		pst_log(PST_LOG_WARNING, "report store: %s", text);
		break;
	case PST_WRITER_CLOCK_RIGHT:
		pst_log(PST_LOG_NOTICE, "report store: %s", text);
		break;
	}
}

static bool
is_running(void)
{
	bool running;

	(void)pthread_rwlock_rdlock(&lock);
	running = writer != NULL;
	(void)pthread_rwlock_unlock(&lock);
	return running;
}

void
pst_recorder_start(struct pst_config *config)
{
	/*
	 * glibc lets messages pass a thread that waits to lock for writing, so
	 * a reload must not do so while they wait for their rows here: with 60
	 * busy sessions it took 20 s.
	 */
	if (is_running())
		return;
	(void)pthread_rwlock_wrlock(&lock);
	if (config->reports.from[0] != '\0' && writer == NULL)
		writer = pst_writer_start(
		    config, (struct pst_writer_log){log_writer, NULL});
	(void)pthread_rwlock_unlock(&lock);
}

static void
log_counts(const struct pst_writer_counts *counts)
{
	pst_log(PST_LOG_NOTICE,
	    "report rows: %llu written, %llu still queued, %llu late, %llu "
	    "dropped (queue full)",
	    (unsigned long long)counts->committed,
	    (unsigned long long)counts->waiting,
	    (unsigned long long)counts->late,
	    (unsigned long long)counts->dropped);
}

void
pst_recorder_stop(void)
{
	struct pst_writer_counts counts;

	/* It stays locked. */
	(void)pthread_rwlock_wrlock(&lock);
	if (writer != NULL) {
		pst_writer_stop(writer, &counts);
		log_counts(&counts);
		writer = NULL;
	}
}

void
pst_recorder_put(const struct pst_message *message)
{
	const struct pst_outcome_use use = {
	    .rows = pst_report_row_is_due(message),
	    .incident = pst_incident_is_due(message),
	    .quotes = pst_redact_quotes,
	};

	if (message->is_test || (!use.rows && !use.incident))
		return;
	(void)pthread_rwlock_rdlock(&lock);
	if (writer != NULL)
		(void)pst_writer_put(writer,
		    pst_outcome_copy(
			message, &use, pst_clock_epoch(&pst_clock_system)),
		    message->config->store.wait_ms);
	(void)pthread_rwlock_unlock(&lock);
}
