/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MILTER_REFUSAL_H
#define PST_MILTER_REFUSAL_H

/*
 * What one refused connection of an MTA says, and our answers: as little of the
 * milter protocol as is needed to refuse a session for now.
 *
 * A connection that is closed, or whose negotiation fails, makes the MTA do
 * what its own configuration says for a filter that is away, and that may be to
 * accept mail without a check (milter_default_action = accept). So we agree to
 * everything, leave out no step, and answer the first command that has an
 * answer, which is CONNECT, with "temporary failure". Both MTAs then refuse the
 * whole SMTP session with a 4xx reply, and ask the filter nothing more.
 *
 * No memory is allocated. The octets come from a peer: any of them, cut
 * anywhere, are allowed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A command, its length before it, and the options of a negotiation. */
#define PST_REFUSAL_HEAD 17

/* The longest command that an MTA may send. */
#define PST_REFUSAL_MAX_COMMAND 1048576

/* Zero-initialise it. The members are private. */
struct pst_refusal {
	unsigned char head[PST_REFUSAL_HEAD]; /* of the present command */
	size_t head_len;
	uint32_t left; /* octets of the command that come after its head */
	bool negotiated;
	bool answered;
};

/* For n octets of input there are at most n + PST_REFUSAL_HEAD of output. */
struct pst_refusal_out {
	unsigned char *data; /* the caller's; has room for that */
	size_t len;
};

/*
 * Takes the next octets of the peer and adds the answers to out, whose len the
 * caller sets to 0 first. Returns false if the connection is to be closed after
 * out was sent: the peer has said QUIT, or something that no MTA says.
 */
bool pst_refusal_take(struct pst_refusal *refusal, const unsigned char *data,
    size_t len, struct pst_refusal_out *out);

/* True if the MTA has its answer, and no longer needs the connection. */
bool pst_refusal_answered(const struct pst_refusal *refusal);

#endif
