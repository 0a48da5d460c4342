/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_run.h"

#include <assert.h>

#include "base/domain.h"

/* Notes what an error is due to. */
static void
blame(struct pst_spf_run *run, const struct pst_spf_level *level,
    struct pst_str term)
{
	run->term = term;
	run->term_domain = level->domain;
}

/* Ends the evaluation in this record; always returns false. */
static bool
stop(struct pst_spf_run *run, struct pst_spf_level *level,
    enum pst_result result, const char *why)
{
	level->stopped = true;
	level->result = result;
	run->forced = true;
	run->result = result;
	run->why = why;
	return false;
}

static bool
count_lookup(struct pst_spf_run *run, struct pst_spf_level *level,
    const struct pst_spf_term *term)
{
	if (++run->lookups <= PST_SPF_MAX_LOOKUPS)
		return true;
	blame(run, level, term->text);
	return stop(run, level, PST_RESULT_PERMERROR,
	    "more than 10 terms that cause DNS look-ups");
}

bool
pst_spf_same_net(const struct pst_ip *a, const struct pst_ip *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (a->family != b->family || memcmp(a->octets, b->octets, whole) != 0)
		return false;
	return rest == 0 ||
	    (a->octets[whole] ^ b->octets[whole]) >> (8 - rest) == 0;
}

static bool
matches_literally(
    const struct pst_spf_run *run, const struct pst_spf_term *term)
{
	if (term->kind == PST_SPF_ALL)
		return true;
	if (term->kind != PST_SPF_IP4 && term->kind != PST_SPF_IP6)
		return false;
	return pst_spf_same_net(&term->ip, &run->input->client,
	    term->kind == PST_SPF_IP4 ? term->ip4_bits : term->ip6_bits);
}

static void
prefetch_term(struct pst_spf_run *run, const struct pst_spf_level *level,
    const struct pst_spf_term *term)
{
	static const enum pst_dns_type types[] = {
	    [PST_SPF_INCLUDE] = PST_DNS_TXT,
	    [PST_SPF_MX] = PST_DNS_MX,
	    [PST_SPF_EXISTS] = PST_DNS_A,
	    [PST_SPF_REDIRECT] = PST_DNS_TXT,
	};
	struct pst_str name;

	if (term->kind == PST_SPF_PTR) {
		char reverse[PST_IP_REVERSE_SIZE];

		pst_ip_reverse_name(&run->input->client, reverse);
		pst_spf_run_ask_ahead(run, pst_str(reverse), PST_DNS_PTR);
		return;
	}
	if (pst_spf_uses_p(term->domain) ||
	    !pst_spf_run_target(run, level, term->domain, &name) ||
	    name.len == 0)
		return;
	pst_spf_run_ask_ahead(run, name,
	    term->kind == PST_SPF_A ? pst_spf_run_address_type(run) :
				      types[term->kind]);
}

/* Asks for what the record's terms will need, up to the look-up limit. */
static void
prefetch(struct pst_spf_run *run, const struct pst_spf_level *level)
{
	const struct pst_spf_record *record = &level->record;
	unsigned left = PST_SPF_MAX_LOOKUPS - run->lookups;

	for (size_t i = 0; i < record->term_count; i++) {
		const struct pst_spf_term *term = &record->terms[i];

		if (matches_literally(run, term))
			return;
		if (term->kind == PST_SPF_IP4 || term->kind == PST_SPF_IP6 ||
		    pst_spf_run_never_matches(run, term))
			continue;
		if (left-- == 0)
			return;
		prefetch_term(run, level, term);
	}
	if (record->has_redirect && left > 0 &&
	    !pst_spf_run_never_matches(run, &record->redirect))
		prefetch_term(run, level, &record->redirect);
}

/* Finds the only SPF record among the TXT records. */
static bool
select_record(struct pst_spf_run *run, struct pst_spf_level *level,
    const struct pst_dns_answer *txt)
{
	bool found = false;

	for (size_t i = 0; i < txt->count; i++) {
		if (!pst_spf_is_record(txt->records[i].data))
			continue;
		if (found)
			return stop(run, level, PST_RESULT_PERMERROR,
			    "more than one SPF record");
		found = true;
		level->text = txt->records[i].data;
	}
	if (found)
		return true;
	return stop(run, level, PST_RESULT_NONE, "no SPF record");
}

static bool
read_record(struct pst_spf_run *run, struct pst_spf_level *level)
{
	const struct pst_dns_answer *txt;
	const char *why;

	if (level->parent != NULL)
		blame(run, level->parent, level->via->text);
	if (pst_domain_labels(level->domain) < 2)
		return stop(run, level, PST_RESULT_NONE, "no SPF record");
	txt = pst_spf_run_ask(run, pst_str(level->domain), PST_DNS_TXT);
	if (txt == NULL)
		return false;
	if (pst_dns_is_temporary(txt->status))
		return stop(run, level, PST_RESULT_TEMPERROR,
		    "DNS failure while looking for a record");
	if (!select_record(run, level, txt))
		return false;
	if (!pst_spf_record_parse(
		run->world->arena, level->text, &level->record, &why)) {
		if (level->record.wrong.len > 0)
			blame(run, level, level->record.wrong);
		return stop(run, level, PST_RESULT_PERMERROR, why);
	}
	if (run->world->eager)
		prefetch(run, level);
	return true;
}

struct pst_spf_level *
pst_spf_run_fetch(struct pst_spf_run *run, struct pst_spf_level *parent,
    size_t index, const char *domain)
{
	struct pst_spf_level *level;
	struct pst_str name;

	level = pst_arena_alloc(run->world->arena, sizeof(*level));
	level->parent = parent;
	level->domain = domain;
	if (parent != NULL) {
		level->via = index == PST_SPF_REDIRECT_INDEX ?
		    &parent->record.redirect :
		    &parent->record.terms[index];
		level->depth = parent->depth + 1;
		if (!count_lookup(run, parent, level->via) ||
		    !pst_spf_run_target(run, parent, level->via->domain, &name))
			return NULL;
		if (name.len > 0 && name.ptr[name.len - 1] == '.')
			name.len--;
		level->domain =
		    pst_arena_memdup(run->world->arena, name.ptr, name.len);
		parent->states[index].child = level;
	}
	assert(run->level_count < 1 + PST_SPF_MAX_LOOKUPS);
	run->levels[run->level_count++] = level;
	if (read_record(run, level))
		return level;
	if (run->forced && run->result == PST_RESULT_NONE && parent != NULL) {
		run->result = PST_RESULT_PERMERROR;
		run->why = "include or redirect to a domain without a record";
	}
	return NULL;
}

/*
 * Gets the answer to the query that a term itself makes; counts void look-ups
 * (R-SPF-10).
 */
static bool
ask_for_term(struct pst_spf_run *run, struct pst_spf_level *level,
    const struct pst_spf_term *term, enum pst_dns_type type,
    const struct pst_dns_answer **answer)
{
	struct pst_str name;

	*answer = NULL;
	if (!pst_spf_run_target(run, level, term->domain, &name))
		return false;
	if (name.len == 0)
		return true;
	*answer = pst_spf_run_ask(run, name, type);
	if (*answer == NULL)
		return false;
	blame(run, level, term->text);
	if (pst_dns_is_temporary((*answer)->status))
		return stop(run, level, PST_RESULT_TEMPERROR,
		    "DNS failure while evaluating a term");
	if ((*answer)->status != PST_DNS_NXDOMAIN &&
	    (*answer)->status != PST_DNS_NODATA)
		return true;
	if (++run->voids > run->input->max_voids)
		return stop(run, level, PST_RESULT_PERMERROR,
		    "too many void DNS look-ups");
	return true;
}

static unsigned
prefix_bits(const struct pst_spf_run *run, const struct pst_spf_term *term)
{
	return run->input->client.family == PST_IP_V6 ? term->ip6_bits :
							term->ip4_bits;
}

/*
 * Replies with the addresses of an answer. libspf2 cannot express a prefix
 * length of 0, which matches whatever the addresses are, so they are then
 * replaced by the client's.
 */
static void
reply_addresses(struct pst_spf_run *run, struct pst_spf_level *level,
    size_t index, const struct pst_dns_answer *answer,
    struct pst_spf_reply *reply)
{
	const struct pst_spf_term *term = &level->record.terms[index];
	unsigned bits = prefix_bits(run, term);
	size_t count = answer == NULL ? 0 : answer->count;
	struct pst_ip *ips =
	    pst_arena_array(run->world->arena, count, sizeof(ips[0]));

	for (size_t i = 0; i < count; i++) {
		ips[i] = bits == 0 ? run->input->client : answer->records[i].ip;
		if (pst_spf_same_net(&ips[i], &run->input->client, bits))
			level->states[index].hit = true;
	}
	reply->ips = ips;
	reply->ip_count = count;
}

static void
reply_mx(struct pst_spf_run *run, struct pst_spf_level *level, size_t index,
    const struct pst_dns_answer *answer, struct pst_spf_reply *reply)
{
	size_t count = answer == NULL ? 0 : answer->count;

	if (count > PST_SPF_MAX_MX) {
		count = PST_SPF_MAX_MX + 1;
		level->states[index].too_many = true;
	}
	for (size_t i = 0; run->world->eager && i < count; i++)
		if (i < PST_SPF_MAX_MX)
			pst_spf_run_ask_ahead(run, answer->records[i].data,
			    pst_spf_run_address_type(run));
	run->mx = answer;
	run->mx_level = level;
	run->mx_index = index;
	reply->mx_count = count;
}

static bool
reply_ptr(struct pst_spf_run *run, struct pst_spf_level *level, size_t index,
    struct pst_spf_reply *reply)
{
	struct pst_str domain;

	if (!pst_spf_run_target(
		run, level, level->record.terms[index].domain, &domain))
		return false;
	if (pst_spf_run_ptr_matches(run, domain)) {
		level->states[index].hit = true;
		reply->ips = &run->input->client;
		reply->ip_count = 1;
	}
	return !run->pending;
}

bool
pst_spf_run_term(struct pst_spf_run *run, struct pst_spf_level *level,
    size_t index, struct pst_spf_reply *reply)
{
	const struct pst_spf_term *term = &level->record.terms[index];
	const struct pst_dns_answer *answer;
	enum pst_dns_type type = PST_DNS_A;

	*reply = (struct pst_spf_reply){0};
	if (!count_lookup(run, level, term))
		return false;
	if (term->kind == PST_SPF_PTR)
		return reply_ptr(run, level, index, reply);
	if (term->kind == PST_SPF_A)
		type = pst_spf_run_address_type(run);
	if (term->kind == PST_SPF_MX)
		type = PST_DNS_MX;

	if (!ask_for_term(run, level, term, type, &answer))
		return false;
	if (term->kind == PST_SPF_MX) {
		reply_mx(run, level, index, answer, reply);
		return true;
	}
	reply_addresses(run, level, index, answer, reply);
	if (term->kind == PST_SPF_EXISTS)
		level->states[index].hit = reply->ip_count > 0;
	return true;
}

bool
pst_spf_run_mx_host(
    struct pst_spf_run *run, size_t host, struct pst_spf_reply *reply)
{
	const struct pst_dns_answer *answer;

	*reply = (struct pst_spf_reply){0};
	assert(run->mx != NULL && host < run->mx->count);
	answer = pst_spf_run_ask(
	    run, run->mx->records[host].data, pst_spf_run_address_type(run));
	if (answer == NULL)
		return false;
	blame(run, run->mx_level,
	    run->mx_level->record.terms[run->mx_index].text);
	if (pst_dns_is_temporary(answer->status))
		return stop(run, run->mx_level, PST_RESULT_TEMPERROR,
		    "DNS failure while resolving an MX name");
	reply_addresses(run, run->mx_level, run->mx_index, answer, reply);
	return true;
}
