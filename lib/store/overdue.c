/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/overdue.h"

#include "base/buf.h"
#include "base/day.h"

/* A page or a monitoring system waits for no longer. */
#define LIMIT_MS 5000

#define MAX_SENTENCE 1000

static bool
count_states(struct pst_db *db, int64_t today_s, struct pst_overdue *out,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT state, COUNT(*) FROM delivery"
	    " WHERE state IN ('waiting', 'retry', 'handing') OR done_s >= $1"
	    " GROUP BY state";
	const struct pst_db_value value = pst_db_int(today_s);

	if (!pst_db_select(db, sql, &value, 1, err))
		return false;
	while (pst_db_next(db))
		for (size_t i = 0; i < PST_QUERY_SENT_STATES; i++)
			if (pst_str_eq(pst_db_column(db, 0),
				pst_str(pst_query_sent_states[i])))
				out->today[i] = pst_db_number(db, 1);
	return pst_db_end(db, err);
}

static bool
read_numbers(struct pst_db *db, int64_t before_s, struct pst_overdue *out,
    struct pst_err *err)
{
	/* The last whole day of which the end was before. */
	const int64_t last_day = pst_day_of(before_s) - 1;
	const struct {
		const char *sql;
		int64_t value;
		int64_t *to;
	} numbers[] = {
	    {"SELECT COUNT(*) FROM policy WHERE owner = '' AND day <= $1",
		last_day, &out->pending_domains},
	    {"SELECT COALESCE(MIN(day), -1) FROM policy"
	     " WHERE owner = '' AND day <= $1",
		last_day, &out->oldest_day},
	    {"SELECT COUNT(*) FROM delivery"
	     " WHERE state IN ('waiting', 'retry') AND $1 = $1",
		0, &out->waiting},
	    {"SELECT COUNT(*) FROM delivery d JOIN report r ON r.id = d.report"
	     " WHERE d.state IN ('waiting', 'retry')"
	     " AND r.made_s < $1 AND d.next_s < $1",
		before_s, &out->stuck},
	    {"SELECT COALESCE(MAX(done_s), 0) FROM delivery"
	     " WHERE state = 'sent' AND $1 = $1",
		0, &out->last_success_s},
	};

	for (size_t i = 0; i < PST_COUNT(numbers); i++) {
		const struct pst_db_value value = pst_db_int(numbers[i].value);

		if (!pst_db_get_number(db, numbers[i].sql, &value, 1,
			numbers[i].to, NULL, err))
			return false;
	}
	return true;
}

static const char *
sentence_of(struct pst_arena *arena, const struct pst_overdue *overdue)
{
	char day[PST_DAY_TEXT_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_SENTENCE);
	pst_buf_add_text(&buf, "DMARC reports are overdue: ");
	if (overdue->pending_domains > 0)
		pst_buf_printf(&buf, "%lld %s not made, the oldest is of %s",
		    (long long)overdue->pending_domains,
		    overdue->pending_domains == 1 ? "is" : "are",
		    pst_day_text(overdue->oldest_day, day));
	if (overdue->stuck > 0)
		pst_buf_printf(&buf, "%s%lld %s for more than %d hours",
		    overdue->pending_domains > 0 ? ", and " : "",
		    (long long)overdue->stuck,
		    overdue->stuck == 1 ? "waits" : "wait",
		    (int)(PST_OVERDUE_AFTER_S / 3600));
	pst_buf_add_text(&buf,
	    "; mail is not affected; check that postern-report.timer runs, and "
	    "see what \"postern report send\" says");
	return pst_buf_str(&buf);
}

bool
pst_overdue_ask(struct pst_arena *arena, const struct pst_store *store,
    struct pst_overdue *out, struct pst_err *err)
{
	const int64_t now_s = pst_store_now(store);

	*out = (struct pst_overdue){
	    .configured = store->config->reports.from[0] != '\0',
	    .oldest_day = -1,
	    .sentence = ""};
	if (!out->configured)
		return true;
	if (!read_numbers(store->db, now_s - PST_OVERDUE_AFTER_S, out, err) ||
	    !count_states(
		store->db, pst_day_begin(pst_day_of(now_s)), out, err)) {
		*out = (struct pst_overdue){
		    .configured = true, .oldest_day = -1, .sentence = ""};
		return false;
	}
	out->overdue = out->pending_domains > 0 || out->stuck > 0;
	if (out->overdue)
		out->sentence = sentence_of(arena, out);
	return true;
}

bool
pst_overdue_read(struct pst_arena *arena, const struct pst_config *config,
    struct pst_overdue *out, struct pst_err *err)
{
	struct pst_store store = {.config = config, .clock = &pst_clock_system};
	bool ok;

	*out =
	    (struct pst_overdue){.configured = config->reports.from[0] != '\0',
		.oldest_day = -1,
		.sentence = ""};
	if (!out->configured)
		return true;
	if (!pst_store_open(&store, PST_STORE_READ, err))
		return false;
	ok = pst_db_limit(store.db, LIMIT_MS, err) &&
	    pst_overdue_ask(arena, &store, out, err);
	pst_store_close(&store);
	return ok;
}

enum pst_status_level
pst_overdue_judge(struct pst_arena *arena, const struct pst_config *config,
    enum pst_status_level level, const char **problems)
{
	struct pst_overdue overdue;
	struct pst_err err;
	const char *sentence = "";

	if (!pst_overdue_read(arena, config, &overdue, &err))
		sentence = pst_arena_printf(arena,
		    "whether DMARC reports are overdue cannot be told: %s",
		    err.text);
	else
		sentence = overdue.sentence;
	if (sentence[0] == '\0')
		return level;
	*problems = pst_arena_printf(arena, "%s%s%s", *problems,
	    (*problems)[0] == '\0' ? "" : "; ", sentence);
	return level < PST_STATUS_WARNING ? PST_STATUS_WARNING : level;
}
