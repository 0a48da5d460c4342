/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SEARCH_H
#define PST_STORE_JOURNAL_SEARCH_H

/*
 * Finds entries of a journal, newest first. Only blocks that have an entry with
 * all keys, and within the times, are unpacked.
 *
 * The order is by time within a block, and of the streams between each other.
 * Blocks come as they were written: an entry that waited for a locked file comes
 * as late as it was written.
 */

#include "store/journal.h"

struct pst_journal_query {
	/* The entry must have all of them. */
	const struct pst_journal_key *keys;
	size_t key_count;
	int64_t since_s;  /* 0: from the beginning */
	int64_t until_s;  /* 0: to the end; the entry's second included */
	bool others_only; /* not the stream of plain accepts */
	bool oldest_first;
};

/*
 * Called for each entry found. Its octets are valid during the call. A hash can
 * be wrong: the caller looks into the octets whether the entry has what was asked
 * for. Returns false to end the search. It may take its time: nothing is locked.
 */
struct pst_journal_visitor {
	bool (*visit)(void *arg, enum pst_journal_stream stream, int64_t seen_s,
	    struct pst_str octets);
	void *arg;
};

/* A damaged block is left out and counted in *damaged (may be NULL). */
bool pst_journal_search(struct pst_journal *journal,
    const struct pst_journal_query *query, struct pst_journal_visitor visitor,
    uint64_t *damaged, struct pst_err *err) PST_MUST_CHECK;

/*
 * Removes what must not be found by a key any more. Only entries with that key
 * are looked at. One for which judge() returns PST_JOURNAL_DROP is deleted, and
 * one for which it returns PST_JOURNAL_CHANGED is replaced by what it has put
 * into the entry's octets and keys (in memory of its own, valid until the next
 * call), or deleted if these are longer than before. The entry that judge() gets
 * has no keys: the file has only their hashes. A damaged block that may have the
 * key is deleted.
 *
 * A part of a stream is one transaction. Blocks are written again, freed pages
 * are overwritten (secure_delete), and the write-ahead log is emptied: nothing
 * of it is left in the files. The function fails, with a sentence, if a program
 * that is reading keeps the log; it may be called again. *count is the number of
 * entries changed or deleted. What a writer has in its queue is not in the file
 * yet.
 */
enum pst_journal_fate {
	PST_JOURNAL_KEEP,
	PST_JOURNAL_CHANGED,
	PST_JOURNAL_DROP,
};
struct pst_journal_judge {
	enum pst_journal_fate (*judge)(
	    void *arg, struct pst_journal_entry *entry);
	void *arg;
};
bool pst_journal_rewrite(struct pst_journal *journal,
    const struct pst_journal_key *key, struct pst_journal_judge judge,
    uint64_t *count, struct pst_err *err) PST_MUST_CHECK;

#endif
