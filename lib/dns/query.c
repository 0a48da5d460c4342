/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/query.h"

#include <string.h>

#include "dns/wire.h"

#define HEADER_SIZE 12
#define CLASS_IN 1
#define TYPE_OPT 41
#define FORMERR 1

size_t
pst_query_make(struct pst_str name, enum pst_dns_type type, bool edns,
    uint8_t packet[PST_QUERY_SIZE])
{
	static const uint8_t opt[] = {
	    0, 0, TYPE_OPT, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0};
	const uint8_t header[HEADER_SIZE] = {[2] = 0x01 /* RD */,
	    [3] = 0x20 /* AD */,
	    [5] = 1,
	    [11] = edns ? 1 : 0};
	const uint8_t tail[4] = {0, (uint8_t)type, 0, CLASS_IN};
	size_t len = sizeof(header);
	size_t name_len;

	if (!pst_wire_name_octets(name, packet + len, &name_len))
		return 0;
	memcpy(packet, header, sizeof(header));
	len += name_len;
	memcpy(packet + len, tail, sizeof(tail));
	len += sizeof(tail);
	if (edns) {
		memcpy(packet + len, opt, sizeof(opt));
		len += sizeof(opt);
	}
	return len;
}

size_t
pst_query_make_probe(uint8_t packet[PST_QUERY_SIZE])
{
	static const uint8_t probe[] = {0, 0, 0x01 /* RD */, 0x20 /* AD */, 0,
	    1, 0, 0, 0, 0, 0, 0, 0 /* the root */, 0, PST_DNS_TXT, 0, CLASS_IN};

	memcpy(packet, probe, sizeof(probe));
	return sizeof(probe);
}

bool
pst_query_is_authentic(struct pst_str packet)
{
	return packet.len >= HEADER_SIZE && (packet.ptr[3] & 0x20) != 0;
}

bool
pst_query_was_misunderstood(struct pst_str packet)
{
	return packet.len >= HEADER_SIZE && (packet.ptr[3] & 15) == FORMERR;
}
