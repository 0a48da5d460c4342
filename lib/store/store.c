/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/macros.h"
#include "store/fields.h"
#include "store/incident.h"
#include "store/schema.h"

/* Hexadecimal digits of a row's id: enough that no two are equal by chance. */
#define ROW_ID_LEN 32

void
pst_store_random_id(char id[PST_STORE_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char octets[(PST_STORE_ID_SIZE - 1) / 2];

	if (getentropy(octets, sizeof(octets)) == -1)
		abort();
	for (size_t i = 0; i < sizeof(octets); i++) {
		id[2 * i] = digits[octets[i] >> 4];
		id[2 * i + 1] = digits[octets[i] & 15];
	}
	id[2 * sizeof(octets)] = '\0';
}

/* Returns NULL if the entry is missing (*ok) or cannot be read (!*ok). */
static const char *
read_meta(struct pst_db *db, struct pst_arena *arena, const char *name,
    bool *ok, struct pst_err *err)
{
	const struct pst_db_value value = pst_db_text(name);
	const char *text = NULL;

	*ok = pst_db_select(
	    db, "SELECT value FROM meta WHERE name = $1", &value, 1, err);
	if (!*ok)
		return NULL;
	if (pst_db_next(db)) {
		struct pst_str found = pst_db_column(db, 0);

		text = pst_arena_memdup(arena, found.ptr, found.len);
	}
	*ok = pst_db_end(db, err);
	return *ok ? text : NULL;
}

const char *
pst_store_identity(struct pst_db *db, struct pst_arena *arena, const char *name,
    struct pst_err *err)
{
	char id[PST_STORE_ID_SIZE];
	const char *text;
	bool ok;

	text = read_meta(db, arena, name, &ok, err);
	if (text != NULL || !ok)
		return text;
	pst_store_random_id(id);
	/* Another process may have been faster; then its value counts. */
	if (!pst_db_run(db,
		"INSERT INTO meta (name, value) VALUES ($1, $2)"
		" ON CONFLICT (name) DO NOTHING",
		(struct pst_db_value[]){pst_db_text(name), pst_db_text(id)}, 2,
		NULL, err))
		return NULL;
	text = read_meta(db, arena, name, &ok, err);
	assert(text != NULL || !ok);
	return text;
}

bool
pst_store_put_policy(struct pst_db *db, const struct pst_report_row *row,
    int64_t *rows, struct pst_err *err)
{
	static const char put[] =
	    "INSERT INTO policy ({policy}, owner, rows_n)"
	    " VALUES ({policy.values}, '', 0)"
	    " ON CONFLICT (day, domain, owner) DO UPDATE SET {policy.set}"
	    " WHERE excluded.seen_s >= policy.seen_s RETURNING rows_n";
	struct pst_db_value values[PST_DB_MAX_VALUES];
	size_t count = pst_fields_write(PST_FIELD_POLICY, row, values);
	bool found;

	return pst_db_get_number(
		   db, pst_fields_sql(put), values, count, rows, &found, err) &&
	    (found ||
		/* A newer policy is stored already. */
		pst_db_get_number(db,
		    "SELECT rows_n FROM policy WHERE day = $1 AND domain = $2"
		    " AND owner = ''",
		    (struct pst_db_value[]){
			pst_db_int(row->day), pst_db_text(row->policy.domain)},
		    2, rows, NULL, err));
}

/*
 * Returns a hash of the row's texts. Each is preceded by its length, so that no
 * two rows have the same input.
 */
static const char *
row_id(const struct pst_report_row *record, struct pst_arena *arena)
{
	const struct pst_field *field = NULL;
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];
	struct pst_buf buf;

	pst_buf_init(&buf, arena, SIZE_MAX / 4);
	while ((field = pst_field_next(field, PST_FIELD_ID)) != NULL) {
		const char *text = pst_field_text_of(field, record);

		pst_buf_printf(&buf, "%zu:", strlen(text));
		pst_buf_add_text(&buf, text);
	}
	pst_digest_sha256(buf.ptr, buf.len, digest);
	return pst_arena_memdup(arena, pst_digest_hex(digest, hex), ROW_ID_LEN);
}

/* Adds n to the row if it exists; *found tells whether it does. */
static bool
add_to_row(struct pst_db *db, const struct pst_report_row *record,
    const char *id, int64_t n, bool *found, struct pst_err *err)
{
	int64_t changed;

	if (!pst_db_run(db,
		"UPDATE record SET n = n + $4 WHERE day = $1 AND domain = $2"
		" AND owner = '' AND id = $3",
		(struct pst_db_value[]){pst_db_int(record->day),
		    pst_db_text(record->policy.domain), pst_db_text(id),
		    pst_db_int(n)},
		4, &changed, err))
		return false;
	*found = changed > 0;
	return true;
}

/* Creates the row or adds n to it. A new row is counted in *rows. */
static bool
make_row(struct pst_db *db, const struct pst_report_row *record, const char *id,
    int64_t n, int64_t *rows, struct pst_err *err)
{
	static const char put[] =
	    "INSERT INTO record ({record}, owner, id, n)"
	    " VALUES ({record.values}, '', {next}, {next})"
	    " ON CONFLICT (day, domain, owner, id) DO UPDATE"
	    " SET n = record.n + excluded.n RETURNING n";
	struct pst_db_value values[PST_DB_MAX_VALUES];
	size_t count = pst_fields_write(PST_FIELD_RECORD, record, values);
	int64_t now = 0;

	assert(count + 2 <= PST_DB_MAX_VALUES);
	values[count++] = pst_db_text(id);
	values[count++] = pst_db_int(n);
	if (!pst_db_get_number(
		db, pst_fields_sql(put), values, count, &now, NULL, err))
		return false;
	if (now == n)
		++*rows;
	return true;
}

/*
 * Returns auth without the signatures that failed (auth_short of
 * store/report_row.h).
 */
static const char *
shorten(struct pst_arena *arena, const char *auth)
{
	struct pst_str rest = pst_str(auth);
	struct pst_report_auth line;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, rest.len);
	pst_buf_add_text(&buf, "");
	while (pst_report_auth_next(&rest, &line)) {
		if (line.is_spf)
			pst_buf_printf(&buf, "spf %.*s %.*s\n",
			    PST_STR_ARG(line.domain), PST_STR_ARG(line.result));
		else if (pst_str_eq(line.result, PST_STR("pass")))
			pst_buf_printf(&buf, "dkim %.*s %.*s pass\n",
			    PST_STR_ARG(line.domain),
			    PST_STR_ARG(line.selector));
	}
	return pst_buf_str(&buf);
}

/*
 * Adds a row beyond the limit. The further beyond it, the less detail is kept.
 */
static bool
put_short(struct pst_db *db, const struct pst_report_row *record, int64_t n,
    unsigned max_rows, int64_t *rows, struct pst_arena *arena,
    struct pst_err *err)
{
	struct pst_report_row less = *record;
	const char *id;
	bool found = false;

	less.auth = record->auth_short != NULL ? record->auth_short :
						 shorten(arena, record->auth);
	id = row_id(&less, arena);
	if (!add_to_row(db, &less, id, n, &found, err) || found)
		return found;
	if (*rows >= (int64_t)max_rows * 2) {
		less.source_ip = PST_STORE_NO_SOURCE;
		less.reason = pst_reason_word(PST_REASON_OTHER);
		less.comment = "rows from many sources, merged";
		less.header_from = record->policy.domain;
		less.envelope_from = "";
		less.envelope_to = "";
		less.auth = "";
		id = row_id(&less, arena);
	}
	return make_row(db, &less, id, n, rows, err);
}

bool
pst_store_put_row(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, unsigned max_rows, int64_t *rows, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	const char *id = row_id(record, arena);
	bool found, ok;

	if (*rows < (int64_t)max_rows)
		ok = make_row(db, record, id, n, rows, err);
	else
		ok = add_to_row(db, record, id, n, &found, err) &&
		    (found ||
			put_short(db, record, n, max_rows, rows, arena, err));
	pst_arena_free(arena);
	return ok;
}

bool
pst_store_put_rows_n(struct pst_db *db, const char *domain, int64_t day,
    int64_t rows, struct pst_err *err)
{
	return pst_db_run(db,
	    "UPDATE policy SET rows_n = $3 WHERE day = $1 AND domain = $2"
	    " AND owner = ''",
	    (struct pst_db_value[]){
		pst_db_int(day), pst_db_text(domain), pst_db_int(rows)},
	    3, NULL, err);
}

bool
pst_store_add(struct pst_db *db, const struct pst_report_row *record, int64_t n,
    unsigned max_rows, struct pst_err *err)
{
	int64_t before = 0, rows;

	if (!pst_store_put_policy(db, record, &before, err))
		return false;
	rows = before;
	return pst_store_put_row(db, record, n, max_rows, &rows, err) &&
	    (rows == before ||
		pst_store_put_rows_n(
		    db, record->policy.domain, record->day, rows, err));
}

bool
pst_store_add_again(struct pst_db *db, const struct pst_report_row *record,
    int64_t n, bool *found, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	bool ok = add_to_row(db, record, row_id(record, arena), n, found, err);

	pst_arena_free(arena);
	return ok;
}

bool
pst_store_add_incident(struct pst_db *db, const struct pst_incident *incident,
    int64_t n, struct pst_err *err)
{
	static const char put[] =
	    "INSERT INTO failure (id, owner, seen_s, domain, ruf, fields,"
	    " header, subject, n) VALUES ($1, '', $2, $3, $4, $5, $6, $7, $8)"
	    " ON CONFLICT (id, owner) DO UPDATE SET n = failure.n + excluded.n";
	const struct pst_db_value values[] = {pst_db_text(incident->id),
	    pst_db_int(incident->seen_s), pst_db_text(incident->domain),
	    pst_db_text(incident->ruf), pst_db_text(incident->fields),
	    pst_db_text(incident->header), pst_db_text(incident->subject),
	    pst_db_int(n)};

	return pst_db_run(db, put, values, PST_COUNT(values), NULL, err);
}
