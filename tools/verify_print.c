/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/verify_print.h"

#include "base/buf.h"
#include "core/explain.h"
#include "core/print.h"

#define MAX_TEXT ((size_t)256 * 1024)

/* Where our own field is, and what that means. */
static const char *
place(const struct pst_envelope *envelope)
{
	if (!envelope->from_trace)
		return "given";
	return envelope->trace.results_below ? "below" : "above";
}

/* ---- text ---- */

static void
add_envelope(struct pst_buf *buf, const struct pst_envelope *envelope)
{
	if (envelope->source == NULL)
		return;
	pst_print_label(buf, "envelope");
	pst_buf_printf(buf,
	    "%s. Give --ip, --helo and --mail-from if you know better.\n",
	    envelope->source);
}

static void
add_skipped(
    struct pst_buf *buf, struct pst_arena *arena, const struct pst_trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		const char *why = pst_trace_why(arena, trace, &trace->hops[i]);

		if (why == NULL)
			continue;
		pst_print_label(buf, "skipped");
		pst_buf_printf(buf, "the %s Received field",
		    pst_trace_ordinal(arena, i + 1));
		if (trace->hops[i].seen.by[0] != '\0')
			pst_buf_printf(buf, " (by %s)", trace->hops[i].seen.by);
		pst_buf_printf(buf, ": %s\n", why);
	}
}

static void
add_method(struct pst_buf *buf, struct pst_arena *arena,
    const struct pst_authres_method *method)
{
	const char *d = pst_authres_prop_of(method, "header.d");

	pst_buf_printf(buf, "%s=%s", method->method,
	    pst_escaped(arena, pst_str(method->result)));
	if (d != NULL)
		pst_buf_printf(buf, " for %s", pst_escaped(arena, pst_str(d)));
}

/* Says what the place of our field means, where that is not plain. */
static void
add_place(struct pst_buf *buf, const struct pst_envelope *envelope)
{
	if (!envelope->from_trace)
		pst_buf_add_text(buf,
		    " (--ip is given, so the message is checked as it is, and "
		    "a field that claims to be ours is deleted)");
	else if (envelope->trace.results_below)
		pst_buf_add_text(buf,
		    " (it is below the Received field of the client, so it may "
		    "have come with the message)");
}

static void
add_earlier(struct pst_buf *buf, struct pst_arena *arena,
    const struct pst_verified *verified)
{
	const struct pst_earlier *earlier = verified->earlier;

	if (verified->envelope->trace.result_count == 0)
		return;
	pst_print_label(buf, "earlier");
	pst_buf_add_text(buf, "our own Authentication-Results field says ");
	for (size_t i = 0; i < earlier->count; i++) {
		pst_buf_add_text(buf, i == 0 ? "" : ", ");
		add_method(buf, arena, &earlier->methods[i]);
	}
	if (earlier->count == 0)
		pst_buf_add_text(buf, "nothing about these checks");
	else if (earlier->exempt)
		pst_buf_add_text(buf, "; nothing is checked now");
	else if (earlier->difference_count == 0)
		pst_buf_add_text(buf, "; the result is the same now");
	add_place(buf, verified->envelope);
	pst_buf_add_text(buf, "\n");
	for (size_t i = 0; i < earlier->difference_count; i++) {
		const struct pst_earlier_difference *d =
		    &earlier->differences[i];

		pst_print_label(buf, "differs");
		pst_buf_printf(buf, "%s%s%s: %s then, %s now: %s\n", d->method,
		    d->what == NULL ? "" : " ", d->what == NULL ? "" : d->what,
		    d->then, d->now, d->why);
	}
}

static void
add_hint(struct pst_buf *buf, const struct pst_trace *trace)
{
	if (trace->adopted != NULL) {
		pst_print_label(buf, "hint");
		pst_buf_printf(buf,
		    "%s is taken for your gateway, because the host above got "
		    "the message from it; if it is not, give --authserv-id or "
		    "--ip\n",
		    trace->adopted);
	}
	if (trace->other_id == NULL)
		return;
	pst_print_label(buf, "hint");
	pst_buf_printf(buf,
	    "if %s is your gateway, give --authserv-id %s: the message has an "
	    "Authentication-Results field with that name\n",
	    trace->other_id, trace->other_id);
}

const char *
pst_verified_text(struct pst_arena *arena, const struct pst_verified *verified)
{
	struct pst_buf buf;
	struct pst_str text;

	pst_buf_init(&buf, arena, MAX_TEXT);
	add_envelope(&buf, verified->envelope);
	if (verified->envelope->source != NULL)
		add_skipped(&buf, arena, &verified->envelope->trace);
	add_earlier(&buf, arena, verified);
	if (verified->envelope->from_trace)
		add_hint(&buf, &verified->envelope->trace);
	text = pst_buf_slice(&buf);
	return pst_arena_printf(arena, "%.*s%s", PST_STR_ARG(text),
	    pst_explain_text(arena, verified->message));
}

/* ---- JSON ---- */

static void
json_skipped(struct pst_json *json, struct pst_arena *arena,
    const struct pst_trace *trace)
{
	pst_json_open_array(json, "skipped");
	for (size_t i = 0; i < trace->count; i++) {
		const char *why = pst_trace_why(arena, trace, &trace->hops[i]);

		if (why == NULL)
			continue;
		pst_json_open_object(json, NULL);
		pst_json_number(json, "received", i + 1);
		pst_json_text(json, "by", trace->hops[i].seen.by);
		pst_json_text(json, "why", why);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
json_methods(struct pst_json *json, const struct pst_earlier *earlier)
{
	const char *d;

	pst_json_open_array(json, "methods");
	for (size_t i = 0; i < earlier->count; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "method", earlier->methods[i].method);
		pst_json_octets(
		    json, "result", pst_str(earlier->methods[i].result));
		d = pst_authres_prop_of(&earlier->methods[i], "header.d");
		if (d != NULL)
			pst_json_octets(json, "domain", pst_str(d));
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
json_earlier(struct pst_json *json, const struct pst_verified *verified)
{
	const struct pst_earlier *earlier = verified->earlier;

	if (verified->envelope->trace.result_count == 0) {
		pst_json_null(json, "earlier");
		return;
	}
	pst_json_open_object(json, "earlier");
	pst_json_text(json, "place", place(verified->envelope));
	json_methods(json, earlier);
	if (earlier->exempt)
		pst_json_null(json, "same");
	else
		pst_json_bool(json, "same", earlier->difference_count == 0);
	pst_json_open_array(json, "differences");
	for (size_t i = 0; i < earlier->difference_count; i++) {
		const struct pst_earlier_difference *d =
		    &earlier->differences[i];

		pst_json_open_object(json, NULL);
		pst_json_text(json, "method", d->method);
		pst_print_if_set(json, "what", d->what);
		pst_json_text(json, "then", d->then);
		pst_json_text(json, "now", d->now);
		pst_json_text(json, "why", d->why);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
}

struct members {
	struct pst_arena *arena;
	const struct pst_verified *verified;
};

static void
add_members(const void *arg, struct pst_json *json)
{
	const struct members *members = arg;
	const struct pst_verified *verified = members->verified;
	const struct pst_envelope *envelope = verified->envelope;

	if (verified->number > 0)
		pst_json_number(json, "number", verified->number);
	pst_json_octets(json, "configuration", pst_str(verified->origin));
	if (envelope->from_trace)
		pst_json_number(json, "received", envelope->trace.client + 1);
	else
		pst_json_null(json, "received");
	if (envelope->source != NULL)
		json_skipped(json, members->arena, &envelope->trace);
	json_earlier(json, verified);
	if (!envelope->from_trace)
		return;
	pst_print_if_set(json, "hint_authserv_id", envelope->trace.other_id);
	pst_print_if_set(json, "adopted_authserv_id", envelope->trace.adopted);
}

const char *
pst_verified_json(struct pst_arena *arena, const struct pst_verified *verified)
{
	const struct members members = {arena, verified};
	const struct pst_explain_source source = {
	    .file_name = verified->file_name,
	    .envelope_source = verified->envelope->source,
	    .add = add_members,
	    .arg = &members,
	};

	return pst_explain_saved_json(arena, verified->message, &source);
}
