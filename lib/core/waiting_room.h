/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_WAITING_ROOM_H
#define PST_CORE_WAITING_ROOM_H

/*
 * The messages that wait for the DNS at their end. Each of them has a thread of
 * its own and some 100 KB of memory, and a sender of names whose servers are
 * silent decides how long it waits. So there is room for a limited number
 * (max-waiting).
 *
 * If the room is full, a newcomer takes the place of another message: of the
 * client network with the most messages in the room (IPv4 /24, IPv6 /64), the
 * one that has waited longest. That message is decided with the answers that it
 * has; what is missing was crowded out by us, so it never counts as an answer
 * (PST_DNS_CROWDED).
 *
 * Thread-safe.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/dns.h"

/* Without a message that had to leave for this long, the alarm ends. */
#define PST_WAITING_QUIET_MS 60000

struct pst_waiting_room;

/* One message; the caller's. Its members are private. */
struct pst_waiting {
	struct pst_waiting *prev, *next; /* by arrival */
	struct pst_dns *dns;
	struct pst_ip network;
	unsigned peers; /* messages of this network in the room */
	bool is_inside;
	atomic_bool must_leave;
};

/* max is at least 1. */
struct pst_waiting_room *pst_waiting_room_new(unsigned max);
/* Nobody may be inside. */
void pst_waiting_room_free(struct pst_waiting_room *room);

/*
 * From now on `call` is told when messages begin to be sent away, and when none
 * was for PST_WAITING_QUIET_MS; that is noticed by the next message that waits.
 * It is called without a lock, in the thread of a message. Set it before the
 * first message.
 */
void
pst_waiting_room_watch(struct pst_waiting_room *room, void (*call)(bool on));

/*
 * The message with this handle is about to wait. The handle must stay open and
 * *waiting must stay where it is until pst_waiting_room_leave(). If another
 * message is sent away, its pst_dns_wait() ends (pst_dns_interrupt()).
 */
void pst_waiting_room_enter(struct pst_waiting_room *room,
    struct pst_waiting *waiting, struct pst_dns *dns,
    const struct pst_ip *client, int64_t now_ms);

/* True if the message has been sent away: it must not wait any longer. */
bool pst_waiting_must_leave(const struct pst_waiting *waiting);

/* The message waits no more. */
void pst_waiting_room_leave(
    struct pst_waiting_room *room, struct pst_waiting *waiting, int64_t now_ms);

#endif
