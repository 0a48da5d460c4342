/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_ORGDOMAIN_H
#define PST_AUTH_ORGDOMAIN_H

/*
 * Organizational Domains: the DNS tree walk of RFC 9989 s. 4.10 and the public
 * suffix list (R-DMARC-13, -20 to -23, -30, -31).
 */

#include "auth/world.h"
#include "auth/dmarc_record.h"
#include "base/err.h"
#include "base/macros.h"

#define PST_WALK_MAX 8 /* queries from one start name */

/*
 * A name of the walk at which exactly one usable record was found: in the DNS,
 * or, where the look-up failed, in the memory (world->recall; R-DMARC-47).
 */
struct pst_walk_hit {
	const char *domain;
	/*
	 * After PST_WALK_ABSENT: one word that says why records were thrown
	 * away ("several", "repeated-tag", "malformed"); NULL: there was none.
	 */
	const char *discarded;
	struct pst_dmarc_record record;
	bool remembered;      /* the record is from the memory */
	int64_t remembered_s; /* then its age in seconds, else 0 */
};

struct pst_walk {
	const char *start;
	const char *org_domain; /* R-DMARC-23; NULL after a temperror */
	const char *guess;      /* the org domain if the names whose look-up
	                           failed have no record; never NULL */
	const char *widest;     /* every possible org domain equals it or is
	                           below it; org_domain if that is known */
	struct pst_walk_hit hits[PST_WALK_MAX]; /* longest name first */
	size_t hit_count;
	bool temperror;        /* some look-up failed temporarily, and the
	                          record of that name is not remembered */
	const char *failed_at; /* the first such name */
	const char *fault;     /* several records, repeated tag, ...; or NULL */
	/* The longest name whose records were thrown away, and why; or NULL. */
	const char *discarded_at;
	const char *discarded;
};

/*
 * Stores the names that the walk from start queries, in order; returns how many
 * there are. They point into start.
 */
size_t pst_walk_names(const char *start, const char *names[PST_WALK_MAX]);

enum pst_walk_found {
	PST_WALK_PENDING,
	PST_WALK_RECORD,
	PST_WALK_ABSENT,
	PST_WALK_TEMPERROR,
};

/*
 * Looks up the record of one name, as the walk does for each of its names. The
 * memory is asked only after a temporary failure: an answer that shows no
 * record always counts. *out is set after PST_WALK_RECORD only, except for
 * `discarded`; *fault is always set: to the reason why no record can be used, or
 * to NULL.
 */
enum pst_walk_found pst_walk_record(struct pst_world *world, const char *domain,
    struct pst_walk_hit *out, const char **fault);

/*
 * Does the whole walk, which ends early at psd=y and psd=n. Restartable, as
 * described in auth/world.h.
 */
bool pst_walk_check(struct pst_world *world, const char *start,
    struct pst_walk *out) PST_MUST_CHECK;

/* A public suffix list. It is immutable, so threads may share it. */
struct pst_psl;

/* Returns NULL with a sentence in err if the file is not a usable list. */
struct pst_psl *
pst_psl_load(const char *file_name, struct pst_err *err) PST_MUST_CHECK;
void pst_psl_free(struct pst_psl *psl);
/* Returns when the file was last changed, in seconds since 1970; of NULL, 0. */
int64_t pst_psl_dated(const struct pst_psl *psl);

/* Returns whether name (normal form) is a suffix; false if psl is NULL. */
bool pst_psl_is_suffix(const struct pst_psl *psl, const char *name);
/*
 * Returns the public suffix of name and one more label; name itself if it is a
 * suffix. The result points into name.
 */
const char *pst_psl_org_domain(const struct pst_psl *psl, const char *name);

#endif
