/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What core/own_domains has read in the From fields, in its section: the flags,
 * what is shown, the domain of ours, the number of display names and these, and
 * the domains of a malformed field.
 */

#include "core/recorded.h"
#include "core/recorded_numbers.h"

enum own_bit {
	BIT_READ = 1u << 0,
	BIT_HIDDEN = 1u << 1,
	BIT_FOREIGN = 1u << 2,
	BIT_CUT = 1u << 3,
};

void
pst_recorded_write_own(
    struct pst_record_out *out, const struct pst_own_findings *own)
{
	size_t opened;

	if (own == NULL)
		return;
	opened = pst_record_open(out, PST_RECORDED_OWN);
	pst_record_number(out,
	    (own->read ? BIT_READ : 0u) | (own->hidden ? BIT_HIDDEN : 0u) |
		(own->foreign ? BIT_FOREIGN : 0u) |
		(own->names.cut ? BIT_CUT : 0u));
	pst_record_enum(out, &pst_numbers_shown, own->shown);
	pst_record_text(out, own->domain);
	pst_record_number(out, own->names.count);
	for (size_t i = 0; i < own->names.count; i++)
		pst_record_text(out, own->names.names[i]);
	pst_record_number(out, own->named_count);
	for (size_t i = 0; i < own->named_count; i++)
		pst_record_text(out, own->named[i]);
	(void)pst_record_close(out, opened);
}

void
pst_recorded_read_own(struct pst_record_in *in, struct pst_findings *findings)
{
	struct pst_own_findings *own =
	    pst_arena_alloc(in->source->arena, sizeof(*own));
	unsigned bits = pst_record_take_unsigned(in);

	own->read = (bits & BIT_READ) != 0;
	own->hidden = (bits & BIT_HIDDEN) != 0;
	own->foreign = (bits & BIT_FOREIGN) != 0;
	own->names.cut = (bits & BIT_CUT) != 0;
	own->shown = pst_record_take_enum(in, &pst_numbers_shown);
	own->domain = pst_record_take_text(in);
	own->names.count = pst_record_take_number(in, PST_DISPLAY_MAX_NAMES);
	for (size_t i = 0; i < own->names.count; i++) {
		own->names.names[i] = pst_record_take_words(in);
		if (own->names.names[i] == NULL) {
			own->names.names[i] = "";
			pst_record_is_bad(in);
		}
	}
	own->named_count = pst_record_take_number(in, PST_OWN_MAX_NAMED);
	for (size_t i = 0; i < own->named_count; i++) {
		own->named[i] = pst_record_take_text(in);
		if (own->named[i] == NULL) {
			own->named[i] = "";
			pst_record_is_bad(in);
		}
	}
	findings->own = own;
}
