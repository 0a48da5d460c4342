/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/make_record.h"

#include "auth/dkim_key.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "survey/make_text.h"

#define MAX_STRING 255 /* octets of one string of a TXT record */
/* Longer SPF records may not fit into an answer over UDP (RFC 7208 s. 3.4). */
#define MAX_SPF 450
#define MAX_SPF_LOOKUPS 10 /* RFC 7208 s. 4.6.4 */
/* Wider networks hold hosts of others. */
#define MIN_BITS_V4 16
#define MIN_BITS_V6 32
#define MIN_KEY_BITS 2048
#define TTL 3600

/* ---- printing ---- */

/* Writes the strings of the text, each on a line of its own if several. */
static void
add_strings(struct pst_buf *buf, struct pst_str text)
{
	bool several = text.len > MAX_STRING;

	pst_buf_add_text(buf, several ? "(" : "");
	while (text.len > 0) {
		struct pst_str string = pst_str_first(text, MAX_STRING);

		pst_buf_add_text(buf, several ? "\n\t\"" : "\"");
		for (size_t i = 0; i < string.len; i++) {
			if (string.ptr[i] == '"' || string.ptr[i] == '\\')
				pst_buf_add_char(buf, '\\');
			pst_buf_add_char(buf, string.ptr[i]);
		}
		pst_buf_add_char(buf, '"');
		text = pst_str_from(text, string.len);
	}
	pst_buf_add_text(buf, several ? " )" : "");
}

void
pst_make_finish(struct pst_arena *arena, const char *owner, const char *text,
    struct pst_made_record *out)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4 * PST_MAKE_MAX_TEXT);
	pst_buf_printf(&buf, "%s. %d IN TXT ", owner, TTL);
	add_strings(&buf, pst_str(text));
	*out = (struct pst_made_record){
	    .owner = owner,
	    .text = text,
	    .zone = text == NULL ? NULL : pst_buf_str(&buf),
	};
}

static bool
is_domain(const char *name)
{
	return name != NULL && pst_domain_is_ldh(pst_str(name)) &&
	    pst_domain_labels(name) > 1;
}

bool
pst_make_is_domain(const char *name, struct pst_err *err)
{
	return is_domain(name) ||
	    pst_err_set(err, "\"%.100s\" is not a domain name",
		name == NULL ? "" : name);
}

/* ---- SPF ---- */

static bool
is_covered(const struct pst_make_spf *what, size_t i)
{
	const struct pst_net *net = &what->nets[i];

	for (size_t j = 0; j < what->net_count; j++) {
		const struct pst_net *other = &what->nets[j];
		bool same = other->prefix_bits == net->prefix_bits;

		if (j != i && other->prefix_bits <= net->prefix_bits &&
		    pst_net_contains(other, &net->base) && (!same || j < i))
			return true;
	}
	return false;
}

static bool
add_nets(
    struct pst_buf *buf, const struct pst_make_spf *what, struct pst_err *err)
{
	char text[PST_IP_TEXT_SIZE];

	for (size_t i = 0; i < what->net_count; i++) {
		const struct pst_net *net = &what->nets[i];
		bool v4 = net->base.family == PST_IP_V4;

		if (net->prefix_bits < (v4 ? MIN_BITS_V4 : MIN_BITS_V6))
			return pst_err_set(err,
			    "the network %s/%u is too wide: hosts of others in "
			    "it could send in the name of %s; name the networks "
			    "of your own hosts",
			    pst_ip_text(&net->base, text), net->prefix_bits,
			    what->domain);
		if (is_covered(what, i))
			continue;
		pst_buf_printf(buf, " %s:%s", v4 ? "ip4" : "ip6",
		    pst_ip_text(&net->base, text));
		if (net->prefix_bits < (v4 ? 32U : 128U))
			pst_buf_printf(buf, "/%u", net->prefix_bits);
	}
	return true;
}

static bool
add_includes(
    struct pst_buf *buf, const struct pst_make_spf *what, struct pst_err *err)
{
	for (size_t i = 0; i < what->include_count; i++) {
		const char *name = what->includes[i];
		size_t j = 0;

		if (!pst_make_is_domain(name, err))
			return false;
		if (pst_domain_eq(name, what->domain))
			return pst_err_set(
			    err, "%s cannot include its own record", name);
		while (j < i && !pst_domain_eq(what->includes[j], name))
			j++;
		if (j == i)
			pst_buf_printf(buf, " include:%s", name);
	}
	return true;
}

bool
pst_make_spf(struct pst_arena *arena, const struct pst_make_spf *what,
    struct pst_made_record *out, struct pst_err *err)
{
	size_t lookups = what->include_count + what->mx + what->a;
	struct pst_buf buf;
	const char *text;

	if (!pst_make_is_domain(what->domain, err))
		return false;
	if (what->all != '-' && what->all != '~')
		return pst_err_set(err,
		    "an SPF record must end with -all or ~all: anything else "
		    "lets everybody send in the name of %s",
		    what->domain);
	if (what->all == '~' && lookups + what->net_count == 0)
		return pst_err_set(err,
		    "a domain that sends no mail requires -all; for any other "
		    "domain, name what sends");
	if (lookups > MAX_SPF_LOOKUPS)
		return pst_err_set(err,
		    "%zu of the terms require a look-up, and the limit is %d "
		    "(RFC 7208 s. 4.6.4)",
		    lookups, MAX_SPF_LOOKUPS);
	pst_buf_init(&buf, arena, PST_MAKE_MAX_TEXT);
	pst_buf_add_text(&buf, "v=spf1");
	if (!add_nets(&buf, what, err))
		return false;
	pst_buf_add_text(&buf, what->a ? " a" : "");
	pst_buf_add_text(&buf, what->mx ? " mx" : "");
	if (!add_includes(&buf, what, err))
		return false;
	pst_buf_printf(&buf, " %call", what->all);
	text = pst_buf_str(&buf);
	if (text == NULL || buf.len > MAX_SPF)
		return pst_err_set(err,
		    "the record has more than %d octets and may not fit into "
		    "an answer of the DNS; put some of the terms into the "
		    "record of a sub-domain and include that",
		    MAX_SPF);
	pst_make_finish(arena, what->domain, text, out);
	return true;
}

/* ---- DKIM ---- */

bool
pst_make_dkim(struct pst_arena *arena, const struct pst_make_dkim *what,
    struct pst_made_record *out, struct pst_err *err)
{
	enum pst_dkim_algorithm algorithm = strcmp(what->type, "ed25519") == 0 ?
	    PST_DKIM_ED25519_SHA256 :
	    PST_DKIM_RSA_SHA256;
	const char *selector =
	    pst_dkim_value_selector(arena, pst_str(what->selector));
	const char *owner, *text;
	struct pst_dkim_key key;

	if (!pst_make_is_domain(what->domain, err))
		return false;
	if (selector == NULL)
		return pst_err_set(err,
		    "\"%.100s\" is not a selector: letters, digits and hyphens "
		    "are allowed",
		    what->selector);
	owner =
	    pst_arena_printf(arena, "%s._domainkey.%s", selector, what->domain);
	if (strlen(owner) > PST_DOMAIN_MAX)
		return pst_err_set(err,
		    "the selector is too long for a name of %s", what->domain);
	text = pst_arena_printf(arena, "v=DKIM1; k=%s; %sp=%s", what->type,
	    what->test ? "t=y; " : "", what->public_key);
	if (!pst_dkim_value_is_base64(pst_str(what->public_key)) ||
	    !pst_dkim_key_read(
		arena, pst_str(text), algorithm, MIN_KEY_BITS, &key) ||
	    key.result != PST_RESULT_NONE)
		return pst_err_set(err,
		    "the key cannot be published: an RSA key of %d to %d bits "
		    "or an Ed25519 key is required",
		    MIN_KEY_BITS, PST_DKIM_MAX_KEY_BITS);
	pst_make_finish(arena, owner, text, out);
	return true;
}
