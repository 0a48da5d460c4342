/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_DNSSEC_H
#define PST_CORE_DNSSEC_H

/*
 * Which of the records that a message was judged by were validated with DNSSEC,
 * as the DNS server says (R-SEC-11). It decides nothing. The records are
 *
 *	DMARC	that of _dmarc and the policy domain;
 *	SPF	that of the domain that SPF has checked, and that with the term
 *		that decided, if that is another one; both have to be validated;
 *	DKIM	the keys of the signatures that pass: of those that are aligned
 *		if there is one, else of all. One that is validated is enough,
 *		since one signature is enough to pass.
 *
 * A record that is remembered, or that is not there, does not exist here. Pure.
 */

#include "core/policy.h"
#include "dns/dns.h"

/* dns is the transcript of the message; the checks above are complete. */
void pst_dnssec_judge(const struct pst_dns *dns,
    const struct pst_findings *findings, struct pst_dnssec *out);

/* Returns "dmarc,spf,dkim" or some of them; "none" if parts is 0. */
const char *pst_dnssec_words(unsigned parts);

#endif
