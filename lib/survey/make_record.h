/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_MAKE_RECORD_H
#define PST_SURVEY_MAKE_RECORD_H

/*
 * Makes the records that a domain publishes, and prints them for a zone file and
 * for the form of a web panel. What is made here, pst_survey_check() accepts
 * without a warning or an error of the record itself; what it would not accept is
 * refused with a sentence. Records with t=y are made, with its warning.
 */

#include "auth/dmarc_record.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/macros.h"

/* A TXT record that is to be published. */
struct pst_made_record {
	const char *owner; /* "_dmarc.example.com", without a final dot */
	const char *text;  /* the whole text, as a web panel expects it */
	const char *zone;  /* lines of a zone file: strings of at most 255
	                      octets, quoted, in parentheses if several */
	const char *why;   /* of pst_make_next_dmarc(); else NULL */
};

struct pst_make_spf {
	const char *domain;
	const struct pst_net *nets; /* of hosts that send */
	size_t net_count;
	const char *const *includes; /* domains */
	size_t include_count;
	bool mx, a;
	char all; /* '-' or '~' */
};
bool pst_make_spf(struct pst_arena *arena, const struct pst_make_spf *what,
    struct pst_made_record *out, struct pst_err *err) PST_MUST_CHECK;

struct pst_make_dmarc {
	const char *domain;
	enum pst_dmarc_policy p;
	bool has_sp, has_np;
	enum pst_dmarc_policy sp, np;
	const char *const *rua, *const *ruf; /* addresses, without mailto: */
	size_t rua_count, ruf_count;
	bool adkim_strict, aspf_strict, test;
	const char *fo; /* NULL: not written */
};
bool pst_make_dmarc(struct pst_arena *arena, const struct pst_make_dmarc *what,
    struct pst_made_record *out, struct pst_err *err) PST_MUST_CHECK;

/* The record that lets the domain's reports go to an address of another domain
 * (RFC 9990 s. 4): owner "DOMAIN._report._dmarc.OTHER". */
void pst_make_consent(struct pst_arena *arena, const char *domain,
    const char *other, struct pst_made_record *out);

struct pst_make_dkim {
	const char *domain, *selector;
	const char *type;       /* "rsa" or "ed25519" */
	const char *public_key; /* base64, as p= has it */
	bool test;
};
bool pst_make_dkim(struct pst_arena *arena, const struct pst_make_dkim *what,
    struct pst_made_record *out, struct pst_err *err) PST_MUST_CHECK;

/*
 * The next step from the record that is published: none, quarantine, reject, one
 * at a time; tags that RFC 9989 removed are left out, and lost reports come
 * back. out->why says what changes and what to wait for. A record that is not usable
 * is refused.
 */
bool pst_make_next_dmarc(struct pst_arena *arena, const char *domain,
    const struct pst_dmarc_record *current, struct pst_made_record *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif
