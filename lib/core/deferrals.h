/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_DEFERRALS_H
#define PST_CORE_DEFERRALS_H

/*
 * Since when a look-up that mail of an Author Domain needs has been failing. A
 * look-up that fails for longer than temperror-domain-cap no longer defers mail
 * (R-DMARC-40): an SPF record or DKIM key then counts as not passed, and an
 * unknown policy leads to a tag.
 *
 * An entry is for one Author Domain and one look-up: its policy, the SPF record
 * of one domain, or one DKIM key. So a forger who signs with a key whose DNS is
 * dead does not start the clock for the key that the domain really uses. An
 * answer to the same look-up removes the entry, and so does a day without a
 * failure. The table is bounded; when it is full, the entry that has not been
 * seen for longest goes. A flood can thus make the clock of others start over:
 * their mail is then deferred for longer, but never accepted.
 *
 * The table lives in the process and starts empty. All functions but the first
 * two are thread-safe. Times are those of pst_clock_ms().
 */

#include <stddef.h>

#include "core/policy.h"

#define PST_DEFERRALS_MAX 16384
#define PST_DEFERRALS_FORGET_MS (24 * 60 * 60 * INT64_C(1000))

struct pst_deferrals;

/* Returns an empty table for max entries (at least one); never NULL. */
struct pst_deferrals *pst_deferrals_new(size_t max);
void pst_deferrals_free(struct pst_deferrals *deferrals);

enum pst_deferral {
	PST_DEFERRAL_POLICY, /* name: the Author Domain */
	PST_DEFERRAL_SPF,    /* name: the domain that SPF checks */
	PST_DEFERRAL_KEY,    /* name: d=, selector: s= */
};

struct pst_deferral_key {
	enum pst_deferral kind;
	const char *author;
	const char *name;
	const char *selector; /* NULL: none */
};

/*
 * Notes a failure. Returns since when the look-up has been failing, in ms; the
 * first failure is 0.
 */
int64_t pst_deferrals_fail(struct pst_deferrals *deferrals,
    const struct pst_deferral_key *key, int64_t now_ms);

/* Notes an answer. */
void pst_deferrals_answer(
    struct pst_deferrals *deferrals, const struct pst_deferral_key *key);

size_t pst_deferrals_count(struct pst_deferrals *deferrals);

/*
 * Notes what failed and what was answered for the message with these findings,
 * which must be complete, and sets policy_overdue, spf_overdue and the
 * signatures' overdue: the look-up has been failing for cap_ms or longer; 0: no
 * look-up is ever overdue. If the failure is ours (findings->crowded, or
 * resolver_failed), no failure is noted and nothing is overdue.
 */
void pst_deferrals_judge(struct pst_deferrals *deferrals, int64_t now_ms,
    unsigned cap_ms, bool resolver_failed, struct pst_findings *findings);

/* The same for a test (R-TEST-1): the table stays as it is. */
void pst_deferrals_foresee(struct pst_deferrals *deferrals, int64_t now_ms,
    unsigned cap_ms, bool resolver_failed, struct pst_findings *findings);

#endif
