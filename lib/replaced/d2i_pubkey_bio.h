/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_DECODE_H
#define PST_AUTH_DKIM_DECODE_H

/*
 * A cache of decoded public keys. libopendkim decodes the key again for each
 * signature, with OpenSSL 3's general decoder, which takes most of the time of
 * a small message; its interface does not accept a decoded key. But it calls
 * d2i_PUBKEY_bio() through the dynamic linker, and this module defines a
 * function of that name, which differs only in that it remembers keys. Where
 * the linker does not prefer a program's own functions, libcrypto's function is
 * called: everything works, only more slowly. auth/msgsig calls it too.
 *
 * Threads share the decoded keys, as OpenSSL allows.
 */

#include <stddef.h>
#include <stdint.h>

/*
 * Call it before libopendkim is used. The call also makes the linker include
 * this module.
 */
void pst_dkim_decode_init(void);

/* Returns how often a key was remembered (*hits) and how often it was not. */
void pst_dkim_decode_stats(uint64_t *hits, uint64_t *misses);

#endif
