/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_judge.h"

/* Asks about an entry, and adds what becomes of it to the fresh unit. */
static void
judge_entry(struct pst_journal_judging *work, int64_t stream,
    const struct pst_journal_record *record)
{
	struct pst_journal_entry entry = {
	    .stream = stream == PST_JOURNAL_OTHER ? PST_JOURNAL_OTHER :
						    PST_JOURNAL_ACCEPTED,
	    .seen_s = record->seen_s,
	    .octets = record->entry,
	};
	enum pst_journal_fate fate = work->judge.judge(work->judge.arg, &entry);

	if (fate != PST_JOURNAL_KEEP) {
		work->changed = true;
		work->count++;
	}
	switch (fate) {
	case PST_JOURNAL_KEEP:
		pst_journal_unit_copy(&work->fresh, record);
		break;
	case PST_JOURNAL_CHANGED:
		/*
		 * A unit must not become longer than a reader accepts. A newer
		 * version may write more of the same message.
		 */
		if (entry.octets.len <= record->entry.len &&
		    entry.key_count <= record->hash_count)
			pst_journal_unit_add(
			    &work->fresh, work->secret, &entry);
		break;
	case PST_JOURNAL_DROP:
		break;
	}
}

void
pst_journal_judge_unit(struct pst_journal_judging *work, int64_t stream)
{
	struct pst_str head = pst_journal_octets_slice(&work->old.head);
	struct pst_str body = pst_journal_octets_slice(&work->old.body);
	struct pst_journal_record record;

	work->changed = false;
	pst_journal_unit_clear(&work->fresh);
	while (pst_journal_unit_next(&head, &body, &record)) {
		if (pst_journal_record_has(&record, &work->hashes))
			judge_entry(work, stream, &record);
		else
			pst_journal_unit_copy(&work->fresh, &record);
	}
}

void
pst_journal_judging_free(struct pst_journal_judging *work)
{
	pst_journal_unit_free(&work->old);
	pst_journal_unit_free(&work->fresh);
}
