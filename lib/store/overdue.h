/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_OVERDUE_H
#define PST_STORE_OVERDUE_H

/*
 * Whether reports that should have been sent are not: what `postern report send`
 * and its timer do goes unnoticed otherwise, as no mail depends on it.
 */

#include "base/arena.h"
#include "base/macros.h"
#include "config/config.h"
#include "core/status.h"
#include "store/open.h"
#include "store/query_reports.h"

/*
 * A day's reports are made from 00:15 UTC on, every hour. They are overdue this
 * long after the end of the day, so that a night without the timer, or a relay
 * that is down for a day, alarms nobody.
 */
#define PST_OVERDUE_AFTER_S ((int64_t)36 * 3600)

struct pst_overdue {
	bool configured; /* reports are made at all; else all is zero */
	bool overdue;
	int64_t pending_domains; /* policy domains and days without a report,
				    overdue */
	int64_t oldest_day;      /* of these; -1 if there are none */
	int64_t waiting;         /* deliveries that are not finished */
	int64_t stuck;           /* of these: due for PST_OVERDUE_AFTER_S */
	int64_t last_success_s;  /* of a delivery, since 1970; 0: none known */
	/*
	 * Deliveries by state. Those that are finished: since 00:00 UTC, so
	 * that deleting old reports does not make the number smaller.
	 */
	int64_t today[PST_QUERY_SENT_STATES];
	/* What it means and what to do, in the arena; "" if not overdue. */
	const char *sentence;
};

/*
 * Reads *out from what reports are made from, which may be a shared database.
 * Gives up after some seconds. False with a sentence in err when the store
 * cannot be opened or fails; *out is zero then, except for `configured`.
 */
bool pst_overdue_read(struct pst_arena *arena, const struct pst_config *config,
    struct pst_overdue *out, struct pst_err *err) PST_MUST_CHECK;

/* The same for a store that is open. */
bool pst_overdue_ask(struct pst_arena *arena, const struct pst_store *store,
    struct pst_overdue *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * Adds to the judgement of the daemon (pst_status_judge()) that reports are
 * overdue, or that this cannot be told. Returns the level of both.
 */
enum pst_status_level
pst_overdue_judge(struct pst_arena *arena, const struct pst_config *config,
    enum pst_status_level level, const char **problems);

#endif
