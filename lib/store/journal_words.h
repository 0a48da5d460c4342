/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_WORDS_H
#define PST_STORE_JOURNAL_WORDS_H

/*
 * Rows of hashes, as the index of a journal holds them. A word is a hash,
 * shifted left, and in its lowest bits the block that has it. Its highest bits
 * are the bucket, which is a column of the row, and the four octets below are
 * what is stored: sorted, so a row is searched by halves.
 */

#include "store/journal_unit.h"

#define PST_JOURNAL_BLOCK_BITS 6 /* PST_JOURNAL_PART blocks */

/* How the words of a row are laid out: 32 bits and those of the block are left
 * over when the bucket is taken away, and they must fit into four octets. */
struct pst_journal_layout {
	unsigned bucket_bits;
	unsigned block_bits; /* PST_JOURNAL_BLOCK_BITS; or 0: of one block */
};

/* Begin with all zero, and free ptr at the end. */
struct pst_journal_words {
	uint64_t *ptr; /* a hash << PST_JOURNAL_BLOCK_BITS | a block */
	size_t count, capacity;
};

/* Adds the hashes of a sound head. */
void pst_journal_words_add(
    struct pst_journal_words *words, struct pst_str head, unsigned block);

/* Before they are packed. What has the same hash stays in its order. */
void pst_journal_words_sort(struct pst_journal_words *words);

/*
 * Writes the words of one bucket from `at` on, each once, over what is in *out.
 * Returns where the next bucket begins.
 */
size_t pst_journal_words_pack(const struct pst_journal_words *words, size_t at,
    struct pst_journal_layout layout, uint64_t bucket,
    struct pst_journal_octets *out);

/* The bucket of a hash. */
uint64_t
pst_journal_words_bucket(struct pst_journal_layout layout, uint32_t hash);

/* Returns the blocks that a row names for a hash, as bits. */
uint64_t pst_journal_words_find(
    struct pst_journal_layout layout, struct pst_str row, uint32_t hash);

#endif
