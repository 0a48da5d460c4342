/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_HEARTBEAT_H
#define PST_MILTER_HEARTBEAT_H

/*
 * Finds out whether a worker still works: one that hangs is killed and replaced
 * as if it had crashed (R-SEC-23).
 *
 * The supervisor asks over the pair, every ten seconds, but only while there is
 * something to do: it begins when a client waits at the socket, and ends when
 * the worker answers that it has no session. So nobody wakes up while no mail
 * arrives, and a worker that hangs meanwhile is found when the next client
 * comes.
 *
 * The worker's control thread answers only while mail gets on: as long as some
 * callback begins or ends, or no callback runs and no client waits, it does.
 * Many sessions that are slow do not look like a hang, since a message takes
 * its deadline at most.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "milter/watch.h"

/* ---- in the supervisor ---- */

#define PST_HEARTBEAT_MS 10000
/* So many questions a worker may leave unanswered; more while it reloads. */
#define PST_HEARTBEAT_MISSES 5
#define PST_HEARTBEAT_MISSES_RELOAD 30

/* What is known of one worker; all 0 at its start. */
struct pst_heartbeat {
	bool asking;
	int64_t ask_ms; /* when to ask next */
	unsigned missed;
};

/* Watches for the next client, or for the time of the next question. */
void pst_heartbeat_watch(
    const struct pst_heartbeat *beat, int listen_fd, struct pst_watch *watch);

enum pst_heartbeat_step {
	PST_HEARTBEAT_NOTHING,
	PST_HEARTBEAT_ASK,
	PST_HEARTBEAT_KILL,
};

/* After the wait: what is to be done now; the caller does it. */
struct pst_heartbeat_view {
	bool client_waits; /* the listening socket can be read */
	bool reloading;
	int64_t now_ms; /* of pst_clock_ms() */
};
enum pst_heartbeat_step pst_heartbeat_turn(
    struct pst_heartbeat *beat, const struct pst_heartbeat_view *view);

/* The worker has answered. */
void pst_heartbeat_heard(struct pst_heartbeat *beat, bool idle);

/* ---- in the worker ---- */

/* What the control thread remembers; all 0 at the start. */
struct pst_pulse {
	bool begun;
	int64_t asked_ms;
	int64_t moved_ms; /* when mail was last seen to get on */
	uint64_t turns;
};

/* What a question finds. */
struct pst_pulse_view {
	int64_t now_ms;
	uint64_t turns;    /* callbacks that began or ended so far */
	bool work;         /* a callback runs, or a client waits */
	unsigned limit_ms; /* a callback takes no longer */
};

/* Returns whether mail gets on, so that the question may be answered. */
bool
pst_pulse_beats(struct pst_pulse *pulse, const struct pst_pulse_view *view);

#endif
