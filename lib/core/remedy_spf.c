/* SPDX-License-Identifier: BSD-2-Clause */

/* What makes SPF pass, for the domain that was checked and for the author. */

#include "core/remedy.h"

#include "auth/spf_record.h"
#include "base/domain.h"
#include "core/print.h"

#define MAX_RECORD 400 /* octets of a record that is printed whole */
#define MAX_TERM 80

/* Returns the only SPF record that the message found at name; else empty. */
static struct pst_str
record_at(const struct pst_dns *dns, struct pst_str name)
{
	struct pst_str found = PST_STR("");

	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (entry->type != PST_DNS_TXT || entry->answer == NULL ||
		    !pst_str_ieq(
			(struct pst_str){entry->name, entry->name_len}, name))
			continue;
		for (size_t n = 0; n < entry->answer->count; n++) {
			struct pst_str text = entry->answer->records[n].data;

			if (pst_spf_is_record(text) && found.len == 0)
				found = text;
		}
	}
	return found;
}

static bool
is_end(struct pst_str word)
{
	static const struct pst_str redirect = PST_STR_INIT("redirect=");

	if (word.len > 0 && strchr("+-~?", word.ptr[0]) != NULL)
		word = pst_str_from(word, 1);
	return pst_str_ieq(word, PST_STR("all")) ||
	    pst_str_istarts(word, redirect);
}

/* Returns where a term has to be for the client to reach it. */
static size_t
place(struct pst_str record, struct pst_str matched)
{
	size_t at = 0;

	while (at < record.len) {
		struct pst_str rest = pst_str_from(record, at);
		struct pst_str word =
		    pst_str_first(rest, pst_str_find(rest, ' '));

		if (word.len > 0 && (pst_str_eq(word, matched) || is_end(word)))
			return at;
		at += word.len + 1;
	}
	return record.len;
}

/* Adds the record as it would have to be. */
static void
add_changed(struct pst_buf *buf, struct pst_str record, struct pst_str matched,
    const char *term)
{
	size_t at = place(record, matched);
	struct pst_str before = pst_str_trim(pst_str_first(record, at));
	struct pst_str after = pst_str_from(record, at);

	pst_buf_add_text(buf, "\"");
	pst_buf_add_escaped(buf, before);
	pst_buf_printf(buf, " %s%s", term, after.len == 0 ? "" : " ");
	pst_buf_add_escaped(buf, after);
	pst_buf_add_text(buf, "\"");
}

static const char *
own_term(const struct pst_remedy_facts *facts)
{
	bool v6 = facts->findings->client.family == PST_IP_V6;

	return pst_arena_printf(
	    facts->arena, "%s:%s", v6 ? "ip6" : "ip4", facts->client);
}

/* The record does not permit the client. */
static void
add_permit(struct pst_buf *buf, const struct pst_remedy_facts *facts,
    const struct pst_spf *spf)
{
	const struct pst_dns *dns = facts->message->dns;
	struct pst_str name = pst_str(spf->domain);
	struct pst_str record = PST_STR("");
	const char *term = own_term(facts);

	if (spf->term_domain != NULL) {
		record = record_at(dns, pst_str(spf->term_domain));
		name = pst_str(spf->term_domain);
	}
	if (record.len == 0) {
		name = pst_str(spf->domain);
		record = record_at(dns, name);
	}
	pst_buf_printf(buf,
	    "If %s may send for %s, permit it in the SPF record of ",
	    facts->client, spf->domain);
	pst_buf_add_escaped(buf, name);
	if (spf->term.len > 0)
		pst_buf_printf(buf, ", where \"%s\" gave %s",
		    pst_escaped(
			facts->arena, pst_str_first(spf->term, MAX_TERM)),
		    pst_result_word(spf->result));
	else
		pst_buf_printf(buf, ", in which no term matched (%s)",
		    pst_result_word(spf->result));
	if (record.len == 0 || record.len > MAX_RECORD) {
		pst_buf_printf(buf, ": add %s before that term.", term);
		return;
	}
	pst_buf_add_text(buf, ": ");
	add_changed(buf, record, spf->term, term);
	pst_buf_add_text(buf, ".");
}

static void
add_error(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_spf *spf = &facts->findings->spf;
	bool temporary = spf->result == PST_RESULT_TEMPERROR;

	pst_buf_printf(buf, "%s the SPF record of %s%s%s",
	    temporary ? "The name servers have to answer for" : "Correct",
	    spf->domain, spf->why == NULL ? "" : ": ",
	    spf->why == NULL ? "" : spf->why);
	if (spf->term.len > 0) {
		pst_buf_printf(buf, " at \"%s\" in the record of ",
		    pst_escaped(
			facts->arena, pst_str_first(spf->term, MAX_TERM)));
		pst_buf_add_escaped(buf, pst_str(spf->term_domain));
	}
	pst_buf_add_text(buf, ".");
}

static void
add_first_record(
    struct pst_buf *buf, const struct pst_remedy_facts *facts, const char *name)
{
	pst_buf_printf(buf,
	    "publish an SPF record at %s that names all its servers, such as "
	    "TXT \"v=spf1 mx %s -all\".",
	    name, own_term(facts));
}

void
pst_remedy_add_spf_record(
    struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_spf *spf = &facts->findings->spf;

	if (spf->domain == NULL || facts->client[0] == '\0')
		return;
	switch (spf->result) {
	case PST_RESULT_FAIL:
	case PST_RESULT_SOFTFAIL:
	case PST_RESULT_NEUTRAL:
		add_permit(buf, facts, spf);
		return;
	case PST_RESULT_TEMPERROR:
	case PST_RESULT_PERMERROR:
		add_error(buf, facts);
		return;
	case PST_RESULT_NONE:
		pst_buf_printf(
		    buf, "If %s may send for %s, ", facts->client, spf->domain);
		add_first_record(buf, facts, spf->domain);
		return;
	case PST_RESULT_PASS:
	case PST_RESULT_POLICY:
		return;
	}
}

void
pst_remedy_add_helo_record(
    struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_spf *helo = &facts->findings->helo;

	if (helo->domain == NULL || facts->client[0] == '\0')
		return;
	pst_buf_printf(buf,
	    "The client gives %s as its HELO name, and the SPF record of that "
	    "name does not permit it. Its operator has to configure a name of "
	    "its own for HELO. ",
	    helo->domain);
	add_permit(buf, facts, helo);
}

/* MAIL FROM is of another organization, or there is none. */
static void
add_mail_from(
    struct pst_buf *buf, const struct pst_remedy_facts *facts, bool strict)
{
	const struct pst_spf *spf = &facts->findings->spf;
	struct pst_str name = pst_str(facts->author);
	struct pst_str record = record_at(facts->message->dns, name);

	if (spf->result == PST_RESULT_PASS)
		pst_buf_printf(buf, "SPF passes for %s only. It counts with ",
		    pst_print_or_dash(spf->domain));
	else
		pst_buf_add_text(buf, "Or let SPF pass, with ");
	pst_buf_printf(buf,
	    "a MAIL FROM address of %s%s, and %s in the SPF record there",
	    facts->author, strict ? " itself, as aspf=s requires" : "",
	    own_term(facts));
	if (record.len > 0 && record.len <= MAX_RECORD) {
		pst_buf_add_text(buf, ": ");
		add_changed(buf, record, PST_STR(""), own_term(facts));
	}
	pst_buf_add_text(buf, ".");
}

void
pst_remedy_add_spf(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	const struct pst_spf *spf = &facts->findings->spf;
	bool strict = facts->dmarc->policy_domain != NULL &&
	    facts->dmarc->record.aspf_strict;

	if (facts->client[0] == '\0' || facts->author == NULL)
		return;
	if (spf->identity == PST_SPF_HELO &&
	    !pst_remedy_aligns(facts, spf->domain, strict)) {
		pst_buf_printf(buf,
		    "MAIL FROM is null, so SPF checks the HELO name, which is "
		    "not of %s.",
		    facts->author);
		return;
	}
	if (spf->weak != PST_SPF_NOT_WEAK &&
	    pst_remedy_aligns(facts, spf->domain, strict)) {
		pst_buf_printf(buf,
		    "SPF passes, but by a term that permits too many hosts "
		    "(%s), which this gateway ignores. Name the servers in the "
		    "SPF record of %s instead, such as TXT \"v=spf1 mx %s "
		    "-all\".",
		    pst_spf_weak_word(spf->weak), spf->domain, own_term(facts));
		return;
	}
	if (spf->result == PST_RESULT_PASS ||
	    !pst_remedy_aligns(facts, spf->domain, strict)) {
		add_mail_from(buf, facts, strict);
		return;
	}
	pst_buf_add_text(buf, "SPF would do as well. ");
	pst_remedy_add_spf_record(buf, facts);
}
