/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_UNDETERMINED_H
#define PST_CORE_UNDETERMINED_H

/*
 * The table of what is done with a message, by what is known of the policy of
 * its Author Domain and of the aligned identifiers (R-DMARC-40). A sender can
 * cause some look-ups to fail, so no cell with a failed look-up is milder than
 * the one that the sender would get without the failure, except that a policy
 * is not followed while an answer is missing: the message is deferred instead.
 *
 * postern.conf(5) prints the same table. The options on-temperror etc. replace
 * PST_COURSE_DEFER (core/temperror).
 */

#include "auth/dmarc.h"

/* What is known of the policy. */
enum pst_known_policy {
	PST_KNOWN_ENFORCING, /* an answer says quarantine or reject */
	PST_KNOWN_NONE,      /* no record, or one with none or without a usable
	                        policy, answered or remembered */
	PST_KNOWN_RECALLED,  /* quarantine or reject, remembered or inherited */
	PST_KNOWN_NOTHING,
};

/* Which cap ends the deferring. */
enum pst_deferring_cap {
	PST_CAP_NOT_REACHED,
	PST_CAP_RESOLVER, /* temperror-cap: our resolver has failed */
	PST_CAP_DOMAIN,   /* temperror-domain-cap: what is missing has been
	                     missing for long */
};

enum pst_course {
	PST_COURSE_ACCEPT,
	PST_COURSE_APPLY, /* do what the policy asks for */
	PST_COURSE_DEFER,
	PST_COURSE_TAG, /* accept it with the mark of suspicious mail */
};

/* Returns the row of the table for a result. A policy counts after t=. */
enum pst_known_policy pst_undetermined_policy(const struct pst_dmarc *dmarc);

/* Returns a cell of the table. */
enum pst_course pst_undetermined_course(enum pst_known_policy policy,
    enum pst_dmarc_identifiers identifiers, enum pst_deferring_cap cap);

#endif
