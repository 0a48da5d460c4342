/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What else a recorded message says of its header: a field that is missing or
 * there too often, the names of the fields that are removed, and what our own
 * field says of the decision.
 */

#include "core/recorded.h"
#include "core/recorded_numbers.h"

/* Octets of the names, which the sender has chosen. */
#define MAX_NAMES 4096

enum fields_bit {
	BIT_OVER = 1u << 0,
};

static void
write_name(struct pst_record_out *out, const struct pst_swept_name *one)
{
	size_t seen = one->seen, opened;

	if (seen > PST_RECORDED_MAX_SEEN) {
		seen = PST_RECORDED_MAX_SEEN;
		out->cut = true;
	}
	opened = pst_record_open(out, PST_RECORDED_SWEPT);
	pst_record_text(out, one->name);
	pst_record_number(out, seen);
	pst_record_number(
	    out, one->signed_count < seen ? one->signed_count : seen);
	(void)pst_record_close(out, opened);
}

void
pst_recorded_write_fields(
    struct pst_record_out *out, const struct pst_message *message)
{
	const struct pst_swept *swept = &message->header->swept;
	const struct pst_decision *decision = &message->decision;
	enum pst_header_fault fault = message->findings.header_fault;
	size_t opened;

	if (fault == PST_HEADER_NO_FAULT && swept->count == 0 && !swept->over &&
	    decision->remark == NULL)
		return;
	opened = pst_record_open(out, PST_RECORDED_FIELDS);
	pst_record_enum(out, &pst_numbers_header_fault, fault);
	pst_record_number(out, swept->over ? BIT_OVER : 0u);
	pst_record_number(out,
	    decision->stripped < PST_RECORDED_MAX_EDITS ?
		decision->stripped :
		PST_RECORDED_MAX_EDITS);
	pst_record_text(out, decision->remark);
	pst_record_limit(out, MAX_NAMES);
	for (const struct pst_swept_name *one = swept->first; one != NULL;
	     one = one->next)
		write_name(out, one);
	pst_record_unlimit(out);
	(void)pst_record_close(out, opened);
}

/* Another configuration may remove other names: see core/strip.h. */
static void
read_name(
    struct pst_record_in *in, struct pst_arena *arena, struct pst_swept *swept)
{
	struct pst_str name = pst_record_peek_octets(in);
	size_t seen = pst_record_take_number(in, PST_RECORDED_MAX_SEEN);
	size_t signed_count = pst_record_take_number(in, seen);
	struct pst_swept_name *one;

	if (in->source->bad)
		return;
	one = pst_swept_restore(swept, arena, name);
	if (one == NULL) {
		pst_record_is_bad(in);
		return;
	}
	one->seen = seen;
	one->signed_count = signed_count;
}

void
pst_recorded_read_fields(struct pst_record_in *in, struct pst_message *message,
    struct pst_swept *swept)
{
	struct pst_arena *arena = in->source->arena;
	struct pst_record_in section;
	unsigned tag;

	message->findings.header_fault =
	    pst_record_take_enum(in, &pst_numbers_header_fault);
	swept->over = (pst_record_take_unsigned(in) & BIT_OVER) != 0;
	message->decision.stripped =
	    pst_record_take_number(in, PST_RECORDED_MAX_EDITS);
	message->decision.remark = pst_record_take_text(in);
	while (!in->source->bad && pst_record_next(in, &tag, &section)) {
		if (tag == PST_RECORDED_SWEPT)
			read_name(&section, arena, swept);
	}
}
