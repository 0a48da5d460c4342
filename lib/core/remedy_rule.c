/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The rule that lets a message in. What it asks for must be something that not
 * everybody can bring about: a signature that passes, an SPF pass that means
 * something, a trusted sealer, or the address of the client. It also asks for
 * all else that is known of the sender, so that the rule is narrow.
 */

#include "core/remedy.h"

#include "auth/spf_record.h"
#include "base/domain.h"
#include "base/macros.h"
#include "config/option_value.h"
#include "core/alignment.h"
#include "core/parts.h"
#include "core/rule_facts.h"

#define MAX_RULE 8000
#define MAX_TITLE 60
#define MAX_TITLE_DOMAIN 36
/* A term of an SPF record that permits a larger network proves nothing. */
#define MIN_BITS4 8
#define MIN_BITS6 16

/* What a rule can go by, the narrowest first. */
enum evidence {
	BY_OWN_SIGNATURE,
	BY_OWN_SPF,
	BY_SIGNATURE,
	BY_SPF,
	BY_SEALER,
	BY_CLIENT,
	BY_NOTHING,
};

struct choice {
	enum evidence by;
	const char *domain; /* of the evidence, NULL for a client */
};

/* ---- what is there ---- */

static bool
is_wide(const struct pst_spf_term *term)
{
	if (term->qualifier != '+')
		return false;
	switch (term->kind) {
	case PST_SPF_ALL:
		return true;
	case PST_SPF_IP4:
		return term->ip4_bits < MIN_BITS4;
	case PST_SPF_IP6:
		return term->ip6_bits < MIN_BITS6;
	case PST_SPF_A:
	case PST_SPF_MX:
		return term->ip4_bits < MIN_BITS4 || term->ip6_bits < MIN_BITS6;
	case PST_SPF_EXISTS: /* nobody can tell for whom that holds */
		return true;
	case PST_SPF_INCLUDE:
	case PST_SPF_PTR:
	case PST_SPF_REDIRECT:
		return false;
	}
	return true;
}

static bool
permits_anybody(struct pst_arena *arena, struct pst_str text)
{
	struct pst_spf_record record;
	const char *why;

	if (!pst_spf_is_record(text) ||
	    !pst_spf_record_parse(arena, text, &record, &why))
		return false;
	for (size_t i = 0; i < record.term_count; i++) {
		if (is_wide(&record.terms[i]))
			return true;
	}
	return false;
}

/*
 * An SPF pass means nothing if a record on the way to it permits everybody. All
 * SPF records that were read are looked at, whichever of them gave the pass.
 * Without any, as in a recorded message that was shortened, it is not believed.
 */
static bool
is_spf_pass_sound(const struct pst_remedy_facts *facts)
{
	const struct pst_dns *dns = facts->message->dns;
	bool found = false;

	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (entry->type != PST_DNS_TXT || entry->answer == NULL)
			continue;
		for (size_t n = 0; n < entry->answer->count; n++) {
			struct pst_str text = entry->answer->records[n].data;

			if (permits_anybody(facts->arena, text))
				return false;
			found = found || pst_spf_is_record(text);
		}
	}
	return found;
}

/* Returns d= of a signature that passes: the author's own one if own is set. */
static const char *
signer(const struct pst_remedy_facts *facts, bool own)
{
	const struct pst_dkim *dkim = &facts->findings->dkim;

	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->result == PST_RESULT_PASS && sig->domain != NULL &&
		    (!own || pst_remedy_aligns(facts, sig->domain, false)))
			return sig->domain;
	}
	return NULL;
}

/* Addresses that many hosts of this site may share, as after a relay. */
static bool
is_private(const struct pst_ip *ip)
{
	static const char *const nets[] = {
	    "0.0.0.0/8",
	    "10.0.0.0/8",
	    "100.64.0.0/10",
	    "127.0.0.0/8",
	    "169.254.0.0/16",
	    "172.16.0.0/12",
	    "192.168.0.0/16",
	    "::/127",
	    "fc00::/7",
	    "fe80::/10",
	};
	struct pst_net net;

	for (size_t i = 0; i < PST_COUNT(nets); i++) {
		if (pst_net_parse(pst_str(nets[i]), &net) &&
		    pst_net_contains(&net, ip))
			return true;
	}
	return false;
}

static struct choice
choose(const struct pst_remedy_facts *facts)
{
	const struct pst_findings *f = facts->findings;
	/* Of several authors, none may speak for the others. */
	bool one = f->from.domain_count == 1;
	const char *own = one ? signer(facts, true) : NULL;
	const char *any = signer(facts, false);
	/* The domain of the reverse-path, never that of HELO. */
	const char *mail_from = f->spf.result == PST_RESULT_PASS &&
		f->spf.weak == PST_SPF_NOT_WEAK && f->mail_from != NULL &&
		is_spf_pass_sound(facts) ?
	    f->mail_from :
	    NULL;

	if (own != NULL)
		return (struct choice){BY_OWN_SIGNATURE, own};
	if (one && mail_from != NULL &&
	    pst_remedy_aligns(facts, mail_from, false))
		return (struct choice){BY_OWN_SPF, mail_from};
	if (any != NULL)
		return (struct choice){BY_SIGNATURE, any};
	if (mail_from != NULL)
		return (struct choice){BY_SPF, mail_from};
	if (f->arc_sealer != NULL)
		return (struct choice){BY_SEALER, f->arc_sealer};
	if (f->client.family != PST_IP_NONE && !is_private(&f->client))
		return (struct choice){BY_CLIENT, NULL};
	return (struct choice){BY_NOTHING, NULL};
}

/* ---- the rule as text ---- */

static void
add_line(struct pst_buf *buf, const char *option, const char *value)
{
	pst_buf_printf(buf, "\t%s = {", option);
	pst_option_add_quoted(buf, value);
	pst_buf_add_text(buf, "}\n");
}

static bool
is_taken(const struct pst_remedy_facts *facts, const char *title)
{
	const struct pst_config *config = facts->message->config;

	for (size_t i = 0; config != NULL && i < config->rules.count; i++) {
		if (strcmp(config->rules.items[i].title, title) == 0)
			return true;
	}
	return false;
}

static const char *
title(const struct pst_remedy_facts *facts)
{
	const char *domain =
	    facts->author == NULL ? facts->client : facts->author;
	size_t len = strlen(domain);
	/* The end of a name tells more than its beginning. */
	const char *shown =
	    len > MAX_TITLE_DOMAIN ? domain + (len - MAX_TITLE_DOMAIN) : domain;
	char *plain = pst_arena_strdup(facts->arena, shown);
	const char *text;

	/* Titles have no quotes, and "$" and braces mean something there. */
	for (char *at = plain; *at != '\0'; at++) {
		if (!pst_is_alnum(*at) && strchr(".-_:", *at) == NULL)
			*at = '-';
	}
	text = pst_arena_printf(facts->arena, "let in %s", plain);
	for (unsigned n = 2; is_taken(facts, text); n++)
		text =
		    pst_arena_printf(facts->arena, "let in %s (%u)", plain, n);
	return text;
}

static void
add_evidence(struct pst_buf *buf, const struct pst_remedy_facts *facts,
    const struct choice *choice)
{
	switch (choice->by) {
	case BY_OWN_SIGNATURE:
	case BY_SIGNATURE:
		add_line(buf, "dkim-domain", choice->domain);
		return;
	case BY_OWN_SPF:
	case BY_SPF:
		add_line(buf, "mail-from", choice->domain);
		pst_buf_add_text(buf, "\tspf = {pass}\n");
		return;
	case BY_SEALER:
		add_line(buf, "arc-sealer", choice->domain);
		return;
	case BY_CLIENT:
		add_line(buf, "client", facts->client);
		return;
	case BY_NOTHING:
		return;
	}
}

static void
add_from(struct pst_buf *buf, const struct pst_from *from)
{
	pst_buf_add_text(buf, "\tfrom-domain = {");
	for (size_t i = 0; i < from->domain_count; i++) {
		pst_buf_add_text(buf, i == 0 ? "" : ", ");
		pst_option_add_quoted(buf, from->domains[i]);
	}
	pst_buf_add_text(buf, "}\n");
}

static bool
is_own_refusal(const struct pst_remedy_facts *facts)
{
	const struct pst_decision *d = &facts->message->decision;

	return !d->titled && strcmp(d->rule, "own-domain") == 0;
}

static void
add_rest(struct pst_buf *buf, const struct pst_remedy_facts *facts,
    const struct choice *choice)
{
	const struct pst_findings *f = facts->findings;
	const char *list =
	    pst_rule_facts_list_id(facts->arena, facts->message->header);

	if (list != NULL && f->indirect != NULL && choice->by != BY_OWN_SPF &&
	    choice->by != BY_SPF)
		add_line(buf, "list-id", list);
	/* Without an Author Domain, the sender is all that is known. */
	if (f->from.domain_count == 0 && f->mail_from != NULL &&
	    choice->by != BY_OWN_SPF && choice->by != BY_SPF)
		add_line(buf, "mail-from", f->mail_from);
	/* Mail in our own name is refused with any result of DMARC. */
	if (is_own_refusal(facts) && pst_alignment_of(f) == PST_ALIGNED_NONE)
		pst_buf_add_text(buf, "\taligned = {none}\n");
	else
		pst_buf_printf(
		    buf, "\tdmarc = {%s}\n", pst_result_word(f->dmarc.result));
	pst_buf_add_text(buf, "\taction = accept\n");
	if (f->indirect != NULL)
		pst_buf_printf(buf, "\treason = %s\n",
		    list != NULL ? "mailing_list" : "trusted_forwarder");
}

static const char *
basis(const struct pst_remedy_facts *facts, const struct choice *choice)
{
	struct pst_arena *arena = facts->arena;
	const char *author = facts->findings->from.domain_count > 1 ?
	    "those domains" :
	    facts->author == NULL ? "that author" :
				    facts->author;

	switch (choice->by) {
	case BY_OWN_SIGNATURE:
		return pst_arena_printf(arena,
		    "The rule goes by the DKIM signature of %s, which passes: "
		    "nobody else can make one.",
		    choice->domain);
	case BY_OWN_SPF:
		return pst_arena_printf(arena,
		    "The rule goes by SPF, which passes for %s: only servers "
		    "that its record permits can make use of it.",
		    choice->domain);
	case BY_SIGNATURE:
		return pst_arena_printf(arena,
		    "The rule goes by the DKIM signature of %s, which passes. "
		    "Use it only if you trust %s not to sign forged mail of "
		    "%s.",
		    choice->domain, choice->domain, author);
	case BY_SPF:
		return pst_arena_printf(arena,
		    "The rule goes by SPF, which passes for the MAIL FROM "
		    "domain %s. Use it only if you know that %s sends mail of "
		    "%s: a forger can have such a domain, too.",
		    choice->domain, choice->domain, author);
	case BY_SEALER:
		return pst_arena_printf(arena,
		    "The rule goes by the ARC seal of %s, which you trust.",
		    choice->domain);
	case BY_CLIENT:
		return pst_arena_printf(arena,
		    "Nothing in the message proves who sent it, so the rule "
		    "goes by the address of the client. Use it only if you "
		    "know that %s sends mail of %s, and lets nobody else send "
		    "under that name; otherwise the message may be forged.",
		    facts->client, author);
	case BY_NOTHING:
		break;
	}
	return NULL;
}

/* A forwarder sends on what anybody has sent to it. */
static const char *
caution(const struct pst_remedy_facts *facts, const struct choice *choice)
{
	const char *text = basis(facts, choice);

	if (facts->findings->indirect == NULL ||
	    choice->by == BY_OWN_SIGNATURE || choice->by == BY_OWN_SPF)
		return text;
	return pst_arena_printf(facts->arena,
	    "%s The message came through a list or a forwarder: what forgers "
	    "send there under the same name gets in, too.",
	    text);
}

static const char *
write_rule(const struct pst_remedy_facts *facts, const struct choice *choice)
{
	struct pst_buf buf;

	pst_buf_init(&buf, facts->arena, MAX_RULE);
	pst_buf_printf(&buf, "rule \"%s\" {\n", title(facts));
	if (facts->findings->from.domain_count > 0)
		add_from(&buf, &facts->findings->from);
	add_evidence(&buf, facts, choice);
	add_rest(&buf, facts, choice);
	pst_buf_add_text(&buf, "}\n");
	return pst_buf_str(&buf);
}

/* Returns why no rule helps; NULL if one may. */
static const char *
no_rule(const struct pst_remedy_facts *facts)
{
	const struct pst_message *message = facts->message;

	if (message->done.failed != NULL)
		return "No rule changes that: the MTA did not carry out what "
		       "was decided. posternd has logged the reason; look for "
		       "the queue id.";
	if (strcmp(message->decision.rule, "header-flood") == 0)
		return "No rule lets it in: it has more fields of "
		       "\"strip-fields\" than Postern can remove. With "
		       "\"strip-fields = {}\" no field is removed.";
	if (strcmp(message->decision.rule, PST_PARTS_RULE) == 0)
		return "Nothing has to be done: the message comes in when the "
		       "sending server tries again. \"mixed-recipients = "
		       "strictest\" ends the splitting.";
	return NULL;
}

void
pst_remedy_find_rule(
    const struct pst_remedy_facts *facts, struct pst_remedy *out)
{
	struct choice choice = choose(facts);

	out->instead = no_rule(facts);
	if (out->instead != NULL)
		return;
	if (choice.by == BY_NOTHING) {
		out->instead = pst_arena_printf(facts->arena,
		    "No rule is safe: nothing in the message proves who "
		    "sent it, and the address of the client (%s) is private. "
		    "If it is a relay of yours, name it in \"relays\", so that "
		    "the host before it is checked.%s",
		    facts->client[0] == '\0' ? "none" : facts->client,
		    is_own_refusal(facts) ?
			" If it is a host of yours that sends mail itself, "
			"such as a scanner, name it in \"trusted-networks\"." :
			"");
		return;
	}
	out->rule = write_rule(facts, &choice);
	if (out->rule == NULL) {
		out->instead = "No rule can name it, since its From field "
			       "names too many domains.";
		return;
	}
	out->basis = caution(facts, &choice);
}
