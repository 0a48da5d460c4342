/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/relay.h"

#include "base/domain.h"

bool
pst_relay_is_own(const struct pst_config *config, const struct pst_ip *ip)
{
	return pst_net_set_has(&config->relays.set, ip);
}

/* A relay passes mail to itself, for example when it runs a virus scanner. */
static bool
is_loopback(const struct pst_ip *ip)
{
	static const struct pst_ip v6 = {
	    PST_IP_V6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	return (ip->family == PST_IP_V4 && ip->octets[0] == 127) ||
	    pst_ip_eq(ip, &v6);
}

static bool
is_own_name(const struct pst_config *config, const char *name)
{
	for (size_t i = 0; i < config->relay_names.count; i++) {
		if (pst_domain_is_below(name, config->relay_names.items[i]))
			return true;
	}
	return config->relay_names.count == 0;
}

bool
pst_relay_find_client(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, struct pst_received *out)
{
	const struct pst_header_field *field;

	for (size_t nth = 1; nth <= PST_RELAY_MAX_HOPS; nth++) {
		field = pst_header_find(header, "Received", nth);
		/* A field that was left out for its size counts as a hop. */
		if (field == NULL || field->nth != nth)
			return false;
		pst_received_parse(arena, field->value, out);
		if (!out->sure || !is_own_name(config, out->by))
			return false;
		if (!pst_relay_is_own(config, &out->ip) &&
		    !is_loopback(&out->ip))
			return true;
	}
	return false;
}
