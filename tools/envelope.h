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
#include "tools/trace.h"

/* What the user gave; family PST_IP_NONE and NULL mean "not given". */
struct pst_envelope {
	struct pst_ip ip;
	const char *name;      /* of the client, "" when unknown */
	const char *helo;      /* "" when unknown */
	const char *mail_from; /* with angle brackets */
	const char *rcpt;      /* with angle brackets; the first one */
	const char **rcpts;    /* all, in the arena */
	size_t rcpt_count;
	const struct pst_site *site; /* helps to find the client; or NULL */
	/* set by pst_envelope_complete() */
	const char *source;
	struct pst_trace trace;
	bool from_trace; /* the client address is from the message */
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

/*
 * Returns the path in angle brackets; "" becomes the null path, and of
 * "Ann <a@b>" only the address counts.
 */
const char *pst_envelope_path(struct pst_arena *arena, const char *text);

/* Adds a recipient; the path lives as long as the arena. */
void pst_envelope_add_rcpt(
    struct pst_arena *arena, const char *path, struct pst_envelope *given);

/*
 * Adds what is missing, and reads the trace. envelope->source then says in one
 * line where the added parts came from; NULL if there were none (a default rcpt
 * does not count). label names the message in err. Returns false with a
 * sentence in err if the client address is missing.
 */
bool pst_envelope_complete(struct pst_arena *arena,
    const struct pst_saved_message *message, const char *label,
    struct pst_envelope *envelope, struct pst_err *err) PST_MUST_CHECK;

/*
 * Returns the message as the gateway received it: without what was added above
 * the Received field of the client, and without that field, which the MTA does
 * not show to a filter. If the client's address was given, or the author's
 * field is above, nothing, or only the trace, is left out.
 */
struct pst_saved_message pst_envelope_arrived(struct pst_arena *arena,
    const struct pst_saved_message *message,
    const struct pst_envelope *envelope);

#endif
