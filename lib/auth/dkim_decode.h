/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_DECODE_H
#define PST_AUTH_DKIM_DECODE_H

/*
 * Public keys decoded once. libopendkim decodes the key for each signature, by
 * OpenSSL 3's general decoder, which takes most of the time of a small message,
 * and its interface takes no decoded key. But it calls d2i_PUBKEY_bio() through
 * the dynamic linker, and this file has a function of that name: the same in
 * all but that it remembers. Where a linker does not prefer a program's own
 * functions, the library's is called and all is slower, no more. auth/msgsig
 * calls it as well.
 *
 * Decoded keys are shared between threads, as OpenSSL allows.
 */

#include <stddef.h>
#include <stdint.h>

/* Once, before the library is used: it makes the linker take this file. */
void pst_dkim_decode_init(void);

/* How often a key was remembered, and how often not. */
void pst_dkim_decode_stats(uint64_t *hits, uint64_t *misses);

#endif
