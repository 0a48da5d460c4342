/* SPDX-License-Identifier: BSD-2-Clause */

/* The SPF record of the domain: whether there is one, and what it costs. */

#include "auth/spf.h"
#include "base/buf.h"
#include "survey/correct.h"
#include "survey/spf_tree.h"

/* From here on the record is close to the limit. */
#define MANY_LOOKUPS (PST_SPF_MAX_LOOKUPS - 1)

static const struct pst_str no_term = {NULL, 0};

static void
say(struct pst_survey_part *part, const char *name, const char *text,
    const char *instead)
{
	struct pst_finding_place place = {.at = part->input->domain};

	pst_finding_add(&part->survey->findings, name, &place, text, instead);
}

/* A text at the domain that is not the record. */
static void
check_other(struct pst_survey_part *part, struct pst_str text)
{
	struct pst_spf_branch branch = {.shown = part->input->domain,
	    .domain = part->input->domain,
	    .text = text};

	if (pst_str_istarts(text, PST_STR("spf2.0/")))
		pst_spf_say(&part->survey->findings, &branch,
		    (struct pst_spf_remark){"spf-sender-id", text,
			"This is a record of Sender ID, an experiment of 2006 "
			"that ended in 2012.",
			"nothing: the record can go"});
	else if (pst_spf_text_is_meant(text))
		pst_spf_say(&part->survey->findings, &branch,
		    (struct pst_spf_remark){"spf-wrong-version", text,
			"The text looks like an SPF record, but does not begin "
			"with \"v=spf1\" and a blank, so no receiver takes it "
			"for one.",
			"v=spf1, a blank, and the terms, without quotation "
			"marks in the text"});
}

/* Finds the record; the rest is examined here. Returns how many there are. */
static size_t
find_record(struct pst_survey_part *part, const struct pst_dns_answer *txt,
    struct pst_str *text)
{
	size_t count = 0;

	for (size_t i = 0; i < txt->count; i++) {
		if (!pst_spf_is_record(txt->records[i].data)) {
			check_other(part, txt->records[i].data);
			continue;
		}
		*text = txt->records[i].data;
		count++;
	}
	return count;
}

static void
say_limit(struct pst_survey_part *part, const struct pst_spf_limit *limit,
    const char *name, const char *text)
{
	pst_spf_say(&part->survey->findings, limit->over,
	    (struct pst_spf_remark){name, limit->term, text,
		"fewer terms that look something up: ip4: and ip6: need none"});
}

static void
check_limits(struct pst_survey_part *part, const struct pst_spf_tree *tree)
{
	struct pst_arena *arena = part->world->arena;
	unsigned used = tree->lookups.used;
	unsigned max = part->input->max_voids;
	const struct pst_spf_limit *voids =
	    tree->voids.over != NULL ? &tree->voids : &tree->voids_v6;

	if (tree->lookups.over != NULL)
		say_limit(part, &tree->lookups, "spf-too-many-lookups",
		    pst_arena_printf(arena,
			"The record needs %u look-ups%s, and 10 are allowed; "
			"this term is the 11th.",
			used, used > PST_SPF_TREE_LOOKUPS ? " or more" : ""));
	else if (used >= MANY_LOOKUPS)
		say(part, "spf-many-lookups",
		    pst_arena_printf(arena,
			"The record needs %u of the 10 look-ups that are "
			"allowed.",
			used),
		    NULL);
	if (voids->over != NULL)
		say_limit(part, voids, "spf-too-many-voids",
		    pst_arena_printf(arena,
			"The record has %u look-ups that find nothing%s, and "
			"%u are allowed; this term goes beyond that.",
			voids->used,
			voids == &tree->voids_v6 ?
			    " for a host with an IPv6 address" :
			    "",
			max));
}

/* True if a finding about SPF says that something does not work. */
static bool
is_faulty(const struct pst_findings_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].info->topic == PST_TOPIC_SPF &&
		    list->items[i].info->severity >= PST_SEVERITY_UNKNOWN &&
		    list->items[i].info->severity != PST_SEVERITY_WARNING)
			return true;
	return false;
}

static void
say_absent(struct pst_survey_part *part)
{
	if (pst_finding_has(&part->survey->findings, "spf-wrong-version"))
		return;
	say(part, "spf-no-record",
	    "There is no SPF record. Receivers cannot tell the hosts that send "
	    "your mail from those of forgers.",
	    "v=spf1, the hosts that send your mail, and -all or ~all; -all "
	    "alone if the domain sends none");
}

static bool
walk(struct pst_survey_part *part, struct pst_str text)
{
	struct pst_survey_spf *out = &part->survey->spf;
	struct pst_spf_tree tree = {.part = part, .out = out};
	struct pst_spf_branch *top =
	    pst_arena_alloc(part->world->arena, sizeof(*top));

	*top = (struct pst_spf_branch){.domain = part->input->domain,
	    .shown = part->input->domain,
	    .text = text,
	    .is_own = true,
	    .is_final = true,
	    .passes = true};
	out->has_record = true;
	out->record = pst_escaped(part->world->arena, text);
	pst_spf_tree_walk(&tree, top);
	out->lookups = tree.lookups.used;
	out->voids = tree.voids.used;
	out->voids_v6 = tree.voids_v6.used;
	if (tree.pending)
		return false;
	check_limits(part, &tree);
	if (!is_faulty(&part->survey->findings))
		say(part, "spf-good",
		    pst_arena_printf(part->world->arena,
			"The record can be read and needs %u of 10 look-ups.",
			out->lookups),
		    NULL);
	return true;
}

bool
pst_survey_spf(struct pst_survey_part *part)
{
	const char *domain = part->input->domain;
	const struct pst_dns_answer *txt = pst_world_ask(
	    part->world, PST_DNS_POLICY, pst_str(domain), PST_DNS_TXT)
					       ->answer;
	struct pst_str text = no_term;
	size_t count;

	part->survey->spf.max_voids = part->input->max_voids;
	if (txt == NULL)
		return false;
	if (pst_dns_is_temporary(txt->status)) {
		say(part, "spf-lookup-failed",
		    pst_arena_printf(part->world->arena,
			"The look-up of %s (TXT) failed (%s), so whether there "
			"is an SPF record is not known.",
			domain, pst_dns_status_word(txt->status)),
		    NULL);
		return true;
	}
	count = find_record(part, txt, &text);
	if (count == 1) {
		if (!walk(part, text))
			return false;
	} else if (count == 0) {
		say_absent(part);
	} else {
		say(part, "spf-several-records",
		    pst_arena_printf(part->world->arena,
			"There are %zu SPF records, so SPF ends with an error "
			"for all mail of the domain.",
			count),
		    "one record with the terms of all");
	}
	return !pst_finding_has_fault(&part->survey->findings, PST_TOPIC_SPF,
		   PST_SEVERITY_WARNING, NULL) ||
	    pst_correct_spf(part, txt);
}
