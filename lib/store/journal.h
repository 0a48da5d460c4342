/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_H
#define PST_STORE_JOURNAL_H

/*
 * The journal's file: one entry for each message, with all that explains it. It
 * is best effort: an entry may be lost, mail never waits for it, and the oldest
 * entries make room for new ones.
 *
 * An entry is a run of octets that core/recorded makes and reads; this module
 * does not look into it. It is found by its keys: the file keeps a 64-bit hash
 * of each, keyed with a secret of the file, and the reader looks at the entry
 * itself to see whether it is really the right one.
 *
 * There are two streams, plain accepts and all the rest. What one call adds is
 * a row of its stream's "tail", not compressed, so it can be found a second
 * later. When a tail is long enough it becomes one block, compressed with zstd.
 * A block is the unit of deletion. Each stream has its share of the file, so
 * refusals outlast accepts.
 *
 *	tail	stream, id, first, last, entries, head, body
 *	block	the same, with a body that is compressed
 *	idx	of a part, that is PST_JOURNAL_PART blocks of a stream, the
 *		hashes of all entries and in which blocks they are: see
 *		store/journal_index.h
 *	stream	numbers of each stream
 *	meta	the version, the secret
 *
 * A head has the time, the length and the hashes of each entry
 * (store/journal_unit.h). So a search unpacks only blocks that really have an
 * entry with all keys, and shows only such entries.
 *
 * What is deleted is overwritten at once (secure_delete): no octets of it are in
 * free pages.
 *
 * Several processes may add to one file, each with a connection of its own. A
 * connection belongs to one thread at a time. Each function that can fail
 * returns false, or NULL, with a sentence in err.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/* An entry that is longer is left out by the caller. */
#define PST_JOURNAL_MAX_ENTRY 65536
/* A tail becomes a block at so many octets or entries. */
#define PST_JOURNAL_BLOCK_BYTES (256 * 1024)
#define PST_JOURNAL_BLOCK_ENTRIES 512
#define PST_JOURNAL_PART 64

struct pst_journal;

enum pst_journal_stream {
	PST_JOURNAL_ACCEPTED, /* accepted, and would be if enforced */
	PST_JOURNAL_OTHER,
};

/* What an entry can be found by. */
enum pst_journal_kind {
	PST_JOURNAL_QUEUE_ID,
	PST_JOURNAL_MESSAGE_ID,
	PST_JOURNAL_FROM_DOMAIN,
	PST_JOURNAL_CLIENT, /* an address, as pst_ip_print() writes it */
	PST_JOURNAL_RCPT,   /* an address, in lower case */
	PST_JOURNAL_RCPT_DOMAIN,
};
struct pst_journal_key {
	enum pst_journal_kind kind;
	struct pst_str value; /* any octets, in the form in which it is asked
	                         for */
};

/* More keys than these are left out; the entry is kept. An entry that is found by
 * the hash of a key has another value once in some billions. */
#define PST_JOURNAL_MAX_KEYS 224

struct pst_journal_entry {
	enum pst_journal_stream stream;
	int64_t seen_s; /* seconds since 1970 */
	struct pst_str octets;
	const struct pst_journal_key *keys;
	size_t key_count;
};

/* How large the file may become, and how long entries stay. */
struct pst_journal_limits {
	uint64_t max_bytes;  /* of the file and its -wal */
	int64_t retention_s; /* for blocks whose newest entry is older */
};

enum pst_journal_access {
	PST_JOURNAL_READ,  /* the file must exist */
	PST_JOURNAL_WRITE, /* a missing file is created, with mode 0600 */
};

/*
 * Opens the file. While somebody else has it locked, each call waits for up to
 * patience_ms. A file of another version or kind is refused with a sentence
 * that says what to do; it is never changed or deleted.
 */
struct pst_journal *
pst_journal_open(const char *path, enum pst_journal_access access,
    unsigned patience_ms, struct pst_err *err) PST_MUST_CHECK;
void pst_journal_close(struct pst_journal *journal); /* NULL is allowed */

/* False if the file was moved or deleted: close it and open it again. */
bool pst_journal_is_alive(const struct pst_journal *journal);

/*
 * Adds entries in one transaction, and makes a block of each tail that is long
 * enough. All are added or none. A write-ahead log that a reader keeps from being
 * emptied is a failure, so the files stay bounded.
 */
bool pst_journal_add(struct pst_journal *journal,
    const struct pst_journal_entry *entries, size_t count,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Deletes the oldest blocks, as far as the limits require, in bounded steps: at
 * most a few blocks a call. *more is true if there are others to delete. Of two
 * streams, the one that is above its share loses blocks first: a quarter of
 * max_bytes is kept for accepts, three quarters for the rest; room that one
 * does not need is the other's. Expiry by age compares with the newest entry in
 * the file and with now_s, whichever is earlier, so that a clock that is ahead
 * deletes nothing. A file that is larger than it may be gives pages back to the
 * disk. 16 MB of max_bytes, or half of a very small one, are for the log.
 */
bool pst_journal_trim(struct pst_journal *journal,
    const struct pst_journal_limits *limits, int64_t now_s, bool *more,
    struct pst_err *err) PST_MUST_CHECK;

/* Figures for `postern journal info`. */
struct pst_journal_figures {
	uint64_t file_bytes; /* with the -wal */
	struct {
		uint64_t entries, blocks, bytes; /* as stored */
		uint64_t raw_bytes;              /* before compression */
		int64_t first_s, last_s;         /* 0: there is none */
	} streams[2];
};
bool pst_journal_figures(struct pst_journal *journal,
    struct pst_journal_figures *out, struct pst_err *err) PST_MUST_CHECK;

#endif
