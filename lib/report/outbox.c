/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/outbox.h"

#include <assert.h>

#include "base/day.h"
#include "base/macros.h"
#include "report/lease.h"
#include "store/fields.h"
#include "store/store.h"

static const char *const state_words[] = {
    [PST_OUTBOX_WAITING] = "waiting",
    [PST_OUTBOX_RETRY] = "retry",
    [PST_OUTBOX_HANDING] = "handing",
    [PST_OUTBOX_SENT] = "sent",
    [PST_OUTBOX_DROPPED] = "dropped",
    [PST_OUTBOX_REFUSED] = "refused",
    [PST_OUTBOX_SUPPRESSED] = "suppressed",
};

static const char *const kind_words[] = {
    [PST_OUTBOX_AGGREGATE] = "aggregate",
    [PST_OUTBOX_FAILURE] = "failure",
};

const char *
pst_outbox_state_word(enum pst_outbox_state state)
{
	return state_words[state];
}

static enum pst_outbox_state
state_of(struct pst_str word)
{
	for (enum pst_outbox_state state = 0; state < PST_COUNT(state_words);
	     state++)
		if (pst_str_eq(word, pst_str(state_words[state])))
			return state;
	return PST_OUTBOX_DROPPED;
}

static const char *
keep(struct pst_db *db, struct pst_arena *arena, unsigned column)
{
	struct pst_str text = pst_db_column(db, column);

	return pst_arena_memdup(arena, text.ptr, text.len);
}

/* ---- making reports ---- */

bool
pst_outbox_pending(const struct pst_store *store,
    const struct pst_outbox_filter *filter,
    const struct pst_outbox_pending *after, struct pst_pending_page *page,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT day, domain FROM policy WHERE owner = '' AND day < $1"
	    " AND ($2 < 0 OR day = $2) AND ($3 = '' OR domain = $3)"
	    " AND (day > $4 OR (day = $4 AND domain > $5))"
	    " ORDER BY day, domain LIMIT $6";
	struct pst_db *db = store->db;

	page->count = 0;
	if (!pst_db_select(db, sql,
		(struct pst_db_value[]){pst_db_int(filter->before),
		    pst_db_int(filter->day), pst_db_text(filter->domain),
		    pst_db_int(after->day), pst_db_text(after->domain),
		    pst_db_int((int64_t)page->max)},
		6, err))
		return false;
	while (page->count < page->max && pst_db_next(db))
		page->items[page->count++] = (struct pst_outbox_pending){
		    .day = pst_db_number(db, 0),
		    .domain = keep(db, page->arena, 1),
		};
	return pst_db_end(db, err);
}

bool
pst_outbox_add(struct pst_db *db, enum pst_outbox_kind kind, const char *report,
    const struct pst_destinations *list, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO delivery (report, kind, address, state, token, tries,"
	    " next_s, done_s, why)"
	    " VALUES ($1, $2, $3, 'waiting', $4, 0, 0, 0, '')";

	for (size_t i = 0; i < list->count; i++) {
		char token[PST_STORE_ID_SIZE];

		pst_store_random_id(token);
		token[PST_OUTBOX_TOKEN_SIZE - 1] = '\0';
		if (!pst_db_run(db, sql,
			(struct pst_db_value[]){pst_db_text(report),
			    pst_db_text(kind_words[kind]),
			    pst_db_text(list->items[i].address),
			    pst_db_text(token)},
			4, NULL, err))
			return false;
	}
	return true;
}

/* Reads the addresses from the policy that is stored now. */
static bool
read_rua(struct pst_db *db, struct pst_arena *arena,
    const struct pst_compose *what, const char **out, struct pst_err *err)
{
	static const char sql[] = "SELECT rua FROM policy WHERE day = $1"
				  " AND domain = $2 AND owner = ''";

	*out = NULL;
	if (!pst_db_select(db, sql,
		(struct pst_db_value[]){
		    pst_db_int(what->day), pst_db_text(what->domain)},
		2, err))
		return false;
	if (pst_db_next(db))
		*out = keep(db, arena, 0);
	return pst_db_end(db, err);
}

bool
pst_outbox_measure(const struct pst_store *store, struct pst_arena *arena,
    struct pst_outbox_part *part, struct pst_err *err)
{
	part->what.owner = "";
	part->what.until = "";
	memset(&part->size, 0, sizeof(part->size));
	if (!read_rua(store->db, arena, &part->what, &part->rua, err))
		return false;
	if (part->rua == NULL)
		return true;
	if (!pst_compose_measure(store, &part->what, &part->size, err))
		return false;
	if (part->size.cut)
		part->what.until = pst_arena_strdup(arena, part->size.last);
	return true;
}

/*
 * Makes the report the owner of the rows. If all rows fit, the policy goes
 * first, so that a process that adds rows meanwhile makes a new policy row for
 * them. Otherwise the rows up to `last` go, with a copy of the policy.
 */
static bool
take_rows(struct pst_db *db, const char *id,
    const struct pst_outbox_pending *pending, const struct pst_composed *size,
    struct pst_err *err)
{
	static const char copy[] =
	    "INSERT INTO policy ({policy}, owner, rows_n)"
	    " SELECT {policy}, $1, rows_n FROM policy"
	    " WHERE day = $2 AND domain = $3 AND owner = ''";
	static const char take[] =
	    "UPDATE policy SET owner = $1"
	    " WHERE day = $2 AND domain = $3 AND owner = ''";
	static const char some[] =
	    "UPDATE record SET owner = $1"
	    " WHERE day = $2 AND domain = $3 AND owner = '' AND id <= $4";
	static const char all[] =
	    "UPDATE record SET owner = $1"
	    " WHERE day = $2 AND domain = $3 AND owner = ''";
	const struct pst_db_value values[] = {pst_db_text(id),
	    pst_db_int(pending->day), pst_db_text(pending->domain),
	    pst_db_text(size->last)};

	return pst_db_run(db, size->cut ? pst_fields_sql(copy) : take, values,
		   3, NULL, err) &&
	    (size->cut ? pst_db_run(db, some, values, 4, NULL, err) :
			 pst_db_run(db, all, values, 3, NULL, err));
}

bool
pst_outbox_claim(const struct pst_store *store,
    const struct pst_outbox_pending *pending, struct pst_outbox_claimed *out,
    struct pst_err *err)
{
	static const char insert[] =
	    "INSERT INTO report (id, day, domain, made_s)"
	    " VALUES ($1, $2, $3, $4)";
	struct pst_arena *arena = pst_arena_new();
	struct pst_destinations *list = pst_arena_alloc(arena, sizeof(*list));
	char id[PST_STORE_ID_SIZE];
	struct pst_outbox_part part = {
	    .what = {.day = pending->day, .domain = pending->domain, .id = id}};
	bool ok;

	pst_store_random_id(id);
	ok = pst_outbox_measure(store, arena, &part, err);
	if (ok && part.rua != NULL) {
		pst_destination_list(arena, pst_str(part.rua),
		    store->config->reports.max_addresses, list);
		ok = pst_db_run(store->db, insert,
			 (struct pst_db_value[]){pst_db_text(id),
			     pst_db_int(pending->day),
			     pst_db_text(pending->domain),
			     pst_db_int(pst_store_now(store))},
			 4, NULL, err) &&
		    take_rows(store->db, id, pending, &part.size, err) &&
		    /* A policy without rows makes no mail. */
		    (part.size.rows == 0 ||
			pst_outbox_add(
			    store->db, PST_OUTBOX_AGGREGATE, id, list, err));
	}
	*out = (struct pst_outbox_claimed){part.size.rows, part.size.cut};
	pst_arena_free(arena);
	return ok;
}

/* ---- deliveries ---- */

#define DUE(from, uris)                                                        \
	"SELECT d.report, d.address, d.state, d.token, d.tries, r.day,"        \
	" r.domain, " uris " FROM delivery d JOIN report r ON r.id = d.report" \
	" " from " AND ((d.state IN ('waiting', 'retry')"                      \
	" AND (d.next_s <= $1 OR d.next_s > $8)) OR $2 = 1)"                   \
	" AND ($3 < 0 OR r.day = $3) AND ($4 = '' OR r.domain = $4)"           \
	" AND (d.report > $5 OR (d.report = $5 AND d.address > $6))"           \
	" ORDER BY d.report, d.address LIMIT $7"

static struct pst_delivery
read_delivery(struct pst_db *db, struct pst_arena *arena)
{
	return (struct pst_delivery){
	    .report = keep(db, arena, 0),
	    .address = keep(db, arena, 1),
	    .state = state_of(pst_db_column(db, 2)),
	    .token = keep(db, arena, 3),
	    .tries = pst_db_number(db, 4),
	    .day = pst_db_number(db, 5),
	    .domain = keep(db, arena, 6),
	    .uris = keep(db, arena, 7),
	};
}

bool
pst_outbox_due(const struct pst_store *store,
    const struct pst_outbox_filter *filter, const struct pst_delivery *after,
    struct pst_delivery_page *page, struct pst_err *err)
{
	static const char aggregate[] =
	    DUE("JOIN policy p ON p.day = r.day AND p.domain = r.domain"
		" AND p.owner = r.id WHERE d.kind = 'aggregate'",
		"p.rua");
	static const char failure[] =
	    DUE("JOIN failure f ON f.owner = r.id WHERE d.kind = 'failure'",
		"f.ruf");
	bool is_aggregate = page->kind == PST_OUTBOX_AGGREGATE;
	struct pst_db *db = store->db;

	page->count = 0;
	if (!pst_db_select(db, is_aggregate ? aggregate : failure,
		(struct pst_db_value[]){pst_db_int(pst_store_now(store)),
		    pst_db_int(is_aggregate && filter->resend),
		    pst_db_int(filter->day), pst_db_text(filter->domain),
		    pst_db_text(after == NULL ? "" : after->report),
		    pst_db_text(after == NULL ? "" : after->address),
		    pst_db_int((int64_t)page->max),
		    pst_db_int(pst_store_now(store) + PST_OUTBOX_MAX_PAUSE_S)},
		8, err))
		return false;
	while (page->count < page->max && pst_db_next(db)) {
		struct pst_delivery *item = &page->items[page->count++];

		*item = read_delivery(db, page->arena);
		item->kind = page->kind;
	}
	return pst_db_end(db, err);
}

#define COUNT(when)                                                            \
	"SELECT COUNT(*) FROM delivery d JOIN report r ON r.id = d.report"     \
	" WHERE d.state IN ('waiting', 'retry') AND " when                     \
	" AND ($2 < 0 OR r.day = $2) AND ($3 = '' OR r.domain = $3)"

static bool
count_deliveries(const struct pst_store *store, const char *sql,
    const struct pst_outbox_filter *filter, int64_t *count, struct pst_err *err)
{
	int64_t now_s = pst_store_now(store);

	return pst_db_get_number(store->db, sql,
	    (struct pst_db_value[]){pst_db_int(now_s), pst_db_int(filter->day),
		pst_db_text(filter->domain),
		pst_db_int(now_s + PST_OUTBOX_MAX_PAUSE_S)},
	    4, count, NULL, err);
}

bool
pst_outbox_count_due(const struct pst_store *store,
    const struct pst_outbox_filter *filter, int64_t *count, struct pst_err *err)
{
	static const char sql[] = COUNT("(d.next_s <= $1 OR d.next_s > $4)");

	return count_deliveries(store, sql, filter, count, err);
}

bool
pst_outbox_count_ahead(const struct pst_store *store,
    const struct pst_outbox_filter *filter, int64_t *count, struct pst_err *err)
{
	static const char sql[] = COUNT("d.next_s > $1 AND d.next_s > $4");

	return count_deliveries(store, sql, filter, count, err);
}

bool
pst_outbox_hand_over(const struct pst_store *store,
    const struct pst_delivery *delivery, const char *holder,
    struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE delivery SET state = 'handing', done_s = $4"
	    " WHERE report = $1 AND kind = $2 AND address = $3"
	    " AND state IN ('waiting', 'retry')"
	    " AND EXISTS (SELECT 1 FROM lease WHERE holder = $5)";
	int64_t changed = 0;

	if (!pst_db_run(store->db, sql,
		(struct pst_db_value[]){pst_db_text(delivery->report),
		    pst_db_text(kind_words[delivery->kind]),
		    pst_db_text(delivery->address),
		    pst_db_int(pst_store_now(store)), pst_db_text(holder)},
		5, &changed, err))
		return false;
	return changed == 1 || pst_err_set(err, "%s", "");
}

bool
pst_outbox_book(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_outbox_entry *entry,
    struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE delivery SET state = $4, tries = $5, next_s = $6,"
	    " done_s = $7, why = $8"
	    " WHERE report = $1 AND kind = $2 AND address = $3";

	return pst_db_run(store->db, sql,
	    (struct pst_db_value[]){pst_db_text(delivery->report),
		pst_db_text(kind_words[delivery->kind]),
		pst_db_text(delivery->address),
		pst_db_text(state_words[entry->state]),
		pst_db_int(entry->tries), pst_db_int(entry->next_s),
		pst_db_int(pst_store_now(store)), pst_db_text(entry->why)},
	    8, NULL, err);
}

unsigned
pst_outbox_pause(int64_t tries, unsigned retry_for_s)
{
	unsigned pause = 900, sum = 0;

	assert(tries > 0);
	for (int64_t i = 1; i < tries && sum < retry_for_s; i++) {
		sum += pause;
		pause = pause * 2 > 14400 ? 14400 : pause * 2;
	}
	return sum >= retry_for_s ? 0 : pause;
}

bool
pst_outbox_recover(
    const struct pst_store *store, int64_t *count, struct pst_err *err)
{
	return pst_db_run(store->db,
	    "UPDATE delivery SET state = 'sent', done_s = $1,"
	    " why = 'stopped while handing over: it may not have arrived'"
	    " WHERE state = 'handing'",
	    (struct pst_db_value[]){pst_db_int(pst_store_now(store))}, 1, count,
	    err);
}

bool
pst_outbox_reopen(struct pst_db *db, const struct pst_outbox_filter *filter,
    struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE delivery SET state = 'waiting', tries = 0, next_s = 0"
	    " WHERE kind = 'aggregate' AND report IN (SELECT id FROM report"
	    " WHERE ($1 < 0 OR day = $1) AND ($2 = '' OR domain = $2))";

	return pst_db_run(db, sql,
	    (struct pst_db_value[]){
		pst_db_int(filter->day), pst_db_text(filter->domain)},
	    2, NULL, err);
}

bool
pst_outbox_each_sent(struct pst_db *db, int64_t day,
    void (*each)(void *arg, struct pst_str address, struct pst_str domain),
    void *arg, struct pst_err *err)
{
	if (!pst_db_select(db,
		"SELECT d.address, r.domain FROM delivery d"
		" JOIN report r ON r.id = d.report"
		" WHERE d.kind = 'aggregate' AND (d.state = 'handing'"
		" OR (d.state = 'sent' AND d.done_s >= $1"
		" AND d.done_s <= $2))",
		(struct pst_db_value[]){pst_db_int(pst_day_begin(day)),
		    pst_db_int(pst_day_end(day))},
		2, err))
		return false;
	while (pst_db_next(db))
		each(arg, pst_db_column(db, 0), pst_db_column(db, 1));
	return pst_db_end(db, err);
}

/* ---- addresses that bounce ---- */

bool
pst_outbox_is_suppressed(const struct pst_store *store, const char *address,
    bool *out, struct pst_err *err)
{
	int64_t until_s, now_s = pst_store_now(store);
	int64_t longest_s = (int64_t)store->config->reports.suppress_for_s;

	return pst_db_get_number(store->db,
	    "SELECT until_s FROM suppress WHERE address = $1 AND until_s > $2"
	    " AND until_s <= $3",
	    (struct pst_db_value[]){pst_db_text(address), pst_db_int(now_s),
		pst_db_int(now_s + longest_s + PST_LEASE_AHEAD_S)},
	    3, &until_s, out, err);
}

bool
pst_outbox_bounce(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_bounce *bounce, const char **address, struct pst_err *err)
{
	static const char find[] =
	    "SELECT address FROM delivery WHERE token = $1"
	    " AND state IN ('sent', 'handing')";
	static const char suppress[] =
	    "INSERT INTO suppress (address, since_s, until_s, why)"
	    " VALUES ($1, $2, $3, $4) ON CONFLICT (address) DO UPDATE"
	    " SET until_s = excluded.until_s, why = excluded.why";
	const struct pst_db_value token = pst_db_str(bounce->token);
	int64_t now_s = pst_store_now(store);

	*address = "";
	if (bounce->token.len != PST_OUTBOX_TOKEN_SIZE - 1)
		return true;
	if (!pst_db_select(store->db, find, &token, 1, err))
		return false;
	if (pst_db_next(store->db))
		*address = keep(store->db, arena, 0);
	if (!pst_db_end(store->db, err))
		return false;
	return (*address)[0] == '\0' ||
	    pst_db_run(store->db, suppress,
		(struct pst_db_value[]){pst_db_text(*address),
		    pst_db_int(now_s),
		    pst_db_int(
			now_s + (int64_t)store->config->reports.suppress_for_s),
		    pst_db_text(bounce->why)},
		4, NULL, err);
}
