/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/advise.h"

#include "auth/iprev.h"
#include "auth/spf.h"
#include "base/domain.h"
#include "survey/advise_parts.h"

/* ---- the records of the domain ---- */

static void
ask_spf_text(struct pst_world *world, struct pst_advise *advise)
{
	const struct pst_dns_entry *entry = pst_world_ask(
	    world, PST_DNS_POLICY, pst_str(advise->input->domain), PST_DNS_TXT);
	const struct pst_dns_answer *answer = entry->answer;

	if (answer == NULL || answer->status != PST_DNS_OK)
		return;
	for (size_t i = 0; i < answer->count; i++)
		if (pst_str_ieq(pst_str_trim(answer->records[i].data),
			PST_STR("v=spf1 -all")))
			advise->sends_nothing = true;
}

static bool
ask_froms(struct pst_world *world, struct pst_advise *advise)
{
	bool done = true;

	for (size_t i = 0; i < advise->from_count; i++) {
		struct advise_from *from = &advise->froms[i];

		if (!from->done)
			from->done = pst_spf_networks_check(
			    world, from->name, &from->nets);
		done = done && from->done;
		if (from->done && from->nets.result == PST_RESULT_TEMPERROR)
			advise->failed = true;
	}
	return done;
}

static bool
ask_mx_host(struct pst_world *world, struct pst_advise *advise,
    struct pst_str host, enum pst_dns_type type)
{
	const struct pst_dns_entry *entry =
	    pst_world_ask(world, PST_DNS_OTHER, host, type);

	if (entry->answer == NULL)
		return false;
	if (pst_dns_is_temporary(entry->answer->status))
		advise->failed = true;
	for (size_t i = 0; i < entry->answer->count &&
	     advise->mx_count < PST_COUNT(advise->mx);
	     i++)
		advise->mx[advise->mx_count++] = entry->answer->records[i].ip;
	return true;
}

static bool
ask_mx(struct pst_world *world, struct pst_advise *advise)
{
	const struct pst_dns_entry *entry = pst_world_ask(
	    world, PST_DNS_OTHER, pst_str(advise->input->domain), PST_DNS_MX);
	bool done = true;

	if (entry->answer == NULL)
		return false;
	if (pst_dns_is_temporary(entry->answer->status))
		advise->failed = true;
	advise->mx_count = 0;
	for (size_t i = 0; i < entry->answer->count && i < ADVISE_MAX_MX; i++) {
		struct pst_str host = entry->answer->records[i].data;

		if (host.len == 0)
			continue;
		done = ask_mx_host(world, advise, host, PST_DNS_A) && done;
		done = ask_mx_host(world, advise, host, PST_DNS_AAAA) && done;
	}
	return done;
}

/* ---- the addresses ---- */

static bool
is_in_spf(const struct pst_advise *advise, const struct pst_ip *ip)
{
	for (size_t f = 0; f < advise->from_count; f++) {
		const struct pst_spf_networks *nets = &advise->froms[f].nets;

		for (size_t i = 0; i < nets->count; i++)
			if (pst_net_contains(&nets->nets[i], ip))
				return true;
	}
	return false;
}

/* A record with exists or macros does not list its hosts: ask it about this. */
static bool
ask_spf(struct pst_world *world, struct pst_advise *advise,
    struct advise_source *source)
{
	struct pst_spf_input input = {.client = source->ip,
	    .helo = pst_str(advise->input->domain),
	    .mail_from = {.domain = advise->input->domain},
	    .max_voids = 10,
	    .of_helo = true,
	    .weak_range_bits = PST_SPF_NETWORKS_MIN_V4};
	struct pst_spf spf;

	if (source->spf_asked ||
	    advise->froms[0].nets.result != PST_RESULT_PASS ||
	    advise->froms[0].nets.left_out[PST_SPF_LEFT_SENDER].count == 0)
		return true;
	if (!pst_spf_check(world, &input, &spf))
		return false;
	source->spf_asked = true;
	if (spf.result == PST_RESULT_TEMPERROR)
		advise->failed = true;
	if (spf.result == PST_RESULT_PASS && spf.weak == PST_SPF_NOT_WEAK)
		source->verified |= ADVISE_IN_SPF;
	return true;
}

static bool
ask_name(struct pst_world *world, const char *org_domain,
    struct advise_source *source)
{
	struct pst_iprev iprev;

	if (source->has_name)
		return true;
	if (!pst_iprev_check(world, &source->ip, &iprev))
		return false;
	source->has_name = true;
	if (iprev.result != PST_RESULT_PASS || iprev.name == NULL)
		return true;
	source->name = pst_arena_strdup(world->arena, iprev.name);
	if (pst_domain_is_below(iprev.name, org_domain))
		source->verified |= ADVISE_NAMED_BELOW;
	return true;
}

static bool
ask_sources(struct pst_world *world, struct pst_advise *advise)
{
	const char *org_domain = advise->walk.org_domain != NULL ?
	    advise->walk.org_domain :
	    advise->input->domain;
	bool done = true;

	for (size_t i = 0; i < advise->count && i < PST_ADVISE_MAX_NAMED; i++) {
		done = ask_spf(world, advise, advise->sources[i]) && done;
		done = ask_name(world, org_domain, advise->sources[i]) && done;
	}
	return done;
}

static void
verify_sources(struct pst_advise *advise)
{
	for (size_t i = 0; i < advise->count; i++) {
		struct advise_source *source = advise->sources[i];

		if (is_in_spf(advise, &source->ip))
			source->verified |= ADVISE_IN_SPF;
		for (size_t m = 0; m < advise->mx_count; m++)
			if (pst_ip_eq(&advise->mx[m], &source->ip))
				source->verified |= ADVISE_IS_MX;
	}
}

bool
pst_advise_ask(struct pst_world *world, struct pst_advise *advise)
{
	bool done = true;

	advise_list(advise);
	if (!advise->walk_done) {
		advise->walk_done =
		    pst_walk_check(world, advise->input->domain, &advise->walk);
		if (advise->walk_done && advise->walk.temperror)
			advise->failed = true;
	}
	done = ask_froms(world, advise) && advise->walk_done;
	advise->mx_done = ask_mx(world, advise);
	ask_spf_text(world, advise);
	if (!done || !advise->mx_done || !ask_sources(world, advise))
		return false;
	verify_sources(advise);
	return true;
}
