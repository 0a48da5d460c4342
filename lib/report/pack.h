/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_PACK_H
#define PST_REPORT_PACK_H

/*
 * Packs octets that come piece by piece into a growing buffer that has a bound:
 * gzip (RFC 1952) without a name or a time, so that equal input gives equal
 * output, or as they are.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Below this no useful report fits. */
#define PST_PACK_MIN_BYTES 1024

struct pst_pack;

/* max_bytes is of the packed form, from PST_PACK_MIN_BYTES. Never NULL. */
struct pst_pack *pst_pack_new(bool gzip, size_t max_bytes);
void pst_pack_free(struct pst_pack *pack); /* NULL is allowed */

/* Begins anew and keeps the memory. */
void pst_pack_reset(struct pst_pack *pack);

/* False when the bound was passed; then and from then on nothing is kept. */
bool pst_pack_add(struct pst_pack *pack, const void *ptr, size_t len);

/*
 * Whether len more octets, whatever they are, certainly fit. For this, output
 * is forced now and then; that too depends on the input alone.
 */
bool pst_pack_has_room(struct pst_pack *pack, size_t len);

/* Ends the stream. False when the bound was passed. */
bool pst_pack_end(struct pst_pack *pack);

/* After the end; valid until the next call. */
struct pst_str pst_pack_octets(const struct pst_pack *pack);

#endif
