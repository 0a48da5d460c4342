/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DKIM_TAGS_H
#define PST_AUTH_DKIM_TAGS_H

/*
 * A strict parser for one DKIM-Signature field (RFC 6376 s. 3.5; R-DKIM-5 to
 * -7, -11, -12). It decides the result of every signature that is wrong on its
 * face, so that libopendkim, which is more lenient and less robust, never sees
 * such a signature.
 */

#include "auth/dkim_value.h"
#include "auth/dkim_why.h"
#include "auth/result.h"
#include "base/arena.h"
#include "base/str.h"
#include "mail/token.h"

#define PST_DKIM_MAX_FIELD 16384 /* octets of one DKIM-Signature value */
#define PST_DKIM_MAX_NAMES 2000  /* in h=; no honest signer comes close */
#define PST_DKIM_MAX_TAGS 64

enum pst_dkim_algorithm {
	PST_DKIM_RSA_SHA256,
	PST_DKIM_ED25519_SHA256,
};

/* A member that could not be read is NULL, empty or 0. */
struct pst_dkim_tags {
	enum pst_result
	    result;            /* none: can be verified; otherwise the result */
	enum pst_dkim_why why; /* the reason of that result; or none */
	bool limited;          /* the reason is a limit of ours */
	const char *domain;    /* d=, normal form */
	const char *selector;  /* s=, normal form */
	const char *algorithm_text;  /* a=, if it is a short plain token */
	const char *identity;        /* i= decoded, if present and valid */
	const char *identity_domain; /* of i=, normal form; domain without i= */
	const char *b;               /* without white space */
	struct pst_tag b_tag;        /* b= as it is in the field */
	struct pst_str body_hash;    /* bh=, without white space */
	enum pst_dkim_algorithm algorithm;
	bool relaxed_header;
	bool relaxed_body;
	bool own; /* libopendkim would misread the field (auth/dkim_own) */
	bool has_length;
	uint64_t length;       /* l=; UINT64_MAX if it does not fit */
	struct pst_str *names; /* the names in h=, in its order */
	size_t name_count;
	uint64_t signed_at;  /* t=; 0 without one */
	uint64_t expires_at; /* x=; PST_DKIM_NEVER without one */
};

/*
 * Parses value, which is everything after the colon of the field. now is in
 * seconds since 1970; skew_s is the tolerance for t= and x=. *out points into
 * the arena; only b_tag points into value.
 */
void pst_dkim_tags_parse(struct pst_arena *arena, struct pst_str value,
    int64_t now, unsigned skew_s, struct pst_dkim_tags *out);

/* Returns how often h= names the field; case is ignored. */
size_t
pst_dkim_tags_mentions(const struct pst_dkim_tags *tags, struct pst_str name);

/* Returns the algorithm's key type in key records: "rsa", "ed25519". */
const char *pst_dkim_key_type(enum pst_dkim_algorithm algorithm);

#endif
