/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_OVERLAY_H
#define PST_DNS_OVERLAY_H

/*
 * A resolver that answers some names from a zone in memory (dns/zone) and
 * passes all other questions on to another resolver. The other resolver never
 * hears of the names of the zone, so its cache does not hold them either.
 */

#include "dns/dns.h"

/*
 * names: domains in lower case, static, up to a NULL. They and what is below
 * them are asked from zone, which the overlay takes over. It borrows below,
 * which must outlive it. Never returns NULL; thread-safe.
 */
struct pst_resolver *pst_overlay_new(struct pst_resolver *below,
    struct pst_resolver *zone, const char *const *names);

#endif
