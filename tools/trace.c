/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/trace.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "mail/authres.h"

#define AUTHRES "Authentication-Results"

static bool
is_our_id(const struct pst_site *site, const char *name)
{
	for (size_t i = 0; i < site->id_count; i++)
		if (pst_domain_eq(name, site->ids[i]))
			return true;
	return false;
}

static bool
is_our_host(const struct pst_site *site, const char *name)
{
	return name[0] != '\0' &&
	    (is_our_id(site, name) ||
		(site->host != NULL && pst_domain_eq(name, site->host)));
}

/* ---- addresses ---- */

static bool
is_in(const struct pst_ip *ip, const char *const *nets, size_t count)
{
	struct pst_net net;

	for (size_t i = 0; i < count; i++)
		if (pst_net_parse(pst_str(nets[i]), &net) &&
		    pst_net_contains(&net, ip))
			return true;
	return false;
}

static bool
is_loopback(const struct pst_ip *ip)
{
	static const char *const nets[] = {"127.0.0.0/8", "::1/128"};

	return is_in(ip, nets, PST_COUNT(nets));
}

static bool
is_private(const struct pst_ip *ip)
{
	static const char *const nets[] = {"10.0.0.0/8", "172.16.0.0/12",
	    "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7",
	    "fe80::/10"};

	return is_in(ip, nets, PST_COUNT(nets));
}

/* Whether both are in one network of a provider's size. */
static bool
are_neighbours(const struct pst_ip *a, const struct pst_ip *b)
{
	return a->family != PST_IP_NONE && a->family == b->family &&
	    memcmp(a->octets, b->octets, 3) == 0;
}

static bool
is_microsoft(const char *name)
{
	static const char *const domains[] = {
	    "outlook.com", "office365.com", "exchangelabs.com"};

	for (size_t i = 0; i < PST_COUNT(domains); i++)
		if (pst_domain_is_below(name, domains[i]))
			return true;
	return false;
}

/*
 * Hosts of a large site pass mail on between public addresses. The HELO name
 * alone would prove nothing, but the client's address cannot be chosen.
 */
static bool
is_one_site(const struct pst_received *seen)
{
	const char *from = pst_domain_last_labels(seen->helo, 2);
	const char *by = pst_domain_last_labels(seen->by, 2);

	return are_neighbours(&seen->ip, &seen->by_ip) &&
	    ((from != NULL && by != NULL && pst_domain_eq(from, by)) ||
		(is_microsoft(seen->helo) && is_microsoft(seen->by)));
}

/* ---- one field ---- */

/* A field that cannot name a client, wherever it is; else PST_HOP_UNUSED. */
static enum pst_hop_fate
useless(const struct pst_received *seen)
{
	static const struct {
		const char *begin;
		enum pst_hop_fate fate;
	} words[] = {{"LMTP", PST_HOP_DELIVERY}, {"local", PST_HOP_DELIVERY},
	    {"HTTP", PST_HOP_DELIVERY}, {"MAPI", PST_HOP_DELIVERY},
	    {"POP", PST_HOP_FETCHED}, {"IMAP", PST_HOP_FETCHED}};

	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (pst_str_istarts(
			pst_str(seen->with), pst_str(words[i].begin)))
			return words[i].fate;
	return seen->ip.family == PST_IP_NONE ? PST_HOP_NO_ADDRESS :
						PST_HOP_UNUSED;
}

/* A client that is an inner host; else PST_HOP_UNUSED. */
static enum pst_hop_fate
inner(const struct pst_site *site, const struct pst_received *seen)
{
	if (is_loopback(&seen->ip))
		return PST_HOP_LOOPBACK;
	if (site->trusted != NULL && pst_net_set_has(site->trusted, &seen->ip))
		return PST_HOP_TRUSTED;
	if (is_our_host(site, seen->name))
		return PST_HOP_OWN_HOST;
	return PST_HOP_UNUSED;
}

/* The same if nothing says that we wrote the field. */
static enum pst_hop_fate
inner_guess(const struct pst_site *site, const struct pst_received *seen)
{
	enum pst_hop_fate fate = inner(site, seen);

	if (fate != PST_HOP_UNUSED)
		return fate;
	if (is_private(&seen->ip))
		return PST_HOP_PRIVATE;
	return is_one_site(seen) ? PST_HOP_ONE_SITE : PST_HOP_UNUSED;
}

/* Whether the field names a client outside, for certain if we wrote it. */
static bool
names_outsider(const struct pst_site *site, const struct pst_received *seen)
{
	return useless(seen) == PST_HOP_UNUSED &&
	    inner_guess(site, seen) == PST_HOP_UNUSED;
}

/* ---- the place ---- */

static void
read_hops(struct pst_arena *arena, const struct pst_saved_message *message,
    struct pst_trace *out)
{
	out->hops =
	    pst_arena_array(arena, PST_TRACE_MAX_HOPS, sizeof(*out->hops));
	for (size_t i = 0;
	     i < message->count && out->count < PST_TRACE_MAX_HOPS; i++) {
		struct pst_hop *hop = &out->hops[out->count];

		if (!pst_str_ieq(message->fields[i].name, PST_STR("Received")))
			continue;
		hop->field = i;
		hop->fate = PST_HOP_UNUSED;
		pst_received_parse(arena, message->fields[i].value, &hop->seen);
		out->count++;
	}
}

static void
read_results(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_site *site, struct pst_trace *out)
{
	const char *id;

	out->results =
	    pst_arena_array(arena, message->count, sizeof(*out->results));
	for (size_t i = 0; i < message->count; i++) {
		const struct pst_saved_field *field = &message->fields[i];

		if (!pst_str_ieq(field->name, PST_STR(AUTHRES)) ||
		    pst_authres_read_id(arena, field->value, &id) !=
			PST_AUTHRES_ID_OK)
			continue;
		if (is_our_id(site, id))
			out->results[out->result_count++] = i;
		else if (out->other_id == NULL)
			out->other_id = id;
	}
}

/* The first hop that is below the field of that index. */
static size_t
hop_below(const struct pst_trace *trace, size_t field)
{
	size_t i = 0;

	while (i < trace->count && trace->hops[i].field < field)
		i++;
	return i;
}

/* Keeps the result fields above a hop, or those below it. */
static void
keep_results(struct pst_trace *trace, size_t field, bool below)
{
	size_t kept = 0;

	for (size_t i = 0; i < trace->result_count; i++)
		if ((trace->results[i] > field) == below)
			trace->results[kept++] = trace->results[i];
	trace->result_count = kept;
	trace->results_below = below;
}

/* The hop that we wrote: by an authserv-id, else by this host's name. */
static size_t
find_ours(const struct pst_trace *trace, const struct pst_site *site, bool *id)
{
	*id = true;
	for (size_t i = 0; i < trace->count; i++)
		if (is_our_id(site, trace->hops[i].seen.by))
			return i;
	*id = false;
	for (size_t i = 0; i < trace->count; i++)
		if (is_our_host(site, trace->hops[i].seen.by))
			return i;
	return trace->count;
}

/*
 * Returns the first hop that may name the client, and sets why those above it
 * do not. A hop of ours above the result field, whose client is outside, goes
 * first: a field below it that claims to be ours came with the message, or the
 * MTA adds fields below its own. trace->certain tells whether we wrote the hop.
 */
static size_t
find_start(struct pst_trace *trace, const struct pst_site *site,
    enum pst_hop_fate *why)
{
	bool by_id;
	size_t ours = find_ours(trace, site, &by_id);
	size_t below = trace->result_count == 0 ?
	    trace->count :
	    hop_below(trace, trace->results[0]);
	bool has_ours = ours < trace->count;

	*why = PST_HOP_ABOVE_OURS;
	if (has_ours)
		trace->our_name = trace->hops[ours].seen.by;
	if (trace->result_count > 0 && below < trace->count &&
	    !(by_id && ours < below &&
		names_outsider(site, &trace->hops[ours].seen))) {
		*why = PST_HOP_ABOVE_RESULT;
		trace->certain = true;
		keep_results(trace, trace->hops[below].field, false);
		return below;
	}
	if (has_ours && trace->result_count > 0)
		keep_results(trace, trace->hops[ours].field, true);
	trace->certain = has_ours && by_id;
	return has_ours ? ours : 0;
}

/* Finds the hop whose client our own result field names; count: none. */
static size_t
find_result_ip(struct pst_arena *arena, const struct pst_saved_message *message,
    struct pst_trace *trace, size_t start)
{
	struct pst_authres_method *methods;

	for (size_t i = 0; i < trace->result_count; i++) {
		size_t count = pst_authres_read(
		    arena, message->fields[trace->results[i]].value, &methods);
		for (size_t n = 0; n < count; n++) {
			const char *ip =
			    pst_authres_prop_of(&methods[n], "policy.iprev");
			if (ip != NULL &&
			    pst_ip_parse(pst_str(ip), &trace->result_ip))
				break;
		}
	}
	for (size_t i = start; i < trace->count; i++)
		if (trace->result_ip.family != PST_IP_NONE &&
		    pst_ip_eq(&trace->hops[i].seen.ip, &trace->result_ip))
			return i;
	return trace->count;
}

/* Finds the hop that names the client by what the hops say. */
static size_t
find_client(struct pst_trace *trace, const struct pst_site *site, size_t start)
{
	size_t second_best = trace->count;

	for (size_t i = start; i < trace->count; i++) {
		struct pst_hop *hop = &trace->hops[i];

		hop->fate = useless(&hop->seen);
		if (hop->fate != PST_HOP_UNUSED)
			continue;
		hop->fate = trace->certain ? inner(site, &hop->seen) :
					     inner_guess(site, &hop->seen);
		if (hop->fate == PST_HOP_UNUSED)
			return i;
		if (second_best == trace->count)
			second_best = i;
	}
	return second_best;
}

/* Whether the writer of a hop says for certain that its client is X. */
static bool
vouches_for(const struct pst_received *seen, const char *id)
{
	const char *parent = pst_domain_parent(seen->by);

	if (useless(seen) == PST_HOP_DELIVERY)
		return pst_domain_eq(seen->helo, id);
	return pst_domain_eq(seen->name, id) && !seen->doubted &&
	    (is_private(&seen->ip) ||
		(parent != NULL && pst_domain_labels(parent) > 1 &&
		    pst_domain_is_below(id, parent)));
}

/*
 * Without a name of ours: a host on top that got the message from a neighbour
 * shows that this one is the gateway, if its result field is between. A sender
 * has no part in these fields. Returns its name; NULL: nothing of that kind.
 */
static const char *
find_neighbour(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_site *site, const struct pst_trace *trace)
{
	const char *id;

	for (size_t i = 0; i + 1 < trace->count; i++) {
		const struct pst_hop *hop = &trace->hops[i];

		for (size_t f = hop->field; f < trace->hops[i + 1].field; f++) {
			const struct pst_saved_field *field =
			    &message->fields[f];

			if (pst_str_ieq(field->name, PST_STR(AUTHRES)) &&
			    pst_authres_read_id(arena, field->value, &id) ==
				PST_AUTHRES_ID_OK &&
			    pst_domain_eq(trace->hops[i + 1].seen.by, id) &&
			    vouches_for(&hop->seen, id))
				return id;
		}
		/* The next hop counts only if this one vouches for it. */
		if (names_outsider(site, &hop->seen) &&
		    !vouches_for(&hop->seen, trace->hops[i + 1].seen.by))
			return NULL;
	}
	return NULL;
}

/* Reads the trace with the one name more. */
static void
adopt(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_site *site, const char *id, struct pst_trace *out)
{
	const char **ids =
	    pst_arena_array(arena, site->id_count + 1, sizeof(*ids));
	struct pst_site larger = *site;

	for (size_t i = 0; i < site->id_count; i++)
		ids[i] = site->ids[i];
	ids[larger.id_count++] = id;
	larger.ids = ids;
	pst_trace_read(arena, message, &larger, out);
	out->adopted = id;
}

void
pst_trace_read(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_site *site, struct pst_trace *out)
{
	enum pst_hop_fate why;
	size_t start, by_result;
	const char *id = NULL;

	*out = (struct pst_trace){0};
	read_hops(arena, message, out);
	read_results(arena, message, site, out);
	if (out->result_count == 0)
		id = find_neighbour(arena, message, site, out);
	if (id != NULL) {
		adopt(arena, message, site, id, out);
		return;
	}
	start = find_start(out, site, &why);
	by_result = out->results_below ?
	    out->count :
	    find_result_ip(arena, message, out, start);
	out->client = find_client(out, site, start);
	if (by_result < out->count) {
		out->client = by_result;
		for (size_t i = start; i < by_result; i++)
			if (out->hops[i].fate == PST_HOP_UNUSED)
				out->hops[i].fate = PST_HOP_OTHER_CLIENT;
	} else if (out->result_ip.family != PST_IP_NONE) {
		out->client = out->count;
	}
	for (size_t i = 0; i < start; i++) {
		out->hops[i].fate = useless(&out->hops[i].seen);
		if (out->hops[i].fate == PST_HOP_UNUSED)
			out->hops[i].fate = why;
	}
	for (size_t i = out->client; i < out->count; i++)
		out->hops[i].fate = PST_HOP_UNUSED;
	if (out->certain || out->result_count > 0)
		out->other_id = NULL;
}

/* ---- words ---- */

const char *
pst_trace_ordinal(struct pst_arena *arena, size_t number)
{
	static const char *const words[] = {"first", "second", "third",
	    "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"};
	static const char *const ends[] = {"th", "st", "nd", "rd"};
	bool teen = number / 10 % 10 == 1;

	if (number >= 1 && number <= PST_COUNT(words))
		return words[number - 1];
	return pst_arena_printf(arena, "%zu%s", number,
	    teen || number % 10 >= PST_COUNT(ends) ? ends[0] :
						     ends[number % 10]);
}

const char *
pst_trace_why(struct pst_arena *arena, const struct pst_trace *trace,
    const struct pst_hop *hop)
{
	const struct pst_received *seen = &hop->seen;
	char ip[PST_IP_TEXT_SIZE];

	(void)pst_ip_text(&seen->ip, ip);
	switch (hop->fate) {
	case PST_HOP_UNUSED:
		return NULL;
	case PST_HOP_ABOVE_RESULT:
		return "it is above our own " AUTHRES
		       " field, so it was added after the gateway";
	case PST_HOP_ABOVE_OURS:
		return pst_arena_printf(arena,
		    "it is above the first one that %s wrote, so it was added "
		    "after the gateway",
		    trace->our_name);
	case PST_HOP_OTHER_CLIENT:
		return "our own " AUTHRES " field names another client";
	case PST_HOP_DELIVERY:
		return pst_arena_printf(arena,
		    "it tells of a delivery inside the site (%s)",
		    pst_escaped(arena, pst_str(seen->with)));
	case PST_HOP_FETCHED:
		return pst_arena_printf(arena,
		    "it tells that the message was fetched from a mailbox (%s)",
		    pst_escaped(arena, pst_str(seen->with)));
	case PST_HOP_NO_ADDRESS:
		return "it names no client address";
	case PST_HOP_LOOPBACK:
		return pst_arena_printf(
		    arena, "its client %s is the host itself", ip);
	case PST_HOP_TRUSTED:
		return pst_arena_printf(
		    arena, "its client %s is in trusted-networks", ip);
	case PST_HOP_OWN_HOST:
		return pst_arena_printf(arena,
		    "its client %s is a host of this site",
		    pst_escaped(arena, pst_str(seen->name)));
	case PST_HOP_PRIVATE:
		return pst_arena_printf(arena,
		    "its client %s has a private address, so it is an inner "
		    "host",
		    ip);
	case PST_HOP_ONE_SITE:
		return pst_arena_printf(arena,
		    "its client %s and its writer are hosts of one site", ip);
	}
	return NULL;
}
