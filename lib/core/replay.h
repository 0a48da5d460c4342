/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_REPLAY_H
#define PST_CORE_REPLAY_H

/*
 * Decides a recorded message again (core/recorded.h), with the configuration
 * that it was read with. It does what pst_session_end() does after the checks:
 * the kinds of the recipients, the exemption, the ARC chain, evidence and claims
 * of indirect mail, what temporary errors do, the policy, the edits. What
 * depended on the state of the gateway at that time (which domains were known,
 * which look-ups had failed for how long, the bucket of enforce-percent, what a
 * remembered policy was, how a message was split) is in the entry and is used as
 * it was. The checks themselves are not run again.
 *
 * Pure: it asks neither the DNS nor a clock.
 */

#include "core/recorded.h"

struct pst_replay {
	struct pst_decision decision; /* the new one */
	/*
	 * NULL, or why another configuration cannot be judged by what was
	 * recorded, such as "ARC was not verified then": a fixed text, a clause
	 * without a full stop. The decision is then the best that can be said;
	 * it is the recorded one if nothing can be said. Never set if the message
	 * was decided with the same configuration (see is_same).
	 */
	const char *doubt;
	/* The configuration is that of the recorded decision, in all that
	   matters for it. Another decision is then a fault of ours. */
	bool is_same;
	/* What the mail system and the sender see differs: the action, the
	   action if it were enforced, what was decided by, or the reply. */
	bool is_changed;
};

/*
 * Decides again; *recorded is not changed, except that texts may be added to
 * its arena. With the configuration of that time the decision is the same: the
 * action, would, the rule, the reply and the edits. With another one, doubt is
 * about the first four; the edits may lack what was not checked then.
 */
void pst_replay_decide(struct pst_arena *arena,
    const struct pst_recorded *recorded, struct pst_replay *out);

#endif
