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
#include "store/store.h"

/* Policy domains and days that become reports in one transaction ... */
#define CLAIM_BATCH 64
/* ... unless they have more rows than this in total. */
#define CLAIM_ROWS 5000

/* Deliveries in memory at once, without their reports. */
#define PASS_MAX 2048

struct run {
	struct pst_send *send;
	struct pst_config *config;
	struct pst_db *db;
	struct pst_clock *clock;
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

static int64_t
now(const struct run *run)
{
	return pst_clock_epoch(run->clock);
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
		int64_t got;

		if (!pst_outbox_claim(run->db, run->config, pending, now(run),
			&got, &cut, err))
			return false;
		*rows += got;
		run->counts->made += got > 0;
	}
	return true;
}

/*
 * Makes reports of the first *taken ones. The transaction ends early when it
 * becomes large.
 */
static bool
claim_some(struct run *run, const struct pst_outbox_pending *pending,
    size_t count, size_t *taken, struct pst_err *err)
{
	uint64_t made = run->counts->made;
	int64_t rows = 0;
	bool ok = pst_db_begin(run->db, err);

	if (!ok)
		return false;
	for (*taken = 0; ok && *taken < count && rows < CLAIM_ROWS; ++*taken)
		ok = claim_one(run, &pending[*taken], &rows, err);
	if (ok && pst_db_commit(run->db, err))
		return true;
	pst_db_rollback(run->db);
	run->counts->made = made;
	return false;
}

static bool
claim_all(struct run *run, struct pst_err *err)
{
	struct pst_outbox_pending after = {.day = -1, .domain = ""};
	char last[PST_DOMAIN_MAX + 1];
	size_t count = 1;
	bool ok = true;

	while (ok && count > 0 && !is_stopped(run)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_outbox_pending batch[CLAIM_BATCH];
		size_t taken = 0;

		ok = pst_outbox_pending(run->db, arena, &run->send->filter,
			 &after, batch, CLAIM_BATCH, &count, err) &&
		    (count == 0 || claim_some(run, batch, count, &taken, err));
		if (ok && taken > 0) {
			after = batch[taken - 1];
			(void)snprintf(last, sizeof(last), "%s", after.domain);
			after.domain = last;
		}
		pst_arena_free(arena);
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

/*
 * Applies the daily and hourly limits. *may tells whether the delivery can be
 * sent; if not, it has been postponed or dropped.
 */
static bool
check_limits(struct run *run, const struct pst_delivery *delivery, uint64_t got,
    struct pst_courier_outcome *outcome, bool *may, struct pst_err *err)
{
	const char *why;
	bool later;

	*may = false;
	if (delivery->kind == PST_OUTBOX_AGGREGATE) {
		*may = got < run->config->reports.max_per_day;
		return *may ||
		    pst_courier_put_off(run->courier, delivery,
			pst_day_end(pst_day_of(now(run))) + 1,
			"reports.max-per-day is reached for its domain",
			outcome, err);
	}
	if (!pst_failure_may_go(run->db, run->config, delivery, now(run), may,
		&later, &why, err))
		return false;
	if (*may)
		return true;
	return later ? pst_courier_put_off(run->courier, delivery,
			   now(run) + 600, why, outcome, err) :
		       pst_courier_book(run->courier, delivery,
			   PST_OUTBOX_DROPPED, why, outcome, err);
}

static bool
deliver(struct run *run, const struct pst_delivery *delivery,
    const char *target, uint64_t got, bool *sent, struct pst_err *err)
{
	struct pst_courier_outcome outcome;
	bool may;

	if (!check_limits(run, delivery, got, &outcome, &may, err))
		return false;
	if (may &&
	    !pst_courier_deliver(run->courier, delivery, target, &outcome, err))
		return false;
	*sent = may;
	count_outcome(run, delivery, &outcome);
	return true;
}

/* ---- a pass: many deliveries, their destinations in turn ---- */

struct pass {
	struct run *run;
	struct pst_arena *arena;
	struct pst_delivery *due;
	size_t due_count;
	/* those that may be sent, by their number in the lanes */
	const struct pst_delivery **items;
	const char **targets;
	size_t item_count;
	struct pst_lanes *lanes;
};

static const struct pst_destination *
find_destination(const struct pst_destinations *list, const char *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].address, address) == 0)
			return &list->items[i];
	return NULL;
}

/* Puts a delivery into a lane, or records what the verdict makes of it. */
static bool
sort_in(struct pass *pass, const struct pst_delivery *delivery,
    const struct pst_destinations *list, struct pst_err *err)
{
	const struct pst_destination *found =
	    find_destination(list, delivery->address);
	struct pst_courier_outcome outcome;

	if (found != NULL && found->verdict == PST_DESTINATION_USED) {
		pass->items[pass->item_count] = delivery;
		pass->targets[pass->item_count++] = found->target;
		pst_lanes_add(pass->lanes, found->domain);
		return true;
	}
	if (!pst_courier_book(pass->run->courier, delivery,
		found != NULL && found->verdict == PST_DESTINATION_POSTPONED ?
		    PST_OUTBOX_RETRY :
		    PST_OUTBOX_REFUSED,
		found == NULL ? "reports.max-addresses" : found->why, &outcome,
		err))
		return false;
	count_outcome(pass->run, delivery, &outcome);
	return true;
}

/* Asks for the deliveries from `from` on that belong to up to PST_CONSENT_MAX
 * reports; returns where the next ones begin. */
static size_t
ask_batch(struct pass *pass, size_t from, struct pst_consent *asked,
    size_t *which, size_t *count)
{
	size_t i;

	*count = 0;
	for (i = from; i < pass->due_count; i++) {
		const struct pst_delivery *delivery = &pass->due[i];

		if (i == from ||
		    strcmp(delivery->report, pass->due[i - 1].report) != 0) {
			if (*count == PST_CONSENT_MAX)
				break;
			asked[(*count)++] = (struct pst_consent){
			    .kind = delivery->kind == PST_OUTBOX_AGGREGATE ?
				PST_DESTINATION_RUA :
				PST_DESTINATION_RUF,
			    .policy_domain = delivery->domain,
			    .uris = delivery->uris,
			    .list = pst_arena_alloc(
				pass->arena, sizeof(struct pst_destinations)),
			};
		}
		which[i] = *count - 1;
	}
	pst_consent_ask(pass->run->send->service, pass->run->config,
	    pass->arena, asked, *count);
	return i;
}

static bool
sort_batch(struct pass *pass, size_t from, size_t to,
    const struct pst_consent *asked, const size_t *which, struct pst_err *err)
{
	bool ok = pst_db_begin(pass->run->db, err);

	if (!ok)
		return false;
	for (size_t i = from; ok && i < to; i++)
		ok = sort_in(pass, &pass->due[i], asked[which[i]].list, err);
	if (ok && pst_db_commit(pass->run->db, err))
		return true;
	pst_db_rollback(pass->run->db);
	return false;
}

static bool
sort_all(struct pass *pass, struct pst_err *err)
{
	size_t *which =
	    pst_arena_array(pass->arena, pass->due_count, sizeof(*which));
	struct pst_consent asked[PST_CONSENT_MAX];
	size_t from = 0, count;

	while (from < pass->due_count && !is_stopped(pass->run)) {
		size_t to = ask_batch(pass, from, asked, which, &count);

		if (!sort_batch(pass, from, to, asked, which, err) ||
		    !pst_lease_renew(pass->run->db, &pass->run->lease,
			pst_clock_epoch(&pst_clock_system), err))
			return false;
		from = to;
	}
	return true;
}

static void
count_sent(void *arg, struct pst_str address)
{
	struct pass *pass = arg;
	size_t at = pst_str_rfind(address, '@');

	if (at < address.len)
		pst_lanes_count(pass->lanes, address.ptr + at + 1);
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

	if (!pst_outbox_each_sent(run->db, pst_day_begin(pst_day_of(now(run))),
		count_sent, pass, err))
		return false;
	while (!is_stopped(run)) {
		int64_t until_ms = 0;
		uint64_t got = 0;
		bool sent = false;
		size_t next = pst_lanes_next(pass->lanes,
		    pst_clock_ms(&pst_clock_system), &got, &until_ms);

		if (next == PST_LANES_NONE)
			break;
		if (next == PST_LANES_WAIT) {
			wait_until(run, until_ms);
			continue;
		}
		if (!deliver(run, pass->items[next], pass->targets[next], got,
			&sent, err))
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
	struct pass pass = {.run = run, .arena = pst_arena_new()};
	bool ok;

	pass.due = pst_arena_array(pass.arena, PASS_MAX, sizeof(*pass.due));
	pass.items = pst_arena_array(pass.arena, PASS_MAX, sizeof(*pass.items));
	pass.targets =
	    pst_arena_array(pass.arena, PASS_MAX, sizeof(*pass.targets));
	pass.lanes =
	    pst_lanes_new(pass.arena, PASS_MAX, run->config->reports.pause_ms);
	ok = pst_outbox_due(run->db, pass.arena, kind, &run->send->filter,
		 now(run), after, pass.due, PASS_MAX, &pass.due_count, err) &&
	    sort_all(&pass, err) && send_all(&pass, err);
	*more = ok && pass.due_count == PASS_MAX && !is_stopped(run);
	if (*more) {
		after->report =
		    pst_arena_strdup(run->arena, pass.due[PASS_MAX - 1].report);
		after->address = pst_arena_strdup(
		    run->arena, pass.due[PASS_MAX - 1].address);
		wait_until(run,
		    pst_clock_ms(&pst_clock_system) +
			run->config->reports.pause_ms);
	}
	pst_arena_free(pass.arena);
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

	if (!pst_outbox_count_due(
		run->db, &run->send->filter, now(run), &count, err))
		return false;
	run->total = (uint64_t)count;
	if (run->send->progress != NULL)
		run->send->progress(run->send->arg, run->total, 0);
	return true;
}

static bool
work(struct run *run, struct pst_err *err)
{
	struct pst_outbox_filter *filter = &run->send->filter;
	int64_t uncertain = 0;
	uint64_t failures;
	bool resend = filter->resend;

	filter->before = pst_day_of(now(run));
	/* Finished deliveries wait again, and are then like the rest. */
	filter->resend = false;
	if (!pst_outbox_recover(run->db, now(run), &uncertain, err))
		return false;
	run->counts->uncertain += (uint64_t)uncertain;
	return claim_all(run, err) &&
	    (!resend || pst_outbox_reopen(run->db, filter, err)) &&
	    pst_failure_claim(
		run->db, run->config, filter, now(run), &failures, err) &&
	    count_due(run, err) && send_kind(run, PST_OUTBOX_AGGREGATE, err) &&
	    send_kind(run, PST_OUTBOX_FAILURE, err) &&
	    pst_store_expire(run->db, run->config, now(run), err);
}

bool
pst_send_run(
    struct pst_send *send, struct pst_send_counts *counts, struct pst_err *err)
{
	struct run run = {.send = send,
	    .config = pst_service_config(send->service),
	    .db = send->db,
	    .clock = pst_service_clock(send->service),
	    .arena = pst_arena_new(),
	    .counts = counts};
	bool taken = false, ok = false;

	memset(counts, 0, sizeof(*counts));
	run.courier =
	    pst_courier_new(run.config, run.db, &run.lease, run.clock, err);
	if (run.courier != NULL &&
	    pst_lease_take(run.db, &run.lease,
		pst_clock_epoch(&pst_clock_system), &taken, NULL, err)) {
		counts->begun = taken;
		ok = taken ? work(&run, err) :
			     pst_err_set(err,
				 "another process is sending reports now; it "
				 "will send the rest");
		if (taken)
			pst_lease_release(run.db, &run.lease);
	}
	pst_courier_free(run.courier);
	pst_arena_free(run.arena);
	pst_config_unref(run.config);
	return ok;
}
