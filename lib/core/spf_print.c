/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf_print.h"

#include "core/print.h"
#include "core/recorded_numbers.h"

void
pst_spf_print_log(struct pst_buf *buf, const struct pst_spf *spf)
{
	pst_buf_printf(buf, "%s:%s", pst_result_word(spf->result),
	    pst_print_or_dash(spf->domain));
	if (spf->term.len > 0)
		pst_buf_printf(buf, ":%s",
		    pst_print_word(
			buf->arena, spf->term, PST_SPF_MAX_LOG_TERM));
}

void
pst_spf_print_text(struct pst_buf *buf, const struct pst_spf *spf)
{
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

void
pst_spf_print_json(
    struct pst_json *json, const char *name, const struct pst_spf *spf)
{
	pst_json_open_object(json, name);
	pst_json_text(json, "result", pst_result_word(spf->result));
	pst_json_text(json, "domain", spf->domain);
	pst_json_text(json, "identity",
	    spf->identity == PST_SPF_HELO ? "helo" : "mailfrom");
	pst_json_number(json, "lookups", spf->lookups);
	pst_json_number(json, "voids", spf->voids);
	pst_print_if_set(json, "why", spf->why);
	pst_print_if_set(json, "explanation", spf->explanation);
	if (spf->term.len > 0) {
		pst_json_octets(json, "term", spf->term);
		pst_json_octets(json, "term_domain", pst_str(spf->term_domain));
	}
	if (spf->weak != PST_SPF_NOT_WEAK)
		pst_json_text(json, "weak", pst_spf_weak_word(spf->weak));
	pst_json_close(json);
}

/* Octets of the term in a recorded message; the sender's domain chooses it. */
#define MAX_RECORDED_TERM 1024

void
pst_spf_record(struct pst_record_out *out, const struct pst_spf *spf)
{
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

void
pst_spf_restore(struct pst_record_in *in, struct pst_spf *spf)
{
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
