/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/indirect.h"

#include "base/buf.h"
#include "base/domain.h"
#include "core/claims.h"
#include "core/print.h"
#include "mail/date.h"

/* core/print bounds a list long before this. */
#define MAX_LIST 1000
#define FRESH_S (INT64_C(3) * 24 * 3600)

/* Items of a list are counted, also those that are not printed. */
struct list {
	struct pst_buf buf;
	size_t count;
	struct pst_print_list printed;
};

struct judging {
	struct pst_arena *arena;
	const struct pst_indirect_input *input;
	const struct pst_findings *findings;
	struct list evidence, claims, unverified;
};

static void
add(struct list *list, const char *item)
{
	size_t i = list->count++;

	if (pst_print_list_fits(&list->printed, strlen(item) + 1))
		pst_buf_printf(&list->buf, "%s%s", i == 0 ? "" : ",", item);
}

static const char *
end(struct list *list)
{
	if (list->count == 0)
		return NULL;
	pst_print_list_end(&list->buf, &list->printed, list->count);
	return pst_buf_str(&list->buf);
}

/* ---- who authenticated ---- */

struct proof {
	const char *domain; /* that passed; NULL: none did */
	const char *method; /* "spf" or "dkim" */
	bool counts;
};

/*
 * Whether domains are asked to be known. While the memory is young none can be.
 */
static bool
asks_for_days(const struct pst_indirect_input *input)
{
	return input->known != NULL && input->config->indirect_known_days > 0;
}

static bool
is_known(const struct pst_indirect_input *input, const char *domain)
{
	return !asks_for_days(input) ||
	    input->known->call(input->known->arg, domain) >=
	    input->config->indirect_known_days;
}

/*
 * Whether a domain that authenticated speaks for the one that a claim names:
 * for itself and for those below it. Below a public suffix are many owners.
 * named may be NULL: for any.
 */
static bool
speaks_for(
    const struct pst_config *config, const char *domain, const char *named)
{
	return named == NULL ||
	    (pst_domain_is_below(named, domain) &&
		pst_domain_labels(domain) >= 2 &&
		!pst_psl_is_suffix(config->psl, domain));
}

static void
weigh(const struct pst_indirect_input *input, const char *domain,
    const char *method, const char *named, struct proof *best)
{
	if (best->counts || domain == NULL ||
	    !speaks_for(input->config, domain, named))
		return;
	*best = (struct proof){domain, method, is_known(input, domain)};
}

/* Finds who authenticated and speaks for that domain (NULL: for any). */
static struct proof
prove(const struct judging *judging, const char *named)
{
	const struct pst_indirect_input *input = judging->input;
	const struct pst_findings *findings = judging->findings;
	struct proof best = {.domain = NULL};

	if (findings->spf.result == PST_RESULT_PASS)
		weigh(input, findings->spf.domain, "spf", named, &best);
	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->result == PST_RESULT_PASS)
			weigh(input, sig->domain, "dkim", named, &best);
	}
	return best;
}

/* A claim that a proof decides. */
struct claim_text {
	const char *word;
	const char *refused; /* the word if the claim does not count */
	const char *named;   /* the domain that the claim names, or NULL */
};

/* Adds the claim to the list `counted`, or to those that do not count. */
static void
add_claim(struct judging *judging, const struct claim_text *claim,
    const struct proof *proof, struct list *counted)
{
	const char *word = proof->counts ? claim->word : claim->refused;
	const char *named = claim->named;
	const char *domain = proof->domain == NULL ? named : proof->domain;
	const char *colon = domain == NULL ? "" : ":";
	const char *asked = asks_for_days(judging->input) ? "known," : "";

	domain = domain == NULL ? "" : domain;
	if (proof->counts)
		add(counted,
		    pst_arena_printf(judging->arena, "%s%s%s(%s%s)", word,
			colon, domain, asked, proof->method));
	else if (proof->domain == NULL)
		add(&judging->claims,
		    pst_arena_printf(judging->arena,
			"%s%s%s(not-authenticated)", word, colon, domain));
	else
		add(&judging->claims,
		    pst_arena_printf(judging->arena, "%s%s%s(%s,not-known)",
			word, colon, domain, proof->method));
}

static bool
believes(const struct judging *judging)
{
	return judging->input->config->indirect_claims ==
	    PST_INDIRECT_CLAIMS_BELIEVE;
}

/* ---- the claims ---- */

/* Whether a signature is fresh: by t=, or else by Date, which it covers. */
static bool
is_fresh(const struct judging *judging, const struct pst_dkim_sig *sig)
{
	int64_t now = judging->input->now_epoch;
	int64_t epoch = judging->findings->date_s;

	if (sig->signed_at > INT64_MAX)
		return false;
	if (sig->signed_at != 0)
		epoch = (int64_t)sig->signed_at;
	return epoch != 0 && epoch >= now - FRESH_S && epoch <= now + FRESH_S;
}

static bool
is_broken(const struct pst_dkim_sig *sig)
{
	return sig->aligned && sig->header_ok && sig->body_failed;
}

/* Returns why a signature over another body proves nothing; NULL if it may. */
static const char *
fault_of(const struct judging *judging, const struct pst_dkim_sig *sig)
{
	if (!sig->covers_origin)
		return "broken-body(unsigned)";
	return is_fresh(judging, sig) ? NULL : "broken-body(old)";
}

static void
judge_broken_body(struct judging *judging)
{
	static const struct claim_text text = {
	    "broken-body", "broken-body", NULL};
	const struct pst_dkim *dkim = &judging->findings->dkim;
	const char *fault = NULL;
	struct proof proof;

	for (size_t i = 0; i < dkim->count; i++) {
		if (!is_broken(&dkim->sigs[i]))
			continue;
		if (believes(judging)) {
			add(&judging->evidence, "broken-body");
			return;
		}
		fault = fault_of(judging, &dkim->sigs[i]);
		if (fault != NULL)
			continue;
		proof = prove(judging, NULL);
		add_claim(judging, &text, &proof, &judging->evidence);
		return;
	}
	if (fault != NULL)
		add(&judging->claims, fault);
}

static void
judge_claim(struct judging *judging, const struct pst_claim *claim)
{
	const char *word = pst_claim_word(claim->kind);
	struct claim_text text = {word, word, claim->domain};
	struct proof proof;

	if (believes(judging)) {
		add(&judging->evidence, word);
		return;
	}
	if (claim->domain == NULL) {
		add(&judging->claims,
		    pst_arena_printf(judging->arena, "%s(no-domain)", word));
		return;
	}
	proof = prove(judging, claim->domain);
	add_claim(judging, &text, &proof, &judging->evidence);
}

/* ---- signatures that a limit of ours keeps from passing ---- */

/* Returns the first aligned signature with that gap; NULL if there is none. */
static const struct pst_dkim_sig *
find_gap(const struct pst_dkim *dkim, enum pst_dkim_gap gap)
{
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->sigs[i].aligned && dkim->sigs[i].gap == gap)
			return &dkim->sigs[i];
	return NULL;
}

static void
judge_unverified(struct judging *judging)
{
	static const struct claim_text text = {"claim", "unverified", NULL};
	const struct pst_dkim *dkim = &judging->findings->dkim;
	const struct pst_dkim_sig *sig = find_gap(dkim, PST_DKIM_GAP_PROVEN);
	struct proof proof;

	if (sig != NULL) {
		add(&judging->unverified,
		    pst_arena_printf(
			judging->arena, "signature:%s", sig->domain));
		return;
	}
	if (find_gap(dkim, PST_DKIM_GAP_CLAIMED) == NULL)
		return;
	if (believes(judging)) {
		add(&judging->unverified, "claim");
		return;
	}
	proof = prove(judging, NULL);
	add_claim(judging, &text, &proof, &judging->unverified);
}

/* ---- all of it ---- */

static enum pst_held
find_forwarder(
    const struct pst_config *config, const struct pst_findings *findings)
{
	return pst_client_nets_held(
	    &config->forwarders.set, &findings->client, findings->client_nets);
}

static void
read_date(const struct pst_header *header, struct pst_findings *findings)
{
	const struct pst_header_field *date;

	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (!is_broken(sig) || sig->signed_at != 0)
			continue;
		date = pst_header_find(header, "Date", 1);
		if (date == NULL ||
		    !pst_date_parse(date->value, &findings->date_s))
			findings->date_s = 0;
		return;
	}
}

static void
read_header(struct pst_arena *arena, const struct pst_header *header,
    struct pst_findings *findings)
{
	struct pst_claim claims[PST_CLAIMS_MAX], *copy;
	size_t count = pst_claims_read(arena, header, findings, claims);

	read_date(header, findings);
	findings->claimed_count = count;
	if (count == 0)
		return;
	copy = pst_arena_array(arena, count, sizeof(*copy));
	memcpy(copy, claims, count * sizeof(*copy));
	findings->claimed = copy;
}

void
pst_indirect_judge(struct pst_arena *arena,
    const struct pst_indirect_input *input, struct pst_findings *findings)
{
	struct judging judging = {
	    .arena = arena, .input = input, .findings = findings};
	enum pst_held forwarder;

	if (input->header != NULL)
		read_header(arena, input->header, findings);
	pst_buf_init(&judging.evidence.buf, arena, MAX_LIST);
	pst_buf_init(&judging.claims.buf, arena, MAX_LIST);
	pst_buf_init(&judging.unverified.buf, arena, MAX_LIST);
	forwarder = find_forwarder(input->config, findings);
	findings->forwarder_unsure = forwarder == PST_HELD_UNKNOWN;
	if (forwarder == PST_HELD_YES)
		add(&judging.evidence, "forwarder");
	if (findings->arc_sealer != NULL)
		add(&judging.evidence, "ARC");
	judge_broken_body(&judging);
	for (size_t i = 0; i < findings->claimed_count; i++)
		judge_claim(&judging, &findings->claimed[i]);
	if (findings->dmarc.result != PST_RESULT_PASS)
		judge_unverified(&judging);
	findings->indirect = end(&judging.evidence);
	findings->claims = end(&judging.claims);
	findings->unverified = end(&judging.unverified);
}
