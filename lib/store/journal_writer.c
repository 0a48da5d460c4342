/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/counters.h"
#include "base/thread.h"

#define PATIENCE_MS 1000 /* wait for a lock */
#define GATHER_MS 1000
#define RETRY_MS 10000
#define TRIM_MS 50 /* between two steps, while there is more to delete */
/* Look whether something must be deleted after so many octets, or so long. */
#define TRIM_BYTES (1024 * 1024)
#define TRIM_PAUSE_MS 10000
#define STOP_MS 1000
#define IDLE_MS 3600000
#define BATCH_ENTRIES 512 /* in a transaction */

/* An entry with its keys and all octets, in one piece of memory. */
struct item {
	struct item *next;
	size_t bytes;
	struct pst_journal_entry entry;
	struct pst_journal_key keys[];
};

struct pst_journal_writer {
	char *path;
	struct pst_journal_log log;
	pthread_t thread;

	/* Used by the thread only */
	struct pst_journal *journal; /* NULL if not open */
	struct item *mine;           /* taken off the queue, not written yet */
	bool failing;                /* and the log was told */
	bool trimming;               /* there is more to delete */
	size_t untrimmed;            /* octets written since the last look */
	int64_t trim_ms;             /* when to look again */
	uint64_t said_dropped;       /* how many the log was told of */
	uint64_t seen_dropped;       /* in the last turn */

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t change;
	struct item *head;
	struct item **tail;
	size_t bytes; /* of the queue, and of what the thread has taken */
	struct pst_journal_limits limits;
	struct pst_journal_counts counts;
	uint64_t too_long; /* of the dropped ones: not the disk's fault */
	bool stopping;
};

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

/* ---- the callers ---- */

static struct item *
copy(const struct pst_journal_entry *entry)
{
	size_t keys = entry->key_count < PST_JOURNAL_MAX_KEYS ?
	    entry->key_count :
	    PST_JOURNAL_MAX_KEYS;
	size_t bytes = sizeof(struct item) +
	    keys * sizeof(struct pst_journal_key) + entry->octets.len;
	struct item *item;
	char *at;

	for (size_t i = 0; i < keys; i++)
		bytes += entry->keys[i].value.len;
	item = malloc(bytes);
	if (item == NULL)
		abort();
	item->next = NULL;
	item->bytes = bytes;
	item->entry = *entry;
	item->entry.keys = item->keys;
	item->entry.key_count = keys;
	at = (char *)&item->keys[keys];
	for (size_t i = 0; i < keys; i++) {
		item->keys[i] = entry->keys[i];
		item->keys[i].value.ptr = at;
		if (entry->keys[i].value.len > 0)
			memcpy(at, entry->keys[i].value.ptr,
			    entry->keys[i].value.len);
		at += entry->keys[i].value.len;
	}
	item->entry.octets.ptr = at;
	if (entry->octets.len > 0)
		memcpy(at, entry->octets.ptr, entry->octets.len);
	return item;
}

/* The mutex is locked. */
static void
drop(struct pst_journal_writer *writer, size_t count)
{
	writer->counts.dropped += count;
	pst_counter_add(PST_COUNTER_JOURNAL_DROPPED, 0, count);
}

void
pst_journal_writer_put(
    struct pst_journal_writer *writer, const struct pst_journal_entry *entry)
{
	bool is_too_long = entry->octets.len > PST_JOURNAL_MAX_ENTRY;
	struct item *item = is_too_long ? NULL : copy(entry);
	bool wake = false;

	pst_mutex_lock(&writer->mutex);
	if (is_too_long) {
		writer->too_long++;
		drop(writer, 1);
	} else if (item->bytes > PST_JOURNAL_QUEUE_BYTES - writer->bytes) {
		drop(writer, 1);
	} else {
		/* The thread gathers for a while, unless the queue fills up. */
		wake = writer->head == NULL ||
		    (writer->bytes < PST_JOURNAL_QUEUE_BYTES / 2 &&
			writer->bytes + item->bytes >=
			    PST_JOURNAL_QUEUE_BYTES / 2);
		*writer->tail = item;
		writer->tail = &item->next;
		writer->bytes += item->bytes;
		writer->counts.waiting++;
		pst_counter_set(
		    PST_COUNTER_JOURNAL_QUEUE, writer->counts.waiting);
		item = NULL;
	}
	pst_mutex_unlock(&writer->mutex);
	if (wake)
		pst_cond_signal(&writer->change);
	free(item);
}

void
pst_journal_writer_limit(
    struct pst_journal_writer *writer, struct pst_journal_limits limits)
{
	pst_mutex_lock(&writer->mutex);
	writer->limits = limits;
	pst_mutex_unlock(&writer->mutex);
}

void
pst_journal_writer_counts(
    struct pst_journal_writer *writer, struct pst_journal_counts *out)
{
	pst_mutex_lock(&writer->mutex);
	*out = writer->counts;
	pst_mutex_unlock(&writer->mutex);
}

/* ---- the thread ---- */

/* Takes the queue, if everything taken before has been written. */
static bool
have_items(struct pst_journal_writer *writer)
{
	if (writer->mine != NULL)
		return true;
	pst_mutex_lock(&writer->mutex);
	writer->mine = writer->head;
	writer->head = NULL;
	writer->tail = &writer->head;
	pst_mutex_unlock(&writer->mutex);
	return writer->mine != NULL;
}

/* Frees the first items of those that were taken. */
static void
forget_items(struct pst_journal_writer *writer, size_t count, bool written)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		struct item *item = writer->mine;

		writer->mine = item->next;
		bytes += item->bytes;
		free(item);
	}
	pst_mutex_lock(&writer->mutex);
	writer->bytes -= bytes;
	writer->counts.waiting -= count;
	pst_counter_set(PST_COUNTER_JOURNAL_QUEUE, writer->counts.waiting);
	if (written) {
		writer->counts.written += count;
		pst_counter_add(PST_COUNTER_JOURNAL_WRITTEN, 0, count);
	} else {
		drop(writer, count);
	}
	pst_mutex_unlock(&writer->mutex);
}

static void
close_file(struct pst_journal_writer *writer)
{
	pst_journal_close(writer->journal);
	writer->journal = NULL;
}

static bool
have_file(struct pst_journal_writer *writer, struct pst_err *err)
{
	if (writer->journal != NULL && !pst_journal_is_alive(writer->journal))
		close_file(writer);
	if (writer->journal == NULL)
		writer->journal = pst_journal_open(
		    writer->path, PST_JOURNAL_WRITE, PATIENCE_MS, err);
	return writer->journal != NULL;
}

/*
 * Writes one batch. If the file was moved away meanwhile, the batch is in no
 * journal: it is written again, to the next file.
 */
static bool
write_batch(struct pst_journal_writer *writer, struct pst_err *err)
{
	struct pst_journal_entry entries[BATCH_ENTRIES];
	size_t count = 0;

	for (const struct item *item = writer->mine;
	     item != NULL && count < BATCH_ENTRIES; item = item->next)
		entries[count++] = item->entry;
	if (!have_file(writer, err) ||
	    !pst_journal_add(writer->journal, entries, count, err))
		return false;
	if (!pst_journal_is_alive(writer->journal))
		return true;
	for (size_t i = 0; i < count; i++)
		writer->untrimmed += entries[i].octets.len;
	forget_items(writer, count, true);
	return true;
}

static bool
trim(struct pst_journal_writer *writer, struct pst_err *err)
{
	struct pst_journal_limits limits;

	if (!writer->trimming && writer->untrimmed < TRIM_BYTES &&
	    now_ms() < writer->trim_ms)
		return true;
	writer->untrimmed = 0;
	writer->trim_ms = now_ms() + TRIM_PAUSE_MS;
	pst_mutex_lock(&writer->mutex);
	limits = writer->limits;
	pst_mutex_unlock(&writer->mutex);
	return have_file(writer, err) &&
	    pst_journal_trim(writer->journal, &limits,
		pst_clock_epoch(&pst_clock_system), &writer->trimming, err);
}

/* Writes what was taken off the queue. What is left at until_ms stays. */
static bool
write_mine(
    struct pst_journal_writer *writer, int64_t until_ms, struct pst_err *err)
{
	while (writer->mine != NULL && now_ms() < until_ms) {
		if (!write_batch(writer, err) || !trim(writer, err))
			return false;
	}
	return true;
}

/*
 * A turn writes what has gathered until then, and not what comes meanwhile:
 * that would be a transaction for each entry.
 */
static bool
work(struct pst_journal_writer *writer, int64_t until_ms, struct pst_err *err)
{
	return have_items(writer) ? write_mine(writer, until_ms, err) :
				    !writer->trimming || trim(writer, err);
}

/* The last turn has a second for all that is queued. */
static bool
work_last(
    struct pst_journal_writer *writer, int64_t until_ms, struct pst_err *err)
{
	while (now_ms() < until_ms && have_items(writer)) {
		if (!write_mine(writer, until_ms, err))
			return false;
	}
	return true;
}

/* How many entries the queue had no room for, ever. */
static uint64_t
dropped(struct pst_journal_writer *writer)
{
	uint64_t number;

	pst_mutex_lock(&writer->mutex);
	number = writer->counts.dropped - writer->too_long;
	pst_mutex_unlock(&writer->mutex);
	return number;
}

static void
say(struct pst_journal_writer *writer, enum pst_journal_event event,
    const char *text)
{
	writer->failing = event == PST_JOURNAL_FAILED;
	writer->log.call(writer->log.arg, event, text);
}

/* Tells the log once when it begins to fail, and once when that is over. */
static void
note(struct pst_journal_writer *writer, bool ok, const struct pst_err *err)
{
	const uint64_t lost = dropped(writer);
	const bool is_losing = lost != writer->seen_dropped;
	char text[160];

	writer->seen_dropped = lost;
	if (!ok && !writer->failing) {
		say(writer, PST_JOURNAL_FAILED, err->text);
	} else if (ok && is_losing && !writer->failing) {
		say(writer, PST_JOURNAL_FAILED,
		    "entries come faster than its disk takes them, and some "
		    "are lost");
	} else if (ok && !is_losing && writer->failing) {
		(void)snprintf(text, sizeof(text), "%llu entries were lost",
		    (unsigned long long)(lost - writer->said_dropped));
		writer->said_dropped = lost;
		say(writer, PST_JOURNAL_RECOVERED, text);
	}
}

static bool
turn(struct pst_journal_writer *writer, bool is_last)
{
	struct pst_err err;
	bool ok = is_last ? work_last(writer, now_ms() + STOP_MS, &err) :
			    work(writer, INT64_MAX, &err);

	if (!ok)
		close_file(writer);
	note(writer, ok, &err);
	return ok;
}

/*
 * Waits until it is time for a turn: a second after the first entry, or when the
 * queue is half full. After a failure only the time counts. The mutex is locked.
 */
static void
wait_for_turn(struct pst_journal_writer *writer, bool ok)
{
	bool is_busy = writer->mine != NULL || writer->failing;
	int64_t until_ms;

	while (!writer->stopping && writer->head == NULL && !is_busy &&
	    !writer->trimming)
		(void)pst_cond_wait_until(
		    &writer->change, &writer->mutex, now_ms() + IDLE_MS);
	until_ms = now_ms() +
	    (!ok                     ? RETRY_MS :
		    writer->trimming ? TRIM_MS :
				       GATHER_MS);
	while (!writer->stopping &&
	    (!ok || writer->bytes < PST_JOURNAL_QUEUE_BYTES / 2) &&
	    pst_cond_wait_until(&writer->change, &writer->mutex, until_ms))
		continue;
}

/* What is left cannot be kept any longer. */
static void
say_lost(struct pst_journal_writer *writer)
{
	char text[160];
	size_t count = 0;

	while (have_items(writer)) {
		forget_items(writer, 1, false);
		count++;
	}
	if (count == 0)
		return;
	(void)snprintf(text, sizeof(text),
	    "%zu entries could not be written before the end and are lost",
	    count);
	say(writer, PST_JOURNAL_FAILED, text);
}

static void *
run(void *arg)
{
	struct pst_journal_writer *writer = arg;
	bool ok = true;

	pst_mutex_lock(&writer->mutex);
	while (!writer->stopping) {
		wait_for_turn(writer, ok);
		if (writer->stopping)
			break;
		pst_mutex_unlock(&writer->mutex);
		ok = turn(writer, false);
		pst_mutex_lock(&writer->mutex);
	}
	pst_mutex_unlock(&writer->mutex);
	(void)turn(writer, true);
	say_lost(writer);
	close_file(writer);
	return NULL;
}

struct pst_journal_writer *
pst_journal_writer_start(const char *path, struct pst_journal_limits limits,
    struct pst_journal_log log)
{
	struct pst_journal_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL || (writer->path = strdup(path)) == NULL)
		abort();
	writer->limits = limits;
	writer->log = log;
	writer->tail = &writer->head;
	pst_mutex_init(&writer->mutex);
	pst_cond_init(&writer->change);
	if (!pst_thread_start(&writer->thread, run, writer))
		abort();
	return writer;
}

void
pst_journal_writer_stop(struct pst_journal_writer *writer)
{
	if (writer == NULL)
		return;
	pst_mutex_lock(&writer->mutex);
	writer->stopping = true;
	pst_mutex_unlock(&writer->mutex);
	pst_cond_signal(&writer->change);
	pst_thread_join(writer->thread);
	pst_cond_destroy(&writer->change);
	pst_mutex_destroy(&writer->mutex);
	free(writer->path);
	free(writer);
}
