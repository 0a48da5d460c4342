/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/macros.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/report.h"
#include "tools/report_input.h"
#include "tools/report_table.h"
#include "tools/ui.h"

static const char command[] = "report read";

/* Width of the column with the names of a report's facts. */
#define FACT_COLUMN 12
#define MAX_REASON 60
/* Widest cells; a longer address gets a line of its own. */
#define MAX_ADDRESS 23
#define MAX_ACTION 10

static const char *
safe(struct pst_arena *arena, const char *text)
{
	return pst_escaped(arena, pst_str(text));
}

/* ---- text ---- */

static void
print_fact(struct pst_arena *arena, const char *name, const char *text)
{
	if (text[0] != '\0')
		printf("  %-*s%s\n", FACT_COLUMN, name, safe(arena, text));
}

static void
print_policy(struct pst_arena *arena, const struct pst_feedback *feedback)
{
	const struct {
		const char *name, *value;
	} tags[] = {{"p", feedback->p}, {"sp", feedback->sp},
	    {"np", feedback->np}, {"adkim", feedback->adkim},
	    {"aspf", feedback->aspf}, {"pct", feedback->pct},
	    {"fo", feedback->fo}, {"t", feedback->testing},
	    {"by", feedback->discovery}};
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 64 * PST_FEEDBACK_MAX_TEXT);
	for (size_t i = 0; i < PST_COUNT(tags); i++)
		if (tags[i].value[0] != '\0')
			pst_buf_printf(&buf, "%s%s=%s", buf.len > 0 ? " " : "",
			    tags[i].name, tags[i].value);
	if (buf.len > 0)
		print_fact(arena, "policy", pst_buf_str(&buf));
}

static enum pst_ui_tone
tone_of_result(const char *word)
{
	if (strcmp(word, "pass") == 0)
		return PST_UI_GOOD;
	return strcmp(word, "fail") == 0 ? PST_UI_BAD : PST_UI_PLAIN;
}

static enum pst_ui_tone
tone_of_disposition(const char *word)
{
	if (strcmp(word, "reject") == 0)
		return PST_UI_BAD;
	return strcmp(word, "quarantine") == 0 ? PST_UI_WARN : PST_UI_PLAIN;
}

static void
print_cell(
    struct pst_arena *arena, enum pst_ui_tone tone, const char *text, int width)
{
	pst_ui_print(tone,
	    pst_arena_printf(arena, "%-*s", width,
		text[0] == '\0' ? "-" : safe(arena, text)));
	fputs("  ", stdout);
}

/* Prints " (local_policy, other)"; the comments are in the JSON. */
static void
print_reasons(struct pst_arena *arena, const struct pst_feedback_row *row)
{
	const struct pst_feedback_reason *reason;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_REASON);
	for (reason = row->reasons; reason != NULL; reason = reason->next)
		pst_buf_printf(&buf, "%s%s", reason == row->reasons ? "" : ", ",
		    safe(arena, reason->type));
	if (buf.len > 0)
		printf(" (%.*s)", PST_STR_ARG(pst_buf_slice(&buf)));
}

static void
print_row(struct pst_arena *arena, const struct pst_feedback_row *row,
    int source_width, int action_width)
{
	const char *source = safe(arena, row->source_ip);

	if (strlen(source) > (size_t)source_width) {
		printf("  %s\n", source);
		source = "";
	}
	printf("  %-*s  ", source_width, source);
	printf("%8" PRId64 "  ", row->count);
	print_cell(arena, tone_of_result(row->dkim), row->dkim, 4);
	print_cell(arena, tone_of_result(row->spf), row->spf, 4);
	print_cell(arena, tone_of_disposition(row->disposition),
	    row->disposition, action_width);
	fputs(safe(arena, row->header_from), stdout);
	print_reasons(arena, row);
	putchar('\n');
}

static int
by_count(const void *left, const void *right)
{
	const struct pst_feedback_row *const *a = left, *const *b = right;

	if ((*a)->count != (*b)->count)
		return (*a)->count > (*b)->count ? -1 : 1;
	return strcmp((*a)->source_ip, (*b)->source_ip);
}

/* Returns the width that text needs if that is within most, else width. */
static int
wider(int width, struct pst_arena *arena, const char *text, size_t most)
{
	struct pst_arena_mark mark = pst_arena_mark(arena);
	size_t len = strlen(safe(arena, text));

	pst_arena_rewind(arena, mark);
	return len > (size_t)width && len <= most ? (int)len : width;
}

static void
print_rows(struct pst_arena *arena, const struct pst_feedback *feedback)
{
	struct pst_feedback_row **rows =
	    pst_arena_array(arena, feedback->row_count, sizeof(*rows));
	struct pst_feedback_row *row;
	int source_width = 6;
	int action_width = 6;
	size_t count = 0;

	for (row = feedback->rows; row != NULL; row = row->next) {
		rows[count++] = row;
		source_width =
		    wider(source_width, arena, row->source_ip, MAX_ADDRESS);
		action_width =
		    wider(action_width, arena, row->disposition, MAX_ACTION);
	}
	if (count == 0)
		return;
	qsort(rows, count, sizeof(rows[0]), by_count);
	putchar('\n');
	pst_ui_print(PST_UI_DIM,
	    pst_arena_printf(arena, "  %-*s  %8s  %-4s  %-4s  %-*s  %s\n",
		source_width, "source", "messages", "dkim", "spf", action_width,
		"action", "from"));
	for (size_t i = 0; i < count; i++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);

		print_row(arena, rows[i], source_width, action_width);
		pst_arena_rewind(arena, mark);
	}
}

static void
print_failure(struct pst_arena *arena, const struct pst_feedback *feedback)
{
	static const char *const names[][2] = {{"failure", "Auth-Failure"},
	    {"source", "Source-IP"}, {"mail from", "Original-Mail-From"},
	    {"rcpt to", "Original-Rcpt-To"},
	    {"unaligned", "Identity-Alignment"}, {"dkim", "DKIM-Domain"},
	    {"selector", "DKIM-Selector"}, {"spf", "SPF-DNS"},
	    {"results", "Authentication-Results"},
	    {"delivery", "Delivery-Result"}, {"incidents", "Incidents"},
	    {"url", "Reported-URI"}, {"program", "User-Agent"}};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		print_fact(arena, names[i][0],
		    pst_feedback_field(feedback, names[i][1]));
	print_fact(arena, "subject", feedback->subject);
}

static void
print_notes(struct pst_arena *arena, const struct pst_feedback *f)
{
	const struct pst_feedback_note *note;

	for (note = f->notes; note != NULL; note = note->next)
		print_fact(arena, "note", note->text);
	if (f->note_count == PST_FEEDBACK_MAX_NOTES)
		printf("  %-*s%zu record%s left out in all\n", FACT_COLUMN,
		    "note", f->left_out, f->left_out == 1 ? " is" : "s are");
}

static void
print_text(
    struct pst_arena *arena, const char *label, const struct pst_feedback *f)
{
	bool is_aggregate = f->kind == PST_FEEDBACK_AGGREGATE;

	printf("%s: ", safe(arena, label));
	if (f->fault[0] == '\0')
		printf("%s report\n", pst_feedback_kind_word(f->kind));
	else {
		pst_ui_print(PST_UI_WARN, "invalid");
		printf(" %s report: %s\n", pst_feedback_kind_word(f->kind),
		    safe(arena, f->fault));
	}
	print_fact(arena, "reporter", f->org);
	print_fact(arena, "contact", f->email);
	print_fact(arena, "id", f->report_id);
	print_fact(arena, is_aggregate ? "period" : "arrived",
	    pst_report_period(arena, f->begin_s, f->end_s));
	print_fact(arena, "domain", f->domain);
	if (!is_aggregate) {
		print_failure(arena, f);
		print_notes(arena, f);
		return;
	}
	print_policy(arena, f);
	print_fact(arena, "error", f->error);
	printf("  %-*s%" PRId64 " in %zu row%s\n", FACT_COLUMN, "messages",
	    f->messages, f->row_count, f->row_count == 1 ? "" : "s");
	print_notes(arena, f);
	print_rows(arena, f);
}

/* ---- JSON ---- */

static void
add_auths(struct pst_json *json, const struct pst_feedback_row *row)
{
	const struct pst_feedback_auth *auth;

	pst_json_open_array(json, "auth");
	for (auth = row->auths; auth != NULL; auth = auth->next) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "method", auth->is_spf ? "spf" : "dkim");
		pst_json_text(json, "domain", auth->domain);
		if (auth->is_spf)
			pst_json_text(json, "scope", auth->scope);
		else
			pst_json_text(json, "selector", auth->selector);
		pst_json_text(json, "result", auth->result);
		pst_json_text(json, "human_result", auth->human_result);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
add_row(struct pst_json *json, const struct pst_feedback_row *row)
{
	const struct pst_feedback_reason *reason;

	pst_json_open_object(json, NULL);
	pst_json_text(json, "source_ip", row->source_ip);
	pst_json_number(json, "count", (uint64_t)row->count);
	pst_json_text(json, "disposition", row->disposition);
	pst_json_text(json, "dkim", row->dkim);
	pst_json_text(json, "spf", row->spf);
	pst_json_open_array(json, "reasons");
	for (reason = row->reasons; reason != NULL; reason = reason->next) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "type", reason->type);
		pst_json_text(json, "comment", reason->comment);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_text(json, "header_from", row->header_from);
	pst_json_text(json, "envelope_from", row->envelope_from);
	pst_json_text(json, "envelope_to", row->envelope_to);
	add_auths(json, row);
	pst_json_close(json);
}

static void
add_policy(struct pst_json *json, const struct pst_feedback *f)
{
	pst_json_open_object(json, "policy");
	pst_json_text(json, "p", f->p);
	pst_json_text(json, "sp", f->sp);
	pst_json_text(json, "np", f->np);
	pst_json_text(json, "adkim", f->adkim);
	pst_json_text(json, "aspf", f->aspf);
	pst_json_text(json, "fo", f->fo);
	pst_json_text(json, "pct", f->pct);
	pst_json_text(json, "testing", f->testing);
	pst_json_text(json, "discovery", f->discovery);
	pst_json_close(json);
	pst_json_text(json, "version", f->version);
	pst_json_text(json, "contact", f->contact);
	pst_json_text(json, "generator", f->generator);
	pst_json_text(json, "error", f->error);
}

static void
add_fields(struct pst_json *json, const struct pst_feedback *feedback)
{
	const struct pst_feedback_field *field;

	pst_json_open_array(json, "fields");
	for (field = feedback->fields; field != NULL; field = field->next) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "name", field->name);
		pst_json_text(json, "value", field->value);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_text(json, "subject", feedback->subject);
}

static void
print_json(
    struct pst_arena *arena, const char *label, const struct pst_feedback *f)
{
	struct pst_json *json = pst_json_new(arena);
	const struct pst_feedback_note *note;
	const struct pst_feedback_row *row;

	pst_json_open_object(json, NULL);
	pst_json_octets(json, "file", pst_str(label));
	pst_json_text(json, "kind", pst_feedback_kind_word(f->kind));
	pst_json_bool(json, "valid", f->fault[0] == '\0');
	pst_json_text(json, "fault", f->fault[0] == '\0' ? NULL : f->fault);
	pst_json_open_array(json, "notes");
	for (note = f->notes; note != NULL; note = note->next)
		pst_json_text(json, NULL, note->text);
	pst_json_close(json);
	pst_json_number(json, "left_out", f->left_out);
	pst_json_text(json, "org", f->org);
	pst_json_text(json, "email", f->email);
	pst_json_text(json, "report_id", f->report_id);
	pst_json_number(json, "begin", (uint64_t)f->begin_s);
	pst_json_number(json, "end", (uint64_t)f->end_s);
	pst_json_text(json, "domain", f->domain);
	if (f->kind == PST_FEEDBACK_AGGREGATE)
		add_policy(json, f);
	else
		add_fields(json, f);
	pst_json_number(json, "messages", (uint64_t)f->messages);
	pst_json_open_array(json, "records");
	for (row = f->rows; row != NULL; row = row->next)
		add_row(json, row);
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

/* ---- the command ---- */

enum option_id {
	OPT_JSON = 1000,
	OPT_EACH,
};

struct request {
	bool json;
	bool each;       /* a page for each report, even of many */
	bool several;    /* several files were named */
	bool any;        /* a report was printed before */
	bool incomplete; /* rows of one of them may be missing */
	struct pst_report_tally tally;
	struct pst_report_table table;
};

static void
on_report(void *arg, struct pst_arena *arena, const char *label,
    const struct pst_feedback *feedback)
{
	struct request *request = arg;

	if (feedback->incomplete)
		request->incomplete = true;
	if (request->json) {
		print_json(arena, label, feedback);
		return;
	}
	if (!request->each &&
	    (request->several || request->tally.among_others)) {
		pst_report_table_add(&request->table, arena, label, feedback);
		return;
	}
	if (request->any)
		putchar('\n');
	request->any = true;
	print_text(arena, label, feedback);
}

int
pst_report_read(int argc, char **argv)
{
	static const struct option options[] = {
	    {"each", no_argument, NULL, OPT_EACH},
	    {"json", no_argument, NULL, OPT_JSON},
	    {NULL, 0, NULL, 0},
	};
	struct request request = {.json = false};
	struct pst_report_visitor visitor = {on_report, &request};
	struct pst_report_tally *tally = &request.tally;
	int key, status;

	while ((key = pst_argument_next("report", argc, argv, options)) != -1) {
		if (key == '?')
			return PST_EXIT_USAGE;
		if (key == OPT_EACH)
			request.each = true;
		else
			request.json = true;
	}
	if (optind == argc)
		return pst_ui_fail(command,
		    "missing FILE; expected a report, a mail, a mailbox, a "
		    "folder, or \"-\"");
	request.several = argc - optind > 1;
	pst_report_visit(
	    command, argv + optind, (size_t)(argc - optind), visitor, tally);
	if (!request.json) {
		struct pst_arena *arena = pst_arena_new();

		pst_report_table_end(&request.table, arena);
		pst_arena_free(arena);
		pst_report_note_tally(command, tally);
	}
	status = pst_report_status(tally);
	if (status == PST_EXIT_OK && request.incomplete)
		status = PST_EXIT_OTHER;
	return pst_ui_finish(command, status);
}
