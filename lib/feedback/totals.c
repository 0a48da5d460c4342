/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/totals.h"

#include "base/day.h"
#include "store/query_sources.h"

#define SUM_IF(condition)                                                      \
	" CAST(SUM(CASE WHEN " condition " THEN s.n ELSE 0 END) AS BIGINT)"

/* The columns of struct pst_feedback_sum. */
#define SUMS                                                                                             \
	" CAST(SUM(s.n) AS BIGINT) AS messages," SUM_IF("s.dkim = 'pass' OR s.spf = 'pass'") "," SUM_IF( \
	    "s.disposition IN ('none', 'pass')") "," SUM_IF("s.disposition = 'quarantine'") "," SUM_IF("s.disposition = 'reject'")
#define SUM_COLUMNS 5

#define FROM_REPORTS                                                           \
	" FROM source s JOIN feedback f ON f.id = s.feedback"                  \
	" WHERE f.valid = 1 AND f.kind = 'aggregate' AND f.end_s >= $1"

#define OF_DOMAIN                                                              \
	" AND ($2 = '' OR s.header_from = $2"                                  \
	" OR s.header_from LIKE $3 ESCAPE '!')"

static struct pst_feedback_sum
read_sum(struct pst_db *db, unsigned column)
{
	return (struct pst_feedback_sum){
	    .messages = pst_db_number(db, column),
	    .passed = pst_db_number(db, column + 1),
	    .delivered = pst_db_number(db, column + 2),
	    .quarantined = pst_db_number(db, column + 3),
	    .rejected = pst_db_number(db, column + 4),
	};
}

static const char *
keep(struct pst_db *db, struct pst_arena *arena, unsigned column)
{
	struct pst_str text = pst_db_column(db, column);

	return pst_arena_memdup(arena, text.ptr, text.len);
}

bool
pst_feedback_domains(struct pst_db *db, struct pst_arena *arena,
    int64_t since_s, struct pst_feedback_domains *out, struct pst_err *err)
{
	static const char all[] =
	    "SELECT COUNT(DISTINCT s.header_from)" FROM_REPORTS;
	static const char sql[] =
	    "SELECT s.header_from, COUNT(DISTINCT f.id),"
	    " COUNT(DISTINCT f.org)," SUMS FROM_REPORTS
	    " GROUP BY s.header_from"
	    " ORDER BY messages DESC, s.header_from LIMIT $2";
	const struct pst_db_value values[] = {
	    pst_db_int(since_s), pst_db_int(PST_FEEDBACK_MAX_LIST)};

	*out = (struct pst_feedback_domains){.count = 0};
	if (!pst_db_get_number(db, all, values, 1, &out->all, NULL, err) ||
	    !pst_db_select(db, sql, values, 2, err))
		return false;
	out->items =
	    pst_arena_array(arena, PST_FEEDBACK_MAX_LIST, sizeof(*out->items));
	while (out->count < PST_FEEDBACK_MAX_LIST && pst_db_next(db))
		out->items[out->count++] = (struct pst_feedback_domain){
		    .name = keep(db, arena, 0),
		    .reports = pst_db_number(db, 1),
		    .reporters = pst_db_number(db, 2),
		    .sum = read_sum(db, 3),
		};
	return pst_db_end(db, err);
}

/* Sets the values $1 to $3 of a filter. */
static void
filter_values(struct pst_arena *arena, const struct pst_feedback_filter *filter,
    struct pst_db_value values[3])
{
	values[0] = pst_db_int(filter->since_s);
	values[1] = pst_db_text(filter->domain);
	values[2] = pst_db_text(pst_query_pattern_below(arena, filter->domain));
}

bool
pst_feedback_reporters(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter,
    struct pst_feedback_reporters *out, struct pst_err *err)
{
	static const char all[] =
	    "SELECT COUNT(DISTINCT f.org)" FROM_REPORTS OF_DOMAIN;
	static const char sql[] =
	    "SELECT o.org, COALESCE((SELECT x.email FROM feedback x"
	    " WHERE x.valid = 1 AND x.kind = 'aggregate' AND x.org = o.org"
	    " ORDER BY x.end_s DESC, x.id LIMIT 1), ''), o.reports, o.last_s,"
	    " o.messages, o.passed, o.delivered, o.quarantined, o.rejected"
	    " FROM (SELECT f.org, COUNT(DISTINCT f.id) AS reports,"
	    " MAX(f.end_s) AS last_s,"
	    " CAST(SUM(s.n) AS BIGINT) AS messages," SUM_IF("s.dkim = 'pass' OR s.spf = 'pass'") " AS passed," SUM_IF("s.disposition IN ('none', 'pass')") " AS delivered," SUM_IF(
		"s.disposition = 'quarantine'") " AS quarantined," SUM_IF("s.disposition = 'reject'") " AS rejected" FROM_REPORTS
		OF_DOMAIN " GROUP BY f.org"
												      " ORDER BY messages DESC, f.org LIMIT $4) o"
												      " ORDER BY o.messages DESC, o.org";
	struct pst_db_value values[4];

	*out = (struct pst_feedback_reporters){.count = 0};
	filter_values(arena, filter, values);
	values[3] = pst_db_int(PST_FEEDBACK_MAX_LIST);
	if (!pst_db_get_number(db, all, values, 3, &out->all, NULL, err) ||
	    !pst_db_select(db, sql, values, 4, err))
		return false;
	out->items =
	    pst_arena_array(arena, PST_FEEDBACK_MAX_LIST, sizeof(*out->items));
	while (out->count < PST_FEEDBACK_MAX_LIST && pst_db_next(db))
		out->items[out->count++] = (struct pst_feedback_reporter){
		    .org = keep(db, arena, 0),
		    .email = keep(db, arena, 1),
		    .reports = pst_db_number(db, 2),
		    .last_s = pst_db_number(db, 3),
		    .sum = read_sum(db, 4),
		};
	return pst_db_end(db, err);
}

bool
pst_feedback_days(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_days *out,
    struct pst_err *err)
{
	/* A period that ends at midnight belongs to the day before. */
	static const char sql[] =
	    "SELECT (f.end_s - 1) / 86400 AS day," SUMS FROM_REPORTS OF_DOMAIN
	    " GROUP BY (f.end_s - 1) / 86400 ORDER BY day DESC LIMIT $4";
	struct pst_db_value values[4];
	struct pst_feedback_day swap;

	*out = (struct pst_feedback_days){.count = 0};
	filter_values(arena, filter, values);
	values[3] = pst_db_int(PST_FEEDBACK_MAX_DAYS);
	if (!pst_db_select(db, sql, values, 4, err))
		return false;
	out->items =
	    pst_arena_array(arena, PST_FEEDBACK_MAX_DAYS, sizeof(*out->items));
	while (out->count < PST_FEEDBACK_MAX_DAYS && pst_db_next(db))
		out->items[out->count++] = (struct pst_feedback_day){
		    .day = pst_db_number(db, 0), .sum = read_sum(db, 1)};
	/* The latest were selected, and are shown from left to right. */
	for (size_t i = 0; i < out->count / 2; i++) {
		swap = out->items[i];
		out->items[i] = out->items[out->count - 1 - i];
		out->items[out->count - 1 - i] = swap;
	}
	return pst_db_end(db, err);
}
