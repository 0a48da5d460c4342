/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_hosts.h"

#include <string.h>

#include "base/ip.h"
#include "import/dataset.h"

/* Networks with fewer bits are hardly one site's. */
#define MIN_BITS_V4 8u
#define MIN_BITS_V6 16u

struct host {
	struct pst_import *import;
	struct pst_import_at at;
};

static void
ask(const struct host *host, const char *text)
{
	pst_import_add(host->import, PST_IMPORT_ANSWER, &host->at, text, NULL);
}

/* Removes the square brackets around an address. */
static struct pst_str
unbracketed(struct pst_arena *arena, struct pst_str text)
{
	size_t end = pst_str_find(text, ']');

	if (text.len < 2 || text.ptr[0] != '[' || end == text.len)
		return text;
	return pst_str(pst_arena_printf(arena, "%.*s%.*s", (int)(end - 1),
	    text.ptr + 1, PST_STR_ARG(pst_str_from(text, end + 1))));
}

/* Returns the network with the host's bits cleared; false if it is none. */
static bool
parse_loosely(struct pst_str text, struct pst_net *out)
{
	size_t slash = pst_str_find(text, '/');
	uint64_t bits;

	if (!pst_ip_parse(pst_str_first(text, slash), &out->base) ||
	    !pst_str_to_u64(pst_str_from(text, slash + 1),
		out->base.family == PST_IP_V4 ? 32 : 128, &bits))
		return false;
	out->prefix_bits = (unsigned)bits;
	for (unsigned bit = out->prefix_bits;
	     bit < (out->base.family == PST_IP_V4 ? 32u : 128u); bit++)
		out->base.octets[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
	return true;
}

static const char *
net_text(struct pst_arena *arena, const struct pst_net *net)
{
	char text[PST_IP_TEXT_SIZE];
	unsigned all = net->base.family == PST_IP_V4 ? 32 : 128;

	(void)pst_ip_text(&net->base, text);
	if (net->prefix_bits == all)
		return pst_arena_strdup(arena, text);
	return pst_arena_printf(arena, "%s/%u", text, net->prefix_bits);
}

static void
take_net(const struct host *host, const struct pst_net *net)
{
	struct pst_import *import = host->import;
	const char *text = net_text(import->arena, net);

	if (net->prefix_bits <
	    (net->base.family == PST_IP_V4 ? MIN_BITS_V4 : MIN_BITS_V6)) {
		ask(host,
		    "This is (nearly) the whole Internet: opendkim has signed "
		    "forged mail in your name from anywhere. It is not taken. "
		    "Name your own networks in sign-networks; clients that log "
		    "in do not have to be there.");
		return;
	}
	for (size_t i = 0; i < import->network_count; i++)
		if (strcmp(import->networks[i], text) == 0)
			return;
	import->networks[import->network_count++] = text;
}

static void
take_host(const struct host *host)
{
	struct pst_str text = host->at.value;
	struct pst_net net;

	if (pst_import_is_template(text)) {
		ask(host,
		    "This is a placeholder of a template: import the file that "
		    "is made from it.");
		return;
	}
	text = unbracketed(host->import->arena, text);
	if (pst_net_parse(text, &net)) {
		take_net(host, &net);
		return;
	}
	if (parse_loosely(text, &net)) {
		ask(host,
		    pst_arena_printf(host->import->arena,
			"Bits of the host are set, so opendkim matched it with "
			"nothing. Do you mean %s, or the one address?",
			net_text(host->import->arena, &net)));
		return;
	}
	if (pst_str_eq(text, PST_STR("-"))) {
		pst_import_add(host->import, PST_IMPORT_UNNEEDED, &host->at,
		    "No host has this name: only clients that log in were "
		    "signed for.",
		    NULL);
		host->import->has_networks = true;
		return;
	}
	if (pst_str_ieq(text, PST_STR("localhost"))) {
		pst_import_add(host->import, PST_IMPORT_UNNEEDED, &host->at,
		    "Loopback addresses are listed as addresses.", NULL);
		return;
	}
	if (pst_str_starts(text, PST_STR("!")))
		ask(host,
		    "sign-networks has no exceptions. List the networks "
		    "without this one.");
	else if (pst_str_starts(text, PST_STR("*")))
		ask(host,
		    "opendkim never matches it (\".example.com\" would be "
		    "right). List the addresses of these hosts in "
		    "sign-networks if their mail is to be signed.");
	else
		ask(host,
		    "sign-networks takes addresses, since a name of a client "
		    "is what its owner says. If this is a host of yours, list "
		    "its address; a mail domain does not belong there.");
}

void
pst_opendkim_hosts(
    struct pst_import *import, const struct pst_import_at *at, const char *base)
{
	struct pst_dataset set;
	struct pst_err err;

	if (!pst_dataset_read(import, at, base, &set, &err)) {
		pst_import_add(import, PST_IMPORT_ANSWER, at,
		    pst_arena_printf(import->arena,
			"Not read: %s. sign-networks is left at its default, "
			"which is loopback only.",
			err.text),
		    NULL);
		return;
	}
	import->networks = pst_arena_array(
	    import->arena, set.count + 1, sizeof(*import->networks));
	for (size_t i = 0; i < set.count; i++) {
		struct host host = {.import = import,
		    .at = {.file = set.file,
			.line = set.rows[i].line,
			.option = at->option,
			.value = set.rows[i].key}};

		take_host(&host);
	}
	if (import->network_count > 0)
		import->has_networks = true;
	pst_import_add(import,
	    import->has_networks ? PST_IMPORT_TAKEN : PST_IMPORT_CHANGED, at,
	    import->has_networks ? "into sign-networks" :
				   "It names no network that can be taken.",
	    "It signs for loopback addresses, the default of "
	    "sign-networks.");
}
