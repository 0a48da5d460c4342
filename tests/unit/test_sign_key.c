/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/msgsig.h"
#include "auth/sign_key.h"

static char dir[] = "/tmp/postern-test.XXXXXX";

/* ---- keys in many forms ---- */

enum form { PKCS8, PKCS1, LOCKED, LOCKED_PKCS1, PUBLIC };

static EVP_PKEY *
rsa(size_t bits)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

	assert_non_null(key);
	return key;
}

static int
write_form(BIO *bio, EVP_PKEY *key, enum form form)
{
	char phrase[] = "phrase";
	unsigned char *octets = (unsigned char *)phrase;

	switch (form) {
	case PKCS8:
		return PEM_write_bio_PKCS8PrivateKey(
		    bio, key, NULL, NULL, 0, NULL, NULL);
	case PKCS1:
		return PEM_write_bio_PrivateKey_traditional(
		    bio, key, NULL, NULL, 0, NULL, NULL);
	case LOCKED:
		return PEM_write_bio_PKCS8PrivateKey(
		    bio, key, EVP_aes_128_cbc(), phrase, 6, NULL, NULL);
	case LOCKED_PKCS1:
		return PEM_write_bio_PrivateKey_traditional(
		    bio, key, EVP_aes_128_cbc(), octets, 6, NULL, NULL);
	case PUBLIC:
		return PEM_write_bio_PUBKEY(bio, key);
	}
	return 0;
}

/* Returns the key as text, and frees it. */
static const char *
text_of(struct pst_arena *arena, EVP_PKEY *key, enum form form)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text;
	char *data;
	long len;

	assert_int_equal(write_form(bio, key, form), 1);
	len = BIO_get_mem_data(bio, &data);
	text = pst_arena_memdup(arena, data, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return text;
}

static const char *
with_cr(struct pst_arena *arena, const char *text)
{
	char *out = pst_arena_alloc(arena, 2 * strlen(text) + 1), *to = out;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	return out;
}

static const char *
without_frame(struct pst_arena *arena, const char *text)
{
	const char *begin = strchr(text, '\n') + 1;

	return pst_arena_memdup(
	    arena, begin, (size_t)(strstr(begin, "-----END") - begin));
}

/* The 32 octets of an Ed25519 key in base64, and perhaps its public key. */
static const char *
raw_of(struct pst_arena *arena, EVP_PKEY *key, bool both, bool wrong)
{
	unsigned char octets[64];
	char *out = pst_arena_alloc(arena, 100);
	size_t len = 32;

	assert_int_equal(EVP_PKEY_get_raw_private_key(key, octets, &len), 1);
	assert_int_equal(
	    EVP_PKEY_get_raw_public_key(key, octets + 32, &len), 1);
	octets[63] ^= wrong;
	EVP_EncodeBlock((unsigned char *)out, octets, both ? 64 : 32);
	EVP_PKEY_free(key);
	return out;
}

static const char *
write_file(struct pst_arena *arena, const char *text, size_t len, mode_t mode)
{
	const char *path = pst_arena_printf(arena, "%s/key", dir);
	FILE *file;

	(void)unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* ---- what is read ---- */

/* A signature by the key verifies with its public half, and with no other. */
static void
check_signs(struct pst_arena *arena, const struct pst_sign_key *key)
{
	bool is_rsa = pst_sign_key_algorithm(key) == PST_DKIM_RSA_SHA256;
	const char *record = pst_arena_printf(arena, "v=DKIM1; k=%s; p=%s",
	    is_rsa ? "rsa" : "ed25519", pst_sign_key_public(key));
	const char *b = pst_sign_key_sign(arena, key, PST_STR("text"));

	assert_non_null(b);
	assert_true(pst_msgsig_verify(arena, pst_sign_key_algorithm(key),
	    record, PST_STR("text"), pst_str(b)));
	assert_false(pst_msgsig_verify(arena, pst_sign_key_algorithm(key),
	    record, PST_STR("texu"), pst_str(b)));
}

static void
test_forms(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *rsa8 = text_of(arena, rsa(2048), PKCS8);
	const char *ed =
	    text_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), PKCS8);
	const struct {
		const char *label, *text;
		unsigned bits;
	} rows[] = {
	    {"PKCS#8", rsa8, 2048},
	    {"PKCS#1", text_of(arena, rsa(1024), PKCS1), 1024},
	    {"long", text_of(arena, rsa(4096), PKCS8), 4096},
	    {"Ed25519", ed, 256},
	    {"Windows line ends", with_cr(arena, rsa8), 2048},
	    {"comment", pst_arena_printf(arena, "# mine\n\n%s", ed), 256},
	    {"byte order mark", pst_arena_printf(arena, "\xef\xbb\xbf%s", ed),
		256},
	    {"text after", pst_arena_printf(arena, "%s\nend\n", rsa8), 2048},
	    {"rspamadm",
		raw_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true,
		    false),
		256},
	    {"dknewkey",
		pst_arena_printf(arena, "%s\n",
		    raw_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
			false, false)),
		256},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_err err = {""};
		const char *path =
		    write_file(arena, rows[i].text, strlen(rows[i].text), 0640);
		struct pst_sign_key *key = pst_sign_key_read(path, &err);

		assert_string_equal(err.text, "");
		assert_non_null(key);
		assert_int_equal(pst_sign_key_bits(key), rows[i].bits);
		assert_int_equal(pst_sign_key_algorithm(key),
		    rows[i].bits == 256 ? PST_DKIM_ED25519_SHA256 :
					  PST_DKIM_RSA_SHA256);
		check_signs(arena, key);
		pst_sign_key_unref(key);
	}
	pst_arena_free(arena);
}

/* ---- what is refused ---- */

/* One digit of the modulus is another one. */
static const char *
damaged(struct pst_arena *arena, const char *text)
{
	char *copy = pst_arena_strdup(arena, text);
	char *at = copy + strlen(copy) / 5;

	while (*at == '\n')
		at++;
	*at = *at == 'A' ? 'B' : 'A';
	return copy;
}

static void
test_refused(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *good = text_of(arena, rsa(2048), PKCS8);
	const struct {
		const char *label, *text, *why;
	} rows[] = {
	    {"empty", "", "holds no private key"},
	    {"text", "hello\n", "as \"postern record dkim\" writes it"},
	    {"without its frame", without_frame(arena, good),
		"put them around the key"},
	    {"pass phrase", text_of(arena, rsa(2048), LOCKED),
		"\"openssl pkey -in "},
	    {"old pass phrase", text_of(arena, rsa(2048), LOCKED_PKCS1),
		"has a pass phrase"},
	    {"public", text_of(arena, rsa(2048), PUBLIC),
		"is a public key; name the file of the private key"},
	    {"certificate", "-----BEGIN CERTIFICATE-----\nMII=\n",
		"is a certificate"},
	    {"SSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n",
		"is a key of SSH"},
	    {"EC", text_of(arena, EVP_EC_gen("P-256"), PKCS8),
		"neither an RSA key nor an Ed25519 key"},
	    {"old EC", text_of(arena, EVP_EC_gen("P-256"), PKCS1),
		"neither an RSA key nor an Ed25519 key"},
	    {"damaged EC", "-----BEGIN EC PRIVATE KEY-----\nMII=\n",
		"is a key for ECDSA"},
	    {"X25519",
		text_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), PKCS8),
		"neither an RSA key nor an Ed25519 key"},
	    {"short", text_of(arena, rsa(1016), PKCS8),
		"is an RSA key of 1016 bits, and receivers ignore"},
	    {"too long", text_of(arena, rsa(4104), PKCS8),
		"need not accept more than 4096"},
	    {"several",
		pst_arena_printf(
		    arena, "%s%s", good, text_of(arena, rsa(2048), PUBLIC)),
		"leave only the private key that signs"},
	    {"cut off", pst_arena_printf(arena, "%.300s\n", good),
		"is cut off"},
	    {"damaged", damaged(arena, good), "is damaged: "},
	    {"raw, of two keys",
		raw_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true,
		    true),
		"holds no private key"},
	    {"too large", pst_arena_printf(arena, "%s%40000s", good, ""),
		"too long to hold only a private key"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_err err = {""};
		const char *path =
		    write_file(arena, rows[i].text, strlen(rows[i].text), 0600);

		assert_null(pst_sign_key_read(path, &err));
		if (strstr(err.text, rows[i].why) == NULL)
			fail_msg("\"%s\" is not in: %s", rows[i].why, err.text);
		assert_non_null(strstr(err.text, path));
	}
	pst_arena_free(arena);
}

/* DER has octets that are 0, so it is not a row of texts. */
static void
test_der(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	EVP_PKEY *keys[] = {
	    rsa(2048), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

	(void)state;
	FOR_ROWS(i, keys, i == 0 ? "RSA" : "Ed25519") {
		struct pst_err err = {""};
		BIO *bio = BIO_new(BIO_s_mem());
		char *data;
		long len;

		assert_int_equal(i2d_PKCS8PrivateKey_bio(
				     bio, keys[i], NULL, NULL, 0, NULL, NULL),
		    1);
		len = BIO_get_mem_data(bio, &data);
		assert_null(pst_sign_key_read(
		    write_file(arena, data, (size_t)len, 0600), &err));
		assert_non_null(
		    strstr(err.text, "\"openssl pkey -inform DER -in "));
		BIO_free(bio);
		EVP_PKEY_free(keys[i]);
	}
	pst_arena_free(arena);
}

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *why; /* NULL: allowed */
	} rows[] = {
	    {0600, NULL},
	    {0400, NULL},
	    {0640, NULL},
	    {0644, "run \"chmod g-w,o= "},
	    {0660, "run \"chmod g-w,o= "},
	    {0602, "run \"chmod g-w,o= "},
	};
	struct pst_arena *arena = pst_arena_new();
	const char *text =
	    text_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), PKCS8);
	struct pst_err err;

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].mode)) {
		const char *path =
		    write_file(arena, text, strlen(text), rows[i].mode);
		struct pst_sign_key *key = pst_sign_key_read(path, &err);

		assert_int_equal(key != NULL, rows[i].why == NULL);
		if (rows[i].why != NULL)
			assert_non_null(strstr(err.text, rows[i].why));
		pst_sign_key_unref(key);
	}
	assert_null(pst_sign_key_read("/nonexistent/key", &err));
	assert_non_null(strstr(err.text, "correct the path"));
	assert_null(pst_sign_key_read(dir, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	pst_arena_free(arena);
}

/* ---- comparing with a record ---- */

static void
test_is_public(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	EVP_PKEY *pkey = rsa(2048);
	unsigned char *der = NULL;
	int len = i2d_PublicKey(pkey, &der);
	char *old = pst_arena_alloc(arena, 2 * (size_t)len);
	struct pst_err err;
	struct pst_sign_key *key, *other, *ed;
	const char *p;

	(void)state;
	EVP_EncodeBlock((unsigned char *)old, der, len);
	OPENSSL_free(der);
	key = pst_sign_key_parse(text_of(arena, pkey, PKCS8), "key", &err);
	other =
	    pst_sign_key_parse(text_of(arena, rsa(2048), PKCS8), "key", &err);
	ed = pst_sign_key_parse(
	    text_of(arena, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), PKCS8),
	    "key", &err);
	p = pst_sign_key_public(key);

	const struct {
		const char *label, *p;
		bool same;
	} rows[] = {
	    {"the key", p, true},
	    {"with blanks",
		pst_arena_printf(
		    arena, "%.9s\t%.20s \r\n %s", p, p + 9, p + 29),
		true},
	    {"RSAPublicKey", old, true},
	    {"without padding", pst_arena_memdup(arena, old, strcspn(old, "=")),
		true},
	    {"cut", pst_arena_printf(arena, "%.100s", p), false},
	    {"longer", pst_arena_printf(arena, "%sA", p), false},
	    {"empty", "", false},
	    {"another", pst_sign_key_public(other), false},
	    {"another type", pst_sign_key_public(ed), false},
	};

	FOR_ROWS(i, rows, rows[i].label) {
		assert_int_equal(
		    pst_sign_key_is_public(key, pst_str(rows[i].p)),
		    rows[i].same);
	}
	assert_false(pst_sign_key_is_public(key, (struct pst_str){"\0", 1}));
	p = pst_sign_key_public(ed);
	assert_int_equal(strlen(p), 44);
	assert_true(pst_sign_key_is_public(ed, pst_str(p)));
	assert_true(pst_sign_key_is_public(ed, pst_str_first(pst_str(p), 43)));
	assert_false(pst_sign_key_is_public(ed, pst_str_first(pst_str(p), 42)));
	/* The references count. */
	assert_ptr_equal(pst_sign_key_ref(key), key);
	pst_sign_key_unref(key);
	check_signs(arena, key);
	pst_sign_key_unref(key);
	pst_sign_key_unref(other);
	pst_sign_key_unref(ed);
	pst_sign_key_unref(NULL);
	assert_null(pst_sign_key_ref(NULL));
	pst_arena_free(arena);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/key", dir);
	(void)unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_der),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_is_public),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
