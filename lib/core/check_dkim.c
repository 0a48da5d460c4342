/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of DKIM. Its state is the struct pst_dkim_msg of the message. */

#include "core/check.h"
#include "core/print.h"
#include "core/recorded_numbers.h"
#include "core/session.h"

static bool
is_public_suffix(const void *arg, const char *domain)
{
	return pst_psl_is_suffix(arg, domain);
}

static void
start(struct pst_check_run *run)
{
	const struct pst_from *from = &run->message->findings.from;
	const char *author =
	    from->domain_count > 0 ? from->domains[0] : from->only_domain;

	run->state = pst_dkim_begin(run->world, run->config->dkim_lib,
	    &run->config->dkim, run->message->header, author, is_public_suffix,
	    run->config->psl);
}

static bool
body(struct pst_check_run *run, const void *ptr, size_t len)
{
	return pst_dkim_body(run->state, ptr, len);
}

static bool
step(struct pst_check_run *run)
{
	return pst_dkim_check(
	    run->world, run->state, &run->message->findings.dkim);
}

static size_t
common_prefix(struct pst_str a, struct pst_str b)
{
	size_t len = 0;

	while (len < a.len && len < b.len && a.ptr[len] == b.ptr[len])
		len++;
	return len;
}

/* R-AR-6: the first characters of b=, enough to tell the signatures apart. */
static struct pst_str
short_b(const struct pst_dkim *dkim, size_t at)
{
	struct pst_str own = pst_str(dkim->sigs[at].b);
	size_t len = 8;
	size_t common;

	for (size_t i = 0; i < dkim->count; i++) {
		struct pst_str other = pst_str(dkim->sigs[i].b);

		if (i == at || pst_str_eq(own, other))
			continue;
		common = common_prefix(own, other);
		if (common >= len)
			len = common + 1;
	}
	return pst_str_first(own, len);
}

/* A pass with a key that is in test mode has a comment (R-DKIM-16). */
static const char *
sig_comment(const struct pst_dkim_sig *sig)
{
	if (sig->reason == NULL && sig->test_key)
		return "test mode";
	return sig->reason;
}

/*
 * An identity with 8-bit octets is left out: unless the message needs SMTPUTF8,
 * other readers could not read the field then (RFC 8601 s. 5).
 */
static const char *
printable_identity(const struct pst_dkim_sig *sig)
{
	bool ascii =
	    sig->identity != NULL && pst_str_is_ascii(pst_str(sig->identity));

	return ascii ? sig->identity : NULL;
}

static void
write_sig(struct pst_authres *ar, const struct pst_dkim *dkim, size_t at)
{
	const struct pst_dkim_sig *sig = &dkim->sigs[at];

	pst_authres_method(
	    ar, "dkim", pst_result_word(sig->result), NULL, sig_comment(sig));
	pst_print_prop(ar, "header", "d", sig->domain);
	pst_print_prop(ar, "header", "i", printable_identity(sig));
	pst_print_prop(ar, "header", "s", sig->selector);
	pst_print_prop(ar, "header", "a", sig->algorithm);
	if (sig->b != NULL && sig->b[0] != '\0')
		pst_authres_prop(ar, "header", "b", short_b(dkim, at));
}

/* Rank 0 is written first; signatures of the last ranks may not fit. */
static unsigned
sig_rank(const struct pst_dkim_sig *sig)
{
	if (sig->result == PST_RESULT_PASS)
		return sig->aligned ? 0 : 2;
	if (!sig->checked)
		return 4;
	return sig->aligned ? 1 : 3;
}

#define MAX_RANK 4

/* The rest is for the other checks: a domain, two addresses, fixed words. */
#define DKIM_MAX_BYTES (PST_AUTHRES_MAX - 768)

static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	const struct pst_dkim *dkim = &findings->dkim;
	struct pst_authres before;

	(void)state;
	if (dkim->count == 0) {
		pst_authres_method(ar, "dkim", "none", NULL, NULL);
		return;
	}
	/* R-SEC-7: say once that there were more signatures. */
	if (dkim->unparsed > 0)
		pst_authres_method(ar, "dkim", "neutral", NULL,
		    "further signatures not looked at");
	for (unsigned rank = 0; rank <= MAX_RANK; rank++) {
		for (size_t i = 0; i < dkim->count; i++) {
			if (sig_rank(&dkim->sigs[i]) != rank)
				continue;
			before = *ar;
			write_sig(ar, dkim, i);
			/* The sender chooses its size, which is known now. */
			if (pst_authres_len(ar) > DKIM_MAX_BYTES ||
			    pst_buf_overflowed(&ar->buf))
				*ar = before;
		}
	}
}

/* Octets of the selector in the log. */
#define MAX_LOG_SELECTOR 64

/*
 * "pass:example.com/s1" or "fail:example.com/s1:body-hash". A signature that was
 * not understood may have no domain or no selector.
 */
static const char *
sig_words(struct pst_arena *arena, const struct pst_dkim_sig *sig)
{
	const char *why = pst_dkim_why_word(sig->why);
	const char *selector = sig->selector == NULL ?
	    "" :
	    pst_print_word(arena, pst_str(sig->selector), MAX_LOG_SELECTOR);

	return pst_arena_printf(arena, "%s:%s%s%s%s%s",
	    pst_result_word(sig->result), pst_print_or_dash(sig->domain),
	    selector[0] == '\0' ? "" : "/", selector, why == NULL ? "" : ":",
	    why == NULL ? "" : why);
}

static void
add_sigs(struct pst_buf *buf, const struct pst_dkim *dkim)
{
	struct pst_print_list list = {0};

	if (dkim->count == 0)
		pst_buf_add_text(buf, "none");
	for (size_t i = 0; i < dkim->count; i++) {
		const char *words = sig_words(buf->arena, &dkim->sigs[i]);

		if (!pst_print_list_fits(&list, strlen(words) + 1))
			break;
		pst_buf_printf(buf, "%s%s", i == 0 ? "" : ",", words);
	}
	pst_print_list_end(buf, &list, dkim->count);
}

static void
log_words(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	pst_buf_add_text(buf, " dkim=");
	if (findings->exempt != PST_EXEMPT_NO)
		pst_buf_add_text(buf, "-");
	else
		add_sigs(buf, &findings->dkim);
}

static void
log_json_sig(struct pst_json *json, const struct pst_dkim_sig *sig)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "result", pst_result_word(sig->result));
	pst_json_text(json, "domain", sig->domain);
	pst_json_text(json, "selector",
	    sig->selector == NULL ?
		NULL :
		pst_print_word(pst_json_arena(json), pst_str(sig->selector),
		    MAX_LOG_SELECTOR));
	pst_print_if_set(json, "reason", pst_dkim_why_word(sig->why));
	pst_json_close(json);
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	const struct pst_dkim *dkim = &findings->dkim;
	struct pst_print_list list = {0};

	(void)state;
	if (findings->exempt != PST_EXEMPT_NO) {
		pst_json_null(json, "dkim");
		return;
	}
	pst_json_open_array(json, "dkim");
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];
		const char *words = sig_words(pst_json_arena(json), sig);

		if (!pst_print_list_fits(&list, strlen(words) + 1))
			break;
		log_json_sig(json, sig);
	}
	pst_json_close(json);
	if (list.items < dkim->count)
		pst_json_number(json, "dkim_more", dkim->count - list.items);
}

static void
text_sig(struct pst_buf *buf, const struct pst_dkim_sig *sig)
{
	pst_print_label(buf, "dkim");
	pst_buf_printf(buf, "%s d=%s s=%s %s", pst_result_word(sig->result),
	    pst_print_or_dash(sig->domain), pst_print_or_dash(sig->selector),
	    pst_print_or_dash(sig->algorithm));
	if (sig->bits != 0)
		pst_buf_printf(buf, " %u bits", sig->bits);
	if (sig->reason != NULL)
		pst_buf_printf(buf, ": %s", sig->reason);
	pst_buf_add_text(buf, sig->aligned ? ", aligned\n" : "\n");
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_dkim *dkim = &findings->dkim;

	(void)state;
	for (size_t i = 0; i < dkim->count; i++)
		text_sig(buf, &dkim->sigs[i]);
	if (dkim->count == 0) {
		pst_print_label(buf, "dkim");
		pst_buf_add_text(buf, "none\n");
	}
}

static void
json_sig(struct pst_json *json, const struct pst_dkim_sig *sig)
{
	pst_json_open_object(json, NULL);
	pst_json_text(json, "result", pst_result_word(sig->result));
	pst_json_text(json, "domain", sig->domain);
	pst_json_text(json, "selector", sig->selector);
	pst_json_text(json, "algorithm", sig->algorithm);
	pst_json_number(json, "bits", sig->bits);
	pst_json_text(json, "reason", sig->reason);
	pst_json_bool(json, "aligned", sig->aligned);
	pst_json_close(json);
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	bool evaluated = findings->exempt == PST_EXEMPT_NO;

	(void)state;
	pst_json_open_array(out, "dkim");
	for (size_t i = 0; evaluated && i < findings->dkim.count; i++)
		json_sig(out, &findings->dkim.sigs[i]);
	pst_json_close(out);
}

/*
 * The recorded form: the result, how many were not parsed, and a section for each
 * signature. Those beyond the room have no names.
 */
#define SIG_TAG 1
#define MAX_RECORDED 8192 /* octets */
#define MAX_RECORDED_IDENTITY 512
#define MAX_RESTORED_SIGS 1000

enum sig_bit {
	BIT_TEST_KEY = 1u << 0,
	BIT_BODY_LENGTH = 1u << 1,
	BIT_BODY_FAILED = 1u << 2,
	BIT_HEADER_OK = 1u << 3,
	BIT_COVERS_ORIGIN = 1u << 4,
	BIT_CHECKED = 1u << 5,
	BIT_ALIGNED = 1u << 6,
	BIT_MAY_ALIGN = 1u << 7,
	BIT_OVERDUE = 1u << 8,
};

static unsigned
sig_bits(const struct pst_dkim_sig *sig)
{
	return (sig->test_key ? BIT_TEST_KEY : 0u) |
	    (sig->body_length ? BIT_BODY_LENGTH : 0u) |
	    (sig->body_failed ? BIT_BODY_FAILED : 0u) |
	    (sig->header_ok ? BIT_HEADER_OK : 0u) |
	    (sig->covers_origin ? BIT_COVERS_ORIGIN : 0u) |
	    (sig->checked ? BIT_CHECKED : 0u) |
	    (sig->aligned ? BIT_ALIGNED : 0u) |
	    (sig->may_align ? BIT_MAY_ALIGN : 0u) |
	    (sig->overdue ? BIT_OVERDUE : 0u);
}

static void
record_names(struct pst_record_out *out, const struct pst_dkim *dkim, size_t at)
{
	const struct pst_dkim_sig *sig = &dkim->sigs[at];
	struct pst_str identity = pst_str(sig->identity);

	pst_record_text(out, sig->domain);
	pst_record_text(out, sig->selector);
	pst_record_text(out, sig->algorithm);
	if (sig->identity == NULL)
		pst_record_text(out, NULL);
	else
		pst_record_octets(
		    out, pst_str_first(identity, MAX_RECORDED_IDENTITY));
	out->cut |= identity.len > MAX_RECORDED_IDENTITY;
	if (sig->b == NULL)
		pst_record_text(out, NULL);
	else
		pst_record_octets(out, short_b(dkim, at));
}

/* Returns false if there was no room for it. */
static bool
record_sig(struct pst_record_out *out, const struct pst_dkim *dkim, size_t at,
    bool whole)
{
	const struct pst_dkim_sig *sig = &dkim->sigs[at];
	size_t opened = pst_record_open(out, SIG_TAG);

	pst_record_enum(out, &pst_numbers_result, sig->result);
	pst_record_enum(out, &pst_numbers_dkim_why, sig->why);
	pst_record_number(out, sig_bits(sig));
	pst_record_enum(out, &pst_numbers_dkim_gap, sig->gap);
	pst_record_number(out, sig->bits);
	pst_record_number(out, sig->signed_at);
	if (whole)
		record_names(out, dkim, at);
	return pst_record_close(out, opened);
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	const struct pst_dkim *dkim = &findings->dkim;
	size_t begun = out->len;

	(void)state;
	pst_record_enum(out, &pst_numbers_result, dkim->result);
	pst_record_number(out, dkim->unparsed);
	for (size_t i = 0; i < dkim->count; i++) {
		size_t used = out->len - begun;
		bool fits;

		pst_record_limit(
		    out, used < MAX_RECORDED ? MAX_RECORDED - used : 0);
		fits = record_sig(out, dkim, i, true);
		pst_record_unlimit(out);
		if (!fits)
			(void)record_sig(out, dkim, i, false);
	}
}

static void
restore_sig(struct pst_record_in *in, struct pst_dkim_sig *sig)
{
	unsigned bits;

	sig->result = pst_record_take_enum(in, &pst_numbers_result);
	sig->why = pst_record_take_enum(in, &pst_numbers_dkim_why);
	sig->reason = pst_dkim_why_text(sig->why);
	bits = pst_record_take_unsigned(in);
	sig->test_key = (bits & BIT_TEST_KEY) != 0;
	sig->body_length = (bits & BIT_BODY_LENGTH) != 0;
	sig->body_failed = (bits & BIT_BODY_FAILED) != 0;
	sig->header_ok = (bits & BIT_HEADER_OK) != 0;
	sig->covers_origin = (bits & BIT_COVERS_ORIGIN) != 0;
	sig->checked = (bits & BIT_CHECKED) != 0;
	sig->aligned = (bits & BIT_ALIGNED) != 0;
	sig->may_align = (bits & BIT_MAY_ALIGN) != 0;
	sig->overdue = (bits & BIT_OVERDUE) != 0;
	sig->gap = pst_record_take_enum(in, &pst_numbers_dkim_gap);
	sig->bits = pst_record_take_unsigned(in);
	sig->signed_at = pst_record_take_number(in, UINT64_MAX);
	sig->domain = pst_record_take_text(in);
	sig->selector = pst_record_take_text(in);
	sig->algorithm = pst_record_take_text(in);
	sig->identity = pst_record_take_string(in);
	sig->b = pst_record_take_text(in);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_dkim *dkim = &findings->dkim;
	struct pst_record_in section;
	size_t count;
	unsigned tag;

	(void)state;
	dkim->result = pst_record_take_enum(in, &pst_numbers_result);
	dkim->unparsed = pst_record_take_unsigned(in);
	count = pst_record_count(*in, SIG_TAG);
	if (count > MAX_RESTORED_SIGS) {
		pst_record_is_bad(in);
		return;
	}
	dkim->sigs =
	    pst_arena_array(in->source->arena, count, sizeof(*dkim->sigs));
	while (pst_record_next(in, &tag, &section)) {
		if (tag == SIG_TAG)
			restore_sig(&section, &dkim->sigs[dkim->count++]);
	}
}

const struct pst_check pst_check_dkim = {
    .name = "dkim",
    .needs = PST_CHECK_NEEDS_HEADER,
    .start = start,
    .body = body,
    .step = step,
    .authres = authres,
    .log = log_words,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 3,
    .record = record,
    .restore = restore,
};
