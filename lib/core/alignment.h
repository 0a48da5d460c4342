/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_ALIGNMENT_H
#define PST_CORE_ALIGNMENT_H

/*
 * Whether an aligned identifier passes, with or without a DMARC record
 * (R-POL-1). Pure.
 */

#include "core/policy.h"

/*
 * Returns what is aligned and passes: PST_ALIGNED_SPF, PST_ALIGNED_DKIM or both;
 * or PST_ALIGNED_NONE. 0 if none passes but one might have, had a look-up not
 * failed: that is never "none". Without exactly one Author Domain that was
 * evaluated, it is PST_ALIGNED_NONE: nobody vouches for the author. Of several that
 * are all evaluated, each must have an identifier. 0 for an exempt message.
 */
unsigned pst_alignment_of(const struct pst_findings *findings);

/* The same for one evaluation. */
unsigned pst_alignment_of_result(const struct pst_dmarc *dmarc);

/* Returns "spf", "dkim", "spf,dkim", "none", or "unknown" for 0. */
const char *pst_alignment_words(unsigned aligned);

#endif
