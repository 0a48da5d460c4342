/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/sign_key.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/secret.h"

#define ED25519_BYTES 32
#define HASH_BYTES 32
#define MAX_SIGNATURE (PST_SIGN_KEY_MAX_BITS / 8)
#define BASE64_SIZE(octets) (((octets) + 2) / 3 * 4 + 1)
#define MAX_RAW_TEXT 100 /* 64 octets in base64 have 88 */
#define BEGIN "-----BEGIN "

struct pst_sign_key {
	atomic_uint refs;
	EVP_PKEY *pkey;
	enum pst_dkim_algorithm algorithm;
	unsigned bits;
	char *public_p;   /* SubjectPublicKeyInfo; the plain key for Ed25519 */
	char *public_rsa; /* RSAPublicKey; NULL for Ed25519 */
};

/* ---- what the key is ---- */

static char *
base64(const unsigned char *octets, size_t len)
{
	char *text = malloc(BASE64_SIZE(len));

	if (text == NULL)
		abort();
	EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
	return text;
}

/* Takes the DER of OpenSSL's i2d functions. NULL if there is none. */
static char *
base64_of_der(unsigned char *der, int len)
{
	char *text = len > 0 ? base64(der, (size_t)len) : NULL;

	OPENSSL_free(der);
	return text;
}

static bool
write_public(struct pst_sign_key *key)
{
	unsigned char raw[ED25519_BYTES];
	unsigned char *der = NULL;
	size_t len = sizeof(raw);
	int der_len;

	if (key->algorithm == PST_DKIM_ED25519_SHA256) {
		if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) != 1 ||
		    len != sizeof(raw))
			return false;
		key->public_p = base64(raw, len);
		return true;
	}
	der_len = i2d_PUBKEY(key->pkey, &der);
	key->public_p = base64_of_der(der, der_len);
	der = NULL;
	der_len = i2d_PublicKey(key->pkey, &der);
	key->public_rsa = base64_of_der(der, der_len);
	return key->public_p != NULL && key->public_rsa != NULL;
}

static bool
describe(struct pst_sign_key *key, const char *name, struct pst_err *err)
{
	int id = EVP_PKEY_get_base_id(key->pkey);

	if (id != EVP_PKEY_RSA && id != EVP_PKEY_ED25519)
		return pst_err_set(err,
		    "%s is neither an RSA key nor an Ed25519 key, and DKIM "
		    "knows only these two; make one with \"postern record "
		    "dkim\"",
		    name);
	key->algorithm =
	    id == EVP_PKEY_RSA ? PST_DKIM_RSA_SHA256 : PST_DKIM_ED25519_SHA256;
	key->bits = id == EVP_PKEY_RSA ?
	    (unsigned)EVP_PKEY_get_bits(key->pkey) :
	    ED25519_BYTES * 8;
	if (id == EVP_PKEY_RSA && key->bits < PST_SIGN_KEY_MIN_BITS)
		return pst_err_set(err,
		    "%s is an RSA key of %u bits, and receivers ignore "
		    "signatures by keys of fewer than %d; make one of 2048 "
		    "bits with \"postern record dkim\"",
		    name, key->bits, PST_SIGN_KEY_MIN_BITS);
	if (id == EVP_PKEY_RSA && key->bits > PST_SIGN_KEY_MAX_BITS)
		return pst_err_set(err,
		    "%s is an RSA key of %u bits, and receivers need not "
		    "accept more than %d; make one of 2048 bits with "
		    "\"postern record dkim\"",
		    name, key->bits, PST_SIGN_KEY_MAX_BITS);
	return true;
}

/* ---- signatures ---- */

static const EVP_MD *
digest_of(const struct pst_sign_key *key)
{
	return key->algorithm == PST_DKIM_RSA_SHA256 ? EVP_sha256() : NULL;
}

/* Returns the length of the signature; 0 if OpenSSL cannot make one. */
static size_t
sign(const struct pst_sign_key *key, const unsigned char *ptr, size_t len,
    unsigned char out[MAX_SIGNATURE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t out_len = MAX_SIGNATURE;
	bool good;

	if (ctx == NULL)
		abort();
	good = EVP_DigestSignInit(ctx, NULL, digest_of(key), NULL, key->pkey) ==
		1 &&
	    EVP_DigestSign(ctx, out, &out_len, ptr, len) == 1;
	EVP_MD_CTX_free(ctx);
	return good ? out_len : 0;
}

/* True if a signature of a text verifies with the same key. */
static bool
can_sign(const struct pst_sign_key *key)
{
	static const unsigned char text[HASH_BYTES] = "trial";
	unsigned char signature[MAX_SIGNATURE];
	size_t len = sign(key, text, sizeof(text), signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good;

	if (ctx == NULL)
		abort();
	good = len > 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, digest_of(key), NULL, key->pkey) ==
		1 &&
	    EVP_DigestVerify(ctx, signature, len, text, sizeof(text)) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

const char *
pst_sign_key_sign(struct pst_arena *arena, const struct pst_sign_key *key,
    struct pst_str text)
{
	unsigned char signature[MAX_SIGNATURE], hash[HASH_BYTES];
	size_t len;
	char *out;
	union {
		const char *text;
		const unsigned char *octets;
	} input = {text.ptr};

	/* RFC 8463 s. 3: Ed25519 signs the hash. */
	if (key->algorithm == PST_DKIM_ED25519_SHA256) {
		if (EVP_Digest(text.ptr, text.len, hash, NULL, EVP_sha256(),
			NULL) != 1)
			abort();
		len = sign(key, hash, sizeof(hash), signature);
	} else {
		len = sign(key, input.octets, text.len, signature);
	}
	if (len == 0) {
		ERR_clear_error();
		return NULL;
	}
	out = pst_arena_alloc(arena, BASE64_SIZE(len));
	EVP_EncodeBlock((unsigned char *)out, signature, (int)len);
	return out;
}

/* ---- the text of a file ---- */

/* Never asks a person: a key with a pass phrase is not read. */
static int
no_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static bool
has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static bool
refuse_without_begin(const char *text, const char *name, struct pst_err *err)
{
	const unsigned char first = (unsigned char)text[0];

	/* a SEQUENCE of more than 127 octets, or the one of Ed25519 */
	if (first == 0x30 &&
	    ((unsigned char)text[1] >= 0x80 || text[1] == 0x2e))
		return pst_err_set(err,
		    "%s is in DER, and Postern reads PEM; convert it with "
		    "\"openssl pkey -inform DER -in %s -out FILE\"",
		    name, name);
	if (pst_str_starts(pst_str(text), PST_STR("MII")))
		return pst_err_set(err,
		    "%s lacks the lines \"-----BEGIN PRIVATE KEY-----\" and "
		    "\"-----END PRIVATE KEY-----\"; put them around the key",
		    name);
	return pst_err_set(err,
	    "%s holds no private key: it has no line \"" BEGIN
	    "PRIVATE KEY-----\"; name the file of a private key in PEM, as "
	    "\"postern record dkim\" writes it",
	    name);
}

/* What the first line says, and what to do then. */
static const struct {
	const char *label, *sentence;
} labels[] = {
    {"PUBLIC KEY", "is a public key; name the file of the private key"},
    {"CERTIFICATE", "is a certificate; name the file of a private key"},
    {"OPENSSH PRIVATE KEY",
	"is a key of SSH, which DKIM cannot use; make one with \"postern "
	"record dkim\""},
    {"EC P",
	"is a key for ECDSA, and DKIM knows only RSA and Ed25519; make one "
	"with \"postern record dkim\""},
    {"DSA P",
	"is a key for DSA, and DKIM knows only RSA and Ed25519; make one "
	"with \"postern record dkim\""},
};

/* Says what is wrong with a text that OpenSSL could not read. */
static bool
refuse(const char *begin, const char *name, struct pst_err *err)
{
	struct pst_str line =
	    pst_str_first(pst_str(begin), pst_str_find(pst_str(begin), '\n'));

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t at = sizeof(BEGIN) - 1;
		struct pst_str label = pst_str(labels[i].label);

		for (; at + label.len <= line.len; at++)
			if (pst_str_starts(pst_str_from(line, at), label))
				return pst_err_set(
				    err, "%s %s", name, labels[i].sentence);
	}
	if (has(begin, "ENCRYPTED"))
		return pst_err_set(err,
		    "%s has a pass phrase, which nobody could type when the "
		    "program starts; write it without one: \"openssl pkey -in "
		    "%s -out FILE\", and protect FILE with chmod 0640",
		    name, name);
	if (!has(begin, "-----END "))
		return pst_err_set(err,
		    "%s is cut off: it has no line \"-----END PRIVATE "
		    "KEY-----\"; copy the whole file",
		    name);
	return pst_err_set(err,
	    "%s is damaged: OpenSSL cannot read the key; copy the file again, "
	    "or make a new key with \"postern record dkim\"",
	    name);
}

/*
 * Reads an Ed25519 key that is nothing but base64, as rspamadm and dknewkey
 * write it: 32 octets, or these and the public key. NULL if it is not one.
 */
static EVP_PKEY *
read_raw(const char *text)
{
	struct pst_str trimmed = pst_str_trim(pst_str(text));
	unsigned char octets[MAX_RAW_TEXT], known[ED25519_BYTES];
	size_t len = sizeof(known), padding = 0;
	EVP_PKEY *pkey;
	union {
		const char *text;
		const unsigned char *octets;
	} input = {trimmed.ptr};

	if (trimmed.len != 44 && trimmed.len != 88)
		return NULL;
	while (padding < 2 && trimmed.ptr[trimmed.len - 1 - padding] == '=')
		padding++;
	if (EVP_DecodeBlock(octets, input.octets, (int)trimmed.len) < 0 ||
	    trimmed.len / 4 * 3 - padding !=
		(trimmed.len == 44 ? ED25519_BYTES : 2 * ED25519_BYTES))
		return NULL;
	pkey = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, octets, ED25519_BYTES);
	if (pkey != NULL && trimmed.len == 88 &&
	    (EVP_PKEY_get_raw_public_key(pkey, known, &len) != 1 ||
		memcmp(known, octets + ED25519_BYTES, len) != 0)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	OPENSSL_cleanse(octets, sizeof(octets));
	return pkey;
}

/* OpenSSL takes Windows line ends, and we skip what is before the key. */
static EVP_PKEY *
read_pem(const char *begin)
{
	BIO *bio = BIO_new_mem_buf(begin, -1);
	EVP_PKEY *pkey;

	if (bio == NULL)
		abort();
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
	BIO_free(bio);
	return pkey;
}

static EVP_PKEY *
decode(const char *text, const char *name, struct pst_err *err)
{
	const char *begin = strstr(text, BEGIN);
	EVP_PKEY *pkey = begin == NULL ? read_raw(text) : NULL;

	if (pkey != NULL)
		return pkey;
	if (begin == NULL) {
		(void)refuse_without_begin(text, name, err);
		return NULL;
	}
	if (has(begin + 1, BEGIN) && !has(begin, "EC PARAMETERS")) {
		pst_err_set(err,
		    "%s holds several keys or certificates; leave only the "
		    "private key that signs",
		    name);
		return NULL;
	}
	pkey = read_pem(begin);
	if (pkey == NULL)
		(void)refuse(begin, name, err);
	return pkey;
}

struct pst_sign_key *
pst_sign_key_parse(const char *text, const char *name, struct pst_err *err)
{
	EVP_PKEY *pkey = decode(text, name, err);
	struct pst_sign_key *key;

	if (pkey == NULL) {
		ERR_clear_error();
		return NULL;
	}
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		abort();
	atomic_init(&key->refs, 1);
	key->pkey = pkey;
	if (describe(key, name, err)) {
		if (can_sign(key) && write_public(key))
			return key;
		pst_err_set(err,
		    "%s is damaged: a signature by this key does not verify; "
		    "copy the file again, or make a new key with \"postern "
		    "record dkim\"",
		    name);
	}
	ERR_clear_error();
	pst_sign_key_unref(key);
	return NULL;
}

struct pst_sign_key *
pst_sign_key_read(const char *file, struct pst_err *err)
{
	char text[PST_SIGN_KEY_MAX_FILE + 1];
	struct pst_sign_key *key = NULL;

	if (pst_secret_read(file, "private key", text, sizeof(text), err))
		key = pst_sign_key_parse(text, file, err);
	OPENSSL_cleanse(text, sizeof(text));
	return key;
}

/* ---- shared ---- */

struct pst_sign_key *
pst_sign_key_ref(struct pst_sign_key *key)
{
	if (key != NULL)
		(void)atomic_fetch_add(&key->refs, 1);
	return key;
}

void
pst_sign_key_unref(struct pst_sign_key *key)
{
	if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->public_p);
	free(key->public_rsa);
	free(key);
}

enum pst_dkim_algorithm
pst_sign_key_algorithm(const struct pst_sign_key *key)
{
	return key->algorithm;
}

unsigned
pst_sign_key_bits(const struct pst_sign_key *key)
{
	return key->bits;
}

const char *
pst_sign_key_public(const struct pst_sign_key *key)
{
	return key->public_p;
}

struct evp_pkey_st *
pst_sign_key_pkey(const struct pst_sign_key *key)
{
	return key->pkey;
}

/* Compares without white space and padding. */
static bool
is_same(const char *wanted, struct pst_str p)
{
	for (size_t i = 0; i < p.len; i++) {
		char c = p.ptr[i];

		if (pst_is_wsp(c) || c == '\r' || c == '\n' || c == '=')
			continue;
		if (c != *wanted || c == '\0')
			return false;
		wanted++;
	}
	return *wanted == '\0' || *wanted == '=';
}

bool
pst_sign_key_is_public(const struct pst_sign_key *key, struct pst_str p)
{
	return is_same(key->public_p, p) ||
	    (key->public_rsa != NULL && is_same(key->public_rsa, p));
}
