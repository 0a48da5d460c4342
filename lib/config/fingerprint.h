/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_FINGERPRINT_H
#define PST_CONFIG_FINGERPRINT_H

/*
 * Numbers that tell whether a message was decided with the same configuration,
 * and if not, in which part another one differs. Each is made of the values of
 * the options of that part, with what is in their list files. Two configurations
 * that differ have the same number once in some billions.
 */

#include <stdint.h>

#include "config/config.h"

/* Values are added at the end only: they are in the journal. */
enum pst_fingerprint {
	/* All that the checks and the decision use, and Postern's version */
	PST_FINGERPRINT_ALL,
	PST_FINGERPRINT_RULES,
	PST_FINGERPRINT_RCPTS, /* enforce-recipients, monitor-recipients */
	PST_FINGERPRINT_TRUSTED,
	PST_FINGERPRINT_RELAYS,    /* relays, relay-names */
	PST_FINGERPRINT_LISTENERS, /* which of them have options of their own */
	PST_FINGERPRINT_CAPS,      /* temperror-cap, -domain-cap, remember */
	/* What a check used and a decision does not use again */
	PST_FINGERPRINT_HEADER,
	PST_FINGERPRINT_DNS,
	PST_FINGERPRINT_SPF,
	PST_FINGERPRINT_DKIM,
	PST_FINGERPRINT_DMARC,
	PST_FINGERPRINT_AUTHORS, /* evaluate-all, max-author-domains */
	PST_FINGERPRINT_ARC,     /* max-sets */
};
_Static_assert(PST_FINGERPRINT_ARC + 1 == PST_FINGERPRINTS, "all have a place");

/* Fills in config->fingerprints; for config/config.c, when all else is there. */
void pst_fingerprint_make(struct pst_config *config, struct pst_arena *arena);

#endif
