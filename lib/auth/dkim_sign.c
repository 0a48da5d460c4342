/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_sign.h"

#include <assert.h>
#include <inttypes.h>

#include "auth/dkim_sign_fields.h"
#include "auth/dkim_sign_rsa.h"
#include "auth/msgsig.h"

#define NAME "DKIM-Signature"
/* Octets of a line, without its line end (RFC 5322 s. 2.1.1). */
#define MAX_LINE 78

struct pst_signing {
	struct pst_arena *arena;
	const struct pst_header *header;
	const struct pst_signature_by *by;
	size_t count;
	struct pst_sign_fields fields;
	struct pst_sign_rsa_of of;
	struct pst_sign_rsa *rsa[PST_SIGN_MAX]; /* NULL: we sign it ourselves */
	struct pst_msgsig_bodies *bodies;
	size_t hash;
	char last[2]; /* the last octets of the body */
	bool any;     /* there is a body */
	bool failed;
	struct pst_err why;
};

/* ---- the value of a field ---- */

/* A value that is folded where it may be. */
struct value {
	struct pst_buf buf;
	size_t column;
};

static void
fold(struct value *value)
{
	pst_buf_add_text(&value->buf, "\n\t");
	value->column = 1;
}

/* Adds a word that stays in one piece, with a blank or a fold in front. */
static void
add_tag(struct value *value, struct pst_str word)
{
	if (value->column + 1 + word.len > MAX_LINE) {
		fold(value);
	} else {
		pst_buf_add_char(&value->buf, ' ');
		value->column++;
	}
	pst_buf_add(&value->buf, word);
	value->column += word.len;
}

/* Adds a word without anything in front, after a fold if it must be. */
static void
add_part(struct value *value, struct pst_str word)
{
	if (value->column + word.len > MAX_LINE)
		fold(value);
	pst_buf_add(&value->buf, word);
	value->column += word.len;
}

/* h=: a fold may follow each colon. */
static void
add_names(struct value *value, const struct pst_sign_fields *fields)
{
	char text[64];

	for (size_t i = 0; i < fields->name_count; i++) {
		struct pst_str name = fields->names[i];
		bool is_last = i + 1 == fields->name_count;
		size_t len = 0;

		assert(name.len + 3 < sizeof(text));
		if (i == 0) {
			memcpy(text, "h=", 2);
			len = 2;
		}
		memcpy(text + len, name.ptr, name.len);
		len += name.len;
		text[len++] = is_last ? ';' : ':';
		if (i == 0)
			add_tag(value, (struct pst_str){text, len});
		else
			add_part(value, (struct pst_str){text, len});
	}
}

/* b=: a fold may be anywhere. */
static void
add_octets(struct value *value, struct pst_str text)
{
	while (text.len > 0) {
		struct pst_str piece;

		if (value->column >= MAX_LINE)
			fold(value);
		piece = pst_str_first(text, MAX_LINE - value->column);
		pst_buf_add(&value->buf, piece);
		value->column += piece.len;
		text = pst_str_from(text, piece.len);
	}
}

static void
add_pair(struct value *value, const char *name, const char *text)
{
	add_tag(value,
	    pst_str(pst_arena_printf(value->buf.arena, "%s=%s;", name, text)));
}

/* Writes the value up to "b=". */
static void
write_value(const struct pst_signing *signing,
    const struct pst_signature_by *by, struct value *value)
{
	bool is_rsa = pst_sign_key_algorithm(by->key) == PST_DKIM_RSA_SHA256;
	int64_t now_s = signing->of.now_s < 0 ? 0 : signing->of.now_s;

	pst_buf_init(&value->buf, signing->arena, SIZE_MAX / 4);
	value->column = sizeof(NAME); /* with its colon */
	add_tag(value, PST_STR("v=1;"));
	add_pair(value, "a", is_rsa ? "rsa-sha256" : "ed25519-sha256");
	add_tag(value, PST_STR("c=relaxed/relaxed;"));
	add_pair(value, "d", by->domain);
	add_pair(value, "s", by->selector);
	add_tag(value,
	    pst_str(pst_arena_printf(signing->arena, "t=%" PRId64 ";", now_s)));
	add_pair(value, "bh",
	    pst_msgsig_bodies_hash(signing->bodies, signing->hash));
	add_names(value, &signing->fields);
	add_tag(value, PST_STR("b="));
}

/* Makes a signature without libopendkim. NULL if OpenSSL cannot. */
static const char *
sign(struct pst_signing *signing, const struct pst_signature_by *by)
{
	struct value value;
	struct pst_buf text;
	const char *b;

	write_value(signing, by, &value);
	pst_buf_init(&text, signing->arena, SIZE_MAX / 4);
	pst_msgsig_canon_header(&text, signing->header, signing->fields.names,
	    signing->fields.name_count, SIZE_MAX, PST_CANON_RELAXED);
	pst_msgsig_canon_field(
	    &text, PST_STR(NAME), pst_buf_slice(&value.buf), PST_CANON_RELAXED);
	b = pst_sign_key_sign(signing->arena, by->key, pst_buf_slice(&text));
	if (b == NULL)
		return NULL;
	add_octets(&value, pst_str(b));
	return pst_buf_str(&value.buf);
}

/* ---- a message ---- */

struct pst_signing *
pst_sign_begin(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_signature_by *by, size_t count, int64_t now_s)
{
	struct pst_signing *signing = pst_arena_alloc(arena, sizeof(*signing));

	assert(count <= PST_SIGN_MAX);
	signing->arena = arena;
	signing->header = header;
	signing->by = by;
	signing->count = count;
	signing->of = (struct pst_sign_rsa_of){
	    .header = header, .fields = &signing->fields, .now_s = now_s};
	signing->failed = !pst_sign_fields_choose(
	    arena, header, &signing->fields, &signing->why);
	if (signing->failed)
		return signing;
	signing->bodies = pst_msgsig_bodies_new(arena);
	signing->hash = pst_msgsig_bodies_want(
	    signing->bodies, PST_CANON_RELAXED, PST_MSGSIG_WHOLE);
	for (size_t i = 0; i < count; i++)
		if (!signing->fields.odd &&
		    pst_sign_key_algorithm(by[i].key) == PST_DKIM_RSA_SHA256)
			signing->rsa[i] =
			    pst_sign_rsa_begin(arena, &signing->of, &by[i]);
	return signing;
}

static void
add_body(struct pst_signing *signing, const void *ptr, size_t len)
{
	pst_msgsig_bodies_add(signing->bodies, ptr, len);
	for (size_t i = 0; i < signing->count; i++)
		if (signing->rsa[i] != NULL)
			pst_sign_rsa_body(signing->rsa[i], ptr, len);
}

void
pst_sign_body(struct pst_signing *signing, const void *ptr, size_t len)
{
	const char *octets = ptr;

	if (signing->failed || len == 0)
		return;
	signing->any = true;
	signing->last[0] = len > 1 ? octets[len - 2] : signing->last[1];
	signing->last[1] = octets[len - 1];
	add_body(signing, ptr, len);
}

/*
 * Returns the value by libopendkim; NULL if we must sign ourselves, because
 * libopendkim refused the message, or because it reads the body otherwise than RFC
 * 6376 says: it ignores a bare CR, for example. Others would not verify that.
 */
static const char *
take_rsa(struct pst_signing *signing, size_t i)
{
	const char *value =
	    signing->rsa[i] == NULL ? NULL : pst_sign_rsa_end(signing->rsa[i]);
	const char *bh;

	if (value == NULL)
		return NULL;
	bh = strstr(value, "bh=");
	if (bh == NULL)
		return NULL;
	bh += 3;
	return pst_msgsig_bodies_match(signing->bodies, signing->hash,
		   pst_str_first(pst_str(bh), strcspn(bh, ";\n\t "))) ?
	    value :
	    NULL;
}

static const char *
take(struct pst_signing *signing, size_t i)
{
	const char *value = take_rsa(signing, i);

	return value != NULL ? value : sign(signing, &signing->by[i]);
}

const char *const *
pst_sign_end(struct pst_signing *signing, struct pst_err *err)
{
	const char **values;

	if (signing->failed) {
		pst_err_set(err, "%s", signing->why.text);
		return NULL;
	}
	if (signing->any &&
	    (signing->last[0] != '\r' || signing->last[1] != '\n'))
		add_body(signing, "\r\n", 2);
	pst_msgsig_bodies_end(signing->bodies);
	values =
	    pst_arena_array(signing->arena, signing->count, sizeof(*values));
	for (size_t i = 0; i < signing->count; i++) {
		values[i] = take(signing, i);
		if (values[i] != NULL)
			continue;
		pst_err_set(err,
		    "OpenSSL cannot sign with the key of %s._domainkey.%s; "
		    "look whether OpenSSL's configuration forbids it",
		    signing->by[i].selector, signing->by[i].domain);
		return NULL;
	}
	return values;
}

/* ---- a whole message ---- */

/*
 * Takes one field off *message, without its last line end. At the end of the
 * header it takes the empty line and returns an empty string.
 */
static struct pst_str
next_field(struct pst_str *message)
{
	struct pst_str field;
	size_t end = 0;

	if (pst_str_starts(*message, PST_STR("\r\n"))) {
		*message = pst_str_from(*message, 2);
		return PST_STR("");
	}
	do
		end += pst_str_find(pst_str_from(*message, end), '\n') + 1;
	while (end < message->len && pst_is_wsp(message->ptr[end]));
	field = pst_str_first(*message, end);
	*message = pst_str_from(*message, field.len);
	while (field.len > 0 &&
	    (field.ptr[field.len - 1] == '\n' ||
		field.ptr[field.len - 1] == '\r'))
		field.len--;
	return field;
}

/* Returns text with or without the CR of each line end, in the arena. */
static struct pst_str
convert(struct pst_arena *arena, struct pst_str text, bool with_cr)
{
	char *out = pst_arena_room(arena, 2 * text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n' && with_cr)
			out[len++] = '\r';
		if (with_cr || text.ptr[i] != '\r' || i + 1 == text.len ||
		    text.ptr[i + 1] != '\n')
			out[len++] = text.ptr[i];
	}
	out[len] = '\0';
	return (struct pst_str){out, len};
}

/* Reads the header off *message, which then is the body. */
static void
read_header(struct pst_header *header, struct pst_str *message)
{
	struct pst_str field;

	while ((field = next_field(message)).len > 0) {
		size_t colon = pst_str_find(field, ':');
		struct pst_str name = pst_str_trim(pst_str_first(field, colon));

		if (colon < field.len)
			(void)pst_header_add(header, name,
			    convert(header->arena,
				pst_str_from(field, colon + 1), false));
	}
}

const char *
pst_dkim_sign(struct pst_arena *arena, const struct pst_signature_by *by,
    struct pst_str message, int64_t now_s, struct pst_err *err)
{
	/* It is our own mail, so there are no bounds. */
	const struct pst_header_limits limits = {
	    SIZE_MAX / 2, SIZE_MAX / 2, SIZE_MAX / 2};
	struct pst_header header;
	struct pst_signing *signing;
	const char *const *values;

	pst_header_init(&header, arena, limits);
	read_header(&header, &message);
	signing = pst_sign_begin(arena, &header, by, 1, now_s);
	pst_sign_body(signing, message.ptr, message.len);
	values = pst_sign_end(signing, err);
	return values == NULL ?
	    NULL :
	    pst_arena_printf(arena, NAME ":%s\r\n",
		convert(arena, pst_str(values[0]), true).ptr);
}
