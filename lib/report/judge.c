/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/judge.h"

#include <string.h>

#include "base/day.h"
#include "report/failure_send.h"

/* How long a failure report waits that an hourly limit holds back. */
#define HOLD_S 600

static const struct pst_destination *
find(const struct pst_destinations *list, const char *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].address, address) == 0)
			return &list->items[i];
	return NULL;
}

void
pst_judge_address(const struct pst_destinations *list,
    const struct pst_delivery *delivery, struct pst_judgement *out)
{
	const struct pst_destination *found = find(list, delivery->address);

	*out = (struct pst_judgement){.state = PST_OUTBOX_REFUSED};
	if (found == NULL) {
		/* It was lowered after the report was made. */
		out->why = "reports.max-addresses";
		return;
	}
	out->why = found->why;
	switch (found->verdict) {
	case PST_DESTINATION_USED:
		out->state = PST_OUTBOX_SENT;
		out->target = found->target;
		out->domain = found->domain;
		break;
	case PST_DESTINATION_REFUSED:
		break;
	case PST_DESTINATION_POSTPONED:
		out->state = PST_OUTBOX_RETRY;
		break;
	}
}

static void
stop(struct pst_judgement *judgement, enum pst_outbox_state state,
    const char *why, int64_t until_s)
{
	judgement->state = state;
	judgement->why = why;
	judgement->until_s = until_s;
}

static void
judge_day(const struct pst_store *store, const struct pst_delivery *delivery,
    const struct pst_judge_counts *counts, struct pst_judgement *judgement)
{
	const char *why = pst_day_limits_reached(
	    counts->day, judgement->domain, delivery->domain);

	if (why != NULL)
		stop(judgement, PST_OUTBOX_RETRY, why,
		    pst_day_end(pst_day_of(pst_store_now(store))) + 1);
}

static bool
judge_hour(const struct pst_store *store, const struct pst_delivery *delivery,
    const struct pst_judge_counts *counts, struct pst_judgement *judgement,
    struct pst_err *err)
{
	const struct pst_config *config = store->config;
	struct pst_failure_counts sent;

	if (!pst_failure_count(store, delivery, &sent, err))
		return false;
	if (sent.all + counts->hour >= config->failures.max_per_hour ||
	    sent.domain + counts->domain >= config->failures.max_per_domain)
		stop(judgement, PST_OUTBOX_RETRY,
		    "the hourly limit of failure reports is reached",
		    pst_store_now(store) + HOLD_S);
	else if (sent.address + counts->address >=
	    config->failures.max_per_destination)
		stop(judgement, PST_OUTBOX_DROPPED,
		    "the hourly limit of failure reports to it is reached", 0);
	return true;
}

bool
pst_judge_limits(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_judge_counts *counts,
    struct pst_judgement *judgement, struct pst_err *err)
{
	bool suppressed;

	if (delivery->kind == PST_OUTBOX_AGGREGATE)
		judge_day(store, delivery, counts, judgement);
	else if (!judge_hour(store, delivery, counts, judgement, err))
		return false;
	if (judgement->state != PST_OUTBOX_SENT)
		return true;
	if (!pst_outbox_is_suppressed(
		store, delivery->address, &suppressed, err))
		return false;
	if (suppressed)
		stop(judgement, PST_OUTBOX_SUPPRESSED, "mail to it has bounced",
		    0);
	return true;
}

struct pst_outbox_entry
pst_judge_entry(const struct pst_store *store,
    const struct pst_delivery *delivery, const struct pst_judgement *judgement)
{
	struct pst_outbox_entry entry = {.state = judgement->state,
	    .tries = delivery->tries,
	    .next_s = judgement->until_s,
	    .why = judgement->why};
	unsigned pause;

	if (entry.state != PST_OUTBOX_RETRY || judgement->until_s != 0)
		return entry;
	pause =
	    pst_outbox_pause(++entry.tries, store->config->reports.retry_for_s);
	entry.next_s = pst_store_now(store) + pause;
	if (pause == 0)
		entry.state = PST_OUTBOX_DROPPED;
	return entry;
}
