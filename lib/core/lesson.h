/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_LESSON_H
#define PST_CORE_LESSON_H

/*
 * Between a message and the memory of domains (core/memory): what a decided
 * message teaches, and how its checks recall what earlier ones taught.
 */

#include "core/memory.h"

struct pst_message;

/*
 * Returns the memory as pst_world.recall expects it, for a message that arrived
 * at now_epoch; NULL if max_age_s is 0, so that nothing is remembered. It is in
 * the arena.
 */
const struct pst_recall *pst_lesson_recall(struct pst_arena *arena,
    struct pst_memory *memory, int64_t now_epoch, int64_t max_age_s);

/*
 * Takes in what a message taught that was checked and decided: the answers of
 * its transcript to the policy questions of its Author Domains, the domains
 * that passed SPF or DKIM, and whether the author passed aligned. Answers that
 * failed teach nothing. The lesson is made in the arena.
 */
void pst_lesson_learn(struct pst_memory *memory, struct pst_arena *arena,
    const struct pst_message *message, int64_t now_epoch);

#endif
