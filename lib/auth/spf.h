/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_H
#define PST_AUTH_SPF_H

/*
 * check_host() of RFC 7208 for the MAIL FROM identity, or for postmaster@HELO
 * if the reverse-path is null (R-SPF-1 to -21).
 */

#include "auth/world.h"
#include "auth/result.h"
#include "base/ip.h"
#include "mail/address.h"

struct pst_spf_input {
	struct pst_ip client;      /* must have an address */
	struct pst_str helo;       /* as sent by the client; may be empty */
	struct pst_path mail_from; /* parsed reverse-path */
	unsigned max_voids;        /* void look-ups allowed; default 2 */
	const char *receiver;      /* %{r}; NULL: "unknown" */
	const char *default_explanation; /* used if exp= gives none; or NULL */
	bool of_helo; /* check postmaster@HELO, whatever mail_from is */
	unsigned weak_range_bits; /* the widest prefix of IPv4 that is not weak;
	                             IPv6: twice as many bits; 0: none is weak */
	bool want_explanation;    /* fetch and expand exp= on a fail */
	bool want_trace;          /* fill out->trace */
};

enum pst_spf_identity {
	PST_SPF_MAILFROM,
	PST_SPF_HELO, /* postmaster@HELO, for a null reverse-path */
};

/*
 * A pass that says little of the one that sent the message: the term that matched
 * permits hosts that the domain's owner does not know. What counts is the term
 * at the end of all includes and redirects.
 */
enum pst_spf_weak {
	PST_SPF_NOT_WEAK,
	PST_SPF_WEAK_ALL,   /* +all, a prefix length of 0, or an exists whose
	                       name does not depend on the client */
	PST_SPF_WEAK_RANGE, /* a network wider than weak_range_bits */
	PST_SPF_WEAK_PTR,   /* ptr: RFC 7208 s. 5.5 says not to use it */
};

/* One record (or the lack of one) that the evaluation went through. */
struct pst_spf_step {
	unsigned depth;         /* 0 is the sender's own record */
	const char *domain;     /* of the record; any octets: escape it */
	struct pst_str via;     /* the term that led here; empty at depth 0 */
	struct pst_str record;  /* text of the record; empty: there is none */
	struct pst_str matched; /* the term that matched here; may be empty */
	enum pst_result result; /* the result of this record */
};

struct pst_spf {
	enum pst_result result;
	enum pst_spf_identity identity;
	const char *domain; /* of the identity, normal form; or NULL */
	const char *why;    /* fixed text for none and the errors; or NULL */
	/*
	 * What decided: the mechanism that matched, in the record that was
	 * redirected to if there is a redirect; or, for an error, the term that
	 * is wrong or whose look-up failed. May have any octets: escape it.
	 * Empty: no term matched, or none is to blame. It lives as long as the
	 * answers and the arena.
	 */
	struct pst_str term;
	const char *term_domain; /* of the record with that term, any octets;
	                            NULL without a term */
	enum pst_spf_weak weak;  /* of a pass */
	const char *explanation; /* bounded printable ASCII; or NULL */
	unsigned lookups;        /* terms that cause look-ups; 11: too many */
	unsigned voids;
	const struct pst_spf_step *trace;
	size_t trace_count;
};

#define PST_SPF_MAX_LOOKUPS 10
#define PST_SPF_MAX_MX 10
#define PST_SPF_MAX_PTR 10

/* Returns "", "+all", "range" or "ptr". */
const char *pst_spf_weak_word(enum pst_spf_weak weak);

/* Silences libspf2. Call it once in a process, before other threads start. */
void pst_spf_init(void);

/* Restartable, as described in auth/world.h. */
bool pst_spf_check(struct pst_world *world, const struct pst_spf_input *input,
    struct pst_spf *out) PST_MUST_CHECK;

#endif
