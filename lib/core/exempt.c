/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/exempt.h"

#include "core/relay.h"

const char *
pst_exempt_word(enum pst_exempt exempt)
{
	static const char *const words[] = {
	    [PST_EXEMPT_NO] = "no",
	    [PST_EXEMPT_TRUSTED] = "trusted-network",
	    [PST_EXEMPT_AUTHENTICATED] = "authenticated",
	    [PST_EXEMPT_SUBMISSION] = "submission",
	    [PST_EXEMPT_NO_ADDRESS] = "no-address",
	    [PST_EXEMPT_RELAY] = "relay",
	    [PST_EXEMPT_SIGNING] = "signing",
	};

	return words[exempt];
}

enum pst_exempt
pst_exempt_of(const struct pst_config *config, const struct pst_ip *ip,
    bool authenticated)
{
	bool relay = pst_relay_is_own(config, ip);

	/* Such a listener never checks, whoever the client is. */
	if (config->sign)
		return PST_EXEMPT_SIGNING;
	/* This is next: mail from there is never edited (R-AR-12). */
	if (!relay && pst_net_set_has(&config->trusted_networks.set, ip))
		return PST_EXEMPT_TRUSTED;
	if (config->submission)
		return PST_EXEMPT_SUBMISSION;
	/* What counts is the relay's client, even if the relay logged in. */
	if (relay)
		return PST_EXEMPT_NO;
	if (authenticated && !config->evaluate_authenticated)
		return PST_EXEMPT_AUTHENTICATED;
	if (ip->family == PST_IP_NONE)
		return PST_EXEMPT_NO_ADDRESS;
	return PST_EXEMPT_NO;
}
