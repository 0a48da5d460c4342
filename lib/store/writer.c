/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/thread.h"
#include "core/counters.h"
#include "store/expiry.h"
#include "store/fields.h"
#include "store/incident.h"
#include "store/report_row.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/writer_db.h"

#define BATCH_ITEMS 500 /* messages in one transaction */
#define RETRY_MS 1000
#define STOP_MS 3000
#define IDLE_MS 3600000
#define CLOSED_MS 10000 /* look again whether the store may be written to */

/* A policy as this writer last wrote it, so that it need not do so again. */
struct known_policy {
	uint64_t place; /* hash of domain and day; 0 if unused */
	uint64_t content;
};

#define KNOWN_POLICIES 4096

struct pst_writer {
	struct pst_config *config;
	struct pst_writer_log log;
	pthread_t thread;

	/* Used by the thread only */
	struct pst_writer_db db;
	char secret[PST_STORE_ID_SIZE]; /* "" until the store has been open */
	struct pst_expiry expiry;
	struct known_policy known[KNOWN_POLICIES];

	pthread_mutex_t mutex; /* protects all below */
	pthread_cond_t work;   /* there is something to write, or a stop */
	pthread_cond_t done;   /* something was written, or it failed */
	struct pst_outcome *head;
	struct pst_outcome **tail;
	uint64_t taken;   /* messages that were ever queued */
	uint64_t written; /* how many of these are committed */
	bool failing;     /* the last attempt failed */
	bool stopping;
	struct pst_writer_counts counts;
	uint64_t dropped_before; /* counts.dropped before the failure */
};

/* ---- the thread ---- */

static int64_t
time_after(unsigned ms)
{
	return pst_clock_ms(&pst_clock_system) + ms;
}

/* Reads the gateway's secret if it is not known yet. */
static bool
have_secret(struct pst_writer *writer, struct pst_err *err)
{
	struct pst_arena *arena;
	const char *text;

	if (writer->secret[0] != '\0')
		return true;
	arena = pst_arena_new();
	text = pst_store_identity(writer->db.target, arena, "secret", err);
	if (text != NULL)
		(void)snprintf(
		    writer->secret, sizeof(writer->secret), "%s", text);
	pst_arena_free(arena);
	return text != NULL;
}

/*
 * Opens the store if necessary, looks whether it may be written to, and deletes
 * what is old when it is time.
 */
static bool
have_db(struct pst_writer *writer, struct pst_err *err)
{
	bool switched;

	if (!pst_writer_db_ready(&writer->db, &switched, err))
		return false;
	/* The other database need not have the policies that are known here. */
	if (switched)
		memset(writer->known, 0, sizeof(writer->known));
	return have_secret(writer, err) &&
	    pst_expiry_turn(&writer->expiry, writer->db.target, err);
}

static struct known_policy
know(const struct pst_report_row *record)
{
	const struct pst_field *field = NULL;
	struct known_policy known = {
	    pst_hash(PST_HASH_START ^ (uint64_t)record->day,
		pst_str(record->policy.domain)),
	    PST_HASH_START};

	while ((field = pst_field_next(field, PST_FIELD_CONTENT)) != NULL)
		known.content = pst_hash_octet(
		    pst_hash(known.content,
			pst_str(pst_field_text_of(field, record))),
		    '\0');
	return known;
}

/*
 * Most messages resemble another one of that day, and their policy has not
 * changed. Then one statement is enough. It finds no row if a report or a batch
 * has taken the row meanwhile.
 */
static bool
write_record(struct pst_writer *writer, const struct pst_report_row *record,
    struct pst_err *err)
{
	struct known_policy now = know(record);
	struct known_policy *last = &writer->known[now.place % KNOWN_POLICIES];
	bool found = false;

	if (last->place == now.place && last->content == now.content &&
	    !pst_store_add_again(writer->db.target, record, 1, &found, err))
		return false;
	*last = now;
	return found ||
	    pst_store_add(writer->db.target, record, 1,
		writer->config->store.max_rows, err);
}

/* Makes and writes what one message contributes. */
static bool
write_outcome(struct pst_writer *writer, struct pst_arena *arena,
    const struct pst_outcome *outcome, struct pst_err *err)
{
	struct pst_report_row row;
	struct pst_incident incident;

	for (size_t i = 0; i < outcome->rows; i++) {
		pst_report_row_make(arena, outcome, i, &row);
		if (!write_record(writer, &row, err))
			return false;
	}
	return !outcome->incident ||
	    !pst_incident_make(arena, outcome, writer->secret, &incident) ||
	    pst_store_add_incident(writer->db.target, &incident, 1, err);
}

static bool
write_list(struct pst_writer *writer, const struct pst_outcome *list,
    struct pst_err *err)
{
	bool ok =
	    have_db(writer, err) && pst_schema_begin(writer->db.target, err);
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena_mark empty = pst_arena_mark(arena);

	for (; ok && list != NULL; list = list->next) {
		ok = write_outcome(writer, arena, list, err);
		pst_arena_rewind(arena, empty);
	}
	pst_arena_free(arena);
	if (ok && pst_db_commit(writer->db.target, err))
		return true;
	/*
	 * The transaction was rolled back: forget what we believed was written.
	 */
	memset(writer->known, 0, sizeof(writer->known));
	/* Whatever the error was, reconnect. */
	if (writer->db.target != NULL)
		pst_db_rollback(writer->db.target);
	pst_writer_db_close(&writer->db);
	return false;
}

/* What a message takes of the queue: its rows and its incident. */
static size_t
weight(const struct pst_outcome *outcome)
{
	return outcome->rows + (size_t)outcome->incident;
}

/* The messages of one transaction. */
struct batch {
	struct pst_outcome *list;
	size_t messages;
	size_t rows;
	size_t weight;
};

/* Takes up to BATCH_ITEMS off the queue. Called with the mutex locked. */
static struct batch
take_batch(struct pst_writer *writer)
{
	struct batch batch = {.list = writer->head};
	struct pst_outcome **at = &writer->head;

	while (*at != NULL && batch.messages < BATCH_ITEMS) {
		batch.messages++;
		batch.rows += (*at)->rows;
		batch.weight += weight(*at);
		at = &(*at)->next;
	}
	writer->head = *at;
	if (writer->head == NULL)
		writer->tail = &writer->head;
	*at = NULL;
	return batch;
}

static void
put_back(struct pst_writer *writer, struct pst_outcome *list)
{
	struct pst_outcome **end = &list;

	while (*end != NULL)
		end = &(*end)->next;
	*end = writer->head;
	if (writer->head == NULL)
		writer->tail = end;
	writer->head = list;
}

/* Called with the mutex locked; unlocks it while it logs. */
static void
say(struct pst_writer *writer, enum pst_writer_event event,
    const struct pst_err *err)
{
	pst_mutex_unlock(&writer->mutex);
	writer->log.call(writer->log.arg, event, err->text);
	pst_mutex_lock(&writer->mutex);
}

static void
note_failure(struct pst_writer *writer, const struct pst_err *err)
{
	bool first = !writer->failing;

	writer->failing = true;
	pst_counter_since(PST_COUNTER_STORE_FAILING_SINCE, true);
	pst_cond_broadcast(&writer->done);
	if (!first)
		return;
	writer->dropped_before = writer->counts.dropped;
	say(writer, PST_WRITER_FAILED, err);
}

static void
note_success(struct pst_writer *writer, const struct batch *batch)
{
	struct pst_err text;
	bool first = writer->failing;

	writer->failing = false;
	writer->written += batch->messages;
	writer->counts.waiting -= batch->weight;
	writer->counts.committed += batch->rows;
	pst_counter_set(PST_COUNTER_STORE_QUEUE, writer->counts.waiting);
	pst_counter_add(PST_COUNTER_ROWS_WRITTEN, 0, batch->rows);
	pst_counter_since(PST_COUNTER_STORE_FAILING_SINCE, false);
	pst_cond_broadcast(&writer->done);
	if (!first)
		return;
	(void)pst_err_set(&text,
	    "%llu rows were queued, %llu did not fit and are lost",
	    (unsigned long long)(writer->counts.waiting + batch->weight),
	    (unsigned long long)(writer->counts.dropped -
		writer->dropped_before));
	say(writer, PST_WRITER_RECOVERED, &text);
}

/*
 * Writes a batch. An empty one just opens the store and deletes what is old.
 * Called with the mutex locked.
 */
static bool
write_batch(struct pst_writer *writer)
{
	struct pst_err err;
	struct batch batch = take_batch(writer);
	bool ok;

	pst_mutex_unlock(&writer->mutex);
	ok = write_list(writer, batch.list, &err);
	if (ok)
		pst_outcome_free(batch.list);
	pst_mutex_lock(&writer->mutex);
	if (ok) {
		note_success(writer, &batch);
		return true;
	}
	if (batch.list != NULL)
		put_back(writer, batch.list);
	note_failure(writer, &err);
	return false;
}

/* How long the thread sleeps without mail; expiry that is due ends that. */
static unsigned
idle_ms(const struct pst_writer *writer)
{
	int64_t left_ms =
	    writer->expiry.due_ms - pst_clock_ms(&pst_clock_system);

	if (writer->db.closed)
		return CLOSED_MS;
	return left_ms <= 0   ? 0 :
	    left_ms < IDLE_MS ? (unsigned)left_ms :
				IDLE_MS;
}

/*
 * Waits for a stop, for the time to pass or, if `work` is true, for something
 * to write. Called with the mutex locked.
 */
static void
wait_for(struct pst_writer *writer, unsigned ms, bool work)
{
	int64_t until_ms = time_after(ms);

	while (!writer->stopping && !(work && writer->head != NULL) &&
	    pst_cond_wait_until(&writer->work, &writer->mutex, until_ms))
		continue;
}

static void *
run(void *arg)
{
	struct pst_writer *writer = arg;
	int64_t give_up_ms;

	pst_mutex_lock(&writer->mutex);
	while (!writer->stopping) {
		if (!write_batch(writer))
			wait_for(writer, RETRY_MS, false);
		else if (writer->db.closed || writer->db.spool == NULL)
			wait_for(writer, idle_ms(writer), true);
	}
	give_up_ms = pst_clock_ms(&pst_clock_system) + STOP_MS;
	while (writer->head != NULL &&
	    pst_clock_ms(&pst_clock_system) < give_up_ms) {
		if (!write_batch(writer))
			break;
	}
	pst_mutex_unlock(&writer->mutex);
	return NULL;
}

/* ---- the caller's side ---- */

struct pst_writer *
pst_writer_start(struct pst_config *config, struct pst_writer_log log)
{
	struct pst_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		abort();
	writer->config = pst_config_ref(config);
	writer->log = log;
	writer->expiry.config = writer->config;
	writer->expiry.log = log;
	pst_writer_db_init(&writer->db, config, log);
	writer->tail = &writer->head;
	pst_mutex_init(&writer->mutex);
	pst_cond_init(&writer->work);
	pst_cond_init(&writer->done);
	if (!pst_thread_start(&writer->thread, run, writer))
		abort();
	return writer;
}

void
pst_writer_stop(struct pst_writer *writer, struct pst_writer_counts *counts)
{
	pst_mutex_lock(&writer->mutex);
	writer->stopping = true;
	pst_cond_broadcast(&writer->work);
	pst_mutex_unlock(&writer->mutex);
	pst_thread_join(writer->thread);
	if (counts != NULL)
		*counts = writer->counts;
	pst_writer_db_close(&writer->db);
	pst_outcome_free(writer->head);
	pst_cond_destroy(&writer->work);
	pst_cond_destroy(&writer->done);
	pst_mutex_destroy(&writer->mutex);
	pst_config_unref(writer->config);
	free(writer);
}

/*
 * Called with the mutex locked. *number is the message's number, to wait for.
 * Returns false if the queue is full.
 */
static bool
enqueue(
    struct pst_writer *writer, struct pst_outcome *outcome, uint64_t *number)
{
	if (writer->counts.waiting >= writer->config->store.max_waiting) {
		writer->counts.dropped += weight(outcome);
		pst_counter_add(PST_COUNTER_ROWS_DROPPED, 0, weight(outcome));
		return false;
	}
	outcome->next = NULL;
	*writer->tail = outcome;
	writer->tail = &outcome->next;
	writer->counts.waiting += weight(outcome);
	pst_counter_set(PST_COUNTER_STORE_QUEUE, writer->counts.waiting);
	*number = ++writer->taken;
	pst_cond_signal(&writer->work);
	return true;
}

bool
pst_writer_put(
    struct pst_writer *writer, struct pst_outcome *outcome, unsigned wait_ms)
{
	/* The thread may free the outcome as soon as the mutex is unlocked. */
	unsigned rows = outcome->rows;
	int64_t until_ms = time_after(wait_ms);
	uint64_t number;
	bool queued, committed = false;

	pst_mutex_lock(&writer->mutex);
	queued = enqueue(writer, outcome, &number);
	if (queued) {
		while (rows > 0 && writer->written < number &&
		    !writer->failing &&
		    pst_cond_wait_until(
			&writer->done, &writer->mutex, until_ms))
			continue;
		committed = writer->written >= number;
		writer->counts.late += committed ? 0 : rows;
		pst_counter_add(PST_COUNTER_ROWS_LATE, 0, committed ? 0 : rows);
	}
	pst_mutex_unlock(&writer->mutex);
	if (!queued)
		pst_outcome_free(outcome);
	return committed;
}

void
pst_writer_counts(struct pst_writer *writer, struct pst_writer_counts *out)
{
	pst_mutex_lock(&writer->mutex);
	*out = writer->counts;
	pst_mutex_unlock(&writer->mutex);
}
