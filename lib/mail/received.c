/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/received.h"

#include "base/domain.h"

#define MAX_WORD 1024 /* octets; a longer name is ignored */

enum token {
	TOKEN_WORD,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_END,
};

/* The state of reading a field up to "by". */
struct reader {
	struct pst_str rest;
	unsigned depth;    /* of open comments */
	unsigned comments; /* begun, not counting nested ones */
	unsigned words;    /* in this comment */
	bool wants_helo;   /* the previous word was HELO or EHLO */
	bool odd;          /* holds something that no known MTA writes */
	bool placed;       /* the address is where known MTAs put it */
	bool doubted;      /* "(may be forged)" */
	bool only_pairs;   /* comments hold nothing but helo= and port= */
	struct pst_str before;
	struct pst_str helo;
	struct pst_str name;
	struct pst_ip ip;
};

static bool
is_space(char c)
{
	return pst_is_wsp(c) || c == '\n';
}

static bool
is_mark(char c)
{
	return c == '(' || c == ')' || c == ';';
}

/* Returns word as a C string; "" if it cannot be an argument in SMTP. */
static const char *
clean_word(struct pst_arena *arena, struct pst_str word)
{
	if (word.len == 0 || word.len > MAX_WORD)
		return "";
	for (size_t i = 0; i < word.len; i++) {
		unsigned char c = (unsigned char)word.ptr[i];

		if (c < 0x20 || c == 0x7f)
			return "";
	}
	return pst_arena_memdup(arena, word.ptr, word.len);
}

static bool
is_odd(struct pst_str word)
{
	return !pst_str_is_printable(word) ||
	    pst_str_find(word, '\\') < word.len ||
	    pst_str_find(word, '"') < word.len;
}

/* Reads a token. A word holds neither blanks nor any of ( ) ; */
static enum token
next_token(struct reader *reader, struct pst_str *word)
{
	struct pst_str *rest = &reader->rest;
	size_t end = 0;

	while (rest->len > 0 &&
	    (is_space(rest->ptr[0]) ||
		(rest->ptr[0] == ';' && reader->depth > 0)))
		*rest = pst_str_from(*rest, 1);
	if (rest->len == 0 || rest->ptr[0] == ';')
		return TOKEN_END;
	while (end < rest->len && !is_space(rest->ptr[end]) &&
	    !is_mark(rest->ptr[end]))
		end++;
	if (end > 0) {
		*word = pst_str_first(*rest, end);
		*rest = pst_str_from(*rest, end);
		reader->odd = reader->odd || is_odd(*word);
		return TOKEN_WORD;
	}
	*word = pst_str_first(*rest, 1);
	*rest = pst_str_from(*rest, 1);
	return word->ptr[0] == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
}

/* Parses "[192.0.2.1]", "[IPv6:2001:db8::1]:25" or "192.0.2.1". */
static bool
parse_address(struct pst_str word, struct pst_ip *out)
{
	if (word.len > 0 && word.ptr[0] == '[')
		word = pst_str_from(
		    pst_str_first(word, pst_str_find(word, ']')), 1);
	return pst_ip_parse(word, out);
}

/* Whether word is in brackets, with nothing or a port after them. */
static bool
is_literal(struct pst_str word)
{
	size_t end = pst_str_find(word, ']');
	struct pst_str behind = pst_str_from(word, end + 1);
	uint64_t port;

	if (end == word.len || word.ptr[0] != '[')
		return false;
	return behind.len == 0 ||
	    (behind.ptr[0] == ':' &&
		pst_str_to_u64(pst_str_from(behind, 1), 65535, &port));
}

static void
take_address(struct reader *reader, struct pst_str word)
{
	struct pst_ip found;

	reader->only_pairs = false;
	if (reader->ip.family != PST_IP_NONE || !parse_address(word, &found))
		return;
	reader->ip = found;
	reader->name = reader->before;
	reader->placed = is_literal(word) && reader->comments == 1 &&
	    reader->depth == 1 && reader->words <= 2 &&
	    pst_str_find(reader->before, '[') == reader->before.len;
}

/* Takes a word inside a comment. */
static void
take_comment_word(struct reader *reader, struct pst_str word)
{
	reader->words++;
	if (reader->wants_helo) {
		reader->wants_helo = false;
		reader->helo = word;
	} else if (pst_str_istarts(word, PST_STR("helo="))) {
		reader->helo = pst_str_from(word, 5);
	} else if (pst_str_ieq(word, PST_STR("helo")) ||
	    pst_str_ieq(word, PST_STR("ehlo"))) {
		reader->helo = PST_STR("");
		reader->wants_helo = true;
		reader->only_pairs = false;
		reader->words++;
	} else if (!pst_str_istarts(word, PST_STR("port="))) {
		reader->doubted =
		    reader->doubted || pst_str_ieq(word, PST_STR("forged"));
		take_address(reader, word);
		reader->before = word;
	}
}

static void
open_comment(struct reader *reader)
{
	if (reader->depth++ > 0)
		return;
	reader->comments++;
	reader->words = 0;
	reader->before = PST_STR("");
}

static void
close_comment(struct reader *reader)
{
	if (reader->depth > 0)
		reader->depth--;
	else
		reader->odd = true;
	reader->wants_helo = false;
}

/* Reads up to and including "by"; false if there is none. */
static bool
read_from_part(struct reader *reader)
{
	struct pst_str word;

	for (;;) {
		switch (next_token(reader, &word)) {
		case TOKEN_END:
			return false;
		case TOKEN_OPEN:
			open_comment(reader);
			break;
		case TOKEN_CLOSE:
			close_comment(reader);
			break;
		case TOKEN_WORD:
			if (reader->depth > 0) {
				take_comment_word(reader, word);
				break;
			}
			if (pst_str_ieq(word, PST_STR("by")))
				return true;
			reader->odd = true;
			break;
		}
	}
}

static const char *
read_by(struct pst_arena *arena, struct reader *reader)
{
	struct pst_str word;
	const char *host;

	if (next_token(reader, &word) != TOKEN_WORD)
		return "";
	if (is_literal(word))
		return clean_word(arena, word);
	host = pst_domain_normalize(arena, word);
	return host == NULL ? "" : host;
}

/* Reads what follows the writer's name: its address, and the protocol. */
static void
read_rest(
    struct pst_arena *arena, struct reader *reader, struct pst_received *out)
{
	struct pst_str word;
	bool at_protocol = false;

	for (;;) {
		switch (next_token(reader, &word)) {
		case TOKEN_END:
			return;
		case TOKEN_OPEN:
			reader->depth++;
			break;
		case TOKEN_CLOSE:
			reader->depth -= reader->depth > 0;
			break;
		case TOKEN_WORD:
			if (reader->depth > 0) {
				if (out->by_ip.family == PST_IP_NONE)
					(void)parse_address(word, &out->by_ip);
				break;
			}
			if (at_protocol) {
				out->with = clean_word(arena, word);
				return;
			}
			at_protocol = pst_str_ieq(word, PST_STR("with"));
			break;
		}
	}
}

static void
read_writer(
    struct pst_arena *arena, struct reader *reader, struct pst_received *out)
{
	out->by = read_by(arena, reader);
	read_rest(arena, reader, out);
}

void
pst_received_parse(
    struct pst_arena *arena, struct pst_str value, struct pst_received *out)
{
	struct reader reader = {.rest = value, .only_pairs = true};
	struct pst_str word, first;
	bool has_by;

	*out =
	    (struct pst_received){.name = "", .helo = "", .by = "", .with = ""};
	if (next_token(&reader, &word) != TOKEN_WORD)
		return;
	/* A host that names no client, such as one of Gmail's inner ones. */
	if (pst_str_ieq(word, PST_STR("by"))) {
		read_writer(arena, &reader, out);
		return;
	}
	if (!pst_str_ieq(word, PST_STR("from")) ||
	    next_token(&reader, &first) != TOKEN_WORD)
		return;
	reader.helo = first;
	has_by = read_from_part(&reader);
	out->sure = has_by && !reader.odd;
	if (reader.ip.family == PST_IP_NONE && first.ptr[0] == '[') {
		(void)parse_address(first, &reader.ip);
		reader.placed = is_literal(first) && reader.only_pairs;
	}
	if (pst_str_ieq(reader.name, PST_STR("unknown")))
		reader.name = PST_STR("");
	if (reader.name.len > 1 && reader.name.ptr[reader.name.len - 1] == '.')
		reader.name.len--;
	out->ip = reader.ip;
	out->doubted = reader.doubted;
	out->name = clean_word(arena, reader.name);
	out->helo = clean_word(arena, reader.helo);
	if (has_by)
		read_writer(arena, &reader, out);
	out->sure = out->sure && reader.ip.family != PST_IP_NONE &&
	    reader.placed && out->by[0] != '\0' &&
	    (out->helo[0] != '\0' || reader.helo.len == 0);
}
