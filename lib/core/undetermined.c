/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/undetermined.h"

#include <stdlib.h>

enum pst_known_policy
pst_undetermined_policy(const struct pst_dmarc *dmarc)
{
	bool enforcing = dmarc->effective != PST_DMARC_NONE;

	switch (dmarc->knowledge) {
	case PST_DMARC_UNKNOWN:
		return PST_KNOWN_NOTHING;
	case PST_DMARC_ABSENT:
		return PST_KNOWN_NONE;
	case PST_DMARC_LEARNED:
		return enforcing ? PST_KNOWN_ENFORCING : PST_KNOWN_NONE;
	case PST_DMARC_REMEMBERED:
	case PST_DMARC_INHERITED:
		return enforcing ? PST_KNOWN_RECALLED : PST_KNOWN_NONE;
	}
	abort();
}

#define ACCEPT PST_COURSE_ACCEPT
#define APPLY PST_COURSE_APPLY
#define DEFER PST_COURSE_DEFER
#define TAG PST_COURSE_TAG

/*
 * Our own dead resolver is not a reason to refuse mail, so after its cap an
 * undetermined message is tagged. If one domain has been failing for long, its
 * undetermined identifiers count as not passed.
 */
static const struct {
	enum pst_course aligned_pass;
	enum pst_course none_passed;
	enum pst_course undetermined;
} table[][3] = {
    [PST_KNOWN_ENFORCING] =
	{
	    [PST_CAP_NOT_REACHED] = {ACCEPT, APPLY, DEFER},
	    [PST_CAP_RESOLVER] = {ACCEPT, APPLY, TAG},
	    [PST_CAP_DOMAIN] = {ACCEPT, APPLY, APPLY},
	},
    [PST_KNOWN_NONE] =
	{
	    [PST_CAP_NOT_REACHED] = {ACCEPT, ACCEPT, ACCEPT},
	    [PST_CAP_RESOLVER] = {ACCEPT, ACCEPT, ACCEPT},
	    [PST_CAP_DOMAIN] = {ACCEPT, ACCEPT, ACCEPT},
	},
    [PST_KNOWN_RECALLED] =
	{
	    [PST_CAP_NOT_REACHED] = {ACCEPT, APPLY, DEFER},
	    [PST_CAP_RESOLVER] = {ACCEPT, APPLY, TAG},
	    [PST_CAP_DOMAIN] = {ACCEPT, APPLY, APPLY},
	},
    [PST_KNOWN_NOTHING] =
	{
	    [PST_CAP_NOT_REACHED] = {ACCEPT, DEFER, DEFER},
	    [PST_CAP_RESOLVER] = {ACCEPT, TAG, TAG},
	    [PST_CAP_DOMAIN] = {ACCEPT, TAG, TAG},
	},
};

enum pst_course
pst_undetermined_course(enum pst_known_policy policy,
    enum pst_dmarc_identifiers identifiers, enum pst_deferring_cap cap)
{
	switch (identifiers) {
	case PST_DMARC_ALIGNED_PASS:
		return table[policy][cap].aligned_pass;
	case PST_DMARC_NONE_PASSED:
		return table[policy][cap].none_passed;
	case PST_DMARC_UNDETERMINED:
		return table[policy][cap].undetermined;
	}
	abort();
}
