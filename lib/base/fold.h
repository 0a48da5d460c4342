/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_FOLD_H
#define PST_BASE_FOLD_H

/*
 * Text that people read, in a form in which two texts that look alike to most
 * readers are equal: NFKC and case folding (Unicode), blanks and controls
 * joined to one space, and without characters that are not shown, such as
 * zero-width and bidirectional ones. Letters of other scripts that look like
 * Latin ones stay what they are.
 *
 * The owner of libunistring. Thread-safe.
 */

#include "base/arena.h"
#include "base/str.h"

/* Octets of the text that is folded; the rest is cut off. */
#define PST_FOLD_MAX 4096

/*
 * Returns text in that form, in the arena, followed by a NUL: UTF-8 without
 * controls, and without a blank at its ends. It may be several times as long as
 * the text. Text that is not UTF-8 is taken as windows-1252, so any octets are
 * accepted. Folding what was folded changes nothing that a comparison depends
 * on.
 */
struct pst_str pst_fold(struct pst_arena *arena, struct pst_str text);

/*
 * Returns only the words of folded text, with one space between them, in the
 * arena: runs of letters, marks and digits. "bauer, ann (ceo)" becomes
 * "bauer ann ceo".
 */
struct pst_str pst_fold_words(struct pst_arena *arena, struct pst_str folded);

/* Returns octets of windows-1252 as UTF-8, in the arena. */
struct pst_str pst_fold_latin(struct pst_arena *arena, struct pst_str octets);

#endif
