/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SIGNING_H
#define PST_CORE_SIGNING_H

/*
 * What happens to a message at a listener with `sign = yes`. Such a listener never
 * verifies, and no other one signs. A message is signed if all of this holds:
 *
 * 1. The client is ours: it used SMTP AUTH, has an address in sign-networks, or
 *    has none (local mail).
 * 2. The header does not show that the message came from outside: from the top,
 *    the Received fields name clients in sign-networks, loopback or private
 *    addresses, or one that logged in (ESMTPA, ESMTPSA: RFC 3848). The first one
 *    that names another client ends the search; below it, a sender may have
 *    written anything.
 * 3. There is one From field with one Author Domain, which has a section `sign`.
 * 4. With login-domains: a client that logged in may use that domain.
 * 5. The published record is not known to be another one, or sign-unpublished is
 *    yes.
 *
 * Otherwise it passes as it is, and the log says why; with sign-strict, 3 and 4
 * refuse it. If a signature cannot be made, on-sign-error decides.
 */

#include "config/config.h"
#include "mail/address.h"
#include "mail/header.h"

enum pst_sign_state {
	PST_SIGN_OFF, /* not a listener that signs */
	PST_SIGN_SIGNED,
	PST_SIGN_PASSED,  /* unsigned */
	PST_SIGN_REFUSED, /* sign-strict */
	PST_SIGN_FAILED,  /* and on-sign-error decides */
};
#define PST_SIGN_STATES (PST_SIGN_FAILED + 1)

enum pst_sign_why {
	PST_SIGN_WHY_NONE,
	PST_SIGN_WHY_CLIENT,      /* 1 does not hold */
	PST_SIGN_WHY_OUTSIDE,     /* 2 */
	PST_SIGN_WHY_FROM,        /* 3: no From field, several, malformed */
	PST_SIGN_WHY_DOMAIN,      /* 3: not ours */
	PST_SIGN_WHY_LOGIN,       /* 4 */
	PST_SIGN_WHY_UNPUBLISHED, /* 5 */
	PST_SIGN_WHY_ERROR,       /* libopendkim or OpenSSL */
};
#define PST_SIGN_WHYS (PST_SIGN_WHY_ERROR + 1)

/* Fixed names for the log, counters and JSON: "signed", "passed", "refused",
 * "failed"; "client", "outside", "from", ... */
const char *pst_sign_state_word(enum pst_sign_state state);
const char *pst_sign_why_word(enum pst_sign_why why);

/* What became of one message. */
struct pst_signed {
	enum pst_sign_state state;
	enum pst_sign_why why;
	const char *domain; /* d=, or the From domain that is not ours; NULL */
	const char *keys;   /* selectors that signed: "s1 e1"; NULL */
	const char *error;  /* a sentence; NULL */
};

/* What decides whether a message is signed. */
struct pst_signing_input {
	const struct pst_config *config; /* of the listener */
	const struct pst_ip *client;     /* family PST_IP_NONE: local mail */
	bool authenticated;
	struct pst_str login; /* "" if it is not known */
	const struct pst_header *header;
	const struct pst_from *from;
};

/*
 * Judges conditions 1 to 4. Returns the section whose keys sign, with the state
 * PST_SIGN_SIGNED in *out; NULL with the state and the reason why it is not
 * signed. Pure; texts are in the arena or live as long as the input.
 */
const struct pst_sign_domain *pst_signing_judge(struct pst_arena *arena,
    const struct pst_signing_input *input, struct pst_signed *out);

#endif
