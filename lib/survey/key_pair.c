/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/key_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/sign_key.h"

#define DEFAULT_BITS 2048
#define MIN_BITS 2048
#define MAX_BITS 4096
#define MAX_FILE PST_SIGN_KEY_MAX_FILE

/* ---- the two forms ---- */

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

/* Fills *out from the key, and drops the reference. */
static bool
describe(struct pst_arena *arena, struct pst_sign_key *key,
    struct pst_key_pair *out, struct pst_err *err)
{
	bool is_rsa = pst_sign_key_algorithm(key) == PST_DKIM_RSA_SHA256;

	*out = (struct pst_key_pair){
	    .type = is_rsa ? PST_KEY_RSA : PST_KEY_ED25519,
	    .bits = pst_sign_key_bits(key),
	    .private_pem = write_private(arena, pst_sign_key_pkey(key)),
	    .public_p = pst_arena_strdup(arena, pst_sign_key_public(key)),
	};
	pst_sign_key_unref(key);
	return out->private_pem != NULL ||
	    pst_err_set(err, "OpenSSL could not write the key");
}

/* ---- making and reading ---- */

bool
pst_key_pair_make(struct pst_arena *arena, enum pst_key_type type,
    unsigned bits, struct pst_key_pair *out, struct pst_err *err)
{
	struct pst_sign_key *key = NULL;
	const char *text;
	EVP_PKEY *pkey;

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
	pkey = type == PST_KEY_RSA ?
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	text = pkey == NULL ? NULL : write_private(arena, pkey);
	EVP_PKEY_free(pkey);
	if (text == NULL)
		return pst_err_set(
		    err, "OpenSSL could not make a key; nothing was written");
	key = pst_sign_key_parse(text, "the new key", err);
	return key != NULL && describe(arena, key, out, err);
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

bool
pst_key_pair_read(struct pst_arena *arena, const char *path,
    struct pst_key_pair *out, struct pst_err *err)
{
	char *text = pst_arena_alloc(arena, MAX_FILE + 2);
	struct pst_sign_key *key = NULL;
	size_t len;

	if (read_file(path, text, &len, err))
		key = pst_sign_key_parse(text, path, err);
	OPENSSL_cleanse(text, MAX_FILE + 2);
	return key != NULL && describe(arena, key, out, err);
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
