/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/unauthenticated.h"

#include "core/exempt.h"

const char *
pst_unauthenticated_domain(const struct pst_config *config,
    const struct pst_findings *findings,
    enum pst_dmarc_identifiers *identifiers)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	if (config->on_unauthenticated == PST_ACTION_ACCEPT ||
	    findings->exempt != PST_EXEMPT_NO)
		return NULL;
	if (dmarc->only != NULL)
		dmarc = dmarc->only;
	if (dmarc->result != PST_RESULT_NONE &&
	    dmarc->result != PST_RESULT_PERMERROR)
		return NULL;
	*identifiers = dmarc->identifiers;
	return dmarc->author_domain;
}

bool
pst_unauthenticated_is_forwarded(const struct pst_findings *findings)
{
	struct pst_str first;

	if (findings->indirect == NULL)
		return false;
	/* These two come before all claims (core/indirect). */
	first = pst_str(findings->indirect);
	first = pst_str_first(first, pst_str_find(first, ','));
	return pst_str_eq(first, PST_STR("forwarder")) ||
	    pst_str_eq(first, PST_STR("ARC"));
}

bool
pst_unauthenticated_is_unsure(
    const struct pst_config *config, const struct pst_findings *findings)
{
	return findings->forwarder_unsure &&
	    config->on_unauthenticated == PST_ACTION_REJECT &&
	    !pst_unauthenticated_is_forwarded(findings);
}
