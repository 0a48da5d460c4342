/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_TALLIES_TABLE_H
#define PST_STORE_TALLIES_TABLE_H

/*
 * Tallies in memory: what a worker has counted and not written yet. No locks.
 */

#include "base/siphash.h"
#include "store/tallies.h"

/* The longest key is that of a sender: two texts of 255 octets and a blank. */
#define PST_TALLY_MAX_KEY 511

struct pst_tally_entry {
	struct pst_tally_row row; /* the key is in the table's arena */
	size_t key_len;
	const char *org; /* the organizational domain whose rows are limited;
	                    "": none */
	uint64_t hash;
};

/* The tag keeps most probes away from the entries, which are far apart. */
struct pst_tally_slot {
	uint32_t entry; /* its index plus one; 0: free */
	uint32_t tag;
};

struct pst_tally_table {
	struct pst_arena *arena; /* of keys */
	struct pst_tally_entry *entries;
	size_t count, capacity;
	size_t max; /* entries; beyond it, new keys are "other" */
	struct pst_tally_slot *slots;
	size_t slot_count;
	/* Begun with a secret, so nobody outside can tell which keys meet. */
	struct pst_siphash begun;
	/*
	 * The same for networks, with the secret of the file: it tells the bit
	 * of a network in the sketches of all workers. Before it is known,
	 * sketches stay empty.
	 */
	struct pst_siphash begun_network;
	bool can_sketch;
};

void pst_tally_table_init(struct pst_tally_table *table, size_t max);
void pst_tally_table_free(struct pst_tally_table *table);
void pst_tally_table_clear(struct pst_tally_table *table);

/* Sets the secret of the sketches. */
void pst_tally_table_sketch(struct pst_tally_table *table,
    const unsigned char secret[PST_SIPHASH_KEY_BYTES]);

uint64_t
pst_tally_table_hash(const struct pst_tally_table *table, struct pst_str key);

/*
 * Returns the entry of a row's day, question and key, made if it is missing; its
 * numbers are not changed. If the table is full, it is that of "other".
 */
struct pst_tally_entry *pst_tally_table_get(struct pst_tally_table *table,
    const struct pst_tally_row *row, const char *org, uint64_t hash);

/* Counts n messages like this one. */
void pst_tally_table_count(struct pst_tally_table *table,
    const struct pst_summary *summary, uint64_t n);

/* Adds the numbers and the networks of a row. */
void
pst_tally_row_add(struct pst_tally_row *to, const struct pst_tally_row *from);

/*
 * The numbers of a row in the order in which files have them, which never
 * changes: done and would by action, aligned, indirect.
 */
#define PST_TALLY_NUMBERS (2 * PST_TALLY_ACTIONS + 2)
uint64_t *pst_tally_row_number(struct pst_tally_row *row, size_t i);

/* All messages of a row. */
uint64_t pst_tally_row_messages(const struct pst_tally_row *row);

#endif
