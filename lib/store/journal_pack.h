/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_JOURNAL_PACK_H
#define PST_STORE_JOURNAL_PACK_H

/*
 * Compresses the body of a block (zstd, RFC 8878), and unpacks it. For one
 * thread at a time. Running out of memory aborts.
 */

#include <stdbool.h>

#include "base/macros.h"
#include "store/journal_unit.h"

struct pst_journal_packer;

struct pst_journal_packer *pst_journal_packer_new(void);
void pst_journal_packer_free(struct pst_journal_packer *packer);

/* Replaces the content of *out by the packed octets, with a checksum. */
void pst_journal_pack(struct pst_journal_packer *packer, struct pst_str plain,
    struct pst_journal_octets *out);

/*
 * Replaces the content of *out by the octets that were packed. False if the
 * octets are damaged, or if they would unpack to another number of octets than
 * plain_bytes. No more memory than plain_bytes is used, which the caller bounds,
 * whatever the packed octets say.
 */
bool
pst_journal_unpack(struct pst_journal_packer *packer, struct pst_str packed,
    size_t plain_bytes, struct pst_journal_octets *out) PST_MUST_CHECK;

#endif
