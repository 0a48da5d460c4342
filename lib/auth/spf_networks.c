/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/spf_networks.h"

#include <string.h>

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"

#define MAX_SHOWN 80
/* Each network is compared with all of them. */
#define MAX_BARS 100

struct nets {
	struct pst_net *items;
	size_t count;
	size_t capacity;
};

struct walk {
	struct pst_world *world;
	struct nets found;
	struct nets bars; /* what earlier terms give another result for */
	unsigned lookups;
	bool pending; /* an answer is missing */
	struct pst_spf_networks *out;
};

/* A record on the way, and the name that it was found at. */
struct level {
	const char *domain;
	bool is_barred; /* an earlier term cannot be listed and is not + */
};

static bool walk_domain(struct walk *walk, struct level level, bool is_top);

bool
pst_spf_networks_is_wide(const struct pst_net *net)
{
	return net->prefix_bits < (net->base.family == PST_IP_V4 ?
					  PST_SPF_NETWORKS_MIN_V4 :
					  PST_SPF_NETWORKS_MIN_V6);
}

/* Notes the first error; always returns false. */
static bool
stop(struct walk *walk, enum pst_result result, const char *why)
{
	if (walk->out->result == PST_RESULT_PASS) {
		walk->out->result = result;
		walk->out->why = why;
	}
	return false;
}

static void
leave_out(struct walk *walk, enum pst_spf_left_out why, struct pst_str term)
{
	if (walk->out->left_out[why].count++ == 0)
		walk->out->left_out[why].first = pst_escaped(
		    walk->world->arena, pst_str_first(term, MAX_SHOWN));
}

static void
add_net(struct walk *walk, struct nets *nets, const struct pst_net *net)
{
	struct pst_net *bigger;

	if (nets->count == nets->capacity) {
		nets->capacity = nets->capacity == 0 ? 32 : 2 * nets->capacity;
		bigger = pst_arena_array(
		    walk->world->arena, nets->capacity, sizeof(*bigger));
		if (nets->count > 0)
			memcpy(
			    bigger, nets->items, nets->count * sizeof(*bigger));
		nets->items = bigger;
	}
	nets->items[nets->count++] = *net;
}

static bool
is_barred(const struct walk *walk, const struct pst_net *net)
{
	for (size_t i = 0; i < walk->bars.count; i++) {
		const struct pst_net *bar = &walk->bars.items[i];

		if (pst_net_contains(bar, &net->base) ||
		    pst_net_contains(net, &bar->base))
			return true;
	}
	return false;
}

static void
clear_host_bits(struct pst_net *net)
{
	for (unsigned i = net->prefix_bits; i < 8 * sizeof(net->base.octets);
	     i++)
		net->base.octets[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

/* One network of a term: of its own, or of an address that it names. */
static void
take_net(struct walk *walk, const struct level *level,
    const struct pst_spf_term *term, const struct pst_ip *ip)
{
	struct pst_net net = {.base = *ip,
	    .prefix_bits =
		ip->family == PST_IP_V4 ? term->ip4_bits : term->ip6_bits};

	clear_host_bits(&net);
	if (term->qualifier != '+') {
		if (walk->bars.count == MAX_BARS)
			(void)stop(walk, PST_RESULT_PERMERROR,
			    "too many networks that do not pass");
		else
			add_net(walk, &walk->bars, &net);
		return;
	}
	if (level->is_barred || is_barred(walk, &net))
		leave_out(walk, PST_SPF_LEFT_BARRED, term->text);
	else if (pst_spf_networks_is_wide(&net))
		leave_out(walk, PST_SPF_LEFT_WIDE, term->text);
	else if (walk->found.count == PST_SPF_NETWORKS_MAX)
		leave_out(walk, PST_SPF_LEFT_TOO_MANY, term->text);
	else
		add_net(walk, &walk->found, &net);
}

/*
 * Returns NULL if the walk cannot use the answer now: it is missing, or it is a
 * temporary failure, which ends the walk.
 */
static const struct pst_dns_answer *
ask(struct walk *walk, struct pst_str name, enum pst_dns_type type)
{
	const struct pst_dns_answer *answer =
	    pst_world_ask(walk->world, PST_DNS_POLICY, name, type)->answer;

	if (answer == NULL) {
		walk->pending = true;
		return NULL;
	}
	if (pst_dns_is_temporary(answer->status)) {
		(void)stop(
		    walk, PST_RESULT_TEMPERROR, "the DNS does not answer");
		return NULL;
	}
	/* The answer that there is nothing has a TTL, too, if it is known. */
	if ((answer->status == PST_DNS_OK || answer->ttl > 0) &&
	    answer->ttl < walk->out->ttl_s)
		walk->out->ttl_s = answer->ttl;
	return answer;
}

static void
take_addresses(struct walk *walk, const struct level *level,
    const struct pst_spf_term *term, struct pst_str name)
{
	static const enum pst_dns_type types[] = {PST_DNS_A, PST_DNS_AAAA};

	for (size_t t = 0; t < PST_COUNT(types); t++) {
		const struct pst_dns_answer *answer = ask(walk, name, types[t]);

		for (size_t i = 0; answer != NULL && i < answer->count; i++)
			take_net(walk, level, term, &answer->records[i].ip);
	}
}

static bool
take_mx(struct walk *walk, const struct level *level,
    const struct pst_spf_term *term, struct pst_str name)
{
	const struct pst_dns_answer *mx = ask(walk, name, PST_DNS_MX);

	if (mx == NULL)
		return true;
	if (mx->count > PST_SPF_MAX_MX)
		return stop(walk, PST_RESULT_PERMERROR,
		    "an mx term has more than 10 names");
	for (size_t i = 0; i < mx->count; i++)
		if (mx->records[i].data.len > 0)
			take_addresses(walk, level, term, mx->records[i].data);
	return true;
}

static bool
has_macro(struct pst_str spec)
{
	return pst_str_find(spec, '%') < spec.len;
}

/* A term that depends on the sender. What follows it may be barred by it. */
static void
pass_over(
    struct walk *walk, struct level *level, const struct pst_spf_term *term)
{
	if (term->qualifier == '+')
		leave_out(walk, PST_SPF_LEFT_SENDER, term->text);
	else
		level->is_barred = true;
}

/* include and redirect; what is included is barred by what bars its parent. */
static bool
follow(struct walk *walk, const struct level *level,
    const struct pst_spf_term *term)
{
	struct level child = {.is_barred = level->is_barred};
	size_t bars = walk->bars.count;
	bool good;

	child.domain = pst_domain_normalize(walk->world->arena, term->domain);
	if (child.domain == NULL)
		return stop(walk, PST_RESULT_PERMERROR,
		    "include or redirect to a domain without a record");
	good = walk_domain(walk, child, false);
	/* What an included record fails is only not matched by the include. */
	walk->bars.count = bars;
	return good;
}

static bool
take_term(
    struct walk *walk, struct level *level, const struct pst_spf_term *term)
{
	struct pst_str name =
	    term->domain.len > 0 ? term->domain : pst_str(level->domain);

	switch (term->kind) {
	case PST_SPF_IP4:
	case PST_SPF_IP6:
		take_net(walk, level, term, &term->ip);
		return true;
	case PST_SPF_ALL:
		return true;
	case PST_SPF_A:
	case PST_SPF_MX:
	case PST_SPF_INCLUDE:
	case PST_SPF_REDIRECT:
	case PST_SPF_EXISTS:
	case PST_SPF_PTR:
		break;
	}
	if (++walk->lookups > PST_SPF_MAX_LOOKUPS)
		return stop(walk, PST_RESULT_PERMERROR,
		    "more than 10 terms that cause DNS look-ups");
	if (term->kind == PST_SPF_EXISTS || term->kind == PST_SPF_PTR ||
	    has_macro(term->domain)) {
		pass_over(walk, level, term);
		return true;
	}
	if (term->kind == PST_SPF_A)
		take_addresses(walk, level, term, name);
	else if (term->kind == PST_SPF_MX)
		return take_mx(walk, level, term, name);
	else if (term->kind == PST_SPF_REDIRECT || term->qualifier == '+')
		return follow(walk, level, term);
	else
		level->is_barred = true;
	return true;
}

/* Finds the only SPF record; an empty text if it is missing for now. */
static bool
find_record(
    struct walk *walk, const char *domain, bool is_top, struct pst_str *text)
{
	const struct pst_dns_answer *txt =
	    ask(walk, pst_str(domain), PST_DNS_TXT);
	bool found = false;

	*text = PST_STR("");
	if (txt == NULL)
		return true;
	for (size_t i = 0; i < txt->count; i++) {
		if (!pst_spf_is_record(txt->records[i].data))
			continue;
		if (found)
			return stop(walk, PST_RESULT_PERMERROR,
			    "more than one SPF record");
		found = true;
		*text = txt->records[i].data;
	}
	if (found)
		return true;
	return is_top ? stop(walk, PST_RESULT_NONE, "no SPF record") :
			stop(walk, PST_RESULT_PERMERROR,
			    "include or redirect to a domain without a record");
}

/* Returns false if the walk has ended with an error. */
static bool
walk_domain(struct walk *walk, struct level level, bool is_top)
{
	struct pst_spf_record record;
	struct pst_str text;
	const char *why;

	if (!find_record(walk, level.domain, is_top, &text))
		return false;
	if (text.len == 0)
		return true;
	if (!pst_spf_record_parse(walk->world->arena, text, &record, &why))
		return stop(walk, PST_RESULT_PERMERROR, why);
	for (size_t i = 0; i < record.term_count; i++) {
		if (record.terms[i].kind == PST_SPF_ALL)
			return true;
		if (!take_term(walk, &level, &record.terms[i]))
			return false;
	}
	return !record.has_redirect ||
	    take_term(walk, &level, &record.redirect);
}

bool
pst_spf_networks_check(
    struct pst_world *world, const char *domain, struct pst_spf_networks *out)
{
	struct pst_spf_networks result = {
	    .result = PST_RESULT_PASS, .ttl_s = UINT32_MAX};
	struct walk walk = {.world = world, .out = &result};

	(void)walk_domain(&walk, (struct level){.domain = domain}, true);
	/* An error that other answers cannot undo need not wait for them. */
	if (walk.pending && result.result == PST_RESULT_PASS)
		return false;
	result.nets = walk.found.items;
	result.count = result.result == PST_RESULT_PASS ? walk.found.count : 0;
	*out = result;
	return true;
}
