/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/summary.h"

#include <string.h>

#include "base/domain.h"
#include "core/parts.h"
#include "core/temperror.h"

#define MAX_TEXT 255

/* The networks that clients are counted by. */
#define V4_BYTES 3
#define V6_BYTES 6
#define NETWORK_SIZE (PST_IP_TEXT_SIZE + 3)

/* ---- identifiers ---- */

/* R-DMARC-33: which passes count. */
static bool
counts(const struct pst_message *message, const struct pst_dkim_sig *sig)
{
	return sig->result == PST_RESULT_PASS && sig->checked &&
	    sig->domain != NULL &&
	    (!sig->test_key || message->config->dkim.accept_test_keys);
}

static const char *
named(struct pst_arena *arena, const char *kind, const char *name)
{
	const size_t kind_len = strlen(kind);
	size_t len = strlen(name);
	char *text;

	if (len > MAX_TEXT - kind_len - 1)
		len = MAX_TEXT - kind_len - 1;
	text = pst_arena_alloc(arena, kind_len + 1 + len + 1);
	memcpy(text, kind, kind_len);
	text[kind_len] = ':';
	memcpy(text + kind_len + 1, name, len);
	text[kind_len + 1 + len] = '\0';
	return text;
}

/*
 * Sets via, and aligned. has_author: there is one author, who is certain; nothing
 * is aligned otherwise.
 */
static void
find_sender(struct pst_arena *arena, const struct pst_message *message,
    bool has_author, struct pst_summary *out)
{
	const struct pst_findings *f = &message->findings;
	const bool spf_passes =
	    f->spf.result == PST_RESULT_PASS && f->spf.domain != NULL;
	const char *signer = NULL, *first = NULL;

	for (size_t i = 0; i < f->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &f->dkim.sigs[i];

		if (!counts(message, sig))
			continue;
		if (first == NULL)
			first = sig->domain;
		if (signer == NULL && has_author && sig->aligned)
			signer = sig->domain;
	}
	out->aligned = signer != NULL;
	if (signer == NULL && spf_passes && has_author &&
	    f->dmarc.spf_aligned) {
		out->aligned = true;
		out->via = named(arena, "spf", f->spf.domain);
		return;
	}
	if (signer == NULL)
		signer = first;
	if (signer != NULL)
		out->via = named(arena, "dkim", signer);
	else if (spf_passes)
		out->via = named(arena, "spf", f->spf.domain);
}

/* The domain that a message is counted for, and whether it can be aligned. */
static const char *
author_of(const struct pst_from *from, bool *certain)
{
	*certain = from->verdict == PST_FROM_SINGLE && from->domain_count == 1;
	if (*certain)
		return from->domains[0];
	return from->only_domain == NULL ? "" : from->only_domain;
}

static const char *
network_of(struct pst_arena *arena, const struct pst_ip *client)
{
	const bool v4 = client->family == PST_IP_V4;
	struct pst_ip base = {.family = client->family};
	char text[PST_IP_TEXT_SIZE];

	if (client->family == PST_IP_NONE)
		return "";
	memcpy(base.octets, client->octets, v4 ? V4_BYTES : V6_BYTES);
	return pst_arena_printf(arena, "%s/%d", pst_ip_text(&base, text),
	    8 * (v4 ? V4_BYTES : V6_BYTES));
}

/* ---- the reason ---- */

/* The fixed names of rules, but those that depend on more. */
static const struct {
	const char *rule, *reason;
} reasons[] = {
    {"dmarc-none", "dmarc p=none"},
    {"dmarc-quarantine", "dmarc p=quarantine"},
    {"dmarc-reject", "dmarc p=reject"},
    {"dmarc-reject-indirect", "dmarc p=reject, indirect"},
    {"dmarc-reject-unverified", "dmarc p=reject, unverified"},
    {"dmarc-reject-lowered", "dmarc p=reject"},
    {"dmarc-reject-ignored", "dmarc p=reject"},
    {"from-missing", "from missing"},
    {"from-several-fields", "from several fields"},
    {"from-encoded", "from encoded"},
    {"from-malformed", "from malformed"},
    {"from-multiple", "from several domains"},
    {"from-no-domain", "from without domain"},
    {"dkim-temperror", "dkim temperror"},
    {"dkim-temperror-capped", "dkim temperror"},
    {"spf-temperror", "spf temperror"},
    {"spf-temperror-capped", "spf temperror"},
    {"iprev-temperror", "iprev temperror"},
    {"iprev-temperror-capped", "iprev temperror"},
    {"spf-fail", "spf fail"},
    {"spf-softfail", "spf softfail"},
    {"helo-fail", "helo fail"},
    {"iprev-fail", "iprev fail"},
    {"dkim-missing", "dkim missing"},
    {"unauthenticated", "unauthenticated"},
    {"unauthenticated-indirect", "unauthenticated"},
    {"unauthenticated-unverified", "unauthenticated"},
    {"unauthenticated-temperror", "unauthenticated temperror"},
    {"unauthenticated-temperror-capped", "unauthenticated temperror"},
    {"header-malformed", "header malformed"},
    {"header-flood", "too many header fields"},
    {"multiple-checks", "several checks"},
    {PST_POLICY_NETWORKS_UNKNOWN, "networks unknown"},
    {"own-domain", "own domain"},
    {"own-domain-temperror", "own domain temperror"},
    {"own-domain-temperror-capped", "own domain temperror"},
    {PST_PARTS_RULE, "recipients differ"},
};

/* What DMARC says of mail that nothing is done about. */
static const char *
reason_of_default(const struct pst_dmarc *dmarc)
{
	switch (dmarc->judged) {
	case PST_RESULT_PASS:
		return "dmarc pass";
	case PST_RESULT_NONE:
		return "no dmarc record";
	case PST_RESULT_PERMERROR:
		return "dmarc permerror";
	case PST_RESULT_TEMPERROR:
		return "dmarc temperror";
	case PST_RESULT_FAIL:
	case PST_RESULT_SOFTFAIL:
	case PST_RESULT_NEUTRAL:
	case PST_RESULT_POLICY:
		break;
	}
	return "accepted";
}

/* Which look-up kept the DMARC result from being known. */
static const char *
reason_of_temperror(const struct pst_message *message)
{
	static const struct {
		const char *xcode, *reason;
	} causes[] = {
	    {"4.7.5", "dkim temperror"},
	    {"4.7.24", "spf temperror"},
	};
	struct pst_temperror temperror = {.xcode = ""};

	if (pst_temperror_is_deferring(pst_temperror_of_dmarc(
		message->config, &message->findings, &temperror))) {
		for (size_t i = 0; i < PST_COUNT(causes); i++) {
			if (strcmp(temperror.xcode, causes[i].xcode) == 0)
				return causes[i].reason;
		}
	}
	return "dmarc temperror";
}

static const char *
reason_of(const struct pst_message *message)
{
	const struct pst_decision *decision = &message->decision;
	const char *rule = decision->rule;

	if (message->done.failed != NULL)
		return "internal error";
	if (decision->titled)
		return "rule";
	if (message->findings.exempt != PST_EXEMPT_NO)
		return "not checked";
	if (strcmp(rule, "default") == 0)
		return reason_of_default(&message->findings.dmarc);
	if (strcmp(rule, "dmarc-temperror") == 0 ||
	    strcmp(rule, "dmarc-temperror-capped") == 0)
		return reason_of_temperror(message);
	for (size_t i = 0; i < PST_COUNT(reasons); i++) {
		if (strcmp(rule, reasons[i].rule) == 0)
			return reasons[i].reason;
	}
	return "something else";
}

/* ---- the summary ---- */

static void
add_rcpt(const char *domain, struct pst_summary *out)
{
	for (unsigned i = 0; i < out->rcpt_count; i++) {
		if (strcmp(out->rcpt_domains[i], domain) == 0)
			return;
	}
	if (out->rcpt_count < PST_SUMMARY_MAX_RCPTS)
		out->rcpt_domains[out->rcpt_count++] = domain;
}

/* The findings have the domains only if a rule or a report requires them. */
static void
add_rcpts(struct pst_arena *arena, const struct pst_rcpts *rcpts,
    struct pst_summary *out)
{
	struct pst_path path;

	for (size_t i = 0;
	     i < rcpts->count && out->rcpt_count < PST_SUMMARY_MAX_RCPTS; i++) {
		pst_reverse_path_parse(arena, rcpts->items[i], &path);
		if (path.domain != NULL)
			add_rcpt(path.domain, out);
	}
}

void
pst_summary_of(struct pst_arena *arena, const struct pst_message *message,
    bool with_rcpts, struct pst_summary *out)
{
	const struct pst_findings *f = &message->findings;
	const bool checked = f->exempt == PST_EXEMPT_NO;
	const char *rule = message->done.failed == NULL ?
	    message->decision.rule :
	    PST_DONE_RULE;
	bool certain;

	*out = (struct pst_summary){.seen_s = message->began_s,
	    .done = message->done.action,
	    .would = message->decision.would,
	    .from_domain = author_of(&f->from, &certain),
	    .network = network_of(arena, &message->client),
	    .indirect = checked && f->indirect != NULL,
	    .rule = rule,
	    .reason = reason_of(message)};
	out->org_domain = out->from_domain;
	if (checked && f->dmarc.org_domain != NULL &&
	    pst_domain_is_below(out->from_domain, f->dmarc.org_domain))
		out->org_domain = f->dmarc.org_domain;
	if (checked)
		find_sender(arena, message, certain, out);
	if (out->via == NULL)
		out->via = named(arena, "net",
		    out->network[0] == '\0' ? "local" : out->network);
	if (with_rcpts)
		add_rcpts(arena, &message->rcpts, out);
}
