/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_RELAY_H
#define PST_CORE_RELAY_H

/*
 * Mail that comes by way of a relay of our own, such as a secondary MX: SPF and
 * iprev must then check the client that connected to the relay.
 *
 * A Received field is believed only because of the host that wrote it. The
 * first one was written by the relay that is connected to us; the next one by
 * the client named in the first, if that is a relay as well; and so on. So a
 * field that a sender wrote is never looked at, as long as each relay adds one.
 */

#include "config/config.h"
#include "mail/received.h"

/* How many relays of ours one message may come through. */
#define PST_RELAY_MAX_HOPS 10

/* Returns true if the host at ip is a relay of ours. */
bool pst_relay_is_own(const struct pst_config *config, const struct pst_ip *ip);

/*
 * Finds the first client that is neither a relay of ours nor a loopback
 * address, and stores the Received field that names it in *out; its texts live
 * in the arena. Returns false if the client is not certain; *out is then
 * undefined.
 */
bool
pst_relay_find_client(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, struct pst_received *out);

#endif
