/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/alignment.h"

#include "core/exempt.h"

unsigned
pst_alignment_of_result(const struct pst_dmarc *dmarc)
{
	switch (dmarc->identifiers) {
	case PST_DMARC_ALIGNED_PASS:
		return (dmarc->spf_aligned ? PST_ALIGNED_SPF : 0u) |
		    (dmarc->dkim_aligned ? PST_ALIGNED_DKIM : 0u);
	case PST_DMARC_UNDETERMINED:
		return 0;
	case PST_DMARC_NONE_PASSED:
		break;
	}
	return PST_ALIGNED_NONE;
}

unsigned
pst_alignment_of(const struct pst_findings *findings)
{
	return findings->exempt == PST_EXEMPT_NO ?
	    pst_alignment_of_result(&findings->dmarc) :
	    0;
}

const char *
pst_alignment_words(unsigned aligned)
{
	switch (aligned) {
	case PST_ALIGNED_SPF:
		return "spf";
	case PST_ALIGNED_DKIM:
		return "dkim";
	case PST_ALIGNED_SPF | PST_ALIGNED_DKIM:
		return "spf,dkim";
	case PST_ALIGNED_NONE:
		return "none";
	default:
		return "unknown";
	}
}
