/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query_reports.h"

const char *const pst_query_sent_states[PST_QUERY_SENT_STATES] = {
    "waiting", "retry", "handing", "sent", "dropped", "refused", "suppressed"};

/* The rows are counted only for the deliveries that are shown. */
static const char sent_sql[] =
    "SELECT d.day, d.domain, d.address, d.kind, d.state, d.why, d.tries,"
    " d.made_s, d.next_s, d.done_s,"
    " COALESCE((SELECT s.until_s FROM suppress s"
    " WHERE s.address = d.address), 0),"
    " (SELECT COUNT(*) FROM record c WHERE c.owner = d.report),"
    " (SELECT CAST(COALESCE(SUM(c.n), 0) AS BIGINT) FROM record c"
    " WHERE c.owner = d.report)"
    " FROM (SELECT r.day, r.domain, r.made_s, d.report, d.address, d.kind,"
    " d.state, d.why, d.tries, d.next_s, d.done_s"
    " FROM report r JOIN delivery d ON d.report = r.id"
    " WHERE r.day BETWEEN $1 AND $2 AND ($3 = '' OR r.domain = $3)"
    " AND ($4 = '' OR d.state = $4)"
    " ORDER BY r.day DESC, r.domain, d.kind, d.address, d.report"
    " LIMIT $5) d"
    " ORDER BY d.day DESC, d.domain, d.kind, d.address, d.report";

static bool
is_open(struct pst_str state)
{
	return pst_str_eq(state, PST_STR("waiting")) ||
	    pst_str_eq(state, PST_STR("retry"));
}

bool
pst_query_sent(struct pst_db *db, const struct pst_query_sent_filter *filter,
    bool (*visit)(void *arg, const struct pst_query_sent *sent), void *arg,
    struct pst_err *err)
{
	const struct pst_db_value values[] = {pst_db_int(filter->first_day),
	    pst_db_int(filter->last_day), pst_db_text(filter->domain),
	    pst_db_text(filter->state), pst_db_int((int64_t)filter->limit)};
	bool more = true;

	if (!pst_db_select(db, sent_sql, values, PST_COUNT(values), err))
		return false;
	while (more && pst_db_next(db)) {
		struct pst_query_sent sent = {
		    .day = pst_db_number(db, 0),
		    .domain = pst_db_column(db, 1),
		    .address = pst_db_column(db, 2),
		    .kind = pst_db_column(db, 3),
		    .state = pst_db_column(db, 4),
		    .why = pst_db_column(db, 5),
		    .tries = pst_db_number(db, 6),
		    .made_s = pst_db_number(db, 7),
		    .next_s = pst_db_number(db, 8),
		    .done_s = pst_db_number(db, 9),
		    .suppressed_until_s = pst_db_number(db, 10),
		    .rows = pst_db_number(db, 11),
		    .messages = pst_db_number(db, 12),
		};

		/* The time of a try that is over stays in the table. */
		if (!is_open(sent.state))
			sent.next_s = 0;
		more = visit(arg, &sent);
	}
	return pst_db_end(db, err);
}

static void
count(struct pst_query_sent_counts *out, struct pst_str state, int64_t number)
{
	out->all += number;
	for (size_t i = 0; i < PST_QUERY_SENT_STATES; i++)
		if (pst_str_eq(state, pst_str(pst_query_sent_states[i])))
			out->deliveries[i] += number;
}

bool
pst_query_sent_counts(struct pst_db *db, int64_t first_day, int64_t last_day,
    struct pst_query_sent_counts *out, struct pst_err *err)
{
	static const char deliveries[] =
	    "SELECT d.state, COUNT(*) FROM report r"
	    " JOIN delivery d ON d.report = r.id"
	    " WHERE r.day BETWEEN $1 AND $2 GROUP BY d.state";
	static const char reports[] =
	    "SELECT COUNT(*) FROM report WHERE day BETWEEN $1 AND $2";
	const struct pst_db_value values[] = {
	    pst_db_int(first_day), pst_db_int(last_day)};

	*out = (struct pst_query_sent_counts){.all = 0};
	if (!pst_db_select(db, deliveries, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(db))
		count(out, pst_db_column(db, 0), pst_db_number(db, 1));
	return pst_db_end(db, err) &&
	    pst_db_get_number(db, reports, values, PST_COUNT(values),
		&out->reports, NULL, err);
}
