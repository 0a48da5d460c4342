/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_RECEIVED_H
#define PST_MAIL_RECEIVED_H

/*
 * One Received field: from whom the host that wrote it got the message. There
 * is no common form (RFC 5321 s. 4.4.1 leaves the address to a comment), and a
 * client chooses the HELO name that stands in it. So a field is read as well as
 * can be, for people; and `sure` says that nothing in it is open to doubt, for
 * decisions. Who wrote a field is not in the field: that is for the caller.
 */

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

struct pst_received {
	struct pst_ip ip; /* of the client; PST_IP_NONE: not found */
	const char *name; /* that the writer found for it; "" when none */
	const char *helo; /* "" when there is none */
	const char *by;   /* the writer, normal form or a literal; or "" */
	/*
	 * The field has the form of Postfix and Sendmail ("from HELO (NAME [IP])
	 * by HOST") or of Exim ("from NAME ([IP] helo=HELO) by HOST", "from [IP]
	 * (helo=HELO) by HOST") and no octet in front of "by" is odd.
	 */
	bool sure;
};

/* value is all behind the colon. Never fails; what is not there stays empty. */
void pst_received_parse(
    struct pst_arena *arena, struct pst_str value, struct pst_received *out);

#endif
