/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "store/schema.h"

/* The versions that added what is read here. */
#define VERSION_WITH_MARKS 4
#define VERSION_WITH_SELECTORS 5

const char *
pst_query_pattern_below(struct pst_arena *arena, const char *domain)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 3 * PST_DOMAIN_MAX);
	pst_buf_add_text(&buf, "%.");
	for (; *domain != '\0'; domain++) {
		if (*domain == '_' || *domain == '%' || *domain == '!')
			pst_buf_add_char(&buf, '!');
		pst_buf_add_char(&buf, *domain);
	}
	return pst_buf_str(&buf);
}

/* An older store does not have what a version added. */
static bool
has_version(struct pst_db *db, int64_t version, bool *out, struct pst_err *err)
{
	struct pst_schema schema;

	if (!pst_schema_read(db, &schema, err))
		return false;
	*out = schema.version >= version;
	return true;
}

/* ---- rows of reports ---- */

#define CHOSEN                                                                 \
	" FROM source s JOIN feedback f ON f.id = s.feedback"                  \
	" WHERE f.valid = 1 AND f.kind = 'aggregate' AND f.end_s >= $1"        \
	" AND ($2 = 0 OR f.begin_s < $2)"                                      \
	" AND ($3 = '' OR s.header_from = $3"                                  \
	" OR s.header_from LIKE $4 ESCAPE '!')"

/*
 * The newest rows, in the order of time: old rows, however many, must not push
 * out what is said of today.
 */
#define ROWS(AUTHENTICATED, REASONS)                                           \
	"SELECT source_ip, header_from, org, authenticated, reasons, n, dkim," \
	" spf, disposition, begin_s, end_s FROM ("                             \
	"SELECT s.source_ip, s.header_from, f.org, " AUTHENTICATED             \
	" AS authenticated, " REASONS " AS reasons, s.n, s.dkim, s.spf,"       \
	" s.disposition, f.begin_s, f.end_s, s.feedback, s.line" CHOSEN        \
	" ORDER BY f.end_s DESC, s.feedback DESC, s.line DESC LIMIT $5) AS t"  \
	" ORDER BY end_s, feedback, line"

static const char sql_rows[] = ROWS("s.authenticated", "s.reasons");
static const char sql_rows_before[] = ROWS("''", "''");
#define ANY_ROWS(AUTHENTICATED, REASONS)                                       \
	"SELECT s.source_ip, s.header_from, f.org, " AUTHENTICATED             \
	", " REASONS                                                           \
	", s.n, s.dkim, s.spf, s.disposition, f.begin_s, f.end_s" CHOSEN       \
	" LIMIT $5"

static const char sql_any[] = ANY_ROWS("s.authenticated", "s.reasons");
static const char sql_any_before[] = ANY_ROWS("''", "''");
static const char sql_count[] = "SELECT COUNT(*)" CHOSEN;

/* *cut is set if there is a row after the last one that is visited. */
static bool
visit_rows(struct pst_db *db, struct pst_query_source_visitor to,
    size_t max_rows, bool *cut, struct pst_err *err)
{
	bool more = true;

	for (size_t i = 0; more && pst_db_next(db); i++) {
		if (i == max_rows) {
			*cut = true;
			break;
		}
		const struct pst_query_source source = {
		    .ip = pst_db_column(db, 0),
		    .header_from = pst_db_column(db, 1),
		    .receiver = pst_db_column(db, 2),
		    .authenticated = pst_db_column(db, 3),
		    .reasons = pst_db_column(db, 4),
		    .messages = pst_db_number(db, 5),
		    .dkim = pst_str_eq(pst_db_column(db, 6), PST_STR("pass")),
		    .spf = pst_str_eq(pst_db_column(db, 7), PST_STR("pass")),
		    .disposition = pst_db_column(db, 8),
		    .begin_s = pst_db_number(db, 9),
		    .end_s = pst_db_number(db, 10),
		};

		more = to.visit(to.arg, &source);
	}
	return pst_db_end(db, err);
}

bool
pst_query_sources(struct pst_db *db,
    const struct pst_query_source_filter *filter,
    struct pst_query_source_visitor visitor, bool *cut, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	const struct pst_db_value values[] = {pst_db_int(filter->since_s),
	    pst_db_int(filter->until_s), pst_db_text(filter->domain),
	    pst_db_text(pst_query_pattern_below(arena, filter->domain)),
	    /* One more tells that there are more. */
	    pst_db_int((int64_t)filter->max_rows + filter->any_order)};
	int64_t count = 0;
	bool is_new = false, ok;
	const char *sql;

	*cut = false;
	ok = has_version(db, VERSION_WITH_MARKS, &is_new, err);
	if (filter->any_order)
		sql = is_new ? sql_any : sql_any_before;
	else
		sql = is_new ? sql_rows : sql_rows_before;
	if (ok && !filter->any_order) {
		ok = pst_db_get_number(
		    db, sql_count, values, 4, &count, NULL, err);
		*cut = (uint64_t)count > filter->max_rows;
	}
	ok = ok && pst_db_select(db, sql, values, PST_COUNT(values), err) &&
	    visit_rows(db, visitor, filter->max_rows, cut, err);
	pst_arena_free(arena);
	return ok;
}

/* ---- selectors ---- */

bool
pst_query_selectors(struct pst_db *db, struct pst_arena *arena,
    const char *domain, struct pst_query_selectors *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT selector FROM source_selector"
	    " WHERE domain = $1 AND selector <> ''"
	    " ORDER BY imported_s DESC, days DESC, selector LIMIT $2";
	const struct pst_db_value values[] = {
	    pst_db_text(domain), pst_db_int(PST_QUERY_MAX_SELECTORS)};
	bool is_new = false;

	out->count = 0;
	if (!has_version(db, VERSION_WITH_SELECTORS, &is_new, err))
		return false;
	if (!is_new)
		return true;
	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (out->count < PST_QUERY_MAX_SELECTORS && pst_db_next(db)) {
		struct pst_str selector = pst_db_column(db, 0);

		/* It becomes a part of a name that is asked for. */
		if (pst_domain_is_ldh(selector))
			out->items[out->count++] =
			    pst_arena_memdup(arena, selector.ptr, selector.len);
	}
	return pst_db_end(db, err);
}

/* ---- marks ---- */

static const char *const words[] = {
    [PST_MARK_NONE] = "",
    [PST_MARK_MINE] = "mine",
    [PST_MARK_FORGER] = "forger",
    [PST_MARK_FORWARDER] = "forwarder",
};

const char *
pst_mark_word(enum pst_mark_kind mark)
{
	return words[mark];
}

/* PST_MARK_NONE for a word that only a newer program knows. */
static enum pst_mark_kind
mark_of(struct pst_str word)
{
	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (pst_str_eq(word, pst_str(words[i])))
			return (enum pst_mark_kind)i;
	return PST_MARK_NONE;
}

const char *
pst_mark_source(struct pst_arena *arena, const char *text)
{
	char address[PST_IP_TEXT_SIZE];
	struct pst_net net;

	if (!pst_net_parse(pst_str(text), &net))
		return NULL;
	(void)pst_ip_text(&net.base, address);
	if (net.prefix_bits == (net.base.family == PST_IP_V4 ? 32 : 128))
		return pst_arena_strdup(arena, address);
	return pst_arena_printf(arena, "%s/%u", address, net.prefix_bits);
}

/* A network comes before the narrower ones that begin where it does. */
static int
compare_nets(const struct pst_net *a, const struct pst_net *b)
{
	int order;

	if (a->base.family != b->base.family)
		return a->base.family < b->base.family ? -1 : 1;
	order = memcmp(a->base.octets, b->base.octets, sizeof(a->base.octets));
	if (order != 0 || a->prefix_bits == b->prefix_bits)
		return order;
	return a->prefix_bits < b->prefix_bits ? -1 : 1;
}

static struct pst_net
net_of(const struct pst_source_mark *mark)
{
	struct pst_net net = {.prefix_bits = 0};

	(void)pst_net_parse(pst_str(mark->source), &net);
	return net;
}

static int
by_address(const void *left, const void *right)
{
	struct pst_net a = net_of(left), b = net_of(right);

	return compare_nets(&a, &b);
}

static void
take_mark(
    struct pst_db *db, struct pst_arena *arena, struct pst_source_marks *out)
{
	struct pst_str source = pst_db_column(db, 0);
	struct pst_str note = pst_db_column(db, 2);
	enum pst_mark_kind mark = mark_of(pst_db_column(db, 1));
	struct pst_net net;

	if (mark == PST_MARK_NONE || !pst_net_parse(source, &net))
		return;
	out->items[out->count++] = (struct pst_source_mark){
	    .source = pst_arena_memdup(arena, source.ptr, source.len),
	    .mark = mark,
	    .note = pst_arena_memdup(arena, note.ptr, note.len),
	    .set_s = pst_db_number(db, 3)};
}

bool
pst_query_marks(struct pst_db *db, struct pst_arena *arena,
    struct pst_source_marks *out, struct pst_err *err)
{
	static const char sql[] = "SELECT source, mark, note, set_s"
				  " FROM source_mark ORDER BY source LIMIT $1";
	static const struct pst_db_value max[] = {
	    {.type = PST_DB_INT, .number = PST_MARKS_MAX}};
	bool is_new = false;

	*out = (struct pst_source_marks){.count = 0};
	if (!has_version(db, VERSION_WITH_MARKS, &is_new, err))
		return false;
	if (!is_new)
		return true;
	out->items = pst_arena_array(arena, PST_MARKS_MAX, sizeof(*out->items));
	if (!pst_db_select(db, sql, max, 1, err))
		return false;
	while (out->count < PST_MARKS_MAX && pst_db_next(db))
		take_mark(db, arena, out);
	if (!pst_db_end(db, err))
		return false;
	qsort(out->items, out->count, sizeof(*out->items), by_address);
	return true;
}

/* The number of the first marks, up to end, that do not come after the net. */
static size_t
count_up_to(
    const struct pst_source_marks *marks, size_t end, const struct pst_net *net)
{
	size_t low = 0;

	while (low < end) {
		size_t middle = low + (end - low) / 2;
		struct pst_net other = net_of(&marks->items[middle]);

		if (compare_nets(&other, net) <= 0)
			low = middle + 1;
		else
			end = middle;
	}
	return low;
}

static unsigned
equal_bits(const struct pst_ip *a, const struct pst_ip *b)
{
	unsigned bits = 0;

	while (bits < 8 * sizeof(a->octets) &&
	    ((a->octets[bits / 8] ^ b->octets[bits / 8]) &
		(0x80u >> bits % 8)) == 0)
		bits++;
	return bits;
}

/* Returns the network of this many bits that has the address. */
static struct pst_net
network_of(const struct pst_ip *ip, unsigned bits)
{
	struct pst_net net = {.base = *ip, .prefix_bits = bits};

	for (size_t i = bits; i < 8 * sizeof(net.base.octets); i++)
		net.base.octets[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	return net;
}

/*
 * Reports may name very many sources, so not each mark is looked at. What has
 * the address comes before it. If the mark just before does not have it, a
 * network that does also has the base of that mark, so it has no more bits than
 * the two have in common.
 */
const struct pst_source_mark *
pst_mark_find(const struct pst_source_marks *marks, const struct pst_ip *ip)
{
	struct pst_net wanted = {
	    .base = *ip, .prefix_bits = ip->family == PST_IP_V4 ? 32 : 128};
	size_t count = marks->count;

	while ((count = count_up_to(marks, count, &wanted)) > 0) {
		const struct pst_source_mark *mark = &marks->items[--count];
		struct pst_net net = net_of(mark);

		if (pst_net_contains(&net, ip))
			return mark;
		if (net.base.family != ip->family)
			break;
		wanted = network_of(ip, equal_bits(&net.base, ip));
	}
	return NULL;
}

static bool
put_mark(
    struct pst_db *db, const struct pst_source_mark *mark, struct pst_err *err)
{
	static const char put[] =
	    "INSERT INTO source_mark (source, mark, note, set_s)"
	    " VALUES ($1, $2, $3, $4) ON CONFLICT (source) DO UPDATE SET"
	    " mark = excluded.mark, note = excluded.note,"
	    " set_s = excluded.set_s";
	static const char others[] =
	    "SELECT COUNT(*) FROM source_mark WHERE source <> $1";
	const struct pst_db_value values[] = {pst_db_text(mark->source),
	    pst_db_text(pst_mark_word(mark->mark)), pst_db_text(mark->note),
	    pst_db_int(mark->set_s)};
	int64_t count = 0;

	if (strlen(mark->note) > PST_MARK_NOTE_MAX)
		return pst_err_set(err,
		    "the note has more than %d octets; write a shorter one",
		    PST_MARK_NOTE_MAX);
	if (!pst_db_get_number(db, others, values, 1, &count, NULL, err))
		return false;
	if (count >= PST_MARKS_MAX)
		return pst_err_set(err,
		    "there are %d marks already; remove some with --none, or "
		    "mark whole networks",
		    PST_MARKS_MAX);
	return pst_db_run(db, put, values, PST_COUNT(values), NULL, err);
}

bool
pst_store_mark(
    struct pst_db *db, const struct pst_source_mark *mark, struct pst_err *err)
{
	static const char forget[] =
	    "DELETE FROM source_mark WHERE source = $1";
	const struct pst_db_value source[] = {pst_db_text(mark->source)};
	bool ok;

	if (!pst_schema_begin(db, err))
		return false;
	ok = mark->mark == PST_MARK_NONE ?
	    pst_db_run(db, forget, source, 1, NULL, err) :
	    put_mark(db, mark, err);
	return pst_db_finish(db, ok, err);
}
