/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The row of the HELO identity: SPF of postmaster@HELO beside MAIL FROM (RFC
 * 7208 s. 2.3). It never counts for DMARC. HELO is the sender's choice, and with
 * it up to ten terms that ask the DNS, so it asks after all other checks have
 * asked, and iprev and SPF are complete before it goes on: what it asks can
 * leave none of them without an answer.
 */

#include "base/domain.h"
#include "core/check.h"
#include "core/print.h"
#include "core/session.h"
#include "core/spf_print.h"

bool
pst_check_helo_applies(struct pst_arena *arena,
    const struct pst_path *mail_from, struct pst_str helo)
{
	const char *domain;
	struct pst_ip ip;

	if ((mail_from->valid && mail_from->null) || pst_ip_parse(helo, &ip))
		return false;
	domain = pst_domain_normalize(arena, helo);
	return domain != NULL && pst_domain_labels(domain) > 1;
}

static bool
is_wanted(const struct pst_check_run *run)
{
	return run->config->spf.check_helo &&
	    pst_check_helo_applies(run->world->arena,
		&run->spf_input->mail_from, run->spf_input->helo);
}

bool
pst_check_helo_decides(const struct pst_config *config)
{
	if (config->on_helo_fail != PST_ACTION_ACCEPT)
		return true;
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];

		if (rule->written[PST_RULE_SPF_HELO].line != 0)
			return true;
	}
	return false;
}

static bool
is_awaited(const struct pst_check_run *run)
{
	return pst_check_helo_decides(run->config);
}

/* One question, so that most names need no further one when it is their turn. */
static void
start(struct pst_check_run *run)
{
	const char *domain =
	    pst_domain_normalize(run->world->arena, run->spf_input->helo);

	(void)pst_world_ask(
	    run->world, PST_DNS_OTHER, pst_str(domain), PST_DNS_TXT);
}

static bool
step(struct pst_check_run *run)
{
	struct pst_findings *findings = &run->message->findings;
	struct pst_spf_input input = *run->spf_input;

	input.of_helo = true;
	findings->has_helo = pst_spf_check(run->world, &input, &findings->helo);
	return findings->has_helo;
}

/* RFC 8601 s. 2.7.2: the property tells it from the method of MAIL FROM. */
static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	(void)state;
	if (!findings->has_helo)
		return;
	pst_authres_method(
	    ar, "spf", pst_result_word(findings->helo.result), NULL, NULL);
	pst_print_prop(ar, "smtp", "helo", findings->helo.domain);
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (!findings->has_helo)
		return;
	pst_buf_add_text(buf, " spf-helo=");
	pst_spf_print_log(buf, &findings->helo);
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	const struct pst_spf *helo = &findings->helo;

	(void)state;
	if (!findings->has_helo)
		return;
	pst_json_text(json, "spf_helo", pst_result_word(helo->result));
	pst_json_text(json, "spf_helo_domain", helo->domain);
	if (helo->term.len > 0)
		pst_json_text(json, "spf_helo_term",
		    pst_print_word(pst_json_arena(json), helo->term,
			PST_SPF_MAX_LOG_TERM));
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (!findings->has_helo)
		return;
	pst_print_label(buf, "spf helo");
	pst_spf_print_text(buf, &findings->helo);
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	(void)state;
	if (findings->has_helo)
		pst_spf_print_json(out, "spf_helo", &findings->helo);
	else
		pst_json_null(out, "spf_helo");
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	(void)state;
	pst_record_number(out, findings->has_helo);
	if (findings->has_helo)
		pst_spf_record(out, &findings->helo);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	(void)state;
	findings->has_helo = pst_record_take_number(in, 1) != 0;
	if (findings->has_helo)
		pst_spf_restore(in, &findings->helo);
}

const struct pst_check pst_check_helo = {
    .name = "spf_helo",
    .needs = PST_CHECK_NEEDS_HEADER,
    .after = {&pst_check_iprev, &pst_check_spf},
    .is_extra = true,
    .is_wanted = is_wanted,
    .is_awaited = is_awaited,
    .start = start,
    .step = step,
    .authres = authres,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 6,
    .record = record,
    .restore = restore,
};
