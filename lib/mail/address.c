/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/address.h"

#include "base/domain.h"
#include "base/ip.h"
#include "mail/token.h"

/* Room for a domain as written; a longer one never fits in 253 octets. */
#define DOMAIN_TEXT_MAX 1024

struct parser {
	struct pst_scan scan;
	struct pst_arena *arena;
	struct pst_from *out;
	bool in_group;
	bool may_start;   /* an address may come next: at the start, after a
	                     comma or after a group's colon */
	size_t addresses; /* mailboxes and groups */
	size_t domainless;
};

/* The words before an `@`, `<` or `:`. */
struct words {
	bool is_empty;
	bool is_phrase; /* phrase, obs-phrase */
	bool is_local;  /* local-part, obs-local-part, with dots anywhere */
	struct pst_str text; /* without the CFWS at its ends */
};

struct domain_text {
	char text[DOMAIN_TEXT_MAX];
	size_t len;
	bool is_literal;
	struct pst_str literal;
};

static const char *const verdict_words[] = {
    [PST_FROM_SINGLE] = "single",
    [PST_FROM_MULTI] = "multi",
    [PST_FROM_NONE] = "none",
    [PST_FROM_MALFORMED] = "malformed",
};

const char *
pst_from_verdict_word(enum pst_from_verdict verdict)
{
	return verdict_words[verdict];
}

static bool
fail(struct parser *p, const char *why)
{
	p->out->why = why;
	return false;
}

static bool
next_is(const struct pst_scan *scan, char c)
{
	return scan->pos < scan->text.len && scan->text.ptr[scan->pos] == c;
}

static bool
skip_cfws(struct parser *p)
{
	return pst_scan_cfws(&p->scan) || fail(p, "a comment is not closed");
}

/*
 * Bidirectional controls: U+061C, U+200E-200F, U+202A-202E, U+2066-2069. In a
 * local part they can make the domain look like another one. s is UTF-8.
 */
static bool
has_bidi_control(struct pst_str s)
{
	for (size_t i = 0; i + 1 < s.len; i++) {
		const unsigned char *c = (const unsigned char *)s.ptr + i;

		if (c[0] == 0xd8 && c[1] == 0x9c)
			return true;
		if (i + 2 >= s.len || c[0] != 0xe2)
			continue;
		if (c[1] == 0x80 &&
		    ((c[2] >= 0xaa && c[2] <= 0xae) || c[2] == 0x8e ||
			c[2] == 0x8f))
			return true;
		if (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)
			return true;
	}
	return false;
}

/* RFC 2047 s. 5 bans encoded-words in addresses; some readers decode them. */
static bool
has_encoded_word(struct pst_str s)
{
	bool open = false;

	for (size_t i = 0; i + 1 < s.len; i++) {
		if (!open && s.ptr[i] == '=' && s.ptr[i + 1] == '?')
			open = true;
		else if (open && s.ptr[i] == '?' && s.ptr[i + 1] == '=')
			return true;
	}
	return false;
}

/*
 * Reads words, dots and CFWS, as many as there are. What they are is decided
 * only afterwards, so the parser never has to go back.
 */
static bool
scan_words(struct parser *p, struct words *out)
{
	size_t start = p->scan.pos, end = start;
	bool after_word = false;

	*out = (struct words){.is_empty = true, .is_local = true};
	for (;;) {
		struct pst_str word;
		bool is_dot = pst_scan_char(&p->scan, '.');

		if (!is_dot && !pst_scan_atom(&p->scan, &word) &&
		    !pst_scan_quoted(&p->scan, p->arena, &word))
			break;
		if (out->is_empty)
			out->is_phrase = !is_dot;
		/*
		 * A local part is words with dots between them. Real addresses
		 * have dots at its ends and several in a row, too.
		 */
		if (!is_dot && after_word)
			out->is_local = false;
		after_word = !is_dot;
		out->is_empty = false;
		end = p->scan.pos;
		if (!skip_cfws(p))
			return false;
	}
	out->text =
	    pst_str_first(pst_str_from(p->scan.text, start), end - start);
	return true;
}

/*
 * The words before an `@` must be a plain local part. Octets that are not UTF-8
 * are accepted in names and comments, where real mail has raw Latin-1, but not
 * in an address.
 */
static bool
check_local(struct parser *p, const struct words *words)
{
	if (words->is_empty)
		return fail(p, "an address has no local part");
	if (!words->is_local)
		return fail(p, "a local part is not valid");
	if (!pst_str_is_utf8(words->text) || has_bidi_control(words->text))
		return fail(p, "a local part has forbidden characters");
	if (has_encoded_word(words->text))
		return fail(p, "an address contains an encoded-word");
	return true;
}

static bool
append(struct domain_text *out, struct pst_str s)
{
	if (s.len > sizeof(out->text) - out->len)
		return false;
	memcpy(out->text + out->len, s.ptr, s.len);
	out->len += s.len;
	return true;
}

/*
 * Reads a domain, obs-domain or domain-literal and the CFWS on both sides; one
 * final dot is tolerated. The pieces are joined, so that a comment between them
 * cannot hide a part of the name.
 */
static bool
scan_domain(struct parser *p, struct domain_text *out)
{
	struct pst_str atom;

	out->len = 0;
	if (!skip_cfws(p))
		return false;
	out->is_literal = pst_scan_literal(&p->scan, &out->literal);
	if (out->is_literal)
		return skip_cfws(p);

	while (pst_scan_atom(&p->scan, &atom)) {
		if (!append(out, atom))
			return fail(p, "a domain is too long");
		if (!skip_cfws(p))
			return false;
		if (!pst_scan_char(&p->scan, '.'))
			return true;
		if (!append(out, PST_STR(".")))
			return fail(p, "a domain is too long");
		if (!skip_cfws(p))
			return false;
	}
	return out->len > 0 || fail(p, "an address has no domain");
}

static bool
keep_domain(struct parser *p, const char *domain)
{
	struct pst_from *out = p->out;

	for (size_t i = 0; i < out->domain_count; i++)
		if (strcmp(out->domains[i], domain) == 0)
			return true;
	if (out->domain_count == PST_FROM_MAX_DOMAINS)
		return fail(p, "too many domains");
	out->domains[out->domain_count++] = domain;
	return true;
}

/* Reads the part of a mailbox after its `@`. */
static bool
scan_author_domain(struct parser *p)
{
	struct domain_text raw;
	const char *domain;
	struct pst_ip ip;

	if (!scan_domain(p, &raw))
		return false;
	p->addresses++;
	if (raw.is_literal) {
		/* anything else in brackets could pass for a domain */
		if (!pst_ip_parse(pst_str_trim(raw.literal), &ip))
			return fail(p, "an address literal is not valid");
		p->domainless++;
		return true;
	}
	domain =
	    pst_domain_normalize(p->arena, (struct pst_str){raw.text, raw.len});
	if (domain == NULL)
		return fail(p, "a domain is not valid");
	if (pst_domain_labels(domain) < 2) {
		p->domainless++;
		return true;
	}
	return keep_domain(p, domain);
}

/* Skips an obs-route, from its first `@` or comma on. */
static bool
skip_route(struct parser *p)
{
	struct domain_text hop;
	bool has_hop = false;

	for (;;) {
		if (pst_scan_char(&p->scan, '@')) {
			if (!scan_domain(p, &hop))
				return false;
			has_hop = true;
		}
		if (has_hop && pst_scan_char(&p->scan, ':'))
			return skip_cfws(p);
		if (!pst_scan_char(&p->scan, ','))
			return fail(p, "a source route is not valid");
		if (!skip_cfws(p))
			return false;
	}
}

/* Reads the part of an angle-addr after its `<`. */
static bool
scan_angle(struct parser *p)
{
	struct words words;

	if (!skip_cfws(p))
		return false;
	if (next_is(&p->scan, '@') || next_is(&p->scan, ',')) {
		if (!skip_route(p))
			return false;
	}
	if (!scan_words(p, &words))
		return false;
	if (!pst_scan_char(&p->scan, '@'))
		return fail(p, "no address between angle brackets");
	if (!check_local(p, &words) || !scan_author_domain(p))
		return false;
	return pst_scan_char(&p->scan, '>') ||
	    fail(p, "angle brackets are not balanced");
}

/* Reads a mailbox, or a group up to its colon. */
static bool
scan_address(struct parser *p)
{
	struct words words;

	if (!scan_words(p, &words))
		return false;
	if (pst_scan_char(&p->scan, '@'))
		return check_local(p, &words) && scan_author_domain(p);
	if (!words.is_empty && !words.is_phrase)
		return fail(p, "a display name is not valid");
	if (pst_scan_char(&p->scan, '<'))
		return scan_angle(p);
	if (words.is_empty || !pst_scan_char(&p->scan, ':'))
		return fail(p, "an element is not an address");
	if (p->in_group)
		return fail(p, "a group is inside another group");
	p->in_group = true;
	p->may_start = true;
	p->addresses++;
	return true;
}

/*
 * Reads an address-list of RFC 6854 with the empty members of RFC 5322 s. 4.4.
 * Groups do not nest, so one flag serves as the stack.
 */
static bool
scan_list(struct parser *p)
{
	p->may_start = true;
	for (;;) {
		if (!skip_cfws(p))
			return false;
		if (pst_scan_at_end(&p->scan))
			break;
		if (pst_scan_char(&p->scan, ',')) {
			p->may_start = true;
		} else if (p->in_group && pst_scan_char(&p->scan, ';')) {
			p->in_group = false;
			p->may_start = false;
		} else if (!p->may_start) {
			return fail(p, "text follows an address");
		} else {
			p->may_start = false;
			if (!scan_address(p))
				return false;
		}
	}
	if (p->in_group)
		return fail(p, "a group is not closed");
	return p->addresses > 0 || fail(p, "no address");
}

/*
 * Whether the value consists of encoded-words only, which may be folded: some
 * program has encoded the address together with the name.
 */
static bool
is_all_encoded(struct pst_str value)
{
	bool any = false;
	size_t end;

	for (;;) {
		value = pst_str_trim(value);
		if (value.len == 0)
			return any;
		for (end = 0; end < value.len; end++) {
			if (value.ptr[end] == '\n' ||
			    pst_is_wsp(value.ptr[end]))
				break;
		}
		if (end < 4 || !pst_str_starts(value, PST_STR("=?")) ||
		    !pst_str_iends(pst_str_first(value, end), PST_STR("?=")))
			return false;
		any = true;
		value = pst_str_from(value, end);
	}
}

/* The domain of which every reader of these fields thinks; NULL: none. */
static const char *
only_domain(struct pst_arena *arena, const struct pst_str *values, size_t count)
{
	const char *only = NULL;

	if (count > PST_FROM_MAX_FIELDS)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *domain = pst_from_only_domain(arena, values[i]);

		if (domain == NULL ||
		    (only != NULL && strcmp(only, domain) != 0))
			return NULL;
		only = domain;
	}
	return only;
}

static void
parse_fields(struct pst_arena *arena, const struct pst_str *values,
    size_t count, struct pst_from *out)
{
	struct parser p = {.arena = arena, .out = out};

	*out = (struct pst_from){.verdict = PST_FROM_MALFORMED};
	if (count != 1) {
		out->fault = count == 0 ? PST_FROM_MISSING : PST_FROM_SEVERAL;
		out->why =
		    count == 0 ? "no From field" : "more than one From field";
		return;
	}
	out->domains =
	    pst_arena_array(arena, PST_FROM_MAX_DOMAINS, sizeof(*out->domains));
	p.scan.text = values[0];
	if (!scan_list(&p)) {
		out->fault = is_all_encoded(values[0]) ? PST_FROM_ENCODED :
							 PST_FROM_GRAMMAR;
		out->domain_count = 0;
		return;
	}
	if (out->domain_count > 0 && p.domainless > 0) {
		/* a pass for one address must not cover the other */
		out->fault = PST_FROM_GRAMMAR;
		out->domain_count = 0;
		out->why = "addresses with and without a domain";
		return;
	}
	if (out->domain_count > 1)
		out->verdict = PST_FROM_MULTI;
	else if (out->domain_count == 1)
		out->verdict = PST_FROM_SINGLE;
	else
		out->verdict = PST_FROM_NONE;
}

void
pst_from_parse(struct pst_arena *arena, const struct pst_str *values,
    size_t count, struct pst_from *out)
{
	parse_fields(arena, values, count, out);
	if (out->verdict == PST_FROM_MALFORMED)
		out->only_domain = only_domain(arena, values, count);
}
