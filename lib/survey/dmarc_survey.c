/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What receivers find when they look for the DMARC policy of the domain: the
 * tree walk (RFC 9989 s. 4.10), the record that applies, and records that are
 * where nobody looks.
 */

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "survey/correct.h"
#include "survey/dmarc_consent.h"
#include "survey/dmarc_text.h"
#include "survey/probe.h"
#include "survey/survey.h"

#define MAX_TEXTS 3 /* records at one name that are examined */

/* Names that people write instead of _dmarc. */
static const char *const wrong_names[] = {"_demarc", "dmarc", "_dmark",
    "_dmrac", "_dmacr", "_darmc", "__dmarc", "_dmarc_", "-dmarc", "_damrc"};

struct dmarc_questions {
	struct pst_survey_part *part;
	const char *domain;
	const struct pst_dns_entry *apex;
	const struct pst_dns_entry *alias; /* CNAME at the right name */
	const struct pst_dns_entry *wild;  /* below a name that nobody made */
	const struct pst_dns_entry *wrong[PST_COUNT(wrong_names) + 1];
	struct pst_walk walk;
	const struct pst_walk_hit *applies; /* NULL: none, or not known */
	const struct pst_walk_hit
	    *org; /* that of sub-domains; NULL: the same */
	struct pst_consents consents;
};

static const struct pst_dns_entry *
ask(const struct dmarc_questions *q, const char *name)
{
	return pst_world_ask(
	    q->part->world, PST_DNS_POLICY, pst_str(name), PST_DNS_TXT);
}

static const char *
below(const struct dmarc_questions *q, const char *prefix, const char *domain)
{
	return pst_arena_printf(q->part->world->arena, "%s.%s", prefix, domain);
}

/* Asks everything that is known from the start; false: an answer is missing. */
static bool
ask_first(struct dmarc_questions *q)
{
	const char *names[PST_WALK_MAX];
	size_t count = pst_walk_names(q->domain, names);
	bool done;

	for (size_t i = 0; i < count; i++)
		(void)ask(q, below(q, "_dmarc", names[i]));
	q->apex = ask(q, q->domain);
	q->wild = ask(q, below(q, "_dmarc." PST_PROBE_LABEL, q->domain));
	q->alias = pst_world_ask(q->part->world, PST_DNS_POLICY,
	    pst_str(below(q, "_dmarc", q->domain)), PST_DNS_CNAME);
	done = q->apex->answer != NULL && q->wild->answer != NULL &&
	    q->alias->answer != NULL;
	for (size_t i = 0; i < PST_COUNT(wrong_names); i++)
		q->wrong[i] = ask(q, below(q, wrong_names[i], q->domain));
	/* A web panel that adds the domain, and somebody who typed it, too. */
	q->wrong[PST_COUNT(wrong_names)] =
	    ask(q, below(q, "_dmarc", below(q, q->domain, q->domain)));
	for (size_t i = 0; i < PST_COUNT(q->wrong); i++)
		done = done && q->wrong[i]->answer != NULL;
	return pst_walk_check(q->part->world, q->domain, &q->walk) && done;
}

/* ---- the record that applies ---- */

/* A record at a public suffix is for the registry, whatever it says. */
static bool
is_foreign(const struct dmarc_questions *q, const struct pst_walk_hit *hit)
{
	return !pst_domain_eq(hit->domain, q->domain) &&
	    hit->record.psd != PST_DMARC_PSD_Y &&
	    pst_psl_is_suffix(q->part->input->psl, hit->domain);
}

/* Finds the records as RFC 9989 s. 4.10.1 does. */
static void
choose_records(struct dmarc_questions *q)
{
	struct pst_walk *walk = &q->walk;

	while (walk->hit_count > 0 &&
	    is_foreign(q, &walk->hits[walk->hit_count - 1]))
		walk->hit_count--;
	for (size_t i = 0; i < walk->hit_count; i++) {
		if (pst_domain_eq(walk->hits[i].domain, q->domain))
			q->applies = &walk->hits[i];
		if (pst_domain_eq(walk->hits[i].domain, walk->guess))
			q->org = &walk->hits[i];
	}
	if (q->org == NULL && walk->hit_count > 0)
		q->org = &walk->hits[walk->hit_count - 1];
	/* A record that was not seen could be the one that applies. */
	if (walk->temperror)
		q->org = NULL;
	if (q->applies == NULL)
		q->applies = q->org;
}

static bool
is_own(const struct dmarc_questions *q)
{
	return q->applies != NULL &&
	    pst_domain_eq(q->applies->domain, q->domain);
}

/* What a policy is looked for. */
enum subject {
	THE_DOMAIN,
	A_SUB_DOMAIN,
	NOT_EXISTING,
};

static void
set_policy(const struct dmarc_questions *q, enum subject subject,
    struct pst_survey_policy *out)
{
	static const char *const words[] = {
	    "the domain", "a sub-domain", "a name that does not exist"};
	const struct pst_walk_hit *hit =
	    subject == THE_DOMAIN ? q->applies : q->org;
	bool gone = q->apex->answer->status == PST_DNS_NXDOMAIN;
	const struct pst_dmarc_record *record;
	enum pst_dmarc_policy policy;

	*out = (struct pst_survey_policy){.who = words[subject], .policy = "-"};
	if (hit == NULL)
		return;
	record = &hit->record;
	out->from = below(q, "_dmarc", hit->domain);
	out->tag = "p";
	policy = record->p;
	if (subject == THE_DOMAIN && !gone && is_own(q)) {
		/* p= it is */
	} else if ((subject == NOT_EXISTING ||
		       (subject == THE_DOMAIN && gone && !is_own(q))) &&
	    record->has_np) {
		out->tag = "np";
		policy = record->np;
	} else if (record->has_sp && !(subject == THE_DOMAIN && is_own(q))) {
		out->tag = "sp";
		policy = record->sp;
	}
	if (record->test && policy != PST_DMARC_NONE)
		policy--; /* the next milder one */
	if (record->usable_policy)
		out->policy = pst_dmarc_policy_word(policy);
}

/* The text at the name that is, or is meant as, a DMARC record. */
static const char *
record_of(const struct dmarc_questions *q, const struct pst_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (pst_dmarc_text_is_meant(answer->records[i].data))
			return pst_escaped(
			    q->part->world->arena, answer->records[i].data);
	return NULL;
}

static void
set_steps(struct dmarc_questions *q, struct pst_survey_dmarc *out)
{
	const char *names[PST_WALK_MAX];
	size_t count = pst_walk_names(q->domain, names);
	const struct pst_walk *walk = &q->walk;

	out->steps =
	    pst_arena_array(q->part->world->arena, count, sizeof(*out->steps));
	for (size_t i = 0; i < count; i++) {
		const struct pst_dns_entry *entry =
		    ask(q, below(q, "_dmarc", names[i]));

		out->steps[out->step_count++] = (struct pst_survey_step){
		    .name = below(q, "_dmarc", names[i]),
		    .record = record_of(q, entry->answer),
		    .status = pst_dns_status_word(entry->answer->status),
		};
		/* the walk ends at psd=y and psd=n */
		for (size_t h = 0; h < walk->hit_count; h++)
			if (walk->hits[h].domain == names[i] &&
			    walk->hits[h].record.psd != PST_DMARC_PSD_U)
				return;
	}
}

/* ---- findings ---- */

static void
say(const struct dmarc_questions *q, const char *name, const char *at,
    const char *text, const char *instead)
{
	struct pst_finding_place place = {.at = at};

	pst_finding_add(
	    &q->part->survey->findings, name, &place, text, instead);
}

/* Examines the records at one name. Returns how many are meant as such. */
static size_t
check_texts(struct dmarc_questions *q, const char *domain)
{
	const char *at = below(q, "_dmarc", domain);
	const struct pst_dns_answer *answer = ask(q, at)->answer;
	struct pst_arena *arena = q->part->world->arena;
	struct pst_dmarc_record record;
	size_t meant = 0, valid = 0;

	for (size_t i = 0; i < answer->count; i++)
		valid += pst_dmarc_record_parse(
		    arena, answer->records[i].data, &record);
	if (valid > 1)
		say(q, "dmarc-several-records", at,
		    pst_arena_printf(arena,
			"There are %zu DMARC records, so receivers use none of "
			"them.",
			valid),
		    "one record");
	for (size_t i = 0; i < answer->count; i++) {
		struct pst_dmarc_text text = {
		    &q->part->survey->findings, at, answer->records[i].data};

		if (!pst_dmarc_text_is_meant(text.text))
			continue;
		if (++meant <= MAX_TEXTS && valid <= 1)
			pst_dmarc_text_check(&text);
	}
	return meant;
}

static void
say_failed(struct dmarc_questions *q)
{
	const char *at;

	if (!q->walk.temperror)
		return;
	at = below(q, "_dmarc", q->walk.failed_at);
	say(q, "dmarc-lookup-failed", at,
	    pst_arena_printf(q->part->world->arena,
		"The look-up of %s failed (%s), so the policy that applies is "
		"not certain. Receivers have the same problem, unless it was "
		"ours.",
		at, pst_dns_status_word(ask(q, at)->answer->status)),
	    NULL);
}

static void
say_absent(struct dmarc_questions *q)
{
	const char *at = below(q, "_dmarc", q->domain);

	say(q, "dmarc-no-record", at,
	    "There is no DMARC record. Anybody can send mail with this domain "
	    "in the From field, receivers have no policy for it, and nobody "
	    "tells you.",
	    pst_arena_printf(q->part->world->arena,
		"%s. TXT \"v=DMARC1; p=none; rua=mailto:dmarc@%s\"", at,
		q->domain));
}

static void
check_applying(struct dmarc_questions *q)
{
	const struct pst_survey_policy *policy =
	    &q->part->survey->dmarc.policies[THE_DOMAIN];
	struct pst_arena *arena = q->part->world->arena;
	bool meant = check_texts(q, q->domain) > 0;

	if (q->applies == NULL) {
		if (!meant && !q->walk.temperror)
			say_absent(q);
		return;
	}
	if (!is_own(q)) {
		(void)check_texts(q, q->applies->domain);
		say(q, "dmarc-inherited", policy->from,
		    pst_arena_printf(arena,
			"The domain has no DMARC record of its own. That of %s "
			"applies, with %s=%s.",
			q->applies->domain, policy->tag, policy->policy),
		    NULL);
	}
	if (strcmp(policy->policy, "quarantine") == 0 ||
	    strcmp(policy->policy, "reject") == 0)
		say(q, "dmarc-enforced", policy->from,
		    pst_arena_printf(arena,
			"Receivers are asked to %s mail that fails.",
			policy->policy),
		    NULL);
}

static bool
same_texts(const struct pst_dns_answer *a, const struct pst_dns_answer *b)
{
	if (a->count == 0 || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		size_t j = 0;

		while (j < b->count &&
		    !pst_str_eq(a->records[i].data, b->records[j].data))
			j++;
		if (j == b->count)
			return false;
	}
	return true;
}

/* Records where no receiver looks. */
static void
check_elsewhere(struct dmarc_questions *q)
{
	const char *right = below(q, "_dmarc", q->domain);

	if (record_of(q, q->apex->answer) != NULL)
		say(q, "dmarc-at-apex", q->domain,
		    "A DMARC record is at the domain itself, where no receiver "
		    "looks for it.",
		    pst_arena_printf(
			q->part->world->arena, "the same record at %s", right));
	for (size_t i = 0; i < PST_COUNT(q->wrong); i++) {
		const struct pst_dns_entry *entry = q->wrong[i];

		if (record_of(q, entry->answer) == NULL ||
		    same_texts(entry->answer, q->wild->answer))
			continue;
		say(q, "dmarc-wrong-name", entry->name,
		    pst_arena_printf(q->part->world->arena,
			"A DMARC record is at %s, where no receiver looks for "
			"it.",
			entry->name),
		    pst_arena_printf(
			q->part->world->arena, "the same record at %s", right));
	}
}

/* One text that is meant as a DMARC record, and where it is. */
struct candidate {
	struct pst_str text;
	const char *at;
	size_t count; /* of all that were found */
};

static void
find_candidates(const struct pst_dns_entry *entry, struct candidate *candidate)
{
	const struct pst_dns_answer *answer = entry->answer;

	for (size_t i = 0; i < answer->count; i++) {
		if (!pst_dmarc_text_is_meant(answer->records[i].data))
			continue;
		candidate->count++;
		candidate->text = answer->records[i].data;
		candidate->at = entry->name;
	}
}

/* The record at the right name, or else the one that is where nobody looks. */
static void
correct(struct dmarc_questions *q)
{
	const struct pst_dns_entry *right =
	    ask(q, below(q, "_dmarc", q->domain));
	struct candidate candidate = {.count = 0};

	find_candidates(right, &candidate);
	if (candidate.count == 0 &&
	    !pst_dns_is_temporary(right->answer->status)) {
		find_candidates(q->apex, &candidate);
		for (size_t i = 0; i < PST_COUNT(q->wrong); i++)
			if (!same_texts(q->wrong[i]->answer, q->wild->answer))
				find_candidates(q->wrong[i], &candidate);
	}
	/* nothing can be beside an alias, and its target may be of others */
	if (q->alias->answer->status == PST_DNS_OK)
		return;
	if (candidate.count == 1 &&
	    pst_finding_has_fault(&q->part->survey->findings, PST_TOPIC_DMARC,
		PST_SEVERITY_WARNING, candidate.at))
		pst_correct_dmarc(q->part, candidate.text, candidate.at);
}

static void
check_wildcard(struct dmarc_questions *q)
{
	const struct pst_dns_answer *answer = q->wild->answer;
	const char *at = below(q, "*", q->domain);
	const struct pst_dmarc_record *record =
	    q->org == NULL ? NULL : &q->org->record;

	if (answer->status != PST_DNS_OK)
		return;
	if (record_of(q, answer) != NULL)
		say(q, "dmarc-wildcard", at,
		    "A wildcard gives each sub-domain a DMARC record of its "
		    "own, so sp= and np= never apply.",
		    "no wildcard for TXT; sp= is for sub-domains");
	else if (record != NULL && record->has_np && record->np != record->sp)
		say(q, "dmarc-wildcard", at,
		    "A TXT wildcard makes every name exist, so np= never "
		    "applies.",
		    "no wildcard for TXT, or the same policy in sp=");
}

bool
pst_survey_dmarc(struct pst_survey_part *part)
{
	struct dmarc_questions *q =
	    pst_arena_alloc(part->world->arena, sizeof(*q));
	struct pst_survey_dmarc *out = &part->survey->dmarc;

	q->part = part;
	q->domain = part->input->domain;
	if (!ask_first(q))
		return false;
	choose_records(q);
	if (!pst_consents_check(
		part->world, &q->walk, q->applies, &q->consents))
		return false;
	*out = (struct pst_survey_dmarc){.org_domain = q->walk.org_domain};
	out->has_record = q->applies != NULL;
	set_steps(q, out);
	for (unsigned i = THE_DOMAIN; i <= NOT_EXISTING; i++)
		set_policy(q, i, &out->policies[i]);
	say_failed(q);
	check_applying(q);
	check_elsewhere(q);
	correct(q);
	check_wildcard(q);
	pst_consents_report(&part->survey->findings, &q->consents);
	return true;
}
