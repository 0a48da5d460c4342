/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_RECEIVED_H
#define PST_MAIL_RECEIVED_H

/*
 * One Received field: the client from which a host received the message. The
 * field has no common form (RFC 5321 s. 4.4.1 leaves the address to a comment),
 * and the client chooses the HELO name in it. So a field is read as well as
 * possible, for display; decisions rely on `sure`, which says that nothing in
 * the field is in doubt. The field does not show who really wrote it: the
 * caller must know that.
 */

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

struct pst_received {
	struct pst_ip ip; /* of the client; PST_IP_NONE: not found */
	const char *name; /* that the writer found for the client, or "" */
	const char *helo; /* "" if there is none */
	const char *by;   /* the writer: normal form or a literal; or "" */
	struct pst_ip
	    by_ip;        /* of the writer, if a comment after it gives one */
	const char *with; /* the protocol, such as "ESMTPS"; "" if unknown */
	bool doubted;     /* the writer says that `name` may be forged */
	/*
	 * The field has the form of Postfix and Sendmail ("from HELO (NAME
	 * [IP]) by HOST") or of Exim ("from NAME ([IP] helo=HELO) by HOST",
	 * "from [IP] (helo=HELO) by HOST") and no octet before "by" is unusual.
	 */
	bool sure;
};

/*
 * Reads a field; value is everything after the colon. Never fails: whatever the
 * field lacks stays empty. The strings are in the arena.
 */
void pst_received_parse(
    struct pst_arena *arena, struct pst_str value, struct pst_received *out);

#endif
