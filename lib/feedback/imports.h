/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_IMPORTS_H
#define PST_FEEDBACK_IMPORTS_H

/*
 * Reports of others in the report store (tables feedback and source of
 * store/schema.h), and what they say together: who sends in the name of our
 * domains. Claims stay claims; what a report says of its sender is not checked.
 */

#include "store/db.h"
#include "feedback/feedback.h"

enum pst_feedback_added {
	PST_FEEDBACK_NEW,
	PST_FEEDBACK_KNOWN,  /* it was there; nothing is changed */
	PST_FEEDBACK_BETTER, /* takes the place of an invalid one */
};

/*
 * Keeps a report, in a transaction of its own. A report is known by its kind,
 * sender, id, domain and period; without a sender or an id, by all that it
 * says. Rows without an address or a number are not kept.
 */
bool pst_feedback_add(struct pst_db *db, const struct pst_feedback *feedback,
    int64_t now_s, enum pst_feedback_added *added, struct pst_err *err);

/* From domains that are listed of one source; all are counted. */
#define PST_FEEDBACK_MAX_DOMAINS 20
/* Sources that are shown at once. */
#define PST_FEEDBACK_MAX_SOURCES 200000

struct pst_feedback_source {
	const char *ip;
	/* Messages in valid aggregate reports */
	int64_t messages;
	int64_t dkim, spf, passed; /* with an aligned pass; by either */
	int64_t delivered, quarantined, rejected;
	/* Incidents in valid failure reports */
	int64_t failures;
	int64_t begin_s, end_s; /* of all these reports */
	const char *domains[PST_FEEDBACK_MAX_DOMAINS]; /* most mail first */
	size_t domain_count;                           /* may be more */
};

struct pst_feedback_sources {
	struct pst_feedback_source *sources; /* most messages first */
	size_t count;
	int64_t reports; /* valid ones that were looked at */
	int64_t invalid; /* ones that were left out, of any time and domain */
};

/*
 * domain: From domains that are it or below it, in normal form; "": all.
 * since_s: reports whose period ends then or later. In the arena.
 */
bool pst_feedback_sources(struct pst_db *db, struct pst_arena *arena,
    const char *domain, int64_t since_s, struct pst_feedback_sources *out,
    struct pst_err *err);

#endif
