/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The DKIM keys of a domain. Nobody can list its selectors: those that are known
 * are asked for, and common ones.
 */

#include "base/buf.h"
#include "base/macros.h"
#include "mail/token.h"
#include "survey/correct.h"
#include "survey/dkim_text.h"
#include "survey/probe.h"
#include "survey/survey.h"

#define MAX_TEXTS 3 /* records at one selector that are examined */
#define MAX_NAMED 5 /* selectors that a sentence names */

/* Selectors of mail services and of how-tos. */
static const char *const common[] = {"default", "google", "selector1",
    "selector2", "k1", "k2", "k3", "s1", "s2", "mail", "dkim", "smtp", "mx",
    "key1", "key2", "mta", "email", "selector", "dkim1", "sig1", "fm1", "fm2",
    "fm3", "protonmail", "protonmail2", "protonmail3", "zoho", "mandrill",
    "mailjet", "everlytickey1", "pic", "scph1222", "krs", "cm", "mesmtp",
    "2024", "2025", "2026", "202401", "202501", "202601", "20230601",
    "20240101", "20250101", "20260101"};

/* The questions about one selector. */
struct selector {
	const char *name;
	enum pst_survey_origin origin;
	const char *at; /* "SELECTOR._domainkey.DOMAIN" */
	const struct pst_dns_entry *txt;
	const struct pst_dns_entry *cname;
	const struct pst_dns_entry *slip; /* without the dot; NULL: not asked */
};

struct dkim_questions {
	struct pst_survey_part *part;
	struct selector *selectors;
	size_t count;
	const struct pst_dns_entry *wild;
	size_t failed;
};

static bool
is_given(const struct selector *s)
{
	return s->origin == PST_SURVEY_GIVEN;
}

static const struct pst_dns_entry *
ask(const struct dkim_questions *q, const char *name, enum pst_dns_type type)
{
	return pst_world_ask(q->part->world, PST_DNS_KEY, pst_str(name), type);
}

static bool
is_listed(const struct dkim_questions *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (pst_str_ieq(pst_str(q->selectors[i].name), pst_str(name)))
			return true;
	return false;
}

static void
add_selector(
    struct dkim_questions *q, const char *name, enum pst_survey_origin origin)
{
	struct pst_arena *arena = q->part->world->arena;
	const char *domain = q->part->input->domain;
	struct selector *s = &q->selectors[q->count];

	if (is_listed(q, name))
		return;
	q->count++;
	*s = (struct selector){.name = name, .origin = origin};
	s->at = pst_arena_printf(arena, "%s._domainkey.%s", name, domain);
	s->txt = ask(q, s->at, PST_DNS_TXT);
	s->cname = ask(q, s->at, PST_DNS_CNAME);
	if (origin == PST_SURVEY_GIVEN)
		s->slip = ask(q,
		    pst_arena_printf(arena, "%s_domainkey.%s", name, domain),
		    PST_DNS_TXT);
}

static void
add_selectors(struct dkim_questions *q, const char *const *names, size_t count,
    enum pst_survey_origin origin)
{
	for (size_t i = 0; i < count; i++)
		add_selector(q, names[i], origin);
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Asks all questions; false: an answer is missing. */
static bool
ask_all(struct dkim_questions *q)
{
	const struct pst_survey_input *input = q->part->input;
	size_t seen = smaller(input->seen_count, PST_SURVEY_MAX_SELECTORS);
	size_t reported =
	    smaller(input->reported_count, PST_SURVEY_MAX_SELECTORS - seen);
	bool done;

	q->selectors = pst_arena_array(q->part->world->arena,
	    2 * PST_SURVEY_MAX_SELECTORS + PST_COUNT(common),
	    sizeof(*q->selectors));
	q->wild = ask(q,
	    pst_arena_printf(q->part->world->arena,
		PST_PROBE_LABEL "._domainkey.%s", input->domain),
	    PST_DNS_TXT);
	done = q->wild->answer != NULL;
	add_selectors(q, input->selectors,
	    smaller(input->selector_count, PST_SURVEY_MAX_SELECTORS),
	    PST_SURVEY_GIVEN);
	if (!input->only_given) {
		add_selectors(q, input->seen, seen, PST_SURVEY_SEEN);
		add_selectors(
		    q, input->reported, reported, PST_SURVEY_REPORTED);
		add_selectors(q, common, PST_COUNT(common), PST_SURVEY_COMMON);
	}
	for (size_t i = 0; i < q->count; i++) {
		const struct selector *s = &q->selectors[i];

		done = done && s->txt->answer != NULL &&
		    s->cname->answer != NULL &&
		    (s->slip == NULL || s->slip->answer != NULL);
	}
	return done;
}

static void
say(const struct dkim_questions *q, const char *name, const char *at,
    const char *text, const char *instead)
{
	struct pst_finding_place place = {
	    .at = pst_escaped(q->part->world->arena, pst_str(at))};

	pst_finding_add(
	    &q->part->survey->findings, name, &place, text, instead);
}

static const char *
shown(const struct dkim_questions *q, const char *text)
{
	return pst_escaped(q->part->world->arena, pst_str(text));
}

/* ---- one selector ---- */

static bool
has_text(const struct pst_dns_answer *answer, struct pst_str text)
{
	for (size_t i = 0; i < answer->count; i++)
		if (pst_str_eq(answer->records[i].data, text))
			return true;
	return false;
}

/*
 * What a wildcard gives for every selector says nothing about one that is
 * guessed. Receivers do use it for a selector of the domain, if it is a key.
 */
static bool
is_of_selector(const struct dkim_questions *q, const struct selector *s,
    struct pst_str text)
{
	bool meant = pst_dkim_text_is_meant(text);

	return has_text(q->wild->answer, text) ? is_given(s) && meant :
						 is_given(s) || meant;
}

static void
add_key(struct dkim_questions *q, const struct selector *s,
    const struct pst_dkim_text_key *key, struct pst_str record)
{
	struct pst_survey *survey = q->part->survey;

	survey->keys[survey->key_count++] = (struct pst_survey_key){
	    .selector = shown(q, s->name),
	    .record = record.ptr == NULL ?
		NULL :
		pst_escaped(q->part->world->arena, record),
	    .type = key == NULL ? NULL : key->type,
	    .bits = key == NULL ? 0 : key->bits,
	    .origin = s->origin,
	};
	if (key == NULL || !key->usable)
		return;
	say(q, "dkim-good", s->at,
	    pst_arena_printf(q->part->world->arena,
		"The key can be used: %s, %u bits.", key->type, key->bits),
	    NULL);
}

/* Examines the records of a selector. False if none is meant as a key. */
static bool
check_records(struct dkim_questions *q, const struct selector *s)
{
	const struct pst_dns_answer *answer = s->txt->answer;
	struct pst_dkim_text_key key, best = {.usable = false};
	struct pst_str record = {NULL, 0};
	size_t meant = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct pst_dkim_text text = {&q->part->survey->findings,
		    shown(q, s->at), answer->records[i].data};

		if (!is_of_selector(q, s, text.text))
			continue;
		if (++meant > MAX_TEXTS)
			continue;
		pst_dkim_text_check(&text, &key);
		if (meant == 1 || (key.usable && !best.usable)) {
			best = key;
			record = text.text;
		}
	}
	if (meant == 0)
		return false;
	/* nothing can be beside an alias, and its target may be of others */
	if (meant == 1 &&
	    pst_finding_has_fault(&q->part->survey->findings, PST_TOPIC_DKIM,
		PST_SEVERITY_ERROR, shown(q, s->at)) &&
	    s->cname->answer->status != PST_DNS_OK)
		pst_correct_dkim(
		    q->part, &(struct pst_correct_key){s->at, s->at, record});
	if (meant > 1)
		say(q, "dkim-several-records", s->at,
		    pst_arena_printf(q->part->world->arena,
			"The selector has %zu records. Receivers may use any "
			"one of them, so signatures fail at random.",
			meant),
		    "one record for each selector");
	add_key(q, s, &best, record);
	return true;
}

static bool
is_dangling(const struct selector *s)
{
	return s->cname->answer->status == PST_DNS_OK &&
	    !pst_dns_is_temporary(s->txt->answer->status) &&
	    s->txt->answer->count == 0;
}

static void
say_dangling(const struct dkim_questions *q, const struct selector *s)
{
	const char *target = pst_escaped(
	    q->part->world->arena, s->cname->answer->records[0].data);

	say(q, "dkim-dangling-cname", s->at,
	    pst_arena_printf(q->part->world->arena,
		"The CNAME leads to %s, where no key is, so signatures with "
		"this selector fail.",
		target),
	    "the name that your mail service gives now, or no record");
}

static void
say_failed(struct dkim_questions *q, const struct selector *s)
{
	q->failed++;
	if (!is_given(s))
		return;
	say(q, "dkim-lookup-failed", s->at,
	    pst_arena_printf(q->part->world->arena,
		"The look-up of the key failed (%s), so it is not known "
		"whether there is one.",
		pst_dns_status_word(s->txt->answer->status)),
	    NULL);
}

/* A key at "SELECTOR_domainkey.DOMAIN". */
static bool
check_slip(struct dkim_questions *q, const struct selector *s)
{
	if (s->slip == NULL)
		return false;
	for (size_t i = 0; i < s->slip->answer->count; i++) {
		struct pst_str text = s->slip->answer->records[i].data;

		if (!pst_dkim_text_is_meant(text))
			continue;
		if (s->txt->answer->count == 0 &&
		    s->cname->answer->status != PST_DNS_OK)
			pst_correct_dkim(q->part,
			    &(struct pst_correct_key){
				s->at, s->slip->name, text});
		say(q, "dkim-missing-dot", s->slip->name,
		    pst_arena_printf(q->part->world->arena,
			"A key is at %s, where no receiver looks: the dot "
			"before _domainkey is missing.",
			shown(q, s->slip->name)),
		    shown(q, s->at));
		return true;
	}
	return false;
}

static void
check_selector(struct dkim_questions *q, const struct selector *s)
{
	bool slipped = check_slip(q, s);

	if (pst_dns_is_temporary(s->txt->answer->status)) {
		say_failed(q, s);
	} else if (is_dangling(s)) {
		say_dangling(q, s);
		add_key(q, s, NULL, (struct pst_str){NULL, 0});
		return;
	} else if (check_records(q, s)) {
		return;
	} else if (is_given(s) && !slipped) {
		say(q, "dkim-no-key", s->at,
		    "There is no key of this selector, so signatures with it "
		    "cannot be verified.",
		    "the key record of your signer, as TXT at this name");
	}
	if (is_given(s))
		add_key(q, s, NULL, (struct pst_str){NULL, 0});
}

/* ---- all together ---- */

/* A domain that signs nothing may revoke every selector with one record. */
static bool
is_revoked(const struct dkim_questions *q, const struct pst_dns_answer *answer)
{
	return answer->count == 1 &&
	    pst_str_eq(
		pst_tag_squeeze(q->part->world->arena, answer->records[0].data),
		PST_STR("v=DKIM1;p="));
}

static void
check_wildcard(const struct dkim_questions *q)
{
	const struct pst_dns_answer *answer = q->wild->answer;
	const char *at = pst_arena_printf(
	    q->part->world->arena, "*._domainkey.%s", q->part->input->domain);

	if (answer->status != PST_DNS_OK)
		return;
	if (is_revoked(q, answer))
		say(q, "dkim-wildcard-revoked", at,
		    "Every selector without a record of its own is revoked, as "
		    "it should be if the domain signs nothing.",
		    NULL);
	else
		say(q, "dkim-wildcard", at,
		    "A wildcard answers for every selector, so a selector that "
		    "is wrong or was removed is not seen as such.",
		    "one record for each selector");
}

/* Says so if nothing at all was found. */
static void
say_summary(const struct dkim_questions *q)
{
	const char *at = pst_arena_printf(
	    q->part->world->arena, "_domainkey.%s", q->part->input->domain);
	size_t seen = 0;

	for (size_t i = 0; i < q->part->survey->findings.count; i++)
		seen += q->part->survey->findings.items[i].info->topic ==
		    PST_TOPIC_DKIM;
	if (seen > 0)
		return;
	if (q->failed > 0) {
		say(q, "dkim-lookup-failed", at,
		    pst_arena_printf(q->part->world->arena,
			"%zu look-ups of common selectors failed, so it is not "
			"known whether there are keys.",
			q->failed),
		    NULL);
	} else {
		say(q, "dkim-none-found", at,
		    "No key was found at common selectors. Without DKIM, mail "
		    "that is forwarded fails DMARC. If the domain signs, name "
		    "its selector with --selector.",
		    NULL);
	}
}

bool
pst_survey_dkim(struct pst_survey_part *part)
{
	struct dkim_questions *q =
	    pst_arena_alloc(part->world->arena, sizeof(*q));

	q->part = part;
	if (!ask_all(q))
		return false;
	part->survey->keys = pst_arena_array(
	    part->world->arena, q->count, sizeof(*part->survey->keys));
	part->survey->key_count = 0;
	check_wildcard(q);
	for (size_t i = 0; i < q->count; i++)
		check_selector(q, &q->selectors[i]);
	say_summary(q);
	return true;
}
