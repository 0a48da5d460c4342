/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_H
#define PST_AUTH_SPF_H

/*
 * check_host() of RFC 7208 for the MAIL FROM identity, or postmaster@HELO for
 * a null reverse-path (R-SPF-1 to -21).
 */

#include "auth/world.h"
#include "auth/result.h"
#include "base/ip.h"
#include "mail/address.h"

struct pst_spf_input {
	struct pst_ip client;      /* with an address */
	struct pst_str helo;       /* as the client said it; may be empty */
	struct pst_path mail_from; /* parsed reverse-path */
	unsigned max_voids;        /* 2 unless the operator says otherwise */
	const char *receiver;      /* %{r}; NULL: "unknown" */
	const char *default_explanation; /* NULL: none when exp= gives none */
	bool want_explanation; /* fetch and expand exp= after a fail */
	bool want_trace;       /* fill out->trace */
};

enum pst_spf_identity {
	PST_SPF_MAILFROM,
	PST_SPF_HELO, /* postmaster@HELO, for a null reverse-path */
};

/* One record (or the lack of it) that the evaluation went through. */
struct pst_spf_step {
	unsigned depth;         /* 0 is the sender's own record */
	const char *domain;     /* whose record; any octets, so escape it */
	struct pst_str via;     /* the term that led here; empty at depth 0 */
	struct pst_str record;  /* text of the record; empty: none found */
	struct pst_str matched; /* the term that matched here; may be empty */
	enum pst_result result; /* what this record came to */
};

struct pst_spf {
	enum pst_result result;
	enum pst_spf_identity identity;
	const char *domain; /* of the identity, normal form; NULL: none */
	const char *why;    /* fixed text for none and the errors; or NULL */
	const char *explanation; /* printable ASCII, bounded; NULL when none */
	unsigned lookups;        /* terms that cause look-ups; 11: too many */
	unsigned voids;
	const struct pst_spf_step *trace;
	size_t trace_count;
};

#define PST_SPF_MAX_LOOKUPS 10
#define PST_SPF_MAX_MX 10
#define PST_SPF_MAX_PTR 10

/* Once per process, before threads: silences and sets up libspf2. */
void pst_spf_init(void);

bool pst_spf_check(struct pst_world *world, const struct pst_spf_input *input,
    struct pst_spf *out) PST_MUST_CHECK;

#endif
