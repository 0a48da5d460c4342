/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Canonicalizes a body that comes in pieces, and compares the result with that
 * of the tests' signer, which has the whole body. The first octet is the size
 * of a piece; 0: one piece.
 */

#include <assert.h>

#include "auth/dkim_body.h"
#include "auth/msgsig_canon.h"
#include "tests/unit/dkim_sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
collect(void *arg, const char *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
}

static struct pst_str
in_pieces(struct pst_arena *arena, struct pst_str body, size_t piece,
    enum pst_canon canon)
{
	struct pst_msgsig_canon_body state;
	struct pst_buf out;

	pst_buf_init(&out, arena, SIZE_MAX / 4);
	pst_msgsig_canon_body_init(&state, canon, collect, &out);
	while (body.len > 0) {
		struct pst_str part = pst_str_first(body, piece);

		pst_msgsig_canon_body_add(&state, part.ptr, part.len);
		body = pst_str_from(body, part.len);
	}
	pst_msgsig_canon_body_end(&state);
	return pst_buf_slice(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum pst_canon canons[] = {
	    PST_CANON_SIMPLE, PST_CANON_RELAXED};
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_body shape = {.odd = false};
	const void *octets = data;
	struct pst_str body = pst_str_from((struct pst_str){octets, size}, 1);
	size_t piece = size > 0 && data[0] > 0 ? data[0] : SIZE_MAX;

	pst_dkim_body_add(&shape, body.ptr, body.len);
	(void)pst_dkim_body_end(&shape);
	for (size_t i = 0; i < 2; i++) {
		struct pst_str got = in_pieces(arena, body, piece, canons[i]);
		struct pst_buf want;

		pst_buf_init(&want, arena, SIZE_MAX / 4);
		sign_canon_body(&want, body, i == 1);
		assert(pst_str_eq(got, pst_buf_slice(&want)));
	}
	pst_arena_free(arena);
	return 0;
}
