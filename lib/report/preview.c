/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/preview.h"

#include <stdio.h>
#include <string.h>

#include "base/day.h"
#include "base/domain.h"
#include "report/consent.h"
#include "report/failure_send.h"
#include "report/judge.h"
#include "store/store.h"

/* Deliveries that are read at once. */
#define DUE_MAX 512

/* A report, and its deliveries that a run would deal with. */
struct entry {
	struct pst_preview_report report;
	const char *uris;
	struct pst_delivery due[PST_DESTINATION_MAX];
	size_t due_count;
};

/* What is known of a whole run, and one batch of reports. */
struct run {
	const struct pst_preview *plan;
	const struct pst_store *store;
	struct pst_arena *arena;    /* for the whole run */
	struct pst_day_limits *day; /* aggregate reports */
	struct pst_tally *domain;   /* failure reports by policy domain */
	struct pst_tally *address;
	/* The batch, with an arena of its own. */
	struct pst_arena *batch_arena;
	struct entry entries[PST_CONSENT_MAX];
	size_t count;
};

/* ---- a batch: what becomes of its deliveries ---- */

static const char *
word_of(enum pst_outbox_state state)
{
	switch (state) {
	case PST_OUTBOX_SENT:
		return "send";
	case PST_OUTBOX_WAITING:
	case PST_OUTBOX_HANDING:
	case PST_OUTBOX_RETRY:
		return "postpone";
	case PST_OUTBOX_DROPPED:
		return "drop";
	case PST_OUTBOX_REFUSED:
		return "refuse";
	case PST_OUTBOX_SUPPRESSED:
		return "suppressed";
	}
	return "";
}

/* Counts what would be sent, so that the limits see it. */
static void
count_sent(struct run *run, const struct pst_delivery *delivery,
    const struct pst_judgement *judgement)
{
	if (delivery->kind == PST_OUTBOX_AGGREGATE) {
		pst_day_limits_add(
		    run->day, judgement->domain, delivery->domain);
		return;
	}
	pst_tally_add(run->domain, pst_str(delivery->domain), 1);
	pst_tally_add(run->address, pst_str(delivery->address), 1);
}

static bool
judge(struct run *run, const struct pst_delivery *delivery,
    const struct pst_destinations *list, struct pst_preview_address *out,
    struct pst_err *err)
{
	struct pst_judge_counts counts = {
	    .day = run->day,
	    .hour = pst_tally_sum(run->domain),
	    .domain = pst_tally_of(run->domain, pst_str(delivery->domain)),
	    .address = pst_tally_of(run->address, pst_str(delivery->address)),
	};
	struct pst_judgement judgement;
	struct pst_outbox_entry entry;

	pst_judge_address(list, delivery, &judgement);
	if (judgement.state == PST_OUTBOX_SENT) {
		if (!pst_judge_limits(
			run->store, delivery, &counts, &judgement, err))
			return false;
	}
	entry = pst_judge_entry(run->store, delivery, &judgement);
	*out = (struct pst_preview_address){.address = delivery->address,
	    .target = delivery->address,
	    .what = word_of(entry.state),
	    .why = judgement.why};
	if (judgement.target != NULL &&
	    strcmp(judgement.target, delivery->address) != 0)
		out->target = judgement.target;
	if (judgement.state == PST_OUTBOX_SENT)
		count_sent(run, delivery, &judgement);
	return true;
}

static bool
judge_all(struct run *run, struct entry *entry,
    const struct pst_destinations *list, struct pst_err *err)
{
	for (size_t i = 0; i < entry->due_count; i++)
		if (!judge(run, &entry->due[i], list,
			&entry->report.addresses[i], err))
			return false;
	entry->report.count = entry->due_count;
	return true;
}

/* Without consent, only the first address is named. */
static void
name_first(struct entry *entry)
{
	if (entry->due_count == 0)
		return;
	entry->report.addresses[0] =
	    (struct pst_preview_address){.address = entry->due[0].address,
		.target = entry->due[0].address,
		.what = "",
		.why = ""};
	entry->report.count = 1;
}

static void
ask(struct run *run, struct pst_consent asked[PST_CONSENT_MAX])
{
	for (size_t i = 0; i < run->count; i++) {
		const struct entry *entry = &run->entries[i];

		asked[i] = pst_consent_of(run->batch_arena,
		    entry->report.kind == PST_OUTBOX_AGGREGATE ?
			PST_DESTINATION_RUA :
			PST_DESTINATION_RUF,
		    entry->report.what.domain, entry->uris);
	}
	pst_consent_ask(run->plan->service, run->store->config,
	    run->batch_arena, asked, run->count);
}

/* Reads the size of a report that has been made. */
static bool
read_size(const struct pst_store *store, struct pst_preview_report *report,
    struct pst_err *err)
{
	struct pst_composed size;

	if (report->report[0] == '\0')
		return true;
	if (!(report->kind == PST_OUTBOX_AGGREGATE ?
		    pst_compose_count(store, &report->what, &size, err) :
		    pst_failure_size(store->db, report->report, &size, err)))
		return false;
	report->rows = size.rows;
	report->messages = size.messages;
	return true;
}

/* Visits the batch, and begins a new one. */
static bool
flush(struct run *run, struct pst_err *err)
{
	const struct pst_preview *plan = run->plan;
	struct pst_consent asked[PST_CONSENT_MAX];
	bool ok = true;

	if (plan->ask && run->count > 0)
		ask(run, asked);
	for (size_t i = 0; ok && i < run->count; i++) {
		struct entry *entry = &run->entries[i];

		ok = read_size(run->store, &entry->report, err);
		if (ok && plan->ask)
			ok = judge_all(run, entry, asked[i].list, err);
		else if (ok)
			name_first(entry);
		if (ok && !plan->visit(plan->arg, &entry->report))
			ok = pst_err_set(err, "%s", "");
	}
	run->count = 0;
	pst_arena_free(run->batch_arena);
	run->batch_arena = pst_arena_new();
	return ok;
}

static const char *
copy(struct run *run, const char *text)
{
	return pst_arena_strdup(run->batch_arena, text);
}

/*
 * Adds a report to the batch, which is visited first if it is full. Returns
 * NULL if that fails.
 */
static struct entry *
add_entry(struct run *run, const struct pst_preview_report *report,
    const char *uris, struct pst_err *err)
{
	struct entry *entry;

	if (run->count == PST_CONSENT_MAX && !flush(run, err))
		return NULL;
	entry = &run->entries[run->count++];
	entry->report = *report;
	entry->report.report = copy(run, report->report);
	entry->report.incident = copy(run, report->incident);
	entry->report.what.domain = copy(run, report->what.domain);
	entry->report.what.id =
	    report->report[0] == '\0' ? "new" : entry->report.report;
	entry->report.what.owner = entry->report.report;
	entry->uris = copy(run, uris);
	entry->due_count = 0;
	return entry;
}

static void
add_delivery(
    struct run *run, struct entry *entry, const char *address, int64_t tries)
{
	if (entry->due_count == PST_DESTINATION_MAX)
		return;
	entry->due[entry->due_count++] =
	    (struct pst_delivery){.kind = entry->report.kind,
		.report = entry->report.report,
		.address = copy(run, address),
		.tries = tries,
		.day = entry->report.what.day,
		.domain = entry->report.what.domain,
		.uris = entry->uris};
}

/* ---- reports that have not been made yet ---- */

/* Adds the reports that the rows of one policy domain and day become. */
static bool
add_parts(struct run *run, struct pst_arena *arena,
    const struct pst_outbox_pending *pending, struct pst_err *err)
{
	struct pst_preview_report report = {
	    .kind = PST_OUTBOX_AGGREGATE, .report = "", .incident = ""};
	struct pst_destinations *list = pst_arena_alloc(arena, sizeof(*list));
	struct pst_outbox_part part = {.what = {.after = ""}};
	char id[PST_STORE_ID_SIZE];

	/* The size depends a little on the id, so it is a real one. */
	pst_store_random_id(id);
	do {
		struct entry *entry;

		part.what.day = pending->day;
		part.what.domain = pending->domain;
		part.what.id = id;
		if (!pst_outbox_measure(run->store, arena, &part, err))
			return false;
		if (part.rua == NULL || part.size.rows == 0)
			return true;
		report.what = part.what;
		report.rows = part.size.rows;
		report.messages = part.size.messages;
		entry = add_entry(run, &report, part.rua, err);
		if (entry == NULL)
			return false;
		entry->report.what.after = copy(run, part.what.after);
		entry->report.what.until = copy(run, part.what.until);
		pst_destination_list(arena, pst_str(part.rua),
		    run->store->config->reports.max_addresses, list);
		for (size_t i = 0; i < list->count; i++)
			add_delivery(run, entry, list->items[i].address, 0);
		part.what.after = part.what.until;
	} while (part.size.cut);
	return true;
}

static bool
plan_pending(struct run *run, struct pst_err *err)
{
	struct pst_outbox_pending after = {.day = -1, .domain = ""};
	struct pst_outbox_pending items[PST_CONSENT_MAX];
	struct pst_pending_page page = {
	    .items = items, .max = PST_CONSENT_MAX, .count = PST_CONSENT_MAX};
	char last[PST_DOMAIN_MAX + 1];
	bool ok = true;

	while (ok && page.count == page.max) {
		page.arena = pst_arena_new();
		ok = pst_outbox_pending(
		    run->store, &run->plan->filter, &after, &page, err);
		for (size_t i = 0; ok && i < page.count; i++)
			ok = add_parts(run, page.arena, &items[i], err);
		if (ok && page.count > 0) {
			after = items[page.count - 1];
			(void)snprintf(last, sizeof(last), "%s", after.domain);
			after.domain = last;
		}
		pst_arena_free(page.arena);
	}
	return ok;
}

static bool
take_incident(void *arg, const struct pst_failure_incident *incident,
    const struct pst_destinations *list, struct pst_err *err)
{
	const struct pst_preview_report report = {
	    .kind = PST_OUTBOX_FAILURE,
	    .what = {.day = pst_day_of(incident->seen_s),
		.domain = incident->domain},
	    .report = "",
	    .incident = incident->id,
	    .rows = 1,
	    .messages = incident->messages,
	};
	struct run *run = arg;
	struct entry *entry = add_entry(run, &report, incident->ruf, err);

	for (size_t i = 0; entry != NULL && i < list->count; i++)
		add_delivery(run, entry, list->items[i].address, 0);
	return entry != NULL;
}

static bool
plan_incidents(struct run *run, struct pst_err *err)
{
	const struct pst_failure_walk walk = {
	    .filter = &run->plan->filter,
	    .take = take_incident,
	    .arg = run,
	    .supposed = pst_tally_new(run->arena),
	};

	return pst_failure_walk(run->store, &walk, err);
}

/* ---- deliveries that are due ---- */

static bool
add_due(
    struct run *run, const struct pst_delivery *delivery, struct pst_err *err)
{
	struct pst_preview_report report = {.kind = delivery->kind,
	    .what = {.day = delivery->day, .domain = delivery->domain},
	    .report = delivery->report,
	    .incident = ""};
	struct entry *entry =
	    run->count == 0 ? NULL : &run->entries[run->count - 1];

	if (entry == NULL ||
	    strcmp(entry->report.report, delivery->report) != 0)
		entry = add_entry(run, &report, delivery->uris, err);
	if (entry == NULL)
		return false;
	add_delivery(run, entry, delivery->address,
	    run->plan->filter.resend ? 0 : delivery->tries);
	return true;
}

static bool
plan_due(struct run *run, enum pst_outbox_kind kind, struct pst_err *err)
{
	struct pst_delivery after = {.report = "", .address = ""};
	struct pst_delivery_page page = {
	    .kind = kind, .max = DUE_MAX, .count = DUE_MAX};
	bool ok = true;

	while (ok && page.count == page.max) {
		page.arena = pst_arena_new();
		page.items =
		    pst_arena_array(page.arena, DUE_MAX, sizeof(*page.items));
		ok = pst_outbox_due(
		    run->store, &run->plan->filter, &after, &page, err);
		for (size_t i = 0; ok && i < page.count; i++)
			ok = add_due(run, &page.items[i], err);
		if (ok && page.count == page.max) {
			const struct pst_delivery *last =
			    &page.items[page.count - 1];

			after.report =
			    pst_arena_strdup(run->arena, last->report);
			after.address =
			    pst_arena_strdup(run->arena, last->address);
		}
		pst_arena_free(page.arena);
	}
	return ok;
}

/* ---- the run ---- */

static bool
plan_all(struct run *run, struct pst_err *err)
{
	return pst_day_limits_load(run->day, run->store, err) &&
	    plan_pending(run, err) &&
	    plan_due(run, PST_OUTBOX_AGGREGATE, err) &&
	    plan_incidents(run, err) &&
	    plan_due(run, PST_OUTBOX_FAILURE, err) && flush(run, err);
}

bool
pst_preview_run(const struct pst_preview *plan, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct run *run = pst_arena_alloc(arena, sizeof(*run));
	bool ok;

	run->plan = plan;
	run->store = plan->store;
	run->arena = arena;
	run->day = pst_day_limits_new(arena, plan->store->config);
	run->domain = pst_tally_new(arena);
	run->address = pst_tally_new(arena);
	run->batch_arena = pst_arena_new();
	ok = plan_all(run, err);
	pst_arena_free(run->batch_arena);
	pst_arena_free(arena);
	return ok;
}
