/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_DMARC_CONSENT_H
#define PST_SURVEY_DMARC_CONSENT_H

/*
 * Whether the domains to which a DMARC record sends reports agree to that
 * (RFC 9990 s. 4): a domain of another organization publishes a record for it.
 */

#include "auth/orgdomain.h"
#include "survey/finding.h"

/* Domains that are asked; receivers do not use more addresses either. */
#define PST_MAX_CONSENTS 10

enum pst_consent_verdict {
	PST_CONSENT_NOT_NEEDED, /* the same organization */
	PST_CONSENT_GIVEN,
	PST_CONSENT_MISSING,
	PST_CONSENT_UNKNOWN, /* a look-up failed */
};

struct pst_consents {
	const char *at; /* the name of the DMARC record */
	size_t count;
	struct pst_consent {
		const char *domain; /* of an address, in lower case */
		const char *uri;    /* the first with that domain */
		const char *name;   /* of the record that says it agrees */
		enum pst_consent_verdict verdict;
	} items[PST_MAX_CONSENTS];
};

/*
 * Asks for the consent of each domain in rua= and ruf= of the record hit (NULL:
 * there is none). walk is that of the domain that is surveyed. Restartable, as
 * described in auth/world.h.
 */
bool pst_consents_check(struct pst_world *world, const struct pst_walk *walk,
    const struct pst_walk_hit *hit, struct pst_consents *out) PST_MUST_CHECK;

void pst_consents_report(
    struct pst_findings_list *list, const struct pst_consents *consents);

#endif
