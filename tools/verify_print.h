/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_VERIFY_PRINT_H
#define PST_TOOLS_VERIFY_PRINT_H

/* What `postern verify` prints of one message, for a person and as JSON. */

#include "core/session.h"
#include "tools/earlier.h"
#include "tools/envelope.h"

struct pst_verified {
	const char *file_name;
	size_t number;      /* in an mbox file, from 1; 0: it is alone */
	const char *origin; /* of the configuration */
	const struct pst_envelope *envelope;
	const struct pst_message *message; /* decided */
	const struct pst_earlier *earlier;
};

/* Returns several lines, each with a final newline. */
const char *
pst_verified_text(struct pst_arena *arena, const struct pst_verified *verified);

/* Returns one JSON object without a final newline; postern(1) documents it. */
const char *
pst_verified_json(struct pst_arena *arena, const struct pst_verified *verified);

#endif
