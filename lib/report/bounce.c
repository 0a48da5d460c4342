/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "report/bounce.h"

#include "base/buf.h"
#include "mail/mime.h"
#include "mail/token.h"

#define MAX_WHY 200
/* Encoded messages inside each other. */
#define MAX_DEPTH 3

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

/* Returns the token in lower case, as we made it: some relays use capitals. */
static struct pst_str
lower(struct pst_arena *arena, struct pst_str token)
{
	char *copy = pst_arena_memdup(arena, token.ptr, token.len);

	for (size_t i = 0; i < token.len; i++)
		copy[i] = pst_lower(copy[i]);
	return (struct pst_str){copy, token.len};
}

/* What is known while a message is read. */
struct reading {
	struct pst_arena *arena;
	const char *bounces;
	bool wants_token; /* the fields tell who got the message */
	struct pst_bounce *out;
};

static void
look_for_token(
    const struct reading *reading, struct pst_str name, struct pst_str value)
{
	static const char *const names[] = {"Delivered-To", "X-Original-To",
	    "Envelope-To", "To", "Original-Recipient", "Final-Recipient"};

	if (!reading->wants_token)
		return;
	for (size_t i = 0; reading->out->token.len == 0 && i < PST_COUNT(names);
	     i++)
		if (pst_str_ieq(name, pst_str(names[i])))
			reading->out->token = lower(reading->arena,
			    find_token(reading->bounces, value));
}

/*
 * Returns whether the first word of a value, after comments, is this one. Some
 * write "failed (no such user)".
 */
static bool
is_word(struct pst_str value, const char *wanted)
{
	struct pst_scan scan = {value, 0};
	struct pst_str word;

	(void)pst_scan_cfws(&scan);
	return pst_scan_mime_token(&scan, &word) &&
	    pst_str_ieq(word, pst_str(wanted));
}

static void
look_for_status(
    const struct reading *reading, struct pst_str name, struct pst_str value)
{
	struct pst_bounce *out = reading->out;

	if (pst_str_ieq(name, PST_STR("Action")) && is_word(value, "failed"))
		out->failed = true;
	else if (pst_str_ieq(name, PST_STR("Diagnostic-Code")) ||
	    (out->why[0] == '\0' && pst_str_ieq(name, PST_STR("Status"))))
		out->why =
		    pst_escaped(reading->arena, pst_str_first(value, MAX_WHY));
}

static void
read_fields(const struct reading *reading, struct pst_str text, bool is_status)
{
	struct pst_str name, value;

	while (pst_mime_next_field(&text, &name, &value)) {
		value = pst_mime_unfold(reading->arena, value);
		look_for_token(reading, name, value);
		if (is_status)
			look_for_status(reading, name, value);
	}
}

static void read_message(
    const struct reading *reading, struct pst_str message, unsigned depth);

/* Reads what follows a line that begins with "--", up to the next one. */
static void
read_part(const struct reading *reading, struct pst_str text, unsigned depth)
{
	struct pst_mime_part part;
	struct pst_str type;

	part.header = pst_mime_header(text);
	part.body = pst_str_from(text, part.header.len);
	type = pst_mime_field(reading->arena, part.header, "Content-Type");
	if (type.len == 0)
		return;
	part.encoding = pst_mime_encoding(pst_mime_field(
	    reading->arena, part.header, "Content-Transfer-Encoding"));
	/* RFC 3464 s. 2, RFC 6533 s. 4 */
	if (pst_str_istarts(type, PST_STR("message/delivery-status")) ||
	    pst_str_istarts(type, PST_STR("message/global-delivery-status")))
		read_fields(
		    reading, pst_mime_decode(reading->arena, &part), true);
	else if (part.encoding != PST_MIME_AS_IS && depth < MAX_DEPTH &&
	    pst_str_istarts(type, PST_STR("message/")))
		read_message(
		    reading, pst_mime_decode(reading->arena, &part), depth + 1);
}

/*
 * Takes a line that begins with "--", and what comes before it, off *text.
 * Returns what comes before it.
 */
static struct pst_str
take_part(struct pst_str *text)
{
	struct pst_str whole = *text;
	struct pst_str line;
	bool more = true;

	while (pst_str_split(text, '\n', &line, &more))
		if (pst_str_starts(line, PST_STR("--")))
			return pst_str_first(
			    whole, (size_t)(line.ptr - whole.ptr));
	return whole;
}

/*
 * Boundaries are not compared, since many a relay damages them: a part begins
 * after the header and after each line that begins with "--".
 */
static void
read_message(
    const struct reading *reading, struct pst_str message, unsigned depth)
{
	struct pst_str part = take_part(&message);
	struct pst_str header = pst_mime_header(part);
	struct pst_str body = pst_str_from(part, header.len);

	read_fields(reading, header, false);
	read_part(reading, part, depth);
	/* The empty line after the header. */
	body = pst_str_from(body, pst_str_find(body, '\n') + 1);
	read_part(reading, body, depth);
	while (message.len > 0)
		read_part(reading, take_part(&message), depth);
}

void
pst_bounce_read(struct pst_arena *arena, const char *bounces,
    const char *recipient, struct pst_str message, struct pst_bounce *out)
{
	struct reading reading = {arena, bounces, recipient == NULL, out};

	*out = (struct pst_bounce){.why = ""};
	if (recipient != NULL)
		out->token =
		    lower(arena, pst_bounce_token(bounces, pst_str(recipient)));
	read_message(&reading, message, 0);
}
