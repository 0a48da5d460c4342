/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/failure_send.h"

#include <stdio.h>

#include "base/day.h"
#include "store/store.h"

#define HOUR 3600

/* Incidents that are read at once. */
#define BATCH 64

/* ---- limits ---- */

/*
 * What was sent in the last hour and, if $2 is 1, what is waiting to be sent.
 */
#define RECENT                                                                 \
	" d.kind = 'failure' AND ((d.state IN ('sent', 'handing')"             \
	" AND d.done_s > $1) OR ($2 = 1 AND d.state IN ('waiting', 'retry')))"

static bool
count_all(struct pst_db *db, int64_t now_s, bool waiting, int64_t *out,
    struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT COUNT(*) FROM delivery d WHERE" RECENT,
	    (struct pst_db_value[]){
		pst_db_int(now_s - HOUR), pst_db_int(waiting)},
	    2, out, NULL, err);
}

static bool
count_domain(struct pst_db *db, const char *domain, int64_t now_s, bool waiting,
    int64_t *out, struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT COUNT(*) FROM delivery d JOIN report r ON r.id = d.report"
	    " WHERE r.domain = $3 AND" RECENT,
	    (struct pst_db_value[]){pst_db_int(now_s - HOUR),
		pst_db_int(waiting), pst_db_text(domain)},
	    3, out, NULL, err);
}

static bool
count_address(struct pst_db *db, const char *address, int64_t now_s,
    int64_t *out, struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT COUNT(*) FROM delivery d WHERE d.address = $3 AND" RECENT,
	    (struct pst_db_value[]){
		pst_db_int(now_s - HOUR), pst_db_int(0), pst_db_text(address)},
	    3, out, NULL, err);
}

bool
pst_failure_may_go(struct pst_db *db, const struct pst_config *config,
    const struct pst_delivery *delivery, int64_t now_s, bool *out, bool *later,
    const char **why, struct pst_err *err)
{
	int64_t all, domain, address;

	*out = false;
	*why = "";
	if (!count_all(db, now_s, false, &all, err) ||
	    !count_domain(db, delivery->domain, now_s, false, &domain, err) ||
	    !count_address(db, delivery->address, now_s, &address, err))
		return false;
	*later = all >= config->failures.max_per_hour ||
	    domain >= config->failures.max_per_domain;
	if (*later)
		*why = "the hourly limit of failure reports is reached";
	else if (address >= config->failures.max_per_destination)
		*why = "the hourly limit of failure reports to it is reached";
	else
		*out = true;
	return true;
}

/* ---- claiming ---- */

struct incident {
	const char *id, *domain, *ruf;
	int64_t seen_s;
};

static bool
read_batch(struct pst_db *db, struct pst_arena *arena,
    const struct pst_outbox_filter *filter, const struct incident *after,
    struct incident *out, size_t *count, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT id, domain, ruf, seen_s FROM failure WHERE owner = ''"
	    " AND ($1 = '' OR domain = $1)"
	    " AND (seen_s > $2 OR (seen_s = $2 AND id > $3))"
	    " ORDER BY seen_s, id LIMIT 64";

	*count = 0;
	if (!pst_db_select(db, sql,
		(struct pst_db_value[]){pst_db_text(filter->domain),
		    pst_db_int(after->seen_s), pst_db_text(after->id)},
		3, err))
		return false;
	while (*count < BATCH && pst_db_next(db)) {
		struct incident *incident = &out[(*count)++];

		incident->id =
		    pst_arena_strdup(arena, pst_db_column(db, 0).ptr);
		incident->domain =
		    pst_arena_strdup(arena, pst_db_column(db, 1).ptr);
		incident->ruf =
		    pst_arena_strdup(arena, pst_db_column(db, 2).ptr);
		incident->seen_s = pst_db_number(db, 3);
	}
	return pst_db_end(db, err);
}

static bool
take(struct pst_db *db, const struct incident *incident,
    const struct pst_destinations *list, int64_t now_s, struct pst_err *err)
{
	char id[PST_STORE_ID_SIZE];

	pst_store_random_id(id);
	return pst_db_run(db,
		   "INSERT INTO report (id, day, domain, made_s)"
		   " VALUES ($1, $2, $3, $4)",
		   (struct pst_db_value[]){pst_db_text(id),
		       pst_db_int(pst_day_of(incident->seen_s)),
		       pst_db_text(incident->domain), pst_db_int(now_s)},
		   4, NULL, err) &&
	    pst_db_run(db,
		"UPDATE failure SET owner = $1 WHERE id = $2 AND owner = ''",
		(struct pst_db_value[]){
		    pst_db_text(id), pst_db_text(incident->id)},
		2, NULL, err) &&
	    pst_outbox_add(db, PST_OUTBOX_FAILURE, id, list, err);
}

/*
 * Makes a report of an incident if the limits allow it. *full tells that the
 * limit for all domains is reached.
 */
static bool
claim_one(struct pst_db *db, struct pst_arena *arena,
    const struct pst_config *config, const struct incident *incident,
    int64_t now_s, bool *full, uint64_t *made, struct pst_err *err)
{
	struct pst_destinations *list = pst_arena_alloc(arena, sizeof(*list));
	int64_t all, domain;

	/* The configuration may have changed since the incident was stored. */
	if (!config->failures.all_domains &&
	    !pst_domain_set_has(
		&config->failures.domains.set, incident->domain))
		return true;
	if (!count_all(db, now_s, true, &all, err) ||
	    !count_domain(db, incident->domain, now_s, true, &domain, err))
		return false;
	*full = all >= config->failures.max_per_hour;
	if (*full || domain >= config->failures.max_per_domain)
		return true;
	pst_destination_list(
	    arena, pst_str(incident->ruf), config->reports.max_addresses, list);
	if (!pst_db_begin(db, err))
		return false;
	if (take(db, incident, list, now_s, err) && pst_db_commit(db, err)) {
		++*made;
		return true;
	}
	pst_db_rollback(db);
	return false;
}

bool
pst_failure_claim(struct pst_db *db, const struct pst_config *config,
    const struct pst_outbox_filter *filter, int64_t now_s, uint64_t *made,
    struct pst_err *err)
{
	char last[80] = "";
	struct incident after = {.id = last, .seen_s = INT64_MIN};
	bool full = false, ok = true;
	size_t count = BATCH;

	*made = 0;
	while (ok && !full && count == BATCH) {
		struct pst_arena *arena = pst_arena_new();
		struct incident *batch =
		    pst_arena_array(arena, BATCH, sizeof(*batch));

		ok = read_batch(db, arena, filter, &after, batch, &count, err);
		for (size_t i = 0; ok && !full && i < count; i++)
			ok = claim_one(db, arena, config, &batch[i], now_s,
			    &full, made, err);
		if (ok && count > 0) {
			after.seen_s = batch[count - 1].seen_s;
			(void)snprintf(
			    last, sizeof(last), "%s", batch[count - 1].id);
		}
		pst_arena_free(arena);
	}
	return ok;
}

/* ---- reading ---- */

static struct pst_str
keep(struct pst_db *db, struct pst_arena *arena, unsigned column)
{
	struct pst_str text = pst_db_column(db, column);

	return (struct pst_str){
	    pst_arena_memdup(arena, text.ptr, text.len), text.len};
}

bool
pst_failure_read(struct pst_db *db, struct pst_arena *arena, const char *report,
    struct pst_failure_mail *out, struct pst_err *err)
{
	bool found;

	if (!pst_db_select(db,
		"SELECT fields, header, subject, seen_s, n FROM failure"
		" WHERE owner = $1",
		(struct pst_db_value[]){pst_db_text(report)}, 1, err))
		return false;
	found = pst_db_next(db);
	if (found) {
		out->fields = keep(db, arena, 0);
		out->header = keep(db, arena, 1);
		out->subject = keep(db, arena, 2);
		out->seen_s = pst_db_number(db, 3);
		out->incidents = pst_db_number(db, 4);
	}
	return pst_db_end(db, err) &&
	    (found ||
		pst_err_set(err,
		    "the store has no incident for failure report %s; was it "
		    "edited by hand?",
		    report));
}

bool
pst_failure_waiting(struct pst_db *db, int64_t *count, struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT COUNT(*) FROM failure WHERE owner = ''", NULL, 0, count,
	    NULL, err);
}
