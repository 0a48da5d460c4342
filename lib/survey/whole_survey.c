/* SPDX-License-Identifier: BSD-2-Clause */

/* What the parts say together: a domain that sends no mail; what to publish. */

#include "base/buf.h"
#include "survey/survey.h"

#define MAX_PASTE 4000

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
	bool missing = false;

	if (!whole->permits_none && !has_spf_trouble(whole)) {
		add_txt(whole, "", "v=spf1 -all");
		missing = true;
	}
	if (!is_rejecting(survey) && !has(whole, "dmarc-lookup-failed")) {
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

/* Records that are missing altogether. */
static void
propose(struct whole *whole, const struct pst_survey_input *input)
{
	struct pst_buf terms;
	char text[PST_IP_TEXT_SIZE];

	if (has(whole, "spf-no-record")) {
		pst_buf_init(&terms, whole->arena, MAX_PASTE);
		pst_buf_add_text(&terms, "v=spf1");
		if (whole->receives)
			pst_buf_add_text(&terms, " mx");
		for (size_t i = 0; i < input->ip_count; i++)
			pst_buf_printf(&terms, " %s:%s",
			    input->ips[i].family == PST_IP_V4 ? "ip4" : "ip6",
			    pst_ip_text(&input->ips[i], text));
		pst_buf_add_text(&terms, " ~all");
		if (!pst_buf_overflowed(&terms) && terms.len <= 255)
			add_txt(whole, "", pst_buf_str(&terms));
	}
	if (has(whole, "dmarc-no-record"))
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

	pst_buf_init(&whole.paste, whole.arena, MAX_PASTE);
	whole.permits_none = has_spf && permits_none(&survey->spf);
	whole.null_mx = has(&whole, "mail-null-mx");
	for (size_t i = 0; i < survey->host_count; i++)
		whole.receives |= !survey->hosts[i].given;
	whole.has_key = has(&whole, "dkim-lookup-failed");
	for (size_t i = 0; i < survey->key_count; i++)
		whole.has_key |= survey->keys[i].bits > 0;
	survey->sends_no_mail = !whole.has_key && part->input->ip_count == 0 &&
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
