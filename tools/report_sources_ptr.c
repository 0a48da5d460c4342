/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/iprev.h"
#include "base/buf.h"
#include "tools/report_sources.h"

/* Sources whose questions are open at the same time, and how long. */
#define BATCH 50
#define BATCH_MS 10000
/* For all names of one run. */
#define ALL_MS 60000

/* Questions about one source: PTR, and A and AAAA of each name. */
#define QUERIES (1 + 2 * PST_IPREV_MAX_NAMES)

struct batch {
	struct pst_world world;
	const char *const *ips;
	size_t count;
	struct pst_iprev results[BATCH];
	bool done[BATCH];
};

/* Returns what the answers say so far; false while one is missing. */
static bool
check_all(struct batch *batch)
{
	bool all = true;

	for (size_t i = 0; i < batch->count; i++) {
		struct pst_ip ip;

		if (batch->done[i] ||
		    !pst_ip_parse(pst_str(batch->ips[i]), &ip))
			continue;
		batch->done[i] =
		    pst_iprev_check(&batch->world, &ip, &batch->results[i]);
		all = all && batch->done[i];
	}
	return all;
}

/* Returns what to show for one source. */
static const char *
name_of(struct pst_arena *arena, const struct batch *batch, size_t at)
{
	const struct pst_iprev *result = &batch->results[at];
	const struct pst_dns_answer *answer;
	char reverse[PST_IP_REVERSE_SIZE];
	struct pst_ip ip;

	if (!batch->done[at] || !pst_ip_parse(pst_str(batch->ips[at]), &ip))
		return "?";
	if (result->result == PST_RESULT_PASS)
		return pst_escaped(arena, pst_str(result->name));
	pst_ip_reverse_name(&ip, reverse);
	/* It was asked before, so this finds the answer. */
	answer = pst_world_ask(
	    &batch->world, PST_DNS_CLIENT, pst_str(reverse), PST_DNS_PTR)
		     ->answer;
	if (answer == NULL || pst_dns_is_temporary(answer->status))
		return "?";
	if (answer->status != PST_DNS_OK)
		return "-";
	return pst_arena_printf(arena, "%s (not confirmed)",
	    pst_escaped(arena, answer->records[0].data));
}

/* Asks about one batch, whose questions have until then. */
static void
ask(struct batch *batch, int64_t until_ms)
{
	while (!check_all(batch))
		if (!pst_dns_wait(batch->world.dns, until_ms))
			pst_dns_expire(batch->world.dns, PST_DNS_TIMEOUT);
}

const char *const *
pst_sources_names(struct pst_arena *arena, struct pst_service *service,
    const char *const *ips, size_t count)
{
	const char **names = pst_arena_array(arena, count + 1, sizeof(*names));
	struct pst_clock *clock = pst_service_clock(service);
	struct pst_config *config = pst_service_config(service);
	struct pst_dns_limits limits = config->dns_limits;
	const int64_t end_ms = pst_clock_ms(clock) + ALL_MS;

	limits.max_queries = BATCH * QUERIES;
	limits.reserved = 0;
	for (size_t at = 0; at < count; at += BATCH) {
		struct pst_arena *own = pst_arena_new();
		int64_t until_ms = pst_clock_ms(clock) + BATCH_MS;
		struct batch batch = {.ips = ips + at,
		    .count = count - at < BATCH ? count - at : BATCH};

		batch.world = (struct pst_world){.arena = own,
		    .now_epoch = pst_clock_epoch(clock),
		    .eager = true,
		    .dns = pst_dns_open(
			own, pst_service_resolver(service), clock, limits)};
		ask(&batch, until_ms < end_ms ? until_ms : end_ms);
		for (size_t i = 0; i < batch.count; i++)
			names[at + i] = name_of(arena, &batch, i);
		pst_arena_free(own);
	}
	pst_config_unref(config);
	return names;
}
