/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Which networks of SPF records the client was in, as it was known then: whether
 * it may be a forwarder, then the names.
 */

#include "config/spf_names.h"
#include "core/recorded.h"
#include "core/recorded_numbers.h"

#define MAX_NETS 8192

void
pst_recorded_write_nets(
    struct pst_record_out *out, const struct pst_findings *findings)
{
	const struct pst_client_nets *nets = &findings->client_nets;
	size_t opened;

	if (nets->count == 0)
		return;
	pst_record_limit(out, MAX_NETS);
	opened = pst_record_open(out, PST_RECORDED_CLIENT_HELD);
	pst_record_number(out, findings->forwarder_unsure);
	for (size_t i = 0; i < nets->count; i++) {
		pst_record_text(out, nets->items[i].name);
		pst_record_enum(out, &pst_numbers_held, nets->items[i].held);
	}
	(void)pst_record_close(out, opened);
	pst_record_unlimit(out);
}

void
pst_recorded_read_nets(struct pst_record_in *in, struct pst_findings *findings)
{
	struct pst_client_nets *nets = &findings->client_nets;
	struct pst_client_net *items = pst_arena_array(
	    in->source->arena, PST_SPF_NAMES_MAX, sizeof(*items));

	/* Of two such sections the last one counts. */
	nets->items = items;
	nets->count = 0;
	findings->forwarder_unsure = pst_record_take_number(in, 1) != 0;
	while (in->len > 0 && nets->count < PST_SPF_NAMES_MAX) {
		struct pst_client_net *item = &items[nets->count++];

		item->name = pst_record_take_text(in);
		if (item->name == NULL) {
			pst_record_is_bad(in);
			item->name = "";
		}
		item->held = pst_record_take_enum(in, &pst_numbers_held);
	}
}
