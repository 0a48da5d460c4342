/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_ENCODED_WORD_H
#define PST_MAIL_ENCODED_WORD_H

/* Encoded-words (RFC 2047), for what a reader is shown; never for addresses. */

#include "base/arena.h"
#include "base/str.h"

/*
 * Returns the length of the encoded-word that text begins with; 0 if it does
 * not begin with one.
 */
size_t pst_encoded_word_len(struct pst_str text);

/*
 * Returns text with its encoded-words decoded, in the arena, or text itself if
 * it has none. Words with only blanks between them are joined, and words of the
 * same character set are converted together, since some programs divide a
 * character between two (s. 6.2). The result may be UTF-8 or any octets. It is
 * at most three times as long as text; it takes linear time.
 */
struct pst_str
pst_encoded_words_decode(struct pst_arena *arena, struct pst_str text);

#endif
