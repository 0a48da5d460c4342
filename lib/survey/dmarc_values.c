/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_parts.h"

#include "base/edit_distance.h"
#include "base/macros.h"

/* The words of p=, sp= and np=. */
#define POLICIES "none quarantine reject"

enum rule_kind {
	RULE_POLICY,
	RULE_LETTER,
	RULE_OPTIONS, /* fo= */
	RULE_URIS,
	RULE_REMOVED,
};

static const struct rule {
	enum rule_kind kind;
	const char *words;   /* valid values, as in pst_dmarc_lost_check() */
	const char *without; /* what receivers do if the value is wrong */
} rules[PST_DMARC_TAGS] = {
    [PST_DMARC_TAG_P] = {RULE_POLICY, POLICIES, NULL},
    [PST_DMARC_TAG_SP] = {RULE_POLICY, POLICIES, NULL},
    [PST_DMARC_TAG_NP] = {RULE_POLICY, POLICIES, NULL},
    [PST_DMARC_TAG_ADKIM] = {RULE_LETTER, "r s", "alignment is relaxed"},
    [PST_DMARC_TAG_ASPF] = {RULE_LETTER, "r s", "alignment is relaxed"},
    [PST_DMARC_TAG_T] = {RULE_LETTER, "y n", "the policy applies in full"},
    [PST_DMARC_TAG_PSD] = {RULE_LETTER, "u n y", "it counts as psd=u"},
    [PST_DMARC_TAG_FO] = {RULE_OPTIONS, NULL, NULL},
    [PST_DMARC_TAG_RUA] = {RULE_URIS, "", NULL},
    [PST_DMARC_TAG_RUF] = {RULE_URIS, "", NULL},
    [PST_DMARC_TAG_PCT] = {RULE_REMOVED, NULL, NULL},
    [PST_DMARC_TAG_RF] = {RULE_REMOVED, "afrf iodef", NULL},
    [PST_DMARC_TAG_RI] = {RULE_REMOVED, NULL, NULL},
};

/* Words that people write for a policy. */
static const char *
meant_policy(struct pst_str value)
{
	static const struct {
		const char *words;
		const char *policy;
	} synonyms[] = {
	    {"block deny fail drop refuse bounce discard", "reject"},
	    {"spam junk", "quarantine"},
	    {"monitor monitoring report reporting accept pass no nothing",
		"none"},
	};

	for (size_t i = 0; i < PST_COUNT(synonyms); i++)
		if (pst_dmarc_is_word(value, synonyms[i].words))
			return synonyms[i].policy;
	return NULL;
}

/* Returns the policy that was meant; NULL: none is near. */
static const char *
nearest_policy(struct pst_arena *arena, struct pst_str value)
{
	const char *best = meant_policy(value);
	size_t least = 4;
	char *word = pst_arena_memdup(arena, value.ptr, value.len);

	if (best != NULL)
		return best;
	for (size_t i = 0; i < value.len; i++)
		word[i] = pst_lower(word[i]);
	for (unsigned p = 0; p <= PST_DMARC_REJECT; p++) {
		const char *policy = pst_dmarc_policy_word(p);
		size_t far = pst_edit_distance(word, policy);

		if (far >= least || far * 2 > strlen(policy))
			continue;
		least = far;
		best = policy;
	}
	return best;
}

static void
check_policy(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	const char *near;

	if (pst_dmarc_is_word(part->value, POLICIES))
		return;
	near = part->value.len == 0 ? NULL :
				      nearest_policy(parts->arena, part->value);
	pst_dmarc_say(parts, "dmarc-bad-policy", part->text,
	    pst_arena_printf(parts->arena, "%s is not a policy.%s%s%s %s",
		part->value.len == 0 ? "An empty value" :
				       pst_dmarc_shown(parts, part->value),
		near == NULL ? "" : " Did you mean ", near == NULL ? "" : near,
		near == NULL ? "" : "?",
		parts->record.usable_policy ?
		    "Receivers read the record as p=none." :
		    "Receivers act as if there was no DMARC record."),
	    pst_arena_printf(parts->arena, "%s=%s",
		pst_dmarc_tag_name(part->tag),
		near == NULL ? "none, or quarantine, or reject" : near));
}

/* Returns the letter with which the value begins, if it is one of the words. */
static const char *
meant_letter(struct pst_arena *arena, const char *words, struct pst_str value)
{
	if (value.len == 0)
		return NULL;
	for (const char *word = words; *word != '\0'; word++)
		if (*word != ' ' && *word == pst_lower(value.ptr[0]))
			return pst_arena_printf(arena, "%c", *word);
	return NULL;
}

const char *
pst_dmarc_tag_words(enum pst_dmarc_tag tag)
{
	return rules[tag].words;
}

const char *
pst_dmarc_value_meant(
    struct pst_arena *arena, enum pst_dmarc_tag tag, struct pst_str value)
{
	if (rules[tag].kind == RULE_LETTER)
		return meant_letter(arena, rules[tag].words, value);
	return value.len == 0 || rules[tag].kind != RULE_POLICY ?
	    NULL :
	    nearest_policy(arena, value);
}

static void
check_letter(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	const char *meant;

	if (pst_dmarc_is_word(part->value, rules[part->tag].words))
		return;
	meant = meant_letter(parts->arena, rules[part->tag].words, part->value);
	pst_dmarc_say(parts, "dmarc-bad-value", part->text,
	    pst_arena_printf(parts->arena,
		"%s is not a value of %s=; one letter is expected, and %s.",
		part->value.len == 0 ? "An empty value" :
				       pst_dmarc_shown(parts, part->value),
		pst_dmarc_tag_name(part->tag), rules[part->tag].without),
	    meant == NULL ? NULL :
			    pst_arena_printf(parts->arena, "%s=%s",
				pst_dmarc_tag_name(part->tag), meant));
}

/* "0" or "1", "d" and "s", with colons between them. */
static void
check_options(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	struct pst_str rest = part->value, option;
	bool more = true, bad = false, zero = false, one = false;

	while (pst_str_split(&rest, ':', &option, &more)) {
		option = pst_dmarc_trim(option);
		bad = bad || !pst_dmarc_is_word(option, "0 1 d s");
		zero = zero || pst_str_eq(option, PST_STR("0"));
		one = one || pst_str_eq(option, PST_STR("1"));
	}
	if (!bad && !(zero && one))
		return;
	pst_dmarc_say(parts, "dmarc-bad-value", part->text,
	    pst_arena_printf(parts->arena,
		"%s is not a value of fo=: it is 0 or 1, d and s, with a "
		"colon between them. Receivers read fo=0.",
		part->value.len == 0 ? "An empty value" :
				       pst_dmarc_shown(parts, part->value)),
	    "fo=1:d:s");
}

static void
check_removed(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	const char *instead = "nothing";
	const char *text;
	uint64_t percent = 100;

	(void)pst_str_to_u64(part->value, 100, &percent);
	if (pst_dmarc_tag_name(part->tag)[0] == 'p') {
		text = percent < 100 ?
		    "pct= was removed from DMARC (RFC 9989). Receivers of "
		    "today apply the policy to all mail, and t=y is what "
		    "weakens it." :
		    "pct= was removed from DMARC (RFC 9989); pct=100 is how "
		    "it is without it.";
		if (percent < 100)
			instead = "t=y, which asks for the next milder policy";
	} else if (pst_dmarc_tag_name(part->tag)[1] == 'f') {
		text = "rf= was removed from DMARC (RFC 9989): there is only "
		       "one format of failure reports.";
	} else {
		text = "ri= was removed from DMARC (RFC 9989): receivers "
		       "report once a day.";
	}
	pst_dmarc_say(parts, "dmarc-removed-tag", part->text, text, instead);
}

void
pst_dmarc_value_check(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part)
{
	const struct rule *rule = &rules[part->tag];

	if (pst_dmarc_lost_check(parts, part, rule->words))
		return;
	switch (rule->kind) {
	case RULE_POLICY:
		check_policy(parts, part);
		break;
	case RULE_LETTER:
		check_letter(parts, part);
		break;
	case RULE_OPTIONS:
		check_options(parts, part);
		break;
	case RULE_URIS:
		pst_dmarc_uris_check(parts, part);
		break;
	case RULE_REMOVED:
		check_removed(parts, part);
		break;
	}
}
