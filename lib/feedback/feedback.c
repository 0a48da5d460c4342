/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/feedback.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/ip.h"

#define MAX_FAULT 300

const char *
pst_feedback_kind_word(enum pst_feedback_kind kind)
{
	static const char *const words[] = {
	    [PST_FEEDBACK_AGGREGATE] = "aggregate",
	    [PST_FEEDBACK_FAILURE] = "failure",
	    [PST_FEEDBACK_ABUSE] = "abuse",
	};

	return words[kind];
}

const char *
pst_feedback_field(const struct pst_feedback *feedback, const char *name)
{
	const struct pst_feedback_field *field;

	for (field = feedback->fields; field != NULL; field = field->next)
		if (pst_str_ieq(pst_str(field->name), pst_str(name)))
			return field->value;
	return "";
}

/* Cuts text to PST_FEEDBACK_MAX_TEXT, at the end of a character. */
static struct pst_str
cut(struct pst_str text)
{
	size_t len = PST_FEEDBACK_MAX_TEXT;

	if (text.len <= len)
		return text;
	while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	return pst_str_first(text, len);
}

const char *
pst_feedback_text(struct pst_arena *arena, struct pst_str octets)
{
	octets = cut(pst_str_trim(octets));
	if (octets.len == 0)
		return "";
	if (!pst_str_is_utf8(octets) || pst_str_find(octets, '\0') < octets.len)
		octets = cut(pst_str(pst_escaped(arena, octets)));
	return pst_arena_memdup(arena, octets.ptr, octets.len);
}

void
pst_feedback_fault(struct pst_arena *arena, struct pst_feedback *feedback,
    const char *format, ...)
{
	char text[MAX_FAULT];
	va_list args;

	if (feedback->fault[0] != '\0')
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	feedback->fault = pst_feedback_text(arena, pst_str(text));
}

void
pst_feedback_note(struct pst_arena *arena, struct pst_feedback *feedback,
    const char *format, ...)
{
	struct pst_feedback_note **end = &feedback->notes;
	char text[MAX_FAULT];
	va_list args;

	if (feedback->note_count == PST_FEEDBACK_MAX_NOTES)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	while (*end != NULL)
		end = &(*end)->next;
	*end = pst_arena_alloc(arena, sizeof(**end));
	(*end)->text = pst_feedback_text(arena, pst_str(text));
	feedback->note_count++;
}

bool
pst_feedback_number(
    const char *text, uint64_t max, uint64_t *out, const char **fraction)
{
	size_t len = strcspn(text, ".");

	*fraction = text[len] == '.' ? text + len + 1 : NULL;
	return (*fraction == NULL ||
		   strspn(*fraction, "0123456789") == strlen(*fraction)) &&
	    pst_str_to_u64((struct pst_str){text, len}, max, out);
}

const char *
pst_feedback_lower(struct pst_arena *arena, const char *text)
{
	char *copy = pst_arena_strdup(arena, text);
	char *at;

	for (at = copy; *at != '\0'; at++)
		*at = pst_lower(*at);
	return copy;
}

const char *
pst_feedback_domain(struct pst_arena *arena, const char *text)
{
	const char *domain = pst_domain_normalize(arena, pst_str(text));

	return domain != NULL ? domain : pst_feedback_lower(arena, text);
}

void
pst_feedback_init(struct pst_feedback *feedback)
{
	*feedback = (struct pst_feedback){
	    .fault = "",
	    .first_left_out = "",
	    .org = "",
	    .email = "",
	    .report_id = "",
	    .domain = "",
	    .version = "",
	    .contact = "",
	    .error = "",
	    .generator = "",
	    .p = "",
	    .sp = "",
	    .np = "",
	    .adkim = "",
	    .aspf = "",
	    .fo = "",
	    .pct = "",
	    .testing = "",
	    .discovery = "",
	    .subject = "",
	};
}

void
pst_feedback_row_init(struct pst_feedback_row *row)
{
	*row = (struct pst_feedback_row){
	    .source_ip = "",
	    .disposition = "",
	    .dkim = "",
	    .spf = "",
	    .header_from = "",
	    .envelope_from = "",
	    .envelope_to = "",
	};
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

const char *
pst_feedback_row_fault(const struct pst_feedback_row *row)
{
	static const char *const dispositions[] = {
	    "none", "pass", "quarantine", "reject", NULL};
	static const char *const results[] = {"pass", "fail", NULL};
	struct pst_ip ip;

	if (!pst_ip_parse(pst_str(row->source_ip), &ip))
		return "source_ip is not an address";
	if (row->count == 0)
		return row->nothing ? "count is 0" :
				      "count is not a number of messages";
	if (!is_one_of(row->disposition, dispositions))
		return "disposition is missing or unknown";
	if (!is_one_of(row->dkim, results))
		return "dkim is neither pass nor fail";
	if (!is_one_of(row->spf, results))
		return "spf is neither pass nor fail";
	return row->header_from[0] == '\0' ? "header_from is missing" : NULL;
}

void
pst_feedback_check(struct pst_arena *arena, struct pst_feedback *feedback)
{
	const char *fault = NULL;

	if (feedback->org[0] == '\0')
		pst_feedback_note(arena, feedback, "org_name is missing");
	if (feedback->report_id[0] == '\0')
		fault = "report_id is missing";
	else if (feedback->begin_s == 0 || feedback->end_s < feedback->begin_s)
		fault = "date_range is missing or is not a period";
	else if (pst_domain_normalize(arena, pst_str(feedback->domain)) == NULL)
		fault = "policy_published has no domain";
	if (fault != NULL)
		pst_feedback_fault(arena, feedback, "%s", fault);
	if (feedback->left_out > 0 && feedback->row_count == 0)
		pst_feedback_fault(
		    arena, feedback, "%s", feedback->first_left_out);
}
