/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/top_domains.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/day.h"
#include "store/tallies.h"

static uint64_t
messages_of(const struct pst_tally_row *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PST_TALLY_ACTIONS; i++)
		sum += row->done[i];
	return sum;
}

/* Keeps the row in its order, if it is among the first ones. */
static bool
take(void *arg, const struct pst_tally_row *row, unsigned days)
{
	struct pst_top_domains *domains = arg;
	struct pst_top_domain domain = {
	    .messages = messages_of(row),
	    .refused =
		row->done[PST_ACTION_REJECT] + row->done[PST_ACTION_TEMPFAIL],
	};
	size_t at = domains->count;

	(void)days;
	domain.failed =
	    domain.messages < row->aligned ? 0 : domain.messages - row->aligned;
	if (domain.failed == 0 ||
	    (at == PST_TOP_MAX_DOMAINS &&
		domains->items[at - 1].failed >= domain.failed))
		return true;
	domain.name = pst_escaped(domains->arena, pst_str(row->key));
	if (at == PST_TOP_MAX_DOMAINS)
		at--;
	else
		domains->count++;
	for (; at > 0 && domains->items[at - 1].failed < domain.failed; at--)
		domains->items[at] = domains->items[at - 1];
	domains->items[at] = domain;
	return true;
}

void
pst_top_domains_read(struct pst_top_domains *domains, const char *path)
{
	const int64_t today = pst_day_of(pst_clock_epoch(&pst_clock_system));
	const struct pst_tally_query query = {
	    .question = PST_TALLY_FROM_DOMAIN,
	    .first_day = today,
	    .last_day = today,
	};
	struct pst_err err;

	pst_top_domains_free(domains);
	domains->arena = pst_arena_new();
	domains->items = pst_arena_array(
	    domains->arena, PST_TOP_MAX_DOMAINS, sizeof(*domains->items));
	if (pst_tallies_ask(
		path, &query, (struct pst_tally_visitor){take, domains}, &err))
		return;
	domains->count = 0;
	domains->note = pst_arena_strdup(domains->arena, err.text);
}

void
pst_top_domains_free(struct pst_top_domains *domains)
{
	pst_arena_free(domains->arena);
	*domains = (struct pst_top_domains){.count = 0};
}
