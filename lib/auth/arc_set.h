/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ARC_SET_H
#define PST_AUTH_ARC_SET_H

/*
 * The ARC fields of a header, sorted into sets and parsed strictly (RFC 8617
 * s. 4, s. 5.2 steps 1 to 3; R-ARC-2 to -5). This is all of ARC except for
 * keys, hashes and cryptography.
 */

#include "auth/msgsig.h"
#include "base/ip.h"
#include "dns/dns.h"

#define PST_ARC_MAX_SETS 50
#define PST_ARC_MAX_NAMES 500 /* in h=; no honest signer comes close */

/* An ARC-Message-Signature or an ARC-Seal. */
struct pst_arc_sig {
	const struct pst_header_field *field; /* NULL: the set has none */
	size_t at;                            /* its index in the header */
	struct pst_tag_list tags;
	const char *reason;   /* why it cannot be verified; or NULL */
	const char *domain;   /* d=, normal form */
	const char *selector; /* s=, normal form */
	enum pst_dkim_algorithm algorithm;
	struct pst_str b; /* without white space */
	/* ARC-Message-Signature only */
	enum pst_canon header_canon;
	enum pst_canon body_canon;
	struct pst_str bh;
	struct pst_str *names; /* the names in h= */
	size_t name_count;
	bool has_length;
	uint64_t length; /* l=; PST_MSGSIG_WHOLE without one */
	/* set by auth/arc */
	const struct pst_dns_entry *entry; /* the key look-up; NULL: none */
	size_t body;                       /* number of its body hash */
};

struct pst_arc_set {
	const struct pst_header_field *aar;
	struct pst_arc_sig ams;
	struct pst_arc_sig seal;
};

struct pst_arc_sets {
	struct pst_arc_set *sets; /* sets[i - 1] has instance i */
	unsigned count;           /* the highest instance; 0: no ARC fields */
	const char *reason;       /* why the chain fails already; or NULL */
};

/*
 * Reads the ARC fields of header into *out, which points into header and the
 * arena. now is in seconds since 1970; skew_s is the tolerance for t= and x=. A
 * chain of more than max_sets sets fails. An unusable seal makes the chain
 * fail; an unusable message signature does so only if it is the newest.
 */
void pst_arc_sets_read(struct pst_arena *arena, const struct pst_header *header,
    int64_t now, unsigned skew_s, unsigned max_sets, struct pst_arc_sets *out);

/*
 * Returns the smtp.remote-ip of an ARC-Authentication-Results value (RFC 8617
 * s. 10.2). Its family is PST_IP_NONE if the value has none that is an address.
 */
struct pst_ip pst_arc_remote_ip(struct pst_arena *arena, struct pst_str value);

#endif
