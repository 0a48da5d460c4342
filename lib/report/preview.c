/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/preview.h"

#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "report/consent.h"

/* One batch of reports. */
struct batch {
	const struct pst_preview *plan;
	struct pst_config *config;
	struct pst_arena *arena;
	struct pst_preview_report reports[PST_CONSENT_MAX];
	const char *uris[PST_CONSENT_MAX];
	struct pst_destinations *lists[PST_CONSENT_MAX];
	/* the deliveries that are due; if empty, all of the list */
	struct pst_destinations due[PST_CONSENT_MAX];
	size_t count;
};

static int64_t
now(const struct pst_preview *plan)
{
	return pst_clock_epoch(pst_service_clock(plan->service));
}

/* ---- what is known of the reports ---- */

static bool
read_sizes(struct batch *batch, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COUNT(*), CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM record"
	    " WHERE day = $1 AND domain = $2 AND owner = $3";
	struct pst_db *db = batch->plan->db;

	for (size_t i = 0; i < batch->count; i++) {
		struct pst_preview_report *report = &batch->reports[i];

		if (!pst_db_select(db, sql,
			(struct pst_db_value[]){pst_db_int(report->day),
			    pst_db_text(report->domain),
			    pst_db_text(report->report)},
			3, err))
			return false;
		if (pst_db_next(db)) {
			report->rows = pst_db_number(db, 0);
			report->messages = pst_db_number(db, 1);
		}
		if (!pst_db_end(db, err))
			return false;
	}
	return true;
}

static bool
read_uris(struct batch *batch, struct pst_err *err)
{
	static const char sql[] = "SELECT rua FROM policy WHERE day = $1"
				  " AND domain = $2 AND owner = $3";
	struct pst_db *db = batch->plan->db;

	for (size_t i = 0; i < batch->count; i++) {
		const struct pst_preview_report *report = &batch->reports[i];

		batch->uris[i] = "";
		if (!pst_db_select(db, sql,
			(struct pst_db_value[]){pst_db_int(report->day),
			    pst_db_text(report->domain),
			    pst_db_text(report->report)},
			3, err))
			return false;
		if (pst_db_next(db))
			batch->uris[i] = pst_arena_strdup(
			    batch->arena, pst_db_column(db, 0).ptr);
		if (!pst_db_end(db, err))
			return false;
	}
	return true;
}

static void
ask(struct batch *batch)
{
	struct pst_consent items[PST_CONSENT_MAX];

	for (size_t i = 0; i < batch->count; i++) {
		batch->lists[i] = pst_arena_alloc(
		    batch->arena, sizeof(struct pst_destinations));
		items[i] = (struct pst_consent){
		    .kind = PST_DESTINATION_RUA,
		    .policy_domain = batch->reports[i].domain,
		    .uris = batch->uris[i],
		    .list = batch->lists[i],
		};
	}
	pst_consent_ask(batch->plan->service, batch->config, batch->arena,
	    items, batch->count);
}

static bool
is_due(const struct pst_destinations *due, const char *address)
{
	for (size_t i = 0; i < due->count; i++)
		if (strcmp(due->items[i].address, address) == 0)
			return true;
	return due->count == 0;
}

static bool
write_addresses(struct batch *batch, size_t at, struct pst_err *err)
{
	static const char *const words[] = {
	    [PST_DESTINATION_USED] = "send",
	    [PST_DESTINATION_REFUSED] = "refuse",
	    [PST_DESTINATION_POSTPONED] = "postpone",
	};
	struct pst_preview_report *report = &batch->reports[at];
	const struct pst_destinations *list = batch->lists[at];

	for (size_t i = 0; i < list->count; i++) {
		const struct pst_destination *item = &list->items[i];
		struct pst_preview_address *out =
		    &report->addresses[report->count];
		bool suppressed;

		if (!is_due(&batch->due[at], item->address))
			continue;
		if (!pst_outbox_is_suppressed(batch->plan->db, item->address,
			now(batch->plan), &suppressed, err))
			return false;
		*out = (struct pst_preview_address){.address = item->address,
		    .target = item->target,
		    .what = words[item->verdict],
		    .why = item->why};
		if (suppressed && item->verdict == PST_DESTINATION_USED) {
			out->what = "suppressed";
			out->why = "mail to it has bounced";
		}
		report->count++;
	}
	return true;
}

/* False with an empty sentence in err means that a visit has ended it. */
static bool
visit_all(struct batch *batch, struct pst_err *err)
{
	const struct pst_preview *plan = batch->plan;

	if (!read_sizes(batch, err))
		return false;
	if (plan->ask) {
		if (!read_uris(batch, err))
			return false;
		ask(batch);
	}
	for (size_t i = 0; i < batch->count; i++) {
		if (plan->ask && !write_addresses(batch, i, err))
			return false;
		if (!plan->visit(plan->arg, &batch->reports[i]))
			return pst_err_set(err, "%s", "");
	}
	return true;
}

/* ---- the two kinds ---- */

static bool
plan_pending(const struct pst_preview *plan, struct pst_config *config,
    struct pst_err *err)
{
	struct pst_outbox_pending after = {.day = -1, .domain = ""};
	char last[PST_DOMAIN_MAX + 1];
	size_t count = PST_CONSENT_MAX;
	bool ok = true;

	while (ok && count == PST_CONSENT_MAX) {
		struct batch batch = {.plan = plan, .config = config};
		struct pst_outbox_pending items[PST_CONSENT_MAX];

		batch.arena = pst_arena_new();
		ok = pst_outbox_pending(plan->db, batch.arena, &plan->filter,
		    &after, items, PST_CONSENT_MAX, &count, err);
		for (size_t i = 0; ok && i < count; i++) {
			batch.reports[i] =
			    (struct pst_preview_report){.day = items[i].day,
				.domain = items[i].domain,
				.report = ""};
			batch.count++;
		}
		ok = ok && visit_all(&batch, err);
		if (ok && count > 0) {
			after.day = items[count - 1].day;
			(void)snprintf(
			    last, sizeof(last), "%s", items[count - 1].domain);
			after.domain = last;
		}
		pst_arena_free(batch.arena);
	}
	return ok;
}

/* Adds a delivery. Returns false if it would begin one report too many. */
static bool
add_due(struct batch *batch, const struct pst_delivery *delivery)
{
	size_t at = batch->count;

	if (at > 0 &&
	    strcmp(batch->reports[at - 1].report, delivery->report) == 0) {
		at--;
	} else {
		if (at == PST_CONSENT_MAX)
			return false;
		batch->reports[at] =
		    (struct pst_preview_report){.day = delivery->day,
			.domain = delivery->domain,
			.report = delivery->report};
		batch->count++;
	}
	if (batch->due[at].count < PST_DESTINATION_MAX)
		batch->due[at].items[batch->due[at].count++].address =
		    delivery->address;
	return true;
}

#define DUE_MAX (PST_CONSENT_MAX * PST_DESTINATION_MAX)

/*
 * Previews one batch of whole reports. *after moves on to its last delivery,
 * with texts in keep; *more tells that there are further batches.
 */
static bool
plan_some_due(const struct pst_preview *plan, struct pst_config *config,
    struct pst_arena *keep, struct pst_delivery *after, bool *more,
    struct pst_err *err)
{
	struct batch *batch;
	struct pst_arena *arena = pst_arena_new();
	struct pst_delivery *due =
	    pst_arena_array(arena, DUE_MAX, sizeof(*due));
	size_t count, used = 0;
	bool ok;

	batch = pst_arena_alloc(arena, sizeof(*batch));
	batch->plan = plan;
	batch->config = config;
	batch->arena = arena;
	ok = pst_outbox_due(plan->db, arena, PST_OUTBOX_AGGREGATE,
	    &plan->filter, now(plan), after, due, DUE_MAX, &count, err);
	while (ok && used < count && add_due(batch, &due[used]))
		used++;
	ok = ok && visit_all(batch, err);
	*more = ok && (used < count || count == DUE_MAX);
	if (*more) {
		after->report = pst_arena_strdup(keep, due[used - 1].report);
		after->address = pst_arena_strdup(keep, due[used - 1].address);
	}
	pst_arena_free(arena);
	return ok;
}

bool
pst_preview_run(const struct pst_preview *plan, struct pst_err *err)
{
	struct pst_config *config = pst_service_config(plan->service);
	struct pst_delivery after = {.report = "", .address = ""};
	struct pst_arena *keep = pst_arena_new();
	bool more = true;
	bool ok = plan_pending(plan, config, err);

	while (ok && more)
		ok = plan_some_due(plan, config, keep, &after, &more, err);
	pst_arena_free(keep);
	pst_config_unref(config);
	return ok;
}
