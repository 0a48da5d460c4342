/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "report/bounce.h"

#include "base/buf.h"

#define MAX_WHY 200

struct pst_str
pst_bounce_token(const char *bounces, struct pst_str address)
{
	struct pst_str wanted = pst_str(bounces);
	size_t at = pst_str_rfind(wanted, '@');
	struct pst_str local = pst_str_first(wanted, at);
	size_t address_at = pst_str_rfind(address, '@');
	struct pst_str token = pst_str_first(address, address_at);

	if (at >= wanted.len || address_at >= address.len ||
	    !pst_str_ieq(
		pst_str_from(wanted, at), pst_str_from(address, address_at)) ||
	    !pst_str_istarts(token, local) || token.len <= local.len + 1 ||
	    token.ptr[local.len] != '+')
		return PST_STR("");
	return pst_str_from(token, local.len + 1);
}

/* Returns whether c may separate an address from other text in a field. */
static bool
is_separator(char c)
{
	return c == '<' || c == '>' || c == ',' || c == ';' || c == '"' ||
	    c == '(' || c == ')' || pst_is_wsp(c) || c == '\r' || c == '\n';
}

/* Returns the token in the first word of a field's value that has one. */
static struct pst_str
find_token(const char *bounces, struct pst_str value)
{
	while (value.len > 0) {
		struct pst_str word, token;
		size_t len = 0;

		while (len < value.len && !is_separator(value.ptr[len]))
			len++;
		word = pst_str_first(value, len);
		token = pst_bounce_token(bounces, word);
		if (token.len > 0)
			return token;
		value = pst_str_from(value, len + 1);
	}
	return PST_STR("");
}

static bool
is_named(struct pst_str line, const char *name, struct pst_str *value)
{
	size_t colon = pst_str_find(line, ':');

	if (colon >= line.len ||
	    !pst_str_ieq(
		pst_str_trim(pst_str_first(line, colon)), pst_str(name)))
		return false;
	*value = pst_str_trim(pst_str_from(line, colon + 1));
	return true;
}

/* Where in the message a line is. */
enum place {
	IN_HEADER,
	ELSEWHERE,
	IN_STATUS, /* a part of the type message/delivery-status */
};

static void
look_for_token(const char *bounces, struct pst_str line, struct pst_bounce *out)
{
	static const char *const names[] = {"Delivered-To", "X-Original-To",
	    "To", "Original-Recipient", "Final-Recipient"};
	struct pst_str value;

	for (size_t i = 0; out->token.len == 0 && i < PST_COUNT(names); i++)
		if (is_named(line, names[i], &value))
			out->token = find_token(bounces, value);
}

static void
look_for_status(
    struct pst_arena *arena, struct pst_str line, struct pst_bounce *out)
{
	struct pst_str value;

	if (is_named(line, "Action", &value) &&
	    pst_str_ieq(value, PST_STR("failed")))
		out->failed = true;
	else if (is_named(line, "Diagnostic-Code", &value) ||
	    (out->why[0] == '\0' && is_named(line, "Status", &value)))
		out->why = pst_escaped(arena, pst_str_first(value, MAX_WHY));
}

static enum place
next_place(enum place place, struct pst_str line)
{
	struct pst_str value;

	if (place == IN_HEADER)
		return line.len == 0 ? ELSEWHERE : IN_HEADER;
	if (pst_str_starts(line, PST_STR("--")))
		return ELSEWHERE;
	if (is_named(line, "Content-Type", &value) &&
	    pst_str_istarts(value, PST_STR("message/delivery-status")))
		return IN_STATUS;
	return place;
}

void
pst_bounce_read(struct pst_arena *arena, const char *bounces,
    const char *recipient, struct pst_str message, struct pst_bounce *out)
{
	enum place place = IN_HEADER;
	struct pst_str line;
	bool more = true;

	*out = (struct pst_bounce){.why = ""};
	if (recipient != NULL)
		out->token = pst_bounce_token(bounces, pst_str(recipient));
	while (pst_str_split(&message, '\n', &line, &more)) {
		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		place = next_place(place, line);
		if (recipient == NULL && place != ELSEWHERE)
			look_for_token(bounces, line, out);
		if (place == IN_STATUS)
			look_for_status(arena, line, out);
	}
}
