/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_INCIDENT_H
#define PST_STORE_INCIDENT_H

/*
 * Incidents for failure reports (RFC 9991, R-FAIL-1 to -13): decides whether a
 * message gives rise to one, and makes the part of the report that is about the
 * message. That part is redacted before it is stored.
 */

#include "core/outcome.h"

struct pst_incident {
	const char *id; /* equal for incidents that are alike (R-FAIL-5) */
	int64_t seen_s;
	const char *domain; /* the policy domain */
	const char *ruf;    /* URIs in order, separated by blanks */
	/* The incident's own fields of message/feedback-report: "Name: value"
	 * lines, each ended by LF. */
	const char *fields;
	const char *header;  /* redacted header block; lines end with LF */
	const char *subject; /* redacted; "" if it is left out */
};

/*
 * Returns whether a failure report about the message is due, as its
 * configuration and the record of its policy domain say. Pure.
 */
bool pst_incident_is_due(const struct pst_message *message);

/*
 * Makes the incident of a message for which pst_incident_is_due() was true.
 * Returns false if its texts are too long to be stored. The texts of *out live
 * in the arena or in the outcome. `secret` keys the hash of local parts
 * (pst_store_identity()). Pure.
 */
bool
pst_incident_make(struct pst_arena *arena, const struct pst_outcome *outcome,
    const char *secret, struct pst_incident *out);

#endif
