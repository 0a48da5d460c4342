/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/send.h"

#include <stdio.h>
#include <time.h>

#include "base/domain.h"
#include "report/consent.h"
#include "report/courier.h"
#include "base/day.h"
#include "report/failure_send.h"
#include "report/lanes.h"
#include "store/expiry.h"
#include "store/schema.h"

/* Policy domains and days that become reports in one transaction ... */
#define CLAIM_BATCH 64
/* ... unless they have more rows than this in total. */
#define CLAIM_ROWS 5000

/* Deliveries in memory at once, without their reports. */
#define PASS_MAX 2048

struct run {
	struct pst_send *send;
	const struct pst_store *store;
	struct pst_lease lease;
	struct pst_courier *courier;
	struct pst_arena *arena; /* holds a little for each pass */
	struct pst_send_counts *counts;
	uint64_t total, done;
};

static bool
is_stopped(const struct run *run)
{
	return run->send->stop != NULL && *run->send->stop != 0;
}

/* ---- making reports ---- */

/*
 * Makes the reports of one policy domain and day: several if the rows do not
 * fit into one.
 */
static bool
claim_one(struct run *run, const struct pst_outbox_pending *pending,
    int64_t *rows, struct pst_err *err)
{
	bool cut = true;

	while (cut) {
		struct pst_outbox_claimed claimed;

		if (!pst_outbox_claim(run->store, pending, &claimed, err))
			return false;
		*rows += claimed.rows;
		run->counts->made += claimed.rows > 0;
		cut = claimed.cut;
	}
	return true;
}

/*
 * Makes reports of the first *taken ones. The transaction ends early when it
 * becomes large.
 */
static bool
claim_some(struct run *run, const struct pst_pending_page *page, size_t *taken,
    struct pst_err *err)
{
	struct pst_db *db = run->store->db;
	uint64_t made = run->counts->made;
	int64_t rows = 0;
	bool ok = pst_schema_begin(db, err);

	if (!ok)
		return false;
	for (*taken = 0; ok && *taken < page->count && rows < CLAIM_ROWS;
	     ++*taken)
		ok = claim_one(run, &page->items[*taken], &rows, err);
	if (ok && pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	run->counts->made = made;
	return false;
}

static bool
claim_all(struct run *run, struct pst_err *err)
{
	struct pst_outbox_pending after = {.day = -1, .domain = ""};
	char last[PST_DOMAIN_MAX + 1];
	struct pst_outbox_pending batch[CLAIM_BATCH];
	struct pst_pending_page page = {
	    .items = batch, .max = CLAIM_BATCH, .count = 1};
	bool ok = true;

	while (ok && page.count > 0 && !is_stopped(run)) {
		size_t taken = 0;

		page.arena = pst_arena_new();
		ok = pst_outbox_pending(
			 run->store, &run->send->filter, &after, &page, err) &&
		    (page.count == 0 || claim_some(run, &page, &taken, err));
		if (ok && taken > 0) {
			after = batch[taken - 1];
			(void)snprintf(last, sizeof(last), "%s", after.domain);
			after.domain = last;
		}
		pst_arena_free(page.arena);
	}
	return ok;
}

/* ---- one delivery ---- */

static void
count_outcome(struct run *run, const struct pst_delivery *delivery,
    const struct pst_courier_outcome *outcome)
{
	struct pst_send *send = run->send;
	bool plain = outcome->state == PST_OUTBOX_SENT && !outcome->uncertain;

	switch (outcome->state) {
	case PST_OUTBOX_SENT:
		run->counts->sent++;
		run->counts->uncertain += outcome->uncertain;
		break;
	case PST_OUTBOX_WAITING:
	case PST_OUTBOX_HANDING:
	case PST_OUTBOX_RETRY:
		run->counts->again++;
		break;
	case PST_OUTBOX_DROPPED:
		run->counts->dropped++;
		break;
	case PST_OUTBOX_REFUSED:
		run->counts->refused++;
		break;
	case PST_OUTBOX_SUPPRESSED:
		run->counts->suppressed++;
		break;
	}
	if (!plain && send->note != NULL)
		send->note(send->arg, delivery, outcome->state, outcome->why);
	run->done++;
	if (send->progress != NULL)
		send->progress(send->arg, run->total, run->done);
}

/* A delivery that may be sent to its address. */
struct item {
	const struct pst_delivery *delivery;
	struct pst_judgement judgement;
};

/*
 * Sends a delivery, or records that a limit or a bounce stops it. *sent tells
 * whether the relay was used.
 */
static bool
deliver(struct run *run, const struct item *item, struct pst_day_limits *day,
    bool *sent, struct pst_err *err)
{
	const struct pst_judge_counts counts = {.day = day};
	struct pst_judgement judgement = item->judgement;
	struct pst_courier_outcome outcome;
	bool ok;

	if (!pst_judge_limits(
		run->store, item->delivery, &counts, &judgement, err))
		return false;
	*sent = judgement.state == PST_OUTBOX_SENT;
	if (*sent && item->delivery->kind == PST_OUTBOX_AGGREGATE)
		pst_day_limits_add(
		    day, judgement.domain, item->delivery->domain);
	ok = *sent ? pst_courier_deliver(run->courier, item->delivery,
			 judgement.target, &outcome, err) :
		     pst_courier_book(run->courier, item->delivery, &judgement,
			 &outcome, err);
	if (ok)
		count_outcome(run, item->delivery, &outcome);
	return ok;
}

/* ---- a pass: many deliveries, their destinations in turn ---- */

struct pass {
	struct run *run;
	struct pst_delivery_page due;
	/* those that may be sent, by their number in the lanes */
	struct item *items;
	size_t item_count;
	struct pst_lanes *lanes;
	struct pst_day_limits *day;
	/* the answers of the batch that is being sorted in */
	struct pst_consent asked[PST_CONSENT_MAX];
	size_t asked_count;
};

/* Puts a delivery into a lane, or records what the verdict makes of it. */
static bool
sort_in(struct pass *pass, const struct pst_delivery *delivery,
    const struct pst_destinations *list, struct pst_err *err)
{
	struct item *item = &pass->items[pass->item_count];
	struct pst_courier_outcome outcome;

	item->delivery = delivery;
	pst_judge_address(list, delivery, &item->judgement);
	if (item->judgement.state == PST_OUTBOX_SENT) {
		pass->item_count++;
		pst_lanes_add(pass->lanes, item->judgement.domain);
		return true;
	}
	if (!pst_courier_book(
		pass->run->courier, delivery, &item->judgement, &outcome, err))
		return false;
	count_outcome(pass->run, delivery, &outcome);
	return true;
}

static bool
is_same_report(const struct pst_delivery *a, const struct pst_delivery *b)
{
	return strcmp(a->report, b->report) == 0;
}

/*
 * Asks for the deliveries from `from` on that belong to up to PST_CONSENT_MAX
 * reports; returns where the next ones begin.
 */
static size_t
ask_batch(struct pass *pass, size_t from)
{
	const struct pst_delivery_page *due = &pass->due;
	size_t i;

	pass->asked_count = 0;
	for (i = from; i < due->count; i++) {
		const struct pst_delivery *delivery = &due->items[i];

		if (i > from && is_same_report(delivery, delivery - 1))
			continue;
		if (pass->asked_count == PST_CONSENT_MAX)
			break;
		pass->asked[pass->asked_count++] = pst_consent_of(due->arena,
		    delivery->kind == PST_OUTBOX_AGGREGATE ?
			PST_DESTINATION_RUA :
			PST_DESTINATION_RUF,
		    delivery->domain, delivery->uris);
	}
	pst_consent_ask(pass->run->send->service, pass->run->store->config,
	    due->arena, pass->asked, pass->asked_count);
	return i;
}

static bool
sort_batch(struct pass *pass, size_t from, size_t to, struct pst_err *err)
{
	struct pst_db *db = pass->run->store->db;
	const struct pst_delivery *items = pass->due.items;
	bool ok = pst_schema_begin(db, err);
	size_t which = 0;

	if (!ok)
		return false;
	for (size_t i = from; ok && i < to; i++) {
		if (i > from && !is_same_report(&items[i], &items[i - 1]))
			which++;
		ok = sort_in(pass, &items[i], pass->asked[which].list, err);
	}
	if (ok && pst_db_commit(db, err))
		return true;
	pst_db_rollback(db);
	return false;
}

static bool
sort_all(struct pass *pass, struct pst_err *err)
{
	size_t from = 0;

	while (from < pass->due.count && !is_stopped(pass->run)) {
		size_t to = ask_batch(pass, from);

		if (!sort_batch(pass, from, to, err) ||
		    !pst_lease_renew(pass->run->store->db, &pass->run->lease,
			pst_lease_now(&pass->run->lease), err))
			return false;
		from = to;
	}
	return true;
}

static void
wait_until(const struct run *run, int64_t until_ms)
{
	int64_t left = until_ms - pst_clock_ms(&pst_clock_system);

	while (left > 0 && !is_stopped(run)) {
		int64_t slice = left > 500 ? 500 : left;
		struct timespec time = {.tv_nsec = (long)slice * 1000000};

		(void)nanosleep(&time, NULL);
		left = until_ms - pst_clock_ms(&pst_clock_system);
	}
}

static bool
send_all(struct pass *pass, struct pst_err *err)
{
	struct run *run = pass->run;

	if (!pst_day_limits_load(pass->day, run->store, err))
		return false;
	while (!is_stopped(run)) {
		int64_t until_ms = 0;
		bool sent = false;
		size_t next = pst_lanes_next(
		    pass->lanes, pst_clock_ms(&pst_clock_system), &until_ms);

		if (next == PST_LANES_NONE)
			break;
		if (next == PST_LANES_WAIT) {
			wait_until(run, until_ms);
			continue;
		}
		if (!deliver(run, &pass->items[next], pass->day, &sent, err))
			return false;
		if (sent)
			pst_lanes_sent(
			    pass->lanes, pst_clock_ms(&pst_clock_system));
	}
	return true;
}

/*
 * Sends one batch of deliveries after `after`, which moves on; *more tells that
 * there may be further ones.
 */
static bool
make_pass(struct run *run, enum pst_outbox_kind kind,
    struct pst_delivery *after, bool *more, struct pst_err *err)
{
	unsigned pause_ms = run->store->config->reports.pause_ms;
	struct pst_arena *arena = pst_arena_new();
	struct pass *pass = pst_arena_alloc(arena, sizeof(*pass));
	struct pst_delivery_page *due = &pass->due;
	bool ok;

	pass->run = run;
	*due = (struct pst_delivery_page){
	    .kind = kind, .arena = arena, .max = PASS_MAX};
	due->items = pst_arena_array(arena, PASS_MAX, sizeof(*due->items));
	pass->items = pst_arena_array(arena, PASS_MAX, sizeof(*pass->items));
	pass->lanes = pst_lanes_new(arena, PASS_MAX, pause_ms);
	pass->day = pst_day_limits_new(arena, run->store->config);
	ok = pst_outbox_due(run->store, &run->send->filter, after, due, err) &&
	    sort_all(pass, err) && send_all(pass, err);
	*more = ok && due->count == PASS_MAX && !is_stopped(run);
	if (*more) {
		const struct pst_delivery *last = &due->items[PASS_MAX - 1];

		after->report = pst_arena_strdup(run->arena, last->report);
		after->address = pst_arena_strdup(run->arena, last->address);
		wait_until(run, pst_clock_ms(&pst_clock_system) + pause_ms);
	}
	pst_arena_free(arena);
	return ok;
}

static bool
send_kind(struct run *run, enum pst_outbox_kind kind, struct pst_err *err)
{
	struct pst_delivery after = {.report = "", .address = ""};
	bool more = true;

	while (more)
		if (!make_pass(run, kind, &after, &more, err))
			return false;
	return true;
}

/* ---- the run ---- */

static bool
count_due(struct run *run, struct pst_err *err)
{
	int64_t count;

	if (!pst_outbox_count_due(run->store, &run->send->filter, &count, err))
		return false;
	run->total = (uint64_t)count;
	if (run->send->progress != NULL)
		run->send->progress(run->send->arg, run->total, 0);
	return true;
}

static void
remark(const struct run *run, const char *sentence)
{
	if (run->send->remark != NULL)
		run->send->remark(run->send->arg, sentence);
}

/* Says what a clock that was ahead has left behind. */
static bool
note_clocks(struct run *run, struct pst_err *err)
{
	struct pst_err text;
	int64_t count;

	if (run->lease.other_ahead_s > 0) {
		(void)pst_err_set(&text,
		    "the lease of another process was %lld h too long, because "
		    "the clock of its system was ahead, so it does not count",
		    (long long)((run->lease.other_ahead_s + 1800) / 3600));
		remark(run, text.text);
	}
	if (!pst_outbox_count_ahead(
		run->store, &run->send->filter, &count, err))
		return false;
	if (count > 0) {
		(void)pst_err_set(&text,
		    "%lld deliveries were put off by a clock that was ahead, "
		    "so they are tried now",
		    (long long)count);
		remark(run, text.text);
	}
	return true;
}

/* Not with --now: nothing is deleted by a clock that somebody made up. */
static bool
expire(struct run *run, struct pst_err *err)
{
	const struct pst_store *store = run->store;
	struct pst_expired expired;
	struct pst_trusted_now now;
	struct pst_err text, what;

	if (store->clock->manual)
		return true;
	if (!pst_expire_all(
		store->db, store->config, store->clock, &expired, &now, err))
		return false;
	if (now.doubt != PST_CLOCK_PLAUSIBLE) {
		pst_trusted_clock_say(&now, &text);
		remark(run, text.text);
	}
	if (expired.rows + expired.reports + expired.incidents +
		expired.imported >
	    0) {
		pst_expired_text(&expired, &what);
		(void)pst_err_set(
		    &text, "deleted, because they were old: %s", what.text);
		remark(run, text.text);
	}
	return true;
}

static bool
work(struct run *run, struct pst_err *err)
{
	const struct pst_store *store = run->store;
	struct pst_outbox_filter *filter = &run->send->filter;
	int64_t uncertain = 0;
	bool resend = filter->resend;

	filter->before = pst_day_of(pst_store_now(store));
	/* Finished deliveries wait again, and are then like the rest. */
	filter->resend = false;
	if (!pst_outbox_recover(store, &uncertain, err) ||
	    !note_clocks(run, err))
		return false;
	run->counts->uncertain += (uint64_t)uncertain;
	return claim_all(run, err) &&
	    (!resend || pst_outbox_reopen(store->db, filter, err)) &&
	    pst_failure_claim(
		store, filter, &run->counts->failures_made, err) &&
	    count_due(run, err) && send_kind(run, PST_OUTBOX_AGGREGATE, err) &&
	    send_kind(run, PST_OUTBOX_FAILURE, err) && expire(run, err);
}

bool
pst_send_run(
    struct pst_send *send, struct pst_send_counts *counts, struct pst_err *err)
{
	struct run run = {.send = send,
	    .store = send->store,
	    .arena = pst_arena_new(),
	    .counts = counts};
	bool taken = false, ok = false;

	memset(counts, 0, sizeof(*counts));
	run.courier = pst_courier_new(run.store, &run.lease, err);
	if (run.courier != NULL &&
	    pst_lease_begin(run.store->db, &run.lease, err) &&
	    pst_lease_take(run.store->db, &run.lease, pst_lease_now(&run.lease),
		&taken, err)) {
		counts->begun = taken;
		ok = taken ? work(&run, err) :
			     pst_err_set(err,
				 "another process is sending reports now; it "
				 "will send the rest");
		if (taken)
			pst_lease_release(run.store->db, &run.lease);
	}
	pst_courier_free(run.courier);
	pst_arena_free(run.arena);
	return ok;
}
