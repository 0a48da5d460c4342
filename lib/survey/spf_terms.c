/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "survey/spf_tree.h"

#define MAX_GOOD_LENGTH 450 /* RFC 7208 s. 3.4 */
/* As in auth/spf_networks.h: more than one provider can answer for. */
#define WIDE_V4 16
#define WIDE_V6 32

static const struct pst_str no_term = {NULL, 0};

struct terms {
	struct pst_findings_list *list;
	const struct pst_spf_branch *branch;
	const struct pst_spf_record *record;
};

static void
say(const struct terms *terms, const char *name, struct pst_str term,
    const char *text, const char *instead)
{
	pst_spf_say(terms->list, terms->branch,
	    (struct pst_spf_remark){name, term, text, instead});
}

static bool
is_network(const struct pst_spf_term *term)
{
	return term->kind == PST_SPF_IP4 || term->kind == PST_SPF_IP6;
}

static bool
has_addresses(const struct pst_spf_term *term)
{
	return is_network(term) || term->kind == PST_SPF_A ||
	    term->kind == PST_SPF_MX;
}

/* ---- terms that permit too much, or nothing ---- */

/* The family of a network, or both of a and mx. */
static bool
is_wide(const struct pst_spf_term *term, unsigned v4, unsigned v6)
{
	return (term->kind != PST_SPF_IP6 && term->ip4_bits < v4) ||
	    (term->kind != PST_SPF_IP4 && term->ip6_bits < v6);
}

static bool
is_private(const struct pst_spf_term *term)
{
	static const char *const nets[] = {"10.0.0.0/8", "172.16.0.0/12",
	    "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
	    "fc00::/7", "fe80::/10", "::1"};
	struct pst_net net;

	if (!is_network(term))
		return false;
	for (size_t i = 0; i < PST_COUNT(nets); i++)
		if (pst_net_parse(pst_str(nets[i]), &net) &&
		    pst_net_contains(&net, &term->ip))
			return true;
	return false;
}

static void
check_width(const struct terms *terms, const struct pst_spf_term *term)
{
	const struct pst_spf_branch *branch = terms->branch;

	if (term->qualifier != '+' || !branch->passes)
		return;
	if (term->kind == PST_SPF_ALL ||
	    (has_addresses(term) && is_wide(term, 1, 1))) {
		say(terms, "spf-plus-all", term->text,
		    "This term lets every host in the world send mail in the "
		    "name of the domain.",
		    term->kind == PST_SPF_ALL ? "-all or ~all" :
						"the networks that you use");
		return;
	}
	if (!has_addresses(term) || is_private(term) ||
	    !is_wide(term, WIDE_V4, WIDE_V6))
		return;
	if (branch->is_own)
		say(terms, "spf-wide-range", term->text,
		    "This network is wider than a /16 (IPv6: a /32), so hosts "
		    "of many others may send mail in the name of the domain.",
		    "the networks of the hosts that send your mail");
	else
		say(terms, "spf-wide-include", term->text,
		    "The included record permits a network that is wider than "
		    "a /16 (IPv6: a /32).",
		    NULL);
}

/* ---- terms without an effect ---- */

static unsigned
bits_of(const struct pst_spf_term *term)
{
	return term->kind == PST_SPF_IP4 ? term->ip4_bits : term->ip6_bits;
}

static bool
covers(const struct pst_spf_term *earlier, const struct pst_spf_term *term)
{
	struct pst_net net = {earlier->ip, bits_of(earlier)};

	return earlier->kind == term->kind && is_network(term) &&
	    bits_of(earlier) <= bits_of(term) &&
	    pst_net_contains(&net, &term->ip);
}

static bool
is_same(const struct pst_spf_term *a, const struct pst_spf_term *b)
{
	if (a->kind != b->kind || a->kind == PST_SPF_ALL)
		return false;
	if (is_network(a))
		return bits_of(a) == bits_of(b) && covers(a, b);
	return pst_str_ieq(a->domain, b->domain) &&
	    a->ip4_bits == b->ip4_bits && a->ip6_bits == b->ip6_bits;
}

static void
check_effect(const struct terms *terms, size_t index)
{
	const struct pst_spf_term *term = &terms->record->terms[index];

	for (size_t i = 0; i < index; i++) {
		const struct pst_spf_term *earlier = &terms->record->terms[i];

		if (is_same(earlier, term)) {
			say(terms, "spf-repeated-term", term->text,
			    "This term is in the record twice.",
			    "leave the second one out");
			return;
		}
		if (covers(earlier, term)) {
			say(terms, "spf-shadowed", term->text,
			    pst_arena_printf(terms->list->arena,
				"The earlier term %.*s has the same addresses, "
				"so this one never decides.",
				PST_STR_ARG(earlier->text)),
			    "leave the term out");
			return;
		}
	}
}

/* ---- the end of the record ---- */

static void
check_all(const struct terms *terms, const struct pst_spf_term *all)
{
	const struct pst_spf_record *record = terms->record;

	if (all != NULL && record->has_redirect && terms->branch->is_own)
		say(terms, "spf-redirect-ignored", record->redirect.text,
		    "The record has all, so receivers ignore redirect=.",
		    "either all or redirect=");
	if (!terms->branch->is_final)
		return;
	if (all == NULL && !record->has_redirect)
		say(terms, "spf-no-all", no_term,
		    "The record does not end in all, so mail from any other "
		    "host has the result neutral.",
		    "-all or ~all at the end");
	else if (all != NULL && all->qualifier == '?')
		say(terms, "spf-neutral-all", all->text,
		    "Mail from any other host has the result neutral, as if "
		    "there was no record.",
		    "-all or ~all");
}

void
pst_spf_terms_check(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, const struct pst_spf_record *record)
{
	struct terms terms = {list, branch, record};
	const struct pst_spf_term *all = NULL;

	for (size_t i = 0; i < record->term_count; i++) {
		const struct pst_spf_term *term = &record->terms[i];

		if (all != NULL) {
			if (branch->is_own)
				say(&terms, "spf-shadowed", term->text,
				    "This term is after all, so it is never "
				    "looked at.",
				    "before all, or leave it out");
			continue;
		}
		check_width(&terms, term);
		if (term->kind == PST_SPF_ALL)
			all = term;
		if (!branch->is_own)
			continue;
		check_effect(&terms, i);
		if (term->kind == PST_SPF_PTR)
			say(&terms, "spf-ptr", term->text,
			    "ptr is slow, and whoever owns an address chooses "
			    "its name; RFC 7208 says not to use it.",
			    "ip4: and ip6: with the addresses, or a:");
		if (is_private(term))
			say(&terms, "spf-private-address", term->text,
			    "This address is not one of the Internet, so no "
			    "receiver ever sees mail from it.",
			    "the address under which the host is seen outside");
	}
	check_all(&terms, all);
	if (!branch->is_own)
		return;
	pst_spf_modifiers_check(list, branch);
	if (branch->text.len > MAX_GOOD_LENGTH)
		say(&terms, "spf-long", no_term,
		    pst_arena_printf(list->arena,
			"The record has %zu octets; more than 450 may not fit "
			"into one packet.",
			branch->text.len),
		    "some of the terms in a record of a sub-domain, with "
		    "include:");
}
