/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of SPF. */

#include "base/domain.h"
#include "core/check.h"
#include "core/print.h"
#include "core/recorded_numbers.h"
#include "core/session.h"

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

/* Octets of the term in the log; the sender's domain chooses it. */
#define MAX_LOG_TERM 80

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
	pst_buf_printf(buf, " spf=%s:%s", pst_result_word(spf->result),
	    pst_print_or_dash(spf->domain));
	if (spf->term.len > 0)
		pst_buf_printf(buf, ":%s",
		    pst_print_word(buf->arena, spf->term, MAX_LOG_TERM));
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
		    pst_print_word(arena, spf->term, MAX_LOG_TERM));
	pst_print_if_set(json, "spf_record", other_record(arena, spf));
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_json_text(json, "spf_weak", pst_spf_weak_word(spf->weak));
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_spf *spf = &findings->spf;

	(void)state;
	pst_print_label(buf, "spf");
	pst_buf_printf(buf, "%s for %s", pst_result_word(spf->result),
	    pst_print_or_dash(spf->domain));
	if (spf->why != NULL)
		pst_buf_printf(buf, " (%s)", spf->why);
	if (spf->term.len > 0) {
		pst_buf_add_text(buf, ", by ");
		pst_buf_add_escaped(buf, spf->term);
		pst_buf_add_text(buf, " in the record of ");
		pst_buf_add_escaped(buf, pst_str(spf->term_domain));
	}
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_buf_printf(
		    buf, "; a weak pass: %s", pst_spf_weak_word(spf->weak));
	pst_buf_add_text(buf, "\n");
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	const struct pst_spf *spf = &findings->spf;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_json_null(out, "spf");
		return;
	}
	pst_json_open_object(out, "spf");
	pst_json_text(out, "result", pst_result_word(spf->result));
	pst_json_text(out, "domain", spf->domain);
	pst_json_text(out, "identity",
	    spf->identity == PST_SPF_HELO ? "helo" : "mailfrom");
	pst_json_number(out, "lookups", spf->lookups);
	pst_json_number(out, "voids", spf->voids);
	pst_print_if_set(out, "why", spf->why);
	pst_print_if_set(out, "explanation", spf->explanation);
	if (spf->term.len > 0) {
		pst_json_octets(out, "term", spf->term);
		pst_json_octets(out, "term_domain", pst_str(spf->term_domain));
	}
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_json_text(out, "weak", pst_spf_weak_word(spf->weak));
	pst_json_close(out);
}

/* Octets of the term in a recorded message; the sender's domain chooses it. */
#define MAX_RECORDED_TERM 1024

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	const struct pst_spf *spf = &findings->spf;

	(void)state;
	pst_record_enum(out, &pst_numbers_result, spf->result);
	pst_record_enum(out, &pst_numbers_spf_identity, spf->identity);
	pst_record_number(out, spf->lookups);
	pst_record_number(out, spf->voids);
	pst_record_text(out, spf->domain);
	pst_record_text(out, spf->why);
	pst_record_text(out, spf->explanation);
	if (spf->term.len > MAX_RECORDED_TERM)
		out->cut = true;
	pst_record_octets(out, pst_str_first(spf->term, MAX_RECORDED_TERM));
	pst_record_text(out, spf->term_domain);
	pst_record_enum(out, &pst_numbers_spf_weak, spf->weak);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_spf *spf = &findings->spf;

	(void)state;
	spf->result = pst_record_take_enum(in, &pst_numbers_result);
	spf->identity = pst_record_take_enum(in, &pst_numbers_spf_identity);
	spf->lookups = pst_record_take_unsigned(in);
	spf->voids = pst_record_take_unsigned(in);
	spf->domain = pst_record_take_text(in);
	spf->why = pst_record_take_text(in);
	spf->explanation = pst_record_take_text(in);
	spf->term = pst_record_take_octets(in);
	spf->term_domain = pst_record_take_string(in);
	spf->weak = pst_record_take_enum(in, &pst_numbers_spf_weak);
	if (spf->term.len > 0 && spf->term_domain == NULL)
		pst_record_is_bad(in);
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
