/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of SPF. */

#include "base/domain.h"
#include "core/check.h"
#include "core/print.h"
#include "core/session.h"
#include "core/spf_print.h"

bool
pst_check_spf_may_align(const struct pst_check_run *run)
{
	const struct pst_from *from = &run->message->findings.from;
	const char *domain = run->spf_input->mail_from.domain;

	if (domain == NULL)
		domain = pst_domain_normalize(
		    run->world->arena, run->spf_input->helo);
	if (domain != NULL && from->only_domain != NULL &&
	    pst_domain_are_near(domain, from->only_domain))
		return true;
	for (size_t i = 0; domain != NULL && i < from->domain_count; i++)
		if (pst_domain_are_near(domain, from->domains[i]))
			return true;
	return false;
}

static bool
step(struct pst_check_run *run)
{
	return pst_spf_check(
	    run->world, run->spf_input, &run->message->findings.spf);
}

static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	const struct pst_spf *spf = &findings->spf;

	(void)state;
	pst_authres_method(ar, "spf", pst_result_word(spf->result), NULL, NULL);
	/* R-AR-5: of a null sender, this is the domain of postmaster@HELO. */
	pst_print_prop(ar, "smtp", "mailfrom", spf->domain);
}

static void
log_words(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_spf *spf = &findings->spf;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_buf_add_text(buf, " spf=-");
		return;
	}
	pst_buf_add_text(buf, " spf=");
	pst_spf_print_log(buf, spf);
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_buf_printf(
		    buf, " spf-weak=%s", pst_spf_weak_word(spf->weak));
}

/* Returns the domain of the record with the term if it is another one. */
static const char *
other_record(struct pst_arena *arena, const struct pst_spf *spf)
{
	if (spf->term_domain == NULL ||
	    (spf->domain != NULL &&
		pst_domain_eq(spf->term_domain, spf->domain)))
		return NULL;
	return pst_print_word(arena, pst_str(spf->term_domain), PST_DOMAIN_MAX);
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const char *other;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO)
		return;
	other = other_record(buf->arena, &findings->spf);
	if (other != NULL)
		pst_buf_printf(buf, " spf-record=%s", other);
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	const struct pst_spf *spf = &findings->spf;
	struct pst_arena *arena = pst_json_arena(json);

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_json_null(json, "spf");
		return;
	}
	pst_json_text(json, "spf", pst_result_word(spf->result));
	pst_json_text(json, "spf_domain", spf->domain);
	if (spf->term.len > 0)
		pst_json_text(json, "spf_term",
		    pst_print_word(arena, spf->term, PST_SPF_MAX_LOG_TERM));
	pst_print_if_set(json, "spf_record", other_record(arena, spf));
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_json_text(json, "spf_weak", pst_spf_weak_word(spf->weak));
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	pst_print_label(buf, "spf");
	pst_spf_print_text(buf, &findings->spf);
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	(void)state;
	if (findings->exempt != PST_EXEMPT_NO)
		pst_json_null(out, "spf");
	else
		pst_spf_print_json(out, "spf", &findings->spf);
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	(void)state;
	pst_spf_record(out, &findings->spf);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	(void)state;
	pst_spf_restore(in, &findings->spf);
}

const struct pst_check pst_check_spf = {
    .name = "spf",
    .needs = PST_CHECK_NEEDS_ENVELOPE,
    .step = step,
    .authres = authres,
    .log = log_words,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 2,
    .record = record,
    .restore = restore,
};
