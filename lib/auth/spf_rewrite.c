/* SPDX-License-Identifier: BSD-2-Clause */

/* Turns the terms of parsed records into those that libspf2 is given. */

#include "auth/spf_run.h"

#include <stdio.h>

#define PREFIX_SIZE 16

size_t
pst_spf_rewrite_order(
    const struct pst_spf_record *record, size_t numbers[PST_SPF_MAX_TERMS + 1])
{
	size_t count = 0;

	while (count < record->term_count) {
		numbers[count] = count;
		count++;
		if (record->terms[count - 1].kind == PST_SPF_ALL)
			return count;
	}
	if (record->has_redirect)
		numbers[count++] = PST_SPF_REDIRECT_INDEX;
	return count;
}

void
pst_spf_rewrite_term(const struct pst_spf_run *run, size_t number,
    const struct pst_spf_term *term, char text[PST_SPF_REWRITTEN_SIZE])
{
	static const char *const forms[] = {
	    [PST_SPF_ALL] = "all",
	    [PST_SPF_INCLUDE] = "include:",
	    [PST_SPF_A] = "a:",
	    [PST_SPF_MX] = "mx:",
	    [PST_SPF_PTR] = "exists:",
	    [PST_SPF_IP4] = "ip4:",
	    [PST_SPF_IP6] = "ip6:",
	    [PST_SPF_EXISTS] = "exists:",
	    [PST_SPF_REDIRECT] = "redirect=",
	};
	const enum pst_spf_kind kind = term->kind;
	const bool literal = kind == PST_SPF_IP4 || kind == PST_SPF_IP6;
	const bool v6 = run->input->client.family == PST_IP_V6;
	const unsigned bits = v6 ? term->ip6_bits : term->ip4_bits;
	const int qualifier_len = kind == PST_SPF_REDIRECT ? 0 : 1;
	char ip[PST_IP_TEXT_SIZE];
	char prefix[PREFIX_SIZE] = "";

	text[0] = '\0';
	if (pst_spf_run_never_matches(run, term) ||
	    (literal && term->ip.family != run->input->client.family))
		return;
	if (kind == PST_SPF_ALL || (literal && bits == 0)) {
		(void)snprintf(text, PST_SPF_REWRITTEN_SIZE, "%c%s",
		    term->qualifier, forms[PST_SPF_ALL]);
		return;
	}
	if (literal) {
		(void)snprintf(text, PST_SPF_REWRITTEN_SIZE, "%c%s%s/%u",
		    term->qualifier, forms[kind], pst_ip_text(&term->ip, ip),
		    bits);
		return;
	}
	if ((kind == PST_SPF_A || kind == PST_SPF_MX) && bits > 0)
		(void)snprintf(
		    prefix, sizeof(prefix), "%s%u", v6 ? "//" : "/", bits);
	(void)snprintf(text, PST_SPF_REWRITTEN_SIZE, "%.*s%st%zu.x%s",
	    qualifier_len, &term->qualifier, forms[kind], number, prefix);
}
