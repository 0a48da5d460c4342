/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_IDENTIFIERS_H
#define PST_FEEDBACK_IDENTIFIERS_H

/*
 * What the report store keeps of a row besides its verdicts: which identifiers
 * passed, and for which reasons a policy was overridden. Both are short lists
 * that are read as in store/query_sources.h.
 */

#include "feedback/feedback.h"

/* The most identifiers, and the most reasons, of one row. */
#define PST_FEEDBACK_MAX_IDENTIFIERS 8

/*
 * Returns the identifiers of a row that passed, as "dkim:DOMAIN" and
 * "spf:DOMAIN" in normal form, each once, sorted and separated by blanks. In
 * the arena; "" if there are none. If there are too many, the From domain and
 * those above it are kept first, then those that are close to it, and then that
 * of SPF, because a sender can add any number of signatures.
 */
const char *pst_feedback_authenticated(
    struct pst_arena *arena, const struct pst_feedback_row *row);

/*
 * Returns the types of a row's reasons, each once, sorted and separated by
 * blanks. What is not a word is left out. In the arena.
 */
const char *pst_feedback_reasons(
    struct pst_arena *arena, const struct pst_feedback_row *row);

#endif
