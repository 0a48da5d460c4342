/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_SHARE_LANE_H
#define PST_STORE_JOURNAL_SHARE_LANE_H

/*
 * What store/journal_scan.h is for a file: goes through the entries of one
 * stream of one gateway in the shared database. What was copied of the tail is
 * read once, at the beginning, together with the number of blocks, so an entry
 * that moves into a block is seen once.
 */

#include "store/journal_hand.h"
#include "store/journal_shared.h"

struct pst_shared_lane;

/* The gateway must live as long as the lane. NULL after a failure. */
struct pst_shared_lane *
pst_shared_lane_begin(const struct pst_shared_stream *stream,
    const struct pst_shared_gateway *gateway,
    const struct pst_journal_query *query, struct pst_err *err) PST_MUST_CHECK;
void pst_shared_lane_end(struct pst_shared_lane *lane); /* NULL is allowed */

/* Steps to the next entry, or to the end. */
bool pst_shared_lane_next(struct pst_shared_lane *lane,
    struct pst_journal_packer *packer, struct pst_err *err) PST_MUST_CHECK;

/* The entry that it is at; NULL at the end. It lives until the next step. */
const struct pst_journal_record *
pst_shared_lane_record(const struct pst_shared_lane *lane);

const struct pst_shared_gateway *
pst_shared_lane_gateway(const struct pst_shared_lane *lane);
int64_t pst_shared_lane_stream(const struct pst_shared_lane *lane);
uint64_t pst_shared_lane_damaged(const struct pst_shared_lane *lane);

#endif
