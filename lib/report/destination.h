/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_DESTINATION_H
#define PST_REPORT_DESTINATION_H

/*
 * From the URIs of a policy domain's record to the addresses that may be sent
 * to (RFC 9990 s. 4, RFC 9991 s. 5; R-AGG-19 to -23, R-FAIL-4).
 */

#include "auth/world.h"
#include "config/config.h"

/* As in the record's table: "mailto:a@b mailto:c@d", percent-encoded. */
#define PST_DESTINATION_MAX PST_DMARC_MAX_URIS
#define PST_DESTINATION_SIZE 325 /* local part, "@", domain, NUL */

enum pst_destination_kind {
	PST_DESTINATION_RUA,
	PST_DESTINATION_RUF,
};

enum pst_destination_verdict {
	PST_DESTINATION_USED,
	PST_DESTINATION_REFUSED,
	PST_DESTINATION_POSTPONED, /* the DNS did not say; never consent */
};

struct pst_destination {
	const char *address; /* of the record; domain in lower case */
	const char *target;  /* where to send: address, or what replaced it */
	const char *domain;  /* of both, in normal form */
	enum pst_destination_verdict verdict;
	const char *why; /* fixed text, unless it is used; else "" */
};

struct pst_destinations {
	struct pst_destination items[PST_DESTINATION_MAX];
	size_t count;
};

/*
 * The addresses of uris in their order, each once, at most max of them; what is
 * no address that mail can be sent to is left out. All are USED so far. In the
 * arena.
 */
void pst_destination_list(struct pst_arena *arena, struct pst_str uris,
    size_t max, struct pst_destinations *out);

/*
 * The same list with verdicts, for this policy domain (in normal form): what
 * the operator's lists say, then for addresses outside the Organizational
 * Domain what their domain's confirming record says. An address that is
 * replaced by one that another entry has already is refused, so nobody gets
 * two. Restartable (auth/world.h).
 */
bool
pst_destination_check(struct pst_world *world, const struct pst_config *config,
    enum pst_destination_kind kind, const char *policy_domain,
    struct pst_str uris, struct pst_destinations *out) PST_MUST_CHECK;

#endif
