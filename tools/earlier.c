/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/earlier.h"

#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "core/edits.h"

#define MAX_METHODS (2 * PST_AUTHRES_MAX_METHODS)

#define DNS_FAILED "the DNS did not answer this time"

/* What a comparison works on. */
struct comparison {
	struct pst_arena *arena;
	const struct pst_envelope *envelope;
	const struct pst_message *message;
	struct pst_authres_method *now;
	size_t now_count;
	struct pst_earlier *out;
};

/* One method, then and now. */
struct pair {
	const struct pst_authres_method *then;
	const struct pst_authres_method *now;
};

static bool
is_method(const struct pst_authres_method *method, const char *name)
{
	return strcmp(method->method, name) == 0;
}

static bool
is_ours(const struct pst_authres_method *method)
{
	static const char *const names[] = {
	    "spf", "dkim", "dmarc", "arc", "iprev"};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		if (is_method(method, names[i]))
			return true;
	return false;
}

/* Whether an entry is about a signature, and not about all or none of them. */
static bool
names_signature(const struct pst_authres_method *method)
{
	return pst_authres_prop_of(method, "header.d") != NULL;
}

/* Other filters write the whole address of smtp.mailfrom (RFC 8601 s. 2.7.2). */
static const char *
domain_in(const char *value)
{
	const char *at = strrchr(value, '@');

	return at == NULL ? value : at + 1;
}

/* Whether a property has the same domain in both, or is missing in one. */
static bool
agrees(const struct pair *pair, const char *name)
{
	const char *then = pst_authres_prop_of(pair->then, name);
	const char *now = pst_authres_prop_of(pair->now, name);

	return then == NULL || now == NULL ||
	    pst_domain_eq(domain_in(then), domain_in(now));
}

/* The shorter header.b is the beginning of the longer one. */
static bool
agrees_in_b(const struct pair *pair)
{
	const char *then = pst_authres_prop_of(pair->then, "header.b");
	const char *now = pst_authres_prop_of(pair->now, "header.b");

	if (then == NULL || now == NULL)
		return true;
	return pst_str_starts(pst_str(then), pst_str(now)) ||
	    pst_str_starts(pst_str(now), pst_str(then));
}

static const struct pst_authres_method *
find_now(const struct comparison *c, const struct pst_authres_method *then)
{
	for (size_t i = 0; i < c->now_count; i++) {
		const struct pair pair = {then, &c->now[i]};

		if (!is_method(&c->now[i], then->method))
			continue;
		if (!is_method(then, "dkim") ||
		    (names_signature(then) == names_signature(&c->now[i]) &&
			agrees(&pair, "header.d") &&
			agrees(&pair, "header.s") && agrees_in_b(&pair)))
			return &c->now[i];
	}
	return NULL;
}

/* The signature that an entry of our field is about; NULL if none is found. */
static const struct pst_dkim_sig *
find_sig(const struct comparison *c, const struct pst_authres_method *now)
{
	const struct pst_dkim *dkim = &c->message->findings.dkim;
	const char *d = pst_authres_prop_of(now, "header.d");
	const char *s = pst_authres_prop_of(now, "header.s");
	const char *b = pst_authres_prop_of(now, "header.b");

	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (d != NULL && s != NULL && sig->domain != NULL &&
		    sig->selector != NULL && pst_domain_eq(d, sig->domain) &&
		    pst_domain_eq(s, sig->selector) &&
		    (b == NULL || sig->b == NULL ||
			pst_str_starts(pst_str(sig->b), pst_str(b))))
			return sig;
	}
	return NULL;
}

/* ---- why ---- */

static const char *
why_dkim(const struct comparison *c, const struct pair *pair)
{
	const struct pst_dkim_sig *sig = find_sig(c, pair->now);
	const char *reason = sig == NULL ? NULL : sig->reason;

	if (strcmp(pair->now->result, "temperror") == 0)
		return DNS_FAILED;
	if (strcmp(pair->now->result, "pass") == 0)
		return "its key is in the DNS now, or the gateway had no time "
		       "or no answer for it";
	if (sig == NULL || reason == NULL)
		return "the message, the key or our configuration has changed "
		       "since";
	if (strcmp(reason, "no key") == 0 ||
	    strcmp(reason, "key is revoked") == 0)
		return pst_arena_printf(
		    c->arena, "its key is no longer in the DNS (%s)", reason);
	if (strcmp(reason, "signature expired") == 0)
		return "the signature has expired since; --now verifies it as "
		       "of another time";
	if (sig->body_failed)
		return "the body was changed after the gateway, by an inner "
		       "host or by the program that saved the message";
	if (strcmp(reason, "signature does not verify") == 0)
		return "a signed header field was changed after the gateway, "
		       "or the key in the DNS is another one now";
	return pst_arena_printf(c->arena,
	    "the key or our configuration has changed since (%s)", reason);
}

/* Returns why another client or sender was checked; NULL if it was the same. */
static const char *
why_envelope(const struct comparison *c, const struct pair *pair)
{
	const struct pst_ip *then = &c->envelope->trace.result_ip;
	const char *text = pst_authres_prop_of(pair->then, "policy.iprev");
	struct pst_ip ip = *then;
	char a[PST_IP_TEXT_SIZE], b[PST_IP_TEXT_SIZE];

	if (text != NULL && !pst_ip_parse(pst_str(text), &ip))
		ip.family = PST_IP_NONE;
	if (ip.family != PST_IP_NONE && !pst_ip_eq(&ip, &c->message->client))
		return pst_arena_printf(c->arena,
		    "the gateway saw the client address %s, and this check "
		    "used %s",
		    pst_ip_text(&ip, a), pst_ip_text(&c->message->client, b));
	if (!agrees(pair, "smtp.mailfrom"))
		return pst_arena_printf(c->arena,
		    "the gateway checked the domain %s, and this check %s; "
		    "give the right sender with --mail-from",
		    pst_escaped(c->arena,
			pst_str(
			    pst_authres_prop_of(pair->then, "smtp.mailfrom"))),
		    pst_escaped(c->arena,
			pst_str(
			    pst_authres_prop_of(pair->now, "smtp.mailfrom"))));
	return NULL;
}

static const char *
why_client(const struct comparison *c, const struct pair *pair, const char *dns)
{
	const char *why = why_envelope(c, pair);

	if (why != NULL)
		return why;
	if (strcmp(pair->now->result, "temperror") == 0)
		return DNS_FAILED;
	if (c->envelope->trace.result_ip.family != PST_IP_NONE)
		return dns;
	return pst_arena_printf(c->arena,
	    "%s, or the client address, the HELO name or the sender used here "
	    "is not the one that the gateway saw",
	    dns);
}

static const char *
why_dmarc(const struct comparison *c, const struct pair *pair)
{
	const struct pst_earlier *out = c->out;

	if (!agrees(pair, "header.from"))
		return "the From field was changed after the gateway";
	if (strcmp(pair->now->result, "temperror") == 0)
		return DNS_FAILED;
	for (size_t i = 0; i < out->difference_count; i++) {
		const char *method = out->differences[i].method;

		if (strcmp(method, "spf") == 0 || strcmp(method, "dkim") == 0)
			return "it follows from the difference in SPF or DKIM";
	}
	return "the DMARC record or our configuration has changed since";
}

static const char *
why(const struct comparison *c, const struct pair *pair)
{
	if (is_method(pair->then, "dkim"))
		return why_dkim(c, pair);
	if (is_method(pair->then, "spf"))
		return why_client(c, pair, "an SPF record has changed since");
	if (is_method(pair->then, "iprev"))
		return why_client(
		    c, pair, "the names of the address have changed since");
	if (is_method(pair->then, "dmarc"))
		return why_dmarc(c, pair);
	return "the message or a key has changed since";
}

/* ---- differences ---- */

/* A result; of DMARC with the policy. */
static const char *
result_text(struct pst_arena *arena, const struct pst_authres_method *method)
{
	const char *policy = pst_authres_prop_of(method, "policy.dmarc");
	const char *result = pst_escaped(arena, pst_str(method->result));

	if (policy == NULL || !is_method(method, "dmarc"))
		return result;
	return pst_arena_printf(arena, "%s (policy %s)", result,
	    pst_escaped(arena, pst_str(policy)));
}

static const char *
what_text(struct pst_arena *arena, const struct pst_authres_method *method)
{
	const char *d = pst_authres_prop_of(method, "header.d");
	const char *s = pst_authres_prop_of(method, "header.s");

	if (!is_method(method, "dkim") || d == NULL)
		return NULL;
	return pst_arena_printf(arena, "d=%s%s%s",
	    pst_escaped(arena, pst_str(d)), s == NULL ? "" : " s=",
	    s == NULL ? "" : pst_escaped(arena, pst_str(s)));
}

static void
add_difference(
    struct comparison *c, const struct pair *pair, const char *reason)
{
	c->out->differences[c->out->difference_count++] =
	    (struct pst_earlier_difference){
		.method = pair->then->method,
		.what = what_text(c->arena, pair->then),
		.then = result_text(c->arena, pair->then),
		.now = pair->now == NULL ? "none" :
					   result_text(c->arena, pair->now),
		.why = reason,
	    };
}

static void
compare_method(struct comparison *c, const struct pst_authres_method *then)
{
	const struct pair pair = {then, find_now(c, then)};
	bool same_policy;

	if (pair.now == NULL) {
		if (strcmp(then->result, "none") != 0 ||
		    !is_method(then, "dkim"))
			add_difference(c, &pair,
			    is_method(then, "dkim") ?
				"the signature is no longer in the message, or "
				"it is left out of the field" :
				"this check is switched off now");
		return;
	}
	same_policy =
	    !is_method(then, "dmarc") || agrees(&pair, "policy.dmarc");
	if (strcmp(then->result, pair.now->result) == 0 && same_policy)
		return;
	add_difference(c, &pair, why(c, &pair));
}

/* Reads the fields of ours in the message; several are read as one. */
static void
read_then(struct comparison *c, const struct pst_saved_message *saved)
{
	const struct pst_trace *trace = &c->envelope->trace;
	struct pst_authres_method *all =
	    pst_arena_array(c->arena, MAX_METHODS, sizeof(*all));
	struct pst_authres_method *methods;

	for (size_t i = 0; i < trace->result_count; i++) {
		size_t count = pst_authres_read(
		    c->arena, saved->fields[trace->results[i]].value, &methods);
		for (size_t n = 0; n < count && c->out->count < MAX_METHODS;
		     n++)
			if (is_ours(&methods[n]))
				all[c->out->count++] = methods[n];
	}
	c->out->methods = all;
}

void
pst_earlier_compare(struct pst_arena *arena,
    const struct pst_saved_message *saved, const struct pst_envelope *envelope,
    const struct pst_message *message, struct pst_earlier *out)
{
	/* DMARC is last, since it follows from the others. */
	static const char *const order[] = {
	    "iprev", "spf", "dkim", "arc", "dmarc"};
	struct comparison c = {.arena = arena,
	    .envelope = envelope,
	    .message = message,
	    .out = out};

	*out = (struct pst_earlier){
	    .exempt = message->findings.exempt != PST_EXEMPT_NO};
	if (envelope->trace.result_count == 0)
		return;
	read_then(&c, saved);
	if (out->exempt)
		return;
	c.now_count = pst_authres_read(arena,
	    pst_str(pst_edits_result_field(
		arena, message->authserv_id, &message->findings, NULL)),
	    &c.now);
	out->differences =
	    pst_arena_array(arena, out->count, sizeof(*out->differences));
	for (size_t k = 0; k < PST_COUNT(order); k++)
		for (size_t i = 0; i < out->count; i++)
			if (is_method(&out->methods[i], order[k]))
				compare_method(&c, &out->methods[i]);
}
