/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "store/tallies_adding.h"

/* Keys that are remembered as proven: of a question, and of those near. */
#define MAX_PROVEN 65536
#define MAX_PROVEN_NEAR (2 * PST_TALLIES_PER_NEAR)
#define MAX_PROVEN_ORG (2 * PST_TALLIES_PER_ORG)
/* The day in the table room under which they are counted. */
#define PROVEN_DAY (-1)

/* What a key that was proven on an earlier day weighs more. */
#define EARLIER_WEIGHT 100

static bool
knows_proven(const struct pst_tally_adding *e)
{
	return pst_tally_limit_of(e, PST_TALLY_PROVEN) > 0;
}

/* ---- guesses ---- */

/* The questions whose keys are many have cells of their own. */
static unsigned
kind_of(enum pst_tally_question question)
{
	switch (question) {
	case PST_TALLY_FROM_DOMAIN:
		return 0;
	case PST_TALLY_SENDER:
		return 1;
	case PST_TALLY_NETWORK:
	case PST_TALLY_RCPT_DOMAIN:
	case PST_TALLY_RULE:
	case PST_TALLY_REASON:
	case PST_TALLY_HOUR:
		return 2;
	}
	abort();
}

/* Adds n and returns how often the key was seen today, at least. */
static int64_t
guess(struct pst_tally_guesses *guesses, const struct pst_tally_adding *e,
    uint64_t n)
{
	const unsigned kind = kind_of(e->row->question);
	const uint64_t step = e->hash >> 32 | 1;
	uint16_t *cells[PST_TALLY_GUESS_ROWS];
	uint64_t least = UINT16_MAX;

	/* Rows of yesterday that come late are guessed too high: no harm. */
	if (e->row->day > guesses->day || e->row->day < guesses->day - 1) {
		memset(guesses->cells, 0, sizeof(guesses->cells));
		guesses->day = e->row->day;
	}
	for (unsigned i = 0; i < PST_TALLY_GUESS_ROWS; i++) {
		cells[i] = &guesses->cells[kind][i][(e->hash + i * step) %
		    PST_TALLY_GUESS_CELLS];
		if (*cells[i] < least)
			least = *cells[i];
	}
	least = least + n < UINT16_MAX ? least + n : UINT16_MAX;
	/* No cell needs to be larger than that (conservative update). */
	for (unsigned i = 0; i < PST_TALLY_GUESS_ROWS; i++) {
		if (*cells[i] < least)
			*cells[i] = (uint16_t)least;
	}
	return (int64_t)(least > n ? least : n);
}

/* ---- admission ---- */

enum admission {
	ADMITTED, /* there is room */
	REFUSED,  /* the class is full */
	OF_ORG,   /* its organizational domain has too many */
};

/* Makes room for a row in a class, if it deserves that. */
static bool
make_room(const struct pst_tally_adding *e, enum pst_tally_class class,
    enum admission *out, struct pst_err *err)
{
	struct pst_tally_victim victim = {.found = false};
	int64_t rows;

	*out = ADMITTED;
	if (e->org[0] != '\0') {
		if (!pst_tally_rows_of_org(e, class, &rows, err))
			return false;
		if (rows >= PST_TALLIES_PER_ORG) {
			if (!pst_tally_lightest_of_org(e, class, &victim, err))
				return false;
			if (victim.found && victim.weight < e->weight)
				return pst_tally_give_up(
				    e, &victim, class, e->org, err);
			*out = OF_ORG;
			return true;
		}
	}
	if (class == PST_TALLY_PROVEN && e->near[0] != '\0') {
		if (!pst_tally_rows_near(e, &rows, err))
			return false;
		*out = rows < PST_TALLIES_PER_NEAR ? ADMITTED : REFUSED;
		if (*out == REFUSED)
			return true;
	}
	if (e->ground->room[class] < pst_tally_limit_of(e, class))
		return true;
	if (!pst_tally_lightest(e, class, &victim, err))
		return false;
	if (victim.found && victim.weight < e->weight)
		return pst_tally_give_up(
		    e, &victim, class, PST_TALLY_NO_ORG, err);
	*out = REFUSED;
	return true;
}

/* ---- keys that were proven ---- */

static struct pst_tally_place
proven_place(const struct pst_tally_adding *e)
{
	return (struct pst_tally_place){
	    e->question, PROVEN_DAY, PST_TALLY_PROVEN};
}

static bool
may_remember(const struct pst_tally_adding *e, bool *out, struct pst_err *err)
{
	static const char by_org[] = "SELECT COUNT(*) FROM proven"
				     " WHERE question = $1 AND near = $2"
				     " AND org = $3";
	static const char by_near[] = "SELECT COUNT(*) FROM proven"
				      " WHERE question = $1 AND near = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(e->question), pst_db_text(e->near), pst_db_text(e->org)};
	int64_t all, org = 0, near = 0;

	if (!pst_tally_room_get(e->db, proven_place(e), &all, err) ||
	    (e->org[0] != '\0' &&
		(!pst_db_get_number(
		     e->db, by_org, values, 3, &org, NULL, err) ||
		    !pst_db_get_number(
			e->db, by_near, values, 2, &near, NULL, err))))
		return false;
	*out =
	    all < MAX_PROVEN && org < MAX_PROVEN_ORG && near < MAX_PROVEN_NEAR;
	return true;
}

static bool
count_proven(const struct pst_tally_adding *e, struct pst_err *err)
{
	int64_t all;

	return pst_tally_room_get(e->db, proven_place(e), &all, err) &&
	    pst_tally_room_set(e->db, proven_place(e), all + 1, err);
}

static bool
remember(const struct pst_tally_adding *e, struct pst_err *err)
{
	static const char sql[] =
	    "INSERT INTO proven VALUES ($1, $2, $3, $4, $5)"
	    " ON CONFLICT (question, key) DO UPDATE SET"
	    " last_day = excluded.last_day"
	    " WHERE excluded.last_day > proven.last_day";
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_text(e->row->key), pst_db_text(e->org), pst_db_text(e->near),
	    pst_db_int(e->row->day)};
	const bool is_new = e->last_proven == 0;
	bool may = true;

	if (e->row->aligned == 0 || e->last_proven >= e->row->day)
		return true;
	if (is_new && !may_remember(e, &may, err))
		return false;
	return !may ||
	    (pst_db_run(e->db, sql, values, PST_COUNT(values), NULL, err) &&
		(!is_new || count_proven(e, err)));
}

static bool
look_up_proven(struct pst_tally_adding *e, struct pst_err *err)
{
	static const char sql[] = "SELECT last_day FROM proven"
				  " WHERE question = $1 AND key = $2";
	const struct pst_db_value values[] = {
	    pst_db_int(e->question), pst_db_text(e->row->key)};

	return pst_db_get_number(
	    e->db, sql, values, PST_COUNT(values), &e->last_proven, NULL, err);
}

static bool
was_proven_before(const struct pst_tally_adding *e)
{
	return e->last_proven != 0 && e->last_proven < e->row->day &&
	    e->last_proven >= e->row->day - PST_TALLIES_PROVEN_DAYS;
}

static bool
is_proven(const struct pst_tally_adding *e)
{
	return e->row->aligned > 0 || was_proven_before(e) ||
	    e->last_proven == e->row->day;
}

/* ---- an entry ---- */

/* Moves a row that has just been proven to the other half, if there is room. */
static bool
promote(struct pst_tally_adding *e, struct pst_err *err)
{
	static const char sql[] =
	    "UPDATE tally SET class = 1, weight = weight + $4"
	    " WHERE question = $1 AND day = $2 AND key = $3";
	const int64_t more = was_proven_before(e) ? EARLIER_WEIGHT : 0;
	const struct pst_db_value values[] = {pst_db_int(e->question),
	    pst_db_int(e->row->day), pst_db_text(e->row->key),
	    pst_db_int(more)};
	enum admission admission;

	e->weight += more;
	if (!make_room(e, PST_TALLY_PROVEN, &admission, err))
		return false;
	if (admission != ADMITTED)
		return true;
	pst_tally_room_change(e, PST_TALLY_UNPROVEN, -1);
	pst_tally_room_change(e, PST_TALLY_PROVEN, 1);
	return pst_db_run(e->db, sql, values, PST_COUNT(values), NULL, err) &&
	    remember(e, err);
}

static bool
put_new(
    struct pst_tally_adding *e, enum pst_tally_class class, struct pst_err *err)
{
	pst_tally_room_change(e, class, 1);
	return pst_tally_put(e, e->row->key, class, err) &&
	    (class != PST_TALLY_PROVEN || remember(e, err));
}

/* A key that has no row yet. */
static bool
admit(struct pst_tally_adding *e, struct pst_err *err)
{
	const uint64_t messages = pst_tally_row_messages(e->row);
	enum admission admission = REFUSED;

	e->weight = guess(e->batch->guesses, e, messages);
	if (knows_proven(e) && is_proven(e)) {
		if (was_proven_before(e))
			e->weight += EARLIER_WEIGHT;
		if (!make_room(e, PST_TALLY_PROVEN, &admission, err))
			return false;
		if (admission == ADMITTED)
			return put_new(e, PST_TALLY_PROVEN, err);
	}
	if (admission == REFUSED &&
	    !make_room(e, PST_TALLY_UNPROVEN, &admission, err))
		return false;
	switch (admission) {
	case ADMITTED:
		return put_new(e, PST_TALLY_UNPROVEN, err);
	case REFUSED:
		return pst_tally_join(e, PST_TALLY_NO_ORG, err);
	case OF_ORG:
		return pst_tally_join(e, e->org, err);
	}
	abort();
}

static bool
write_entry(struct pst_tally_adding *e, struct pst_err *err)
{
	enum pst_tally_class class;
	bool found;

	/* What memory had no room for. */
	if (strcmp(e->row->key, PST_TALLIES_OTHER) == 0) {
		pst_tally_join_other(e);
		return true;
	}
	e->weight = (int64_t)pst_tally_row_messages(e->row);
	if (!pst_tally_update(e, &found, &class, err))
		return false;
	if (found &&
	    (class != PST_TALLY_UNPROVEN || e->row->aligned == 0 ||
		!knows_proven(e)))
		return true;
	if (knows_proven(e) && !look_up_proven(e, err))
		return false;
	return found ? promote(e, err) : admit(e, err);
}

static bool
read_ground(struct pst_tally_writing *batch, const struct pst_tally_row *row,
    struct pst_tally_ground *out, struct pst_err *err)
{
	*out = (struct pst_tally_ground){.is_read = true, .day = row->day};
	for (int64_t class = 0; class <= PST_TALLY_JOINT; class ++) {
		if (!pst_tally_room_get(batch->db,
			(struct pst_tally_place){
			    pst_tallies_question_number(row->question),
			    row->day, class},
			&out->room[class], err))
			return false;
	}
	return true;
}

static bool
write_ground(struct pst_tally_writing *batch, enum pst_tally_question question,
    struct pst_err *err)
{
	struct pst_tally_ground *ground = &batch->grounds[question];
	struct pst_tally_adding e = {.db = batch->db,
	    .batch = batch,
	    .ground = ground,
	    .row = &ground->other,
	    .question = pst_tallies_question_number(question),
	    .org = PST_TALLY_NO_ORG,
	    .near = PST_TALLY_NO_ORG};

	if (ground->has_other &&
	    !pst_tally_join_row(&e, PST_TALLIES_OTHER, err))
		return false;
	for (int64_t class = 0; ground->changed && class <= PST_TALLY_JOINT;
	     class ++) {
		if (!pst_tally_room_set(batch->db,
			(struct pst_tally_place){
			    e.question, ground->day, class},
			ground->room[class], err))
			return false;
	}
	*ground = (struct pst_tally_ground){.is_read = false};
	return true;
}

static bool
write_one(struct pst_tally_writing *batch, const struct pst_tally_entry *from,
    struct pst_err *err)
{
	const enum pst_tally_question question = from->row.question;
	struct pst_tally_ground *ground = &batch->grounds[question];
	struct pst_tally_adding e = {.db = batch->db,
	    .batch = batch,
	    .ground = ground,
	    .row = &from->row,
	    .hash = from->hash,
	    .question = pst_tallies_question_number(question),
	    .org = from->org,
	    .near = pst_domain_last_labels(from->org, 2)};

	if (ground->is_read && ground->day != from->row.day &&
	    !write_ground(batch, question, err))
		return false;
	return (ground->is_read ||
		   read_ground(batch, &from->row, ground, err)) &&
	    write_entry(&e, err);
}

static bool
write_entries(struct pst_tally_writing *batch,
    const struct pst_tally_entry *entries, size_t count, struct pst_err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!write_one(batch, &entries[i], err))
			return false;
	}
	for (unsigned i = 0; i < PST_TALLY_QUESTIONS; i++) {
		if (batch->grounds[i].is_read &&
		    !write_ground(batch, PST_TALLY_FROM_DOMAIN + i, err))
			return false;
	}
	return true;
}

bool
pst_tallies_file_write(struct pst_tallies_file *file,
    struct pst_tally_guesses *guesses, const struct pst_tally_table *table,
    size_t *done, struct pst_err *err)
{
	const size_t left = table->count - *done;
	const size_t count =
	    left < PST_TALLIES_BATCH ? left : PST_TALLIES_BATCH;
	struct pst_tally_writing batch = {.db = file->db, .guesses = guesses};

	if (!pst_db_begin(file->db, err))
		return false;
	if (!pst_db_finish(file->db,
		write_entries(&batch, table->entries + *done, count, err), err))
		return false;
	*done += count;
	return true;
}
