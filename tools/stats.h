/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_STATS_H
#define PST_TOOLS_STATS_H

/* `postern stats`: how much mail there was, and what enforcing would do. */

#include <stdint.h>

#include "base/arena.h"
#include "store/tallies.h"

enum pst_stats_by {
	PST_STATS_TOTALS, /* by action and by day */
	PST_STATS_DAY,
	PST_STATS_HOUR,
	PST_STATS_FROM_DOMAIN,
	PST_STATS_SOURCE, /* client networks */
	PST_STATS_RCPT_DOMAIN,
	PST_STATS_RULE,
	PST_STATS_REASON,
};

struct pst_stats_request {
	const char *config_file;
	enum pst_stats_by by;
	const char *by_word; /* as it was written; NULL: totals */
	int64_t first_day, last_day;
	uint64_t limit; /* rows; 0: not given */
	bool would;
	const struct pst_domain_set *own_domains; /* of the configuration */
	bool json, csv;
};

/*
 * Print the tables and the forecast from the tallies at path, on standard
 * output. They return an exit status, after a sentence if they fail.
 */
int pst_stats_tables(struct pst_arena *arena, const char *path,
    const struct pst_stats_request *request);
int pst_stats_forecast(struct pst_arena *arena, const char *path,
    const struct pst_stats_request *request);

/* Rows that are printed for a person if --limit is not given. */
#define PST_STATS_LIMIT 20

/* Returns "2026-11-24 to 2026-11-30" or one day, in the arena. */
const char *pst_stats_days(
    struct pst_arena *arena, const struct pst_stats_request *request);

/* Names of actions, in the order of enum pst_action: "accept" and so on. */
extern const char *const pst_stats_actions[PST_TALLY_ACTIONS];

/* Mail that was not, or would not be, accepted at once. */
uint64_t pst_stats_sum(const uint64_t counts[PST_TALLY_ACTIONS]);

#endif
