/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing.h"

#include "base/macros.h"
#include "mail/received.h"

/* A message with more Received fields than this has not only been here. */
#define MAX_HOPS 100

const char *
pst_sign_state_word(enum pst_sign_state state)
{
	static const char *const words[PST_SIGN_STATES] = {
	    [PST_SIGN_OFF] = "off",
	    [PST_SIGN_SIGNED] = "signed",
	    [PST_SIGN_PASSED] = "passed",
	    [PST_SIGN_REFUSED] = "refused",
	    [PST_SIGN_FAILED] = "failed",
	};

	return words[state];
}

const char *
pst_sign_why_word(enum pst_sign_why why)
{
	static const char *const words[PST_SIGN_WHYS] = {
	    [PST_SIGN_WHY_NONE] = "none",
	    [PST_SIGN_WHY_CLIENT] = "client",
	    [PST_SIGN_WHY_OUTSIDE] = "outside",
	    [PST_SIGN_WHY_FROM] = "from",
	    [PST_SIGN_WHY_DOMAIN] = "domain",
	    [PST_SIGN_WHY_LOGIN] = "login",
	    [PST_SIGN_WHY_UNPUBLISHED] = "unpublished",
	    [PST_SIGN_WHY_ERROR] = "error",
	};

	return words[why];
}

/* ---- where the message comes from ---- */

static bool
is_ours(const struct pst_signing_input *input)
{
	return input->authenticated || input->client->family == PST_IP_NONE ||
	    pst_net_set_has(&input->config->sign_networks.set, input->client);
}

/* Addresses that no host on the Internet has (RFC 1918, RFC 4193 and so on). */
static bool
is_private(const struct pst_ip *ip)
{
	static const struct pst_str nets[] = {
	    PST_STR_INIT("127.0.0.0/8"),
	    PST_STR_INIT("10.0.0.0/8"),
	    PST_STR_INIT("172.16.0.0/12"),
	    PST_STR_INIT("192.168.0.0/16"),
	    PST_STR_INIT("169.254.0.0/16"),
	    PST_STR_INIT("::1"),
	    PST_STR_INIT("fc00::/7"),
	    PST_STR_INIT("fe80::/10"),
	};
	struct pst_net net;

	for (size_t i = 0; i < PST_COUNT(nets); i++)
		if (pst_net_parse(nets[i], &net) && pst_net_contains(&net, ip))
			return true;
	return false;
}

/* The client had logged in, as the host that wrote the field says (RFC 3848). */
static bool
has_logged_in(const char *with)
{
	static const struct pst_str words[] = {
	    PST_STR_INIT("ESMTPA"),
	    PST_STR_INIT("ESMTPSA"),
	    PST_STR_INIT("UTF8SMTPA"),
	    PST_STR_INIT("UTF8SMTPSA"),
	};

	for (size_t i = 0; i < PST_COUNT(words); i++)
		if (pst_str_ieq(pst_str(with), words[i]))
			return true;
	return false;
}

/*
 * True if the header shows that the message came from outside. A field is
 * believed as long as all above it name hosts of ours. A field without an address
 * was written for local mail.
 */
static bool
is_from_outside(struct pst_arena *arena, const struct pst_signing_input *input)
{
	const struct pst_header_field *field;
	struct pst_received hop;

	for (size_t nth = 1; nth <= MAX_HOPS; nth++) {
		field = pst_header_find(input->header, "Received", nth);
		if (field == NULL)
			return false;
		pst_received_parse(arena, field->value, &hop);
		if (hop.ip.family == PST_IP_NONE || is_private(&hop.ip) ||
		    pst_net_set_has(&input->config->sign_networks.set, &hop.ip))
			continue;
		return !has_logged_in(hop.with);
	}
	return true;
}

/* ---- whose mail it is ---- */

static const struct pst_sign_domain *
not_signed(const struct pst_signing_input *input, enum pst_sign_why why,
    struct pst_signed *out)
{
	bool strict = input->config->sign_strict &&
	    input->config->mode == PST_MODE_ENFORCE &&
	    (why == PST_SIGN_WHY_FROM || why == PST_SIGN_WHY_DOMAIN ||
		why == PST_SIGN_WHY_LOGIN);

	out->state = strict ? PST_SIGN_REFUSED : PST_SIGN_PASSED;
	out->why = why;
	return NULL;
}

const struct pst_sign_domain *
pst_signing_judge(struct pst_arena *arena,
    const struct pst_signing_input *input, struct pst_signed *out)
{
	const struct pst_sign_domain *section;

	*out = (struct pst_signed){.state = PST_SIGN_SIGNED};
	if (!is_ours(input))
		return not_signed(input, PST_SIGN_WHY_CLIENT, out);
	if (is_from_outside(arena, input))
		return not_signed(input, PST_SIGN_WHY_OUTSIDE, out);
	if (input->from->verdict != PST_FROM_SINGLE)
		return not_signed(input, PST_SIGN_WHY_FROM, out);
	out->domain = input->from->domains[0];
	section = pst_sign_domains_find(
	    &input->config->sign_domains, input->from->domains[0]);
	if (section == NULL)
		return not_signed(input, PST_SIGN_WHY_DOMAIN, out);
	if (input->authenticated &&
	    !pst_logins_allow(&input->config->login_domains, input->login,
		input->from->domains[0]))
		return not_signed(input, PST_SIGN_WHY_LOGIN, out);
	out->domain = section->domain;
	return section;
}
