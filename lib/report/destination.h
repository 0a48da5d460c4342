/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_DESTINATION_H
#define PST_REPORT_DESTINATION_H

/*
 * Turns the URIs of a policy domain's record into the addresses that reports
 * may be sent to (RFC 9990 s. 4, RFC 9991 s. 5; R-AGG-19 to -23, R-FAIL-4).
 */

#include "auth/world.h"
#include "config/config.h"

/*
 * URIs are given as the store has them: "mailto:a@b mailto:c@d",
 * percent-encoded.
 */
#define PST_DESTINATION_MAX PST_DMARC_MAX_URIS
#define PST_DESTINATION_SIZE 325 /* local part, "@", domain, NUL */

enum pst_destination_kind {
	PST_DESTINATION_RUA,
	PST_DESTINATION_RUF,
};

enum pst_destination_verdict {
	PST_DESTINATION_USED,
	PST_DESTINATION_REFUSED,
	PST_DESTINATION_POSTPONED, /* no answer from the DNS; never consent */
};

struct pst_destination {
	const char *address; /* from the record; domain in lower case */
	const char *target;  /* where to send: address, or its replacement */
	const char *domain;  /* of both, in normal form */
	enum pst_destination_verdict verdict;
	const char *why; /* fixed text; "" if it is used */
};

struct pst_destinations {
	struct pst_destination items[PST_DESTINATION_MAX];
	size_t count;
};

/*
 * Lists the addresses of uris in their order, each once, at most max of them.
 * URIs that do not give an address that mail can be sent to are left out. The
 * verdict of all is USED for now. The texts are in the arena.
 */
void pst_destination_list(struct pst_arena *arena, struct pst_str uris,
    size_t max, struct pst_destinations *out);

/* Whose reports are to go where. */
struct pst_destination_question {
	enum pst_destination_kind kind;
	const char *policy_domain; /* in normal form */
	const char *uris;
};

/*
 * Makes the same list, of at most reports.max-addresses, with verdicts.
 * The operator's lists decide first; for addresses outside the Organizational
 * Domain, the confirming record of their domain then decides. If an address is
 * replaced by one that another entry already has, it is refused, so nobody gets
 * a report twice. Restartable (auth/world.h).
 */
bool
pst_destination_check(struct pst_world *world, const struct pst_config *config,
    const struct pst_destination_question *question,
    struct pst_destinations *out) PST_MUST_CHECK;

#endif
