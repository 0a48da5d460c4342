/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/entry.h"

#include "base/buf.h"
#include "base/domain.h"
#include "base/ip.h"
#include "config/list_file.h"
#include "config/sets.h"

/* A rule in a sentence has room for a name of so many octets, twice. */
#define MAX_RULE_NAME 60

/* Returns the number of bits of a mask such as 255.255.255.0, 0 if it is none. */
static unsigned
bits_of_mask(struct pst_str text)
{
	struct pst_ip mask;
	unsigned bits = 0;

	if (!pst_ip_parse(text, &mask) || mask.family != PST_IP_V4)
		return 0;
	while (bits < 32 && (mask.octets[bits / 8] & (0x80 >> bits % 8)) != 0)
		bits++;
	for (unsigned i = bits; i < 32; i++) {
		if ((mask.octets[i / 8] & (0x80 >> i % 8)) != 0)
			return 0;
	}
	return bits;
}

static void
clear_host_bits(struct pst_ip *ip, unsigned bits)
{
	for (unsigned i = bits; i < 8 * sizeof(ip->octets); i++)
		ip->octets[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

/* "[::1]/128" and "[::1]": the text without the brackets; else NULL. */
static const char *
without_brackets(struct pst_arena *arena, struct pst_str entry)
{
	size_t end = pst_str_find(entry, ']');
	struct pst_str inner, rest;

	if (entry.len == 0 || entry.ptr[0] != '[' || end == entry.len)
		return NULL;
	inner = pst_str_from(pst_str_first(entry, end), 1);
	rest = pst_str_from(entry, end + 1);
	return pst_arena_printf(
	    arena, "%.*s%.*s", PST_STR_ARG(inner), PST_STR_ARG(rest));
}

/* An address with host bits and a length, or with a mask; else NULL. */
static const char *
with_length(struct pst_arena *arena, struct pst_str entry)
{
	size_t slash = pst_str_find(entry, '/');
	struct pst_str length = pst_str_from(entry, slash);
	char text[PST_IP_TEXT_SIZE];
	struct pst_ip ip;
	uint64_t bits;

	if (length.len < 2 || !pst_ip_parse(pst_str_first(entry, slash), &ip))
		return NULL;
	length = pst_str_from(length, 1);
	if (!pst_str_to_u64(length, ip.family == PST_IP_V4 ? 32 : 128, &bits)) {
		bits = bits_of_mask(length);
		if (bits == 0 || ip.family != PST_IP_V4)
			return NULL;
	}
	clear_host_bits(&ip, (unsigned)bits);
	return pst_arena_printf(
	    arena, "%s/%u", pst_ip_text(&ip, text), (unsigned)bits);
}

/*
 * Returns the name that a rule matches for a host name or a pattern such as
 * *.example.com; NULL if it is neither.
 */
static const char *
host_name(struct pst_arena *arena, struct pst_str entry)
{
	struct pst_str name = entry;
	const char *domain;

	if (pst_str_starts(name, PST_STR("*.")))
		name = pst_str_from(name, 1);
	if (pst_str_starts(name, PST_STR(".")))
		name = pst_str_from(name, 1);
	domain = pst_domain_normalize(arena, name);
	/* A last label of digits is an address that was mistyped. */
	if (domain == NULL || pst_domain_labels(domain) < 2 ||
	    pst_is_digit(domain[strlen(domain) - 1]))
		return NULL;
	return name.len < entry.len ? pst_arena_printf(arena, ".%s", domain) :
				      domain;
}

/* R-POL-35. Only the rule says that the DNS has to confirm the name. */
static bool
no_name(struct pst_arena *arena, struct pst_str entry, struct pst_err *err)
{
	const char *name = host_name(arena, entry);

	if (strlen(name) > MAX_RULE_NAME)
		return pst_err_set(err,
		    "\"%s\" is a name, and this list takes addresses only; "
		    "write a rule with client-name instead",
		    pst_list_shown(arena, entry));
	return pst_err_set(err,
	    "\"%s\" is a name, and this list takes addresses only; write a "
	    "rule instead: rule \"%s\" { client-name = {\"%s\"}  action = skip "
	    "}. It holds for a client whose address leads to %s and back "
	    "(iprev), and does not change its mail",
	    pst_list_shown(arena, entry), name, name,
	    name[0] == '.' ? "such a name" : "that name");
}

bool
pst_entry_no_net(
    struct pst_arena *arena, struct pst_str entry, struct pst_err *err)
{
	const char *shown = pst_list_shown(arena, entry);
	const char *domain;
	const char *inner = without_brackets(arena, entry);
	const char *net = with_length(arena, entry);
	size_t slash = pst_str_find(entry, '/');
	struct pst_net parsed;

	if (pst_net_entry_is_spf(arena, entry, &domain))
		return pst_err_set(err,
		    "\"%s\": the networks of an SPF record are not possible "
		    "here, because every tenant of that provider could then "
		    "skip all checks; name the networks of your own hosts",
		    shown);
	if (inner != NULL && pst_net_parse(pst_str(inner), &parsed))
		return pst_err_set(err,
		    "\"%s\": write an IPv6 address without brackets: \"%s\"",
		    shown, inner);
	if (net != NULL && bits_of_mask(pst_str_from(entry, slash + 1)) > 0)
		return pst_err_set(err,
		    "\"%s\": write the length of the network, not a mask: "
		    "\"%s\"",
		    shown, net);
	if (net != NULL)
		return pst_err_set(err,
		    "\"%s\" has host bits set: write \"%s\" for the network, "
		    "or \"%.*s\" for the one address",
		    shown, net, (int)(slash > 80 ? 80 : slash), entry.ptr);
	if (pst_str_find(entry, ',') < entry.len ||
	    pst_str_find(entry, ' ') < entry.len)
		return pst_err_set(err,
		    "\"%s\" is not one network: put each into quotes of its "
		    "own, as in {\"192.0.2.0/24\", \"2001:db8::/32\"}",
		    shown);
	if (pst_str_ieq(entry, PST_STR("localhost")))
		return pst_err_set(err,
		    "\"%s\" is a name: write \"127.0.0.0/8\", \"::1\"", shown);
	if (host_name(arena, entry) != NULL)
		return no_name(arena, entry, err);
	return pst_err_set(err,
	    "\"%s\" is neither an address nor a network such as 192.0.2.0/24 "
	    "or 2001:db8::/32",
	    shown);
}

bool
pst_entry_no_spf(
    struct pst_arena *arena, struct pst_str entry, struct pst_err *err)
{
	return pst_err_set(err,
	    "\"%s\": after spf: write the domain whose SPF record lists the "
	    "networks, as in \"spf:_spf.example.com\"",
	    pst_list_shown(arena, entry));
}

bool
pst_entry_no_domain(
    struct pst_arena *arena, struct pst_str entry, struct pst_err *err)
{
	const char *shown = pst_list_shown(arena, entry);
	size_t at = pst_str_rfind(entry, '@');
	const char *name = NULL;

	if (pst_str_starts(entry, PST_STR("*.")))
		return pst_err_set(err,
		    "\"%s\": for all domains below a domain, write \"%s\"",
		    shown, pst_list_shown(arena, pst_str_from(entry, 1)));
	if (at < entry.len)
		name = pst_domain_normalize(arena, pst_str_from(entry, at + 1));
	if (name != NULL)
		return pst_err_set(err,
		    "\"%s\" is an address, not a domain; write \"%s\"", shown,
		    name);
	if (pst_str_find(entry, ',') < entry.len ||
	    pst_str_find(entry, ' ') < entry.len)
		return pst_err_set(err,
		    "\"%s\" is not a domain name; put each name into quotes of "
		    "its own, as in {\"a.example\", \"b.example\"}",
		    shown);
	return pst_err_set(err,
	    "\"%s\" is not a domain name; write example.com, or .example.com "
	    "for all domains below it",
	    shown);
}
