/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ORGDOMAIN_H
#define PST_AUTH_ORGDOMAIN_H

/*
 * Organizational Domains: the DNS tree walk of RFC 9989 s. 4.10 and the
 * public suffix list (R-DMARC-13, -20 to -23, -30, -31).
 */

#include "auth/world.h"
#include "auth/dmarc_record.h"
#include "base/err.h"

#define PST_WALK_MAX 8 /* queries from one start name */

/* A name of the walk at which exactly one usable record was found. */
struct pst_walk_hit {
	const char *domain;
	struct pst_dmarc_record record;
};

struct pst_walk {
	const char *start;
	const char *org_domain; /* R-DMARC-23; NULL after a temperror */
	const char *widest;     /* every org domain that is possible is equal to
	                           it or below it; else equal to org_domain */
	struct pst_walk_hit hits[PST_WALK_MAX]; /* longest name first */
	size_t hit_count;
	bool temperror;        /* a name's answer is missing for now */
	const char *failed_at; /* the first such name */
	const char *fault;     /* several records, repeated tag, ...; or NULL */
};

/* The names that the walk from start asks, in order; returns how many. */
size_t pst_walk_names(const char *start, const char *names[PST_WALK_MAX]);

/* One name's record: the look-up of the walk for this name alone. */
enum pst_walk_found {
	PST_WALK_PENDING,
	PST_WALK_RECORD,
	PST_WALK_ABSENT,
	PST_WALK_TEMPERROR,
};
enum pst_walk_found pst_walk_record(struct pst_world *world, const char *domain,
    struct pst_dmarc_record *out, const char **fault);

/* The whole walk. Stops at psd=y and psd=n. Restartable. */
bool pst_walk_check(struct pst_world *world, const char *start,
    struct pst_walk *out) PST_MUST_CHECK;

/* A public suffix list; immutable, shared by threads. */
struct pst_psl;

/* NULL with a sentence in err when the file cannot be read. */
struct pst_psl *pst_psl_load(const char *file_name, struct pst_err *err);
void pst_psl_free(struct pst_psl *psl);

/* name is in normal form. False for a NULL psl. */
bool pst_psl_is_suffix(const struct pst_psl *psl, const char *name);
/* The suffix plus one label; name itself when it is a suffix. Points into
 * name. */
const char *pst_psl_org_domain(const struct pst_psl *psl, const char *name);

#endif
