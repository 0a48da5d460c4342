/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_IMPORTS_H
#define PST_FEEDBACK_IMPORTS_H

/*
 * Reports of others in the report store (tables feedback and source of
 * store/schema.h), and what they say together: who sends in the name of our
 * domains. They remain claims; what a report says of its sender is not checked.
 */

#include "base/macros.h"
#include "feedback/feedback.h"
#include "store/open.h"

enum pst_feedback_added {
	PST_FEEDBACK_NEW,
	PST_FEEDBACK_KNOWN,  /* it was stored already; nothing is changed */
	PST_FEEDBACK_BETTER, /* it replaces an invalid one */
};

/*
 * Stores a report, in a transaction of its own. A report is identified by its
 * kind, sender, id, domain and period; without a sender or an id, by its whole
 * content. Rows without an address or a number are not stored. False with a
 * sentence in err when the store fails.
 */
bool pst_feedback_add(const struct pst_store *store,
    const struct pst_feedback *feedback, enum pst_feedback_added *added,
    struct pst_err *err) PST_MUST_CHECK;

/* From domains listed for one source; all of them are counted. */
#define PST_FEEDBACK_MAX_DOMAINS 20
/* Sources that are shown at once. */
#define PST_FEEDBACK_MAX_SOURCES 200000

struct pst_feedback_source {
	const char *ip;
	/* Messages in valid aggregate reports */
	int64_t messages;
	int64_t dkim, spf, passed; /* with an aligned pass; with either */
	int64_t delivered, quarantined, rejected;
	/* Incidents in valid failure reports */
	int64_t failures;
	int64_t begin_s, end_s; /* from the first to the last report */
	const char *domains[PST_FEEDBACK_MAX_DOMAINS]; /* most mail first */
	size_t domain_count;                           /* may be more */
};

struct pst_feedback_sources {
	struct pst_feedback_source *sources; /* most messages first */
	size_t count;
	int64_t reports; /* valid ones that were evaluated */
	int64_t invalid; /* ignored ones, of any time and domain */
};

/* Which rows of which reports. */
struct pst_feedback_filter {
	/*
	 * From domains that are this one or below it, in normal form; "": all
	 */
	const char *domain;
	int64_t since_s;     /* reports whose period ends then or later */
	int64_t until_s;     /* whose period begins before; 0: all */
	bool only_aggregate; /* no failure reports */
};

/*
 * Sums up what the valid reports say. In the arena. False with a sentence in
 * err when the store fails or there are more sources than
 * PST_FEEDBACK_MAX_SOURCES.
 */
bool pst_feedback_sources(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_sources *out,
    struct pst_err *err) PST_MUST_CHECK;

/* The same without the sources: only reports and invalid are set. */
bool pst_feedback_count(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_sources *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif
