/* SPDX-License-Identifier: BSD-2-Clause */

/* Reports in any container: mail, gzip, zip or plain XML. */

#include <stdlib.h>

#include "feedback/extract.h"
#include "mail/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_report(
    void *arg, struct pst_arena *arena, const struct pst_feedback *feedback)
{
	const struct pst_feedback_field *field;
	unsigned *visits = arg;

	(void)arena;
	(*visits)++;
	for (field = feedback->fields; field != NULL; field = field->next)
		if (!pst_str_is_utf8(pst_str(field->name)) ||
		    !pst_str_is_utf8(pst_str(field->value)))
			abort();
	if (feedback->kind != PST_FEEDBACK_AGGREGATE &&
	    feedback->row_count != 1)
		abort();
}

/* Checks that each part is within the message, or decoded from it. */
static void
check_parts(struct pst_str message)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_mime mime;

	if (pst_mime_read(arena, message, &mime, NULL)) {
		for (size_t i = 0; i < mime.count; i++) {
			struct pst_str body = mime.parts[i].body;

			if (body.len > 0 && mime.parts[i].messages == 0 &&
			    (body.ptr < message.ptr ||
				body.ptr + body.len >
				    message.ptr + message.len))
				abort();
			if (body.len > message.len ||
			    pst_mime_decode(arena, &mime.parts[i]).len >
				body.len)
				abort();
		}
	}
	pst_arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_str octets = {(const char *)data, size};
	unsigned visits = 0;
	struct pst_feedback_visitor visitor = {on_report, &visits};
	struct pst_err err = {""};

	switch (pst_feedback_read(octets, visitor, &err)) {
	case PST_FEEDBACK_READ:
		if (visits == 0)
			abort();
		break;
	case PST_FEEDBACK_NONE:
		if (visits > 0 || err.text[0] == '\0')
			abort();
		break;
	case PST_FEEDBACK_REFUSED:
		if (err.text[0] == '\0')
			abort();
		break;
	}
	check_parts(octets);
	return 0;
}
