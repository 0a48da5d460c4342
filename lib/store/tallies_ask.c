/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "store/journal_pack.h"
#include "store/tallies_file.h"
#include "store/tallies_merge.h"

#define PATIENCE_MS 1000

const char *
pst_tallies_path(struct pst_arena *arena, const char *journal_path)
{
	return pst_arena_printf(arena, "%s-tallies", journal_path);
}

/* A question on its way through the file. */
struct asking {
	struct pst_tallies_file *file;
	const struct pst_tally_query *query;
	struct pst_tally_visitor visitor;
	bool enough; /* for the visitor */
	struct pst_str prefix;
	char *prefix_end; /* after what begins with it; NULL: none */
	struct pst_tally_merge *merge;
	struct pst_journal_packer *packer;
};

/* Inclusive */
struct days {
	int64_t first, last;
};

static bool
damaged(const struct asking *asking, struct pst_err *err)
{
	return pst_err_set(err,
	    "the file of tallies %s is damaged; move it away together with the "
	    "files of the same name that end in -wal and -shm; a new one will "
	    "be created",
	    asking->file->path);
}

static bool
add_pack(struct asking *asking, int64_t day, struct pst_str packed,
    int64_t plain_bytes)
{
	return plain_bytes > 0 && plain_bytes <= PST_TALLY_PACK_MAX &&
	    pst_journal_unpack(asking->packer, packed, (size_t)plain_bytes,
		pst_tally_merge_add(asking->merge, day));
}

static bool
add_packs(struct asking *asking, struct days days, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT day, plain_bytes, body FROM pack"
	    " WHERE question = $1 AND day >= $2 AND day <= $3";
	struct pst_db *db = asking->file->db;
	const struct pst_db_value values[] = {
	    pst_db_int(pst_tallies_question_number(asking->query->question)),
	    pst_db_int(days.first), pst_db_int(days.last)};
	bool good = true;

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (good && pst_db_next(db))
		good = add_pack(asking, pst_db_number(db, 0),
		    pst_db_octets(db, 2), pst_db_number(db, 1));
	return pst_db_end(db, err) && (good || damaged(asking, err));
}

/*
 * Returns the text that comes directly after all that begin with prefix, in the
 * order of octets; NULL if it has none.
 */
static char *
end_of_prefix(struct pst_str prefix)
{
	char *end = strndup(prefix.ptr == NULL ? "" : prefix.ptr, prefix.len);

	if (end == NULL)
		abort();
	if (prefix.len == 0 || (unsigned char)end[prefix.len - 1] >= 0x7f) {
		free(end);
		return NULL;
	}
	end[prefix.len - 1]++;
	return end;
}

/*
 * The rows of a day that is not packed become a pack in memory. Those without the
 * prefix are left out here already: a flooded gateway has very many.
 */
static bool
add_rows(struct asking *asking, struct days days, struct pst_err *err)
{
	static const char sql[] =
	    "SELECT day, key, " PST_TALLIES_COLUMNS " FROM tally"
	    " WHERE question = $1 AND day >= $2 AND day <= $3"
	    " AND ($5 = '' OR (key >= $4 AND key < $5))"
	    " ORDER BY day, key";
	struct pst_db *db = asking->file->db;
	const struct pst_db_value values[] = {
	    pst_db_int(pst_tallies_question_number(asking->query->question)),
	    pst_db_int(days.first), pst_db_int(days.last),
	    pst_db_text(asking->query->key_prefix == NULL ?
		    "" :
		    asking->query->key_prefix),
	    pst_db_text(asking->prefix_end == NULL ? "" : asking->prefix_end)};
	struct pst_tally_packing packing = {.len = 0};
	struct pst_journal_octets *octets = NULL;
	struct pst_tally_row row = {.day = 0};

	if (!pst_db_select(db, sql, values, PST_COUNT(values), err))
		return false;
	while (pst_db_next(db)) {
		const int64_t day = pst_db_number(db, 0);

		row.key = pst_db_column(db, 1).ptr;
		/* As in packing, only in a damaged file */
		if (row.key[0] == '\0' || strlen(row.key) > PST_TALLY_MAX_KEY)
			continue;
		if (octets == NULL || day != row.day) {
			octets = pst_tally_merge_add(asking->merge, day);
			packing.len = 0;
			row.day = day;
		}
		pst_tallies_row_of(db, 2, &row);
		pst_tally_pack(&packing, octets, &row);
	}
	return pst_db_end(db, err);
}

/* The next day that has rows; *found is false after the last one. */
static bool
next_day(struct asking *asking, int64_t from, int64_t *day, bool *found,
    struct pst_err *err)
{
	static const char sql[] =
	    "SELECT day FROM"
	    " (SELECT day FROM pack WHERE question = $1 AND day >= $2"
	    " ORDER BY day LIMIT 1) AS packs UNION ALL SELECT day FROM"
	    " (SELECT day FROM tally WHERE question = $1 AND day >= $2"
	    " ORDER BY day LIMIT 1) AS tallies ORDER BY day LIMIT 1";
	const struct pst_db_value values[] = {
	    pst_db_int(pst_tallies_question_number(asking->query->question)),
	    pst_db_int(from)};

	if (!pst_db_get_number(asking->file->db, sql, values, PST_COUNT(values),
		day, found, err))
		return false;
	*found = *found && *day <= asking->query->last_day;
	return true;
}

/* The sums are in the order of their keys, and so are their places. */
static int
compare(const void *left, const void *right)
{
	const struct pst_tally_sum *a = left, *b = right;

	return a->messages != b->messages ?
	    (a->messages > b->messages ? -1 : 1) :
	    (a->at > b->at) - (a->at < b->at);
}

static void
show(struct asking *asking, struct pst_tally_sum *sums, size_t count)
{
	const struct pst_tally_visitor *visitor = &asking->visitor;
	struct pst_tally_row row;

	if (count > 0)
		qsort(sums, count, sizeof(*sums), compare);
	for (size_t i = 0; !asking->enough && i < count; i++) {
		const unsigned days =
		    pst_tally_merge_read(asking->merge, &sums[i], &row);

		asking->enough = !visitor->visit(visitor->arg, &row, days);
	}
}

static bool
sum_up(struct asking *asking, struct days days, struct pst_err *err)
{
	struct pst_tally_sum *sums;
	size_t count;

	pst_tally_merge_clear(asking->merge);
	if (!add_packs(asking, days, err) || !add_rows(asking, days, err))
		return false;
	if (!pst_tally_merge_run(asking->merge, asking->prefix, &sums, &count))
		return damaged(asking, err);
	show(asking, sums, count);
	return true;
}

static bool
sum_up_each_day(struct asking *asking, struct pst_err *err)
{
	int64_t day = asking->query->first_day;
	bool found;

	while (!asking->enough) {
		if (!next_day(asking, day, &day, &found, err))
			return false;
		if (!found)
			break;
		if (!sum_up(asking, (struct days){day, day}, err))
			return false;
		day++;
	}
	return true;
}

/* Rows are packed meanwhile, so all is read in one transaction. */
static bool
read_all(struct asking *asking, struct pst_err *err)
{
	const struct pst_tally_query *query = asking->query;
	struct pst_db *db = asking->file->db;
	bool ok = pst_db_script(db, "BEGIN", err) &&
	    (query->by_day ?
		    sum_up_each_day(asking, err) :
		    sum_up(asking,
			(struct days){query->first_day, query->last_day}, err));

	pst_db_rollback(db);
	return ok;
}

bool
pst_tallies_ask(const char *path, const struct pst_tally_query *query,
    struct pst_tally_visitor visitor, struct pst_err *err)
{
	struct asking asking = {.query = query,
	    .visitor = visitor,
	    .prefix = pst_str(query->key_prefix)};
	bool ok;

	asking.file =
	    pst_tallies_file_open(path, PST_DB_READ, PATIENCE_MS, err);
	if (asking.file == NULL)
		return false;
	asking.packer = pst_journal_packer_new();
	asking.merge = pst_tally_merge_new(query->question);
	asking.prefix_end = end_of_prefix(asking.prefix);
	ok = read_all(&asking, err);
	pst_tally_merge_free(asking.merge);
	pst_journal_packer_free(asking.packer);
	pst_tallies_file_close(asking.file);
	free(asking.prefix_end);
	return ok;
}
