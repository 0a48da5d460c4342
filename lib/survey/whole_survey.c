/* SPDX-License-Identifier: BSD-2-Clause */

/* What the parts say together: a domain that sends no mail; what to publish. */

#include "base/buf.h"
#include "survey/correct.h"

#define MAX_PASTE 65536 /* octets of all records */
#define MAX_SPF 255

struct whole {
	struct pst_survey *survey;
	struct pst_arena *arena;
	struct pst_buf paste;
	bool permits_none; /* "v=spf1 -all" */
	bool null_mx;
	bool receives; /* it has MX records for hosts */
	bool has_key;
};

static bool
has(const struct whole *whole, const char *name)
{
	return pst_finding_has(&whole->survey->findings, name);
}

/* True if the one term of the domain's own record is -all. */
static bool
permits_none(const struct pst_survey_spf *spf)
{
	size_t terms = 0;
	bool fail_all = false;

	for (size_t i = 0; i < spf->node_count; i++) {
		if (spf->nodes[i].depth != 1)
			continue;
		terms++;
		fail_all =
		    pst_str_ieq(pst_str(spf->nodes[i].term), PST_STR("-all"));
	}
	return terms == 1 && fail_all;
}

static void
add_txt(struct whole *whole, const char *prefix, const char *text)
{
	pst_buf_printf(&whole->paste, "%s%s. IN TXT \"%s\"\n", prefix,
	    whole->survey->domain, text);
}

/* Returns the text of the corrected record of that topic; NULL: none. */
static const char *
corrected(const struct whole *whole, enum pst_finding_topic topic)
{
	for (size_t i = 0; i < whole->survey->correction_count; i++)
		if (whole->survey->corrections[i].topic == topic)
			return whole->survey->corrections[i].text;
	return NULL;
}

/* The records that are corrected, but not a DMARC record that is replaced. */
static void
add_corrections(struct whole *whole, bool with_dmarc)
{
	for (size_t i = 0; i < whole->survey->correction_count; i++) {
		const struct pst_correction *correction =
		    &whole->survey->corrections[i];
		const char *lines = pst_correct_print(whole->arena, correction);

		/* the other half is for what is missing */
		if (lines != NULL &&
		    whole->paste.len + strlen(lines) <= MAX_PASTE / 2 &&
		    (with_dmarc || correction->topic != PST_TOPIC_DMARC))
			pst_buf_add_text(&whole->paste, lines);
	}
}

/* The corrected DMARC record asks for reject. */
static bool
has_corrected_reject(const struct whole *whole)
{
	const char *text = corrected(whole, PST_TOPIC_DMARC);
	struct pst_dmarc_record record;

	return text != NULL &&
	    pst_dmarc_record_parse(whole->arena, pst_str(text), &record) &&
	    record.p == PST_DMARC_REJECT;
}

/* The policy that applies to the domain itself is reject. */
static bool
is_rejecting(const struct pst_survey *survey)
{
	const char *policy = survey->dmarc.policies[0].policy;

	return policy != NULL && strcmp(policy, "reject") == 0;
}

static bool
has_spf_trouble(const struct whole *whole)
{
	return has(whole, "spf-lookup-failed") ||
	    has(whole, "spf-several-records");
}

/*
 * The three records of a domain that sends no mail. One that receives mail
 * keeps its MX records.
 */
static void
judge_silent(struct whole *whole)
{
	struct pst_survey *survey = whole->survey;
	struct pst_finding_place place = {.at = survey->domain};
	bool missing = false, rejects = has_corrected_reject(whole);

	add_corrections(whole, rejects || is_rejecting(survey));
	if (!whole->permits_none && !has_spf_trouble(whole)) {
		if (corrected(whole, PST_TOPIC_SPF) == NULL)
			add_txt(whole, "", "v=spf1 -all");
		missing = true;
	}
	if (!is_rejecting(survey) && !has(whole, "dmarc-lookup-failed")) {
		if (!rejects)
			add_txt(whole, "_dmarc.", "v=DMARC1; p=reject");
		missing = true;
	}
	if (!whole->null_mx && !whole->receives &&
	    !has(whole, "dns-lookup-failed")) {
		pst_buf_printf(
		    &whole->paste, "%s. IN MX 0 .\n", survey->domain);
		missing = true;
	}
	if (missing)
		pst_finding_add(&survey->findings, "domain-could-send", &place,
		    "The domain seems to send no mail, but its records do not "
		    "say so completely, so others can send mail in its name.",
		    "the records at the end of this report, if it sends none");
	else
		pst_finding_add(&survey->findings, "domain-sends-no-mail",
		    &place, "The records say that the domain sends no mail.",
		    NULL);
}

/* Records that are corrected, and those that are missing altogether. */
static void
propose(struct whole *whole, const struct pst_survey_input *input)
{
	struct pst_buf terms;
	char text[PST_IP_TEXT_SIZE];

	add_corrections(whole, true);
	if (has(whole, "spf-no-record")) {
		pst_buf_init(&terms, whole->arena, MAX_SPF);
		pst_buf_add_text(&terms, "v=spf1");
		if (whole->receives)
			pst_buf_add_text(&terms, " mx");
		for (size_t i = 0; i < input->ip_count; i++)
			pst_buf_printf(&terms, " %s:%s",
			    input->ips[i].family == PST_IP_V4 ? "ip4" : "ip6",
			    pst_ip_text(&input->ips[i], text));
		pst_buf_add_text(&terms, " ~all");
		if (!pst_buf_overflowed(&terms))
			add_txt(whole, "", pst_buf_str(&terms));
	}
	if (has(whole, "dmarc-no-record") &&
	    corrected(whole, PST_TOPIC_DMARC) == NULL)
		add_txt(whole, "_dmarc.",
		    pst_arena_printf(whole->arena,
			"v=DMARC1; p=none; rua=mailto:dmarc@%s",
			whole->survey->domain));
}

void
pst_survey_whole(struct pst_survey_part *part)
{
	struct pst_survey *survey = part->survey;
	struct whole whole = {.survey = survey, .arena = part->world->arena};
	bool has_spf = survey->spf.has_record;
	const char *spf;

	pst_buf_init(&whole.paste, whole.arena, MAX_PASTE);
	whole.permits_none = has_spf && permits_none(&survey->spf);
	whole.null_mx = has(&whole, "mail-null-mx");
	for (size_t i = 0; i < survey->host_count; i++)
		whole.receives |= !survey->hosts[i].given;
	spf = corrected(&whole, PST_TOPIC_SPF);
	whole.has_key = has(&whole, "dkim-lookup-failed") ||
	    corrected(&whole, PST_TOPIC_DKIM) != NULL;
	for (size_t i = 0; i < survey->key_count; i++)
		whole.has_key |= survey->keys[i].bits > 0;
	/* A faulty record that permits hosts says that they send. */
	survey->sends_no_mail = !whole.has_key && part->input->ip_count == 0 &&
	    (spf == NULL || strcmp(spf, "v=spf1 -all") == 0) &&
	    (whole.permits_none || (whole.null_mx && !has_spf) ||
		(!has_spf && !whole.receives && has(&whole, "mail-no-mx")));
	if (!survey->exists || has(&whole, "mail-no-such-domain"))
		return;
	if (survey->sends_no_mail)
		judge_silent(&whole);
	else
		propose(&whole, part->input);
	if (whole.paste.len > 0)
		survey->paste = pst_buf_str(&whole.paste);
}
