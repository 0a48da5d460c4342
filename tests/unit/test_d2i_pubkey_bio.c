/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"
#include "replaced/d2i_pubkey_bio.h"
#include "tests/unit/dkim_fixture.h"

#define HEADER "From: Joe <joe@example.com>\r\nSubject: test\r\n"
#define BODY "Hello.\r\n"

/* Returns the result of a message signed with key. */
static enum pst_result
verify(struct pst_dkim_lib *lib, const struct sign_key *key,
    const struct sign_key *published)
{
	static const struct sign_options options = {
	    .tags = "a=rsa-sha256; d=example.com; s=sel; ",
	    .canon = "relaxed/relaxed",
	    .names = "from:subject",
	    .length = SIZE_MAX};
	struct pst_arena *arena = pst_arena_new();
	struct trial trial = {
	    .header = pst_str(pst_arena_printf(arena, "%s" HEADER,
		sign_message(arena, key, &options, HEADER, pst_str(BODY)))),
	    .body = pst_str(BODY),
	    .zone = trial_txt(arena, "sel._domainkey.example.com",
		pst_arena_printf(arena, "v=DKIM1; p=%s",
		    sign_key_public(arena, published, SIGN_SPKI))),
	};
	struct pst_dkim out;

	trial_run(arena, lib, &trial, &out);
	pst_arena_free(arena);
	return out.result;
}

/* libopendkim calls our function, which remembers the right key. */
static void
test_remembered(void **state)
{
	struct pst_dkim_lib *lib = trial_lib();
	struct sign_key *one = sign_key_load("test-rsa.pem");
	struct sign_key *two = sign_key_load("test-rsa1024.pem");
	uint64_t before_hits, before_misses, hits, misses;

	(void)state;
	pst_pubkey_stats(&before_hits, &before_misses);
	assert_int_equal(verify(lib, one, one), PST_RESULT_PASS);
	pst_pubkey_stats(&hits, &misses);
	assert_int_equal(hits - before_hits, 0);
	assert_int_equal(misses - before_misses, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(verify(lib, one, one), PST_RESULT_PASS);
		assert_int_equal(verify(lib, two, two), PST_RESULT_PASS);
		assert_int_equal(verify(lib, one, two), PST_RESULT_FAIL);
	}
	pst_pubkey_stats(&hits, &misses);
	assert_int_equal(misses - before_misses, 2);
	assert_int_equal(hits - before_hits, 8);
	sign_key_free(one);
	sign_key_free(two);
	pst_dkim_lib_free(lib);
}

struct worker {
	pthread_t thread;
	struct pst_dkim_lib *lib;
	const struct sign_key *keys[2];
	unsigned passed;
};

static void *
work(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 20; i++) {
		const struct sign_key *key = worker->keys[i % 2];

		worker->passed +=
		    verify(worker->lib, key, key) == PST_RESULT_PASS;
	}
	return NULL;
}

/* Many threads use one decoded key; mainly for ThreadSanitizer. */
static void
test_threads(void **state)
{
	struct pst_dkim_lib *lib = trial_lib();
	struct sign_key *one = sign_key_load("test-rsa.pem");
	struct sign_key *two = sign_key_load("test-rsa1024.pem");
	struct worker workers[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		workers[i] = (struct worker){.lib = lib, .keys = {one, two}};
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].passed, 20);
	}
	sign_key_free(one);
	sign_key_free(two);
	pst_dkim_lib_free(lib);
}

/* ---- the contract of d2i_PUBKEY_bio(3) ---- */

#define MAX_SPKI 600

struct spki {
	EVP_PKEY *key;
	unsigned char der[MAX_SPKI];
	size_t len;
};

/* Makes a key that nobody has decoded before. */
static struct spki
spki_new(void)
{
	struct spki spki = {.key = EVP_EC_gen("P-256")};
	unsigned char *end = spki.der;
	int len;

	assert_non_null(spki.key);
	len = i2d_PUBKEY(spki.key, &end);
	assert_in_range(len, 64, MAX_SPKI);
	spki.len = (size_t)len;
	return spki;
}

static BIO *
memory(const void *octets, size_t len)
{
	BIO *bio = BIO_new_mem_buf(octets, (int)len);

	assert_non_null(bio);
	return bio;
}

/* Returns how many calls have asked for a remembered key so far. */
static uint64_t
asked(void)
{
	uint64_t hits, misses;

	pst_pubkey_stats(&hits, &misses);
	return hits + misses;
}

/* Reads one key from the BIO, which must equal the expected one. */
static EVP_PKEY *
reads(BIO *bio, const struct spki *expected)
{
	EVP_PKEY *key = d2i_PUBKEY_bio(bio, NULL);

	assert_non_null(key);
	assert_int_equal(EVP_PKEY_eq(key, expected->key), 1);
	return key;
}

/* Every call outside of the bracket decodes a key of its own. */
static void
test_outside(void **state)
{
	struct spki spki = spki_new();
	uint64_t before = asked();
	EVP_PKEY *keys[2];

	(void)state;
	pst_pubkey_enter();
	pst_pubkey_leave();
	for (size_t i = 0; i < 2; i++) {
		BIO *bio = memory(spki.der, spki.len);

		keys[i] = reads(bio, &spki);
		(void)BIO_free(bio);
	}
	assert_true(keys[0] != keys[1]);
	assert_int_equal(asked(), before);
	for (size_t i = 0; i < 2; i++)
		EVP_PKEY_free(keys[i]);
	EVP_PKEY_free(spki.key);
}

static void
test_inside(void **state)
{
	struct spki spki = spki_new();
	EVP_PKEY *keys[3];

	(void)state;
	pst_pubkey_enter();
	for (size_t i = 0; i < 2; i++) {
		BIO *bio = memory(spki.der, spki.len);

		keys[i] = reads(bio, &spki);
		assert_true(BIO_eof(bio));
		(void)BIO_free(bio);
	}
	pst_pubkey_leave();
	keys[2] = pst_pubkey_decode(spki.der, spki.len);
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(keys[i], keys[0]);
		EVP_PKEY_free(keys[i]);
	}
	EVP_PKEY_free(spki.key);
}

static void *
in_other_thread(void *arg)
{
	const struct spki *spki = arg;
	BIO *bio = memory(spki->der, spki->len);
	EVP_PKEY *key = reads(bio, spki);

	(void)BIO_free(bio);
	return key;
}

/* The bracket of one thread means nothing to another. */
static void
test_other_thread(void **state)
{
	struct spki spki = spki_new();
	pthread_t thread;
	void *theirs;
	EVP_PKEY *ours;

	(void)state;
	pst_pubkey_enter();
	ours = in_other_thread(&spki);
	assert_int_equal(
	    pthread_create(&thread, NULL, in_other_thread, &spki), 0);
	assert_int_equal(pthread_join(thread, &theirs), 0);
	pst_pubkey_leave();
	assert_true(theirs != (void *)ours);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(spki.key);
}

/* The key goes to *out; one that was there is freed; an error leaves it. */
static void
test_out(void **state)
{
	(void)state;
	for (int inside = 0; inside < 2; inside++) {
		struct spki one = spki_new(), two = spki_new();
		BIO *bio = memory(one.der, one.len);
		EVP_PKEY *out = NULL;
		EVP_PKEY *first;

		if (inside)
			pst_pubkey_enter();
		first = d2i_PUBKEY_bio(bio, &out);
		assert_non_null(first);
		assert_ptr_equal(first, out);
		assert_int_equal(EVP_PKEY_eq(out, one.key), 1);
		assert_null(d2i_PUBKEY_bio(bio, &out));
		assert_ptr_equal(first, out);
		(void)BIO_free(bio);
		/* we keep a reference, so the address is not used again */
		assert_int_equal(EVP_PKEY_up_ref(first), 1);
		bio = memory(two.der, two.len);
		assert_non_null(d2i_PUBKEY_bio(bio, &out));
		assert_true(out != first);
		assert_int_equal(EVP_PKEY_eq(out, two.key), 1);
		(void)BIO_free(bio);
		if (inside)
			pst_pubkey_leave();
		EVP_PKEY_free(out);
		EVP_PKEY_free(first);
		EVP_PKEY_free(one.key);
		EVP_PKEY_free(two.key);
	}
	ERR_clear_error();
}

/* Reads two keys and what follows them, whatever is remembered by then. */
static void
read_in_a_row(BIO *bio, const struct spki *spki)
{
	char rest[8] = "";

	for (size_t i = 0; i < 2; i++)
		EVP_PKEY_free(reads(bio, &spki[i]));
	assert_int_equal(BIO_read(bio, rest, sizeof(rest)), 3);
	assert_string_equal(rest, "end");
}

static void
test_two_in_a_row(void **state)
{
	struct spki spki[2] = {spki_new(), spki_new()};
	unsigned char all[2 * MAX_SPKI + 3];
	size_t len = spki[0].len + spki[1].len + 3;

	(void)state;
	memcpy(all, spki[0].der, spki[0].len);
	memcpy(all + spki[0].len, spki[1].der, spki[1].len);
	memcpy(all + len - 3, "end", 3);
	/* outside, inside and new, inside and remembered */
	for (int turn = 0; turn < 3; turn++) {
		BIO *fixed = memory(all, len), *grown = BIO_new(BIO_s_mem());

		assert_int_equal(BIO_write(grown, all, (int)len), len);
		if (turn > 0)
			pst_pubkey_enter();
		read_in_a_row(fixed, spki);
		read_in_a_row(grown, spki);
		if (turn > 0)
			pst_pubkey_leave();
		(void)BIO_free(fixed);
		(void)BIO_free(grown);
	}
	EVP_PKEY_free(spki[0].key);
	EVP_PKEY_free(spki[1].key);
}

static void
test_file(void **state)
{
	struct spki spki[2] = {spki_new(), spki_new()};

	(void)state;
	for (int inside = 0; inside < 2; inside++) {
		FILE *file = tmpfile();
		uint64_t before = asked();
		BIO *bio;

		assert_non_null(file);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(
			    fwrite(spki[i].der, spki[i].len, 1, file), 1);
		assert_int_equal(fwrite("end", 3, 1, file), 1);
		rewind(file);
		bio = BIO_new_fp(file, BIO_CLOSE);
		assert_non_null(bio);
		if (inside)
			pst_pubkey_enter();
		read_in_a_row(bio, spki);
		if (inside)
			pst_pubkey_leave();
		(void)BIO_free(bio);
		assert_int_equal(asked(), before);
	}
	EVP_PKEY_free(spki[0].key);
	EVP_PKEY_free(spki[1].key);
}

/* Octets that are not a key fail alike, with a reason, and leave as much. */
static void
test_not_a_key(void **state)
{
	static const struct {
		const char *octets;
		size_t len;
	} rows[] = {
	    {"", 0},
	    {"\x30", 1},
	    {"\x30\x03\x02\x01\x05", 5},
	    {"\x30\x80\x02\x01\x05\x00\x00", 7},
	    {"\x30\x82\x00\x09\x02\x01\x05", 7},
	    {"\x30\x81\x0c\x02\x01\x05\x02\x01\x06\x02\x01\x07\x02\x01"
	     "\x08tail",
		19},
	    {"\x30\x83\x00\x00\x03\x02\x01\x05tail", 12},
	    {"\x30\x82\xff\xff\x02\x01\x05tail", 11},
	    {"no key at all", 13},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		size_t left[2];
		unsigned long reason[2];

		for (int inside = 0; inside < 2; inside++) {
			BIO *bio = memory(rows[i].octets, rows[i].len);

			ERR_clear_error();
			if (inside)
				pst_pubkey_enter();
			assert_null(d2i_PUBKEY_bio(bio, NULL));
			if (inside)
				pst_pubkey_leave();
			reason[inside] = ERR_peek_error();
			left[inside] = (size_t)BIO_pending(bio);
			(void)BIO_free(bio);
		}
		if (left[0] != left[1] || reason[0] != reason[1])
			fail_msg("row %zu: %zu octets left, not %zu; error "
				 "%lx, not %lx",
			    i, left[1], left[0], reason[1], reason[0]);
		assert_null(pst_pubkey_decode(
		    (const unsigned char *)rows[i].octets, rows[i].len));
	}
	ERR_clear_error();
}

/*
 * A key with 10,000 bits is too long to be remembered and is decoded each time.
 * The octets of its number are not a prime product, which decoding does not
 * look at.
 */
static void
test_long_key(void **state)
{
	static const unsigned char head[] =
	    "\x30\x82\x05\x02\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
	    "\x01\x01\x05\x00\x03\x82\x04\xef\x00\x30\x82\x04\xea\x02\x82"
	    "\x04\xe3\x00";
	unsigned char der[1286];
	EVP_PKEY *keys[2];

	(void)state;
	memset(der, 0xa5, sizeof(der));
	memcpy(der, head, sizeof(head) - 1);
	memcpy(der + sizeof(der) - 3, "\x02\x01\x03", 3);
	pst_pubkey_enter();
	for (size_t i = 0; i < 2; i++) {
		BIO *bio = memory(der, sizeof(der));

		keys[i] = d2i_PUBKEY_bio(bio, NULL);
		assert_non_null(keys[i]);
		assert_true(BIO_eof(bio));
		(void)BIO_free(bio);
	}
	pst_pubkey_leave();
	assert_true(keys[0] != keys[1]);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remembered),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_outside),
	    cmocka_unit_test(test_inside),
	    cmocka_unit_test(test_other_thread),
	    cmocka_unit_test(test_out),
	    cmocka_unit_test(test_two_in_a_row),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_not_a_key),
	    cmocka_unit_test(test_long_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
