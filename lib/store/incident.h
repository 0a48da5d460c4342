/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_INCIDENT_H
#define PST_STORE_INCIDENT_H

/*
 * Incidents for failure reports (RFC 9991, R-FAIL-1 to -13): decides whether a
 * message gives rise to one, and makes the part of the report that is about the
 * message. That part is redacted before it is stored.
 */

#include "core/session.h"

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

/* Returns whether the configuration asks for any failure reports. */
bool pst_incident_is_possible(const struct pst_config *config);

/*
 * Makes the incident of a message. Returns false if no failure report is due
 * for it. The texts of *out live in the arena or in the message. `secret` keys
 * the hash of local parts (pst_store_identity()).
 */
bool pst_incident_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_message *message, const char *secret, int64_t now_s,
    struct pst_incident *out);

#endif
