/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/waiting_room.h"

#include <assert.h>
#include <stdlib.h>

#include "base/thread.h"
#include "core/counters.h"

struct pst_waiting_room {
	pthread_mutex_t lock; /* for all members below */
	unsigned max;
	unsigned count;
	struct pst_waiting *oldest, *newest;
	void (*watch)(bool on);
	bool is_alarmed;
	int64_t sent_away_ms; /* the last one */
};

struct pst_waiting_room *
pst_waiting_room_new(unsigned max)
{
	struct pst_waiting_room *room = calloc(1, sizeof(*room));

	if (room == NULL)
		abort();
	assert(max > 0);
	pst_mutex_init(&room->lock);
	room->max = max;
	return room;
}

void
pst_waiting_room_free(struct pst_waiting_room *room)
{
	assert(room->count == 0);
	pst_mutex_destroy(&room->lock);
	free(room);
}

void
pst_waiting_room_watch(struct pst_waiting_room *room, void (*call)(bool on))
{
	room->watch = call;
}

/*
 * Adds to the number of peers of all that are in the room from this network,
 * and returns how many there are. A walk through a few hundred messages takes
 * less than any table would.
 */
static unsigned
change_peers(
    struct pst_waiting_room *room, const struct pst_ip *network, int change)
{
	unsigned found = 0;

	for (struct pst_waiting *one = room->oldest; one != NULL;
	     one = one->next) {
		if (!pst_ip_eq(&one->network, network))
			continue;
		one->peers += (unsigned)change;
		found++;
	}
	return found;
}

static void
take_in(struct pst_waiting_room *room, struct pst_waiting *waiting)
{
	waiting->peers = change_peers(room, &waiting->network, 1) + 1;
	waiting->prev = room->newest;
	waiting->next = NULL;
	if (room->newest == NULL)
		room->oldest = waiting;
	else
		room->newest->next = waiting;
	room->newest = waiting;
	waiting->is_inside = true;
	room->count++;
	pst_counter_change(PST_COUNTER_WAITING, 1);
}

static void
take_out(struct pst_waiting_room *room, struct pst_waiting *waiting)
{
	if (waiting->prev == NULL)
		room->oldest = waiting->next;
	else
		waiting->prev->next = waiting->next;
	if (waiting->next == NULL)
		room->newest = waiting->prev;
	else
		waiting->next->prev = waiting->prev;
	waiting->is_inside = false;
	room->count--;
	(void)change_peers(room, &waiting->network, -1);
	pst_counter_change(PST_COUNTER_WAITING, -1);
}

static void
send_one_away(struct pst_waiting_room *room)
{
	struct pst_waiting *chosen = room->oldest;

	for (struct pst_waiting *one = chosen; one != NULL; one = one->next) {
		if (one->peers > chosen->peers)
			chosen = one;
	}
	assert(chosen != NULL);
	take_out(room, chosen);
	atomic_store(&chosen->must_leave, true);
	/* Its thread cannot close the handle before it has our lock. */
	pst_dns_interrupt(chosen->dns);
	pst_counter_add(PST_COUNTER_WAITING_CUT, 0, 1);
}

void
pst_waiting_room_enter(struct pst_waiting_room *room,
    struct pst_waiting *waiting, struct pst_dns *dns,
    const struct pst_ip *client, int64_t now_ms)
{
	bool begins = false;

	*waiting =
	    (struct pst_waiting){.dns = dns, .network = pst_ip_network(client)};
	pst_dns_allow_interrupt(dns);
	pst_mutex_lock(&room->lock);
	if (room->count == room->max) {
		send_one_away(room);
		room->sent_away_ms = now_ms;
		begins = !room->is_alarmed;
		room->is_alarmed = true;
	}
	take_in(room, waiting);
	pst_mutex_unlock(&room->lock);
	if (begins && room->watch != NULL)
		room->watch(true);
}

bool
pst_waiting_must_leave(const struct pst_waiting *waiting)
{
	return atomic_load(&waiting->must_leave);
}

void
pst_waiting_room_leave(
    struct pst_waiting_room *room, struct pst_waiting *waiting, int64_t now_ms)
{
	bool ends;

	pst_mutex_lock(&room->lock);
	if (waiting->is_inside)
		take_out(room, waiting);
	ends = room->is_alarmed &&
	    now_ms - room->sent_away_ms >= PST_WAITING_QUIET_MS;
	if (ends)
		room->is_alarmed = false;
	pst_mutex_unlock(&room->lock);
	if (ends && room->watch != NULL)
		room->watch(false);
}
