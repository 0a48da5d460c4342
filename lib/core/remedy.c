/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/remedy.h"

#include <assert.h>

#include "base/domain.h"
#include "core/parts.h"

#define MAX_SENDER 6000
#define MAX_NAMED 3 /* look-ups, or domains, that a sentence names */

bool
pst_remedy_aligns(
    const struct pst_remedy_facts *facts, const char *domain, bool strict)
{
	const struct pst_psl *psl = facts->message->config->psl;
	const char *org = facts->dmarc->org_domain;

	if (facts->author == NULL || domain == NULL)
		return false;
	if (pst_domain_eq(domain, facts->author))
		return true;
	if (strict)
		return false;
	/* As in auth/dmarc_eval */
	if (facts->dmarc->knowledge == PST_DMARC_ABSENT && psl != NULL)
		return !pst_psl_is_suffix(psl, domain) &&
		    pst_domain_eq(pst_psl_org_domain(psl, domain),
			pst_psl_org_domain(psl, facts->author));
	if (facts->dmarc->knowledge == PST_DMARC_ABSENT &&
	    pst_domain_labels(domain) > 1 &&
	    pst_domain_is_below(facts->author, domain))
		return true;
	if (org == NULL)
		return pst_domain_is_below(facts->author, domain) ||
		    pst_domain_is_below(domain, facts->author);
	return pst_domain_is_below(domain, org) &&
	    pst_domain_is_below(facts->author, org);
}

/* ---- the From field ---- */

static void
add_domains(struct pst_buf *buf, const struct pst_from *from)
{
	for (size_t i = 0; i < from->domain_count && i < MAX_NAMED; i++)
		pst_buf_printf(
		    buf, "%s%s", i == 0 ? "" : ", ", from->domains[i]);
	if (from->domain_count > MAX_NAMED)
		pst_buf_printf(
		    buf, " and %zu others", from->domain_count - MAX_NAMED);
}

static void
add_malformed(struct pst_buf *buf, const struct pst_from *from)
{
	switch (from->fault) {
	case PST_FROM_MISSING:
		pst_buf_add_text(buf,
		    "The message has no From field. Each message requires "
		    "exactly one, with the address of its author, such as "
		    "\"From: NAME <user@domain.example>\" (RFC 5322 section "
		    "3.6).");
		return;
	case PST_FROM_SEVERAL:
		pst_buf_add_text(buf,
		    "The message has more than one From field. The program "
		    "that writes the message has to send exactly one (RFC 5322 "
		    "section 3.6).");
		return;
	case PST_FROM_ENCODED:
		pst_buf_add_text(buf,
		    "The From field has an encoded-word (=?...?=) where an "
		    "address has to be. Encode the display name only, and leave "
		    "the address as it is: \"From: =?utf-8?Q?...?= "
		    "<user@domain.example>\" (RFC 2047 section 5).");
		return;
	case PST_FROM_WELL_FORMED: /* too many domains */
	case PST_FROM_GRAMMAR:
		pst_buf_printf(buf,
		    "The From field is not valid: %s. The program that writes "
		    "the message has to send one field such as \"From: \"NAME\" "
		    "<user@domain.example>\"; a name with commas, brackets or "
		    "other punctuation requires the quotes (RFC 5322 section "
		    "3.4).",
		    from->why == NULL ? "it names too many domains" :
					from->why);
		return;
	}
	assert(false);
}

static void
add_from(struct pst_buf *buf, const struct pst_from *from)
{
	switch (from->verdict) {
	case PST_FROM_SINGLE:
		return;
	case PST_FROM_MALFORMED:
		add_malformed(buf, from);
		return;
	case PST_FROM_MULTI:
		pst_buf_add_text(
		    buf, "The From field has addresses of several domains (");
		add_domains(buf, from);
		pst_buf_add_text(buf,
		    "). Send the message with addresses of one domain in From; "
		    "the others may be in Reply-To.");
		return;
	case PST_FROM_NONE:
		pst_buf_add_text(buf,
		    "The address in the From field has no domain name that can "
		    "be looked up. Send the message with a complete address, "
		    "such as \"From: <user@domain.example>\".");
		return;
	}
	assert(false);
}

/* ---- look-ups that failed ---- */

/* Whether a look-up failed, of iprev or of the others. */
static bool
has_failed(const struct pst_dns_entry *entry, bool iprev)
{
	return entry->answer != NULL &&
	    pst_dns_is_temporary(entry->answer->status) &&
	    (entry->class == PST_DNS_CLIENT) == iprev;
}

static size_t
add_failed(
    struct pst_buf *buf, const struct pst_dns *dns, bool iprev, bool *ours)
{
	size_t count = 0;

	*ours = false;
	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (!has_failed(entry, iprev))
			continue;
		if (pst_dns_is_ours(entry->answer->status))
			*ours = true;
		if (count++ >= MAX_NAMED)
			continue;
		pst_buf_printf(buf, "%s%s ", count == 1 ? "" : ", ",
		    pst_dns_type_word(entry->type));
		pst_buf_add_escaped(
		    buf, (struct pst_str){entry->name, entry->name_len});
		pst_buf_printf(
		    buf, " (%s)", pst_dns_status_word(entry->answer->status));
	}
	if (count > MAX_NAMED)
		pst_buf_printf(buf, " and %zu others", count - MAX_NAMED);
	return count;
}

static void
add_temporary(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_message *message = facts->message;
	bool iprev = strncmp(message->decision.rule, "iprev-", 6) == 0;
	bool ours;

	pst_buf_add_text(buf, "The DNS did not answer: ");
	if (add_failed(buf, message->dns, iprev, &ours) == 0)
		pst_buf_add_text(buf, "a look-up was not finished in time");
	pst_buf_add_text(buf,
	    ". The name servers of these names have to answer; whoever runs "
	    "them can test it with \"dig\". A server that was told to come "
	    "later tries again by itself, so nothing else has to be changed.");
	if (ours)
		pst_buf_add_text(buf,
		    " (BUDGET, CROWDED and PAUSED mean that this gateway did "
		    "not ask: the message needs too many look-ups, too many "
		    "questions were open, or the servers had been silent.)");
}

/* ---- the client ---- */

static void
add_iprev(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_ip *ip = &facts->findings->iprev.ip;
	char text[PST_IP_TEXT_SIZE], name[PST_IP_REVERSE_SIZE];

	pst_ip_reverse_name(ip, name);
	pst_buf_printf(buf,
	    "The address %s has no host name that leads back to it. Whoever "
	    "runs the network has to publish a PTR record at %s with the name "
	    "of the host, and an %s record of that name with the address %s.",
	    pst_ip_text(ip, text), name, ip->family == PST_IP_V6 ? "AAAA" : "A",
	    text);
}

/* ---- all together ---- */

static void
add_blank(struct pst_buf *buf)
{
	if (buf->len > 0)
		pst_buf_add_char(buf, ' ');
}

/* Whether something in the message, right or wrong, is of the author. */
static bool
has_trace(const struct pst_remedy_facts *facts)
{
	const struct pst_findings *f = facts->findings;

	for (size_t i = 0; i < f->dkim.count; i++) {
		if (pst_remedy_aligns(facts, f->dkim.sigs[i].domain, false))
			return true;
	}
	return f->indirect != NULL;
}

/* What gives an aligned pass; it takes one of the two. */
static void
add_dmarc(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	if (facts->author == NULL)
		return;
	add_blank(buf);
	if (!has_trace(facts))
		pst_buf_printf(buf,
		    "If %s did not send this message, it is forged, and "
		    "nothing has to be changed. If it did, this helps. ",
		    facts->author);
	pst_remedy_add_dkim(buf, facts);
	/* The address is the forwarder's: the author's SPF cannot name it. */
	if (facts->findings->indirect != NULL) {
		pst_buf_add_text(buf,
		    " SPF cannot help here, since the message came through a "
		    "list or a forwarder; these should pass messages on "
		    "without changing them, or put their own address into the "
		    "From field.");
		return;
	}
	pst_buf_add_char(buf, ' ');
	pst_remedy_add_spf(buf, facts);
}

/* The recipient is the author's own site, so both may be the same operator. */
static void
add_own(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_own_findings *own = facts->findings->own;

	if (own == NULL || own->domain == NULL) {
		pst_buf_add_text(buf,
		    "The From field is too large to be read; send one address "
		    "in it.");
		return;
	}
	pst_buf_printf(buf,
	    "%s is a domain of this site (own-domains), so mail from outside "
	    "in its name has to be authenticated, whatever its DMARC record "
	    "says.",
	    own->domain);
	if (facts->findings->from.verdict == PST_FROM_MALFORMED) {
		add_blank(buf);
		add_from(buf, &facts->findings->from);
		return;
	}
	add_dmarc(buf, facts);
}

static bool
has_own_signature(const struct pst_remedy_facts *facts)
{
	const struct pst_dkim *dkim = &facts->findings->dkim;

	for (size_t i = 0; i < dkim->count; i++) {
		if (dkim->sigs[i].result == PST_RESULT_PASS &&
		    pst_remedy_aligns(facts, dkim->sigs[i].domain, false))
			return true;
	}
	return false;
}

static void
add_header(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	pst_buf_printf(buf,
	    "The message has %s. The program that writes the message has to "
	    "send exactly one Date field, and at most one each of Sender, "
	    "Reply-To, To, Cc, Bcc, Message-ID, In-Reply-To, References and "
	    "Subject (RFC 5322 section 3.6).",
	    pst_header_fault_text(facts->findings->header_fault));
}

static void
add_local(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_findings *f = facts->findings;
	const char *rule = facts->message->decision.rule;
	bool all = strcmp(rule, "multiple-checks") == 0;

	if (f->spf.result == PST_RESULT_FAIL ||
	    f->spf.result == PST_RESULT_SOFTFAIL) {
		if (all || strncmp(rule, "spf-", 4) == 0)
			pst_remedy_add_spf_record(buf, facts);
	}
	if (f->has_helo && f->helo.result == PST_RESULT_FAIL &&
	    (all || strcmp(rule, "helo-fail") == 0)) {
		add_blank(buf);
		pst_remedy_add_helo_record(buf, facts);
	}
	if ((all || strncmp(rule, "iprev-", 6) == 0) && f->has_iprev &&
	    f->iprev.result == PST_RESULT_FAIL) {
		add_blank(buf);
		add_iprev(buf, facts);
	}
	if (strncmp(rule, "unauthenticated", 15) == 0)
		add_dmarc(buf, facts);
	if ((all || strncmp(rule, "dkim-", 5) == 0) &&
	    !has_own_signature(facts)) {
		add_blank(buf);
		pst_remedy_add_dkim(buf, facts);
	}
	if ((all || strcmp(rule, "header-malformed") == 0) &&
	    f->header_fault != PST_HEADER_NO_FAULT) {
		add_blank(buf);
		add_header(buf, facts);
	}
}

static void
add_titled(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	enum pst_result judged = facts->findings->dmarc.judged;

	pst_buf_printf(buf, "The rule \"%s\" of this gateway decided.",
	    facts->message->decision.rule);
	if (facts->message->decision.undecided) {
		pst_buf_add_text(buf,
		    " It also holds for messages that cannot be judged for "
		    "now. ");
		add_temporary(buf, facts);
		return;
	}
	if (judged == PST_RESULT_FAIL) {
		pst_buf_add_text(buf,
		    " It may be about messages that fail DMARC, as this one "
		    "does.");
		add_dmarc(buf, facts);
		return;
	}
	pst_buf_add_text(buf,
	    " Nothing that the sender publishes is at fault; its operator can "
	    "say what the rule is for.");
}

static bool
ends(const char *text, const char *end)
{
	return pst_str_iends(pst_str(text), pst_str(end));
}

static const char *
sender_text(const struct pst_remedy_facts *facts)
{
	const struct pst_message *m = facts->message;
	const char *rule = m->decision.rule;
	struct pst_buf buf;

	pst_buf_init(&buf, facts->arena, MAX_SENDER);
	if (m->done.failed != NULL)
		return "Nothing: this gateway could not carry out what it had "
		       "decided. A server that was told to come later tries "
		       "again by itself.";
	if (strcmp(rule, PST_PARTS_RULE) == 0)
		return "Nothing: the recipients are treated in different ways, "
		       "so the message is delivered in two parts. The sending "
		       "server tries again by itself.";
	if (strcmp(rule, "header-flood") == 0)
		return "Send the message without the fields that only a filter "
		       "of the recipient may add, such as X-Spam-Status: it "
		       "has more than a thousand of them with different names.";
	if (strcmp(rule, PST_POLICY_NETWORKS_UNKNOWN) == 0)
		return "Nothing: this gateway cannot read an SPF record that "
		       "lists networks of a forwarder (the entries spf: of its "
		       "configuration), and they decide whether the message is "
		       "refused. The sending server tries again by itself.";
	if (m->decision.titled)
		add_titled(&buf, facts);
	else if (ends(rule, "-temperror") || ends(rule, "-temperror-capped"))
		add_temporary(&buf, facts);
	else if (strncmp(rule, "from-", 5) == 0)
		add_from(&buf, &facts->findings->from);
	else if (strncmp(rule, "dmarc-", 6) == 0)
		add_dmarc(&buf, facts);
	else if (strcmp(rule, "own-domain") == 0)
		add_own(&buf, facts);
	else
		add_local(&buf, facts);
	if (buf.len == 0 || pst_buf_overflowed(&buf))
		return "Authenticate the message with an SPF record or a DKIM "
		       "signature of the domain in its From field.";
	return pst_buf_str(&buf);
}

static void
find_author(struct pst_remedy_facts *facts)
{
	const struct pst_from *from = &facts->findings->from;

	facts->dmarc = &facts->findings->dmarc;
	if (facts->dmarc->only != NULL)
		facts->dmarc = facts->dmarc->only;
	facts->author = facts->dmarc->author_domain;
	if (facts->author == NULL)
		facts->author = from->only_domain;
	if (facts->author == NULL && from->domain_count > 0)
		facts->author = from->domains[0];
}

/* What was done; of a message that was only monitored, what would be done. */
static enum pst_action
outcome(const struct pst_message *message)
{
	if (message->done.failed != NULL)
		return message->done.action;
	return message->decision.monitored ? message->decision.would :
					     message->decision.action;
}

void
pst_remedy_of(struct pst_arena *arena, const struct pst_message *message,
    struct pst_remedy *out)
{
	struct pst_remedy_facts facts = {
	    .arena = arena,
	    .message = message,
	    .findings = &message->findings,
	};

	*out = (struct pst_remedy){.sender = NULL};
	if (outcome(message) == PST_ACTION_ACCEPT ||
	    message->findings.exempt != PST_EXEMPT_NO)
		return;
	find_author(&facts);
	(void)pst_ip_text(&message->findings.client, facts.client);
	out->sender = sender_text(&facts);
	pst_remedy_find_rule(&facts, out);
}
