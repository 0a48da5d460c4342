/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of DMARC, which reads the results of SPF and DKIM. */

#include <inttypes.h>

#include "base/macros.h"
#include "core/alignment.h"
#include "core/check.h"
#include "core/print.h"
#include "core/recorded_numbers.h"
#include "core/session.h"

/* Asks for the policies of the domains that step() will evaluate. */
static void
start(struct pst_check_run *run)
{
	const struct pst_from *from = &run->message->findings.from;
	const struct pst_dmarc_config *config = &run->config->dmarc_config;

	if (from->domain_count > 1 &&
	    (!config->evaluate_all ||
		from->domain_count > config->max_author_domains))
		return;
	for (size_t i = 0; i < from->domain_count; i++)
		pst_dmarc_prefetch(run->world, config, from->domains[i]);
	if (from->only_domain != NULL)
		pst_dmarc_prefetch(run->world, config, from->only_domain);
}

/* Returns a remark for the log that is not part of the decision, or NULL. */
static const char *
note(struct pst_arena *arena, const struct pst_dmarc *dmarc)
{
	if (dmarc->psl_differs && dmarc->author_domain != NULL)
		return pst_arena_printf(arena,
		    "discovery differs for %s: treewalk finds %s, psl finds %s",
		    dmarc->author_domain,
		    dmarc->org_domain == NULL ? "nothing" : dmarc->org_domain,
		    dmarc->psl_org_domain == NULL ? "nothing" :
						    dmarc->psl_org_domain);
	if (dmarc->psl_guarded)
		return pst_arena_printf(arena,
		    "a record at a public suffix was not used for alignment "
		    "with %s",
		    dmarc->author_domain);
	if (dmarc->policy_domain != NULL && dmarc->record.limited)
		return pst_arena_printf(arena,
		    "the DMARC record of %s exceeds a limit; the rest of it is "
		    "ignored",
		    dmarc->policy_domain);
	return NULL;
}

static bool
step(struct pst_check_run *run)
{
	struct pst_findings *findings = &run->message->findings;

	if (!pst_dmarc_check(run->world, &run->config->dmarc_config,
		&findings->from, &findings->spf, &findings->dkim,
		&findings->dmarc))
		return false;
	run->message->note = note(run->world->arena, &findings->dmarc);
	return true;
}

static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	(void)state;
	pst_authres_method(
	    ar, "dmarc", pst_result_word(dmarc->result), NULL, NULL);
	pst_authres_remark(ar);
	pst_print_prop(ar, "header", "from", dmarc->author_domain);
	/* R-AR-7: left out for none and permerror. */
	if (dmarc->tag != NULL && dmarc->result != PST_RESULT_NONE &&
	    dmarc->result != PST_RESULT_PERMERROR)
		pst_print_prop(ar, "policy", "dmarc",
		    pst_dmarc_policy_word(dmarc->effective));
}

/* Adds an age in its largest whole unit, such as "3h". */
static void
add_age(struct pst_buf *buf, int64_t age_s)
{
	static const struct {
		int64_t seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (i + 1 < PST_COUNT(units) && age_s < units[i].seconds)
		i++;
	pst_buf_printf(
	    buf, "%" PRId64 "%c", age_s / units[i].seconds, units[i].name);
}

static void
log_words(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_buf_add_text(buf, " dmarc=- policy=-");
		return;
	}
	pst_buf_printf(buf, " dmarc=%s", pst_result_word(dmarc->result));
	if (dmarc->policy_domain == NULL)
		pst_buf_add_text(buf, " policy=-");
	else if (dmarc->tag == NULL)
		pst_buf_printf(buf, " policy=%s:-", dmarc->policy_domain);
	else
		pst_buf_printf(buf, " policy=%s:%s=%s", dmarc->policy_domain,
		    dmarc->tag, pst_dmarc_policy_word(dmarc->effective));
	if (dmarc->from_memory) {
		pst_buf_add_text(buf, " remembered=");
		add_age(buf, dmarc->remembered_s);
	}
	if (dmarc->knowledge == PST_DMARC_INHERITED)
		pst_buf_add_text(buf, " inherited=yes");
	pst_buf_printf(buf, " aligned=%s",
	    pst_alignment_words(pst_alignment_of(findings)));
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (findings->dmarc.org_domain != NULL)
		pst_buf_printf(buf, " org=%s", findings->dmarc.org_domain);
	if (findings->dmarc.discarded != NULL)
		pst_buf_printf(buf, " dmarc-record=%s:%s",
		    findings->dmarc.discarded, findings->dmarc.discarded_at);
}

/* An array; null if it is not known, since a look-up failed. */
static void
json_aligned(const struct pst_findings *findings, struct pst_json *json)
{
	unsigned aligned = pst_alignment_of(findings);

	if (aligned == 0) {
		pst_json_null(json, "aligned");
		return;
	}
	pst_json_open_array(json, "aligned");
	if ((aligned & PST_ALIGNED_SPF) != 0)
		pst_json_text(json, NULL, "spf");
	if ((aligned & PST_ALIGNED_DKIM) != 0)
		pst_json_text(json, NULL, "dkim");
	pst_json_close(json);
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	const struct pst_dmarc *dmarc = &findings->dmarc;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_json_null(json, "dmarc");
		pst_json_null(json, "aligned");
		return;
	}
	pst_json_text(json, "dmarc", pst_result_word(dmarc->result));
	pst_print_if_set(json, "policy_domain", dmarc->policy_domain);
	if (dmarc->policy_domain != NULL && dmarc->tag != NULL) {
		pst_json_text(json, "policy_tag", dmarc->tag);
		pst_json_text(
		    json, "policy", pst_dmarc_policy_word(dmarc->effective));
	}
	if (dmarc->from_memory)
		pst_json_number(
		    json, "remembered_s", (uint64_t)dmarc->remembered_s);
	if (dmarc->knowledge == PST_DMARC_INHERITED)
		pst_json_bool(json, "inherited", true);
	json_aligned(findings, json);
	pst_print_if_set(json, "org", dmarc->org_domain);
	pst_print_if_set(json, "dmarc_record", dmarc->discarded);
	pst_print_if_set(json, "dmarc_record_domain", dmarc->discarded_at);
}

/*
 * What a person is shown: of a malformed From field, the evaluation of its only
 * domain. The result field and the log line have its own result, permerror.
 */
static const struct pst_dmarc *
shown(const struct pst_findings *findings)
{
	const struct pst_dmarc *only = findings->dmarc.only;

	return only == NULL ? &findings->dmarc : only;
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_dmarc *dmarc = shown(findings);

	(void)state;
	pst_print_label(buf, "dmarc");
	pst_buf_add_text(buf, pst_result_word(dmarc->result));
	if (dmarc != &findings->dmarc)
		pst_buf_printf(buf,
		    " (for the only domain of a malformed From field; "
		    "Authentication-Results says %s)",
		    pst_result_word(findings->dmarc.result));
	if (dmarc->tag != NULL) {
		pst_buf_printf(buf,
		    ": %s=%s at %s (organizational domain %s, %s)", dmarc->tag,
		    pst_dmarc_policy_word(dmarc->published),
		    dmarc->policy_domain, pst_print_or_dash(dmarc->org_domain),
		    dmarc->discovery);
		if (dmarc->effective != dmarc->published)
			pst_buf_printf(buf, ", t=y lowers it to %s",
			    pst_dmarc_policy_word(dmarc->effective));
	} else if (dmarc->policy_domain != NULL) {
		pst_buf_printf(
		    buf, ": no usable policy at %s", dmarc->policy_domain);
	}
	if (dmarc->author_domain != NULL)
		pst_buf_printf(buf, "; aligned: %s",
		    pst_alignment_words(pst_alignment_of_result(dmarc)));
	if (dmarc->from_memory) {
		pst_buf_add_text(buf, "; remembered, last seen ");
		add_age(buf, dmarc->remembered_s);
		pst_buf_add_text(buf, " ago");
	}
	if (dmarc->knowledge == PST_DMARC_INHERITED)
		pst_buf_printf(buf,
		    "; inherited, since the policy of %s is unknown",
		    dmarc->author_domain);
	if (dmarc->fault != NULL)
		pst_buf_printf(buf, " (%s)", dmarc->fault);
	else if (findings->dmarc.fault != NULL)
		pst_buf_printf(buf, " (%s)", findings->dmarc.fault);
	if (dmarc->discarded != NULL)
		pst_buf_printf(buf, "; the DMARC record at %s was not used: %s",
		    dmarc->discarded_at, dmarc->discarded);
	pst_buf_add_text(buf, "\n");
}

/* Adds members to the object that is open. */
static void
json_published(struct pst_json *json, const struct pst_dmarc_record *r)
{
	pst_json_text(json, "p", pst_dmarc_policy_word(r->p));
	pst_json_text(json, "sp", pst_dmarc_policy_word(r->sp));
	pst_json_text(json, "np", pst_dmarc_policy_word(r->np));
	pst_json_text(json, "adkim", r->adkim_strict ? "s" : "r");
	pst_json_text(json, "aspf", r->aspf_strict ? "s" : "r");
	pst_json_text(json, "psd", pst_dmarc_psd_word(r->psd));
	pst_json_text(json, "t", r->test ? "y" : "n");
	pst_json_text(json, "fo", r->fo);
	pst_print_texts(json, "rua", r->rua, r->rua_count);
	pst_print_texts(json, "ruf", r->ruf, r->ruf_count);
	pst_json_octets(json, "record", r->text);
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	const struct pst_dmarc *dmarc = shown(findings);
	bool applies = dmarc->policy_domain != NULL;

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_json_null(out, "dmarc");
		return;
	}
	pst_json_open_object(out, "dmarc");
	pst_json_text(out, "result", pst_result_word(dmarc->result));
	if (dmarc != &findings->dmarc)
		pst_json_text(out, "field_result",
		    pst_result_word(findings->dmarc.result));
	pst_json_text(
	    out, "knowledge", pst_dmarc_knowledge_word(dmarc->knowledge));
	if (dmarc->from_memory)
		pst_json_number(
		    out, "remembered_s", (uint64_t)dmarc->remembered_s);
	pst_json_text(out, "policy_domain", dmarc->policy_domain);
	pst_json_text(out, "org_domain", dmarc->org_domain);
	pst_json_open_object(out, "published");
	if (applies)
		json_published(out, &dmarc->record);
	pst_json_close(out);
	pst_json_text(out, "tag", applies ? dmarc->tag : NULL);
	pst_json_text(out, "effective",
	    pst_dmarc_policy_word(applies ? dmarc->effective : PST_DMARC_NONE));
	pst_json_open_array(out, "aligned_by");
	if (dmarc->spf_aligned)
		pst_json_text(out, NULL, "spf");
	if (dmarc->dkim_aligned)
		pst_json_text(out, NULL, "dkim");
	pst_json_close(out);
	if (dmarc->identifiers == PST_DMARC_UNDETERMINED)
		pst_json_bool(out, "aligned_unknown", true);
	pst_json_text(out, "discovery", dmarc->discovery);
	pst_print_if_set(out, "fault",
	    dmarc->fault == NULL ? findings->dmarc.fault : dmarc->fault);
	pst_json_close(out);
}

/*
 * The recorded form: a section for the result, and one for that of the only
 * domain of a malformed From field. Of the record there is its text, which is
 * parsed again.
 */
#define RESULT_TAG 1
#define ONLY_TAG 2

enum dmarc_bit {
	BIT_FROM_MEMORY = 1u << 0,
	BIT_SPF_ALIGNED = 1u << 1,
	BIT_DKIM_ALIGNED = 1u << 2,
	BIT_SPF_UNDECIDED = 1u << 3,
	BIT_SPF_MAY_ALIGN = 1u << 4,
	BIT_PSL_DIFFERS = 1u << 5,
	BIT_PSL_GUARDED = 1u << 6,
	BIT_LIMITED = 1u << 7,
	BIT_ALIGNED_ANYWAY = 1u << 8, /* the identifiers were looked at, whether
	                                 a policy applies or not */
};

static unsigned
dmarc_bits(const struct pst_dmarc *dmarc)
{
	return (dmarc->from_memory ? BIT_FROM_MEMORY : 0u) |
	    (dmarc->spf_aligned ? BIT_SPF_ALIGNED : 0u) |
	    (dmarc->dkim_aligned ? BIT_DKIM_ALIGNED : 0u) |
	    (dmarc->spf_undecided ? BIT_SPF_UNDECIDED : 0u) |
	    (dmarc->spf_may_align ? BIT_SPF_MAY_ALIGN : 0u) |
	    (dmarc->psl_differs ? BIT_PSL_DIFFERS : 0u) |
	    (dmarc->psl_guarded ? BIT_PSL_GUARDED : 0u) |
	    (dmarc->record.limited ? BIT_LIMITED : 0u) | BIT_ALIGNED_ANYWAY;
}

static void
record_one(
    struct pst_record_out *out, unsigned tag, const struct pst_dmarc *dmarc)
{
	size_t opened = pst_record_open(out, tag);
	bool applies = dmarc->policy_domain != NULL;

	pst_record_enum(out, &pst_numbers_result, dmarc->result);
	pst_record_enum(out, &pst_numbers_result, dmarc->judged);
	pst_record_enum(out, &pst_numbers_dmarc_knowledge, dmarc->knowledge);
	pst_record_enum(
	    out, &pst_numbers_dmarc_identifiers, dmarc->identifiers);
	pst_record_enum(out, &pst_numbers_dmarc_source, dmarc->source);
	pst_record_enum(out, &pst_numbers_dmarc_policy, dmarc->published);
	pst_record_enum(out, &pst_numbers_dmarc_policy, dmarc->effective);
	pst_record_number(out, dmarc_bits(dmarc));
	pst_record_signed(out, dmarc->remembered_s);
	pst_record_text(out, dmarc->author_domain);
	pst_record_text(out, dmarc->policy_domain);
	pst_record_text(out, dmarc->org_domain);
	pst_record_text(out, dmarc->tag);
	pst_record_text(out, dmarc->psl_org_domain);
	pst_record_text(out, dmarc->discarded_at);
	pst_record_text(out, dmarc->discarded);
	pst_record_text(out, dmarc->fault);
	pst_record_text(out, dmarc->discovery);
	pst_record_octets(out, applies ? dmarc->record.text : PST_STR(""));
	(void)pst_record_close(out, opened);
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	(void)state;
	record_one(out, RESULT_TAG, &findings->dmarc);
	if (findings->dmarc.only != NULL)
		record_one(out, ONLY_TAG, findings->dmarc.only);
}

static void
restore_bits(struct pst_record_in *in, struct pst_dmarc *dmarc)
{
	unsigned bits = pst_record_take_unsigned(in);

	dmarc->from_memory = (bits & BIT_FROM_MEMORY) != 0;
	dmarc->spf_aligned = (bits & BIT_SPF_ALIGNED) != 0;
	dmarc->dkim_aligned = (bits & BIT_DKIM_ALIGNED) != 0;
	dmarc->spf_undecided = (bits & BIT_SPF_UNDECIDED) != 0;
	dmarc->spf_may_align = (bits & BIT_SPF_MAY_ALIGN) != 0;
	dmarc->psl_differs = (bits & BIT_PSL_DIFFERS) != 0;
	dmarc->psl_guarded = (bits & BIT_PSL_GUARDED) != 0;
	dmarc->record.limited = (bits & BIT_LIMITED) != 0;
	/* Older entries: without a policy, nothing is known of them. */
	if ((bits & BIT_ALIGNED_ANYWAY) == 0 &&
	    (dmarc->result == PST_RESULT_NONE ||
		dmarc->result == PST_RESULT_PERMERROR))
		dmarc->identifiers = PST_DMARC_UNDETERMINED;
}

static void
restore_record(struct pst_record_in *in, struct pst_dmarc *dmarc)
{
	struct pst_str text = pst_record_peek_octets(in);
	bool limited = dmarc->record.limited;

	if (dmarc->policy_domain == NULL)
		return;
	if (!pst_dmarc_record_parse(in->source->arena, text, &dmarc->record))
		pst_record_is_bad(in);
	dmarc->record.limited |= limited;
}

/* What the printers take for granted. */
static bool
is_sound(const struct pst_dmarc *dmarc)
{
	return (dmarc->tag == NULL ||
		   (dmarc->policy_domain != NULL &&
		       dmarc->discovery != NULL)) &&
	    (dmarc->discarded == NULL) == (dmarc->discarded_at == NULL) &&
	    (dmarc->knowledge != PST_DMARC_INHERITED ||
		dmarc->author_domain != NULL) &&
	    dmarc->remembered_s >= 0;
}

static void
restore_one(struct pst_record_in *in, struct pst_dmarc *dmarc)
{
	dmarc->result = pst_record_take_enum(in, &pst_numbers_result);
	dmarc->judged = pst_record_take_enum(in, &pst_numbers_result);
	dmarc->knowledge =
	    pst_record_take_enum(in, &pst_numbers_dmarc_knowledge);
	dmarc->identifiers =
	    pst_record_take_enum(in, &pst_numbers_dmarc_identifiers);
	dmarc->source = pst_record_take_enum(in, &pst_numbers_dmarc_source);
	dmarc->published = pst_record_take_enum(in, &pst_numbers_dmarc_policy);
	dmarc->effective = pst_record_take_enum(in, &pst_numbers_dmarc_policy);
	restore_bits(in, dmarc);
	dmarc->remembered_s = pst_record_take_signed(in);
	dmarc->author_domain = pst_record_take_text(in);
	dmarc->policy_domain = pst_record_take_text(in);
	dmarc->org_domain = pst_record_take_text(in);
	dmarc->tag = pst_record_take_text(in);
	dmarc->psl_org_domain = pst_record_take_text(in);
	dmarc->discarded_at = pst_record_take_text(in);
	dmarc->discarded = pst_record_take_text(in);
	dmarc->fault = pst_record_take_text(in);
	dmarc->discovery = pst_record_take_text(in);
	restore_record(in, dmarc);
	if (!is_sound(dmarc))
		pst_record_is_bad(in);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_record_in section;
	struct pst_dmarc *only;
	unsigned tag;

	(void)state;
	while (pst_record_next(in, &tag, &section)) {
		if (tag == RESULT_TAG) {
			restore_one(&section, &findings->dmarc);
		} else if (tag == ONLY_TAG) {
			only =
			    pst_arena_alloc(in->source->arena, sizeof(*only));
			restore_one(&section, only);
			findings->dmarc.only = only;
		}
	}
}

const struct pst_check pst_check_dmarc = {
    .name = "dmarc",
    .needs = PST_CHECK_NEEDS_HEADER,
    .after = {&pst_check_spf, &pst_check_dkim},
    .start = start,
    .step = step,
    .authres = authres,
    .log = log_words,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 4,
    .record = record,
    .restore = restore,
};
