/* SPDX-License-Identifier: BSD-2-Clause */

/* Aggregate reports as XML. */

#include <stdlib.h>

#include "feedback/xml_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	if (!pst_str_is_utf8(pst_str(text)) ||
	    strlen(text) > PST_FEEDBACK_MAX_TEXT)
		abort();
}

static void
check_row(const struct pst_feedback_row *row)
{
	const struct pst_feedback_reason *reason;
	const struct pst_feedback_auth *auth;

	check_text(row->source_ip);
	check_text(row->disposition);
	check_text(row->dkim);
	check_text(row->spf);
	check_text(row->header_from);
	check_text(row->envelope_from);
	check_text(row->envelope_to);
	for (reason = row->reasons; reason != NULL; reason = reason->next) {
		check_text(reason->type);
		check_text(reason->comment);
	}
	for (auth = row->auths; auth != NULL; auth = auth->next) {
		check_text(auth->domain);
		check_text(auth->selector);
		check_text(auth->scope);
		check_text(auth->result);
		check_text(auth->human_result);
	}
	if (pst_feedback_row_fault(row) != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_str xml = {(const char *)data, size};
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err = {""};
	struct pst_feedback feedback;
	const struct pst_feedback_note *note;
	const struct pst_feedback_row *row;
	size_t count = 0;
	int64_t messages = 0;

	if (pst_feedback_xml_read(arena, xml, &feedback, &err)) {
		bool valid = feedback.fault[0] == '\0';

		for (row = feedback.rows; row != NULL; row = row->next) {
			check_row(row);
			count++;
			messages += row->count;
		}
		check_text(feedback.org);
		check_text(feedback.report_id);
		check_text(feedback.domain);
		check_text(feedback.fault);
		if (count != feedback.row_count ||
		    messages != feedback.messages ||
		    count + feedback.left_out > feedback.record_count ||
		    feedback.record_count > PST_FEEDBACK_MAX_ROWS ||
		    feedback.note_count > PST_FEEDBACK_MAX_NOTES ||
		    (valid && feedback.begin_s == 0) ||
		    (valid && feedback.left_out > 0 && count == 0))
			abort();
		for (note = feedback.notes; note != NULL; note = note->next)
			check_text(note->text);
		/* What is valid is known for a report before it is parsed. */
		if (valid && !pst_feedback_xml_is_report(xml) &&
		    pst_str_find(xml, '\0') == size &&
		    size <= PST_FEEDBACK_XML_LOOK)
			abort();
	} else if (err.text[0] == '\0')
		abort();
	pst_arena_free(arena);
	return 0;
}
