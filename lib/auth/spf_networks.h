/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_NETWORKS_H
#define PST_AUTH_SPF_NETWORKS_H

/*
 * The networks in the SPF record of a domain: those addresses for which the
 * record gives `pass` whatever the sender is (RFC 7208). They are found by
 * walking the record and the records that it includes, without a client.
 *
 * - ip4, ip6, a, mx, include and redirect are followed. exists and ptr and every
 *   term with a macro depend on the sender, so they cannot be listed; they are
 *   counted, and the first one is named.
 * - Only a term with the qualifier + gives networks. Nothing that an earlier term
 *   with another qualifier covers even in part is listed, and nothing after such
 *   a term that cannot be listed (-include, -exists, ...).
 * - `all` ends a record. +all gives nothing.
 * - A network wider than an IPv4 /16 or an IPv6 /32 is left out and named: it is
 *   more than one provider can answer for.
 * - The limits of RFC 7208 s. 4.6.4 hold: a record that needs more than 10
 *   look-ups is permerror for every receiver, so it gives nothing here. That also
 *   ends a loop of includes. A name without addresses is not counted (the limit
 *   of void look-ups protects against senders, who do not choose these names).
 * - An error anywhere in the tree is an error of the whole.
 */

#include "auth/result.h"
#include "auth/world.h"

#define PST_SPF_NETWORKS_MAX 20000 /* further ones are left out */
#define PST_SPF_NETWORKS_MIN_V4 16
#define PST_SPF_NETWORKS_MIN_V6 32

/* How many questions one check may need at most. */
#define PST_SPF_NETWORKS_QUERIES 256

/* Why terms were left out; each has a count and the first term as written. */
enum pst_spf_left_out {
	PST_SPF_LEFT_SENDER,  /* it depends on the sender */
	PST_SPF_LEFT_WIDE,    /* the network is too wide */
	PST_SPF_LEFT_BARRED,  /* an earlier term gives another result */
	PST_SPF_LEFT_TOO_MANY /* more than PST_SPF_NETWORKS_MAX */
};
#define PST_SPF_LEFT_KINDS (PST_SPF_LEFT_TOO_MANY + 1)

struct pst_spf_networks {
	/*
	 * PASS: the record was read, if only to find nothing in it. NONE: the
	 * domain has no SPF record. TEMPERROR, PERMERROR: as in SPF. Only with
	 * PASS are there networks.
	 */
	enum pst_result result;
	const char *why;      /* a fixed text; NULL with PASS */
	struct pst_net *nets; /* as found: neither sorted nor disjoint */
	size_t count;
	uint32_t ttl_s; /* the smallest of all answers, unbounded */
	struct {
		size_t count;
		const char *first; /* escaped; NULL if count is 0 */
	} left_out[PST_SPF_LEFT_KINDS];
};

/* True if such a network is too wide to be listed. */
bool pst_spf_networks_is_wide(const struct pst_net *net);

/*
 * A restartable check (auth/world.h). domain is in normal form. The questions
 * have the class POLICY, since nobody but the operator has chosen the domain,
 * and the answers must come during a flood, too.
 */
bool pst_spf_networks_check(
    struct pst_world *world, const char *domain, struct pst_spf_networks *out);

#endif
