/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_adding.h"

#include <stdlib.h>
#include <string.h>

/* Rows "*.ORGDOMAIN" of a day. */
#define MAX_JOINT 4096

/* ---- room ---- */
/* ---- room ---- */

bool
pst_tally_room_get(struct pst_db *db, struct pst_tally_place place,
    int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT row_count FROM room"
	    " WHERE question = $1 AND day = $2 AND class = $3";
	const struct pst_db_value values[] = {pst_db_int(place.question),
	    pst_db_int(place.day), pst_db_int(place.class)};

	*out = 0;
	return pst_db_get_number(
	    db, sql, values, PST_COUNT(values), out, NULL, err);
}

bool
pst_tally_room_set(struct pst_db *db, struct pst_tally_place place, int64_t n,
    struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO room VALUES ($1, $2, $3, $4)"
	    " ON CONFLICT (question, day, class)"
	    " DO UPDATE SET row_count = excluded.row_count";
	const struct pst_db_value values[] = {pst_db_int(place.question),
	    pst_db_int(place.day), pst_db_int(place.class), pst_db_int(n)};

	return pst_db_run(db, sql, values, PST_COUNT(values), NULL, err);
}

void
pst_tally_room_change(
    const struct pst_tally_adding *e, enum pst_tally_class class, int64_t by)
{
	e->ground->room[class] += by;
	e->ground->changed = true;
}

int64_t
pst_tally_limit_of(const struct pst_tally_adding *e, enum pst_tally_class class)
{
	const struct pst_tally_limits limits =
	    pst_tally_limits(e->row->question);

	switch (class) {
	case PST_TALLY_UNPROVEN:
		return limits.others;
	case PST_TALLY_PROVEN:
		return limits.proven;
	case PST_TALLY_JOINT:
		return MAX_JOINT;
	}
	abort();
}

/* ---- statements about one row ---- */

/* Adds to the row of a key, or makes it. */
bool
pst_tally_put(const struct pst_tally_adding *e, const char *key,
    enum pst_tally_class class, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO tally (question, day, key, org, near, class, weight,"
	    " " PST_TALLIES_COLUMNS ")"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	    " $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
	    " ON CONFLICT (question, day, key) DO UPDATE SET"
	    " weight = tally.weight + excluded.weight,"
	    " n0 = tally.n0 + excluded.n0, n1 = tally.n1 + excluded.n1,"
	    " n2 = tally.n2 + excluded.n2, n3 = tally.n3 + excluded.n3,"
	    " n4 = tally.n4 + excluded.n4, n5 = tally.n5 + excluded.n5,"
	    " n6 = tally.n6 + excluded.n6, n7 = tally.n7 + excluded.n7,"
	    " n8 = tally.n8 + excluded.n8, n9 = tally.n9 + excluded.n9,"
	    " n10 = tally.n10 + excluded.n10, n11 = tally.n11 + excluded.n11,"
	    " s0 = tally.s0 | excluded.s0, s1 = tally.s1 | excluded.s1,"
	    " s2 = tally.s2 | excluded.s2, s3 = tally.s3 | excluded.s3";
	const bool joint = class == PST_TALLY_JOINT;
	struct pst_db_value values[7 + PST_TALLIES_COLUMN_COUNT] = {
	    pst_db_int(e->question), pst_db_int(e->row->day), pst_db_text(key),
	    pst_db_text(joint ? PST_TALLY_NO_ORG : e->org),
	    pst_db_text(joint ? PST_TALLY_NO_ORG : e->near), pst_db_int(class),
	    pst_db_int(e->weight)};

	pst_tallies_values_of(e->row, values + 7);
	return pst_db_run(e->db, sql, values, PST_COUNT(values), NULL, err);
}

static enum pst_tally_class
class_of(int64_t number)
{
	return number == PST_TALLY_UNPROVEN ? PST_TALLY_UNPROVEN :
	    number == PST_TALLY_PROVEN      ? PST_TALLY_PROVEN :
					      PST_TALLY_JOINT;
}

/* Adds the numbers to the row, if there is one; its weight is then e->weight. */
bool
pst_tally_update(struct pst_tally_adding *e, bool *found,
    enum pst_tally_class *class, struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE tally SET weight = weight + $4, n0 = n0 + $5,"
	    " n1 = n1 + $6, n2 = n2 + $7, n3 = n3 + $8, n4 = n4 + $9,"
	    " n5 = n5 + $10, n6 = n6 + $11, n7 = n7 + $12, n8 = n8 + $13,"
	    " n9 = n9 + $14, n10 = n10 + $15, n11 = n11 + $16, s0 = s0 | $17,"
	    " s1 = s1 | $18, s2 = s2 | $19, s3 = s3 | $20"
	    " WHERE question = $1 AND day = $2 AND key = $3"
	    " RETURNING class, weight";
	struct pst_db_value values[4 + PST_TALLIES_COLUMN_COUNT] = {
	    pst_db_int(e->question), pst_db_int(e->row->day),
	    pst_db_text(e->row->key), pst_db_int(e->weight)};

	*class = PST_TALLY_UNPROVEN;
	pst_tallies_values_of(e->row, values + 4);
	if (!pst_db_select(e->db, sql, values, PST_COUNT(values), err))
		return false;
	*found = pst_db_next(e->db);
	if (*found) {
		*class = class_of(pst_db_number(e->db, 0));
		e->weight = pst_db_number(e->db, 1);
	}
	return pst_db_end(e->db, err);
}

/* Reads the lightest of the rows that were selected. */
static bool
read_victim(
    struct pst_db *db, struct pst_tally_victim *out, struct pst_err *err)
{
	struct pst_str key;

	out->found = false;
	while (pst_db_next(db)) {
		if (out->found && pst_db_number(db, 1) >= out->weight)
			continue;
		out->found = true;
		key = pst_str_first(pst_db_column(db, 0), sizeof(out->key) - 1);
		memcpy(out->key, key.ptr, key.len);
		out->key[key.len] = '\0';
		out->weight = pst_db_number(db, 1);
	}
	return pst_db_end(db, err);
}

bool
pst_tally_lightest(const struct pst_tally_adding *e, enum pst_tally_class class,
    struct pst_tally_victim *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT key, weight FROM tally"
	    " WHERE question = $1 AND day = $2 AND class = $3"
	    " ORDER BY weight LIMIT 1";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_int(class)};

	return pst_db_select(e->db, sql, values, PST_COUNT(values), err) &&
	    read_victim(e->db, out, err);
}

bool
pst_tally_lightest_of_org(const struct pst_tally_adding *e,
    enum pst_tally_class class, struct pst_tally_victim *out,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT key, weight FROM tally WHERE question = $1 AND day = $2"
	    " AND near = $3 AND class = $4 AND org = $5";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_text(e->near), pst_db_int(class),
	    pst_db_text(e->org)};

	return pst_db_select(e->db, sql, values, PST_COUNT(values), err) &&
	    read_victim(e->db, out, err);
}

bool
pst_tally_rows_of_org(const struct pst_tally_adding *e,
    enum pst_tally_class class, int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COUNT(*) FROM tally WHERE question = $1 AND day = $2"
	    " AND near = $3 AND class = $4 AND org = $5";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_text(e->near), pst_db_int(class),
	    pst_db_text(e->org)};

	return pst_db_get_number(
	    e->db, sql, values, PST_COUNT(values), out, NULL, err);
}

bool
pst_tally_rows_near(
    const struct pst_tally_adding *e, int64_t *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT COUNT(*) FROM tally WHERE question = $1 AND day = $2"
	    " AND near = $3 AND class = 1";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_text(e->near)};

	return pst_db_get_number(
	    e->db, sql, values, PST_COUNT(values), out, NULL, err);
}

/* ---- joint rows ---- */

void
pst_tally_join_other(const struct pst_tally_adding *e)
{
	struct pst_tally_ground *ground = e->ground;

	if (!ground->has_other)
		ground->other = (struct pst_tally_row){.day = e->row->day,
		    .question = e->row->question,
		    .key = PST_TALLIES_OTHER};
	ground->has_other = true;
	pst_tally_row_add(&ground->other, e->row);
}

/* Adds to a joint row, or makes it. */
bool
pst_tally_join_row(
    const struct pst_tally_adding *e, const char *key, struct pst_err *err)
{
	struct pst_tally_adding its = *e;
	struct pst_tally_row row = *e->row;
	enum pst_tally_class class;
	bool found;

	row.key = key;
	its.row = &row;
	if (!pst_tally_update(&its, &found, &class, err))
		return false;
	if (found)
		return true;
	pst_tally_room_change(e, PST_TALLY_JOINT, 1);
	return pst_tally_put(&its, key, PST_TALLY_JOINT, err);
}

/* Counts an entry that gets no row of its own. org "": it is one of "other". */
bool
pst_tally_join(
    const struct pst_tally_adding *e, const char *org, struct pst_err *err)
{
	const size_t len = strlen(org);
	char key[256 + 2] = "*.";

	/* There may be one already, but then there are MAX_JOINT of them. */
	if (len == 0 || len >= 256 ||
	    e->ground->room[PST_TALLY_JOINT] >= MAX_JOINT) {
		pst_tally_join_other(e);
		return true;
	}
	memcpy(key + 2, org, len + 1);
	return pst_tally_join_row(e, key, err);
}

/* Reads the numbers of a row. */
static bool
read_row(const struct pst_tally_adding *e, const char *key,
    struct pst_tally_row *out, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT " PST_TALLIES_COLUMNS " FROM tally"
	    " WHERE question = $1 AND day = $2 AND key = $3";
	const struct pst_db_value values[] = {
	    pst_db_int(e->question), pst_db_int(e->row->day), pst_db_text(key)};

	*out = (struct pst_tally_row){
	    .day = e->row->day, .question = e->row->question, .key = key};
	if (!pst_db_select(e->db, sql, values, PST_COUNT(values), err))
		return false;
	if (pst_db_next(e->db))
		pst_tallies_row_of(e->db, 0, out);
	return pst_db_end(e->db, err);
}

/* Adds a row to a joint one and deletes it, to make room. */
bool
pst_tally_give_up(const struct pst_tally_adding *e,
    const struct pst_tally_victim *victim, enum pst_tally_class class,
    const char *org, struct pst_err *err)
{
	static const char sql[] =
	    "DELETE FROM tally WHERE question = $1 AND day = $2 AND key = $3";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_text(victim->key)};
	struct pst_tally_row row;
	struct pst_tally_adding its = *e;

	if (!read_row(e, victim->key, &row, err))
		return false;
	its.row = &row;
	its.weight = victim->weight;
	pst_tally_room_change(e, class, -1);
	return pst_tally_join(&its, org, err) &&
	    pst_db_run(e->db, sql, values, PST_COUNT(values), NULL, err);
}
