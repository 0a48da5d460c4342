/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_PARTS_H
#define PST_CORE_PARTS_H

/*
 * One message to recipients whose modes differ (mixed-recipients = split). If
 * the outcome differs as well, the message is refused for now at its end, and
 * is delivered in two parts when its sender tries again; see core/splits. Each
 * part is then a message of its own, judged in its own mode. Mail is never
 * dropped here: what cannot be split is judged in the stricter mode, and so is
 * a message whose Date is not of the last day, so that none is put off for
 * ever, even if the table is lost again and again.
 */

#include "base/macros.h"
#include "core/session.h"
#include "core/splits.h"

struct pst_parts {
	bool on; /* recipients can be told to come later */
	struct pst_arena *arena;
	struct pst_splits *splits;
	struct pst_clock *clock;
	struct pst_split_key key;
	enum pst_part chosen; /* of the recipients that were accepted */
	bool held_back;       /* a recipient of the other part */
	/* The recipients that were accepted, up to one too many */
	struct pst_split_rcpt *rcpts;
	enum pst_rcpt_kind *kinds;
	size_t count;
};

/* The reply to a recipient that comes later. */
#define PST_PARTS_LATER_CODE "451"
#define PST_PARTS_LATER_XCODE "4.7.1"
#define PST_PARTS_LATER_TEXT                                                   \
	"This recipient gets the message separately, please try again later"

/* Returns what the log says then; it names the domain only. */
const char *pst_parts_later_line(struct pst_arena *arena, struct pst_str rcpt);

/* The rule of a message that is refused for now. */
#define PST_PARTS_RULE "mixed-recipients"

/* Returns true if messages may be split. */
bool pst_parts_are_wanted(const struct pst_config *config);

/*
 * MAIL, if the MTA waits for answers to RCPT. *parts must be zero, and stays so
 * if messages are not to be split. message has its client, MAIL FROM and
 * configuration; its arena is given.
 */
void pst_parts_begin(struct pst_parts *parts, struct pst_arena *arena,
    struct pst_service *service, const struct pst_message *message);

/*
 * RCPT. Returns false if this recipient must come later; it does not belong to
 * the message then. The first one never must.
 */
bool pst_parts_rcpt(
    struct pst_parts *parts, struct pst_str rcpt, enum pst_rcpt_kind kind);

/*
 * The end: turns the decision into a deferral if the message is to be split,
 * and says in decision.mixed what came of it.
 */
void pst_parts_settle(struct pst_parts *parts, struct pst_message *message);

/*
 * The same for a recorded message that is mixed again: what came of it then, was,
 * comes of it now. Returns false if it was not to be split then, so that this
 * cannot be known.
 */
bool pst_parts_settle_again(
    struct pst_decision *decision, const char *was) PST_MUST_CHECK;

#endif
