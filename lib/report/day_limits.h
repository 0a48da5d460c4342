/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_DAY_LIMITS_H
#define PST_REPORT_DAY_LIMITS_H

/*
 * How many aggregate reports may go out in one UTC day: to one organization,
 * about the domains of one organization, and in all. A message that anybody can
 * forge causes a report for each address in its author's record, and one owner
 * has as many domains as he likes. So domains are counted by their owner.
 */

#include "auth/orgdomain.h"
#include "base/macros.h"
#include "store/store.h"

/*
 * Returns the part of the domain that has one owner; it points into domain. The
 * public suffix list tells, if there is one. Without it (NULL), it is the last
 * two labels, or three if the last has two octets and the one before it at most
 * three, as in example.co.uk. What the owner says in the DNS (psd=n) is not
 * used, because then he could split his domain as he likes.
 */
const char *pst_day_limits_owner(const struct pst_psl *psl, const char *domain);

struct pst_day_limits;

/* Nothing is counted yet. In the arena; config is borrowed. */
struct pst_day_limits *
pst_day_limits_new(struct pst_arena *arena, const struct pst_config *config);

/*
 * Adds what the store says of the day: deliveries that were sent or are being
 * handed over. False with a sentence in err when the store fails.
 */
bool pst_day_limits_load(struct pst_day_limits *limits,
    const struct pst_store *store, struct pst_err *err) PST_MUST_CHECK;

/* Counts one report to an address in domain `to` about domain `about`. */
void pst_day_limits_add(
    struct pst_day_limits *limits, const char *to, const char *about);

/*
 * Returns why one more must wait for the next day, a fixed text; NULL if it may
 * go.
 */
const char *pst_day_limits_reached(
    const struct pst_day_limits *limits, const char *to, const char *about);

#endif
