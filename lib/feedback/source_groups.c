/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/source_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/hash.h"
#include "store/query_sources.h"

#define FIRST_SLOTS 1024 /* a power of two */
#define MAX_IDENTIFIERS 16

static const char *const words[PST_SOURCE_BYS] = {
    [PST_SOURCE_BY_DAY] = "day",
    [PST_SOURCE_BY_WEEK] = "week",
    [PST_SOURCE_BY_SOURCE] = "source",
    [PST_SOURCE_BY_NETWORK] = "network",
    [PST_SOURCE_BY_RECEIVER] = "receiver",
    [PST_SOURCE_BY_AUTHENTICATED] = "authenticated-domain",
};

const char *
pst_source_by_word(enum pst_source_by by)
{
	return words[by];
}

bool
pst_source_by_parse(const char *word, enum pst_source_by *out)
{
	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum pst_source_by)i;
			return true;
		}
	return false;
}

bool
pst_source_by_is_date(enum pst_source_by by)
{
	return by == PST_SOURCE_BY_DAY || by == PST_SOURCE_BY_WEEK;
}

/* ---- the table ---- */

/* Messages of one day of a group. */
struct cell {
	struct cell *next;
	int64_t messages;
	size_t day; /* of the trend */
};

struct entry {
	struct pst_source_group group;
	/*
	 * Which groups have a trend is known only at the end, so each one keeps
	 * its days as a list: rows come in the order of time, so that nearly
	 * all groups have one cell for each day with messages.
	 */
	struct cell *cells;
};

struct table {
	struct pst_arena *arena;
	const struct pst_source_groups_request *request;
	struct pst_source_groups *out;
	struct entry *entries;
	size_t count, capacity;
	size_t *slots; /* 1 + an index into entries; 0: free */
	size_t slot_count;
	uint64_t secret;
};

static size_t *
slot_of(const struct table *table, struct pst_str key)
{
	size_t at = pst_hash_fold(pst_hash(table->secret, key));

	for (;; at++) {
		size_t *slot = &table->slots[at & (table->slot_count - 1)];

		if (*slot == 0 ||
		    pst_str_eq(
			key, pst_str(table->entries[*slot - 1].group.key)))
			return slot;
	}
}

/* Makes twice the room. */
static void
grow(struct table *table)
{
	struct entry *entries;

	table->capacity =
	    table->capacity == 0 ? FIRST_SLOTS / 2 : table->capacity * 2;
	table->slot_count = table->capacity * 2;
	entries =
	    pst_arena_array(table->arena, table->capacity, sizeof(*entries));
	if (table->count > 0)
		memcpy(
		    entries, table->entries, table->count * sizeof(*entries));
	table->entries = entries;
	table->slots = pst_arena_array(
	    table->arena, table->slot_count, sizeof(*table->slots));
	for (size_t i = 0; i < table->count; i++)
		*slot_of(table, pst_str(entries[i].group.key)) = i + 1;
}

static void
add_counts(
    struct pst_source_group *group, const struct pst_query_source *source)
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

static bool
has_trends(const struct pst_source_groups_request *request)
{
	return request->trends > 0 && request->days > 0 &&
	    request->days <= PST_SOURCE_TREND_DAYS;
}

static void
add_cell(struct table *table, struct entry *entry,
    const struct pst_query_source *source)
{
	int64_t day = pst_day_of(source->begin_s) - table->request->first_day;
	struct cell *cell = entry->cells;

	if (!has_trends(table->request) || day < 0 ||
	    day >= (int64_t)table->request->days)
		return;
	if (cell == NULL || cell->day != (size_t)day) {
		cell = pst_arena_alloc(table->arena, sizeof(*cell));
		*cell = (struct cell){.next = entry->cells, .day = (size_t)day};
		entry->cells = cell;
	}
	cell->messages += source->messages;
}

/* Adds a row to the group of that key. */
static void
add(struct table *table, struct pst_str key,
    const struct pst_query_source *source)
{
	struct entry *entry;
	size_t *slot;

	if (table->count == table->capacity)
		grow(table);
	slot = slot_of(table, key);
	if (*slot == 0) {
		if (table->count == table->request->max_groups) {
			table->out->too_many = true;
			return;
		}
		table->entries[table->count].group.key =
		    pst_arena_memdup(table->arena, key.ptr, key.len);
		*slot = ++table->count;
	}
	entry = &table->entries[*slot - 1];
	add_counts(&entry->group, source);
	add_cell(table, entry, source);
}

/* ---- keys ---- */

/* Returns the day on which the period begins, or the Monday before it. */
static const char *
day_of(const struct pst_query_source *source, bool by_week,
    char text[PST_DAY_TEXT_SIZE])
{
	int64_t day = pst_day_of(source->begin_s);

	return pst_day_text(by_week ? pst_day_monday(day) : day, text);
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
	struct pst_str seen[MAX_IDENTIFIERS];
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
		add(table, PST_STR(PST_SOURCE_NOBODY), source);
}

static bool
take_row(void *arg, const struct pst_query_source *source)
{
	struct table *table = arg;
	enum pst_source_by by = table->request->by;
	char text[PST_DAY_TEXT_SIZE];

	add_counts(&table->out->total, source);
	switch (by) {
	case PST_SOURCE_BY_DAY:
	case PST_SOURCE_BY_WEEK:
		add(table,
		    pst_str(day_of(source, by == PST_SOURCE_BY_WEEK, text)),
		    source);
		break;
	case PST_SOURCE_BY_NETWORK:
		add_network(table, source);
		break;
	case PST_SOURCE_BY_RECEIVER:
		add(table, source->receiver, source);
		break;
	case PST_SOURCE_BY_AUTHENTICATED:
		add_authenticated(table, source);
		break;
	case PST_SOURCE_BY_SOURCE:
		add(table, source->ip, source);
		break;
	}
	return !table->out->too_many;
}

/* ---- in order ---- */

static int
by_key(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcmp(a->group.key, b->group.key);
}

static int
by_messages(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->group.messages != b->group.messages)
		return a->group.messages > b->group.messages ? -1 : 1;
	return strcmp(a->group.key, b->group.key);
}

static const uint64_t *
trend_of(const struct table *table, const struct entry *entry)
{
	uint64_t *days =
	    pst_arena_array(table->arena, table->request->days, sizeof(*days));

	for (const struct cell *cell = entry->cells; cell != NULL;
	     cell = cell->next)
		days[cell->day] += (uint64_t)cell->messages;
	return days;
}

/* Puts the groups in order, and makes the trends of the first ones. */
static void
finish(struct table *table)
{
	const struct pst_source_groups_request *request = table->request;
	struct pst_source_groups *out = table->out;

	out->count = table->count;
	if (out->count == 0)
		return;
	qsort(table->entries, table->count, sizeof(*table->entries),
	    pst_source_by_is_date(request->by) ? by_key : by_messages);
	out->items =
	    pst_arena_array(table->arena, out->count, sizeof(*out->items));
	for (size_t i = 0; i < out->count; i++) {
		out->items[i] = table->entries[i].group;
		if (has_trends(request) && i < request->trends)
			out->items[i].by_day =
			    trend_of(table, &table->entries[i]);
	}
}

bool
pst_source_groups(struct pst_db *db, struct pst_arena *arena,
    const struct pst_source_groups_request *request,
    struct pst_source_groups *out, struct pst_err *err)
{
	const struct pst_query_source_filter filter = {
	    .domain = request->filter.domain,
	    .since_s = request->filter.since_s,
	    .until_s = request->filter.until_s,
	    .max_rows = request->max_rows,
	    .any_order = request->any_order};
	struct pst_feedback_filter reports = request->filter;
	struct pst_feedback_sources counted = {.count = 0};
	struct table table = {.arena = arena,
	    .request = request,
	    .out = out,
	    .secret = PST_HASH_START ^ pst_hash_secret()};

	*out = (struct pst_source_groups){.total = {.key = "total"}};
	reports.only_aggregate = true;
	if (!pst_feedback_count(db, arena, &reports, &counted, err) ||
	    !pst_query_sources(db, &filter,
		(struct pst_query_source_visitor){take_row, &table}, &out->cut,
		err))
		return false;
	if (out->too_many)
		return true;
	out->reports = counted.reports;
	out->invalid = counted.invalid;
	finish(&table);
	return true;
}

/* ---- the newest reports ---- */

#define FIRST_REPORTS 500

struct newest {
	size_t limit; /* of the reports that are looked at */
	size_t max_rows;
	uint64_t reports, rows; /* so far */
	int64_t whole_s;        /* all that end then or later are chosen */
	bool is_full; /* the one that was looked at last is too much */
};

/* Goes through the newest reports until they are too many. */
static bool
look(struct pst_db *db, const struct pst_feedback_filter *filter,
    struct newest *newest, struct pst_err *err)
{
	/*
	 * The last line of a report is found by one look into an index, so
	 * this does not read the rows. Reports may have a few rows less.
	 */
	static const char sql[] =
	    "SELECT c.end_s, COALESCE((SELECT MAX(s.line) FROM source s"
	    " WHERE s.feedback = c.id), 0) FROM ("
	    "SELECT f.id, f.end_s FROM feedback f WHERE f.valid = 1"
	    " AND f.kind = 'aggregate' AND f.end_s >= $1"
	    " AND ($2 = 0 OR f.begin_s < $2)"
	    " ORDER BY f.end_s DESC, f.id LIMIT $3) AS c"
	    " ORDER BY c.end_s DESC";
	const struct pst_db_value values[] = {pst_db_int(filter->since_s),
	    pst_db_int(filter->until_s),
	    pst_db_int((int64_t)newest->limit + 1)};
	int64_t end_s = INT64_MAX; /* of the report before */

	newest->reports = newest->rows = 0;
	newest->whole_s = INT64_MAX;
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (!newest->is_full && pst_db_next(db)) {
		int64_t this_s = pst_db_number(db, 0);

		if (this_s != end_s)
			newest->whole_s = end_s;
		end_s = this_s;
		newest->rows += (uint64_t)pst_db_number(db, 1);
		newest->reports++;
		newest->is_full = newest->rows > newest->max_rows ||
		    newest->reports > PST_SOURCE_NEWEST_REPORTS;
	}
	/* What ends in one second is not divided. */
	if (newest->whole_s == INT64_MAX)
		newest->whole_s = end_s;
	return pst_db_end(db, err);
}

/* How many are likely to have enough rows, with a few more. */
static size_t
more_reports(const struct newest *newest)
{
	uint64_t rows = newest->rows > 0 ? newest->rows : 1;
	uint64_t likely = newest->limit * newest->max_rows / rows;

	likely += likely / 8;
	if (likely < newest->limit * 2)
		likely = newest->limit * 2;
	return likely < PST_SOURCE_NEWEST_REPORTS ? (size_t)likely :
						    PST_SOURCE_NEWEST_REPORTS;
}

bool
pst_source_groups_newest(struct pst_db *db, struct pst_feedback_filter *filter,
    size_t max_rows, bool *later, struct pst_err *err)
{
	struct newest newest = {.limit = FIRST_REPORTS, .max_rows = max_rows};

	*later = false;
	if (!look(db, filter, &newest, err))
		return false;
	/* A few tell how many are needed: each of them is a look into a large
	 * index, which takes longer than to begin again. */
	while (!newest.is_full && newest.reports > newest.limit) {
		newest.limit = more_reports(&newest);
		if (!look(db, filter, &newest, err))
			return false;
	}
	*later = newest.is_full;
	if (*later)
		filter->since_s = newest.whole_s;
	return true;
}
