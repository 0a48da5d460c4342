/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/failure_send.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/day.h"
#include "report/report_mail.h"
#include "store/schema.h"
#include "store/store.h"

#define HOUR 3600

/* Incidents that are read at once. */
#define BATCH 64

/* ---- limits ---- */

/*
 * What was sent in the last hour and, if $2 is 1, what is waiting to be sent.
 */
#define RECENT                                                                 \
	" d.kind = 'failure' AND (d.state = 'handing'"                         \
	" OR (d.state = 'sent' AND d.done_s > $1)"                             \
	" OR ($2 = 1 AND d.state IN ('waiting', 'retry')))"

static bool
count_all(const struct pst_store *store, bool waiting, uint64_t *out,
    struct pst_err *err)
{
	int64_t count;

	if (!pst_db_get_number(store->db,
		"SELECT COUNT(*) FROM delivery d WHERE" RECENT,
		(struct pst_db_value[]){pst_db_int(pst_store_now(store) - HOUR),
		    pst_db_int(waiting)},
		2, &count, NULL, err))
		return false;
	*out = (uint64_t)count;
	return true;
}

static bool
count_domain(const struct pst_store *store, const char *domain, bool waiting,
    uint64_t *out, struct pst_err *err)
{
	int64_t count;

	if (!pst_db_get_number(store->db,
		"SELECT COUNT(*) FROM delivery d"
		" JOIN report r ON r.id = d.report WHERE r.domain = $3"
		" AND" RECENT,
		(struct pst_db_value[]){pst_db_int(pst_store_now(store) - HOUR),
		    pst_db_int(waiting), pst_db_text(domain)},
		3, &count, NULL, err))
		return false;
	*out = (uint64_t)count;
	return true;
}

static bool
count_address(const struct pst_store *store, const char *address, uint64_t *out,
    struct pst_err *err)
{
	int64_t count;

	if (!pst_db_get_number(store->db,
		"SELECT COUNT(*) FROM delivery d WHERE d.address = $3"
		" AND" RECENT,
		(struct pst_db_value[]){pst_db_int(pst_store_now(store) - HOUR),
		    pst_db_int(0), pst_db_text(address)},
		3, &count, NULL, err))
		return false;
	*out = (uint64_t)count;
	return true;
}

bool
pst_failure_count(const struct pst_store *store,
    const struct pst_delivery *delivery, struct pst_failure_counts *out,
    struct pst_err *err)
{
	return count_all(store, false, &out->all, err) &&
	    count_domain(store, delivery->domain, false, &out->domain, err) &&
	    count_address(store, delivery->address, &out->address, err);
}

/* ---- the walk ---- */

struct batch {
	struct pst_arena *arena;
	struct pst_failure_incident items[BATCH];
	size_t count;
};

static const char *
keep(struct pst_db *db, struct pst_arena *arena, unsigned column)
{
	struct pst_str text = pst_db_column(db, column);

	return pst_arena_memdup(arena, text.ptr, text.len);
}

static bool
read_batch(struct pst_db *db, const struct pst_outbox_filter *filter,
    const struct pst_failure_incident *after, struct batch *out,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT id, domain, ruf, seen_s, n FROM failure WHERE owner = ''"
	    " AND ($1 = '' OR domain = $1)"
	    " AND (seen_s > $2 OR (seen_s = $2 AND id > $3))"
	    " AND ($4 < 0 OR (seen_s >= $5 AND seen_s <= $6))"
	    " ORDER BY seen_s, id LIMIT 64";
	int64_t day = filter->day < 0 ? 0 : filter->day;

	out->count = 0;
	if (!pst_db_select(db, sql,
		(struct pst_db_value[]){pst_db_text(filter->domain),
		    pst_db_int(after->seen_s), pst_db_text(after->id),
		    pst_db_int(filter->day), pst_db_int(pst_day_begin(day)),
		    pst_db_int(pst_day_end(day))},
		6, err))
		return false;
	while (out->count < BATCH && pst_db_next(db))
		out->items[out->count++] = (struct pst_failure_incident){
		    .id = keep(db, out->arena, 0),
		    .domain = keep(db, out->arena, 1),
		    .ruf = keep(db, out->arena, 2),
		    .seen_s = pst_db_number(db, 3),
		    .messages = pst_db_number(db, 4),
		};
	return pst_db_end(db, err);
}

/* The configuration may have changed since the incident was stored. */
static bool
is_wanted(const struct pst_config *config, const char *domain)
{
	return config->failures.all_domains ||
	    pst_domain_set_has(&config->failures.domains.set, domain);
}

/*
 * Takes an incident if the limits allow it. *full tells that the limit for all
 * domains is reached.
 */
static bool
visit(const struct pst_store *store, const struct pst_failure_walk *walk,
    const struct pst_failure_incident *incident, bool *full,
    struct pst_err *err)
{
	const struct pst_config *config = store->config;
	struct pst_str domain = pst_str(incident->domain);
	struct pst_destinations list;
	struct pst_arena *arena;
	uint64_t all, same;
	bool ok;

	if (!is_wanted(config, incident->domain))
		return true;
	if (!count_all(store, true, &all, err) ||
	    !count_domain(store, incident->domain, true, &same, err))
		return false;
	if (walk->supposed != NULL) {
		all += pst_tally_sum(walk->supposed);
		same += pst_tally_of(walk->supposed, domain);
	}
	*full = all >= config->failures.max_per_hour;
	if (*full || same >= config->failures.max_per_domain)
		return true;
	arena = pst_arena_new();
	pst_destination_list(arena, pst_str(incident->ruf),
	    config->reports.max_addresses, &list);
	ok = walk->take(walk->arg, incident, &list, err);
	if (walk->supposed != NULL)
		pst_tally_add(walk->supposed, domain, list.count);
	pst_arena_free(arena);
	return ok;
}

bool
pst_failure_walk(const struct pst_store *store,
    const struct pst_failure_walk *walk, struct pst_err *err)
{
	char last[80] = "";
	struct pst_failure_incident after = {.id = last, .seen_s = INT64_MIN};
	struct batch batch = {.count = BATCH};
	bool full = false, ok = true;

	while (ok && !full && batch.count == BATCH) {
		batch.arena = pst_arena_new();
		ok = read_batch(store->db, walk->filter, &after, &batch, err);
		for (size_t i = 0; ok && !full && i < batch.count; i++)
			ok = visit(store, walk, &batch.items[i], &full, err);
		if (ok && batch.count > 0) {
			after.seen_s = batch.items[batch.count - 1].seen_s;
			(void)snprintf(last, sizeof(last), "%s",
			    batch.items[batch.count - 1].id);
		}
		pst_arena_free(batch.arena);
	}
	return ok;
}

/* ---- claiming ---- */

struct claim {
	const struct pst_store *store;
	uint64_t made;
};

static bool
store_report(const struct pst_store *store,
    const struct pst_failure_incident *incident,
    const struct pst_destinations *list, struct pst_err *err)
{
	char id[PST_STORE_ID_SIZE];

	pst_store_random_id(id);
	return pst_db_run(store->db,
		   "INSERT INTO report (id, day, domain, made_s)"
		   " VALUES ($1, $2, $3, $4)",
		   (struct pst_db_value[]){pst_db_text(id),
		       pst_db_int(pst_day_of(incident->seen_s)),
		       pst_db_text(incident->domain),
		       pst_db_int(pst_store_now(store))},
		   4, NULL, err) &&
	    pst_db_run(store->db,
		"UPDATE failure SET owner = $1 WHERE id = $2 AND owner = ''",
		(struct pst_db_value[]){
		    pst_db_text(id), pst_db_text(incident->id)},
		2, NULL, err) &&
	    pst_outbox_add(store->db, PST_OUTBOX_FAILURE, id, list, err);
}

static bool
take(void *arg, const struct pst_failure_incident *incident,
    const struct pst_destinations *list, struct pst_err *err)
{
	struct claim *claim = arg;
	struct pst_db *db = claim->store->db;

	if (!pst_schema_begin(db, err))
		return false;
	if (store_report(claim->store, incident, list, err) &&
	    pst_db_commit(db, err)) {
		claim->made++;
		return true;
	}
	pst_db_rollback(db);
	return false;
}

bool
pst_failure_claim(const struct pst_store *store,
    const struct pst_outbox_filter *filter, uint64_t *made, struct pst_err *err)
{
	struct claim claim = {.store = store};
	const struct pst_failure_walk walk = {
	    .filter = filter, .take = take, .arg = &claim};
	bool ok = pst_failure_walk(store, &walk, err);

	*made = claim.made;
	return ok;
}

/* ---- writing ---- */

static struct pst_str
keep_octets(struct pst_db *db, struct pst_arena *arena, unsigned column)
{
	return (struct pst_str){
	    keep(db, arena, column), pst_db_column(db, column).len};
}

/* Reads the incident's part of the mail. */
static bool
read_incident(struct pst_db *db, struct pst_arena *arena,
    const struct pst_failure_compose *what, struct pst_failure_mail *out,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT fields, header, subject, seen_s, n FROM failure"
	    " WHERE owner = $1 AND ($1 <> '' OR id = $2)";
	bool found;

	if (!pst_db_select(db, sql,
		(struct pst_db_value[]){
		    pst_db_text(what->report), pst_db_text(what->incident)},
		2, err))
		return false;
	found = pst_db_next(db);
	if (found) {
		out->fields = keep_octets(db, arena, 0);
		out->header = keep_octets(db, arena, 1);
		out->subject = keep_octets(db, arena, 2);
		out->seen_s = pst_db_number(db, 3);
		out->incidents = pst_db_number(db, 4);
	}
	return pst_db_end(db, err) &&
	    (found ||
		pst_err_set(err,
		    "the store has no incident for failure report %s; was it "
		    "edited by hand?",
		    what->id));
}

static const char *
domain_of(struct pst_arena *arena, const char *address)
{
	const char *at = strrchr(address, '@');
	char *copy = pst_arena_strdup(arena, at == NULL ? address : at + 1);

	for (char *c = copy; *c != '\0'; c++)
		*c = pst_lower(*c);
	return copy;
}

bool
pst_failure_write(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_failure_compose *what, struct pst_str *out,
    struct pst_err *err)
{
	const struct pst_config *config = store->config;
	const char *domain = domain_of(arena, config->reports.from);
	struct pst_failure_mail mail = {
	    .envelope = {.from = config->reports.from,
		.to = what->to,
		.domain = domain,
		.id = what->id,
		.date_s = pst_store_now(store)},
	    .policy_domain = what->domain,
	    .org_name = config->reports.org_name[0] != '\0' ?
		config->reports.org_name :
		domain,
	    .contact = config->reports.contact,
	};
	struct pst_buf buf;

	if (!read_incident(store->db, arena, what, &mail, err))
		return false;
	pst_buf_init(&buf, arena, pst_failure_mail_size(&mail));
	pst_failure_mail_write(&buf, &mail);
	*out = pst_buf_slice(&buf);
	return true;
}

bool
pst_failure_size(struct pst_db *db, const char *report,
    struct pst_composed *out, struct pst_err *err)
{
	const struct pst_db_value value = pst_db_text(report);

	*out = (struct pst_composed){.rows = 1};
	return pst_db_get_number(db, "SELECT n FROM failure WHERE owner = $1",
	    &value, 1, &out->messages, NULL, err);
}

bool
pst_failure_waiting(struct pst_db *db, int64_t *count, struct pst_err *err)
{
	return pst_db_get_number(db,
	    "SELECT COUNT(*) FROM failure WHERE owner = ''", NULL, 0, count,
	    NULL, err);
}
