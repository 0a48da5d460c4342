/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_ENVELOPE_H
#define PST_TOOLS_ENVELOPE_H

/*
 * The SMTP envelope of a saved message: what the user gave, and for the rest
 * what the message's trace fields say.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/macros.h"
#include "tools/message.h"

/* What the user gave; family PST_IP_NONE and NULL mean "not given". */
struct pst_envelope {
	struct pst_ip ip;
	const char *name;      /* of the client, "" when unknown */
	const char *helo;      /* "" when unknown */
	const char *mail_from; /* with angle brackets */
	const char *rcpt;      /* with angle brackets */
	/* set by pst_envelope_complete() */
	const char *source;
};

/* What getopt_long() returns for these options; a command's own follow. */
enum pst_envelope_option {
	PST_OPT_IP = 1000,
	PST_OPT_NAME,
	PST_OPT_HELO,
	PST_OPT_MAIL_FROM,
	PST_OPT_RCPT,
	PST_OPT_OWN,
};

/* Their rows in a command's table of options. */
/* clang-format off */
#define PST_ENVELOPE_OPTIONS                                                   \
	{"ip", required_argument, NULL, PST_OPT_IP},                           \
	{"name", required_argument, NULL, PST_OPT_NAME},                       \
	{"helo", required_argument, NULL, PST_OPT_HELO},                       \
	{"mail-from", required_argument, NULL, PST_OPT_MAIL_FROM},             \
	{"rcpt", required_argument, NULL, PST_OPT_RCPT}
/* clang-format on */

/*
 * Takes the value of one of these options: option is what getopt_long()
 * returned, and text must outlive given. Returns false, after one sentence on
 * standard error, if the value is wrong.
 */
bool pst_envelope_take(struct pst_arena *arena, const char *command, int option,
    const char *text, struct pst_envelope *given);

/* Returns the path in angle brackets; "" becomes the null path. */
const char *pst_envelope_path(struct pst_arena *arena, const char *text);

/*
 * Adds what is missing. envelope->source then says in one line where the added
 * parts came from; NULL if there were none (a default rcpt does not count).
 * label names the message in err. Returns false with a sentence in err if the
 * client address is missing.
 */
bool pst_envelope_complete(struct pst_arena *arena,
    const struct pst_saved_message *message, const char *label,
    struct pst_envelope *envelope, struct pst_err *err) PST_MUST_CHECK;

#endif
