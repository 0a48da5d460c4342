/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_CONSENT_H
#define PST_REPORT_CONSENT_H

/*
 * Finds out where reports may be sent (report/destination.h), for many policy
 * domains at once: their look-ups run together, and each has its own limits.
 */

#include "core/service.h"
#include "report/destination.h"

/* Policy domains at once. Each opens the DNS for itself (dns/dns.h). */
#define PST_CONSENT_MAX 32

struct pst_consent {
	struct pst_destination_question question;
	struct pst_destinations *list; /* receives the answer; not NULL */
};

/* Returns an item with a list in the arena. */
struct pst_consent
pst_consent_of(struct pst_arena *arena, enum pst_destination_kind kind,
    const char *policy_domain, const char *uris);

/*
 * Fills the lists of all items; count is at most PST_CONSENT_MAX. Their texts
 * are in the arena. Addresses for which the DNS does not answer in time are
 * postponed.
 */
void
pst_consent_ask(struct pst_service *service, const struct pst_config *config,
    struct pst_arena *arena, struct pst_consent *items, size_t count);

#endif
