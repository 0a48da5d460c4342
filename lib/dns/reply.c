/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/reply.h"

#include "dns/query.h"
#include "dns/wire.h"

const struct pst_dns_answer *
pst_reply_decode(
    struct pst_flight *flight, struct pst_str packet, bool trust_ad)
{
	const struct pst_dns_answer *answer =
	    pst_wire_decode((const uint8_t *)packet.ptr, packet.len,
		pst_flight_target(flight), flight->type, flight->max_txt_bytes);

	if (!pst_query_is_authentic(packet))
		flight->is_unproven = true;
	return trust_ad && !flight->is_unproven ?
	    pst_dns_answer_authentic(answer) :
	    answer;
}

enum pst_gate_end
pst_reply_end(const struct pst_dns_answer *answer)
{
	switch (answer->status) {
	case PST_DNS_OK:
	case PST_DNS_NODATA:
	case PST_DNS_NXDOMAIN:
	case PST_DNS_BADNAME:
	case PST_DNS_BOGUS:
		return PST_GATE_ANSWERED;
	case PST_DNS_TIMEOUT:
		return PST_GATE_TIMED_OUT;
	case PST_DNS_SERVFAIL:
	case PST_DNS_BUDGET:
	case PST_DNS_CROWDED:
	case PST_DNS_PAUSED:
		return PST_GATE_FAILED;
	}
	return PST_GATE_FAILED;
}
