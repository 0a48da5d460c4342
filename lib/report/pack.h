/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_PACK_H
#define PST_REPORT_PACK_H

/*
 * Packs octets that arrive in pieces into a growing buffer with an upper bound:
 * as gzip (RFC 1952) without a name or a time, so that equal input gives equal
 * output, or unchanged.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* No useful report is smaller than this. */
#define PST_PACK_MIN_BYTES 1024

struct pst_pack;

/*
 * max_bytes bounds the packed form; it must be at least PST_PACK_MIN_BYTES.
 * Never returns NULL.
 */
struct pst_pack *pst_pack_new(bool gzip, size_t max_bytes);
void pst_pack_free(struct pst_pack *pack); /* NULL is allowed */

/* Starts again, with the same memory. */
void pst_pack_reset(struct pst_pack *pack);

/*
 * Adds len octets. Returns false once the bound has been passed; from then on
 * nothing more is kept.
 */
bool pst_pack_add(struct pst_pack *pack, const void *ptr, size_t len);

/*
 * Returns whether len more octets certainly fit, whatever they are. This
 * sometimes forces output; when it does also depends on nothing but the input.
 */
bool pst_pack_has_room(struct pst_pack *pack, size_t len);

/* Ends the stream. Returns false if the bound was passed. */
bool pst_pack_end(struct pst_pack *pack);

/* Returns the packed octets after pst_pack_end(); valid until the next call. */
struct pst_str pst_pack_octets(const struct pst_pack *pack);

#endif
