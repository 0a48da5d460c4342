/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_search.h"

#include "store/journal_scan.h"

/* The scans of both streams, merged by time. */
struct merge {
	const struct pst_journal_query *query;
	struct pst_journal_visitor visitor;
	struct pst_journal_scan
	    *scans[PST_JOURNAL_STREAMS]; /* NULL: left out */
};

/* Which stream has the next entry; none if both are at their end. */
static enum pst_journal_stream
pick(const struct merge *merge, const struct pst_journal_record **out)
{
	const struct pst_journal_record *records[PST_JOURNAL_STREAMS] = {NULL};
	enum pst_journal_stream best = PST_JOURNAL_OTHER;

	for (size_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (merge->scans[i] != NULL)
			records[i] = pst_journal_scan_record(merge->scans[i]);
	}
	if (records[PST_JOURNAL_ACCEPTED] != NULL &&
	    (records[PST_JOURNAL_OTHER] == NULL ||
		(merge->query->oldest_first ?
			records[PST_JOURNAL_ACCEPTED]->seen_s <
			    records[PST_JOURNAL_OTHER]->seen_s :
			records[PST_JOURNAL_ACCEPTED]->seen_s >
			    records[PST_JOURNAL_OTHER]->seen_s)))
		best = PST_JOURNAL_ACCEPTED;
	*out = records[best];
	return best;
}

static bool
visit_all(struct merge *merge, struct pst_err *err)
{
	for (size_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (merge->scans[i] != NULL &&
		    !pst_journal_scan_next(merge->scans[i], err))
			return false;
	}
	for (;;) {
		const struct pst_journal_record *record;
		enum pst_journal_stream stream = pick(merge, &record);

		if (record == NULL ||
		    !merge->visitor.visit(merge->visitor.arg, stream,
			record->seen_s, record->entry))
			return true;
		if (!pst_journal_scan_next(merge->scans[stream], err))
			return false;
	}
}

bool
pst_journal_search(struct pst_journal *journal,
    const struct pst_journal_query *query, struct pst_journal_visitor visitor,
    uint64_t *damaged, struct pst_err *err)
{
	struct pst_journal_match match = {.since_s = query->since_s,
	    .until_s = query->until_s == 0 ? INT64_MAX : query->until_s,
	    .oldest_first = query->oldest_first};
	struct merge merge = {.query = query, .visitor = visitor};
	bool ok = true;

	if (query->since_s == 0)
		match.since_s = INT64_MIN;
	for (size_t i = 0; i < query->key_count && i < PST_JOURNAL_MAX_KEYS;
	     i++)
		match.hashes.values[match.hashes.count++] =
		    pst_journal_hash(journal->secret, &query->keys[i]);
	for (int64_t i = 0; ok && i < PST_JOURNAL_STREAMS; i++) {
		if (i == PST_JOURNAL_ACCEPTED && query->others_only)
			continue;
		merge.scans[i] =
		    pst_journal_scan_begin(journal, i, &match, err);
		ok = merge.scans[i] != NULL;
	}
	ok = ok && visit_all(&merge, err);
	if (damaged != NULL)
		*damaged = 0;
	for (size_t i = 0; i < PST_JOURNAL_STREAMS; i++) {
		if (damaged != NULL && merge.scans[i] != NULL)
			*damaged += pst_journal_scan_damaged(merge.scans[i]);
		pst_journal_scan_end(merge.scans[i]);
	}
	return ok;
}
