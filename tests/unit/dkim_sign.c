/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/dkim_sign.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define MAX_FIELDS 64
#define MAX_TEXT ((size_t)1 << 24)

struct sign_key {
	EVP_PKEY *pkey;
};

/* Reads the 32 octets of an Ed25519 key, in base64. */
static EVP_PKEY *
read_seed(FILE *file)
{
	unsigned char text[44], seed[64];
	size_t len = fread(text, 1, sizeof(text), file);

	assert(len == sizeof(text));
	assert(EVP_DecodeBlock(seed, text, (int)len) == 33);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
}

struct sign_key *
sign_key_load(const char *name)
{
	const char *root = getenv("srcdir");
	struct sign_key *key = calloc(1, sizeof(*key));
	char path[1024];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/keys/%s",
	    root == NULL ? "." : root, name);
	file = fopen(path, "r");
	if (key == NULL || file == NULL) {
		(void)fprintf(stderr, "no %s; set srcdir\n", path);
		abort();
	}
	key->pkey = pst_str_iends(pst_str(name), PST_STR(".key")) ?
	    read_seed(file) :
	    PEM_read_PrivateKey(file, NULL, NULL, NULL);
	assert(key->pkey != NULL);
	(void)fclose(file);
	return key;
}

void
sign_key_free(struct sign_key *key)
{
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool
is_ed25519(const struct sign_key *key)
{
	return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519;
}

static const char *
base64(struct pst_arena *arena, const unsigned char *octets, size_t len)
{
	unsigned char *text = pst_arena_alloc(arena, len / 3 * 4 + 8);

	(void)EVP_EncodeBlock(text, octets, (int)len);
	return pst_arena_strdup(arena, (char *)text);
}

const char *
sign_key_public(
    struct pst_arena *arena, const struct sign_key *key, enum sign_form form)
{
	unsigned char *der = NULL, raw[32];
	size_t len = sizeof(raw);
	const char *text;
	int der_len;

	if (is_ed25519(key)) {
		assert(EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) == 1);
		return base64(arena, raw, len);
	}
	der_len = form == SIGN_SPKI ? i2d_PUBKEY(key->pkey, &der) :
				      i2d_PublicKey(key->pkey, &der);
	assert(der_len > 0);
	text = base64(arena, der, (size_t)der_len);
	OPENSSL_free(der);
	return text;
}

/* ---- canonicalization (RFC 6376 s. 3.4) ---- */

static struct pst_str
without_wsp_at_end(struct pst_str text)
{
	while (text.len > 0 && pst_is_wsp(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* Adds text with each run of blanks reduced to one space. */
static void
add_reduced(struct pst_buf *out, struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!pst_is_wsp(text.ptr[i]))
			pst_buf_add_char(out, text.ptr[i]);
		else if (i == 0 || !pst_is_wsp(text.ptr[i - 1]))
			pst_buf_add_char(out, ' ');
	}
}

/* Returns where the first line ends; only CRLF ends a line. */
static size_t
find_crlf(struct pst_str text)
{
	size_t i = 0;

	while (i < text.len &&
	    (text.ptr[i] != '\r' || i + 1 == text.len ||
		text.ptr[i + 1] != '\n'))
		i++;
	return i;
}

void
sign_canon_body(struct pst_buf *out, struct pst_str body, bool relaxed)
{
	size_t empty = 0;

	while (body.len > 0) {
		size_t end = find_crlf(body);
		struct pst_str line = pst_str_first(body, end);

		body = pst_str_from(body, end + 2);
		if (relaxed)
			line = without_wsp_at_end(line);
		if (line.len == 0) {
			empty++;
			continue;
		}
		for (; empty > 0; empty--)
			pst_buf_add_text(out, "\r\n");
		if (relaxed)
			add_reduced(out, line);
		else
			pst_buf_add(out, line);
		pst_buf_add_text(out, "\r\n");
	}
	if (pst_buf_slice(out).len == 0 && !relaxed)
		pst_buf_add_text(out, "\r\n");
}

/* Neither field nor what is added to out has the final CRLF. */
static void
add_field(struct pst_arena *arena, struct pst_buf *out, struct pst_str field,
    bool relaxed)
{
	size_t colon = pst_str_find(field, ':');
	struct pst_str name = without_wsp_at_end(pst_str_first(field, colon));
	struct pst_buf flat;

	if (!relaxed) {
		pst_buf_add(out, field);
		return;
	}
	for (size_t i = 0; i < name.len; i++)
		pst_buf_add_char(out, pst_lower(name.ptr[i]));
	pst_buf_add_char(out, ':');
	pst_buf_init(&flat, arena, MAX_TEXT);
	for (size_t i = colon + 1; i < field.len; i++) {
		if (pst_str_starts(pst_str_from(field, i), PST_STR("\r\n")))
			i++;
		else
			pst_buf_add_char(&flat, field.ptr[i]);
	}
	add_reduced(out, pst_str_trim(pst_buf_slice(&flat)));
}

/* ---- the header ---- */

static size_t
split_fields(struct pst_str header, struct pst_str fields[MAX_FIELDS])
{
	size_t count = 0;

	while (header.len > 0) {
		size_t end = 0;

		do
			end +=
			    pst_str_find(pst_str_from(header, end), '\n') + 1;
		while (end < header.len && pst_is_wsp(header.ptr[end]));
		assert(count < MAX_FIELDS && end >= 2);
		fields[count++] = pst_str_first(header, end - 2);
		header = pst_str_from(header, end);
	}
	return count;
}

static void
add_signed_fields(struct pst_arena *arena, struct pst_buf *out,
    struct pst_str header, struct pst_str names, bool relaxed)
{
	struct pst_str fields[MAX_FIELDS], name;
	size_t count = split_fields(header, fields);
	bool more = true;

	while (pst_str_split(&names, ':', &name, &more)) {
		name = pst_str_trim(name);
		for (size_t i = count; i-- > 0;) {
			size_t colon = pst_str_find(fields[i], ':');
			struct pst_str at =
			    without_wsp_at_end(pst_str_first(fields[i], colon));

			if (!pst_str_ieq(at, name))
				continue;
			add_field(arena, out, fields[i], relaxed);
			pst_buf_add_text(out, "\r\n");
			fields[i] = PST_STR(":");
			break;
		}
	}
}

static const char *
hash_body(struct pst_arena *arena, const struct sign_options *options,
    struct pst_str body)
{
	size_t slash = pst_str_find(pst_str(options->canon), '/');
	bool relaxed = strcmp(options->canon + slash, "/relaxed") == 0;
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct pst_str text;
	struct pst_buf buf;
	unsigned len = 0;

	pst_buf_init(&buf, arena, MAX_TEXT);
	sign_canon_body(&buf, body, relaxed);
	text = pst_str_first(pst_buf_slice(&buf), options->length);
	assert(EVP_Digest(text.len == 0 ? "" : text.ptr, text.len, digest, &len,
		   EVP_sha256(), NULL) == 1);
	return base64(arena, digest, len);
}

static const char *
sign_text(
    struct pst_arena *arena, const struct sign_key *key, struct pst_str text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE], out[1024];
	const unsigned char *in = digest;
	unsigned digest_len = 0;
	size_t len = sizeof(out);
	union {
		const char *text;
		const unsigned char *octets;
	} whole = {text.ptr};

	/* RFC 8463 s. 3: Ed25519 signs the hash; with RSA, OpenSSL hashes */
	assert(EVP_Digest(text.ptr, text.len, digest, &digest_len, EVP_sha256(),
		   NULL) == 1);
	assert(
	    EVP_DigestSignInit(ctx, NULL, is_ed25519(key) ? NULL : EVP_sha256(),
		NULL, key->pkey) == 1);
	assert(
	    EVP_DigestSign(ctx, out, &len, is_ed25519(key) ? in : whole.octets,
		is_ed25519(key) ? digest_len : text.len) == 1);
	EVP_MD_CTX_free(ctx);
	return base64(arena, out, len);
}

const char *
sign_message(struct pst_arena *arena, const struct sign_key *key,
    const struct sign_options *options, const char *header, struct pst_str body)
{
	bool relaxed =
	    strncmp(options->canon, "relaxed", sizeof("relaxed") - 1) == 0;
	const char *field = pst_arena_printf(arena,
	    "DKIM-Signature: v=1; %sc=%s; h=%s;\r\n\tbh=%s;\r\n\tb=",
	    options->tags, options->canon, options->names,
	    hash_body(arena, options, body));
	struct pst_buf buf;

	pst_buf_init(&buf, arena, MAX_TEXT);
	add_signed_fields(
	    arena, &buf, pst_str(header), pst_str(options->names), relaxed);
	add_field(arena, &buf, pst_str(field), relaxed);
	return pst_arena_printf(arena, "%s%s\r\n", field,
	    sign_text(arena, key, pst_buf_slice(&buf)));
}
