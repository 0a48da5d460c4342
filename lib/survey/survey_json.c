/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/survey_json.h"

#include "auth/spf.h"
#include "base/json.h"

static void
add_finding(struct pst_json *json, const struct pst_finding *finding)
{
	const struct pst_finding_info *info = finding->info;

	pst_json_open_object(json, NULL);
	pst_json_text(json, "name", info->name);
	pst_json_text(json, "topic", pst_topic_word(info->topic));
	pst_json_text(json, "severity", pst_severity_word(info->severity));
	pst_json_text(json, "at", finding->at);
	pst_json_text(json, "term", finding->term);
	pst_json_number(json, "position", finding->position);
	pst_json_text(json, "text", finding->text);
	pst_json_text(json, "meaning", info->meaning);
	pst_json_text(json, "instead", finding->instead);
	pst_json_close(json);
}

static void
add_spf(struct pst_json *json, const struct pst_survey_spf *spf)
{
	pst_json_open_object(json, "spf");
	pst_json_text(json, "record", spf->record);
	pst_json_number(json, "lookups", spf->lookups);
	pst_json_number(json, "max_lookups", PST_SPF_MAX_LOOKUPS);
	pst_json_number(json, "voids", spf->voids);
	pst_json_number(json, "voids_ipv6", spf->voids_v6);
	pst_json_number(json, "max_voids", spf->max_voids);
	pst_json_open_array(json, "terms");
	for (size_t i = 0; i < spf->node_count; i++) {
		const struct pst_survey_spf_node *node = &spf->nodes[i];

		pst_json_open_object(json, NULL);
		pst_json_number(json, "depth", node->depth);
		pst_json_text(json, "domain", node->domain);
		pst_json_text(json, "term", node->term);
		pst_json_text(json, "record", node->record);
		pst_json_number(json, "lookups", node->lookups);
		pst_json_number(json, "voids", node->voids);
		pst_json_number(json, "voids_ipv6", node->voids_v6);
		pst_json_bool(json, "failed", node->failed);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
}

static const char *const origins[] = {
    [PST_SURVEY_GIVEN] = "given",
    [PST_SURVEY_SEEN] = "journal",
    [PST_SURVEY_REPORTED] = "reports",
    [PST_SURVEY_COMMON] = "common",
};

static void
add_keys(struct pst_json *json, const struct pst_survey *survey)
{
	pst_json_open_array(json, "dkim");
	for (size_t i = 0; i < survey->key_count; i++) {
		const struct pst_survey_key *key = &survey->keys[i];

		pst_json_open_object(json, NULL);
		pst_json_text(json, "selector", key->selector);
		pst_json_text(json, "record", key->record);
		pst_json_text(json, "type", key->type);
		pst_json_number(json, "bits", key->bits);
		pst_json_bool(json, "given", key->origin == PST_SURVEY_GIVEN);
		pst_json_text(json, "origin", origins[key->origin]);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
add_dmarc(struct pst_json *json, const struct pst_survey_dmarc *dmarc)
{
	pst_json_open_object(json, "dmarc");
	pst_json_text(json, "org_domain", dmarc->org_domain);
	pst_json_bool(json, "has_record", dmarc->has_record);
	pst_json_open_array(json, "walk");
	for (size_t i = 0; i < dmarc->step_count; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "name", dmarc->steps[i].name);
		pst_json_text(json, "status", dmarc->steps[i].status);
		pst_json_text(json, "record", dmarc->steps[i].record);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_open_array(json, "policies");
	for (size_t i = 0; i < 3; i++) {
		const struct pst_survey_policy *policy = &dmarc->policies[i];

		if (policy->who == NULL)
			continue;
		pst_json_open_object(json, NULL);
		pst_json_text(json, "who", policy->who);
		pst_json_text(json, "policy", policy->policy);
		pst_json_text(json, "from", policy->from);
		pst_json_text(json, "tag", policy->tag);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
}

static void
add_hosts(struct pst_json *json, const struct pst_survey *survey)
{
	pst_json_open_array(json, "hosts");
	for (size_t i = 0; i < survey->host_count; i++) {
		const struct pst_survey_host *host = &survey->hosts[i];

		pst_json_open_object(json, NULL);
		pst_json_text(json, "name", host->name);
		pst_json_number(json, "preference", host->preference);
		pst_json_bool(json, "given", host->given);
		pst_json_text(json, "addresses", host->ips);
		pst_json_text(json, "fcrdns", host->fcrdns);
		pst_json_close(json);
	}
	pst_json_close(json);
}

const char *
pst_survey_json(struct pst_arena *arena, const struct pst_survey *survey)
{
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "domain", survey->domain);
	pst_json_number(json, "status", (uint64_t)pst_survey_exit(survey));
	pst_json_bool(json, "exists", survey->exists);
	pst_json_bool(json, "sends_no_mail", survey->sends_no_mail);
	pst_json_text(json, "dnssec", survey->dnssec);
	pst_json_open_array(json, "findings");
	for (size_t i = 0; i < survey->findings.count; i++)
		add_finding(json, &survey->findings.items[i]);
	pst_json_close(json);
	pst_json_bool(json, "findings_cut", survey->findings.cut);
	add_spf(json, &survey->spf);
	add_keys(json, survey);
	add_dmarc(json, &survey->dmarc);
	add_hosts(json, survey);
	pst_json_text(json, "publish", survey->paste);
	pst_json_close(json);
	return pst_json_end(json);
}

const char *
pst_survey_summary_json(
    struct pst_arena *arena, const struct pst_survey *survey)
{
	const struct pst_survey_policy *policy = &survey->dmarc.policies[0];
	size_t counts[PST_SEVERITIES] = {0};
	struct pst_json *json = pst_json_new(arena);

	pst_findings_count(&survey->findings, counts);
	pst_json_open_object(json, NULL);
	pst_json_text(json, "domain", survey->domain);
	/* "-": the domain has no record, or it could not be told */
	pst_json_text(json, "policy", policy->policy);
	pst_json_bool(json, "has_policy", policy->from != NULL);
	pst_json_number(json, "errors", counts[PST_SEVERITY_ERROR]);
	pst_json_number(json, "warnings", counts[PST_SEVERITY_WARNING]);
	pst_json_number(json, "unknown", counts[PST_SEVERITY_UNKNOWN]);
	pst_json_close(json);
	return pst_json_end(json);
}
