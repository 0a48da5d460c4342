/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/marks.h"

#include <string.h>

#include "config/config.h"

#define MAX_NAME 76
#define MAX_VALUE 900

/*
 * Fields of RFC 5322, of RFC 2045 and of those who forward, list, sign and
 * deliver mail. A name that ends in '-' is for all names that begin with it.
 */
static const char *const taken[] = {"Apparently-To", "ARC-", "Archived-At",
    "Authentication-Results", "Author", "Auto-Submitted", "Autocrypt", "Bcc",
    "BIMI-", "Cc", "Comments", "Content-", "Date", "Deferred-Delivery",
    "Delivered-To", "Delivery-Date", "DKIM-", "DomainKey-",
    "Disposition-Notification-", "Encrypted", "Envelope-To", "Errors-To",
    "Expires", "Feedback-ID", "From", "Importance", "In-Reply-To", "Keywords",
    "List-", "Mail-Followup-To", "Mail-Reply-To", "Message-", "MIME-", "Old-",
    "Organization", "Original-", "Precedence", "Priority", "Received",
    "Received-SPF", "References", "Reply-To", "Require-Recipient-Valid-Since",
    "Resent-", "Return-", "Sender", "Sensitivity", "Solicitation", "Status",
    "Subject", "TLS-", "To", "User-Agent", "VBR-Info", "X-Mailer",
    "X-Original-To", "X-Priority"};

static bool
is_taken(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(taken); i++) {
		struct pst_str one = pst_str(taken[i]);
		bool prefix = one.ptr[one.len - 1] == '-';

		if (pst_str_ieq(
			prefix ? pst_str_first(name, one.len) : name, one))
			return true;
	}
	return false;
}

/* Of those above: what is only there to be believed. */
static bool
is_claim(struct pst_str one)
{
	static const char *const claims[] = {
	    "BIMI-", "Received-SPF", "VBR-Info"};

	for (size_t i = 0; i < PST_COUNT(claims); i++) {
		if (pst_str_eq(one, pst_str(claims[i])))
			return true;
	}
	/* Nobody depends on these. */
	return pst_str_starts(one, PST_STR("X-"));
}

const char *
pst_marks_used_by_mail(struct pst_str name, bool is_prefix)
{
	for (size_t i = 0; i < PST_COUNT(taken); i++) {
		struct pst_str one = pst_str(taken[i]);
		bool prefix = one.ptr[one.len - 1] == '-';

		if (is_claim(one))
			continue;
		if (prefix ? pst_str_istarts(name, one) :
			     pst_str_ieq(name, one))
			return taken[i];
		if (is_prefix && pst_str_istarts(one, name))
			return taken[i];
	}
	return NULL;
}

static bool
is_name(struct pst_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~' ||
		    name.ptr[i] == ':')
			return false;
	}
	return name.len > 0 && name.len <= MAX_NAME;
}

static bool
is_value(struct pst_str value)
{
	return pst_str_is_printable(value) && value.len <= MAX_VALUE;
}

static bool
check_name(struct pst_str name, const char **why)
{
	static _Thread_local struct pst_err err;

	if (!is_name(name)) {
		*why = "must be a header field name: 1 to 76 printable ASCII "
		       "characters without blanks and colons; its value "
		       "goes into tag-value";
		return false;
	}
	if (!is_taken(name))
		return true;
	(void)pst_err_set(&err,
	    "%.*s is a field that mail itself uses, and the fields of a mark "
	    "are removed from all incoming mail; choose a name such as "
	    "X-DMARC-Verdict",
	    (int)name.len, name.ptr);
	*why = err.text;
	return false;
}

bool
pst_marks_check_name(const char *text, const char **why)
{
	return check_name(pst_str(text), why);
}

bool
pst_marks_check_value(const char *text, const char **why)
{
	if (is_value(pst_str(text)))
		return true;
	*why = "must be a header field value: one line of 1 to 900 printable "
	       "ASCII characters";
	return false;
}

static struct pst_str
without_blanks(struct pst_str s)
{
	while (s.len > 0 && pst_is_wsp(s.ptr[0]))
		s = pst_str_from(s, 1);
	while (s.len > 0 && pst_is_wsp(s.ptr[s.len - 1]))
		s = pst_str_first(s, s.len - 1);
	return s;
}

/* Splits "Name: value" at its first colon; false if there is none. */
static bool
split(struct pst_str field, struct pst_str *name, struct pst_str *value)
{
	size_t colon = pst_str_find(field, ':');

	*name = pst_str_first(field, colon);
	if (colon == field.len)
		return false;
	*value = without_blanks(pst_str_from(field, colon + 1));
	return true;
}

bool
pst_marks_check_field(const char *text, const char **why)
{
	struct pst_str name, value;

	if (split(pst_str(text), &name, &value) && is_name(name) &&
	    is_value(value))
		return check_name(name, why);
	*why = "must be header fields with their values, such as "
	       "\"X-Spam-Flag: YES\"";
	return false;
}

static bool
has(const struct pst_marks *marks, struct pst_str name)
{
	for (size_t i = 0; i < marks->count; i++) {
		if (pst_str_ieq(pst_str(marks->items[i].name), name))
			return true;
	}
	return false;
}

static struct pst_mark
make(struct pst_arena *arena, struct pst_str name, struct pst_str value)
{
	return (struct pst_mark){
	    .name = pst_arena_memdup(arena, name.ptr, name.len),
	    .value =
		pst_arena_printf(arena, " %.*s", (int)value.len, value.ptr)};
}

static void
add(struct pst_marks *marks, struct pst_arena *arena, struct pst_str name,
    struct pst_str value)
{
	marks->items[marks->count++] = make(arena, name, value);
}

struct pst_mark
pst_marks_field(struct pst_arena *arena, const char *text)
{
	struct pst_str name, value;

	(void)split(pst_str(text), &name, &value);
	return make(arena, name, value);
}

/* The fields of rules come first: a field of ours goes in any case. */
void
pst_marks_sweep(struct pst_config *config, struct pst_arena *arena)
{
	const struct pst_rules *rules = &config->rules;
	const struct pst_texts *others = &config->strip_fields;
	struct pst_sweep *sweep = &config->sweep;
	size_t most = others->count;

	for (size_t i = 0; i < rules->count; i++)
		most += rules->items[i].also_count;
	sweep->count = 0;
	sweep->names = pst_arena_array(arena, most, sizeof(*sweep->names));
	for (size_t i = 0; i < rules->count; i++) {
		const struct pst_rule *rule = &rules->items[i];

		for (size_t k = 0; k < rule->also_count; k++)
			sweep->names[sweep->count++] = (struct pst_sweep_name){
			    .text = pst_str(rule->also[k].name), .own = true};
	}
	for (size_t i = 0; i < others->count; i++) {
		struct pst_str name = pst_str(others->items[i]);
		bool is_prefix = name.ptr[name.len - 1] == '*';

		if (is_prefix)
			name.len--;
		sweep->names[sweep->count++] = (struct pst_sweep_name){
		    .text = name, .is_prefix = is_prefix};
	}
}

bool
pst_marks_make(
    struct pst_config *config, struct pst_arena *arena, struct pst_err *err)
{
	const struct pst_texts *also = &config->tag_also;
	struct pst_str main_name = pst_str(config->tag_header), name, value;

	config->marks.count = 0;
	if (also->count > PST_MARKS_ALSO)
		return pst_err_set(err,
		    "tag-also can have %d fields at most; remove some",
		    PST_MARKS_ALSO);
	add(&config->marks, arena, main_name, pst_str(config->tag_value));
	for (size_t i = 0; i < also->count; i++) {
		(void)split(pst_str(also->items[i]), &name, &value);
		if (pst_str_ieq(name, main_name))
			continue;
		if (has(&config->marks, name))
			return pst_err_set(err,
			    "tag-also has two fields with the name %.*s; "
			    "remove one of them",
			    (int)name.len, name.ptr);
		add(&config->marks, arena, name, value);
	}
	return true;
}
