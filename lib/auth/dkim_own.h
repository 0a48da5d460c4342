/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_OWN_H
#define PST_AUTH_DKIM_OWN_H

/*
 * The signatures that auth/msgsig verifies, because libopendkim would misread
 * them (R-DKIM-21). Libopendkim hashes the text of the field itself, so giving
 * it another text would not help. It is not given these signatures at all.
 */

#include "auth/dkim_pick.h"

/*
 * Sets `own` and `odd` of the chosen signatures. Own is a signature
 *	whose field libopendkim cannot read (auth/dkim_tags);
 *	that signs a field with VT or FF, which libopendkim takes for white
 *	space (RFC 6376 s. 2.8), or with a NUL, a bare CR or a bare LF;
 *	that has l=: libopendkim would have to be given the body, and would
 *	hash it once for each signature;
 *	whose h= has very many names in a header of very many fields:
 *	libopendkim compares each with each;
 *	that signs DKIM-Signature fields: libopendkim sees only some of them,
 *	and selects the field of the signature itself too (RFC 6376 s. 3.5);
 *	whose d= and s= are those of an earlier one with another algorithm:
 *	libopendkim keeps one key for each pair of them.
 */
void
pst_dkim_own_mark(const struct pst_header *header, struct pst_dkim_pick *pick);

/*
 * Returns true if the signature over the header verifies with the item's key.
 * header is the one that was picked from. Uses no memory of the arena after it
 * has returned.
 */
bool
pst_dkim_own_verify(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_dkim_item *item) PST_MUST_CHECK;

#endif
