/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_COUNTERS_LABELS_H
#define PST_CORE_COUNTERS_LABELS_H

/*
 * Counters that distinguish by several things at once, such as "result,policy,
 * alignment". A place of such a counter has one name, with a word for each of
 * them: "fail,reject,neither". So it is an ordinary counter with a label, and
 * only an output that shows the words apart has to know that there are several.
 *
 * The sets of words are fixed: nothing that a message contains is one of them.
 */

#include "auth/dkim.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "base/arena.h"
#include "config/choice.h"
#include "core/counters.h"
#include "dns/dns.h"

#define PST_COUNTER_MAX_LABELS 3

/* One name and one word for each label, in the arena. */
struct pst_counter_labels {
	size_t count;
	const char *names[PST_COUNTER_MAX_LABELS];
	const char *words[PST_COUNTER_MAX_LABELS];
};

/*
 * Splits the label of a counter and the name of one of its places. The name of a
 * counter with one label is taken as it is, commas included.
 */
void pst_counter_labels_split(struct pst_arena *arena, const char *label,
    const char *name, struct pst_counter_labels *out);

/* ---- "result,disposition" ---- */

#define PST_DISPOSITION_PLACES 30
/* dmarc NULL: the message was exempt, so that there is no result. */
unsigned
pst_disposition_place(const struct pst_dmarc *dmarc, enum pst_action action);
const char *pst_disposition_word(unsigned place);

/* ---- "identity,result" ---- */

#define PST_SPF_IDENTITY_PLACES 16
unsigned
pst_spf_identity_place(enum pst_spf_identity identity, enum pst_result result);
const char *pst_spf_identity_word(unsigned place);

/* ---- "result,policy,alignment" ---- */

#define PST_DMARC_POLICY_PLACES 64
/*
 * The policy is the published one. "unknown": a look-up failed; "no-record":
 * there is none.
 */
unsigned pst_dmarc_policy_place(const struct pst_dmarc *dmarc);
const char *pst_dmarc_policy_place_word(unsigned place);

/* ---- "type,rcode" ---- */

#define PST_DNS_OUTCOME_PLACES 55
/* given_up: nobody waited for the answer any more; status then counts for
 * nothing. */
unsigned pst_dns_outcome_place(
    enum pst_dns_type type, enum pst_dns_status status, bool given_up);
const char *pst_dns_outcome_word(unsigned place);

#endif
