/* SPDX-License-Identifier: BSD-2-Clause */

/* Signatures of a message of 5 KB, beside the bare operation. */

#include <stdlib.h>

#include "base/macros.h"
#include "bench/micro.h"
#include "bench/sign_mail.h"

#define SIZE 5120

static void *
make(struct pst_arena *arena, size_t size)
{
	struct sign_mail *mail = pst_arena_alloc(arena, sizeof(*mail));

	(void)size;
	sign_mail_make(mail, arena, SIZE);
	/* What happens once is not counted. */
	sign_mail_sign(mail, arena, 0, 2);
	return mail;
}

static void
end(void *state)
{
	sign_mail_end(state);
}

/* The hash of the message and the RSA operation, and nothing else. */
static void
bare(struct pst_arena *arena, void *state)
{
	const struct sign_mail *mail = state;

	MICRO_MUST(
	    pst_sign_key_sign(arena, mail->by[0].key, mail->whole) != NULL);
}

static void
rsa(struct pst_arena *arena, void *state)
{
	sign_mail_sign(state, arena, 0, 1);
}

static void
ed25519(struct pst_arena *arena, void *state)
{
	sign_mail_sign(state, arena, 1, 1);
}

const struct micro micro_signers[] = {
    {"sign_bare_rsa", 5, make, bare, end},
    {"sign_rsa", 5, make, rsa, end},
    {"sign_ed25519", 10, make, ed25519, end},
};
const size_t micro_signer_count = PST_COUNT(micro_signers);
