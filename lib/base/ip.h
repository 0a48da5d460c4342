/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_IP_H
#define PST_BASE_IP_H

/* Addresses and prefixes. They are plain values; there is nothing to free. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct sockaddr;

enum pst_ip_family {
	PST_IP_NONE, /* a client without an address, or a member not set */
	PST_IP_V4,
	PST_IP_V6,
};

struct pst_ip {
	enum pst_ip_family family;
	uint8_t octets[16]; /* network order; IPv4 uses the first four */
};

struct pst_net {
	struct pst_ip base; /* host bits are zero */
	unsigned prefix_bits;
};

/* Room for any address as text, NUL included. */
#define PST_IP_TEXT_SIZE 46
/* Room for any reverse look-up name, NUL included. */
#define PST_IP_REVERSE_SIZE 74

/*
 * Parses IPv4 or IPv6 text. IPv6 may have "IPv6:" in front, as Sendmail and
 * SMTP literals write it. An IPv4-mapped IPv6 address becomes IPv4
 * (RFC 7208 s. 5). False for any other text, including one with a scope id.
 */
bool pst_ip_parse(struct pst_str text, struct pst_ip *out);

/* Converts a socket address; NULL or another family gives PST_IP_NONE. */
struct pst_ip pst_ip_from_sockaddr(const struct sockaddr *address);

struct pst_ip pst_ip_v4(const uint8_t octets[4]);
/* An IPv4-mapped address becomes IPv4. */
struct pst_ip pst_ip_v6(const uint8_t octets[16]);

/* Writes ip in RFC 5952 form; "" for PST_IP_NONE. Returns text. */
const char *pst_ip_text(const struct pst_ip *ip, char text[PST_IP_TEXT_SIZE]);

/*
 * Writes the name that holds the PTR records of this address, without a final
 * dot; "" for PST_IP_NONE.
 */
void
pst_ip_reverse_name(const struct pst_ip *ip, char name[PST_IP_REVERSE_SIZE]);

bool pst_ip_eq(const struct pst_ip *a, const struct pst_ip *b);

/*
 * Returns the network that a client counts for where clients have shares: the
 * address with the host's bits zero, of an IPv4 /24 or an IPv6 /64.
 */
struct pst_ip pst_ip_network(const struct pst_ip *client);

/*
 * Parses "192.0.2.0/24", "2001:db8::/32" or a single address. False for any
 * other text and when a host bit is set.
 */
bool pst_net_parse(struct pst_str text, struct pst_net *out);
bool pst_net_contains(const struct pst_net *net, const struct pst_ip *ip);

#endif
