/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dnssec.h"

#include <stdio.h>

#include "base/macros.h"

/* Room for a prefix, a selector and a domain; a longer name cannot be asked. */
#define MAX_NAME 1024

/* Returns the answer with the TXT records of a name; NULL if there is none. */
static const struct pst_dns_answer *
records_at(const struct pst_dns *dns, struct pst_str name)
{
	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);
		const struct pst_str asked = {entry->name, entry->name_len};

		if (entry->type == PST_DNS_TXT && entry->answer != NULL &&
		    entry->answer->status == PST_DNS_OK &&
		    pst_str_ieq(asked, name))
			return entry->answer;
	}
	return NULL;
}

static void
add(struct pst_dnssec *out, enum pst_dnssec_part part, bool proven)
{
	out->exist |= part;
	out->proven |= proven ? part : 0u;
}

static void
judge_dmarc(const struct pst_dns *dns, const struct pst_dmarc *dmarc,
    struct pst_dnssec *out)
{
	const struct pst_dns_answer *answer;
	char name[MAX_NAME];

	if (dmarc->only != NULL)
		dmarc = dmarc->only;
	if (dmarc->policy_domain == NULL ||
	    dmarc->knowledge == PST_DMARC_REMEMBERED)
		return;
	(void)snprintf(name, sizeof(name), "_dmarc.%s", dmarc->policy_domain);
	answer = records_at(dns, pst_str(name));
	if (answer != NULL)
		add(out, PST_DNSSEC_DMARC, answer->authentic);
}

static void
judge_spf(const struct pst_dns *dns, const struct pst_spf *spf,
    struct pst_dnssec *out)
{
	const struct pst_dns_answer *own, *other;

	if (spf->domain == NULL || spf->result == PST_RESULT_NONE)
		return;
	own = other = records_at(dns, pst_str(spf->domain));
	if (own == NULL)
		return;
	if (spf->term_domain != NULL)
		other = records_at(dns, pst_str(spf->term_domain));
	add(out, PST_DNSSEC_SPF,
	    own->authentic && other != NULL && other->authentic);
}

static void
judge_dkim(const struct pst_dns *dns, const struct pst_dkim *dkim,
    struct pst_dnssec *out)
{
	bool has_aligned = false;

	for (size_t i = 0; i < dkim->count; i++)
		has_aligned |= dkim->sigs[i].result == PST_RESULT_PASS &&
		    dkim->sigs[i].aligned;
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];
		const struct pst_dns_answer *answer;
		char name[MAX_NAME];

		if (sig->result != PST_RESULT_PASS || sig->domain == NULL ||
		    sig->selector == NULL || sig->aligned != has_aligned)
			continue;
		(void)snprintf(name, sizeof(name), "%s._domainkey.%s",
		    sig->selector, sig->domain);
		answer = records_at(dns, pst_str(name));
		if (answer != NULL)
			add(out, PST_DNSSEC_DKIM, answer->authentic);
	}
}

void
pst_dnssec_judge(const struct pst_dns *dns, const struct pst_findings *findings,
    struct pst_dnssec *out)
{
	*out = (struct pst_dnssec){.known = true};
	judge_dmarc(dns, &findings->dmarc, out);
	judge_spf(dns, &findings->spf, out);
	judge_dkim(dns, &findings->dkim, out);
}

const char *
pst_dnssec_words(unsigned parts)
{
	static const char *const words[] = {
	    "none",
	    "dmarc",
	    "spf",
	    "dmarc,spf",
	    "dkim",
	    "dmarc,dkim",
	    "spf,dkim",
	    "dmarc,spf,dkim",
	};

	return words[parts % PST_COUNT(words)];
}
