/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_PULSE_H
#define PST_DNS_PULSE_H

/*
 * Do the DNS servers answer at all? The silence of one name proves nothing, as
 * its own servers may be dead. So after some queries in a row without an answer
 * a probe is sent, a question that every resolver can answer by itself. If that
 * fails, too, the servers are dead, until a query or a later probe is answered.
 *
 * The caller passes the time, and keeps the state to one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "dns/transport.h"

#define PST_DNS_PULSE_SUSPICIOUS 3  /* failures in a row */
#define PST_DNS_PULSE_PROBE_MS 5000 /* between two probes */

struct pst_dns_pulse { /* zero-initialise it */
	bool is_dead;
	bool is_probing;
	unsigned failures;   /* since the last answer */
	int64_t answered_ms; /* the last answer */
	int64_t next_probe_ms;
};

/* A server has answered. */
void pst_dns_pulse_answer(struct pst_dns_pulse *pulse, int64_t now_ms);

/* A query that was asked then has failed, or got no reply. */
void pst_dns_pulse_failure(struct pst_dns_pulse *pulse, int64_t asked_ms);

/* The same by how a query ended. */
void pst_dns_pulse_feel(struct pst_dns_pulse *pulse, enum pst_transport_end end,
    int64_t asked_ms, int64_t now_ms);

/* Is a probe to be sent now? If so, the caller sends one. */
bool pst_dns_pulse_take_probe(struct pst_dns_pulse *pulse, int64_t now_ms);

/*
 * Sends it: a question for a record of the root, whether there is one or not,
 * since a resolver has that answer at hand.
 */
void pst_dns_pulse_send(struct pst_transport *transport, void *query);

/* The probe has ended. */
void pst_dns_pulse_probed(
    struct pst_dns_pulse *pulse, bool was_answered, int64_t now_ms);

/* Returns how long the next probe has time, in ms; -1: none is planned. */
int pst_dns_pulse_wait_ms(const struct pst_dns_pulse *pulse, int64_t now_ms);

#endif
