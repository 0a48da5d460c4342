/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns_health.h"

static bool
is_policy_question(const struct pst_dns_entry *entry)
{
	return entry->type == PST_DNS_TXT && entry->answer != NULL &&
	    pst_str_starts((struct pst_str){entry->name, entry->name_len},
		PST_STR("_dmarc."));
}

enum pst_dns_observation
pst_dns_health_observe(const struct pst_dns *dns, bool felt)
{
	size_t answered = 0, failed = 0, i;

	for (i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (!is_policy_question(entry))
			continue;
		switch (entry->answer->status) {
		case PST_DNS_OK:
		case PST_DNS_NODATA:
		case PST_DNS_NXDOMAIN:
			answered++;
			break;
		case PST_DNS_SERVFAIL:
		case PST_DNS_TIMEOUT:
			failed++;
			break;
		/* BOGUS is an answer, too. The others were not asked, or were
		   given up for another question. */
		case PST_DNS_BOGUS:
		case PST_DNS_BUDGET:
		case PST_DNS_BADNAME:
		case PST_DNS_CROWDED:
		case PST_DNS_PAUSED:
			break;
		}
	}
	if (answered == 0)
		return failed > 0 ? PST_DNS_OBSERVED_FAILURE :
				    PST_DNS_OBSERVED_NOTHING;
	return felt ? PST_DNS_OBSERVED_NOTHING : PST_DNS_OBSERVED_ANSWERS;
}

static enum pst_dns_health_change
end_failure(struct pst_dns_health *health)
{
	bool was_capped = health->capped;

	*health = (struct pst_dns_health){.failing = false};
	return was_capped ? PST_DNS_HEALTH_RECOVERED : PST_DNS_HEALTH_SAME;
}

enum pst_dns_health_change
pst_dns_health_update(struct pst_dns_health *health,
    enum pst_dns_observation observed, int64_t now_ms, unsigned cap_ms)
{
	if (observed == PST_DNS_OBSERVED_ANSWERS || cap_ms == 0)
		return end_failure(health);
	if (observed == PST_DNS_OBSERVED_NOTHING)
		return PST_DNS_HEALTH_SAME;
	if (!health->failing) {
		health->failing = true;
		health->since_ms = now_ms;
	}
	if (health->capped || now_ms - health->since_ms < (int64_t)cap_ms)
		return PST_DNS_HEALTH_SAME;
	health->capped = true;
	return PST_DNS_HEALTH_CAPPED;
}
