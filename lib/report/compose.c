/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/compose.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/day.h"
#include "store/fields.h"

/* Far larger than any record: 100 signatures with long names. */
#define MAX_RECORD_BYTES (1U << 20)
/* What follows the last record, with room to spare. */
#define TAIL_BYTES 64
/* More than a usual record takes; only for a short cut. */
#define MANY_RECORD_BYTES 102400

/* ---- the head ---- */

/* R-AGG-4, R-AGG-10. */
static const char *
error_text(struct pst_arena *arena, const struct pst_config *config,
    const char *fault, int64_t rows)
{
	if (rows <= (int64_t)config->store.max_rows)
		return fault;
	return pst_arena_printf(arena,
	    "%s%smore than %u different rows: some "
	    "were merged without their details",
	    fault, fault[0] == '\0' ? "" : "; ", config->store.max_rows);
}

static const char *
org_name(const struct pst_config *config)
{
	const char *at = strrchr(config->reports.from, '@');

	if (config->reports.org_name[0] != '\0' || at == NULL)
		return config->reports.org_name;
	return at + 1;
}

static bool
read_head(const struct pst_store *store, struct pst_arena *arena,
    const struct pst_compose *what, struct pst_aggregate_head *head,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT {policy}, rows_n FROM policy"
	    " WHERE day = $1 AND domain = $2 AND owner = $3";
	const struct pst_config *config = store->config;
	struct pst_db *db = store->db;
	struct pst_report_row row;
	unsigned at;
	bool found;

	*head = (struct pst_aggregate_head){
	    .org_name = org_name(config),
	    .email = config->reports.from,
	    .contact = config->reports.contact,
	    .report_id = what->id,
	    .begin_s = pst_day_begin(what->day),
	    .end_s = pst_day_end(what->day),
	};
	if (!pst_db_select(db, pst_fields_sql(sql),
		(struct pst_db_value[]){pst_db_int(what->day),
		    pst_db_text(what->domain), pst_db_text(what->owner)},
		3, err))
		return false;
	found = pst_db_next(db);
	if (found) {
		at = pst_fields_read(PST_FIELD_POLICY, db, &row);
		pst_fields_keep(arena, &row);
		head->policy = row.policy;
		head->error = error_text(
		    arena, config, row.policy.fault, pst_db_number(db, at));
	}
	return pst_db_end(db, err) &&
	    (found ||
		pst_err_set(err,
		    "the store has rows of a report but no policy of %s; was "
		    "it edited by hand?",
		    what->domain));
}

/* ---- the records ---- */

/* The rows of struct pst_compose. */
#define PART                                                                   \
	" day = $1 AND domain = $2 AND owner = $3 AND id > $4"                 \
	" AND ($5 = '' OR id <= $5)"
#define PART_VALUES 5

static void
fill_part(
    const struct pst_compose *what, struct pst_db_value values[PART_VALUES])
{
	values[0] = pst_db_int(what->day);
	values[1] = pst_db_text(what->domain);
	values[2] = pst_db_text(what->owner);
	values[3] = pst_db_text(what->after);
	values[4] = pst_db_text(what->until);
}

static bool
open_rows(
    struct pst_db *db, const struct pst_compose *what, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT {record}, id, n FROM record WHERE" PART " ORDER BY id";
	struct pst_db_value values[PART_VALUES];

	fill_part(what, values);
	return pst_db_select(db, pst_fields_sql(sql), values, PART_VALUES, err);
}

/* What was written since the last record, before it is packed. */
struct scale {
	struct pst_pack *pack;
	struct pst_buf record;
};

static bool
take(void *arg, const void *ptr, size_t len)
{
	struct scale *scale = arg;

	pst_buf_add(&scale->record, (struct pst_str){ptr, len});
	return true;
}

static bool
fits(struct scale *scale)
{
	struct pst_str text = pst_buf_slice(&scale->record);
	bool ok = !pst_buf_overflowed(&scale->record) &&
	    pst_pack_has_room(scale->pack, text.len + TAIL_BYTES) &&
	    pst_pack_add(scale->pack, text.ptr, text.len);

	pst_buf_reset(&scale->record);
	return ok;
}

/* A report that rows are written to. */
struct writing {
	struct pst_aggregate *report;
	struct scale *scale; /* NULL: it may become as large as it will */
	struct pst_composed *out;
};

/*
 * Writes all rows to the report. A scale ends the report before the first row
 * that does not fit; one row always stays.
 */
static bool
write_rows(struct pst_db *db, const struct pst_compose *what,
    const struct writing *writing, struct pst_err *err)
{
	struct pst_composed *out = writing->out;
	bool ok = true;

	if (!open_rows(db, what, err))
		return false;
	while (ok && pst_db_next(db)) {
		struct pst_report_row record;
		unsigned at = pst_fields_read(PST_FIELD_RECORD, db, &record);
		int64_t n = pst_db_number(db, at + 1);

		ok = pst_aggregate_add(writing->report, &record, n);
		if (ok && writing->scale != NULL && !fits(writing->scale) &&
		    out->rows > 0) {
			out->cut = true;
			break;
		}
		out->rows++;
		out->messages += n;
		(void)snprintf(out->last, sizeof(out->last), "%.*s",
		    PST_STR_ARG(pst_db_column(db, at)));
	}
	return pst_db_end(db, err) &&
	    (ok ||
		pst_err_set(err,
		    "the report for %s cannot be written: the output is full",
		    what->domain));
}

bool
pst_compose_write(const struct pst_store *store, const struct pst_compose *what,
    struct pst_aggregate_sink sink, struct pst_composed *out,
    struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct writing writing = {.out = out};
	struct pst_aggregate_head head;
	bool ok = read_head(store, arena, what, &head, err);

	memset(out, 0, sizeof(*out));
	if (ok) {
		writing.report = pst_aggregate_begin(
		    store->config->reports.compat, &head, sink);
		ok = write_rows(store->db, what, &writing, err);
		if (!pst_aggregate_end(writing.report) && ok)
			ok = pst_err_set(err,
			    "the report for %s cannot be written: the output "
			    "is full",
			    what->domain);
	}
	pst_arena_free(arena);
	return ok;
}

/* ---- measuring ---- */

bool
pst_compose_count(const struct pst_store *store, const struct pst_compose *what,
    struct pst_composed *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COUNT(*), CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM record"
	    " WHERE" PART;
	struct pst_db_value values[PART_VALUES];

	memset(out, 0, sizeof(*out));
	fill_part(what, values);
	if (!pst_db_select(store->db, sql, values, PART_VALUES, err))
		return false;
	if (pst_db_next(store->db)) {
		out->rows = pst_db_number(store->db, 0);
		out->messages = pst_db_number(store->db, 1);
	}
	return pst_db_end(store->db, err);
}

bool
pst_compose_measure(const struct pst_store *store,
    const struct pst_compose *what, struct pst_composed *out,
    struct pst_err *err)
{
	const struct pst_config *config = store->config;
	struct pst_arena *arena;
	struct pst_aggregate_head head;
	struct scale scale;
	struct writing writing = {.scale = &scale, .out = out};
	bool ok;

	if (!pst_compose_count(store, what, out, err))
		return false;
	/* So few rows need not be measured. */
	if ((uint64_t)out->rows * MANY_RECORD_BYTES <=
	    config->reports.max_bytes)
		return true;
	memset(out, 0, sizeof(*out));
	arena = pst_arena_new();
	pst_buf_init(&scale.record, arena, MAX_RECORD_BYTES);
	scale.pack = pst_pack_new(config->reports.format == PST_REPORT_GZIP,
	    config->reports.max_bytes);
	ok = read_head(store, arena, what, &head, err);
	if (ok) {
		writing.report = pst_aggregate_begin(config->reports.compat,
		    &head, (struct pst_aggregate_sink){take, &scale});
		ok = write_rows(store->db, what, &writing, err);
		(void)pst_aggregate_end(writing.report);
	}
	pst_pack_free(scale.pack);
	pst_arena_free(arena);
	return ok;
}
