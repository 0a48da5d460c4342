/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/consent.h"

#include <assert.h>

/* For a batch. Nobody is waiting for the result, so it may be long. */
#define PATIENCE_MS 30000
/*
 * 20 addresses with a tree walk and a confirming record each, and the tree walk
 * of the policy domain.
 */
#define MAX_QUERIES 200

struct pst_consent
pst_consent_of(struct pst_arena *arena, enum pst_destination_kind kind,
    const char *policy_domain, const char *uris)
{
	return (struct pst_consent){
	    .question = {kind, policy_domain, uris},
	    .list = pst_arena_alloc(arena, sizeof(struct pst_destinations)),
	};
}

struct asking {
	struct pst_world world;
	struct pst_arena *arena; /* its own */
	bool done;
};

static void
begin(struct asking *asking, struct pst_service *service,
    const struct pst_config *config)
{
	struct pst_dns_limits limits = config->dns_limits;

	limits.max_queries = MAX_QUERIES;
	limits.reserved = 0;
	asking->arena = pst_arena_new();
	asking->done = false;
	asking->world = (struct pst_world){.arena = asking->arena,
	    .dns = pst_dns_open(asking->arena, pst_service_resolver(service),
		pst_service_clock(service), limits),
	    .now_epoch = pst_clock_epoch(pst_service_clock(service)),
	    .eager = true};
}

/* Copies the texts into the caller's arena. */
static void
keep(struct pst_arena *arena, struct pst_destinations *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct pst_destination *item = &list->items[i];
		bool same = item->target == item->address;

		item->address = pst_arena_strdup(arena, item->address);
		item->domain = pst_arena_strdup(arena, item->domain);
		item->target = same ? item->address :
				      pst_arena_strdup(arena, item->target);
	}
}

/*
 * Runs one round. Returns how many are still open; *first is the first of them.
 */
static size_t
step(struct asking *askings, const struct pst_config *config,
    struct pst_consent *items, size_t count, size_t *first)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		struct asking *asking = &askings[i];

		if (asking->done)
			continue;
		(void)pst_dns_poll(asking->world.dns);
		asking->done = pst_destination_check(
		    &asking->world, config, &items[i].question, items[i].list);
		if (!asking->done && open++ == 0)
			*first = i;
	}
	return open;
}

void
pst_consent_ask(struct pst_service *service, const struct pst_config *config,
    struct pst_arena *arena, struct pst_consent *items, size_t count)
{
	struct asking askings[PST_CONSENT_MAX];
	int64_t until = pst_clock_ms(pst_service_clock(service)) + PATIENCE_MS;
	size_t first = 0;

	assert(count <= PST_CONSENT_MAX);
	for (size_t i = 0; i < count; i++)
		begin(&askings[i], service, config);
	while (step(askings, config, items, count, &first) > 0)
		if (!pst_dns_wait(askings[first].world.dns, until))
			pst_dns_expire(
			    askings[first].world.dns, PST_DNS_TIMEOUT);
	for (size_t i = 0; i < count; i++) {
		keep(arena, items[i].list);
		pst_arena_free(askings[i].arena);
	}
}
