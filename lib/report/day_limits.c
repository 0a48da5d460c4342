/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/day_limits.h"

#include "base/day.h"
#include "base/domain.h"
#include "report/outbox.h"
#include "report/tally.h"

struct pst_day_limits {
	struct pst_arena *arena;
	const struct pst_config *config;
	struct pst_tally *to;    /* by owner */
	struct pst_tally *about; /* by owner */
};

const char *
pst_day_limits_owner(const struct pst_psl *psl, const char *domain)
{
	const char *two = pst_domain_last_labels(domain, 2);
	const char *last = pst_domain_last_labels(domain, 1);

	if (psl != NULL)
		return pst_psl_org_domain(psl, domain);
	/* last - two counts the dot. */
	if (strlen(last) == 2 && last - two <= 4)
		return pst_domain_last_labels(domain, 3);
	return two;
}

struct pst_day_limits *
pst_day_limits_new(struct pst_arena *arena, const struct pst_config *config)
{
	struct pst_day_limits *limits = pst_arena_alloc(arena, sizeof(*limits));

	limits->arena = arena;
	limits->config = config;
	limits->to = pst_tally_new(arena);
	limits->about = pst_tally_new(arena);
	return limits;
}

void
pst_day_limits_add(
    struct pst_day_limits *limits, const char *to, const char *about)
{
	const struct pst_psl *psl = limits->config->psl;

	pst_tally_add(limits->to, pst_str(pst_day_limits_owner(psl, to)), 1);
	pst_tally_add(
	    limits->about, pst_str(pst_day_limits_owner(psl, about)), 1);
}

static void
add_sent(void *arg, struct pst_str address, struct pst_str about)
{
	struct pst_day_limits *limits = arg;
	struct pst_str to =
	    pst_str_from(address, pst_str_rfind(address, '@') + 1);

	pst_day_limits_add(limits,
	    pst_arena_memdup(limits->arena, to.ptr, to.len),
	    pst_arena_memdup(limits->arena, about.ptr, about.len));
}

bool
pst_day_limits_load(struct pst_day_limits *limits,
    const struct pst_store *store, struct pst_err *err)
{
	return pst_outbox_each_sent(
	    store->db, pst_day_of(pst_store_now(store)), add_sent, limits, err);
}

const char *
pst_day_limits_reached(
    const struct pst_day_limits *limits, const char *to, const char *about)
{
	const struct pst_config *config = limits->config;

	to = pst_day_limits_owner(config->psl, to);
	about = pst_day_limits_owner(config->psl, about);
	if (pst_tally_of(limits->to, pst_str(to)) >=
	    config->reports.max_per_day)
		return "reports.max-per-day is reached for its organization";
	if (pst_tally_of(limits->about, pst_str(about)) >=
	    config->reports.max_per_policy_domain)
		return "reports.max-per-policy-domain is reached";
	if (pst_tally_sum(limits->to) >= config->reports.max_per_day_total)
		return "reports.max-per-day-total is reached";
	return NULL;
}
