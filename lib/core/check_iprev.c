/* SPDX-License-Identifier: BSD-2-Clause */

/* The row of iprev: the reverse name of the client. */

#include "core/check.h"
#include "core/print.h"
#include "core/recorded_numbers.h"
#include "core/session.h"

static bool
is_wanted(const struct pst_check_run *run)
{
	return run->config->iprev.enabled;
}

static void
start(struct pst_check_run *run)
{
	run->message->findings.has_iprev = true;
}

static bool
step(struct pst_check_run *run)
{
	return pst_iprev_check(
	    run->world, &run->message->client, &run->message->findings.iprev);
}

static void
authres(const struct pst_findings *findings, const void *state,
    struct pst_authres *ar)
{
	const struct pst_iprev *iprev = &findings->iprev;
	char text[PST_IP_TEXT_SIZE];

	(void)state;
	if (!findings->has_iprev)
		return;
	pst_authres_method(
	    ar, "iprev", pst_result_word(iprev->result), NULL, NULL);
	pst_print_prop(ar, "policy", "iprev", pst_ip_text(&iprev->ip, text));
}

static void
log_detail(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	(void)state;
	if (findings->has_iprev)
		pst_buf_printf(
		    buf, " iprev=%s", pst_result_word(findings->iprev.result));
}

static void
log_json(const struct pst_findings *findings, const void *state,
    struct pst_json *json)
{
	(void)state;
	if (findings->has_iprev)
		pst_json_text(
		    json, "iprev", pst_result_word(findings->iprev.result));
}

/* Returns why it is so, NULL if there is nothing to say. */
static const char *
reason(const struct pst_iprev *iprev)
{
	switch (iprev->result) {
	case PST_RESULT_PASS:
		return iprev->name;
	case PST_RESULT_FAIL:
		return "no name of the address leads back to it";
	case PST_RESULT_PERMERROR:
		return "the address has no name";
	case PST_RESULT_TEMPERROR:
		return "the DNS did not answer";
	case PST_RESULT_NONE:
	case PST_RESULT_SOFTFAIL:
	case PST_RESULT_NEUTRAL:
	case PST_RESULT_POLICY:
		break;
	}
	return NULL;
}

static void
text(
    const struct pst_findings *findings, const void *state, struct pst_buf *buf)
{
	const char *why = reason(&findings->iprev);

	(void)state;
	if (!findings->has_iprev)
		return;
	pst_print_label(buf, "iprev");
	pst_buf_add_text(buf, pst_result_word(findings->iprev.result));
	if (why != NULL)
		pst_buf_printf(buf, " (%s)", why);
	pst_buf_add_text(buf, "\n");
}

static void
json(const struct pst_findings *findings, const void *state,
    struct pst_json *out)
{
	(void)state;
	if (!findings->has_iprev) {
		pst_json_null(out, "iprev");
		return;
	}
	pst_json_open_object(out, "iprev");
	pst_json_text(out, "result", pst_result_word(findings->iprev.result));
	pst_json_text(out, "name", findings->iprev.name);
	pst_json_close(out);
}

static void
record(const struct pst_findings *findings, const void *state,
    struct pst_record_out *out)
{
	const struct pst_iprev *iprev = &findings->iprev;

	(void)state;
	pst_record_number(out, findings->has_iprev);
	if (!findings->has_iprev)
		return;
	pst_record_enum(out, &pst_numbers_result, iprev->result);
	pst_record_ip(out, &iprev->ip);
	pst_record_text(out, iprev->name);
}

static void
restore(struct pst_record_in *in, struct pst_findings *findings, void **state)
{
	struct pst_iprev *iprev = &findings->iprev;

	(void)state;
	findings->has_iprev = pst_record_take_number(in, 1) != 0;
	iprev->result = pst_record_take_enum(in, &pst_numbers_result);
	pst_record_take_ip(in, &iprev->ip);
	iprev->name = pst_record_take_text(in);
}

const struct pst_check pst_check_iprev = {
    .name = "iprev",
    .needs = PST_CHECK_NEEDS_ENVELOPE,
    .is_extra = true,
    .is_wanted = is_wanted,
    .start = start,
    .step = step,
    .authres = authres,
    .log_detail = log_detail,
    .log_json = log_json,
    .text = text,
    .json = json,
    .record_number = 1,
    .record = record,
    .restore = restore,
};
