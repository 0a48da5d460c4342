/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SHARE_H
#define PST_STORE_JOURNAL_SHARE_H

/*
 * The journals of several gateways in their shared database. The upload process
 * of each copies what its journal file has newly got, so a command finds a
 * message whichever gateway had it. The file stays as it is and is only read. A
 * failure here costs nothing but a later copy; no report row waits for it.
 *
 * What a journal file has is here once. A block is copied when it is made, in
 * order. Entries of the tail are copied before that, as a row that names the
 * block that they are going to be in, and the block replaces it in the same
 * transaction. While there are many blocks to copy, the tail that the file has
 * now still comes first, so what has just been refused is found soon. How far the copy has come is
 * written in the transaction that has the rows: nothing is copied twice or left
 * out, wherever a process is stopped.
 *
 *	journal_gateway	a journal file: its secret, which is also its identity,
 *			the name of the gateway, and how long and how much it
 *			may keep
 *	journal_stream	how far the copy has come, and sums
 *	journal_block	blocks, compressed as they are in the file
 *	journal_tail	entries that are in no block yet, compressed
 *	journal_idx	the hashes of the blocks' entries
 *	meta		"journal", the version of these tables
 *
 * The tables have a version of their own, because the journal must not decide
 * which programs may write report rows, and because a file of a gateway needs
 * none of them. A program that does not know the version copies nothing and
 * says so; the file keeps the entries, and they are copied after the upgrade.
 *
 * The hashes are keyed with the secret of each file. The secret is stored here,
 * so a search computes the hashes of its keys once for each file. That tells
 * nobody more than the entries themselves do, which are stored beside it.
 *
 * All functions belong to one thread. db is the shared database, whose tables
 * store/schema.h has made.
 */

#include "base/siphash.h"
#include "store/db.h"
#include "store/journal_search.h"
#include "store/trusted_clock.h"

/* So often the file is looked at. */
#define PST_JOURNAL_SHARE_MS 20000

/* The name of a gateway: as much of the host's as this has room for. */
#define PST_JOURNAL_NAME_SIZE 128

/* The identity of a journal file: 32 hexadecimal digits and a NUL. */
#define PST_JOURNAL_ID_SIZE (2 * PST_SIPHASH_KEY_BYTES + 1)
void pst_journal_share_id(
    const struct pst_journal *journal, char id[PST_JOURNAL_ID_SIZE]);

/* What the upload process keeps. Set the first three; the rest is all zero. */
struct pst_journal_share {
	const char *path; /* the journal file; it may be missing */
	const char *name; /* NULL: that of the host */
	struct pst_journal_limits limits; /* of what is kept of this file */
	int64_t due_ms, trim_due_ms;
	struct pst_trusted_clock trusted;
};

/*
 * Copies what is new, and deletes what is too old or too much, if it is time.
 * One turn takes some seconds at most; what is left follows at the next call.
 * Every hour it also deletes what is old of gateways that are gone, by the
 * limits that they had. Old is what the database's own clock says is old
 * (store/trusted_clock.h).
 */
bool pst_journal_share_turn(struct pst_journal_share *share, struct pst_db *db,
    struct pst_err *err) PST_MUST_CHECK;

/* An entry that was found. It is valid during the call. */
struct pst_journal_shared {
	const char *gateway; /* its name */
	const char *file;    /* the identity of its journal file */
	enum pst_journal_stream stream;
	int64_t seen_s;
	struct pst_str octets;
};

/* As struct pst_journal_visitor. */
struct pst_journal_share_visitor {
	bool (*visit)(void *arg, const struct pst_journal_shared *found);
	void *arg;
};

/*
 * Does what pst_journal_search() does, for all journals in the database, merged
 * by time. The file except (may be NULL) is left out: the caller searches it
 * itself. Nothing is locked or selected while visit runs, and memory is needed
 * for one block of each stream of each gateway. Without the tables there is
 * nothing to find, which is not a failure. store/journal_share_scan.h has the
 * same step by step.
 */
struct pst_journal_share_query {
	const struct pst_journal_query *query;
	const struct pst_journal *except;
};
bool pst_journal_share_search(struct pst_db *db,
    const struct pst_journal_share_query *query,
    struct pst_journal_share_visitor visitor, uint64_t *damaged,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Does what pst_journal_rewrite() does, for all journals in the database. Call
 * it after that has done this gateway's file: what is copied afterwards comes
 * from there. A gateway whose file still has the entries may copy them once
 * more, so it must forget, too. The database is told to clean its tables
 * (VACUUM); what its server keeps in logs and backups is up to its operator.
 */
bool pst_journal_share_forget(struct pst_db *db,
    const struct pst_journal_key *key, struct pst_journal_judge judge,
    uint64_t *count, struct pst_err *err) PST_MUST_CHECK;

/* Figures of one journal file; texts are valid during the call. */
struct pst_journal_share_figures {
	const char *gateway, *file;
	uint64_t entries, bytes; /* as stored, with the index */
	int64_t first_s, last_s; /* of its entries; 0: there is none */
	int64_t copied_s;        /* about when something was last copied */
};

/* Calls back for each journal file, in the order of names. */
struct pst_journal_share_reader {
	void (*read)(
	    void *arg, const struct pst_journal_share_figures *figures);
	void *arg;
};
bool pst_journal_share_figures(struct pst_db *db,
    struct pst_journal_share_reader reader, struct pst_err *err) PST_MUST_CHECK;

#endif
