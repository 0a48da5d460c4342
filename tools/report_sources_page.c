/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/json.h"
#include "tools/csv.h"
#include "tools/report_sources.h"
#include "tools/ui.h"

#define MAX_DETAIL                                                             \
	((size_t)8 * PST_FEEDBACK_MAX_DOMAINS * PST_FEEDBACK_MAX_TEXT)

/* ---- text ---- */

/* Rounds down, so that 99.6 % does not look like all. */
static unsigned
percent(int64_t part, int64_t whole)
{
	return whole == 0 ? 0 : (unsigned)((double)part * 100 / (double)whole);
}

void
pst_sources_print_share(
    struct pst_arena *arena, int64_t part, int64_t whole, int columns)
{
	unsigned share = percent(part, whole);
	enum pst_ui_tone tone = PST_UI_WARN;

	if (whole == 0) {
		printf("%*s  ", columns, "-");
		return;
	}
	if (part == whole)
		tone = PST_UI_GOOD;
	else if (part == 0)
		tone = PST_UI_BAD;
	pst_ui_print(
	    tone, pst_arena_printf(arena, "%*u%%", columns - 1, share));
	fputs("  ", stdout);
}

static const char *
mark_of(const struct pst_sources_details *details,
    const struct pst_feedback_source *source)
{
	const struct pst_source_mark *mark = NULL;
	struct pst_ip ip;

	if (details->marks.count > 0 && pst_ip_parse(pst_str(source->ip), &ip))
		mark = pst_mark_find(&details->marks, &ip);
	return pst_mark_word(mark == NULL ? PST_MARK_NONE : mark->mark);
}

/* The lines below a source: its name, and the domains and the rest. */
static void
print_rest(const struct pst_sources_details *details, size_t at)
{
	const struct pst_feedback_source *source = &details->found.sources[at];
	struct pst_arena *arena = details->request->arena;
	const char *mark = mark_of(details, source);
	size_t shown = source->domain_count < PST_FEEDBACK_MAX_DOMAINS ?
	    source->domain_count :
	    PST_FEEDBACK_MAX_DOMAINS;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_DETAIL);
	if (at < details->name_count)
		pst_buf_printf(&buf, "    %s\n", details->names[at]);
	pst_buf_add_text(&buf, "    ");
	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			pst_buf_add_text(&buf, ", ");
		pst_buf_add_escaped(&buf, pst_str(source->domains[i]));
	}
	if (shown < source->domain_count)
		pst_buf_printf(
		    &buf, ", and %zu more", source->domain_count - shown);
	if (source->failures > 0)
		pst_buf_printf(
		    &buf, "; %" PRId64 " in failure reports", source->failures);
	if (mark[0] != '\0')
		pst_buf_printf(&buf, "; marked \"%s\"", mark);
	pst_buf_add_char(&buf, '\n');
	pst_ui_print(PST_UI_DIM, pst_buf_str(&buf));
}

/* A longer address gets a line of its own; the rest fits in 80 columns. */
#define ADDRESS_WIDTH 15

static void
print_counts(struct pst_arena *arena, const char *head,
    const struct pst_feedback_source *source)
{
	char first[PST_DAY_TEXT_SIZE], last[PST_DAY_TEXT_SIZE];
	int64_t end_s =
	    source->end_s > source->begin_s ? source->end_s - 1 : source->end_s;

	if (strlen(head) > ADDRESS_WIDTH) {
		printf("%s\n", head);
		head = "";
	}
	printf("%-*s  %8" PRId64 "  ", ADDRESS_WIDTH, head, source->messages);
	pst_sources_print_share(arena, source->dkim, source->messages, 4);
	pst_sources_print_share(arena, source->spf, source->messages, 4);
	pst_sources_print_share(arena, source->passed, source->messages, 5);
	printf("%4" PRId64 "  %4" PRId64 "  %s  %s\n", source->quarantined,
	    source->rejected, pst_day_text(pst_day_of(source->begin_s), first),
	    pst_day_text(pst_day_of(end_s), last));
}

void
pst_sources_note_invalid(int64_t invalid)
{
	if (invalid > 0)
		pst_ui_note(pst_sources_command,
		    "%" PRId64 " invalid report%s in the store %s not counted",
		    invalid, invalid == 1 ? "" : "s",
		    invalid == 1 ? "is" : "are");
}

static void
print_text(const struct pst_sources_details *details)
{
	const struct pst_feedback_sources *found = &details->found;
	struct pst_arena *arena = details->request->arena;

	if (found->count > 0)
		pst_ui_print(PST_UI_DIM,
		    pst_arena_printf(arena,
			"%-*s  messages  dkim   spf  dmarc  quar   rej  "
			"first       last\n",
			ADDRESS_WIDTH, "source"));
	for (size_t i = 0; i < details->shown; i++) {
		struct pst_arena_mark mark = pst_arena_mark(arena);

		print_counts(arena,
		    pst_escaped(arena, pst_str(found->sources[i].ip)),
		    &found->sources[i]);
		print_rest(details, i);
		pst_arena_rewind(arena, mark);
	}
	if (details->shown < found->count)
		printf("and %zu more; --limit shows more of them\n",
		    found->count - details->shown);
	if (found->count > 0) {
		putchar('\n');
		print_counts(arena, "total", &details->total);
	}
	printf("%s%zu source%s in %" PRId64
	       " report%s from others, unverified\n",
	    found->count > 0 ? "\n" : "", found->count,
	    found->count == 1 ? "" : "s", found->reports,
	    found->reports == 1 ? "" : "s");
	pst_sources_note_invalid(found->invalid);
}

/* ---- for programs ---- */

static void
add_counts(struct pst_json *json, const struct pst_feedback_source *source)
{
	pst_json_number(json, "messages", (uint64_t)source->messages);
	pst_json_number(json, "dkim_pass", (uint64_t)source->dkim);
	pst_json_number(json, "spf_pass", (uint64_t)source->spf);
	pst_json_number(json, "dmarc_pass", (uint64_t)source->passed);
	pst_json_number(json, "delivered", (uint64_t)source->delivered);
	pst_json_number(json, "quarantined", (uint64_t)source->quarantined);
	pst_json_number(json, "rejected", (uint64_t)source->rejected);
	pst_json_number(json, "failures", (uint64_t)source->failures);
	pst_json_number(json, "begin", (uint64_t)source->begin_s);
	pst_json_number(json, "end", (uint64_t)source->end_s);
}

static void
add_source(
    struct pst_json *json, const struct pst_sources_details *details, size_t at)
{
	const struct pst_feedback_source *source = &details->found.sources[at];
	const char *mark = mark_of(details, source);

	pst_json_open_object(json, NULL);
	pst_json_text(json, "source_ip", source->ip);
	if (at < details->name_count)
		pst_json_text(json, "name", details->names[at]);
	pst_json_text(json, "mark", mark[0] == '\0' ? NULL : mark);
	add_counts(json, source);
	pst_json_number(json, "domain_count", source->domain_count);
	pst_json_open_array(json, "domains");
	for (size_t i = 0;
	     i < source->domain_count && i < PST_FEEDBACK_MAX_DOMAINS; i++)
		pst_json_text(json, NULL, source->domains[i]);
	pst_json_close(json);
	pst_json_close(json);
}

static void
print_json(const struct pst_sources_details *details)
{
	struct pst_json *json = pst_json_new(details->request->arena);

	pst_json_open_object(json, NULL);
	pst_json_number(json, "reports", (uint64_t)details->found.reports);
	pst_json_number(json, "invalid", (uint64_t)details->found.invalid);
	pst_json_number(json, "source_count", details->found.count);
	pst_json_open_object(json, "total");
	add_counts(json, &details->total);
	pst_json_close(json);
	pst_json_open_array(json, "sources");
	for (size_t i = 0; i < details->shown; i++)
		add_source(json, details, i);
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

static void
print_csv(const struct pst_sources_details *details)
{
	printf("source,name,mark,messages,dkim_pass,spf_pass,dmarc_pass,"
	       "delivered,quarantined,rejected,failures,begin,end,domain\r\n");
	for (size_t i = 0; i < details->shown; i++) {
		const struct pst_feedback_source *source =
		    &details->found.sources[i];
		const int64_t numbers[] = {source->messages, source->dkim,
		    source->spf, source->passed, source->delivered,
		    source->quarantined, source->rejected, source->failures,
		    source->begin_s, source->end_s};

		pst_csv_text(pst_str(source->ip));
		putchar(',');
		pst_csv_text(
		    pst_str(i < details->name_count ? details->names[i] : ""));
		printf(",%s", mark_of(details, source));
		for (size_t k = 0; k < PST_COUNT(numbers); k++)
			printf(",%" PRId64, numbers[k]);
		putchar(',');
		pst_csv_text(pst_str(
		    source->domain_count == 0 ? "" : source->domains[0]));
		fputs("\r\n", stdout);
	}
}

/* ---- both ---- */

void
pst_sources_add_up(struct pst_sources_details *details)
{
	struct pst_feedback_source *total = &details->total;

	*total = (struct pst_feedback_source){.ip = ""};
	for (size_t i = 0; i < details->found.count; i++) {
		const struct pst_feedback_source *one =
		    &details->found.sources[i];

		total->messages += one->messages;
		total->dkim += one->dkim;
		total->spf += one->spf;
		total->passed += one->passed;
		total->delivered += one->delivered;
		total->quarantined += one->quarantined;
		total->rejected += one->rejected;
		total->failures += one->failures;
		if (i == 0 || one->begin_s < total->begin_s)
			total->begin_s = one->begin_s;
		if (one->end_s > total->end_s)
			total->end_s = one->end_s;
	}
}

void
pst_sources_print(const struct pst_sources_details *details)
{
	if (details->request->json)
		print_json(details);
	else if (details->request->csv)
		print_csv(details);
	else
		print_text(details);
}
