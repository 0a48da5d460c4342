/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/trouble.h"

static bool
is_policy_question(const struct pst_dns_entry *entry)
{
	return entry->type == PST_DNS_TXT && entry->answer != NULL &&
	    pst_str_starts((struct pst_str){entry->name, entry->name_len},
		PST_STR("_dmarc."));
}

enum pst_dns_health
pst_trouble_health(const struct pst_dns *dns, bool felt)
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
		/* The first is an answer of a kind, the others are ours. */
		case PST_DNS_BOGUS:
		case PST_DNS_BUDGET:
		case PST_DNS_BADNAME:
			break;
		}
	}
	if (answered == 0)
		return failed > 0 ? PST_DNS_FAILS : PST_DNS_SILENT;
	return felt ? PST_DNS_SILENT : PST_DNS_ANSWERS;
}

static enum pst_trouble_change
end_trouble(struct pst_trouble *trouble)
{
	bool was_capped = trouble->capped;

	*trouble = (struct pst_trouble){.failing = false};
	return was_capped ? PST_TROUBLE_OVER : PST_TROUBLE_SAME;
}

enum pst_trouble_change
pst_trouble_step(struct pst_trouble *trouble, enum pst_dns_health health,
    int64_t now_ms, unsigned cap_ms)
{
	if (health == PST_DNS_ANSWERS || cap_ms == 0)
		return end_trouble(trouble);
	if (health == PST_DNS_SILENT)
		return PST_TROUBLE_SAME;
	if (!trouble->failing) {
		trouble->failing = true;
		trouble->since_ms = now_ms;
	}
	if (trouble->capped || now_ms - trouble->since_ms < (int64_t)cap_ms)
		return PST_TROUBLE_SAME;
	trouble->capped = true;
	return PST_TROUBLE_CAPPED;
}
