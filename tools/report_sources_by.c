/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/report_sources_by.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/day.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/macros.h"
#include "tools/bar.h"
#include "tools/csv.h"
#include "tools/ui.h"

#define MAX_ROWS 5000000
#define MAX_GROUPS 200000
#define FIRST_SLOTS 1024 /* a power of two */

/* For rows without an authenticated domain; it is not a domain itself. */
#define NOBODY "(none)"

/* Columns of a table for a person; with the others they make 80. */
#define KEY_COLUMNS 26
#define BAR_COLUMNS 9

/* ---- summing up ---- */

struct table {
	const struct pst_sources_request *request;
	struct pst_sources_groups *out;
	size_t capacity; /* of out->items */
	size_t *slots;   /* 1 + an index into out->items; 0: free */
	size_t slot_count;
	uint64_t secret;
	bool full;
};

static size_t *
slot_of(const struct table *table, struct pst_str key)
{
	size_t at = pst_hash_fold(pst_hash(table->secret, key));

	for (;; at++) {
		size_t *slot = &table->slots[at & (table->slot_count - 1)];

		if (*slot == 0 ||
		    pst_str_eq(key, pst_str(table->out->items[*slot - 1].key)))
			return slot;
	}
}

/* Makes twice the room. */
static void
grow(struct table *table)
{
	struct pst_arena *arena = table->request->arena;
	struct pst_sources_groups *out = table->out;
	struct pst_sources_group *items;

	table->capacity =
	    table->capacity == 0 ? FIRST_SLOTS / 2 : table->capacity * 2;
	table->slot_count = table->capacity * 2;
	items = pst_arena_array(arena, table->capacity, sizeof(*items));
	if (out->count > 0)
		memcpy(items, out->items, out->count * sizeof(*items));
	out->items = items;
	table->slots =
	    pst_arena_array(arena, table->slot_count, sizeof(*table->slots));
	for (size_t i = 0; i < out->count; i++)
		*slot_of(table, pst_str(items[i].key)) = i + 1;
}

static void
add_counts(
    struct pst_sources_group *group, const struct pst_query_source *source)
{
	int64_t n = source->messages;

	group->messages += n;
	group->dkim += source->dkim ? n : 0;
	group->spf += source->spf ? n : 0;
	group->passed += source->dkim || source->spf ? n : 0;
	if (pst_str_eq(source->disposition, PST_STR("quarantine")))
		group->quarantined += n;
	else if (pst_str_eq(source->disposition, PST_STR("reject")))
		group->rejected += n;
}

/* Adds a row to the group of that key. */
static void
add(struct table *table, struct pst_str key,
    const struct pst_query_source *source)
{
	struct pst_sources_groups *out = table->out;
	size_t *slot;

	if (out->count == table->capacity)
		grow(table);
	slot = slot_of(table, key);
	if (*slot == 0) {
		if (out->count == MAX_GROUPS) {
			table->full = true;
			return;
		}
		out->items[out->count].key =
		    pst_arena_memdup(table->request->arena, key.ptr, key.len);
		*slot = ++out->count;
	}
	add_counts(&out->items[*slot - 1], source);
}

/* ---- keys ---- */

/* Returns the day on which the period begins, or the Monday before it. */
static const char *
day_of(const struct pst_query_source *source, bool by_week,
    char text[PST_DAY_TEXT_SIZE])
{
	int64_t day = pst_day_of(source->begin_s);

	/* 1970-01-01 was a Thursday. */
	if (by_week)
		day -= (day % 7 + 7 + 3) % 7;
	return pst_day_text(day, text);
}

static void
add_network(struct table *table, const struct pst_query_source *source)
{
	char address[PST_IP_TEXT_SIZE], text[PST_IP_TEXT_SIZE + 4];
	struct pst_ip ip;

	if (!pst_ip_parse(source->ip, &ip)) {
		add(table, source->ip, source);
		return;
	}
	ip = pst_ip_network(&ip);
	(void)snprintf(text, sizeof(text), "%s/%d", pst_ip_text(&ip, address),
	    ip.family == PST_IP_V4 ? 24 : 64);
	add(table, pst_str(text), source);
}

/* Adds a row to each of its domains once, whatever passed. */
static void
add_authenticated(struct table *table, const struct pst_query_source *source)
{
	struct pst_str rest = source->authenticated, part;
	struct pst_str seen[16];
	size_t count = 0;
	bool more = rest.len > 0;

	while (more && count < PST_COUNT(seen) &&
	    pst_str_split(&rest, ' ', &part, &more)) {
		struct pst_str domain =
		    pst_str_from(part, pst_str_find(part, ':') + 1);
		bool known = domain.len == 0;

		for (size_t i = 0; i < count; i++)
			known = known || pst_str_eq(seen[i], domain);
		if (known)
			continue;
		seen[count++] = domain;
		add(table, domain, source);
	}
	if (count == 0)
		add(table, PST_STR(NOBODY), source);
}

static bool
take_row(void *arg, const struct pst_query_source *source)
{
	struct table *table = arg;
	char text[PST_DAY_TEXT_SIZE];
	enum pst_sources_by by = table->request->by;

	add_counts(&table->out->total, source);
	switch (by) {
	case PST_SOURCES_DAY:
	case PST_SOURCES_WEEK:
		add(table,
		    pst_str(day_of(source, by == PST_SOURCES_WEEK, text)),
		    source);
		break;
	case PST_SOURCES_NETWORK:
		add_network(table, source);
		break;
	case PST_SOURCES_RECEIVER:
		add(table, source->receiver, source);
		break;
	case PST_SOURCES_AUTHENTICATED:
		add_authenticated(table, source);
		break;
	case PST_SOURCES_DETAILS:
	case PST_SOURCES_SOURCE:
		add(table, source->ip, source);
		break;
	}
	return !table->full;
}

static bool
is_by_date(const struct pst_sources_request *request)
{
	return request->by == PST_SOURCES_DAY ||
	    request->by == PST_SOURCES_WEEK;
}

static int
by_key(const void *left, const void *right)
{
	const struct pst_sources_group *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static int
by_messages(const void *left, const void *right)
{
	const struct pst_sources_group *a = left, *b = right;

	if (a->messages != b->messages)
		return a->messages > b->messages ? -1 : 1;
	return strcmp(a->key, b->key);
}

bool
pst_sources_group(struct pst_db *db, const struct pst_sources_request *request,
    struct pst_sources_groups *out, struct pst_err *err)
{
	const struct pst_query_source_filter filter = {
	    .domain = request->filter.domain,
	    .since_s = request->filter.since_s,
	    .until_s = request->filter.until_s,
	    .max_rows = MAX_ROWS};
	struct pst_feedback_filter reports = request->filter;
	struct pst_feedback_sources counted = {.count = 0};
	struct table table = {.request = request,
	    .out = out,
	    .secret = PST_HASH_START ^ pst_hash_secret()};

	*out = (struct pst_sources_groups){.count = 0};
	out->total.key = "total";
	reports.only_aggregate = true;
	if (!pst_feedback_count(db, request->arena, &reports, &counted, err) ||
	    !pst_query_sources(db, &filter,
		(struct pst_query_source_visitor){take_row, &table}, &out->cut,
		err))
		return false;
	if (table.full)
		return pst_err_set(err,
		    "there are more than %d rows to print; limit them with "
		    "--domain or a later --since",
		    MAX_GROUPS);
	out->reports = counted.reports;
	out->invalid = counted.invalid;
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items),
		    is_by_date(request) ? by_key : by_messages);
	return true;
}

/* ---- for a person ---- */

static void
print_line(struct pst_arena *arena, const struct pst_sources_group *group,
    int64_t most)
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

	for (size_t i = 0; i < groups->count; i++)
		if (groups->items[i].messages > most)
			most = groups->items[i].messages;
	pst_ui_print(PST_UI_DIM,
	    pst_arena_printf(request->arena,
		"%-*s  messages  dkim   spf  dmarc  quar  rej\n", KEY_COLUMNS,
		request->by_word));
	for (size_t i = 0; i < shown; i++) {
		struct pst_arena_mark mark = pst_arena_mark(request->arena);

		print_line(request->arena, &groups->items[i], most);
		if (i < groups->name_count)
			pst_ui_print(PST_UI_DIM,
			    pst_arena_printf(
				request->arena, "    %s\n", groups->names[i]));
		pst_arena_rewind(request->arena, mark);
	}
	if (shown < groups->count)
		printf("and %zu more; --limit shows more of them\n",
		    groups->count - shown);
	print_line(request->arena, &groups->total, 0);
}

static void
print_text(const struct pst_sources_groups *groups,
    const struct pst_sources_request *request, size_t shown)
{
	if (groups->count > 0)
		print_lines(groups, request, shown);
	printf("%s%" PRId64 " aggregate report%s from others, unverified\n",
	    groups->count > 0 ? "\n" : "", groups->reports,
	    groups->reports == 1 ? "" : "s");
	pst_sources_note_invalid(groups->invalid);
}

/* ---- for programs ---- */

static void
add_members(struct pst_json *json, const struct pst_sources_group *group)
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
	pst_json_number(json, "reports", (uint64_t)groups->reports);
	pst_json_number(json, "invalid", (uint64_t)groups->invalid);
	pst_json_bool(json, "cut", groups->cut);
	pst_json_text(json, "by", request->by_word);
	pst_json_open_object(json, "total");
	add_members(json, &groups->total);
	pst_json_close(json);
	pst_json_number(json, "row_count", groups->count);
	pst_json_open_array(json, "rows");
	for (size_t i = 0; i < shown; i++) {
		pst_json_open_object(json, NULL);
		pst_json_text(json, "key", groups->items[i].key);
		if (i < groups->name_count)
			pst_json_text(json, "name", groups->names[i]);
		add_members(json, &groups->items[i]);
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
	    request->by_word, groups->names == NULL ? "" : "name,");
	for (size_t i = 0; i < shown; i++) {
		const struct pst_sources_group *group = &groups->items[i];

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
	size_t shown = groups->count < request->limit ? groups->count :
							(size_t)request->limit;

	if (groups->cut)
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
