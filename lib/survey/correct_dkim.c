/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/correct.h"

#include "auth/dkim_key.h"
#include "base/domain.h"
#include "base/macros.h"
#include "survey/dkim_text.h"
#include "survey/make_text.h"

/* Tags of key records; g= is one of the past (RFC 4871). */
static const char tags[] = "vkghsntp";
#define TAGS (sizeof(tags) - 1)

/* What OpenSSL writes in front of the 32 octets of an Ed25519 key. */
static const struct pst_str ed25519_head = PST_STR_INIT("MCowBQYDK2VwAyEA");
#define ED25519_LENGTH 44 /* octets of base64 */

struct fix {
	struct pst_arena *arena;
	struct pst_correct_notes notes;
	struct pst_str values[TAGS]; /* ptr NULL: not there */
	bool failed;                 /* what was meant is not plain */
};

static size_t
index_of(char tag)
{
	return pst_str_find(pst_str(tags), tag);
}

static struct pst_str *
value_of(struct fix *fix, char tag)
{
	return &fix->values[index_of(tag)];
}

/* Returns where " x=VALUE" begins inside a value, of a tag x; or value.len. */
static size_t
find_lost(struct pst_str value)
{
	for (size_t i = 1; i + 2 < value.len; i++) {
		char after = value.ptr[i + 2];

		/* base64 ends in "=", and a blank may be inside it */
		if (pst_is_wsp(value.ptr[i - 1]) && value.ptr[i + 1] == '=' &&
		    index_of(pst_lower(value.ptr[i])) < TAGS && after != '=' &&
		    !pst_is_wsp(after))
			return i;
	}
	return value.len;
}

static void
take_tag(struct fix *fix, size_t tag, struct pst_str value)
{
	if (fix->values[tag].ptr == NULL) {
		fix->values[tag] = value;
		return;
	}
	if (!pst_str_eq(fix->values[tag], value))
		fix->failed = true;
	pst_correct_note(&fix->notes, "%c= once", tags[tag]);
}

/* Takes one tag; returns what follows a separator that was lost. */
static struct pst_str
take_part(struct fix *fix, struct pst_str part)
{
	size_t equals = pst_str_find(part, '=');
	struct pst_str name = pst_str_trim(pst_str_first(part, equals));
	struct pst_str value = pst_str_trim(pst_str_from(part, equals + 1));
	struct pst_str rest = {NULL, 0};
	size_t lost = find_lost(value), tag;

	tag = name.len == 1 ? index_of(pst_lower(name.ptr[0])) : TAGS;
	if (equals == part.len || tag == TAGS) {
		pst_correct_note(&fix->notes, "left out %s",
		    pst_correct_shown(&fix->notes, part));
		return rest;
	}
	if (name.ptr[0] != tags[tag])
		pst_correct_note(
		    &fix->notes, "%c= instead of %c=", tags[tag], name.ptr[0]);
	if (lost < value.len) {
		rest = pst_str_from(value, lost);
		pst_correct_note(
		    &fix->notes, "a semicolon before %c=", rest.ptr[0]);
		value = pst_str_trim(pst_str_first(value, lost));
	}
	take_tag(fix, tag, value);
	return rest;
}

static void
take_parts(struct fix *fix, struct pst_str text)
{
	struct pst_str part;
	bool more = true;
	size_t count = 0;

	while (pst_str_split(&text, ';', &part, &more)) {
		part = pst_str_trim(part);
		while (part.len > 0 && !fix->failed) {
			if (count++ == PST_DKIM_MAX_TAGS)
				fix->failed = true;
			part = take_part(fix, part);
		}
	}
}

/* ---- values ---- */

static void
mend_version(struct fix *fix, struct pst_str text)
{
	struct pst_str v = *value_of(fix, 'v'), rest = text;

	while (rest.len > 0 && pst_is_wsp(rest.ptr[0]))
		rest = pst_str_from(rest, 1);
	if (v.ptr == NULL)
		return;
	if (!pst_str_istarts(v, PST_STR("dkim")))
		fix->failed = true; /* a record of something else */
	else if (!pst_str_eq(v, PST_STR("DKIM1")))
		pst_correct_note(&fix->notes, "v=DKIM1 instead of v=%s",
		    pst_correct_shown(&fix->notes, v));
	else if (rest.len > 0 && pst_lower(rest.ptr[0]) != 'v')
		pst_correct_note(&fix->notes, "v=DKIM1 at the start");
}

/* Removes the lines around a key in PEM, and blanks. */
static void
mend_key(struct fix *fix)
{
	static const struct pst_str marks[] = {
	    PST_STR_INIT("-----BEGINPUBLICKEY-----"),
	    PST_STR_INIT("-----ENDPUBLICKEY-----")};
	struct pst_str *p = value_of(fix, 'p');

	*p = pst_tag_squeeze(fix->arena, *p);
	if (pst_str_starts(*p, marks[0])) {
		*p = pst_str_from(*p, marks[0].len);
		pst_correct_note(&fix->notes, "p= without the line BEGIN");
	}
	if (pst_str_iends(*p, marks[1])) {
		p->len -= marks[1].len;
		pst_correct_note(&fix->notes, "p= without the line END");
	}
	if (pst_str_starts(*p, ed25519_head) &&
	    p->len == ed25519_head.len + ED25519_LENGTH) {
		*p = pst_str_from(*p, ed25519_head.len);
		pst_correct_note(
		    &fix->notes, "p= without the ASN.1 head of the key");
	}
}

/* A key of 32 octets is one of Ed25519, and no RSA key is so short. */
static void
mend_type(struct fix *fix)
{
	struct pst_str k = *value_of(fix, 'k');
	const char *meant = "rsa";

	if (value_of(fix, 'p')->len == ED25519_LENGTH)
		meant = "ed25519";
	else if (k.ptr == NULL || pst_str_eq(k, PST_STR("rsa")))
		return;
	if (pst_str_eq(k, pst_str(meant)))
		return;
	/* any other type may be right, and its key one that is not known */
	if (k.ptr != NULL && !pst_str_istarts(k, PST_STR("rsa")) &&
	    !pst_str_istarts(k, PST_STR("ed25519")))
		fix->failed = true;
	*value_of(fix, 'k') = pst_str(meant);
	pst_correct_note(&fix->notes, "k=%s instead of %s%s", meant,
	    k.ptr == NULL ? "no k=" : "k=",
	    k.ptr == NULL ? "" : pst_correct_shown(&fix->notes, k));
}

static void
mend_hash(struct fix *fix)
{
	struct pst_str *h = value_of(fix, 'h');
	struct pst_str rest = *h, hash;
	bool more = h->ptr != NULL, found = h->ptr == NULL;

	while (pst_str_split(&rest, ':', &hash, &more))
		found =
		    found || pst_str_eq(pst_str_trim(hash), PST_STR("sha256"));
	if (found)
		return;
	*h = (struct pst_str){NULL, 0};
	pst_correct_note(&fix->notes, "left out h=, which forbids SHA-256");
}

/* ---- the record ---- */

static const char *
write_record(struct fix *fix)
{
	struct pst_buf buf;

	pst_buf_init(&buf, fix->arena, PST_MAKE_MAX_TEXT);
	pst_buf_add_text(&buf, "v=DKIM1");
	for (size_t i = 1; i < TAGS; i++)
		if (fix->values[i].ptr != NULL)
			pst_buf_printf(&buf, "; %c=%.*s", tags[i],
			    PST_STR_ARG(fix->values[i]));
	return pst_buf_str(&buf);
}

static bool
is_sound(const struct fix *fix, const char *at, const char *text)
{
	struct pst_findings_list list = {.arena = fix->arena};
	struct pst_dkim_text what = {&list, at, pst_str(text)};
	struct pst_dkim_text_key key;

	pst_dkim_text_check(&what, &key);
	return key.usable && pst_correct_is_clean(&list);
}

void
pst_correct_dkim(
    struct pst_survey_part *part, const struct pst_correct_key *what)
{
	struct pst_arena *arena = part->world->arena;
	struct fix *fix = pst_arena_alloc(arena, sizeof(*fix));
	struct pst_correction out = {
	    .topic = PST_TOPIC_DKIM, .owner = what->owner};
	struct pst_str cleaned;

	fix->arena = arena;
	pst_correct_begin(&fix->notes, arena);
	pst_correct_note_place(&fix->notes, what->owner, what->found_at);
	/* a selector may be one that was seen in mail */
	if (!pst_domain_is_ldh(pst_str(what->owner)) ||
	    !pst_correct_clean(&fix->notes, what->text, &cleaned))
		return;
	take_parts(fix, cleaned);
	mend_version(fix, cleaned);
	if (fix->failed || value_of(fix, 'p')->ptr == NULL)
		return;
	mend_key(fix);
	mend_type(fix);
	mend_hash(fix);
	out.text = write_record(fix);
	if (!fix->failed && out.text != NULL &&
	    is_sound(fix, out.owner, out.text))
		pst_correct_add(part, &out, &fix->notes);
}
