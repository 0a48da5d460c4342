/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/strip.h"

static size_t
signed_by(const struct pst_findings *findings, size_t number)
{
	size_t most = 0;

	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->result == PST_RESULT_PASS && sig->checked &&
		    sig->mentions != NULL && sig->mentions[number] > most)
			most = sig->mentions[number];
	}
	return most;
}

/*
 * The lowest fields may be among those that were not kept; then it is not known
 * which ones are signed, and none counts.
 */
void
pst_strip_note_signed(
    struct pst_header *header, const struct pst_findings *findings)
{
	for (struct pst_swept_name *one = header->swept.first; one != NULL;
	     one = one->next) {
		const struct pst_header_name *all =
		    pst_header_name(header, pst_str(one->name));

		if (all == NULL || all->left_out || all->seen != one->seen)
			continue;
		one->signed_count = signed_by(findings, all->number);
		if (one->signed_count > one->seen)
			one->signed_count = one->seen;
	}
}

/* The header counts such a field by itself. */
static bool
is_mark(const struct pst_config *config, struct pst_str name)
{
	for (size_t i = 0; i < config->marks.count; i++) {
		if (pst_str_ieq(pst_str(config->marks.items[i].name), name))
			return true;
	}
	return false;
}

size_t
pst_strip_count(const struct pst_config *config,
    const struct pst_swept_name *name, bool *own)
{
	struct pst_str text = pst_str(name->name);
	const struct pst_sweep_name *by = pst_sweep_find(&config->sweep, text);

	*own = by != NULL && by->own;
	if (by == NULL || is_mark(config, text))
		return 0;
	switch (config->strip_fields_signed) {
	case PST_STRIP_SIGNED_REMOVE:
		return name->seen;
	case PST_STRIP_SIGNED_KEEP:
		break;
	}
	return *own ? name->seen : name->seen - name->signed_count;
}

bool
pst_strip_is_over(const struct pst_mta *mta, const struct pst_header *header)
{
	return header->swept.over && mta->can_change_headers;
}
