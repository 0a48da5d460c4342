/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_hand.h"

#include <stdlib.h>

bool
pst_journal_matches(const struct pst_journal_match *match,
    const struct pst_journal_record *record)
{
	return record->seen_s >= match->since_s &&
	    record->seen_s <= match->until_s &&
	    pst_journal_record_has(record, &match->hashes);
}

bool
pst_journal_match_head(
    const struct pst_journal_match *match, struct pst_str head)
{
	struct pst_str none = {NULL, 0};
	struct pst_journal_record record;

	while (pst_journal_unit_next(&head, &none, &record)) {
		if (pst_journal_matches(match, &record))
			return true;
	}
	return false;
}

void
pst_journal_hand_free(struct pst_journal_hand *hand)
{
	free(hand->heads.ptr);
	free(hand->body.ptr);
	hand->heads = hand->body = (struct pst_journal_octets){NULL, 0, 0};
}

static int
compare(const void *left, const void *right)
{
	const struct pst_journal_record *a = left, *b = right;

	if (a->seen_s != b->seen_s)
		return a->seen_s < b->seen_s ? -1 : 1;
	/* Those of one second stay in their order; each has a head. */
	return a->head.ptr < b->head.ptr ? -1 : a->head.ptr > b->head.ptr;
}

void
pst_journal_hand_take(struct pst_journal_hand *hand,
    const struct pst_journal_match *match, struct pst_str head,
    struct pst_str body)
{
	struct pst_journal_record *records = hand->records;
	bool sorted = true;

	hand->count = hand->at = 0;
	while (hand->count < PST_JOURNAL_BLOCK_ENTRIES &&
	    pst_journal_unit_next(&head, &body, &records[hand->count])) {
		if (!pst_journal_matches(match, &records[hand->count]))
			continue;
		if (hand->count > 0)
			sorted = sorted &&
			    compare(&records[hand->count - 1],
				&records[hand->count]) < 0;
		hand->count++;
	}
	if (!sorted)
		qsort(records, hand->count, sizeof(records[0]), compare);
}

bool
pst_journal_hand_unpack(struct pst_journal_hand *hand,
    const struct pst_journal_match *match, struct pst_journal_packer *packer,
    struct pst_str head, struct pst_str packed)
{
	struct pst_str none = {NULL, 0}, rest = head;
	struct pst_journal_record record;
	size_t raw_bytes = 0;

	hand->count = hand->at = 0;
	while (pst_journal_unit_next(&rest, &none, &record))
		raw_bytes += record.entry.len;
	if (!pst_journal_unpack(packer, packed, raw_bytes, &hand->body))
		return false;
	hand->heads.len = 0;
	pst_journal_octets_add(&hand->heads, head);
	pst_journal_hand_take(hand, match,
	    (struct pst_str){hand->heads.ptr, hand->heads.len},
	    (struct pst_str){hand->body.ptr, hand->body.len});
	return true;
}

const struct pst_journal_record *
pst_journal_hand_record(const struct pst_journal_hand *hand, bool oldest_first)
{
	if (hand->at >= hand->count)
		return NULL;
	return &hand->records[oldest_first ? hand->at :
					     hand->count - 1 - hand->at];
}
