/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dkim_text.h"

#include "auth/dkim_key.h"
#include "base/buf.h"

/* Shorter keys can be broken (RFC 8301 s. 3.2), or are no longer advised. */
#define MIN_BITS 1024
#define GOOD_BITS 2048

/* The record, while it is examined. */
struct text_check {
	const struct pst_dkim_text *what;
	struct pst_arena *arena;
	struct pst_tag_list tags;
	struct pst_dkim_text_key *out;
};

static void
say(const struct text_check *check, const char *name, struct pst_str term,
    const char *sentence, const char *instead)
{
	struct pst_finding_place place = {
	    check->what->at, check->what->text, term};

	pst_finding_add(check->what->list, name, &place, sentence, instead);
}

static const struct pst_str whole = {NULL, 0};
static const char new_key[] =
    "a new key of 2048 bits, which postern record dkim makes";

static bool
has_text(struct pst_str text, struct pst_str part)
{
	for (size_t i = 0; i + part.len <= text.len; i++)
		if (pst_str_istarts(pst_str_from(text, i), part))
			return true;
	return false;
}

bool
pst_dkim_text_is_meant(struct pst_str text)
{
	return !pst_str_istarts(text, PST_STR("v=spf1")) &&
	    !pst_str_istarts(text, PST_STR("v=DMARC1")) &&
	    (has_text(text, PST_STR("DKIM1")) ||
		has_text(text, PST_STR("p=")) ||
		has_text(text, PST_STR("k=rsa")));
}

/* ---- octets ---- */

/*
 * Returns the text without line ends, as receivers read it, and names them.
 * *fatal: it has another control octet.
 */
static struct pst_str
check_octets(const struct text_check *check, bool *fatal)
{
	struct pst_str text = check->what->text;
	char *copy = pst_arena_memdup(check->arena, text.ptr, text.len);
	size_t line_end = text.len;

	*fatal = false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '\n' || c == '\r') {
			copy[i] = ' ';
			line_end = line_end == text.len ? i : line_end;
		} else if (!*fatal && (c == 0x7f || (c < ' ' && c != '\t'))) {
			*fatal = true;
			say(check, "dkim-malformed",
			    (struct pst_str){text.ptr + i, 1},
			    "The record has a control octet in it, so "
			    "receivers cannot read it.",
			    "the record on one line, in plain ASCII");
		}
	}
	if (line_end < text.len)
		say(check, "dkim-bare-lf",
		    (struct pst_str){text.ptr + line_end, 1},
		    "The record has a line end in it. Some receivers refuse "
		    "such a key, so signatures fail there.",
		    "the record on one line");
	return (struct pst_str){copy, text.len};
}

/* ---- a text that is not a list of tags ---- */

static void
say_malformed(const struct text_check *check, enum pst_tag_status status)
{
	struct pst_str text = check->what->text;
	size_t quote = pst_str_find(text, '"');
	size_t backslash = pst_str_find(text, '\\');
	const char *sentence =
	    "The record is not a list of \"tag=value\" with semicolons "
	    "between, so receivers cannot read the key.";
	const char *instead = "v=DKIM1; k=rsa; p=...";
	struct pst_str term = whole;

	if (status == PST_TAGS_DUPLICATE) {
		sentence = "A tag appears twice, so receivers cannot use the "
			   "record.";
		instead = "each tag once";
	} else if (quote < text.len) {
		term = (struct pst_str){text.ptr + quote, 1};
		sentence = "The record has quotation marks inside, so "
			   "receivers cannot read the key.";
		instead = "the record without quotation marks, if a web panel "
			  "asks for it";
	} else if (backslash < text.len) {
		term = (struct pst_str){text.ptr + backslash, 1};
		sentence = "The record has a backslash in it, so receivers "
			   "cannot read the key.";
		instead = "the record without backslashes, if a web panel "
			  "asks for it";
	}
	say(check, "dkim-malformed", term, sentence, instead);
}

/* ---- tags ---- */

/* The same octets in the record itself: the tags are in a copy of it. */
static struct pst_str
in_record(
    const struct text_check *check, struct pst_str copied, struct pst_str value)
{
	return (struct pst_str){
	    check->what->text.ptr + (value.ptr - copied.ptr), value.len};
}

static bool
lists(struct pst_str list, const char *word)
{
	struct pst_str part;
	bool more = true;

	while (pst_str_split(&list, ':', &part, &more))
		if (pst_str_eq(pst_str_trim(part), pst_str(word)))
			return true;
	return false;
}

static bool
check_version(const struct text_check *check, struct pst_str copied)
{
	const struct pst_tag *v = pst_tag_find(&check->tags, "v");

	if (v == NULL)
		return true;
	if (!pst_str_eq(v->value, PST_STR("DKIM1"))) {
		say(check, "dkim-wrong-version",
		    in_record(check, copied, v->value),
		    "The record's version is not DKIM1, so receivers ignore "
		    "the key.",
		    "v=DKIM1");
		return false;
	}
	if (v != check->tags.tags) {
		say(check, "dkim-wrong-version",
		    in_record(check, copied, v->value),
		    "v=DKIM1 is not the first tag, so receivers ignore the "
		    "key.",
		    "v=DKIM1 in front of all other tags");
		return false;
	}
	return true;
}

static bool
check_type(const struct text_check *check, struct pst_str copied)
{
	const struct pst_tag *k = pst_tag_find(&check->tags, "k");

	check->out->type = "rsa";
	if (k == NULL || pst_str_eq(k->value, PST_STR("rsa")))
		return true;
	check->out->type = "ed25519";
	if (pst_str_eq(k->value, PST_STR("ed25519")))
		return true;
	check->out->type = NULL;
	say(check, "dkim-wrong-type", in_record(check, copied, k->value),
	    pst_arena_printf(check->arena,
		"The type \"%s\" of the key is not known, so receivers ignore "
		"it. The types are rsa and ed25519.",
		pst_escaped(check->arena, pst_str_first(k->value, 40))),
	    "k=rsa");
	return false;
}

/* h= and s= say for what the key may be used. */
static bool
check_uses(const struct text_check *check, struct pst_str copied)
{
	const struct pst_tag *h = pst_tag_find(&check->tags, "h");
	const struct pst_tag *s = pst_tag_find(&check->tags, "s");
	bool ok = true;

	if (h != NULL && !lists(h->value, "sha256")) {
		ok = false;
		say(check, "dkim-sha1-only", in_record(check, copied, h->value),
		    "h= does not allow sha256, and receivers accept nothing "
		    "else (RFC 8301).",
		    "h=sha256, or no h=");
	}
	if (s != NULL && !lists(s->value, "email") && !lists(s->value, "*")) {
		ok = false;
		say(check, "dkim-not-email-service",
		    in_record(check, copied, s->value),
		    "s= does not allow the key for mail, so receivers ignore "
		    "it.",
		    "s=email, or no s=");
	}
	return ok;
}

static void
check_flags(const struct text_check *check, struct pst_str copied)
{
	const struct pst_tag *t = pst_tag_find(&check->tags, "t");

	if (t == NULL)
		return;
	if (lists(t->value, "y"))
		say(check, "dkim-test", in_record(check, copied, t->value),
		    "t=y says that DKIM is only being tested; receivers may "
		    "treat signed mail as unsigned.",
		    "no t=y, when you have tested");
	if (lists(t->value, "s"))
		say(check, "dkim-strict", in_record(check, copied, t->value),
		    "t=s allows signatures for addresses of the domain itself "
		    "only, and not of its sub-domains.",
		    NULL);
}

/* ---- the key ---- */

static void
check_length(const struct text_check *check)
{
	unsigned bits = check->out->bits;

	if (bits == 0 || strcmp(check->out->type, "rsa") != 0)
		return;
	if (bits < MIN_BITS) {
		check->out->usable = false;
		say(check, "dkim-weak-key", whole,
		    pst_arena_printf(check->arena,
			"The key has %u bits. Anybody can break it and sign in "
			"your name, and receivers ignore it.",
			bits),
		    new_key);
	} else if (bits < GOOD_BITS) {
		say(check, "dkim-short-key", whole,
		    pst_arena_printf(check->arena,
			"The key has %u bits; %d are advised (RFC 8301).", bits,
			GOOD_BITS),
		    new_key);
	} else if (bits > PST_DKIM_MAX_KEY_BITS) {
		say(check, "dkim-long-key", whole,
		    pst_arena_printf(check->arena,
			"The key has %u bits. Receivers need not accept more "
			"than %d.",
			bits, PST_DKIM_MAX_KEY_BITS),
		    new_key);
	}
}

static void
say_bad_key(const struct text_check *check, struct pst_str p)
{
	const char *sentence =
	    "p= is not the key that its type requires: it was cut, or it was "
	    "changed on the way into the DNS.";

	if (!pst_dkim_value_is_base64(p))
		sentence = "p= is not base64, so receivers cannot read the "
			   "key.";
	else if (strcmp(check->out->type, "ed25519") == 0)
		sentence = "p= is not a key of 32 octets, which k=ed25519 "
			   "requires (RFC 8463); a key with an ASN.1 head is "
			   "not accepted.";
	say(check, "dkim-malformed", whole, sentence,
	    "the p= that your signer shows");
}

static void
check_key(const struct text_check *check, struct pst_str p)
{
	enum pst_dkim_algorithm algorithm =
	    strcmp(check->out->type, "rsa") == 0 ? PST_DKIM_RSA_SHA256 :
						   PST_DKIM_ED25519_SHA256;
	const char *text = pst_arena_printf(
	    check->arena, "k=%s; p=%.*s", check->out->type, PST_STR_ARG(p));
	struct pst_dkim_key key;

	if (!pst_dkim_key_read(
		check->arena, pst_str(text), algorithm, 0, &key) ||
	    key.why == PST_DKIM_WHY_KEY_MALFORMED) {
		say_bad_key(check, p);
		return;
	}
	check->out->bits = key.bits;
	if (key.why == PST_DKIM_WHY_KEY_EXPONENT)
		say(check, "dkim-malformed", whole,
		    "The exponent of the key is not a sound one, so receivers "
		    "may refuse it.",
		    new_key);
	check->out->usable = key.why != PST_DKIM_WHY_KEY_EXPONENT;
	check_length(check);
}

static void
check_tags(const struct text_check *check, struct pst_str copied)
{
	const struct pst_tag *p = pst_tag_find(&check->tags, "p");
	bool ok = check_version(check, copied);
	struct pst_str key;

	ok = check_type(check, copied) && ok;
	ok = check_uses(check, copied) && ok;
	check_flags(check, copied);
	if (p == NULL) {
		say(check, "dkim-malformed", whole,
		    "The record has no p=, so there is no key.",
		    "v=DKIM1; k=rsa; p=...");
		return;
	}
	key = pst_tag_squeeze(check->arena, p->value);
	if (key.len == 0) {
		say(check, "dkim-revoked", in_record(check, copied, p->value),
		    "The key was revoked: p= is empty, and signatures with "
		    "this selector fail.",
		    NULL);
		return;
	}
	if (check->out->type != NULL)
		check_key(check, key);
	check->out->usable = check->out->usable && ok;
}

void
pst_dkim_text_check(
    const struct pst_dkim_text *what, struct pst_dkim_text_key *out)
{
	struct text_check check = {
	    .what = what, .arena = what->list->arena, .out = out};
	enum pst_tag_status status;
	struct pst_str copied;
	bool fatal;

	*out = (struct pst_dkim_text_key){.usable = false};
	copied = check_octets(&check, &fatal);
	if (fatal)
		return;
	status = pst_tag_list_parse(
	    check.arena, copied, PST_DKIM_MAX_TAGS, true, &check.tags);
	if (status == PST_TAGS_OK && !has_text(copied, PST_STR("\\;")))
		check_tags(&check, copied);
	else
		say_malformed(&check, status);
}
