/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_LIBRARY_H
#define PST_AUTH_DKIM_LIBRARY_H

/*
 * What libopendkim does for one message: it verifies the signatures that are
 * chosen and not `own` (auth/dkim_pick). It is told that the body is empty, and
 * does not get to know whether the body matches. Only auth/dkim uses this.
 */

#include "auth/dkim_pick.h"

struct pst_dkim_library;

/* Returns true for a signature that libopendkim is to verify. */
bool pst_dkim_library_has(const struct pst_dkim_item *item);

/*
 * Gives libopendkim the header. Sets `own` of each signature that it does not
 * understand. header and pick must outlive what is returned, which lives in the
 * world's arena; never NULL. The guard of the world must live as long, too.
 */
struct pst_dkim_library *
pst_dkim_library_open(struct pst_world *world, struct pst_dkim_lib *lib,
    const struct pst_header *header, struct pst_dkim_pick *pick);

/*
 * Returns true if the guard keeps this message from libopendkim, from the start
 * or since a later call. There is then no verdict on its signatures.
 */
bool pst_dkim_library_is_barred(const struct pst_dkim_library *library);

/* Verifies with the keys in pick. Call it once. */
void pst_dkim_library_end(struct pst_dkim_library *library);

struct pst_dkim_verdict {
	bool header_ok;         /* the signature over the header verifies */
	bool hash_tested;       /* false: it failed before the body counted */
	enum pst_result result; /* none: nothing else speaks against it */
	enum pst_dkim_why why;  /* the reason of that result; or none */
};

/* After the end: stores what libopendkim says of the item with that index. */
void pst_dkim_library_verdict(const struct pst_dkim_library *library, size_t i,
    struct pst_dkim_verdict *out);

/*
 * Sets result and why for an error of libopendkim, a DKIM_SIGERROR code. Leaves
 * them alone if there is no error. For tests, too.
 */
void pst_dkim_library_explain(int error, struct pst_dkim_verdict *out);

#endif
