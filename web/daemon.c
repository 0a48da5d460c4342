/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/daemon.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

/* How long an answer is used, and a failure: a daemon that is frozen makes one
 * page wait, not all. */
#define ANSWER_MS 1000
#define FAILURE_MS 5000
#define PATIENCE_S 1

/* Each asker waits for the one before; then the answer is fresh. */
struct pst_web_daemon {
	const struct pst_ask_where *where;
	pthread_mutex_t mutex;
	struct pst_arena *arena; /* of the answer; NULL: none yet */
	const char *text;        /* the answer, or a sentence */
	bool answered;
	int64_t until_ms;
};

struct pst_web_daemon *
pst_web_daemon_new(const struct pst_ask_where *where)
{
	struct pst_web_daemon *daemon = calloc(1, sizeof(*daemon));

	if (daemon == NULL)
		abort();
	daemon->where = where;
	pst_mutex_init(&daemon->mutex);
	return daemon;
}

void
pst_web_daemon_free(struct pst_web_daemon *daemon)
{
	if (daemon == NULL)
		return;
	pst_arena_free(daemon->arena);
	pst_mutex_destroy(&daemon->mutex);
	free(daemon);
}

/* Asks the daemon; the mutex is locked. */
static void
renew(struct pst_web_daemon *daemon)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text = NULL;

	if (daemon->where->control != NULL &&
	    daemon->where->control[0] == '\0') {
		daemon->answered = false;
		text = "The option control-socket is empty, so posternd "
		       "cannot be asked. Set it to see the daemon's state.";
	} else {
		daemon->answered = pst_ask(arena, daemon->where, "counters",
				       PATIENCE_S, &text) == PST_ASK_DONE;
	}
	pst_arena_free(daemon->arena);
	daemon->arena = arena;
	daemon->text = text;
	daemon->until_ms = pst_clock_ms(&pst_clock_system) +
	    (daemon->answered ? ANSWER_MS : FAILURE_MS);
}

const struct pst_status *
pst_web_daemon_status(
    struct pst_web_daemon *daemon, struct pst_arena *arena, const char **why)
{
	const struct pst_status *status;
	struct pst_err err;
	const char *text;
	bool answered;

	*why = NULL;
	pst_mutex_lock(&daemon->mutex);
	if (daemon->arena == NULL ||
	    pst_clock_ms(&pst_clock_system) >= daemon->until_ms)
		renew(daemon);
	answered = daemon->answered;
	text = pst_arena_strdup(arena, daemon->text);
	pst_mutex_unlock(&daemon->mutex);
	if (!answered) {
		*why = text;
		return NULL;
	}
	status = pst_status_read(arena, text, &err);
	if (status == NULL)
		*why = pst_arena_strdup(arena, err.text);
	return status;
}
