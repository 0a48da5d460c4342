/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_SOURCE_GROUPS_H
#define PST_FEEDBACK_SOURCE_GROUPS_H

/*
 * The rows of the aggregate reports of others, summed up by day, week, source,
 * network, receiver or authenticated domain. They are claims: what a report
 * says of its sender is not checked, and every text in it may be hostile.
 *
 * The rows are visited, not summed up in SQL: the identifiers of a row and the
 * network of an address are not columns, and SQLite and PostgreSQL have no
 * common way to make them.
 */

#include "base/arena.h"
#include "base/macros.h"
#include "feedback/imports.h"

enum pst_source_by {
	PST_SOURCE_BY_DAY,
	PST_SOURCE_BY_WEEK, /* by its Monday */
	PST_SOURCE_BY_SOURCE,
	PST_SOURCE_BY_NETWORK, /* a /24 of IPv4, a /64 of IPv6 */
	PST_SOURCE_BY_RECEIVER,
	PST_SOURCE_BY_AUTHENTICATED,
};
#define PST_SOURCE_BYS (PST_SOURCE_BY_AUTHENTICATED + 1)

/* "day", "week", "source", "network", "receiver", "authenticated-domain". */
const char *pst_source_by_word(enum pst_source_by by);
/* The other way; false for any other word. */
bool pst_source_by_parse(const char *word, enum pst_source_by *out);
/* Whether the keys are days, so that groups are in the order of time. */
bool pst_source_by_is_date(enum pst_source_by by);

/* The key of what no domain was authenticated for. */
#define PST_SOURCE_NOBODY "(none)"

/* The longest trend: 90 days and today. */
#define PST_SOURCE_TREND_DAYS 91

/* What has the same key. */
struct pst_source_group {
	const char *key; /* as in the reports: not escaped */
	int64_t messages;
	int64_t dkim, spf, passed; /* with an aligned pass; with either */
	int64_t quarantined, rejected;
	/* Messages of each day of the trend, the first day first; NULL if the
	 * group has no trend. */
	const uint64_t *by_day;
};

struct pst_source_groups_request {
	struct pst_feedback_filter filter;
	enum pst_source_by by;
	size_t max_rows;   /* the newest ones, if there are more */
	bool any_order;    /* or any of them: pst_source_groups_newest() */
	size_t max_groups; /* with more, nothing is returned: too_many */
	/*
	 * The first groups have a trend of so many days from first_day on, by
	 * the days on which periods begin; what begins on other days is not in
	 * it. No group has one if `days` is 0 or more than
	 * PST_SOURCE_TREND_DAYS.
	 */
	size_t trends;
	int64_t first_day; /* since 1970 */
	size_t days;
};

struct pst_source_groups {
	/* Days and weeks by date; the others with most messages first. */
	struct pst_source_group *items;
	size_t count;
	/*
	 * All messages, each counted once; the groups of authenticated domains
	 * may have more.
	 */
	struct pst_source_group total;
	int64_t reports; /* valid ones that were chosen */
	int64_t invalid; /* ignored ones, of any time and domain */
	bool cut;        /* there were more rows than max_rows */
	bool too_many;   /* groups; the other members are then not set */
};

/*
 * Reads and sums up the rows. In the arena; beside the groups, it takes up to 24
 * octets for each row, or for each of the 16 identifiers of a row that are
 * looked at, when trends are asked for. False with a sentence in err when the
 * store fails.
 */
bool pst_source_groups(struct pst_db *db, struct pst_arena *arena,
    const struct pst_source_groups_request *request,
    struct pst_source_groups *out, struct pst_err *err) PST_MUST_CHECK;

/* The most reports that pst_source_groups_newest() chooses. */
#define PST_SOURCE_NEWEST_REPORTS 20000

/*
 * Sets filter->since_s to a later time if the reports that the filter chooses,
 * of any domain, have more than max_rows rows, or are more than
 * PST_SOURCE_NEWEST_REPORTS: sums are then complete for a shorter period, and
 * reading stays fast with a large store. *later tells whether it did. The
 * reports that end in the same second stay together, even if they alone have
 * more rows: none of these is newer, so any_order can be set in each case.
 * False with a sentence in err when the store fails.
 */
bool
pst_source_groups_newest(struct pst_db *db, struct pst_feedback_filter *filter,
    size_t max_rows, bool *later, struct pst_err *err) PST_MUST_CHECK;

#endif
