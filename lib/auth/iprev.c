/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/iprev.h"

#include <assert.h>

#include "base/domain.h"

/*
 * Collects the names to look up from a PTR answer: those in host name syntax,
 * in the order of the answer. Only the first PST_IPREV_MAX_NAMES records are
 * considered, and those that are skipped count too, so that a long answer
 * cannot cause more work.
 */
static size_t
usable_names(struct pst_arena *arena, const struct pst_dns_answer *ptr,
    const char *names[PST_IPREV_MAX_NAMES])
{
	size_t count = 0;

	for (size_t i = 0; i < ptr->count && i < PST_IPREV_MAX_NAMES; i++) {
		struct pst_str name = ptr->records[i].data;

		if (!pst_domain_is_ldh(name))
			continue;
		names[count] = pst_domain_normalize(arena, name);
		if (names[count] != NULL)
			count++;
	}
	return count;
}

static bool
holds_address(const struct pst_dns_answer *answer, const struct pst_ip *ip)
{
	for (size_t i = 0; i < answer->count; i++)
		if (pst_ip_eq(&answer->records[i].ip, ip))
			return true;
	return false;
}

/*
 * The names are evaluated in the order of the PTR answer, in whatever order
 * their addresses arrive, so the result does not depend on timing.
 */
static bool
judge(struct pst_world *world, const struct pst_dns_answer *ptr,
    struct pst_iprev *out)
{
	enum pst_dns_type type =
	    out->ip.family == PST_IP_V6 ? PST_DNS_AAAA : PST_DNS_A;
	const char *names[PST_IPREV_MAX_NAMES];
	size_t count = usable_names(world->arena, ptr, names);

	for (size_t i = 0; world->eager && i < count; i++)
		(void)pst_world_ask(
		    world, PST_DNS_CLIENT, pst_str(names[i]), type);

	out->result = PST_RESULT_FAIL;
	for (size_t i = 0; i < count; i++) {
		const struct pst_dns_answer *answer = pst_world_ask(
		    world, PST_DNS_CLIENT, pst_str(names[i]), type)
							  ->answer;

		if (answer == NULL)
			return false;
		if (answer->status == PST_DNS_OK &&
		    holds_address(answer, &out->ip)) {
			out->result = PST_RESULT_PASS;
			out->name = names[i];
			return true;
		}
		if (pst_dns_is_temporary(answer->status))
			out->result = PST_RESULT_TEMPERROR;
	}
	return true;
}

bool
pst_iprev_check(
    struct pst_world *world, const struct pst_ip *client, struct pst_iprev *out)
{
	struct pst_iprev found = {.ip = *client};
	char reverse[PST_IP_REVERSE_SIZE];
	const struct pst_dns_answer *ptr;

	assert(client->family != PST_IP_NONE);
	pst_ip_reverse_name(client, reverse);
	ptr =
	    pst_world_ask(world, PST_DNS_CLIENT, pst_str(reverse), PST_DNS_PTR)
		->answer;
	if (ptr == NULL)
		return false;

	if (ptr->status == PST_DNS_OK) {
		if (!judge(world, ptr, &found))
			return false;
	} else if (pst_dns_is_temporary(ptr->status)) {
		found.result = PST_RESULT_TEMPERROR;
	} else {
		found.result = PST_RESULT_PERMERROR;
	}
	*out = found;
	return true;
}
