/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_PUBLISHED_H
#define PST_CORE_PUBLISHED_H

/*
 * Whether the records in the DNS are those of the keys that sign: one state for
 * each pair of a domain with a selector and a public key. The functions are
 * thread-safe, except for the first two. Times are those of pst_clock_ms().
 */

#include "base/macros.h"
#include "config/sign.h"

enum pst_published_state {
	PST_PUBLISHED_UNKNOWN, /* no look-up could tell yet */
	PST_PUBLISHED_MATCHES,
	PST_PUBLISHED_ABSENT,  /* the DNS says that there is no record */
	PST_PUBLISHED_OTHER,   /* another key, or a record of no use */
	PST_PUBLISHED_REVOKED, /* an empty p= */
};
#define PST_PUBLISHED_STATES (PST_PUBLISHED_REVOKED + 1)

struct pst_published;

/* Returns an empty table; never NULL. */
struct pst_published *pst_published_new(void);
void pst_published_free(struct pst_published *table); /* NULL is allowed */

/*
 * Sets the pairs: those of sections whose keys are read. A pair that was there
 * with the same public key keeps its state; all others are unknown.
 */
void pst_published_set(
    struct pst_published *table, const struct pst_sign_domains *domains);

/*
 * Notes what a look-up has told; PST_PUBLISHED_UNKNOWN is a temporary error,
 * which keeps the state. Returns the state before. A pair that is not in the
 * table (after a reload) is ignored, and unknown.
 */
enum pst_published_state pst_published_note(struct pst_published *table,
    const char *domain, const char *selector, const struct pst_sign_key *key,
    enum pst_published_state told, int64_t now_ms);

/* Returns the state, and in *since_ms when it began: 0 while it is unknown. */
enum pst_published_state
pst_published_get(struct pst_published *table, const char *domain,
    const char *selector, const struct pst_sign_key *key, int64_t *since_ms);

/* True for absent, another key and revoked. False while nothing is known. */
bool pst_published_state_is_wrong(enum pst_published_state state);
bool pst_published_is_wrong(struct pst_published *table, const char *domain,
    const char *selector, const struct pst_sign_key *key);

#endif
