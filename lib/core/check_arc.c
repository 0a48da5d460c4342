/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of ARC. Its state is the struct pst_arc_msg of the message. */

#include "core/check.h"
#include "core/print.h"
#include "core/recorded_numbers.h"
#include "core/session.h"

static bool
is_wanted(const struct pst_check_run *run)
{
	return run->config->arc.verify;
}

static void
start(struct pst_check_run *run)
{
	run->message->findings.has_arc = true;
	run->state = pst_arc_begin(
	    run->world, &run->config->arc_config, run->message->header);
}

static bool
body(struct pst_check_run *run, const void *ptr, size_t len)
{
	return pst_arc_body(run->state, ptr, len);
}

static bool
step(struct pst_check_run *run)
{
	return pst_arc_check(
	    run->world, run->state, &run->message->findings.arc);
}

/* R-AR-9. smtp.remote-ip is the client of this hop. */
static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	const struct pst_arc *arc = &findings->arc;
	char ip[PST_IP_TEXT_SIZE];

	(void)state;
	if (!findings->has_arc)
		return;
	pst_authres_method(
	    ar, "arc", pst_result_word(arc->result), NULL, arc->reason);
	if (arc->result == PST_RESULT_PASS)
		pst_print_prop(ar, "header", "oldest-pass",
		    pst_arena_printf(ar->buf.arena, "%u", arc->oldest_pass));
	if (findings->client.family != PST_IP_NONE)
		pst_print_prop(ar, "smtp", "remote-ip",
		    pst_ip_text(&findings->client, ip));
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (findings->has_arc)
		pst_buf_printf(buf, " arc=%s:%s",
		    pst_result_word(findings->arc.result),
		    pst_print_or_dash(findings->arc.sealer));
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	(void)state;
	if (!findings->has_arc)
		return;
	pst_json_text(json, "arc", pst_result_word(findings->arc.result));
	pst_print_if_set(json, "arc_sealer", findings->arc.sealer);
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const struct pst_arc *arc = &findings->arc;

	(void)state;
	if (!findings->has_arc)
		return;
	pst_print_label(buf, "arc");
	pst_buf_add_text(buf, pst_result_word(arc->result));
	if (arc->sealer != NULL)
		pst_buf_printf(buf, " by %s, sets %u, oldest pass %u",
		    arc->sealer, arc->sets, arc->oldest_pass);
	if (arc->reason != NULL)
		pst_buf_printf(buf, ": %s", arc->reason);
	pst_buf_add_text(buf, "\n");
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	const struct pst_arc *arc = &findings->arc;

	(void)state;
	if (!findings->has_arc) {
		pst_json_null(out, "arc");
		return;
	}
	pst_json_open_object(out, "arc");
	pst_json_text(out, "result", pst_result_word(arc->result));
	pst_json_text(out, "sealer", arc->sealer);
	pst_json_number(out, "sets", arc->sets);
	pst_json_number(out, "oldest_pass", arc->oldest_pass);
	pst_json_text(out, "reason", arc->reason);
	pst_json_close(out);
}

/* The recorded form ends in a section for each seal; all or none are there. */
#define SEAL_TAG 1
#define MAX_RECORDED_SEALS 4096 /* octets */
#define MAX_RESTORED_SETS 1000

static void
record_seals(struct pst_record_out *out, const struct pst_arc *arc)
{
	pst_record_limit(out, MAX_RECORDED_SEALS);
	for (unsigned i = 0; arc->seals != NULL && i < arc->sets; i++) {
		size_t opened = pst_record_open(out, SEAL_TAG);

		pst_record_text(out, arc->seals[i].domain);
		pst_record_text(out, arc->seals[i].selector);
		(void)pst_record_close(out, opened);
	}
	pst_record_unlimit(out);
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	const struct pst_arc *arc = &findings->arc;

	(void)state;
	pst_record_number(out, findings->has_arc);
	if (!findings->has_arc)
		return;
	pst_record_enum(out, &pst_numbers_result, arc->result);
	pst_record_text(out, arc->reason);
	pst_record_number(out, arc->sets);
	pst_record_number(out, arc->oldest_pass);
	pst_record_text(out, arc->sealer);
	pst_record_ip(out, &arc->first_ip);
	record_seals(out, arc);
}

static void
restore_seals(struct pst_record_in *in, struct pst_arc *arc)
{
	struct pst_record_in section;
	size_t count = 0;
	unsigned tag;

	if (arc->sets == 0 || pst_record_count(*in, SEAL_TAG) != arc->sets)
		return;
	arc->seals =
	    pst_arena_array(in->source->arena, arc->sets, sizeof(*arc->seals));
	while (pst_record_next(in, &tag, &section)) {
		struct pst_arc_seal *seal = &arc->seals[count];

		if (tag != SEAL_TAG)
			continue;
		seal->domain = pst_record_take_text(&section);
		seal->selector = pst_record_take_text(&section);
		if (seal->domain == NULL || seal->selector == NULL)
			pst_record_is_bad(in);
		count++;
	}
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_arc *arc = &findings->arc;

	(void)state;
	findings->has_arc = pst_record_take_number(in, 1) != 0;
	arc->result = pst_record_take_enum(in, &pst_numbers_result);
	arc->reason = pst_record_take_text(in);
	/* It is a comment in our result field. */
	if (arc->reason != NULL &&
	    (!pst_str_is_printable(pst_str(arc->reason)) ||
		strpbrk(arc->reason, "()\\") != NULL))
		pst_record_is_bad(in);
	arc->sets = (unsigned)pst_record_take_number(in, MAX_RESTORED_SETS);
	arc->oldest_pass = pst_record_take_unsigned(in);
	arc->sealer = pst_record_take_text(in);
	pst_record_take_ip(in, &arc->first_ip);
	restore_seals(in, arc);
}

const struct pst_check pst_check_arc = {
    .name = "arc",
    .needs = PST_CHECK_NEEDS_HEADER,
    .is_extra = true,
    .is_wanted = is_wanted,
    .start = start,
    .body = body,
    .step = step,
    .authres = authres,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 5,
    .record = record,
    .restore = restore,
};
