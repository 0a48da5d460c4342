/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ARC_TAGS_H
#define PST_AUTH_ARC_TAGS_H

/* The tags of one ARC-Message-Signature or ARC-Seal (RFC 8617 s. 4.1). */

#include "auth/arc_set.h"

/* sig->tags is there; fills in the rest, or sig->reason. */
void pst_arc_tags_read_ams(struct pst_arena *arena, int64_t now,
    unsigned skew_s, struct pst_arc_sig *sig);
void pst_arc_tags_read_seal(struct pst_arena *arena, int64_t now,
    unsigned skew_s, struct pst_arc_sig *sig);

/* An instance: 1 or 2 digits, 1 to 50. 0 when it is none. */
unsigned pst_arc_tags_instance(struct pst_str text);

#endif
