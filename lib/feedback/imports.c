/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/imports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/ip.h"
#include "base/macros.h"
#include "feedback/identifiers.h"
#include "feedback/selectors.h"
#include "store/query_sources.h"
#include "store/schema.h"

/* The texts of a report or a row; each of them is bounded. */
#define MAX_ID_TEXT ((size_t)16 * PST_FEEDBACK_MAX_TEXT)

/* ---- the identity of a report ---- */

struct identity {
	struct pst_arena *arena;
	char hex[PST_DIGEST_HEX_SIZE]; /* of everything added so far */
};

/* Adds the texts with their lengths, so that no two lists look alike. */
static void
add_texts(struct identity *id, const char *const *texts, size_t count)
{
	struct pst_arena_mark mark = pst_arena_mark(id->arena);
	unsigned char digest[PST_DIGEST_BYTES];
	struct pst_buf buf;

	pst_buf_init(&buf, id->arena, MAX_ID_TEXT);
	pst_buf_add_text(&buf, id->hex);
	for (size_t i = 0; i < count; i++) {
		pst_buf_printf(&buf, " %zu:", strlen(texts[i]));
		pst_buf_add_text(&buf, texts[i]);
	}
	pst_digest_sha256(buf.ptr, buf.len, digest);
	(void)pst_digest_hex(digest, id->hex);
	pst_arena_rewind(id->arena, mark);
}

static void
add_content(struct identity *id, const struct pst_feedback *feedback)
{
	const struct pst_feedback_field *field;
	const struct pst_feedback_row *row;

	for (field = feedback->fields; field != NULL; field = field->next)
		add_texts(id, (const char *[]){field->name, field->value}, 2);
	for (row = feedback->rows; row != NULL; row = row->next) {
		char count[32];

		(void)snprintf(count, sizeof(count), "%" PRId64, row->count);
		const char *const texts[] = {row->source_ip, count,
		    row->disposition, row->dkim, row->spf, row->header_from,
		    row->envelope_from, row->envelope_to};
		add_texts(id, texts, PST_COUNT(texts));
	}
}

static void
identify(const struct pst_feedback *feedback, struct identity *id)
{
	char period[64];

	(void)snprintf(period, sizeof(period), "%" PRId64 "-%" PRId64,
	    feedback->begin_s, feedback->end_s);
	const char *const texts[] = {pst_feedback_kind_word(feedback->kind),
	    feedback->org, feedback->report_id, feedback->domain, period};
	add_texts(id, texts, PST_COUNT(texts));
	if (feedback->org[0] == '\0' || feedback->report_id[0] == '\0')
		add_content(id, feedback);
}

/* ---- storing a report ---- */

struct source_key {
	const char *feedback; /* the id of the report */
	int64_t line;
};

static bool
insert_row(struct pst_db *db, const struct source_key *key,
    const struct pst_feedback_row *row, struct pst_arena *arena,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO source (feedback, line, source_ip, n, disposition,"
	    " dkim, spf, header_from, envelope_from, authenticated, reasons)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	const struct pst_db_value values[] = {pst_db_text(key->feedback),
	    pst_db_int(key->line), pst_db_text(row->source_ip),
	    pst_db_int(row->count), pst_db_text(row->disposition),
	    pst_db_text(row->dkim), pst_db_text(row->spf),
	    pst_db_text(row->header_from), pst_db_text(row->envelope_from),
	    pst_db_text(pst_feedback_authenticated(arena, row)),
	    pst_db_text(pst_feedback_reasons(arena, row))};

	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err);
}

static bool
add_rows(struct pst_db *db, const char *id, const struct pst_feedback *feedback,
    struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct source_key key = {.feedback = id};
	const struct pst_feedback_row *row;
	bool ok = true;

	for (row = feedback->rows; ok && row != NULL; row = row->next) {
		struct pst_arena_mark mark = pst_arena_mark(arena);
		struct pst_ip ip;

		key.line++;
		if (row->count > 0 &&
		    pst_ip_parse(pst_str(row->source_ip), &ip))
			ok = insert_row(db, &key, row, arena, err);
		pst_arena_rewind(arena, mark);
	}
	pst_arena_free(arena);
	return ok;
}

/*
 * Stores the report itself. *added is PST_FEEDBACK_KNOWN if nothing is left to
 * do.
 */
static bool
add_head(const struct pst_store *store, const char *id,
    const struct pst_feedback *feedback, enum pst_feedback_added *added,
    struct pst_err *err)
{
	static const char insert[] =
	    "INSERT INTO feedback (id, kind, imported_s, valid, org, email,"
	    " report_id, begin_s, end_s, domain, fault)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
	    " ON CONFLICT (id) DO NOTHING";
	static const char improve[] =
	    "UPDATE feedback SET valid = 1, fault = '', imported_s = $2,"
	    " email = $3 WHERE id = $1 AND valid = 0";
	static const char forget[] = "DELETE FROM source WHERE feedback = $1";
	struct pst_db *db = store->db;
	int64_t now_s = pst_store_now(store);
	bool valid = feedback->fault[0] == '\0';
	const struct pst_db_value values[] = {pst_db_text(id),
	    pst_db_text(pst_feedback_kind_word(feedback->kind)),
	    pst_db_int(now_s), pst_db_int(valid), pst_db_text(feedback->org),
	    pst_db_text(feedback->email), pst_db_text(feedback->report_id),
	    pst_db_int(feedback->begin_s), pst_db_int(feedback->end_s),
	    pst_db_text(feedback->domain), pst_db_text(feedback->fault)};
	const struct pst_db_value better[] = {
	    pst_db_text(id), pst_db_int(now_s), pst_db_text(feedback->email)};
	int64_t changed = 0;

	*added = PST_FEEDBACK_NEW;
	if (!pst_db_run(db, insert, values, PST_COUNT(values), &changed, err))
		return false;
	if (changed > 0)
		return true;
	*added = PST_FEEDBACK_KNOWN;
	if (!valid)
		return true;
	if (!pst_db_run(db, improve, better, PST_COUNT(better), &changed, err))
		return false;
	if (changed == 0)
		return true;
	*added = PST_FEEDBACK_BETTER;
	return pst_db_run(db, forget, better, 1, NULL, err);
}

bool
pst_feedback_add(const struct pst_store *store,
    const struct pst_feedback *feedback, enum pst_feedback_added *added,
    struct pst_err *err)
{
	struct pst_db *db = store->db;
	struct identity id = {.arena = pst_arena_new()};
	bool ok;

	identify(feedback, &id);
	pst_arena_free(id.arena);
	if (!pst_schema_begin(db, err))
		return false;
	ok = add_head(store, id.hex, feedback, added, err) &&
	    (*added == PST_FEEDBACK_KNOWN ||
		(add_rows(db, id.hex, feedback, err) &&
		    pst_feedback_put_selectors(
			db, feedback, pst_store_now(store), err))) &&
	    pst_db_commit(db, err);
	if (!ok)
		pst_db_rollback(db);
	return ok;
}

/* ---- who sends in our name ---- */

/* Takes the row of one source and From domain; a source's rows are adjacent. */
static bool
take_row(struct pst_db *db, struct pst_arena *arena,
    struct pst_feedback_sources *out, size_t *capacity, struct pst_err *err)
{
	struct pst_str ip = pst_db_column(db, 0);
	struct pst_str domain = pst_db_column(db, 1);
	struct pst_feedback_source *source;

	if (out->count == 0 ||
	    !pst_str_eq(pst_str(out->sources[out->count - 1].ip), ip)) {
		if (out->count == PST_FEEDBACK_MAX_SOURCES)
			return pst_err_set(err,
			    "there are more than %d sources; limit them with "
			    "--domain or a later --since",
			    PST_FEEDBACK_MAX_SOURCES);
		if (out->count == *capacity) {
			*capacity = *capacity == 0 ? 64 : *capacity * 2;
			source =
			    pst_arena_array(arena, *capacity, sizeof(*source));
			if (out->count > 0)
				memcpy(source, out->sources,
				    out->count * sizeof(*source));
			out->sources = source;
		}
		out->sources[out->count++] = (struct pst_feedback_source){
		    .ip = pst_arena_memdup(arena, ip.ptr, ip.len),
		    .begin_s = INT64_MAX};
	}
	source = &out->sources[out->count - 1];
	source->messages += pst_db_number(db, 2);
	source->dkim += pst_db_number(db, 3);
	source->spf += pst_db_number(db, 4);
	source->passed += pst_db_number(db, 5);
	source->delivered += pst_db_number(db, 6);
	source->quarantined += pst_db_number(db, 7);
	source->rejected += pst_db_number(db, 8);
	source->failures += pst_db_number(db, 9);
	if (pst_db_number(db, 10) < source->begin_s)
		source->begin_s = pst_db_number(db, 10);
	if (pst_db_number(db, 11) > source->end_s)
		source->end_s = pst_db_number(db, 11);
	if (source->domain_count < PST_FEEDBACK_MAX_DOMAINS)
		source->domains[source->domain_count] =
		    pst_arena_memdup(arena, domain.ptr, domain.len);
	source->domain_count++;
	return true;
}

static int
by_messages(const void *left, const void *right)
{
	const struct pst_feedback_source *a = left, *b = right;

	if (a->messages != b->messages)
		return a->messages > b->messages ? -1 : 1;
	if (a->failures != b->failures)
		return a->failures > b->failures ? -1 : 1;
	return strcmp(a->ip, b->ip);
}

/* Which reports; the values are those of take_filter(). */
#define CHOSEN                                                                 \
	" f.valid = 1 AND f.kind IN ('aggregate', 'failure')"                  \
	" AND ($5 = 0 OR f.kind = 'aggregate')"                                \
	" AND f.end_s >= $1 AND ($4 = 0 OR f.begin_s < $4)"
#define VALUES 5

static void
take_filter(struct pst_arena *arena, const struct pst_feedback_filter *filter,
    struct pst_db_value values[VALUES])
{
	values[0] = pst_db_int(filter->since_s);
	values[1] = pst_db_text(filter->domain);
	values[2] = pst_db_text(pst_query_pattern_below(arena, filter->domain));
	values[3] = pst_db_int(filter->until_s);
	values[4] = pst_db_int(filter->only_aggregate);
}

#define SUM_OF(condition)                                                      \
	" CAST(SUM(CASE WHEN f.kind = 'aggregate' AND (" condition             \
	") THEN s.n ELSE 0 END) AS BIGINT)"

static bool
select_sources(struct pst_db *db, struct pst_arena *arena,
    const struct pst_db_value *values, struct pst_feedback_sources *out,
    struct pst_err *err)
{
	/* clang-format off */
	static const char sql[] =
	    "SELECT s.source_ip, s.header_from,"
	    SUM_OF("1 = 1") " AS messages,"
	    SUM_OF("s.dkim = 'pass'") ","
	    SUM_OF("s.spf = 'pass'") ","
	    SUM_OF("s.dkim = 'pass' OR s.spf = 'pass'") ","
	    SUM_OF("s.disposition IN ('none', 'pass')") ","
	    SUM_OF("s.disposition = 'quarantine'") ","
	    SUM_OF("s.disposition = 'reject'") ","
	    " CAST(SUM(CASE WHEN f.kind = 'failure' THEN s.n ELSE 0 END)"
	    " AS BIGINT), MIN(f.begin_s), MAX(f.end_s)"
	    " FROM source s JOIN feedback f ON f.id = s.feedback"
	    " WHERE" CHOSEN
	    " AND ($2 = '' OR s.header_from = $2"
	    " OR s.header_from LIKE $3 ESCAPE '!')"
	    " GROUP BY s.source_ip, s.header_from"
	    " ORDER BY s.source_ip, messages DESC, s.header_from";
	/* clang-format on */
	size_t capacity = 0;
	bool ok = pst_db_select(db, sql, values, VALUES, err);

	if (!ok)
		return false;
	while (ok && pst_db_next(db))
		ok = take_row(db, arena, out, &capacity, err);
	/* Keep the sentence of take_row(). */
	return pst_db_end(db, ok ? err : NULL) && ok;
}

bool
pst_feedback_count(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_sources *out,
    struct pst_err *err)
{
	static const char reports[] =
	    "SELECT COUNT(*) FROM feedback f WHERE" CHOSEN
	    " AND ($2 = '' OR EXISTS (SELECT 1 FROM source s"
	    " WHERE s.feedback = f.id AND (s.header_from = $2"
	    " OR s.header_from LIKE $3 ESCAPE '!')))";
	static const char invalid[] =
	    "SELECT COUNT(*) FROM feedback WHERE valid = 0";
	struct pst_db_value values[VALUES];

	take_filter(arena, filter, values);
	return pst_db_get_number(
		   db, reports, values, VALUES, &out->reports, NULL, err) &&
	    pst_db_get_number(db, invalid, NULL, 0, &out->invalid, NULL, err);
}

bool
pst_feedback_sources(struct pst_db *db, struct pst_arena *arena,
    const struct pst_feedback_filter *filter, struct pst_feedback_sources *out,
    struct pst_err *err)
{
	struct pst_db_value values[VALUES];

	*out = (struct pst_feedback_sources){.count = 0};
	take_filter(arena, filter, values);
	if (!select_sources(db, arena, values, out, err) ||
	    !pst_feedback_count(db, arena, filter, out, err))
		return false;
	if (out->count > 0)
		qsort(out->sources, out->count, sizeof(*out->sources),
		    by_messages);
	return true;
}
