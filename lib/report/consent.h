/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_CONSENT_H
#define PST_REPORT_CONSENT_H

/*
 * Asks who may get what (report/destination.h) for many policy domains side by
 * side: their look-ups are under way together, and each waits for its own.
 */

#include "core/service.h"
#include "report/destination.h"

/* At once; each has a door to the DNS of its own. */
#define PST_CONSENT_MAX 32

struct pst_consent {
	enum pst_destination_kind kind;
	const char *policy_domain;
	const char *uris;
	struct pst_destinations *list; /* the answer; set by the caller */
};

/*
 * Fills all lists, count at most PST_CONSENT_MAX. Their texts are in the arena.
 * What the DNS does not say in time is postponed.
 */
void
pst_consent_ask(struct pst_service *service, const struct pst_config *config,
    struct pst_arena *arena, struct pst_consent *items, size_t count);

#endif
