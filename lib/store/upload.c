/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/upload.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/macros.h"
#include "store/fields.h"
#include "store/incident.h"
#include "store/schema.h"

#define MAX_HOST 256

/*
 * Rows per transaction. The writer, or the other gateways, wait for that long.
 * (BATCH_LIMIT is the same number.)
 */
#define BATCH_ROWS 1000
#define BATCH_LIMIT " LIMIT 1000"

/* ---- in this gateway's file ---- */

/*
 * Makes the batch the owner of rows that have none. Rows of one domain may go
 * into several batches, so each batch has a copy of the policy. Rows are taken
 * domain by domain, since each domain costs more than a row. LENGTH() hides the
 * column's index, with which SQLite would sort all rows first. *count is the
 * number of rows and incidents in the batch.
 */
static bool
fill_batch(struct pst_db *local, const char *id, int64_t now_s, int64_t *count,
    struct pst_err *err)
{
	static const char records[] =
	    "UPDATE record SET owner = $1 WHERE (day, domain, owner, id) IN"
	    " (SELECT day, domain, owner, id FROM record"
	    " WHERE LENGTH(owner) = 0 ORDER BY day, domain" BATCH_LIMIT ")";
	static const char policies[] =
	    "INSERT INTO policy ({policy}, owner, rows_n)"
	    " SELECT {policy}, $1, rows_n FROM policy WHERE owner = ''"
	    " AND (day, domain) IN"
	    " (SELECT day, domain FROM record WHERE owner = $1)";
	static const char failures[] =
	    "UPDATE failure SET owner = $1 WHERE (id, owner) IN"
	    " (SELECT id, owner FROM failure WHERE owner = ''" BATCH_LIMIT ")";
	const struct pst_db_value value = pst_db_text(id);
	int64_t rows, incidents;

	if (!pst_db_run(local, records, &value, 1, &rows, err) ||
	    !pst_db_run(
		local, pst_fields_sql(policies), &value, 1, NULL, err) ||
	    !pst_db_run(local, failures, &value, 1, &incidents, err))
		return false;
	/* All rows are taken, so the policies are not needed any more. */
	if (rows < BATCH_ROWS &&
	    !pst_db_run(local, "DELETE FROM policy WHERE owner = ''", NULL, 0,
		NULL, err))
		return false;
	*count = rows + incidents;
	return *count == 0 ||
	    pst_db_run(local,
		"INSERT INTO batch (id, gateway, host, shipped_s)"
		" VALUES ($1, '', '', $2)",
		(struct pst_db_value[]){value, pst_db_int(now_s)}, 2, NULL,
		err);
}

/* Closes a new batch. *closed is false if there was nothing to put in it. */
static bool
close_batch(struct pst_db *local, char id[PST_STORE_ID_SIZE], int64_t now_s,
    bool *closed, struct pst_err *err)
{
	int64_t count = 0;

	pst_store_random_id(id);
	if (!pst_schema_begin(local, err))
		return false;
	if (fill_batch(local, id, now_s, &count, err) &&
	    pst_db_commit(local, err)) {
		*closed = count > 0;
		return true;
	}
	pst_db_rollback(local);
	return false;
}

/* Finds a batch that was closed and is still here. */
static bool
find_batch(struct pst_db *local, char id[PST_STORE_ID_SIZE], bool *found,
    struct pst_err *err)
{
	struct pst_str text;

	if (!pst_db_select(local, "SELECT id FROM batch LIMIT 1", NULL, 0, err))
		return false;
	*found = pst_db_next(local);
	if (*found) {
		text = pst_str_first(
		    pst_db_column(local, 0), PST_STORE_ID_SIZE - 1);
		memcpy(id, text.ptr, text.len);
		id[text.len] = '\0';
	}
	return pst_db_end(local, err);
}

/* Deletes a batch that is in the shared database. */
static bool
forget_batch(struct pst_db *local, const char *id, struct pst_err *err)
{
	static const char *const steps[] = {
	    "DELETE FROM record WHERE owner = $1",
	    "DELETE FROM policy WHERE owner = $1",
	    "DELETE FROM failure WHERE owner = $1",
	    "DELETE FROM batch WHERE id = $1",
	};
	const struct pst_db_value value = pst_db_text(id);
	size_t i;

	if (!pst_schema_begin(local, err))
		return false;
	for (i = 0; i < PST_COUNT(steps); i++) {
		if (!pst_db_run(local, steps[i], &value, 1, NULL, err))
			break;
	}
	if (i == PST_COUNT(steps) && pst_db_commit(local, err))
		return true;
	pst_db_rollback(local);
	return false;
}

/* ---- to the shared database ---- */

/* The text is valid until the selection's next step. */
static const char *
column(struct pst_db *local, unsigned at)
{
	return pst_db_column(local, at).ptr;
}

static bool
upload_policies(struct pst_db *local, struct pst_db *shared,
    const struct pst_db_value *id, struct pst_err *err)
{
	/* Every gateway uses this order; otherwise two could deadlock. */
	static const char sql[] = "SELECT {policy} FROM policy WHERE owner = $1"
				  " ORDER BY day, domain";
	struct pst_report_row row;
	int64_t rows;
	bool ok = true;

	if (!pst_db_select(local, pst_fields_sql(sql), id, 1, err))
		return false;
	while (ok && pst_db_next(local)) {
		(void)pst_fields_read(PST_FIELD_POLICY, local, &row);
		ok = pst_store_put_policy(shared, &row, &rows, err);
	}
	/* Report the first failure. */
	return pst_db_end(local, ok ? err : NULL) && ok;
}

/* The domain and day whose rows are being uploaded. */
struct group {
	int64_t day;
	char domain[PST_DOMAIN_MAX + 1]; /* "" before the first row */
	int64_t rows;
};

static bool
leave_group(
    struct pst_db *shared, const struct group *group, struct pst_err *err)
{
	return group->domain[0] == '\0' ||
	    pst_store_put_rows_n(
		shared, group->domain, group->day, group->rows, err);
}

static bool
enter_group(struct pst_db *shared, const struct pst_report_row *record,
    struct group *group, struct pst_err *err)
{
	const struct pst_db_value values[] = {
	    pst_db_int(record->day), pst_db_text(record->policy.domain)};
	size_t len = strlen(record->policy.domain);

	if (group->day == record->day &&
	    strcmp(group->domain, record->policy.domain) == 0)
		return true;
	if (!leave_group(shared, group, err))
		return false;
	group->day = record->day;
	if (len >= sizeof(group->domain))
		len = sizeof(group->domain) - 1;
	memcpy(group->domain, record->policy.domain, len);
	group->domain[len] = '\0';
	group->rows = 0;
	return pst_db_get_number(shared,
	    "SELECT rows_n FROM policy WHERE day = $1 AND domain = $2"
	    " AND owner = ''",
	    values, PST_COUNT(values), &group->rows, NULL, err);
}

static bool
upload_records(struct pst_db *local, struct pst_db *shared,
    const struct pst_db_value *id, unsigned max_rows, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT {record}, n FROM record WHERE owner = $1"
	    " ORDER BY day, domain";
	struct group group = {.domain = ""};
	struct pst_report_row row;
	bool ok = true;

	if (!pst_db_select(local, pst_fields_sql(sql), id, 1, err))
		return false;
	while (ok && pst_db_next(local)) {
		unsigned at = pst_fields_read(PST_FIELD_RECORD, local, &row);

		ok = enter_group(shared, &row, &group, err) &&
		    pst_store_put_row(shared, &row, pst_db_number(local, at),
			max_rows, &group.rows, err);
	}
	return pst_db_end(local, ok ? err : NULL) && ok &&
	    leave_group(shared, &group, err);
}

static bool
upload_failures(struct pst_db *local, struct pst_db *shared,
    const struct pst_db_value *id, struct pst_err *err)
{
	bool ok = true;

	if (!pst_db_select(local,
		"SELECT id, seen_s, domain, ruf, fields, header, subject, n"
		" FROM failure WHERE owner = $1 ORDER BY id",
		id, 1, err))
		return false;
	while (ok && pst_db_next(local)) {
		const struct pst_incident incident = {
		    .id = column(local, 0),
		    .seen_s = pst_db_number(local, 1),
		    .domain = column(local, 2),
		    .ruf = column(local, 3),
		    .fields = column(local, 4),
		    .header = column(local, 5),
		    .subject = column(local, 6),
		};

		ok = pst_store_add_incident(
		    shared, &incident, pst_db_number(local, 7), err);
	}
	return pst_db_end(local, ok ? err : NULL) && ok;
}

/* Returns the number of rows and incidents in the batch. */
static bool
count_batch(struct pst_db *from, const struct pst_db_value *id, int64_t *count,
    struct pst_err *err)
{
	return pst_db_get_number(from,
	    "SELECT (SELECT COUNT(*) FROM record WHERE owner = $1)"
	    " + (SELECT COUNT(*) FROM failure WHERE owner = $1)",
	    id, 1, count, NULL, err);
}

/* Adds the batch to the other database unless it is there already. */
static bool
insert_batch(
    const struct pst_upload *upload, const char *id, struct pst_err *err)
{
	const struct pst_db_value values[] = {pst_db_text(id),
	    pst_db_text(upload->gateway), pst_db_text(upload->host),
	    pst_db_int(upload->now_s)};
	struct pst_db *from = upload->from, *to = upload->to;
	int64_t is_new = 0;

	assert(upload->mark_values <= PST_COUNT(values));
	if (!pst_schema_begin(to, err))
		return false;
	/*
	 * The mark also waits for another process that is uploading the same
	 * batch.
	 */
	if (pst_db_run(
		to, upload->mark, values, upload->mark_values, &is_new, err) &&
	    (is_new == 0 ||
		(upload_policies(from, to, values, err) &&
		    upload_records(from, to, values, upload->max_rows, err) &&
		    upload_failures(from, to, values, err))) &&
	    pst_db_commit(to, err))
		return true;
	pst_db_rollback(to);
	return false;
}

bool
pst_upload_batch(const struct pst_upload *upload, bool *more, int64_t *moved,
    struct pst_err *err)
{
	char id[PST_STORE_ID_SIZE];
	struct pst_db_value value;
	int64_t count = 0;

	if (!find_batch(upload->from, id, more, err))
		return false;
	if (!*more && !close_batch(upload->from, id, upload->now_s, more, err))
		return false;
	if (!*more)
		return true;
	value = pst_db_text(id);
	if (!count_batch(upload->from, &value, &count, err) ||
	    !insert_batch(upload, id, err) ||
	    !forget_batch(upload->from, id, err))
		return false;
	*moved += count;
	return true;
}

bool
pst_upload_all(struct pst_db *local, struct pst_db *shared, int64_t now_s,
    unsigned max_rows, unsigned *batches, struct pst_err *err)
{
	static const char mark[] =
	    "INSERT INTO batch (id, gateway, host, shipped_s)"
	    " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
	struct pst_arena *arena = pst_arena_new();
	char host[MAX_HOST] = "";
	struct pst_upload upload = {
	    .from = local,
	    .to = shared,
	    .mark = mark,
	    .mark_values = 4,
	    .host = host,
	    .now_s = now_s,
	    .max_rows = max_rows,
	};
	int64_t moved = 0;
	bool more = true, ok;

	if (batches != NULL)
		*batches = 0;
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	upload.gateway = pst_store_identity(local, arena, "gateway", err);
	ok = upload.gateway != NULL;
	while (ok && more) {
		ok = pst_upload_batch(&upload, &more, &moved, err);
		if (ok && more && batches != NULL)
			++*batches;
	}
	pst_arena_free(arena);
	return ok;
}
