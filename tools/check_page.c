/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/check_page.h"

#include <stdio.h>

#include "auth/spf.h"
#include "base/macros.h"
#include "tools/ui.h"

#define WIDTH 80
#define INDENT 2
#define WORDS 10    /* columns of the severity, with its blank */
#define MAX_TERM 60 /* of a term in a line of its own */

/*
 * Prints text that begins in column `column`, broken at blanks; a word that is
 * longer than a line is broken anywhere. Further lines are indented by indent.
 */
static void
put(const char *text, size_t column, size_t indent)
{
	while (*text != '\0') {
		size_t blanks = strspn(text, " ");
		size_t word = strcspn(text + blanks, " ");

		if (column + blanks + word > WIDTH && column > indent) {
			printf("\n%*s", (int)indent, "");
			column = indent;
			blanks = strspn(text, " ");
			text += blanks;
			blanks = 0;
		}
		while (word > WIDTH - column - blanks) {
			size_t part = WIDTH - column - blanks;

			printf("%.*s\n%*s", (int)(part + blanks), text,
			    (int)indent, "");
			text += part + blanks;
			word -= part;
			column = indent;
			blanks = 0;
		}
		printf("%.*s", (int)(blanks + word), text);
		text += blanks + word;
		column += blanks + word;
	}
	putchar('\n');
}

static enum pst_ui_tone
tone_of(enum pst_severity severity)
{
	switch (severity) {
	case PST_SEVERITY_GOOD:
		return PST_UI_GOOD;
	case PST_SEVERITY_NOTE:
		return PST_UI_DIM;
	case PST_SEVERITY_UNKNOWN:
	case PST_SEVERITY_WARNING:
		return PST_UI_WARN;
	case PST_SEVERITY_ERROR:
		return PST_UI_BAD;
	}
	return PST_UI_PLAIN;
}

/* ---- findings ---- */

static void
print_place(struct pst_arena *arena, const struct pst_survey *survey,
    const struct pst_finding *finding)
{
	bool elsewhere = strcmp(finding->at, survey->domain) != 0;
	size_t indent = INDENT + WORDS;
	const char *text;

	if (finding->term == NULL && !elsewhere)
		return;
	if (finding->term == NULL)
		text = pst_arena_printf(arena, "at %s", finding->at);
	else
		text = pst_arena_printf(arena, "%.*s%s%s%s%s%s", MAX_TERM,
		    finding->term,
		    strlen(finding->term) > MAX_TERM ? "..." : "",
		    finding->position > 0 ?
			pst_arena_printf(
			    arena, " (octet %zu)", finding->position) :
			"",
		    elsewhere ? " at " : "", elsewhere ? finding->at : "", "");
	printf("%*s", (int)indent, "");
	put(text, indent, indent + INDENT);
}

static void
print_finding(struct pst_arena *arena, const struct pst_survey *survey,
    const struct pst_finding *finding)
{
	const char *word = pst_severity_word(finding->info->severity);
	size_t indent = INDENT + WORDS;

	printf("%*s", INDENT, "");
	pst_ui_print(tone_of(finding->info->severity), word);
	printf("%*s", (int)(WORDS - strlen(word)), "");
	put(pst_arena_printf(
		arena, "%s: %s", finding->info->name, finding->text),
	    indent, indent);
	print_place(arena, survey, finding);
	if (finding->instead == NULL)
		return;
	printf("%*s", (int)indent, "");
	put(pst_arena_printf(arena, "-> %s", finding->instead), indent,
	    indent + 3);
}

static void
print_findings(struct pst_arena *arena, const struct pst_survey *survey,
    enum pst_finding_topic topic)
{
	for (size_t i = 0; i < survey->findings.count; i++)
		if (survey->findings.items[i].info->topic == topic)
			print_finding(
			    arena, survey, &survey->findings.items[i]);
}

/* ---- what each topic shows besides ---- */

static const char *
cost(struct pst_arena *arena, const struct pst_survey_spf_node *node)
{
	const char *voids = "";

	if (node->failed)
		return "the look-up failed";
	if (node->voids > 0)
		voids = pst_arena_printf(arena, ", %u void", node->voids);
	else if (node->voids_v6 > 0)
		voids = pst_arena_printf(
		    arena, ", %u void for IPv6", node->voids_v6);
	return pst_arena_printf(arena, "%u look-up%s%s", node->lookups,
	    node->lookups == 1 ? "" : "s", voids);
}

/* Terms without a look-up are in the record above them. */
static void
print_node(struct pst_arena *arena, const struct pst_survey_spf_node *node)
{
	size_t indent = 2 * INDENT + 2 * (size_t)node->depth;

	if (node->term[0] != '\0' && node->lookups == 0 && !node->failed)
		return;
	if (indent > WIDTH / 2)
		indent = WIDTH / 2;
	printf("%*s", (int)indent, "");
	if (node->term[0] != '\0')
		put(pst_arena_printf(arena, "%.*s%s: %s", MAX_TERM, node->term,
			strlen(node->term) > MAX_TERM ? "..." : "",
			cost(arena, node)),
		    indent, indent + INDENT);
	if (node->record == NULL)
		return;
	if (node->term[0] != '\0')
		printf("%*s", (int)indent + INDENT, "");
	put(node->record, indent + INDENT, indent + 2 * INDENT);
}

static void
print_counts(const struct pst_survey_spf *spf)
{
	printf("%*sLook-ups: %u of %d. Void look-ups: %u of %u", INDENT, "",
	    spf->lookups, PST_SPF_MAX_LOOKUPS, spf->voids, spf->max_voids);
	if (spf->voids_v6 != spf->voids)
		printf(" (IPv6 hosts: %u)", spf->voids_v6);
	puts(".");
}

/* A record that cannot be read has no terms, and costs nothing that counts. */
static void
print_spf(struct pst_arena *arena, const struct pst_survey_spf *spf)
{
	if (!spf->has_record)
		return;
	if (spf->node_count > 1)
		print_counts(spf);
	for (size_t i = 0; i < spf->node_count; i++)
		print_node(arena, &spf->nodes[i]);
}

/* Only what the user did not give needs to be told. */
static const char *const origins[] = {
    [PST_SURVEY_GIVEN] = "",
    [PST_SURVEY_SEEN] = " (seen in mail)",
    [PST_SURVEY_REPORTED] = " (named in received reports)",
    [PST_SURVEY_COMMON] = " (a common name)",
};

static void
print_keys(struct pst_arena *arena, const struct pst_survey *survey)
{
	for (size_t i = 0; i < survey->key_count; i++) {
		const struct pst_survey_key *key = &survey->keys[i];
		const char *what = "no key";

		if (key->type != NULL && key->bits > 0)
			what = pst_arena_printf(
			    arena, "%s, %u bits", key->type, key->bits);
		else if (key->record != NULL)
			what = key->type != NULL ? key->type : "a record";
		printf("%*s", INDENT, "");
		put(pst_arena_printf(arena, "selector %s: %s%s", key->selector,
			what, origins[key->origin]),
		    INDENT, 2 * INDENT);
	}
}

static void
print_dmarc(struct pst_arena *arena, const struct pst_survey_dmarc *dmarc)
{
	for (size_t i = 0; i < dmarc->step_count; i++) {
		const struct pst_survey_step *step = &dmarc->steps[i];

		printf("%*s", INDENT, "");
		put(pst_arena_printf(arena, "%s: %s", step->name,
			step->record != NULL ? step->record : step->status),
		    INDENT, 2 * INDENT);
	}
	for (size_t i = 0; i < PST_COUNT(dmarc->policies); i++) {
		const struct pst_survey_policy *policy = &dmarc->policies[i];

		if (policy->who == NULL || policy->from == NULL)
			continue;
		printf("%*s", INDENT, "");
		put(pst_arena_printf(arena, "Policy of %s: %s (%s= of %s)",
			policy->who, policy->policy, policy->tag, policy->from),
		    INDENT, 2 * INDENT);
	}
}

static void
print_hosts(struct pst_arena *arena, const struct pst_survey *survey)
{
	for (size_t i = 0; i < survey->host_count; i++) {
		const struct pst_survey_host *host = &survey->hosts[i];
		const char *fcrdns = host->fcrdns == NULL ?
		    "" :
		    pst_arena_printf(arena, "; FCrDNS %s", host->fcrdns);

		printf("%*s", INDENT, "");
		if (host->given)
			put(pst_arena_printf(arena, "%s%s", host->name, fcrdns),
			    INDENT, 2 * INDENT);
		else
			put(pst_arena_printf(arena, "MX %u %s: %s%s",
				host->preference, host->name,
				host->ips == NULL || host->ips[0] == '\0' ?
				    "no address" :
				    host->ips,
				fcrdns),
			    INDENT, 2 * INDENT);
	}
}

static void
print_topic(struct pst_arena *arena, const struct pst_survey *survey,
    enum pst_finding_topic topic)
{
	static const char *const titles[PST_TOPICS] = {
	    "SPF", "DKIM", "DMARC", "Mail", "DNS"};

	printf("\n%s\n", titles[topic]);
	print_findings(arena, survey, topic);
	switch (topic) {
	case PST_TOPIC_SPF:
		print_spf(arena, &survey->spf);
		break;
	case PST_TOPIC_DKIM:
		print_keys(arena, survey);
		break;
	case PST_TOPIC_DMARC:
		print_dmarc(arena, &survey->dmarc);
		break;
	case PST_TOPIC_MAIL:
		print_hosts(arena, survey);
		break;
	case PST_TOPIC_DNS:
		printf("%*sDNSSEC: %s\n", INDENT, "", survey->dnssec);
		break;
	}
}

static void
print_sum(const struct pst_survey *survey)
{
	static const enum pst_severity order[] = {
	    PST_SEVERITY_ERROR, PST_SEVERITY_WARNING, PST_SEVERITY_UNKNOWN};
	size_t counts[PST_SEVERITIES] = {0};
	const char *between = "";
	bool any = false;

	pst_findings_count(&survey->findings, counts);
	printf("\n%s: ", survey->domain);
	for (size_t i = 0; i < PST_COUNT(order); i++) {
		size_t count = counts[order[i]];

		if (count == 0)
			continue;
		any = true;
		printf("%s%zu %s%s", between, count,
		    pst_severity_word(order[i]),
		    count == 1 || order[i] == PST_SEVERITY_UNKNOWN ? "" : "s");
		between = ", ";
	}
	puts(any ? "" : "nothing to mend");
	if (survey->findings.cut)
		puts("There are more findings than are shown.");
}

void
pst_check_page(struct pst_arena *arena, const struct pst_survey *survey)
{
	pst_ui_print(PST_UI_PLAIN, survey->domain);
	putchar('\n');
	for (unsigned topic = 0; topic < PST_TOPICS; topic++)
		print_topic(arena, survey, topic);
	if (survey->paste != NULL) {
		puts("\nRecords to publish");
		fputs(survey->paste, stdout);
	}
	print_sum(survey);
}
