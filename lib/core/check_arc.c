/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of ARC. Its state is the struct pst_arc_msg of the message. */

#include "core/check.h"
#include "core/print.h"
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
};
