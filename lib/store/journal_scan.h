/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SCAN_H
#define PST_STORE_JOURNAL_SCAN_H

/*
 * Goes through the entries of one stream that match a query, in the order of
 * their units: blocks as they were written, then the tail; within a unit by
 * time. Or all of that backwards.
 *
 * No selection is open between two calls, so a caller that takes its time keeps
 * nobody from emptying the write-ahead log. What is deleted meanwhile is left
 * out. The tail is read once, at the beginning, together with the number of
 * blocks: an entry that moves into a block is seen once.
 */

#include "store/journal_file.h"
#include "store/journal_hand.h"
#include "store/journal_index.h"

struct pst_journal_scan;

/* *match must live as long as the scan. NULL after a failure. */
struct pst_journal_scan *
pst_journal_scan_begin(struct pst_journal *journal, int64_t stream,
    const struct pst_journal_match *match, struct pst_err *err) PST_MUST_CHECK;
void pst_journal_scan_end(struct pst_journal_scan *scan); /* NULL is allowed */

/*
 * Steps to the next entry: pst_journal_scan_record() returns it, or NULL at the
 * end. It lives until the next step.
 */
bool pst_journal_scan_next(
    struct pst_journal_scan *scan, struct pst_err *err) PST_MUST_CHECK;
const struct pst_journal_record *
pst_journal_scan_record(const struct pst_journal_scan *scan);

/* How many blocks or rows of the tail were damaged and left out. */
uint64_t pst_journal_scan_damaged(const struct pst_journal_scan *scan);

#endif
