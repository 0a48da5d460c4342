/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_queue.h"

#include <assert.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

#define POLL_MS 200 /* a stop may have been asked for meanwhile */
#define BROKEN_PAUSE_MS 500
#define NEVER_MS ((int64_t)1 << 50)

enum writer {
	NO_WRITER,
	WRITER_RUNS,
	WRITER_LEFT, /* stuck at the stop; it ends with the process */
};

/*
 * A ring of lines, each after its length. Only one thread at a time takes lines
 * out: the writer or, without one, the thread that set `flushing`.
 */
static struct {
	struct pst_log_target target;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	_Atomic(enum writer) writer; /* read without the lock by put() */
	bool is_open;
	bool flushing; /* a thread is taking lines out, without a writer */
	bool stopping;
	bool done;       /* the writer has nothing more to do */
	int64_t stop_ms; /* it gives up then */
	size_t head;     /* offset of the oldest line */
	size_t used;     /* octets */
	uint64_t lost;
	/* Read without the lock: lines are queued or lost. */
	atomic_bool waiting;
	unsigned char ring[PST_LOG_QUEUE_BYTES];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

static void
reset(void)
{
	pst_mutex_init(&queue.lock);
	pst_cond_init(&queue.changed);
	queue.writer = NO_WRITER;
	queue.flushing = queue.stopping = queue.done = false;
	queue.head = queue.used = 0;
	queue.lost = 0;
	atomic_store(&queue.waiting, false);
}

void
pst_log_queue_open(const struct pst_log_target *target)
{
	queue.target = *target;
	reset();
	queue.is_open = true;
}

bool
pst_log_queue_is_open(void)
{
	return queue.is_open;
}

void
pst_log_queue_forked(void)
{
	if (queue.is_open)
		reset();
}

/* Copies from the ring; at is an offset from the oldest line. */
static void
copy_out(void *to, size_t at, size_t len)
{
	size_t from = (queue.head + at) % sizeof(queue.ring);
	size_t first = sizeof(queue.ring) - from;

	if (first > len)
		first = len;
	memcpy(to, queue.ring + from, first);
	memcpy((char *)to + first, queue.ring, len - first);
}

static void
copy_in(const void *from, size_t len)
{
	size_t to = (queue.head + queue.used) % sizeof(queue.ring);
	size_t first = sizeof(queue.ring) - to;

	if (first > len)
		first = len;
	memcpy(queue.ring + to, from, first);
	memcpy(queue.ring, (const char *)from + first, len - first);
	queue.used += len;
}

static bool
append(const char *line, size_t len)
{
	uint16_t size = (uint16_t)len;

	assert(len <= PST_LOG_LINE_BYTES);
	if (sizeof(queue.ring) - queue.used < sizeof(size) + len)
		return false;
	copy_in(&size, sizeof(size));
	copy_in(line, len);
	return true;
}

/* The oldest line; 0 if there is none. Turns a loss into a line. */
static size_t
oldest(char line[PST_LOG_LINE_BYTES])
{
	uint16_t size;

	if (queue.used == 0 && queue.lost > 0) {
		size_t len = queue.target.describe_loss(
		    line, PST_LOG_LINE_BYTES, queue.lost);

		queue.lost = 0;
		(void)append(line, len);
	}
	if (queue.used == 0)
		return 0;
	copy_out(&size, 0, sizeof(size));
	copy_out(line, sizeof(size), size);
	return size;
}

static void
drop_oldest(void)
{
	uint16_t size;

	copy_out(&size, 0, sizeof(size));
	queue.head = (queue.head + sizeof(size) + size) % sizeof(queue.ring);
	queue.used -= sizeof(size) + size;
	if (queue.used == 0 && queue.lost == 0)
		atomic_store(&queue.waiting, false);
}

/* Sends the oldest line without the lock, which the caller holds. */
static enum pst_log_outcome
send_oldest(const char *line, size_t len)
{
	enum pst_log_outcome outcome;

	pst_mutex_unlock(&queue.lock);
	outcome = queue.target.send(line, len);
	pst_mutex_lock(&queue.lock);
	if (outcome == PST_LOG_SENT)
		drop_oldest();
	return outcome;
}

/* Waits until the target may take a line again, wait_ms at most. */
static void
wait_for_target(int64_t wait_ms)
{
	struct pollfd item = {.fd = queue.target.fd(), .events = POLLOUT};

	if (wait_ms > 0)
		(void)poll(&item, 1, (int)wait_ms);
}

/* After a failure. False if the writer is to give up. */
static bool
pause_writer(enum pst_log_outcome outcome)
{
	if (queue.stopping &&
	    (outcome == PST_LOG_BROKEN || now_ms() >= queue.stop_ms))
		return false;
	if (outcome == PST_LOG_BROKEN) {
		int64_t until = now_ms() + BROKEN_PAUSE_MS;

		while (!queue.stopping &&
		    pst_cond_wait_until(&queue.changed, &queue.lock, until))
			continue;
		return true;
	}
	pst_mutex_unlock(&queue.lock);
	wait_for_target(POLL_MS);
	pst_mutex_lock(&queue.lock);
	return true;
}

static void *
write_lines(void *arg)
{
	char line[PST_LOG_LINE_BYTES];

	(void)arg;
	pst_mutex_lock(&queue.lock);
	for (;;) {
		size_t len = oldest(line);
		enum pst_log_outcome outcome;

		if (len == 0 && queue.stopping)
			break;
		if (len == 0) {
			(void)pst_cond_wait_until(
			    &queue.changed, &queue.lock, NEVER_MS);
			continue;
		}
		outcome = send_oldest(line, len);
		if (outcome != PST_LOG_SENT && !pause_writer(outcome))
			break;
	}
	queue.done = true;
	pst_cond_broadcast(&queue.changed);
	pst_mutex_unlock(&queue.lock);
	return NULL;
}

bool
pst_log_queue_start(void)
{
	if (queue.writer != NO_WRITER)
		return true;
	if (!pst_thread_start(&queue.thread, write_lines, NULL))
		return false;
	queue.writer = WRITER_RUNS;
	return true;
}

void
pst_log_queue_put(const char *line, size_t len)
{
	bool direct = !queue.target.may_wait || queue.writer == NO_WRITER;

	if (direct && !atomic_load(&queue.waiting) &&
	    queue.target.send(line, len) == PST_LOG_SENT)
		return;
	pst_mutex_lock(&queue.lock);
	/* After a loss, room is used only when the loss has been told. */
	if (queue.lost > 0 || !append(line, len))
		queue.lost++;
	atomic_store(&queue.waiting, true);
	pst_cond_broadcast(&queue.changed);
	pst_mutex_unlock(&queue.lock);
	(void)pst_log_queue_flush();
}

static enum pst_log_outcome
flush(void)
{
	enum pst_log_outcome outcome = PST_LOG_SENT;
	char line[PST_LOG_LINE_BYTES];

	pst_mutex_lock(&queue.lock);
	if (queue.flushing) {
		pst_mutex_unlock(&queue.lock);
		return PST_LOG_FULL;
	}
	queue.flushing = true;
	while (outcome == PST_LOG_SENT) {
		size_t len = oldest(line);

		if (len == 0)
			break;
		outcome = send_oldest(line, len);
	}
	queue.flushing = false;
	pst_mutex_unlock(&queue.lock);
	return outcome;
}

bool
pst_log_queue_flush(void)
{
	if (!queue.is_open || queue.writer != NO_WRITER ||
	    !atomic_load(&queue.waiting))
		return false;
	return flush() != PST_LOG_SENT;
}

/* The writer gets a little longer than it is told, to notice the time. */
static void
finish_writer(int64_t stop_ms)
{
	bool done;

	pst_mutex_lock(&queue.lock);
	queue.stopping = true;
	queue.stop_ms = stop_ms;
	pst_cond_broadcast(&queue.changed);
	while (!queue.done &&
	    pst_cond_wait_until(&queue.changed, &queue.lock, stop_ms + POLL_MS))
		continue;
	done = queue.done;
	pst_mutex_unlock(&queue.lock);
	if (!done) {
		pst_thread_detach(queue.thread);
		queue.writer = WRITER_LEFT;
		return;
	}
	pst_thread_join(queue.thread);
	queue.writer = NO_WRITER;
	queue.stopping = queue.done = false;
}

void
pst_log_queue_finish(void)
{
	int64_t stop_ms = now_ms() + PST_LOG_STOP_MS;

	if (!queue.is_open || queue.writer == WRITER_LEFT)
		return;
	if (queue.writer == WRITER_RUNS) {
		finish_writer(stop_ms);
		return;
	}
	while (atomic_load(&queue.waiting) && flush() == PST_LOG_FULL &&
	    now_ms() < stop_ms)
		wait_for_target(stop_ms - now_ms());
}

void
pst_log_queue_close(void)
{
	pst_log_queue_finish();
	queue.is_open = false;
}
