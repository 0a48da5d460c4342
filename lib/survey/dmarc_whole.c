/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_parts.h"

/*
 * Looks for a policy word in text, between characters that are not letters or
 * digits. Returns false if there is none, or one of them is p.
 */
static bool
names_another(struct pst_str text, enum pst_dmarc_policy p, const char **word)
{
	*word = NULL;
	for (size_t i = 0; i < text.len;) {
		size_t end = i;
		struct pst_str token;

		while (end < text.len && pst_is_alnum(text.ptr[end]))
			end++;
		token = pst_str_first(pst_str_from(text, i), end - i);
		for (unsigned q = 0; q <= PST_DMARC_REJECT; q++) {
			if (!pst_str_ieq(
				token, pst_str(pst_dmarc_policy_word(q))))
				continue;
			if (q == (unsigned)p)
				return false;
			*word = pst_dmarc_policy_word(q);
		}
		i = end + 1;
	}
	return *word != NULL;
}

/*
 * Text that names another policy than p=: a stray word, an unknown tag, or the
 * local part of a report's address. Such a record was copied and half changed.
 */
static void
check_words(const struct pst_dmarc_parts *parts)
{
	const struct pst_dmarc_record *record = &parts->record;
	struct pst_str texts[PST_DMARC_MAX_STRAYS + 2 * PST_DMARC_MAX_URIS];
	size_t count = 0;
	const char *word;

	for (size_t i = 0; i < parts->stray_count; i++)
		texts[count++] = parts->strays[i];
	for (size_t i = 0; i < PST_DMARC_TAGS; i++) {
		struct pst_str rest = parts->values[i], uri;
		bool more =
		    (i == PST_DMARC_TAG_RUA || i == PST_DMARC_TAG_RUF) &&
		    parts->seen[i];

		for (size_t n = 0; n < PST_DMARC_MAX_URIS &&
		     pst_str_split(&rest, ',', &uri, &more);
		     n++)
			texts[count++] =
			    pst_str_first(uri, pst_str_find(uri, '@'));
	}
	for (size_t i = 0; i < count; i++) {
		if (!names_another(texts[i], record->p, &word))
			continue;
		pst_dmarc_say(parts, "dmarc-words-contradict", texts[i],
		    pst_arena_printf(parts->arena,
			"The record says p=%s, but %s in it names %s. Only p= "
			"counts: check which policy you mean.",
			pst_dmarc_policy_word(record->p),
			pst_dmarc_shown(parts, texts[i]), word),
		    NULL);
		return;
	}
}

static void
check_weaker(const struct pst_dmarc_parts *parts)
{
	const struct pst_dmarc_record *record = &parts->record;
	const char *p = pst_dmarc_policy_word(record->p);

	if (record->has_sp && record->sp < record->p)
		pst_dmarc_say(parts, "dmarc-subdomain-weaker",
		    parts->values[PST_DMARC_TAG_SP],
		    "Sub-domains have a weaker policy than the domain, so mail "
		    "in their names can still be forged.",
		    pst_arena_printf(parts->arena, "sp=%s", p));
	if (record->has_np && record->np < record->p)
		pst_dmarc_say(parts, "dmarc-np-weaker",
		    parts->values[PST_DMARC_TAG_NP],
		    "Names that do not exist have a weaker policy than the "
		    "domain. No genuine mail comes from them, so reject is "
		    "safe.",
		    "np=reject");
}

static void
check_policies(const struct pst_dmarc_parts *parts)
{
	const struct pst_dmarc_record *record = &parts->record;
	struct pst_str none = {NULL, 0};
	bool reported = record->rua_count > 0;

	if (!parts->seen[PST_DMARC_TAG_P])
		pst_dmarc_say(parts, "dmarc-no-policy", none,
		    reported ? "The record has no p=, so it counts as p=none." :
			       "The record has no p=, so receivers act as if "
			       "there was no DMARC record.",
		    "v=DMARC1; p=none; ...");
	if (!reported && record->has_p && record->p == PST_DMARC_NONE)
		pst_dmarc_say(parts, "dmarc-no-effect", none,
		    "The record has p=none and no address for reports, so it "
		    "changes nothing.",
		    "p=none; rua=mailto:dmarc@example.com");
	else if (!reported && !parts->seen[PST_DMARC_TAG_RUA])
		pst_dmarc_say(parts, "dmarc-no-rua", none,
		    "The record has no rua=, so nobody tells you what is sent "
		    "in your name.",
		    "rua=mailto:dmarc@example.com");
	if (record->has_p && record->p == PST_DMARC_NONE)
		pst_dmarc_say(parts, "dmarc-policy-none",
		    parts->values[PST_DMARC_TAG_P],
		    "The policy is none: receivers report, but forged mail is "
		    "delivered like any other.",
		    NULL);
	check_weaker(parts);
}

void
pst_dmarc_whole_check(const struct pst_dmarc_parts *parts)
{
	const struct pst_dmarc_record *record = &parts->record;

	check_policies(parts);
	if (record->test)
		pst_dmarc_say(parts, "dmarc-test-mode",
		    parts->values[PST_DMARC_TAG_T],
		    "t=y asks receivers for the next milder policy, as long "
		    "as you test.",
		    "t=n, or no t=, when you have tested");
	if (record->psd == PST_DMARC_PSD_Y)
		pst_dmarc_say(parts, "dmarc-psd",
		    parts->values[PST_DMARC_TAG_PSD],
		    "psd=y says that this domain is a public suffix, under "
		    "which others register domains. Mail of its sub-domains is "
		    "then not aligned with it.",
		    "no psd=, if the domain is yours alone");
	if (parts->seen[PST_DMARC_TAG_FO] && record->ruf_count == 0)
		pst_dmarc_say(parts, "dmarc-fo-without-ruf",
		    parts->values[PST_DMARC_TAG_FO],
		    "fo= says when failure reports are sent, but without ruf= "
		    "there are none.",
		    "nothing, or ruf=mailto:...");
	if (record->usable_policy && record->has_p)
		check_words(parts);
}
