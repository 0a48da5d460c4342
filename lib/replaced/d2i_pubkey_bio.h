/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPLACED_D2I_PUBKEY_BIO_H
#define PST_REPLACED_D2I_PUBKEY_BIO_H

/*
 * A replacement of OpenSSL's d2i_PUBKEY_bio(), for the whole process, and the
 * decoded public keys that it remembers.
 *
 * The contract of the original (d2i_PUBKEY_bio(3), d2i_X509(3), BIO_read(3)):
 * `EVP_PKEY *d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **out)` reads one DER-encoded
 * SubjectPublicKeyInfo from a BIO of any kind and returns the key, which the
 * caller frees with EVP_PKEY_free(); NULL on an error, which it adds to the
 * error queue of the thread. It takes the octets of that one object out of the
 * BIO and leaves those that follow. If out is not NULL, the key is also stored
 * in *out, and a key that was in *out before is freed; on an error *out does
 * not change.
 *
 * What is kept: outside of the bracket pst_pubkey_enter() ...
 * pst_pubkey_leave(), everything, since every call is passed on to OpenSSL's
 * function. Inside, the calls that libopendkim does not make are passed on as
 * well: those with an out, and those with a BIO that is not in memory.
 *
 * What differs: inside the bracket, on the thread that opened it, a call with a
 * memory BIO and without out returns the remembered key if these octets were
 * decoded before. As promised, the object's octets have left the BIO, and the
 * caller frees the key; but the key has other owners, in other threads too, so
 * the caller may use it and must not change it. libopendkim only verifies with
 * it. If the octets are new, OpenSSL's function decodes them and reports errors;
 * failures are not remembered.
 *
 * Why: libopendkim decodes the key for each signature, with the general decoder
 * of OpenSSL 3, which took half of the instructions of a small message, and its
 * interface does not accept a decoded key. With remembered keys, verifying a
 * 2048-bit RSA signature costs 0.03 ms instead of 0.26 (bench/PROFILE.md).
 *
 * The keys are a bounded table, in which a new key replaces an old one of its
 * set. A sender's keys are public data, and a sender that fills the table only
 * makes verifying as slow as it is without it.
 */

#include <stddef.h>
#include <stdint.h>

/* EVP_PKEY, so that only the owners of OpenSSL include its headers. */
struct evp_pkey_st;

/*
 * Opens the bracket for the calling thread, which must not be open. A call also
 * makes the linker include this module. Thread-safe.
 */
void pst_pubkey_enter(void);

/* Closes the bracket of the calling thread, which must be open. */
void pst_pubkey_leave(void);

/*
 * Returns the key of the SubjectPublicKeyInfo at the beginning of the octets,
 * remembered or decoded; NULL if there is none, with OpenSSL's reason in the
 * error queue. The caller frees it with EVP_PKEY_free() and must not change it.
 * Needs no bracket. Thread-safe.
 */
struct evp_pkey_st *pst_pubkey_decode(const unsigned char *der, size_t len);

/*
 * Stores how often a key was remembered (*hits) and how often it had to be
 * decoded (*misses), in this process. Thread-safe.
 */
void pst_pubkey_stats(uint64_t *hits, uint64_t *misses);

#endif
