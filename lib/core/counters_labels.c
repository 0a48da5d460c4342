/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/counters_labels.h"

#include <assert.h>
#include <string.h>

#include "base/macros.h"

void
pst_counter_labels_split(struct pst_arena *arena, const char *label,
    const char *name, struct pst_counter_labels *out)
{
	*out = (struct pst_counter_labels){.count = 0};
	while (out->count < PST_COUNTER_MAX_LABELS) {
		size_t label_len = strcspn(label, ",");
		/* The last label takes all that is left. */
		size_t name_len = label[label_len] == '\0' ? strlen(name) :
							     strcspn(name, ",");

		out->names[out->count] =
		    pst_arena_memdup(arena, label, label_len);
		out->words[out->count] =
		    pst_arena_memdup(arena, name, name_len);
		out->count++;
		if (label[label_len] == '\0' || name[name_len] == '\0')
			return;
		label += label_len + 1;
		name += name_len + 1;
	}
}

/* ---- "result,disposition" ---- */

/* The results that DMARC can have. */
enum dmarc_result { PASS, FAIL, NONE, TEMPERROR, PERMERROR, EXEMPT };

#define ACTIONS(result)                                                        \
	result ",accept", result ",tag", result ",quarantine",                 \
	    result ",reject", result ",tempfail"
#define ACTION_COUNT (PST_ACTION_TEMPFAIL + 1)

static const char *const dispositions[] = {ACTIONS("pass"), ACTIONS("fail"),
    ACTIONS("none"), ACTIONS("temperror"), ACTIONS("permerror"),
    ACTIONS("exempt")};

static_assert(PST_COUNT(dispositions) == PST_DISPOSITION_PLACES &&
	PST_COUNT(dispositions) == (EXEMPT + 1) * ACTION_COUNT,
    "each result has each action");

static enum dmarc_result
dmarc_result(enum pst_result result)
{
	switch (result) {
	case PST_RESULT_PASS:
		return PASS;
	case PST_RESULT_FAIL:
		return FAIL;
	case PST_RESULT_TEMPERROR:
		return TEMPERROR;
	case PST_RESULT_PERMERROR:
		return PERMERROR;
	case PST_RESULT_NONE:
	case PST_RESULT_SOFTFAIL: /* DMARC does not have the others */
	case PST_RESULT_NEUTRAL:
	case PST_RESULT_POLICY:
		return NONE;
	}
	return NONE;
}

unsigned
pst_disposition_place(const struct pst_dmarc *dmarc, enum pst_action action)
{
	enum dmarc_result result =
	    dmarc == NULL ? EXEMPT : dmarc_result(dmarc->result);

	return (unsigned)result * ACTION_COUNT + (unsigned)action;
}

const char *
pst_disposition_word(unsigned place)
{
	return dispositions[place];
}

/* ---- "identity,result" ---- */

#define RESULTS(identity)                                                      \
	identity ",none", identity ",pass", identity ",fail",                  \
	    identity ",softfail", identity ",neutral", identity ",temperror",  \
	    identity ",permerror", identity ",policy"
#define RESULT_COUNT (PST_RESULT_POLICY + 1)

static const char *const identities[] = {RESULTS("mailfrom"), RESULTS("helo")};

static_assert(PST_COUNT(identities) == PST_SPF_IDENTITY_PLACES &&
	PST_COUNT(identities) == (PST_SPF_HELO + 1) * RESULT_COUNT,
    "each identity has each result");

unsigned
pst_spf_identity_place(enum pst_spf_identity identity, enum pst_result result)
{
	return (unsigned)identity * RESULT_COUNT + (unsigned)result;
}

const char *
pst_spf_identity_word(unsigned place)
{
	return identities[place];
}

/* ---- "result,policy,alignment" ---- */

#define ALIGNMENTS(pair)                                                       \
	pair ",neither", pair ",spf", pair ",dkim", pair ",both"
#define ALIGNMENT_COUNT 4

/*
 * Not each result goes with each policy: a failure needs a record, and without
 * one the result is none.
 */
#define OF_PASS 0
#define OF_FAIL 4
#define OF_NONE 7
#define OF_TEMPERROR 8
#define OF_PERMERROR 12
static const char *const policies[] = {ALIGNMENTS("pass,none"),
    ALIGNMENTS("pass,quarantine"), ALIGNMENTS("pass,reject"),
    ALIGNMENTS("pass,unknown"), ALIGNMENTS("fail,none"),
    ALIGNMENTS("fail,quarantine"), ALIGNMENTS("fail,reject"),
    ALIGNMENTS("none,no-record"), ALIGNMENTS("temperror,none"),
    ALIGNMENTS("temperror,quarantine"), ALIGNMENTS("temperror,reject"),
    ALIGNMENTS("temperror,unknown"), ALIGNMENTS("permerror,none"),
    ALIGNMENTS("permerror,quarantine"), ALIGNMENTS("permerror,reject"),
    ALIGNMENTS("permerror,no-record")};

static_assert(PST_COUNT(policies) == PST_DMARC_POLICY_PLACES &&
	PST_COUNT(policies) <= PST_COUNTER_PLACES,
    "the pairs of result and policy are counted in one counter");

/* Returns 0 to 2 for a policy, 3 if there is none or it is not known. */
static unsigned
published(const struct pst_dmarc *dmarc)
{
	if (dmarc->policy_domain == NULL)
		return 3;
	switch (dmarc->published) {
	case PST_DMARC_NONE:
		return 0;
	case PST_DMARC_QUARANTINE:
		return 1;
	case PST_DMARC_REJECT:
		return 2;
	}
	return 3;
}

static unsigned
pair_of(const struct pst_dmarc *dmarc)
{
	unsigned policy = published(dmarc);

	switch (dmarc_result(dmarc->result)) {
	case PASS:
		return OF_PASS + policy;
	case FAIL:
		return OF_FAIL + (policy == 3 ? 0 : policy);
	case TEMPERROR:
		return OF_TEMPERROR + policy;
	case PERMERROR:
		return OF_PERMERROR + policy;
	case NONE:
	case EXEMPT:
		return OF_NONE;
	}
	return OF_NONE;
}

unsigned
pst_dmarc_policy_place(const struct pst_dmarc *dmarc)
{
	return pair_of(dmarc) * ALIGNMENT_COUNT +
	    (dmarc->spf_aligned ? 1u : 0u) + (dmarc->dkim_aligned ? 2u : 0u);
}

const char *
pst_dmarc_policy_place_word(unsigned place)
{
	return policies[place];
}

/* ---- "type,rcode" ---- */

#define STATUSES(type)                                                         \
	type ",NOERROR", type ",NODATA", type ",NXDOMAIN", type ",SERVFAIL",   \
	    type ",BOGUS", type ",TIMEOUT", type ",BUDGET", type ",BADNAME",   \
	    type ",CROWDED", type ",PAUSED", type ",GIVEN_UP"
#define GIVEN_UP (PST_DNS_PAUSED + 1)
#define STATUS_COUNT (GIVEN_UP + 1)

static const char *const outcomes[] = {STATUSES("A"), STATUSES("AAAA"),
    STATUSES("MX"), STATUSES("PTR"), STATUSES("TXT")};

static_assert(PST_COUNT(outcomes) == PST_DNS_OUTCOME_PLACES &&
	PST_COUNT(outcomes) == 5 * STATUS_COUNT,
    "each type has each status");

unsigned
pst_dns_outcome_place(
    enum pst_dns_type type, enum pst_dns_status status, bool given_up)
{
	unsigned row = 4;

	switch (type) {
	case PST_DNS_A:
		row = 0;
		break;
	case PST_DNS_AAAA:
		row = 1;
		break;
	case PST_DNS_MX:
		row = 2;
		break;
	case PST_DNS_PTR:
		row = 3;
		break;
	case PST_DNS_TXT:
	case PST_DNS_CNAME: /* no message asks for it */
		break;
	}
	return row * STATUS_COUNT + (given_up ? GIVEN_UP : (unsigned)status);
}

const char *
pst_dns_outcome_word(unsigned place)
{
	return outcomes[place];
}
