/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_KEY_H
#define PST_AUTH_DKIM_KEY_H

/*
 * DKIM key records (RFC 6376 s. 3.6.1, RFC 8301, RFC 8463; R-DKIM-3, -4, -13,
 * -14): which of the TXT records is the key, whether it may be used for a
 * signature, and the key in the one form that libopendkim always accepts.
 */

#include "auth/dkim_tags.h"
#include "dns/dns.h"

/* Octets of a normalized record; libopendkim has room for no more. */
#define PST_DKIM_MAX_KEY_RECORD 1024
#define PST_DKIM_MAX_KEY_BITS 4096
#define PST_DKIM_MAX_KEYS 3 /* records tried at one name */

struct pst_dkim_key {
	enum pst_result result; /* of the signature; none: the key is usable */
	enum pst_dkim_why why;  /* why it is not usable; or none */
	bool limited;           /* the reason is a limit of ours */
	const char *record;     /* "v=DKIM1; k=...; p=..."; NULL: not usable */
	unsigned bits;          /* exact for RSA, 256 for Ed25519; 0: unknown */
	bool test;              /* t=y */
	bool strict;            /* t=s: i= must be in d= itself */
};

/*
 * Reads one TXT record as a key for signatures with that algorithm. An RSA key
 * of fewer than min_bits bits is not usable. Returns false if the text does not
 * parse as a key record; *out is then undefined.
 */
bool pst_dkim_key_read(struct pst_arena *arena, struct pst_str text,
    enum pst_dkim_algorithm algorithm, unsigned min_bits,
    struct pst_dkim_key *out);

/*
 * Chooses the key among the records of an answer: the first usable one, or else
 * the first that parses as a key record, with the reason why it is not usable.
 * If the query failed, *out has the result that follows from that.
 */
void pst_dkim_key_choose(struct pst_arena *arena,
    const struct pst_dns_answer *answer, enum pst_dkim_algorithm algorithm,
    unsigned min_bits, struct pst_dkim_key *out);

/*
 * What verifying a signature with a usable key costs, in units of an RSA key of
 * 2048 bits.
 */
unsigned pst_dkim_key_cost(
    const struct pst_dkim_key *key, enum pst_dkim_algorithm algorithm);

#endif
