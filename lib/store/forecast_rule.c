/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "store/forecast_facts.h"

#define MAX_RULE 65536

/* A sender chose these texts; what is not a name makes no rule. */
static bool
is_name(const char *text)
{
	return pst_domain_is_ldh(pst_str(text));
}

/* Adds the condition that proves the system. Returns false if there is none. */
static bool
add_proof(struct pst_buf *buf, const char *via)
{
	const char *value = strchr(via, ':');
	struct pst_net net;

	if (value == NULL)
		return false;
	value++;
	if (pst_str_starts(pst_str(via), PST_STR("dkim:")) && is_name(value)) {
		pst_buf_printf(buf, "\tdkim-domain = {\"%s\"}\n", value);
		return true;
	}
	if (pst_str_starts(pst_str(via), PST_STR("spf:")) && is_name(value)) {
		pst_buf_printf(
		    buf, "\tmail-from = {\"%s\"}\n\tspf = {pass}\n", value);
		return true;
	}
	if (pst_str_starts(pst_str(via), PST_STR("net:")) &&
	    pst_net_parse(pst_str(value), &net)) {
		pst_buf_printf(buf, "\tclient = {\"%s\"}\n", value);
		return true;
	}
	return false;
}

static bool
is_own(const struct pst_forecast_evidence *evidence, const char *domain)
{
	const struct pst_domain_set *own = evidence->span.own_domains;

	return own != NULL && pst_domain_set_has(own, domain);
}

/* What is refused: DMARC fails, or mail in our own name is not authenticated. */
static const char *
failure(bool own)
{
	return own ? "aligned = {none}" : "dmarc = {fail}";
}

/*
 * The rule of one From domain. The title has all of `via`, as two rules with the
 * same title are an error.
 */
static const char *
narrow_rule(struct pst_forecast_evidence *evidence,
    const struct pst_forecast_sender *sender, bool accept)
{
	const char *domain = sender->domain->name;
	const char *via = sender->via->name;
	struct pst_buf buf;

	if (!is_name(domain))
		return NULL;
	pst_buf_init(&buf, evidence->arena, MAX_RULE);
	pst_buf_printf(&buf, "rule \"%s by %s\" {\n", domain, via);
	pst_buf_printf(&buf, "\tfrom-domain = {\"%s\"}\n", domain);
	if (!add_proof(&buf, via))
		return NULL;
	pst_buf_printf(&buf, "\t%s\n\taction = %s\n}\n",
	    failure(is_own(evidence, domain)), accept ? "accept" : "tag");
	return pst_buf_str(&buf);
}

/*
 * Adds the From domains for which a forwarder fails, as many as fit. Returns
 * true if one of them is ours.
 */
static bool
add_forwarded(struct pst_buf *buf, const struct pst_forecast_evidence *evidence,
    const struct pst_forecast_via *via)
{
	const char *separator = "\tfrom-domain = {";
	unsigned count = 0;
	bool own = false;

	for (const struct pst_forecast_sender *one = evidence->senders;
	     one != NULL && count < PST_FORECAST_MAX_NAMED; one = one->next) {
		if (one->via != via || one->failing == 0 || one->aligned > 0 ||
		    !is_name(one->domain->name))
			continue;
		pst_buf_printf(buf, "%s\"%s\"", separator, one->domain->name);
		own = own || is_own(evidence, one->domain->name);
		separator = ++count % 3 == 0 ? ",\n\t    " : ", ";
	}
	pst_buf_add_text(buf, count == 0 ? "" : "}\n");
	return own;
}

static const char *
forwarder_rule(
    struct pst_forecast_evidence *evidence, struct pst_forecast_via *via)
{
	const bool carries = pst_forecast_carries(via);
	/* A rule with this condition needs another proof than SPF. */
	const bool indirect = via->indirect == via->messages &&
	    !pst_str_starts(pst_str(via->name), PST_STR("spf:"));
	struct pst_buf buf;
	bool own;

	pst_buf_init(&buf, evidence->arena, MAX_RULE);
	pst_buf_printf(&buf, "rule \"forwarded by %s\" {\n", via->name);
	own = add_forwarded(&buf, evidence, via);
	if (!add_proof(&buf, via->name))
		return NULL;
	pst_buf_printf(&buf, "%s\t%s\n\taction = %s\n",
	    indirect ? "\tindirect = yes\n" : "", failure(own),
	    !carries && pst_forecast_fans(evidence, via) ? "tag" : "accept");
	pst_buf_printf(&buf, "\treason = trusted_forwarder\n}\n");
	if (!carries)
		return pst_buf_str(&buf);
	pst_buf_printf(&buf, "rule \"others forwarded by %s\" {\n", via->name);
	(void)add_proof(&buf, via->name);
	pst_buf_add_text(&buf,
	    "\tdmarc = {fail}\n\taction = tag\n"
	    "\treason = trusted_forwarder\n}\n");
	return pst_buf_str(&buf);
}

void
pst_forecast_advise(struct pst_forecast_evidence *evidence,
    struct pst_forecast_sender *sender, struct pst_forecast_row *row)
{
	switch (row->kind) {
	case PST_FORECAST_FORGED:
		return;
	case PST_FORECAST_FORWARDED:
		if (sender->via->rule == NULL)
			sender->via->rule =
			    forwarder_rule(evidence, sender->via);
		row->rule = sender->via->rule;
		return;
	case PST_FORECAST_GENUINE:
		row->rule = narrow_rule(evidence, sender, true);
		return;
	case PST_FORECAST_UNCLEAR:
		if (row->would[PST_ACTION_REJECT] > 0 && sender->aligned == 0)
			row->rule = narrow_rule(evidence, sender, false);
		return;
	}
}
