/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "store/redact.h"

#include "base/buf.h"
#include "base/digest.h"
#include "mail/address.h"

#define HASH_CHARS 16
#define MAX_FIELD 8192
#define MAX_SUBJECT 400
/*
 * Lines are folded at blanks to WANTED_LINE octets. A longer word is folded at
 * MAX_LINE, before it reaches the limit of RFC 5322.
 */
#define WANTED_LINE 76
#define MAX_LINE 900

/* What addresses look like in a field. */
enum kind {
	KIND_ADDRESSES, /* the whole word before the @ is a local part */
	KIND_TAGS,      /* a word may begin with a name and "=" */
	KIND_IDS,       /* message identifiers, which are not mailboxes */
	KIND_TEXT,
};

/*
 * The fields that a report may quote, apart from Subject. All others are left
 * out, including those that other filters add.
 */
static const struct field {
	struct pst_str name; /* its length is compared first */
	enum kind kind;
	bool recipient;
} fields[] = {
    {PST_STR_INIT("Return-Path"), KIND_ADDRESSES, false},
    {PST_STR_INIT("Received"), KIND_ADDRESSES, false},
    {PST_STR_INIT("Authentication-Results"), KIND_TAGS, false},
    {PST_STR_INIT("Received-SPF"), KIND_TAGS, false},
    {PST_STR_INIT("DKIM-Signature"), KIND_TAGS, false},
    {PST_STR_INIT("ARC-Seal"), KIND_TAGS, false},
    {PST_STR_INIT("ARC-Message-Signature"), KIND_TAGS, false},
    {PST_STR_INIT("ARC-Authentication-Results"), KIND_TAGS, false},
    {PST_STR_INIT("From"), KIND_ADDRESSES, false},
    {PST_STR_INIT("Sender"), KIND_ADDRESSES, false},
    {PST_STR_INIT("Reply-To"), KIND_ADDRESSES, false},
    {PST_STR_INIT("Resent-From"), KIND_ADDRESSES, false},
    {PST_STR_INIT("To"), KIND_ADDRESSES, true},
    {PST_STR_INIT("Cc"), KIND_ADDRESSES, true},
    {PST_STR_INIT("Date"), KIND_TEXT, false},
    {PST_STR_INIT("Message-ID"), KIND_IDS, false},
    {PST_STR_INIT("List-Id"), KIND_ADDRESSES, false},
    {PST_STR_INIT("MIME-Version"), KIND_TEXT, false},
    {PST_STR_INIT("Auto-Submitted"), KIND_TEXT, false},
    {PST_STR_INIT("User-Agent"), KIND_TEXT, false},
    {PST_STR_INIT("X-Mailer"), KIND_TEXT, false},
};

const char *
pst_redact_local(
    struct pst_arena *arena, struct pst_str local, const char *secret)
{
	unsigned char digest[PST_DIGEST_BYTES];
	char hex[PST_DIGEST_HEX_SIZE];
	char *lower = pst_arena_memdup(arena, local.ptr, local.len);

	for (size_t i = 0; i < local.len; i++)
		lower[i] = pst_lower(lower[i]);
	pst_digest_hmac(
	    pst_str(secret), (struct pst_str){lower, local.len}, digest);
	return pst_arena_memdup(arena, pst_digest_hex(digest, hex), HASH_CHARS);
}

const char *
pst_redact_path(
    struct pst_arena *arena, struct pst_str path, const char *secret)
{
	struct pst_path parsed;

	pst_reverse_path_parse(arena, path, &parsed);
	if (parsed.null)
		return "<>";
	if (!parsed.valid || parsed.domain == NULL)
		return "";
	return pst_arena_printf(arena, "<%s@%s>",
	    pst_redact_local(arena, parsed.local, secret), parsed.domain);
}

/* Returns whether c occurs in unquoted local parts, by rule or in practice. */
static bool
is_local_char(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f &&
	    strchr("<>()[]:;,\"@", c) == NULL;
}

/* Returns where the local part before text[at], an @, begins. */
static size_t
local_begin(struct pst_str text, size_t at, enum kind kind)
{
	size_t begin = at;
	size_t equals;

	if (at > 0 && text.ptr[at - 1] == '"') {
		begin = pst_str_rfind(pst_str_first(text, at - 1), '"');
		return begin < at - 1 ? begin : at;
	}
	while (begin > 0 && is_local_char(text.ptr[begin - 1]))
		begin--;
	if (kind != KIND_TAGS)
		return begin;
	equals =
	    pst_str_find((struct pst_str){text.ptr + begin, at - begin}, '=');
	return begin + equals < at ? begin + equals + 1 : begin;
}

/* Returns value with its local parts hashed. */
static struct pst_str
hash_locals(struct pst_arena *arena, struct pst_str value, enum kind kind,
    const char *secret)
{
	struct pst_buf buf;
	size_t done = 0, at;

	pst_buf_init(&buf, arena, 4 * MAX_FIELD);
	for (at = 0; at < value.len; at++) {
		size_t begin;

		if (value.ptr[at] != '@')
			continue;
		begin = local_begin(value, at, kind);
		if (begin < done)
			begin = done;
		pst_buf_add(
		    &buf, (struct pst_str){value.ptr + done, begin - done});
		if (begin < at)
			pst_buf_add_text(&buf,
			    pst_redact_local(arena,
				(struct pst_str){value.ptr + begin, at - begin},
				secret));
		done = at;
	}
	pst_buf_add(&buf, pst_str_from(value, done));
	return pst_buf_slice(&buf);
}

/*
 * Makes each run of blanks and folds one blank, escapes octets that are not
 * printable, and makes links unusable.
 */
static struct pst_str
tame(struct pst_arena *arena, struct pst_str value)
{
	static const struct pst_str http = PST_STR_INIT("http");
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 8 * MAX_FIELD);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			if (buf.len > 0 && buf.ptr[buf.len - 1] != ' ')
				pst_buf_add_char(&buf, ' ');
		} else if (pst_str_istarts(pst_str_from(value, i), http)) {
			pst_buf_add_text(&buf, "hxxp");
			i += http.len - 1;
		} else {
			pst_buf_add_escaped(&buf, (struct pst_str){&c, 1});
		}
	}
	return pst_str_trim(pst_buf_slice(&buf));
}

static void
add_folded(struct pst_buf *out, const char *name, struct pst_str value)
{
	size_t line = strlen(name) + 1;
	struct pst_str word;
	bool more = true;

	pst_buf_printf(out, "%s:", name);
	while (pst_str_split(&value, ' ', &word, &more)) {
		if (line + 1 + word.len > WANTED_LINE &&
		    line > strlen(name) + 1) {
			pst_buf_add_char(out, '\n');
			line = 0;
		}
		for (;;) {
			struct pst_str part = pst_str_first(word, MAX_LINE);

			pst_buf_add_char(out, ' ');
			pst_buf_add(out, part);
			line += 1 + part.len;
			if (part.len == word.len)
				break;
			word = pst_str_from(word, part.len);
			pst_buf_add_char(out, '\n');
			line = 0;
		}
	}
	pst_buf_add_char(out, '\n');
}

static const struct field *
find_field(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(fields); i++) {
		if (pst_str_ieq(name, fields[i].name))
			return &fields[i];
	}
	return NULL;
}

bool
pst_redact_quotes(const struct pst_config *config, struct pst_str name)
{
	const struct field *known = find_field(name);

	if (known == NULL)
		return config->failures.subject &&
		    pst_str_ieq(name, PST_STR("Subject"));
	return !known->recipient || config->failures.recipients;
}

const char *
pst_redact_subject(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret)
{
	const struct pst_header_field *field =
	    pst_header_find(header, "Subject", 1);
	struct pst_str text;

	if (!config->failures.subject || field == NULL)
		return "";
	/* A subject may contain an address, too. */
	text = hash_locals(arena, pst_str_first(field->value, MAX_FIELD),
	    KIND_ADDRESSES, secret);
	text = pst_str_first(tame(arena, text), MAX_SUBJECT);
	return pst_arena_memdup(arena, text.ptr, text.len);
}

const char *
pst_redact_header(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const char *secret)
{
	struct pst_buf out;
	struct pst_str value, whole;
	size_t i, last = 0;

	pst_buf_init(&out, arena, PST_REDACT_MAX_HEADER);
	for (i = 0; i < header->count && !pst_buf_overflowed(&out); i++) {
		const struct pst_header_field *field = &header->fields[i];
		const struct field *known = find_field(field->name);

		if (!pst_redact_quotes(config, field->name))
			continue;
		last = out.len;
		value = pst_str_first(field->value, MAX_FIELD);
		if (known != NULL) {
			if (known->kind == KIND_ADDRESSES ||
			    known->kind == KIND_TAGS)
				value = hash_locals(
				    arena, value, known->kind, secret);
			add_folded(&out, known->name.ptr, tame(arena, value));
		} else {
			add_folded(&out, "Subject",
			    tame(arena,
				hash_locals(
				    arena, value, KIND_ADDRESSES, secret)));
		}
	}
	/* Drop the last field if it is not whole. */
	whole = pst_buf_slice(&out);
	if (pst_buf_overflowed(&out))
		whole.len = last;
	return pst_arena_memdup(arena, whole.ptr, whole.len);
}
