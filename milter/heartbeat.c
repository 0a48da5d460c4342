/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/heartbeat.h"

/* ---- in the supervisor ---- */

void
pst_heartbeat_watch(
    const struct pst_heartbeat *beat, int listen_fd, struct pst_watch *watch)
{
	if (beat->asking)
		pst_watch_until(watch, beat->ask_ms);
	else if (listen_fd != -1)
		pst_watch_add(watch, listen_fd, POLLIN);
}

enum pst_heartbeat_step
pst_heartbeat_turn(
    struct pst_heartbeat *beat, const struct pst_heartbeat_view *view)
{
	unsigned most = view->reloading ? PST_HEARTBEAT_MISSES_RELOAD :
					  PST_HEARTBEAT_MISSES;

	if (!beat->asking) {
		beat->asking = view->client_waits;
		beat->ask_ms = view->now_ms + PST_HEARTBEAT_MS;
		beat->missed = 0;
		return PST_HEARTBEAT_NOTHING;
	}
	if (view->now_ms < beat->ask_ms)
		return PST_HEARTBEAT_NOTHING;
	if (beat->missed >= most)
		return PST_HEARTBEAT_KILL;
	/*
	 * Questions are counted, not time: after this process itself was
	 * stopped, or the machine, the worker gets another chance.
	 */
	beat->missed++;
	beat->ask_ms = view->now_ms + PST_HEARTBEAT_MS;
	return PST_HEARTBEAT_ASK;
}

void
pst_heartbeat_heard(struct pst_heartbeat *beat, bool idle)
{
	beat->missed = 0;
	if (idle)
		beat->asking = false;
}

/* ---- in the worker ---- */

bool
pst_pulse_beats(struct pst_pulse *pulse, const struct pst_pulse_view *view)
{
	bool pause = view->now_ms - pulse->asked_ms > 3 * PST_HEARTBEAT_MS;

	/* Nobody looked during a pause, so nothing is known of it. */
	if (!pulse->begun || pause || !view->work ||
	    view->turns != pulse->turns)
		pulse->moved_ms = view->now_ms;
	pulse->begun = true;
	pulse->asked_ms = view->now_ms;
	pulse->turns = view->turns;
	return view->now_ms - pulse->moved_ms <= (int64_t)view->limit_ms;
}
