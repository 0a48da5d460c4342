/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_PEM_PRIVATE_KEY_H
#define PST_REPLACED_PEM_PRIVATE_KEY_H

/*
 * A replacement of OpenSSL's PEM_read_bio_PrivateKey(), for the whole process.
 *
 * The contract of the original (PEM_read_bio_PrivateKey(3)): `EVP_PKEY
 * *PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **out, pem_password_cb *ask, void
 * *arg)` reads the next private key in PEM from a BIO of any kind and returns
 * it; the caller frees it with EVP_PKEY_free(). NULL on an error, which it adds to
 * the error queue of the thread. If out is not NULL, the key is also stored in
 * *out. For a key with a pass phrase it calls ask with arg.
 *
 * What is kept: outside of the bracket pst_private_key_enter() ...
 * pst_private_key_leave(), everything, since every call is passed on to
 * OpenSSL's function. Inside, the calls that libopendkim does not make are
 * passed on as well: those with an out, and those with a BIO that is not in
 * memory.
 *
 * What differs: inside the bracket, on the thread that opened it, any other call
 * returns the key of the bracket, whatever the BIO holds; nothing is read from
 * it. As promised, the caller frees the key; but the key has other owners, in
 * other threads too, so the caller may use it and must not change it.
 * libopendkim only signs with it.
 *
 * Why: libopendkim takes a key as text, and decodes it again for each message,
 * with the general decoder of OpenSSL 3. Worse, RSA computes what it keeps with a
 * key (Montgomery forms, blinding) anew for each of these. With the key decoded
 * once, signing 5 KB with 2048 bits costs half of it (bench/PROFILE.md). The text
 * of the key is then never given to libopendkim, so no copy of it is left in
 * memory that it frees.
 */

#include <stdint.h>

/* EVP_PKEY, so that only the owners of OpenSSL include its headers. */
struct evp_pkey_st;

/*
 * Opens the bracket for the calling thread, which must not be open, with that
 * key, which must live until it is closed. A call also makes the linker include
 * this module. Thread-safe.
 */
void pst_private_key_enter(struct evp_pkey_st *key);

/* Closes the bracket of the calling thread, which must be open. */
void pst_private_key_leave(void);

/* Returns how often a bracket's key was handed out, in this process. */
uint64_t pst_private_key_uses(void);

#endif
