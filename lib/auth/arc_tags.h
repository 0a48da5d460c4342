/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ARC_TAGS_H
#define PST_AUTH_ARC_TAGS_H

/* The tags of one ARC-Message-Signature or ARC-Seal (RFC 8617 s. 4.1). */

#include "auth/arc_set.h"

/*
 * Both functions expect sig->tags to be set. They fill in the rest of *sig, or
 * set sig->reason. now is in seconds since 1970; skew_s is the tolerance for t=
 * and x=.
 */
void pst_arc_tags_read_ams(struct pst_arena *arena, int64_t now,
    unsigned skew_s, struct pst_arc_sig *sig);
void pst_arc_tags_read_seal(struct pst_arena *arena, int64_t now,
    unsigned skew_s, struct pst_arc_sig *sig);

/*
 * Returns the instance number in text: 1 or 2 digits, 1 to 50. Returns 0 if
 * text is not an instance number.
 */
unsigned pst_arc_tags_instance(struct pst_str text);

#endif
