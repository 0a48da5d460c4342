/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RELAY_H
#define PST_CORE_RELAY_H

/*
 * Mail that comes by way of a relay of our own, a secondary MX: the client that
 * SPF and iprev are about is the one that the relay saw.
 *
 * A Received field is believed only because of the host that wrote it. The
 * first one was written by the relay that is connected to us; the next one by
 * the client of the first, when that is a relay as well; and so on. So none
 * that a sender wrote is ever looked at, as long as each relay writes one.
 */

#include "config/config.h"
#include "mail/received.h"

/* Relays that one message may come through. */
#define PST_RELAY_MAX_HOPS 10

/* Is that host a relay of ours? */
bool pst_relay_is_own(const struct pst_config *config, const struct pst_ip *ip);

/*
 * The first client that is no relay; *out lives in the arena. False when it can
 * not be told for certain.
 */
bool
pst_relay_find_client(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, struct pst_received *out);

#endif
