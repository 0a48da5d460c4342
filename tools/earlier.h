/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_EARLIER_H
#define PST_TOOLS_EARLIER_H

/*
 * What our own Authentication-Results field in a saved message says, beside
 * what the checks find now, and why the two differ. It is for display only: no
 * result is ever taken from the field (R-AR-15).
 */

#include "core/session.h"
#include "mail/authres.h"
#include "tools/envelope.h"

struct pst_earlier_difference {
	const char *method;
	const char *what; /* "d=bank.example s=s1" of DKIM; or NULL */
	const char *then; /* a result; or a result and a policy */
	const char *now;
	const char *why; /* half a sentence in words */
};

struct pst_earlier {
	const struct pst_authres_method *methods; /* that we write, too */
	size_t count;
	struct pst_earlier_difference *differences;
	size_t difference_count;
	bool exempt; /* nothing is checked now, so nothing is compared */
};

/*
 * Compares the field with the decided message; envelope is complete. *out is
 * empty if the saved message has no field of ours. All texts live in the arena,
 * those from the message escaped.
 */
void pst_earlier_compare(struct pst_arena *arena,
    const struct pst_saved_message *saved, const struct pst_envelope *envelope,
    const struct pst_message *message, struct pst_earlier *out);

#endif
