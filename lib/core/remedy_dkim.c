/* SPDX-License-Identifier: BSD-2-Clause */

/* What makes a DKIM signature of the author pass. */

#include "core/remedy.h"

#include "base/macros.h"
#include "core/print.h"

#define MAX_SELECTOR 64 /* octets that are printed */
#define MAX_RECORD 160

/*
 * Sentences for a signature that does not pass. Marks in braces are filled in:
 * {d} {s} the signature's domain and selector, {key} the name of the key record,
 * {value} what such a record looks like, {now} what is there, {why} the reason,
 * {bits} the length of its key.
 */
static const char no_key[] =
    "The key of the DKIM signature of {d} cannot be found. Publish the public "
    "key of the selector {s} as a TXT record at {key}: {value}; or sign with a "
    "selector whose key is there.";
static const char bad_key[] =
    "The key record at {key} does not fit the DKIM signature of {d}: {why}{now}. "
    "Publish a key that fits: {value}; or sign with another selector.";
static const char test_key[] =
    "The key record at {key} says that it is being tested. Remove \"t=y\" from "
    "it.";
static const char weak_key[] =
    "The key at {key} has {bits} bits: {why}. Make a key of 2048 bits, publish "
    "it as {value}, and sign with it.";
static const char changed_body[] =
    "The body was changed after {d} had signed it (selector {s}). Sign after "
    "everything else has worked on the message (footers, disclaimers, virus "
    "scanners), and keep the hosts on its way from changing it.";
static const char changed_header[] =
    "The DKIM signature of {d} (selector {s}) does not fit the message: signed "
    "header fields were changed after signing, or the key at {key} is not that "
    "of the signer. Compare the two keys, and sign after everything else has "
    "worked on the message.";
static const char unanswered[] =
    "The name server did not answer the look-up of {key}, the key of the DKIM "
    "signature of {d}. It has to answer.";
static const char bad_time[] =
    "The times of the DKIM signature of {d} are wrong: {why}. Set the clock of "
    "the host that signs, and give a signature a life of a week or more (x=), "
    "or no end.";
static const char bad_length[] =
    "The DKIM signature of {d} has a body length: {why}. Sign without l=, so "
    "that the whole body counts.";
static const char bad_field[] =
    "A DKIM-Signature field is not valid: {why}. Correct or update the program "
    "that signs.";
static const char bad_fields[] =
    "The DKIM signature of {d} does not protect the message: {why}. Sign From, "
    "Date and Subject, and send each of these fields once.";
static const char bad_domain[] =
    "A DKIM signature is of a domain that cannot sign: {why}. Sign with the "
    "domain in the From field.";
static const char bad_identity[] =
    "The DKIM signature of {d} has an i= that its key does not allow: {why}. "
    "Sign without i=, or with one in {d} itself.";
static const char old_hash[] =
    "The DKIM signature of {d} is made with rsa-sha1, which is not accepted any "
    "more. Sign with rsa-sha256.";
static const char odd_lines[] =
    "The message has a bare CR, a bare LF or a NUL, so the DKIM signature of "
    "{d} cannot count. End each line with CR LF, and leave out NUL.";
static const char too_large[] =
    "The DKIM signature of {d} is beyond a limit of this gateway: {why}. Send "
    "the message with fewer signatures and shorter fields.";
static const char crashed[] =
    "The DKIM signature of {d} could not be checked, by a fault of this "
    "gateway.";

static const char *const sentences[] = {
    [PST_DKIM_WHY_NO_KEY] = no_key,
    [PST_DKIM_WHY_KEY_REVOKED] = bad_key,
    [PST_DKIM_WHY_KEY_MALFORMED] = bad_key,
    [PST_DKIM_WHY_KEY_RECORD] = bad_key,
    [PST_DKIM_WHY_KEY_SHORT] = weak_key,
    [PST_DKIM_WHY_KEY_LONG] = weak_key,
    [PST_DKIM_WHY_KEY_EXPONENT] = bad_key,
    [PST_DKIM_WHY_KEY_TYPE] = bad_key,
    [PST_DKIM_WHY_KEY_HASH] = bad_key,
    [PST_DKIM_WHY_KEY_SERVICE] = bad_key,
    [PST_DKIM_WHY_KEY_SUBDOMAIN] = bad_identity,
    [PST_DKIM_WHY_KEY_TEST] = test_key,
    [PST_DKIM_WHY_KEY_TEMPERROR] = unanswered,
    [PST_DKIM_WHY_BODY_HASH] = changed_body,
    [PST_DKIM_WHY_SIGNATURE] = changed_header,
    [PST_DKIM_WHY_EXPIRED] = bad_time,
    [PST_DKIM_WHY_FUTURE] = bad_time,
    [PST_DKIM_WHY_TIMES] = bad_field,
    [PST_DKIM_WHY_PARTIAL] = bad_length,
    [PST_DKIM_WHY_LENGTH_LARGE] = bad_length,
    [PST_DKIM_WHY_LENGTH] = bad_field,
    [PST_DKIM_WHY_REPEATED] = bad_fields,
    [PST_DKIM_WHY_FROM_UNSIGNED] = bad_fields,
    [PST_DKIM_WHY_NO_FROM] = bad_fields,
    [PST_DKIM_WHY_IDENTITY] = bad_field,
    [PST_DKIM_WHY_IDENTITY_ABOVE] = bad_identity,
    [PST_DKIM_WHY_SUFFIX] = bad_domain,
    [PST_DKIM_WHY_TOP_LEVEL] = bad_domain,
    [PST_DKIM_WHY_DOMAIN] = bad_field,
    [PST_DKIM_WHY_SELECTOR] = bad_field,
    [PST_DKIM_WHY_TAG_LIST] = bad_field,
    [PST_DKIM_WHY_TAG_TWICE] = bad_field,
    [PST_DKIM_WHY_TAG_MISSING] = bad_field,
    [PST_DKIM_WHY_BASE64] = bad_field,
    [PST_DKIM_WHY_NAMES] = bad_field,
    [PST_DKIM_WHY_VERSION] = bad_field,
    [PST_DKIM_WHY_ALGORITHM] = bad_field,
    [PST_DKIM_WHY_CANON] = bad_field,
    [PST_DKIM_WHY_QUERY] = bad_field,
    [PST_DKIM_WHY_SHA1] = old_hash,
    [PST_DKIM_WHY_ODD] = odd_lines,
    [PST_DKIM_WHY_NOT_UNDERSTOOD] = bad_field,
    [PST_DKIM_WHY_MANY_SIGNATURES] = too_large,
    [PST_DKIM_WHY_MANY_TAGS] = too_large,
    [PST_DKIM_WHY_FIELD_LONG] = too_large,
    [PST_DKIM_WHY_NAMES_LONG] = too_large,
    [PST_DKIM_WHY_HEADER] = too_large,
    [PST_DKIM_WHY_CRASHED] = crashed,
};
_Static_assert(
    PST_COUNT(sentences) == PST_DKIM_WHY_COUNT, "a reason has no sentence");

static const char *
word(struct pst_arena *arena, const char *text, const char *otherwise)
{
	return text == NULL ?
	    otherwise :
	    pst_print_word(arena, pst_str(text), MAX_SELECTOR);
}

/* Returns the record that a signer has to publish. */
static const char *
key_value(const struct pst_dkim_sig *sig)
{
	bool edwards = sig->algorithm != NULL &&
	    strcmp(sig->algorithm, "ed25519-sha256") == 0;

	return edwards ? "\"v=DKIM1; k=ed25519; p=...\"" :
			 "\"v=DKIM1; k=rsa; p=...\"";
}

/* Returns ", now ..." with the first record at that name; or "". */
static const char *
now_there(const struct pst_remedy_facts *facts, const char *name)
{
	const struct pst_dns *dns = facts->message->dns;

	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (entry->type != PST_DNS_TXT || entry->answer == NULL ||
		    entry->answer->count == 0 ||
		    !pst_str_ieq((struct pst_str){entry->name, entry->name_len},
			pst_str(name)))
			continue;
		struct pst_str text = entry->answer->records[0].data;
		return pst_arena_printf(facts->arena, " (now \"%s%s\")",
		    pst_escaped(facts->arena, pst_str_first(text, MAX_RECORD)),
		    text.len > MAX_RECORD ? "..." : "");
	}
	return "";
}

/* Adds a sentence with its marks filled in. */
static void
fill(struct pst_buf *buf, const struct pst_remedy_facts *facts,
    const struct pst_dkim_sig *sig, const char *sentence)
{
	struct pst_arena *arena = facts->arena;
	const char *selector = word(arena, sig->selector, "SELECTOR");
	const char *domain = sig->domain == NULL ? "the signer" : sig->domain;
	const char *key = pst_arena_printf(arena, "%s._domainkey.%s", selector,
	    pst_print_or_dash(sig->domain));
	const struct {
		struct pst_str mark;
		const char *text;
	} marks[] = {
	    {PST_STR("{d}"), domain},
	    {PST_STR("{s}"), selector},
	    {PST_STR("{key}"), key},
	    {PST_STR("{value}"), key_value(sig)},
	    {PST_STR("{now}"), now_there(facts, key)},
	    {PST_STR("{why}"), pst_dkim_why_text(sig->why)},
	    {PST_STR("{bits}"), pst_arena_printf(arena, "%u", sig->bits)},
	};

	while (*sentence != '\0') {
		size_t i = 0;

		while (i < PST_COUNT(marks) &&
		    !pst_str_starts(pst_str(sentence), marks[i].mark))
			i++;
		if (i == PST_COUNT(marks)) {
			pst_buf_add_char(buf, *sentence++);
			continue;
		}
		pst_buf_add_text(buf, marks[i].text);
		sentence += marks[i].mark.len;
	}
}

/* How useful it is to talk about a signature: more is better; 0: not at all. */
static unsigned
rank(const struct pst_remedy_facts *facts, const struct pst_dkim_sig *sig)
{
	bool strict = facts->dmarc->policy_domain != NULL &&
	    facts->dmarc->record.adkim_strict;

	if (sig->result == PST_RESULT_PASS)
		return sig->domain == NULL ? 0 : 2;
	if (sig->why == PST_DKIM_WHY_NONE)
		return 0;
	if (sig->aligned || pst_remedy_aligns(facts, sig->domain, strict))
		return sig->checked ? 4 : 3;
	return sig->domain == NULL ? 1 : 0;
}

static const struct pst_dkim_sig *
find_sig(const struct pst_remedy_facts *facts, unsigned *best)
{
	const struct pst_dkim *dkim = &facts->findings->dkim;
	const struct pst_dkim_sig *found = NULL;

	*best = 0;
	for (size_t i = 0; i < dkim->count; i++) {
		unsigned own = rank(facts, &dkim->sigs[i]);

		if (own <= *best)
			continue;
		*best = own;
		found = &dkim->sigs[i];
	}
	return found;
}

void
pst_remedy_add_dkim(struct pst_buf *buf, const struct pst_remedy_facts *facts)
{
	bool strict = facts->dmarc->policy_domain != NULL &&
	    facts->dmarc->record.adkim_strict;
	unsigned best;
	const struct pst_dkim_sig *sig = find_sig(facts, &best);
	const char *author = pst_print_or_dash(facts->author);

	if (sig != NULL && sig->result != PST_RESULT_PASS) {
		fill(buf, facts, sig, sentences[sig->why]);
		return;
	}
	if (sig != NULL)
		pst_buf_printf(buf,
		    "The DKIM signature of %s passes, but it is not one of %s%s. ",
		    sig->domain, author,
		    strict ? " itself, as adkim=s requires" : "");
	else
		pst_buf_printf(
		    buf, "No DKIM signature of %s is in the message. ", author);
	pst_buf_printf(buf,
	    "Sign with d=%s, and publish the public key as a TXT record at "
	    "SELECTOR._domainkey.%s: \"v=DKIM1; k=rsa; p=...\".",
	    author, author);
}
