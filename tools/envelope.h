/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ENVELOPE_H
#define PST_TOOLS_ENVELOPE_H

/*
 * The SMTP envelope that goes with a saved message: what the user gave, and for
 * the rest what the message's trace fields tell.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/ip.h"
#include "tools/message.h"

/* What the user gave: family PST_IP_NONE and NULL stand for nothing. */
struct pst_envelope {
	struct pst_ip ip;
	const char *name;      /* of the client, "" when unknown */
	const char *helo;      /* "" when unknown */
	const char *mail_from; /* with angle brackets */
	const char *rcpt;      /* with angle brackets */
};

/* A path in angle brackets; "" becomes the null path. */
const char *pst_envelope_path(struct pst_arena *arena, const char *text);

/*
 * Completes `given` into *out. *source says in one line where the parts that
 * were not given came from; NULL when all were given. False with a sentence in
 * err when there is no address.
 */
bool
pst_envelope_complete(struct pst_arena *arena, const struct pst_envelope *given,
    const struct pst_saved_message *message, const char *label,
    struct pst_envelope *out, const char **source, struct pst_err *err);

/* What a Received field's value tells of the client; exposed for tests. */
struct pst_received {
	struct pst_ip ip;
	const char *name; /* "" when there is none */
	const char *helo; /* "" when there is none */
};
void pst_received_parse(
    struct pst_arena *arena, struct pst_str value, struct pst_received *out);

#endif
