/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/pulse.h"

#include "dns/query.h"

void
pst_dns_pulse_answer(struct pst_dns_pulse *pulse, int64_t now_ms)
{
	pulse->is_dead = false;
	pulse->failures = 0;
	pulse->answered_ms = now_ms;
}

void
pst_dns_pulse_failure(struct pst_dns_pulse *pulse, int64_t asked_ms)
{
	/* While this one waited, another was answered. */
	if (pulse->answered_ms >= asked_ms)
		return;
	if (pulse->failures < PST_DNS_PULSE_SUSPICIOUS)
		pulse->failures++;
}

static bool
is_suspicious(const struct pst_dns_pulse *pulse)
{
	return !pulse->is_probing &&
	    (pulse->is_dead || pulse->failures >= PST_DNS_PULSE_SUSPICIOUS);
}

bool
pst_dns_pulse_take_probe(struct pst_dns_pulse *pulse, int64_t now_ms)
{
	if (!is_suspicious(pulse) || now_ms < pulse->next_probe_ms)
		return false;
	pulse->is_probing = true;
	return true;
}

void
pst_dns_pulse_probed(
    struct pst_dns_pulse *pulse, bool was_answered, int64_t now_ms)
{
	pulse->is_probing = false;
	pulse->next_probe_ms = now_ms + PST_DNS_PULSE_PROBE_MS;
	if (was_answered)
		pst_dns_pulse_answer(pulse, now_ms);
	else
		pulse->is_dead = true;
}

int
pst_dns_pulse_wait_ms(const struct pst_dns_pulse *pulse, int64_t now_ms)
{
	if (!is_suspicious(pulse))
		return -1;
	return now_ms >= pulse->next_probe_ms ?
	    0 :
	    (int)(pulse->next_probe_ms - now_ms);
}

void
pst_dns_pulse_feel(struct pst_dns_pulse *pulse, enum pst_transport_end end,
    int64_t asked_ms, int64_t now_ms)
{
	switch (end) {
	case PST_TRANSPORT_REPLY:
		pst_dns_pulse_answer(pulse, now_ms);
		return;
	case PST_TRANSPORT_SILENCE:
	case PST_TRANSPORT_FAILURE:
		pst_dns_pulse_failure(pulse, asked_ms);
		return;
	case PST_TRANSPORT_DROPPED:
		return;
	}
}

void
pst_dns_pulse_send(struct pst_transport *transport, void *query)
{
	uint8_t packet[PST_QUERY_SIZE];
	size_t len = pst_query_make_probe(packet);

	pst_transport_send(transport, packet, len, query);
}
