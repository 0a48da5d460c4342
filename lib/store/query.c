/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/query.h"

#include "store/fields.h"

bool
pst_query_facts(
    struct pst_db *db, struct pst_query_facts *out, struct pst_err *err)
{
	const struct {
		const char *sql;
		int64_t *to;
	} numbers[] = {
	    {"SELECT COALESCE(MIN(day), -1) FROM record", &out->first_day},
	    {"SELECT COALESCE(MAX(day), -1) FROM record", &out->last_day},
	    {"SELECT COUNT(DISTINCT domain) FROM record", &out->domains},
	    {"SELECT COUNT(*) FROM record", &out->rows},
	    {"SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM record",
		&out->messages},
	    {"SELECT COUNT(*) FROM record WHERE owner = ''"
	     " OR owner IN (SELECT id FROM batch)",
		&out->open_rows},
	    {"SELECT COUNT(*) FROM failure", &out->incidents},
	    {"SELECT COUNT(*) FROM delivery"
	     " WHERE state IN ('waiting', 'retry')",
		&out->waiting_deliveries},
	    {"SELECT COUNT(*) FROM batch", &out->batches},
	};

	if (!pst_schema_read(db, &out->schema, err))
		return false;
	for (size_t i = 0; i < PST_COUNT(numbers); i++)
		if (!pst_db_get_number(
			db, numbers[i].sql, NULL, 0, numbers[i].to, NULL, err))
			return false;
	return true;
}

bool
pst_query_gateways(struct pst_db *db,
    void (*visit)(void *arg, const struct pst_query_gateway *gateway),
    void *arg, struct pst_err *err)
{
	if (!pst_db_select(db,
		"SELECT gateway, host, MAX(shipped_s) FROM batch"
		" GROUP BY gateway, host ORDER BY 3 DESC",
		NULL, 0, err))
		return false;
	while (pst_db_next(db)) {
		const struct pst_query_gateway gateway = {
		    .id = pst_db_column(db, 0),
		    .host = pst_db_column(db, 1),
		    .uploaded_s = pst_db_number(db, 2),
		};

		visit(arg, &gateway);
	}
	return pst_db_end(db, err);
}

bool
pst_query_rows(
    struct pst_db *db, const struct pst_query_rows *query, struct pst_err *err)
{
	static const char selection[] =
	    "SELECT {record}, owner, n FROM record"
	    " WHERE ($1 < 0 OR day = $1) AND ($2 = '' OR domain = $2)"
	    " ORDER BY day, domain, owner, id";
	const struct pst_db_value values[] = {
	    pst_db_int(query->day), pst_db_text(query->domain)};
	bool more = true;

	if (!pst_db_select(
		db, pst_fields_sql(selection), values, PST_COUNT(values), err))
		return false;
	while (more && pst_db_next(db)) {
		struct pst_query_row row;
		unsigned columns =
		    pst_fields_read(PST_FIELD_RECORD, db, &row.fields);

		row.report = pst_db_column(db, columns).ptr;
		row.messages = pst_db_number(db, columns + 1);
		more = query->visit(query->arg, &row);
	}
	return pst_db_end(db, err);
}

bool
pst_query_compact(struct pst_db *db, struct pst_err *err)
{
	return pst_db_script(db, "VACUUM", err) &&
	    pst_db_script(db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}
