/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_UNIT_H
#define PST_STORE_JOURNAL_UNIT_H

/*
 * A run of entries, as a row of the journal holds it: a head with a record for
 * each entry, and a body with their octets, one after the other. The body of a
 * block is compressed and that of a tail row is not; the head never is, because
 * the hashes in it are random. So a search reads heads first, and unpacks the
 * few blocks that really have an entry with these keys.
 *
 *	record	octets (4), time (8), keys (1), hash of each key (4)
 *
 * Numbers are little-endian. Two units that are joined are a unit. What comes
 * from a file is checked as a whole before it is used.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/siphash.h"
#include "store/journal.h"

/*
 * A unit is closed when its head and body together reach PST_JOURNAL_BLOCK_BYTES,
 * so they exceed it by less than one entry.
 */
#define PST_JOURNAL_RECORD_BYTES 13
#define PST_JOURNAL_MAX_UNIT                                                   \
	(PST_JOURNAL_BLOCK_BYTES + PST_JOURNAL_MAX_ENTRY +                     \
	    PST_JOURNAL_RECORD_BYTES + 4 * PST_JOURNAL_MAX_KEYS)

/* Octets of its own that grow. */
struct pst_journal_octets {
	char *ptr;
	size_t len, capacity;
};
static inline struct pst_str
pst_journal_octets_slice(const struct pst_journal_octets *octets)
{
	return (struct pst_str){octets->ptr, octets->len};
}
void pst_journal_octets_add(struct pst_journal_octets *to, struct pst_str more);
void pst_journal_octets_reserve(struct pst_journal_octets *to, size_t capacity);

/* A unit that is being made. Zero-initialise it; its memory is kept. */
struct pst_journal_unit {
	struct pst_journal_octets head, body;
	uint64_t entries;
	int64_t first_s, last_s; /* of any entry; meaningless without one */
};

struct pst_journal_record {
	struct pst_str head;  /* the whole record */
	struct pst_str entry; /* without a body, only its length is valid */
	int64_t seen_s;
	const char *hashes;
	size_t hash_count;
};

void pst_journal_unit_clear(struct pst_journal_unit *unit);
void pst_journal_unit_free(struct pst_journal_unit *unit);
size_t pst_journal_unit_bytes(const struct pst_journal_unit *unit);
bool pst_journal_unit_is_full(const struct pst_journal_unit *unit);

/* The hashes of the keys that a search names. */
struct pst_journal_hashes {
	uint32_t values[PST_JOURNAL_MAX_KEYS];
	size_t count;
};

/* The hash of a key, with the secret of the file. */
uint32_t pst_journal_hash(const unsigned char secret[PST_SIPHASH_KEY_BYTES],
    const struct pst_journal_key *key);

/* Adds an entry, which must not be too long. A key that is repeated is once. */
void pst_journal_unit_add(struct pst_journal_unit *unit,
    const unsigned char secret[PST_SIPHASH_KEY_BYTES],
    const struct pst_journal_entry *entry);

/* Adds a record of another unit, with its entry. */
void pst_journal_unit_copy(
    struct pst_journal_unit *unit, const struct pst_journal_record *record);

/*
 * Returns whether a head is well-formed: it has that number of entries, of
 * body_bytes in total, and neither is above the limits.
 */
bool pst_journal_unit_is_sound(
    struct pst_str head, uint64_t entries, uint64_t body_bytes);

/*
 * Takes the first record off a sound head, and its entry off the body. False at
 * the end. The body may be {NULL, 0} where only heads are read.
 */
bool pst_journal_unit_next(
    struct pst_str *head, struct pst_str *body, struct pst_journal_record *out);

uint32_t
pst_journal_record_hash(const struct pst_journal_record *record, size_t at);
/* Whether it has all of them. */
bool pst_journal_record_has(const struct pst_journal_record *record,
    const struct pst_journal_hashes *hashes);

#endif
