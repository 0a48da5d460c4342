/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/msgsig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "auth/dkim_key.h"
#include "base/macros.h"
#include "tests/unit/dkim_sign.h"
#include "tests/unit/rows.h"

#define BODY "Hello \t world \r\n\r\n\r\n"

static struct pst_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

/* The header that the tests' signer signs. */
static const char signed_header[] = "From: Ann  <ann@signed.example>\r\n"
				    "Subject: folded\r\n\tonce\r\n";

static void
make_header(struct pst_header *header)
{
	pst_header_init(
	    header, arena, (struct pst_header_limits){10, 1000, 10000});
	(void)pst_header_add(
	    header, PST_STR("From"), PST_STR(" Ann  <ann@signed.example>"));
	(void)pst_header_add(
	    header, PST_STR("Subject"), PST_STR(" folded\n\tonce"));
}

struct signature {
	struct pst_str value; /* of the field, folds as LF */
	struct pst_tag_list tags;
};

static void
sign(const struct sign_key *key, const char *canon, struct signature *out)
{
	struct sign_options options = {
	    "a=x; d=signed.example; s=s; ", canon, "from:subject", SIZE_MAX};
	struct pst_str field = pst_str(
	    sign_message(arena, key, &options, signed_header, PST_STR(BODY)));
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 10000);
	field = pst_str_first(field, field.len - 2);
	field = pst_str_from(field, pst_str_find(field, ':') + 1);
	for (size_t i = 0; i < field.len; i++)
		if (field.ptr[i] != '\r')
			pst_buf_add_char(&buf, field.ptr[i]);
	out->value = pst_buf_slice(&buf);
	assert_int_equal(
	    pst_tag_list_parse(arena, out->value, 20, true, &out->tags),
	    PST_TAGS_OK);
}

static struct pst_str
tag(const struct signature *signature, const char *name)
{
	return pst_tag_squeeze(
	    arena, pst_tag_find(&signature->tags, name)->value);
}

/* Returns the signed text as the verifier assembles it. */
static struct pst_str
signed_text(const struct signature *signature, enum pst_canon canon)
{
	static const struct pst_str names[] = {
	    PST_STR_INIT("from"), PST_STR_INIT("subject")};
	struct pst_header header;
	struct pst_buf buf;

	make_header(&header);
	pst_buf_init(&buf, arena, 10000);
	pst_msgsig_canon_header(&buf, &header, names, 2, SIZE_MAX, canon);
	pst_msgsig_canon_field(&buf, PST_STR("DKIM-Signature"),
	    pst_msgsig_without(
		arena, signature->value, pst_tag_find(&signature->tags, "b")),
	    canon);
	return pst_buf_slice(&buf);
}

static const char *
record_of(const struct sign_key *key, enum pst_dkim_algorithm algorithm,
    enum sign_form form)
{
	struct pst_dkim_key read;
	const char *text = pst_arena_printf(arena, "v=DKIM1; k=%s; p=%s",
	    pst_dkim_key_type(algorithm), sign_key_public(arena, key, form));

	assert_true(
	    pst_dkim_key_read(arena, pst_str(text), algorithm, 1024, &read));
	assert_non_null(read.record);
	return read.record;
}

static void
test_good(void **state)
{
	static const struct {
		const char *label, *key;
		enum pst_dkim_algorithm algorithm;
		enum sign_form form;
		const char *c;
		enum pst_canon header, body;
	} rows[] = {
	    {"rsa relaxed", "test-rsa.pem", PST_DKIM_RSA_SHA256, SIGN_SPKI,
		"relaxed/relaxed", PST_CANON_RELAXED, PST_CANON_RELAXED},
	    {"rsa simple", "test-rsa.pem", PST_DKIM_RSA_SHA256, SIGN_PKCS1,
		"simple/simple", PST_CANON_SIMPLE, PST_CANON_SIMPLE},
	    {"rsa 1024", "test-rsa1024.pem", PST_DKIM_RSA_SHA256, SIGN_SPKI,
		"relaxed/simple", PST_CANON_RELAXED, PST_CANON_SIMPLE},
	    {"ed25519", "test-ed25519.key", PST_DKIM_ED25519_SHA256, SIGN_SPKI,
		"simple/relaxed", PST_CANON_SIMPLE, PST_CANON_RELAXED},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct sign_key *key = sign_key_load(rows[i].key);
		struct pst_msgsig_bodies *bodies = pst_msgsig_bodies_new(arena);
		struct signature signature;
		struct pst_str text;
		const char *record;
		size_t body;

		sign(key, rows[i].c, &signature);
		text = signed_text(&signature, rows[i].header);
		record = record_of(key, rows[i].algorithm, rows[i].form);
		if (!pst_msgsig_verify(arena, rows[i].algorithm, record, text,
			tag(&signature, "b")))
			fail_msg("the signature");
		/* every bit counts */
		if (pst_msgsig_verify(arena, rows[i].algorithm, record,
			pst_str_from(text, 1), tag(&signature, "b")) ||
		    pst_msgsig_verify(arena, rows[i].algorithm, record, text,
			pst_str_from(tag(&signature, "b"), 4)))
			fail_msg("another signature");
		body = pst_msgsig_bodies_want(
		    bodies, rows[i].body, PST_MSGSIG_WHOLE);
		pst_msgsig_bodies_add(bodies, BODY, sizeof(BODY) - 1);
		pst_msgsig_bodies_end(bodies);
		if (!pst_msgsig_bodies_match(
			bodies, body, tag(&signature, "bh")))
			fail_msg("the body hash");
		sign_key_free(key);
	}
}

static void
test_other_key(void **state)
{
	struct sign_key *key = sign_key_load("test-rsa.pem");
	struct sign_key *other = sign_key_load("test-rsa1024.pem");
	struct sign_key *edwards = sign_key_load("test-ed25519.key");
	struct signature signature;
	struct pst_str text, b;

	(void)state;
	sign(key, "relaxed/relaxed", &signature);
	text = signed_text(&signature, PST_CANON_RELAXED);
	b = tag(&signature, "b");
	assert_true(pst_msgsig_verify(arena, PST_DKIM_RSA_SHA256,
	    record_of(key, PST_DKIM_RSA_SHA256, SIGN_SPKI), text, b));
	assert_false(pst_msgsig_verify(arena, PST_DKIM_RSA_SHA256,
	    record_of(other, PST_DKIM_RSA_SHA256, SIGN_SPKI), text, b));
	assert_false(pst_msgsig_verify(arena, PST_DKIM_ED25519_SHA256,
	    record_of(edwards, PST_DKIM_ED25519_SHA256, SIGN_SPKI), text, b));
	assert_false(pst_msgsig_verify(arena, PST_DKIM_RSA_SHA256,
	    record_of(key, PST_DKIM_RSA_SHA256, SIGN_SPKI), text,
	    PST_STR("AAAA")));
	assert_false(pst_msgsig_verify(arena, PST_DKIM_RSA_SHA256,
	    record_of(key, PST_DKIM_RSA_SHA256, SIGN_SPKI), text,
	    PST_STR("no base64!")));
	sign_key_free(edwards);
	sign_key_free(other);
	sign_key_free(key);
}

/* SHA-256 of "a\r\n" and of its first octet. */
#define HASH_A_LINE "jkYhN5eG70Kk/sFVzVJcKR3X2zwf3jR4Ui9PYcA/0b0="
#define HASH_A "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="

static void
test_bodies(void **state)
{
	struct pst_msgsig_bodies *bodies = pst_msgsig_bodies_new(arena);
	size_t whole, one, relaxed, none;

	(void)state;
	whole =
	    pst_msgsig_bodies_want(bodies, PST_CANON_SIMPLE, PST_MSGSIG_WHOLE);
	one = pst_msgsig_bodies_want(bodies, PST_CANON_SIMPLE, 1);
	relaxed =
	    pst_msgsig_bodies_want(bodies, PST_CANON_RELAXED, PST_MSGSIG_WHOLE);
	none = pst_msgsig_bodies_want(bodies, PST_CANON_RELAXED, 0);
	assert_int_equal(whole,
	    pst_msgsig_bodies_want(bodies, PST_CANON_SIMPLE, PST_MSGSIG_WHOLE));
	assert_int_equal(
	    one, pst_msgsig_bodies_want(bodies, PST_CANON_SIMPLE, 1));
	assert_int_not_equal(whole, one);
	assert_int_not_equal(whole, relaxed);
	pst_msgsig_bodies_add(bodies, "a \r", 3);
	pst_msgsig_bodies_add(bodies, "\n", 1);
	pst_msgsig_bodies_end(bodies);
	assert_int_equal(pst_msgsig_bodies_length(bodies, whole), 4);
	assert_int_equal(pst_msgsig_bodies_length(bodies, one), 4);
	assert_int_equal(pst_msgsig_bodies_length(bodies, relaxed), 3);
	assert_true(pst_msgsig_bodies_match(bodies, one, PST_STR(HASH_A)));
	assert_true(
	    pst_msgsig_bodies_match(bodies, relaxed, PST_STR(HASH_A_LINE)));
	assert_false(pst_msgsig_bodies_match(bodies, whole, PST_STR(HASH_A)));
	assert_true(pst_msgsig_bodies_match(bodies, none,
	    PST_STR("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")));
	assert_false(pst_msgsig_bodies_match(bodies, none, PST_STR("47DE")));
	assert_false(pst_msgsig_bodies_match(bodies, none, PST_STR("")));
}

/* Returns bh= of the first octets of a text. */
static struct pst_str
hash_of(const char *text, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	union {
		char *text;
		unsigned char *octets;
	} out = {pst_arena_alloc(arena, 64)};
	unsigned size = 0;

	assert_int_equal(
	    EVP_Digest(text, len, digest, &size, EVP_sha256(), NULL), 1);
	(void)EVP_EncodeBlock(out.octets, digest, (int)size);
	return pst_str(out.text);
}

/* Hashes of several lengths of one body, requested in any order. */
static void
test_lengths(void **state)
{
	static const uint64_t limits[] = {
	    700, 0, 4000, PST_MSGSIG_WHOLE, 1, 699, 5000, 4001, 3999, 2};
	static const size_t pieces[] = {1, 2, 7, 700, 4000};
	char body[4001];

	(void)state;
	for (size_t i = 0; i < sizeof(body) - 3; i++)
		body[i] = (char)('a' + i * i % 23);
	memcpy(body + sizeof(body) - 3, "\r\n", 3);
	for (size_t p = 0; p < PST_COUNT(pieces); p++) {
		struct pst_msgsig_bodies *bodies = pst_msgsig_bodies_new(arena);
		struct pst_str rest = {body, 4000};
		size_t numbers[PST_COUNT(limits)];

		for (size_t i = 0; i < PST_COUNT(limits); i++)
			numbers[i] = pst_msgsig_bodies_want(
			    bodies, PST_CANON_SIMPLE, limits[i]);
		while (rest.len > 0) {
			struct pst_str piece = pst_str_first(rest, pieces[p]);

			pst_msgsig_bodies_add(bodies, piece.ptr, piece.len);
			rest = pst_str_from(rest, piece.len);
		}
		pst_msgsig_bodies_end(bodies);
		for (size_t i = 0; i < PST_COUNT(limits); i++) {
			size_t len =
			    limits[i] < 4000 ? (size_t)limits[i] : 4000;

			assert_true(pst_msgsig_bodies_match(
			    bodies, numbers[i], hash_of(body, len)));
			assert_int_equal(
			    pst_msgsig_bodies_length(bodies, numbers[i]), 4000);
		}
	}
}

static void
test_without(void **state)
{
	static const struct {
		const char *label, *value, *wanted;
	} rows[] = {
	    {"at the end", " a=x; b=ab\n cd", " a=x; b="},
	    {"in the middle", " b = ab\n cd ; a=x", " b =; a=x"},
	    {"bh first", "bh=12; b=34;d=5", "bh=12; b=;d=5"},
	    {"empty", "b=;a=1", "b=;a=1"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_str value = pst_str(rows[i].value), found;
		struct pst_tag_list tags;

		assert_int_equal(
		    pst_tag_list_parse(arena, value, 20, true, &tags),
		    PST_TAGS_OK);
		found =
		    pst_msgsig_without(arena, value, pst_tag_find(&tags, "b"));
		if (!pst_str_eq(found, pst_str(rows[i].wanted)))
			fail_msg("\"%s\"", pst_escaped(arena, found));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_other_key, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_bodies, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_lengths, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_without, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
