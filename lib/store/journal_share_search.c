/* SPDX-License-Identifier: BSD-2-Clause */

/* The streams of all gateways, merged by time. */

#include <stdlib.h>
#include <string.h>

#include "store/journal_share_lane.h"
#include "store/journal_share_scan.h"

struct pst_journal_share_scan {
	struct pst_journal_packer *packer;
	struct pst_shared_gateway *gateways;
	size_t gateway_count;
	struct pst_shared_lane **lanes;
	size_t lane_count;
	bool oldest_first, begun;
	size_t at; /* the lane that has the entry */
	struct pst_journal_shared entry;
	bool has_entry;
};

static bool
is_left_out(
    const struct pst_shared_gateway *gateway, const struct pst_journal *except)
{
	return except != NULL &&
	    memcmp(gateway->secret, except->secret, sizeof(except->secret)) ==
	    0;
}

/* What was refused comes first among entries of the same second. */
static bool
begin_lanes(struct pst_journal_share_scan *scan, struct pst_db *db,
    const struct pst_journal_share_query *query, struct pst_err *err)
{
	const int64_t last = query->query->others_only ? PST_JOURNAL_OTHER : 0;

	scan->lanes = calloc(PST_JOURNAL_STREAMS * scan->gateway_count + 1,
	    sizeof(struct pst_shared_lane *));
	if (scan->lanes == NULL)
		abort();
	for (int64_t k = PST_JOURNAL_STREAMS - 1; k >= last; k--) {
		for (size_t i = 0; i < scan->gateway_count; i++) {
			const struct pst_shared_gateway *gateway =
			    &scan->gateways[i];
			const struct pst_shared_stream stream = {
			    db, gateway->id, k};

			if (is_left_out(gateway, query->except))
				continue;
			scan->lanes[scan->lane_count] = pst_shared_lane_begin(
			    &stream, gateway, query->query, err);
			if (scan->lanes[scan->lane_count++] == NULL)
				return false;
		}
	}
	return true;
}

struct pst_journal_share_scan *
pst_journal_share_scan_begin(struct pst_db *db,
    const struct pst_journal_share_query *query, struct pst_err *err)
{
	struct pst_journal_share_scan *scan = calloc(1, sizeof(*scan));
	bool exists;

	if (scan == NULL)
		abort();
	scan->packer = pst_journal_packer_new();
	scan->oldest_first = query->query->oldest_first;
	if (pst_shared_exists(db, &exists, err) &&
	    (!exists ||
		(pst_shared_gateways(
		     db, &scan->gateways, &scan->gateway_count, err) &&
		    begin_lanes(scan, db, query, err))))
		return scan;
	pst_journal_share_scan_end(scan);
	return NULL;
}

void
pst_journal_share_scan_end(struct pst_journal_share_scan *scan)
{
	if (scan == NULL)
		return;
	for (size_t i = 0; i < scan->lane_count; i++)
		pst_shared_lane_end(scan->lanes[i]);
	free(scan->lanes);
	free(scan->gateways);
	pst_journal_packer_free(scan->packer);
	free(scan);
}

/* Whether the left one comes first. */
static bool
is_before(const struct pst_journal_share_scan *scan,
    const struct pst_journal_record *left,
    const struct pst_journal_record *right)
{
	return scan->oldest_first ? left->seen_s < right->seen_s :
				    left->seen_s > right->seen_s;
}

static void
pick(struct pst_journal_share_scan *scan)
{
	const struct pst_journal_record *best = NULL;
	const struct pst_shared_gateway *gateway;

	for (size_t i = 0; i < scan->lane_count; i++) {
		const struct pst_journal_record *record =
		    pst_shared_lane_record(scan->lanes[i]);

		if (record == NULL ||
		    (best != NULL && !is_before(scan, record, best)))
			continue;
		best = record;
		scan->at = i;
	}
	scan->has_entry = best != NULL;
	if (best == NULL)
		return;
	gateway = pst_shared_lane_gateway(scan->lanes[scan->at]);
	scan->entry = (struct pst_journal_shared){.gateway = gateway->name,
	    .file = gateway->file,
	    .stream = pst_shared_lane_stream(scan->lanes[scan->at]) ==
		    PST_JOURNAL_OTHER ?
		PST_JOURNAL_OTHER :
		PST_JOURNAL_ACCEPTED,
	    .seen_s = best->seen_s,
	    .octets = best->entry};
}

bool
pst_journal_share_scan_next(
    struct pst_journal_share_scan *scan, struct pst_err *err)
{
	size_t first = scan->at, last = scan->at;

	if (!scan->begun) {
		first = 0;
		last = scan->lane_count - 1;
	} else if (!scan->has_entry) {
		return true;
	}
	scan->begun = true;
	for (size_t i = first; scan->lane_count > 0 && i <= last; i++) {
		if (!pst_shared_lane_next(scan->lanes[i], scan->packer, err))
			return false;
	}
	pick(scan);
	return true;
}

const struct pst_journal_shared *
pst_journal_share_scan_entry(const struct pst_journal_share_scan *scan)
{
	return scan->has_entry ? &scan->entry : NULL;
}

uint64_t
pst_journal_share_scan_damaged(const struct pst_journal_share_scan *scan)
{
	uint64_t damaged = 0;

	for (size_t i = 0; i < scan->lane_count; i++)
		damaged += pst_shared_lane_damaged(scan->lanes[i]);
	return damaged;
}

bool
pst_journal_share_search(struct pst_db *db,
    const struct pst_journal_share_query *query,
    struct pst_journal_share_visitor visitor, uint64_t *damaged,
    struct pst_err *err)
{
	struct pst_journal_share_scan *scan =
	    pst_journal_share_scan_begin(db, query, err);
	const struct pst_journal_shared *entry;
	bool ok = scan != NULL;

	if (damaged != NULL)
		*damaged = 0;
	while (ok) {
		ok = pst_journal_share_scan_next(scan, err);
		entry = ok ? pst_journal_share_scan_entry(scan) : NULL;
		if (entry == NULL || !visitor.visit(visitor.arg, entry))
			break;
	}
	if (damaged != NULL && scan != NULL)
		*damaged = pst_journal_share_scan_damaged(scan);
	pst_journal_share_scan_end(scan);
	return ok;
}
