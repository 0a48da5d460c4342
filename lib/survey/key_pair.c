/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/key_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_BITS 2048
#define MIN_BITS 2048
#define MAX_BITS 4096
#define ED25519_BITS 256
#define ED25519_BYTES 32
/* A key of 4096 bits takes 3.3 KiB. */
#define MAX_FILE 32768

/* ---- the two forms ---- */

static const char *
base64(struct pst_arena *arena, const unsigned char *octets, int len)
{
	char *text = pst_arena_alloc(arena, (size_t)len / 3 * 4 + 8);

	EVP_EncodeBlock((unsigned char *)text, octets, len);
	return text;
}

/* Returns the key as p= has it; NULL if it cannot be written. */
static const char *
write_public(struct pst_arena *arena, EVP_PKEY *key, enum pst_key_type type)
{
	unsigned char raw[ED25519_BYTES];
	unsigned char *der = NULL;
	size_t raw_len = sizeof(raw);
	const char *text;
	int len;

	if (type == PST_KEY_ED25519)
		return EVP_PKEY_get_raw_public_key(key, raw, &raw_len) == 1 &&
			raw_len == sizeof(raw) ?
		    base64(arena, raw, (int)raw_len) :
		    NULL;
	len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return NULL;
	text = base64(arena, der, len);
	OPENSSL_free(der);
	return text;
}

/* Wipes the key when the arena goes. */
static void
wipe(void *text)
{
	OPENSSL_cleanse(text, strlen(text));
}

static const char *
write_private(struct pst_arena *arena, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	char *data;
	long len;

	if (bio == NULL)
		abort();
	if (PEM_write_bio_PKCS8PrivateKey(
		bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		len = BIO_get_mem_data(bio, &data);
		text = pst_arena_memdup(arena, data, (size_t)len);
		pst_arena_defer(arena, wipe, text);
	}
	BIO_free(bio);
	return text;
}

/* Fills *out from the key, and frees it. */
static bool
describe(struct pst_arena *arena, EVP_PKEY *key, struct pst_key_pair *out,
    struct pst_err *err)
{
	int id = EVP_PKEY_base_id(key);

	*out = (struct pst_key_pair){.type = PST_KEY_RSA};
	if (id == EVP_PKEY_ED25519)
		out->type = PST_KEY_ED25519;
	out->bits = id == EVP_PKEY_ED25519 ? ED25519_BITS :
					     (unsigned)EVP_PKEY_bits(key);
	if (id == EVP_PKEY_ED25519 || id == EVP_PKEY_RSA) {
		out->private_pem = write_private(arena, key);
		out->public_p = write_public(arena, key, out->type);
	}
	EVP_PKEY_free(key);
	if (out->private_pem != NULL && out->public_p != NULL)
		return true;
	return pst_err_set(err,
	    "the key is neither an RSA key nor an Ed25519 key; DKIM knows only "
	    "these two");
}

/* ---- making and reading ---- */

bool
pst_key_pair_make(struct pst_arena *arena, enum pst_key_type type,
    unsigned bits, struct pst_key_pair *out, struct pst_err *err)
{
	EVP_PKEY *key;

	if (bits == 0)
		bits = DEFAULT_BITS;
	/* OpenSSL makes a key of fewer bits for an odd number. */
	if (type == PST_KEY_RSA &&
	    (bits < MIN_BITS || bits > MAX_BITS || bits % 8 != 0))
		return pst_err_set(err,
		    "an RSA key must have %d to %d bits, in whole octets: "
		    "shorter keys are weak, and receivers need not accept "
		    "longer ones",
		    MIN_BITS, MAX_BITS);
	key = type == PST_KEY_RSA ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (key == NULL)
		return pst_err_set(
		    err, "OpenSSL could not make a key; nothing was written");
	return describe(arena, key, out, err);
}

/* Reads the file into text, which has room for MAX_FILE octets and a NUL. */
static bool
read_file(const char *path, char *text, size_t *len, struct pst_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = 1;

	*len = 0;
	if (fd < 0)
		return pst_err_set(err, "the key file %s cannot be opened: %s",
		    path, strerror(errno));
	while (got > 0 && *len <= MAX_FILE) {
		got = read(fd, text + *len, MAX_FILE + 1 - *len);
		if (got > 0)
			*len += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	close(fd);
	if (got < 0)
		return pst_err_set(err, "the key file %s cannot be read: %s",
		    path, strerror(errno));
	if (*len > MAX_FILE)
		return pst_err_set(err,
		    "the key file %s is larger than %d octets, so it is not a "
		    "private key in PEM",
		    path, MAX_FILE);
	return true;
}

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

/* True if only blank lines are left. */
static bool
is_at_end(BIO *bio)
{
	char c;

	while (BIO_read(bio, &c, 1) == 1)
		if (strchr(" \t\r\n", c) == NULL || c == '\0')
			return false;
	return true;
}

bool
pst_key_pair_read(struct pst_arena *arena, const char *path,
    struct pst_key_pair *out, struct pst_err *err)
{
	char *text = pst_arena_alloc(arena, MAX_FILE + 1);
	EVP_PKEY *key = NULL;
	bool only = false;
	size_t len;
	BIO *bio;

	if (read_file(path, text, &len, err)) {
		bio = BIO_new_mem_buf(text, (int)len);
		if (bio == NULL)
			abort();
		if (len > 0 && strncmp(text, "-----BEGIN ", 11) == 0)
			key =
			    PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
		only = key != NULL && is_at_end(bio);
		BIO_free(bio);
		if (!only)
			pst_err_set(err,
			    "%s is not one private key in PEM without a pass "
			    "phrase, and nothing else",
			    path);
	}
	OPENSSL_cleanse(text, MAX_FILE + 1);
	if (only)
		return describe(arena, key, out, err);
	EVP_PKEY_free(key);
	return false;
}

/* ---- writing ---- */

static bool
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		len -= (size_t)written;
	}
	return fsync(fd) == 0;
}

bool
pst_key_pair_write(
    const struct pst_key_pair *pair, const char *path, struct pst_err *err)
{
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;
	int why;

	if (fd < 0 && errno == EEXIST)
		return pst_err_set(err,
		    "%s exists, and a key is never overwritten; give the name "
		    "of a new file",
		    path);
	if (fd < 0)
		return pst_err_set(err, "the key file %s cannot be made: %s",
		    path, strerror(errno));
	/* whatever the umask is */
	ok = fchmod(fd, 0600) == 0 &&
	    write_all(fd, pair->private_pem, strlen(pair->private_pem));
	why = errno;
	ok = close(fd) == 0 && ok;
	if (ok)
		return true;
	(void)unlink(path);
	return pst_err_set(err,
	    "the key could not be written to %s, and nothing is left there: %s",
	    path, strerror(why));
}
