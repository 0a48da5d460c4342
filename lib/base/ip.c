/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#define V4_BITS 32
#define V6_BITS 128
#define MAPPED_BITS 96 /* length of ::ffff:0:0/96 */
#define V6_GROUPS 8

static const uint8_t mapped_prefix[MAPPED_BITS / 8] = {
    [10] = 0xff, [11] = 0xff};

/* Like pst_ip_parse(), but a mapped address stays IPv6. */
static bool
parse_as_written(struct pst_str text, struct pst_ip *out)
{
	const struct pst_str tag = PST_STR("IPv6:");
	char copy[PST_IP_TEXT_SIZE];
	bool tagged = pst_str_istarts(text, tag);

	if (tagged)
		text = pst_str_from(text, tag.len);
	if (text.len == 0 || text.len >= sizeof(copy) ||
	    pst_str_find(text, '\0') != text.len)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';

	struct pst_ip ip = {.family = PST_IP_V4};
	if (!tagged && inet_pton(AF_INET, copy, ip.octets) == 1) {
		*out = ip;
		return true;
	}
	ip = (struct pst_ip){.family = PST_IP_V6};
	if (inet_pton(AF_INET6, copy, ip.octets) != 1)
		return false;
	*out = ip;
	return true;
}

static bool
is_mapped(const struct pst_ip *ip)
{
	return ip->family == PST_IP_V6 &&
	    memcmp(ip->octets, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

static struct pst_ip
unmap(struct pst_ip ip)
{
	return is_mapped(&ip) ? pst_ip_v4(ip.octets + MAPPED_BITS / 8) : ip;
}

bool
pst_ip_parse(struct pst_str text, struct pst_ip *out)
{
	struct pst_ip ip;

	if (!parse_as_written(text, &ip))
		return false;
	*out = unmap(ip);
	return true;
}

struct pst_ip
pst_ip_from_sockaddr(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	uint8_t octets[16];

	/* Copy: the caller's storage need not be aligned for either type. */
	if (address != NULL && address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		memcpy(octets, &v4.sin_addr, 4);
		return pst_ip_v4(octets);
	}
	if (address != NULL && address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		memcpy(octets, &v6.sin6_addr, 16);
		return pst_ip_v6(octets);
	}
	return (struct pst_ip){.family = PST_IP_NONE};
}

struct pst_ip
pst_ip_v4(const uint8_t octets[4])
{
	struct pst_ip ip = {.family = PST_IP_V4};

	memcpy(ip.octets, octets, 4);
	return ip;
}

struct pst_ip
pst_ip_v6(const uint8_t octets[16])
{
	struct pst_ip ip = {.family = PST_IP_V6};

	memcpy(ip.octets, octets, 16);
	return unmap(ip);
}

static unsigned
group_at(const struct pst_ip *ip, size_t i)
{
	return (unsigned)ip->octets[2 * i] << 8 | ip->octets[2 * i + 1];
}

/*
 * Finds the longest run of two or more zero groups, the first one if several
 * are equal (RFC 5952 s. 4.2). Returns its length; 0 if there is none.
 */
static size_t
longest_zero_run(const struct pst_ip *ip, size_t *start)
{
	size_t best = 1;

	for (size_t i = 0; i < V6_GROUPS; i++) {
		size_t run = 0;
		while (i + run < V6_GROUPS && group_at(ip, i + run) == 0)
			run++;
		if (run > best) {
			best = run;
			*start = i;
		}
		i += run;
	}
	return best > 1 ? best : 0;
}

/* inet_ntop() would write ::1:2 with an IPv4 tail, contrary to RFC 5952. */
static void
v6_text(const struct pst_ip *ip, char text[PST_IP_TEXT_SIZE])
{
	size_t start = V6_GROUPS;
	size_t run = longest_zero_run(ip, &start);
	size_t len = 0;

	for (size_t i = 0; i < V6_GROUPS;) {
		if (i == start) {
			len += (size_t)snprintf(
			    text + len, PST_IP_TEXT_SIZE - len, "::");
			i += run;
			continue;
		}
		const char *colon = i == 0 || i == start + run ? "" : ":";
		len += (size_t)snprintf(text + len, PST_IP_TEXT_SIZE - len,
		    "%s%x", colon, group_at(ip, i));
		i++;
	}
}

const char *
pst_ip_text(const struct pst_ip *ip, char text[PST_IP_TEXT_SIZE])
{
	const uint8_t *o = ip->octets;

	switch (ip->family) {
	case PST_IP_NONE:
		text[0] = '\0';
		break;
	case PST_IP_V4:
		(void)snprintf(text, PST_IP_TEXT_SIZE, "%u.%u.%u.%u",
		    (unsigned)o[0], (unsigned)o[1], (unsigned)o[2],
		    (unsigned)o[3]);
		break;
	case PST_IP_V6:
		v6_text(ip, text);
		break;
	}
	return text;
}

void
pst_ip_reverse_name(const struct pst_ip *ip, char name[PST_IP_REVERSE_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *o = ip->octets;
	size_t len = 0;

	name[0] = '\0';
	switch (ip->family) {
	case PST_IP_NONE:
		break;
	case PST_IP_V4:
		(void)snprintf(name, PST_IP_REVERSE_SIZE,
		    "%u.%u.%u.%u.in-addr.arpa", (unsigned)o[3], (unsigned)o[2],
		    (unsigned)o[1], (unsigned)o[0]);
		break;
	case PST_IP_V6:
		for (size_t i = 16; i > 0; i--) {
			name[len++] = hex[o[i - 1] & 0x0f];
			name[len++] = '.';
			name[len++] = hex[o[i - 1] >> 4];
			name[len++] = '.';
		}
		(void)snprintf(
		    name + len, PST_IP_REVERSE_SIZE - len, "ip6.arpa");
		break;
	}
}

static unsigned
family_bits(enum pst_ip_family family)
{
	switch (family) {
	case PST_IP_NONE:
		return 0;
	case PST_IP_V4:
		return V4_BITS;
	case PST_IP_V6:
		return V6_BITS;
	}
	return 0;
}

/* Whether the first `bits` bits of both are equal. */
static bool
prefix_eq(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	return (a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0;
}

bool
pst_ip_eq(const struct pst_ip *a, const struct pst_ip *b)
{
	return a->family == b->family &&
	    prefix_eq(a->octets, b->octets, family_bits(a->family));
}

struct pst_ip
pst_ip_network(const struct pst_ip *client)
{
	struct pst_ip network = {.family = client->family};

	memcpy(network.octets, client->octets,
	    client->family == PST_IP_V6 ? 8 : 3);
	return network;
}

static bool
has_host_bits(const struct pst_ip *ip, unsigned prefix_bits)
{
	for (unsigned i = prefix_bits; i < family_bits(ip->family); i++)
		if ((ip->octets[i / 8] & (0x80 >> i % 8)) != 0)
			return true;
	return false;
}

bool
pst_net_parse(struct pst_str text, struct pst_net *out)
{
	size_t slash = pst_str_find(text, '/');
	struct pst_ip ip;

	if (!parse_as_written(pst_str_first(text, slash), &ip))
		return false;
	unsigned bits = family_bits(ip.family);
	uint64_t prefix = bits;
	if (slash < text.len &&
	    !pst_str_to_u64(pst_str_from(text, slash + 1), bits, &prefix))
		return false;
	if (has_host_bits(&ip, (unsigned)prefix))
		return false;
	/* Without host bits, a mapped net has at least the mapped prefix. */
	if (is_mapped(&ip))
		prefix -= MAPPED_BITS;
	*out = (struct pst_net){unmap(ip), (unsigned)prefix};
	return true;
}

bool
pst_net_contains(const struct pst_net *net, const struct pst_ip *ip)
{
	return net->base.family != PST_IP_NONE &&
	    net->base.family == ip->family &&
	    prefix_eq(net->base.octets, ip->octets, net->prefix_bits);
}
