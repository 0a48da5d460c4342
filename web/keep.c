/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/day.h"
#include "base/thread.h"
#include "web/keep_make.h"

/* Places for answers about all keys and for those about one. */
#define WHOLE 32
#define SINGLE 16
#define PLACES (WHOLE + SINGLE)

/* How many answers are made at once. Each has a file's rows in memory, so more
 * of them would make each slower. */
#define MOST_RUNNING 2

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
/* How often something usual is renewed while nobody asks for it. */
#define IDLE_MS (30 * MINUTE_MS)
/* An answer is renewed after this many times what making it takes, so that one
 * needs a two-hundredth of a processor. */
#define RENEW_SHARE 200
/* The same for an answer about one key, which is only made for who asks. */
#define SINGLE_SHARE 20
/* An answer that could not be renewed is good for so long. */
#define FAILING_MS (10 * MINUTE_MS)
/* An answer is not older, even if the thread does not come to renew it. */
#define OLDEST_MS (2 * HOUR_MS)
/* The same failure is not looked for again before. */
#define FAILED_MS 2000

/* Tells whether the file has changed: of it and of its "-wal". */
struct stamp {
	bool known;
	struct timespec changed[2];
	off_t size[2];
	ino_t inode[2];
};

struct place {
	bool used;
	struct pst_web_wanted wanted; /* its key is ours */
	bool usual;                   /* it is kept although nobody asks */
	bool busy; /* somebody makes it; it must not be given away */
	struct pst_web_answer *kept;
	struct stamp stamp; /* of the file before it was made */
	bool asked;
	int64_t asked_ms, made_ms;
	int64_t true_s;  /* when the file was last seen to agree with it */
	int64_t done_ms; /* the last try, with or without success */
	int64_t cost_ms;
	bool failed; /* the last try */
	struct pst_err err;
};

struct pst_web_keep {
	struct pst_web_source source;
	int64_t renew_ms;
	pthread_mutex_t mutex; /* for all that follows */
	pthread_cond_t changed;
	atomic_bool stop;
	bool started;
	pthread_t thread;
	unsigned running, waiting;
	char *wal_path;
	struct place places[PLACES];
};

static int64_t
now_ms(void)
{
	return pst_clock_ms(&pst_clock_system);
}

static int64_t
now_s(void)
{
	return pst_clock_epoch(&pst_clock_system);
}

/* ---- places ---- */

static bool
is_same(const struct pst_web_wanted *a, const struct pst_web_wanted *b)
{
	return a->forecast == b->forecast && a->of.days == b->of.days &&
	    (a->forecast || a->of.question == b->of.question) &&
	    (a->of.key == NULL) == (b->of.key == NULL) &&
	    (a->of.key == NULL || strcmp(a->of.key, b->of.key) == 0);
}

static void
empty(struct place *place)
{
	pst_web_answer_release(place->kept);
	free((void *)(uintptr_t)place->wanted.of.key);
	memset(place, 0, sizeof(*place));
}

/* True if a is rather given away than b, which may be NULL. */
static bool
is_less_needed(const struct place *a, const struct place *b)
{
	if (b == NULL || a->used != b->used)
		return b == NULL || !a->used;
	if (a->usual != b->usual)
		return !a->usual;
	return a->asked_ms < b->asked_ms;
}

/* Returns the place of a question, which may be new. */
static struct place *
get_place(struct pst_web_keep *keep, const struct pst_web_wanted *wanted)
{
	const size_t first = wanted->of.key == NULL ? 0 : WHOLE;
	const size_t end = wanted->of.key == NULL ? WHOLE : PLACES;
	struct place *least = NULL;

	for (size_t i = first; i < end; i++) {
		struct place *place = &keep->places[i];

		if (place->used && is_same(&place->wanted, wanted))
			return place;
		if (!place->busy && is_less_needed(place, least))
			least = place;
	}
	/* There are more places of each kind than can be busy. */
	empty(least);
	least->used = true;
	least->wanted = *wanted;
	if (wanted->of.key != NULL &&
	    (least->wanted.of.key = strdup(wanted->of.key)) == NULL)
		abort();
	return least;
}

/* ---- making ---- */

static struct stamp
stamp_of(const struct pst_web_keep *keep)
{
	const char *paths[2] = {keep->source.tallies_path, keep->wal_path};
	struct stamp stamp = {.known = true};
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		if (stat(paths[i], &st) == 0) {
			stamp.changed[i] = st.st_mtim;
			stamp.size[i] = st.st_size;
			stamp.inode[i] = st.st_ino;
		} else if (i == 0 || errno != ENOENT) {
			stamp.known = false;
		}
	}
	return stamp;
}

static bool
is_unchanged(const struct stamp *a, const struct stamp *b)
{
	for (size_t i = 0; i < 2; i++) {
		if (a->size[i] != b->size[i] || a->inode[i] != b->inode[i] ||
		    a->changed[i].tv_sec != b->changed[i].tv_sec ||
		    a->changed[i].tv_nsec != b->changed[i].tv_nsec)
			return false;
	}
	return a->known && b->known;
}

static void
set_answer(struct place *place, struct pst_web_answer *answer, int64_t began_ms)
{
	place->failed = answer == NULL;
	if (answer == NULL && place->kept != NULL &&
	    began_ms - place->made_ms < FAILING_MS)
		return;
	pst_web_answer_release(place->kept);
	place->kept = answer;
	place->made_ms = began_ms;
}

/* Makes the answer of a place. The mutex is locked, but not meanwhile. */
static void
make(struct pst_web_keep *keep, struct place *place)
{
	const int64_t began_ms = now_ms(), began_s = now_s();
	struct pst_web_answer *answer = NULL;
	struct stamp stamp;
	bool unchanged;

	place->busy = true;
	keep->running++;
	pst_mutex_unlock(&keep->mutex);
	/* Only the one that makes an answer changes its place. */
	stamp = stamp_of(keep);
	unchanged = place->kept != NULL &&
	    place->kept->table.last_day == pst_day_of(began_s) &&
	    is_unchanged(&stamp, &place->stamp);
	if (!unchanged)
		answer = pst_web_answer_make(
		    &keep->source, &place->wanted, began_s, &place->err);
	pst_mutex_lock(&keep->mutex);
	if (unchanged) {
		place->made_ms = began_ms;
		place->failed = false;
	} else {
		set_answer(place, answer, began_ms);
		place->cost_ms = now_ms() - began_ms;
	}
	if (!place->failed) {
		place->stamp = stamp;
		place->true_s = began_s;
	}
	place->done_ms = now_ms();
	place->busy = false;
	keep->running--;
	pst_cond_broadcast(&keep->changed);
}

/* ---- the thread ---- */

static bool
is_wanted(const struct place *place, int64_t at_ms)
{
	return place->asked && at_ms - place->asked_ms < HOUR_MS;
}

/* When the thread is to make it; INT64_MAX: never. */
static int64_t
due_ms(
    const struct pst_web_keep *keep, const struct place *place, int64_t at_ms)
{
	int64_t pause_ms = RENEW_SHARE * place->cost_ms;
	int64_t least_ms = is_wanted(place, at_ms) ? keep->renew_ms : IDLE_MS;

	if (!place->used || place->busy || place->wanted.of.key != NULL)
		return INT64_MAX;
	if (place->kept == NULL && !place->failed)
		return 0;
	if (place->failed)
		pause_ms = least_ms = keep->renew_ms;
	return place->done_ms + (pause_ms > least_ms ? pause_ms : least_ms);
}

/* Frees what nobody has asked for within the last hour. */
static void
forget(struct pst_web_keep *keep, int64_t at_ms)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &keep->places[i];

		if (place->used && !place->busy && !place->usual &&
		    !is_wanted(place, at_ms))
			empty(place);
	}
}

/* Requests go first. */
static bool
has_turn(const struct pst_web_keep *keep)
{
	return keep->running == 0 && keep->waiting == 0;
}

static void *
run(void *arg)
{
	struct pst_web_keep *keep = arg;

	pst_mutex_lock(&keep->mutex);
	while (!atomic_load(&keep->stop)) {
		const int64_t at_ms = now_ms();
		int64_t next_ms = at_ms + keep->renew_ms;
		struct place *next = NULL;

		forget(keep, at_ms);
		for (size_t i = 0; i < WHOLE; i++) {
			const int64_t due =
			    due_ms(keep, &keep->places[i], at_ms);

			if (due < next_ms) {
				next_ms = due;
				next = &keep->places[i];
			}
		}
		if (next != NULL && next_ms <= at_ms && has_turn(keep))
			make(keep, next);
		else
			(void)pst_cond_wait_until(&keep->changed, &keep->mutex,
			    next_ms > at_ms ? next_ms : at_ms + keep->renew_ms);
	}
	pst_mutex_unlock(&keep->mutex);
	return NULL;
}

/* In the order in which the thread makes them. */
static void
add_usual(struct pst_web_keep *keep)
{
	static const enum pst_tally_question questions[] = {PST_TALLY_HOUR,
	    PST_TALLY_RULE, PST_TALLY_REASON, PST_TALLY_FROM_DOMAIN,
	    PST_TALLY_NETWORK, PST_TALLY_RCPT_DOMAIN, PST_TALLY_SENDER};
	static const unsigned days[] = {7, 30, 1, 90};

	for (size_t i = 0; i < PST_COUNT(days); i++) {
		struct pst_web_wanted wanted = {.of = {.days = days[i]}};

		for (size_t k = 0; k < PST_COUNT(questions); k++) {
			wanted.of.question = questions[k];
			get_place(keep, &wanted)->usual = true;
		}
		wanted.forecast = true;
		get_place(keep, &wanted)->usual = true;
	}
}

/* ---- asking ---- */

/* True if the answer of a place may be shown. */
static bool
is_good(
    const struct pst_web_keep *keep, const struct place *place, int64_t at_ms)
{
	const int64_t age_ms = at_ms - place->made_ms;
	int64_t most_ms = SINGLE_SHARE * place->cost_ms;

	if (place->kept == NULL)
		return false;
	if (!keep->started)
		return true;
	/* "Today" must be today. */
	if (place->wanted.of.days == 1 &&
	    place->kept->table.last_day != pst_day_of(now_s()))
		return false;
	if (place->wanted.of.key == NULL)
		return age_ms < OLDEST_MS;
	return age_ms < (most_ms > keep->renew_ms ? most_ms : keep->renew_ms);
}

/* Returns the place with a good answer; NULL with a sentence in err. */
static struct place *
find(struct pst_web_keep *keep, const struct pst_web_wanted *wanted,
    struct pst_err *err)
{
	const int64_t asked_ms = now_ms();

	while (!atomic_load(&keep->stop)) {
		/* Somebody else may have got the place meanwhile. */
		struct place *place = get_place(keep, wanted);

		place->asked = true;
		place->asked_ms = asked_ms;
		if (is_good(keep, place, now_ms()))
			return place;
		if (!place->busy && place->failed &&
		    (place->done_ms >= asked_ms ||
			asked_ms - place->done_ms < FAILED_MS)) {
			(void)pst_err_set(err, "%s", place->err.text);
			return NULL;
		}
		if (!place->busy && keep->running < MOST_RUNNING) {
			make(keep, place);
			continue;
		}
		keep->waiting++;
		(void)pst_cond_wait_until(
		    &keep->changed, &keep->mutex, now_ms() + MINUTE_MS);
		/* The thread lets those who wait go first. */
		if (--keep->waiting == 0)
			pst_cond_broadcast(&keep->changed);
	}
	(void)pst_err_set(err, "the program is about to end");
	return NULL;
}

/* Returns the answer, held for as long as the arena lives. */
static struct pst_web_answer *
ask(struct pst_web_keep *keep, struct pst_arena *arena,
    const struct pst_web_wanted *wanted, int64_t *true_s, struct pst_err *err)
{
	struct pst_web_answer *answer = NULL;
	struct place *place;

	pst_mutex_lock(&keep->mutex);
	place = find(keep, wanted, err);
	if (place != NULL) {
		answer = place->kept;
		*true_s = place->true_s;
		pst_web_answer_hold(answer);
	}
	pst_mutex_unlock(&keep->mutex);
	if (answer != NULL)
		pst_arena_defer(arena, pst_web_answer_release, answer);
	return answer;
}

const struct pst_web_table_rows *
pst_web_keep_ask(struct pst_web_keep *keep, struct pst_arena *arena,
    const struct pst_web_question *question, struct pst_err *err)
{
	const struct pst_web_wanted asked = {.of = *question};
	struct pst_web_table_rows *rows;
	int64_t true_s = 0;
	const struct pst_web_answer *answer =
	    ask(keep, arena, &asked, &true_s, err);

	if (answer == NULL)
		return NULL;
	rows = pst_arena_alloc(arena, sizeof(*rows));
	*rows = answer->table;
	rows->made_s = true_s;
	return rows;
}

const struct pst_web_forecast *
pst_web_keep_forecast(struct pst_web_keep *keep, struct pst_arena *arena,
    unsigned days, struct pst_err *err)
{
	const struct pst_web_wanted asked = {
	    .forecast = true, .of = {.days = days}};
	struct pst_web_forecast *forecast;
	int64_t true_s = 0;
	const struct pst_web_answer *answer =
	    ask(keep, arena, &asked, &true_s, err);

	if (answer == NULL)
		return NULL;
	forecast = pst_arena_alloc(arena, sizeof(*forecast));
	*forecast = answer->forecast;
	forecast->made_s = true_s;
	return forecast;
}

/* ---- life ---- */

struct pst_web_keep *
pst_web_keep_new(
    const char *tallies_path, const struct pst_domain_set *own_domains)
{
	struct pst_web_keep *keep = calloc(1, sizeof(*keep));
	const size_t size = strlen(tallies_path) + sizeof("-wal");

	if (keep == NULL || (keep->wal_path = malloc(size)) == NULL)
		abort();
	(void)snprintf(keep->wal_path, size, "%s-wal", tallies_path);
	atomic_init(&keep->stop, false);
	keep->source =
	    (struct pst_web_source){tallies_path, own_domains, &keep->stop};
	keep->renew_ms = MINUTE_MS;
	pst_mutex_init(&keep->mutex);
	pst_cond_init(&keep->changed);
	return keep;
}

void
pst_web_keep_pace(struct pst_web_keep *keep, unsigned renew_ms)
{
	keep->renew_ms = renew_ms;
}

bool
pst_web_keep_start(struct pst_web_keep *keep, struct pst_err *err)
{
	add_usual(keep);
	keep->started = true;
	if (pst_thread_start(&keep->thread, run, keep))
		return true;
	keep->started = false;
	return pst_err_set(
	    err, "cannot start the thread that keeps the numbers current");
}

void
pst_web_keep_free(struct pst_web_keep *keep)
{
	if (keep == NULL)
		return;
	pst_mutex_lock(&keep->mutex);
	atomic_store(&keep->stop, true);
	pst_cond_broadcast(&keep->changed);
	pst_mutex_unlock(&keep->mutex);
	if (keep->started)
		pst_thread_join(keep->thread);
	for (size_t i = 0; i < PLACES; i++)
		empty(&keep->places[i]);
	pst_cond_destroy(&keep->changed);
	pst_mutex_destroy(&keep->mutex);
	free(keep->wal_path);
	free(keep);
}
