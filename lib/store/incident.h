/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_INCIDENT_H
#define PST_STORE_INCIDENT_H

/*
 * Incidents for failure reports (RFC 9991, R-FAIL-1 to -13): whether one is to
 * be made of a message, and the part of the report that is about the message,
 * redacted before it is stored.
 */

#include "core/session.h"

struct pst_incident {
	const char *id; /* hash of what makes incidents alike (R-FAIL-5) */
	int64_t seen_s;
	const char *domain; /* the policy domain */
	const char *ruf;    /* URIs in order, a blank between */
	/* "Name: value" lines of message/feedback-report that are the
	 * incident's own, each ended by LF. */
	const char *fields;
	const char *header;  /* redacted header block, LF line ends */
	const char *subject; /* redacted; "" when it is to be left out */
};

/* False when the configuration wants no failure reports at all. */
bool pst_incident_is_possible(const struct pst_config *config);

/* `secret` keys the hash of local parts (pst_store_identity()). */
bool pst_incident_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_message *message, const char *secret, int64_t now_s,
    struct pst_incident *out);

#endif
