/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SHARE_SCAN_H
#define PST_STORE_JOURNAL_SHARE_SCAN_H

/*
 * pst_journal_share_search() step by step, for a caller that merges what it
 * finds with something else.
 */

#include "store/journal_share.h"

struct pst_journal_share_scan;

/* The query and its keys are not needed afterwards. NULL after a failure. */
struct pst_journal_share_scan *pst_journal_share_scan_begin(struct pst_db *db,
    const struct pst_journal_share_query *query,
    struct pst_err *err) PST_MUST_CHECK;
void pst_journal_share_scan_end(
    struct pst_journal_share_scan *scan); /* NULL is allowed */

/*
 * Steps to the next entry: pst_journal_share_scan_entry() returns it, or NULL at
 * the end. It lives until the next step.
 */
bool pst_journal_share_scan_next(
    struct pst_journal_share_scan *scan, struct pst_err *err) PST_MUST_CHECK;
const struct pst_journal_shared *
pst_journal_share_scan_entry(const struct pst_journal_share_scan *scan);

/* How many blocks or rows were damaged and left out. */
uint64_t
pst_journal_share_scan_damaged(const struct pst_journal_share_scan *scan);

#endif
