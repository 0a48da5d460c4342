/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_MTA_MACROS_H
#define PST_TOOLS_MTA_MACROS_H

/*
 * The macros that go with each event: what Postfix sends of its own accord, or
 * what the filter asked for.
 */

#include "base/milter_protocol.h"
#include "base/buf.h"
#include "tools/mta/client.h"

struct pst_mta_requests {
	const char *names[MILTER_PLACES]; /* separated by blanks */
};

/* Sets Postfix's own lists. */
void pst_mta_macros_default(struct pst_mta_requests *requests);

/*
 * Returns the data of the macro packet for an event at this place, in the
 * arena: name and value, each NUL-terminated, of every requested macro for
 * which the MTA has a value; at CONNECT also the test mark, if the mail is a
 * test.
 */
struct pst_str pst_mta_macros_make(struct pst_arena *arena,
    const struct pst_mta_requests *requests, enum milter_place place,
    const struct pst_mta_mail *mail);

#endif
