/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report_sources_by.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "tools/bar.h"
#include "tools/csv.h"
#include "tools/ui.h"

#define MAX_ROWS 5000000
#define MAX_GROUPS 200000

/* Columns of a table for a person; with the others they make 80. */
#define KEY_COLUMNS 26
#define BAR_COLUMNS 9

bool
pst_sources_group(struct pst_db *db, const struct pst_sources_request *request,
    struct pst_sources_groups *out, struct pst_err *err)
{
	const struct pst_source_groups_request wanted = {
	    .filter = request->filter,
	    .by = request->by,
	    .max_rows = MAX_ROWS,
	    .max_groups = MAX_GROUPS};

	*out = (struct pst_sources_groups){.names = NULL};
	if (!pst_source_groups(db, request->arena, &wanted, &out->found, err))
		return false;
	if (!out->found.too_many)
		return true;
	return pst_err_set(err,
	    "there are more than %d rows to print; limit them with "
	    "--domain or a later --since",
	    MAX_GROUPS);
}

/* ---- for a person ---- */

static void
print_line(
    struct pst_arena *arena, const struct pst_source_group *group, int64_t most)
{
	pst_bar_print_key(pst_escaped(arena, pst_str(group->key)), KEY_COLUMNS);
	printf(" %9" PRId64 "  ", group->messages);
	pst_sources_print_share(arena, group->dkim, group->messages, 4);
	pst_sources_print_share(arena, group->spf, group->messages, 4);
	pst_sources_print_share(arena, group->passed, group->messages, 5);
	printf(
	    "%4" PRId64 " %4" PRId64 " ", group->quarantined, group->rejected);
	if (most > 0)
		pst_bar_print(
		    (uint64_t)group->messages, (uint64_t)most, BAR_COLUMNS);
	putchar('\n');
}

static void
print_lines(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request, size_t shown)
{
	int64_t most = 1;

	for (size_t i = 0; i < groups->found.count; i++)
		if (groups->found.items[i].messages > most)
			most = groups->found.items[i].messages;
	pst_ui_print(PST_UI_DIM,
	    pst_arena_printf(request->arena,
		"%-*s  messages  dkim   spf  dmarc  quar  rej\n", KEY_COLUMNS,
		pst_source_by_word(request->by)));
	for (size_t i = 0; i < shown; i++) {
		struct pst_arena_mark mark = pst_arena_mark(request->arena);

		print_line(request->arena, &groups->found.items[i], most);
		if (i < groups->name_count)
			pst_ui_print(PST_UI_DIM,
			    pst_arena_printf(
				request->arena, "    %s\n", groups->names[i]));
		pst_arena_rewind(request->arena, mark);
	}
	if (shown < groups->found.count)
		printf("and %zu more; --limit shows more of them\n",
		    groups->found.count - shown);
	print_line(request->arena, &groups->found.total, 0);
}

static void
print_text(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request, size_t shown)
{
	if (groups->found.count > 0)
		print_lines(groups, request, shown);
	printf("%s%" PRId64 " aggregate report%s from others, unverified\n",
	    groups->found.count > 0 ? "\n" : "", groups->found.reports,
	    groups->found.reports == 1 ? "" : "s");
	pst_sources_note_invalid(groups->found.invalid);
}

/* ---- for programs ---- */

static void
add_members(struct pst_json *json, const struct pst_source_group *group)
{
	pst_json_number(json, "messages", (uint64_t)group->messages);
	pst_json_number(json, "dkim_pass", (uint64_t)group->dkim);
	pst_json_number(json, "spf_pass", (uint64_t)group->spf);
	pst_json_number(json, "dmarc_pass", (uint64_t)group->passed);
	pst_json_number(json, "quarantined", (uint64_t)group->quarantined);
	pst_json_number(json, "rejected", (uint64_t)group->rejected);
}

static void
print_json(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request, size_t shown)
{
	struct pst_json *json = pst_json_new(request->arena);

	pst_json_open_object(json, NULL);
	pst_json_number(json, "reports", (uint64_t)groups->found.reports);
	pst_json_number(json, "invalid", (uint64_t)groups->found.invalid);
	pst_json_bool(json, "cut", groups->found.cut);
	pst_json_text(json, "by", pst_source_by_word(request->by));
	pst_json_open_object(json, "total");
	add_members(json, &groups->found.total);
	pst_json_close(json);
	pst_json_number(json, "row_count", groups->found.count);
	pst_json_open_array(json, "rows");
	for (size_t i = 0; i < shown; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "key", groups->found.items[i].key);
		if (i < groups->name_count)
			pst_json_text(json, "name", groups->names[i]);
		add_members(json, &groups->found.items[i]);
		pst_json_close(json);
	}
	pst_json_close(json);
	pst_json_close(json);
	puts(pst_json_end(json));
}

static void
print_csv(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request, size_t shown)
{
	printf("%s,%smessages,dkim_pass,spf_pass,dmarc_pass,quarantined,"
	       "rejected\r\n",
	    pst_source_by_word(request->by),
	    groups->names == NULL ? "" : "name,");
	for (size_t i = 0; i < shown; i++) {
		const struct pst_source_group *group = &groups->found.items[i];

		pst_csv_text(pst_str(group->key));
		putchar(',');
		if (groups->names != NULL) {
			pst_csv_text(pst_str(
			    i < groups->name_count ? groups->names[i] : ""));
			putchar(',');
		}
		printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
		       ",%" PRId64 ",%" PRId64 "\r\n",
		    group->messages, group->dkim, group->spf, group->passed,
		    group->quarantined, group->rejected);
	}
}

void
pst_sources_print_groups(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request)
{
	size_t shown = groups->found.count < request->limit ?
	    groups->found.count :
	    (size_t)request->limit;

	if (groups->found.cut)
		pst_ui_note(pst_sources_command,
		    "there are more than %d rows, and only the newest are "
		    "counted; limit them with --domain or a later --since",
		    MAX_ROWS);
	if (request->json)
		print_json(groups, request, shown);
	else if (request->csv)
		print_csv(groups, request, shown);
	else
		print_text(groups, request, shown);
}
