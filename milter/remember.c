/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/remember.h"

#include <pthread.h>

#include "base/log.h"
#include "core/counters.h"
#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journal_writer.h"
#include "store/tallies.h"

/*
 * A message locks it for reading; starting and stopping the threads locks it for
 * writing.
 */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct pst_journal_writer *writer;
static struct pst_tallies *tallies;

static void
log_writer(void *arg, enum pst_journal_event event, const char *text)
{
	(void)arg;
	pst_counter_since(
	    PST_COUNTER_JOURNAL_FAILING_SINCE, event == PST_JOURNAL_FAILED);
	switch (event) {
	case PST_JOURNAL_FAILED:
		pst_log(PST_LOG_ERROR,
		    "cannot write to the journal, so \"postern explain\" will "
		    "not know the messages of this time; mail is not affected: "
		    "%s",
		    text);
		return;
	case PST_JOURNAL_RECOVERED:
		pst_log(PST_LOG_NOTICE, "the journal can be written again: %s",
		    text);
		return;
	}
}

static void
log_tallies(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		pst_log(PST_LOG_ERROR,
		    "cannot write the tallies, so \"postern stats\" may leave "
		    "out messages of this time; mail is not affected: %s",
		    why);
	else
		pst_log(PST_LOG_NOTICE, "the tallies can be written again");
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

static void
set_limits(const struct pst_config *config, const char *path)
{
	(void)pthread_rwlock_rdlock(&lock);
	pst_journal_writer_limit(writer, pst_journal_limits_of(config, path));
	pst_tallies_retain(tallies, config->journal.retention_s);
	(void)pthread_rwlock_unlock(&lock);
}

static void
start(
    struct pst_arena *arena, const struct pst_config *config, const char *path)
{
	(void)pthread_rwlock_wrlock(&lock);
	writer =
	    pst_journal_writer_start(path, pst_journal_limits_of(config, path),
		(struct pst_journal_log){log_writer, NULL});
	tallies = pst_tallies_start(pst_tallies_path(arena, path),
	    config->journal.retention_s, PST_TALLIES_FLUSH_MS,
	    (struct pst_tallies_log){log_tallies, NULL});
	(void)pthread_rwlock_unlock(&lock);
}

void
pst_remember_start(struct pst_config *config)
{
	struct pst_arena *arena = pst_arena_new();
	const char *path = pst_journal_path(arena, config);

	/*
	 * Only the thread that loads configurations comes here, so nobody starts
	 * it meanwhile. The path is that of the start: the option says so.
	 */
	if (is_running())
		set_limits(config, path);
	else if (config->journal.keep != PST_KEPT_NONE)
		start(arena, config, path);
	pst_arena_free(arena);
}

void
pst_remember_stop(void)
{
	(void)pthread_rwlock_wrlock(&lock);
	if (writer != NULL)
		pst_journal_writer_stop(writer);
	if (tallies != NULL)
		pst_tallies_stop(tallies);
	writer = NULL;
	tallies = NULL;
	(void)pthread_rwlock_unlock(&lock);
}

void
pst_remember_message(const struct pst_message *message)
{
	const bool with_rcpts =
	    message->config->journal.recipients != PST_KEPT_RCPTS_NONE;
	struct pst_arena *arena;
	struct pst_journal_entry entry;
	struct pst_summary summary;

	if (message->is_test || message->config->journal.keep == PST_KEPT_NONE)
		return;
	arena = pst_arena_new();
	(void)pthread_rwlock_rdlock(&lock);
	if (writer != NULL && pst_journal_entry_make(arena, message, &entry))
		pst_journal_writer_put(writer, &entry);
	if (tallies != NULL) {
		pst_summary_of(arena, message, with_rcpts, &summary);
		pst_tallies_count(tallies, &summary);
	}
	(void)pthread_rwlock_unlock(&lock);
	pst_arena_free(arena);
}
