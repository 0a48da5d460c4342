/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CANARY_H
#define PST_CORE_CANARY_H

/*
 * The domains of the canary, the health check `postern send --canary`: names
 * below .invalid (RFC 6761 s. 6.4), which nobody can register, and their records.
 *
 * The records are known to test mail only (R-TEST-2). Other mail that uses the
 * names gets what the DNS says, which is that they do not exist.
 */

#include "dns/dns.h"

/* It signs with DKIM; SPF permits PST_CANARY_CLIENT; p=reject. */
#define PST_CANARY_GENUINE "genuine.postern-canary.invalid"
#define PST_CANARY_SELECTOR "canary"
/* It permits no client and has no key; p=reject. */
#define PST_CANARY_FORGED "forged.postern-canary.invalid"

/* An address for documentation (RFC 3849): no host has it. */
#define PST_CANARY_CLIENT "2001:db8:706f:7374::1"
#define PST_CANARY_HOST "client.postern-canary.invalid"

/*
 * Returns a resolver that answers for these names and that address, and asks
 * below, which must outlive it, for all others.
 */
struct pst_resolver *pst_canary_resolver(struct pst_resolver *below);

#endif
