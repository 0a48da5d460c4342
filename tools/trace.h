/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_TRACE_H
#define PST_TOOLS_TRACE_H

/*
 * Which Received field of a saved message names the client that the gateway
 * saw. A message taken from a mailbox has fields on top that were added after
 * the gateway: by delivery over LMTP, by fetchmail, by inner hosts.
 *
 * The gateway's own Authentication-Results field and the host names of this
 * site mark the place. Without them it is a guess: fields whose client is
 * certainly an inner host are skipped as long as another one follows. Nothing
 * here decides about mail; all of it is shown to a person.
 */

#include "config/sets.h"
#include "mail/received.h"
#include "tools/message.h"

/* Received fields that are read; the rest is too old to matter. */
#define PST_TRACE_MAX_HOPS 100

/* What is known of this site. Zero-initialised: nothing. */
struct pst_site {
	const char *const *ids; /* authserv-ids and their aliases */
	size_t id_count;
	const char *host;                  /* of this host; or NULL */
	const struct pst_net_set *trusted; /* trusted-networks; or NULL */
};

/* Why a Received field does not name the client. */
enum pst_hop_fate {
	PST_HOP_UNUSED, /* it names the client, or is below the one that does */
	PST_HOP_ABOVE_RESULT, /* above our own result field */
	PST_HOP_ABOVE_OURS,   /* above the first one that we wrote */
	PST_HOP_OTHER_CLIENT, /* our own result field names another client */
	PST_HOP_DELIVERY,     /* LMTP and the like */
	PST_HOP_FETCHED,      /* POP3 or IMAP */
	PST_HOP_NO_ADDRESS,
	PST_HOP_LOOPBACK,
	PST_HOP_TRUSTED,
	PST_HOP_OWN_HOST,
	PST_HOP_PRIVATE,
	PST_HOP_ONE_SITE, /* client and writer are neighbours */
};

struct pst_hop {
	struct pst_received seen;
	size_t field; /* index in the message */
	enum pst_hop_fate fate;
};

struct pst_trace {
	struct pst_hop *hops; /* the first field is the newest */
	size_t count;
	size_t client;   /* the hop that names the client; count: none */
	bool certain;    /* by our own field or by a name of ours */
	size_t *results; /* indices of result fields with an id of ours */
	size_t result_count;
	/*
	 * These fields are below the Received field of the client, so they may
	 * have come with the message.
	 */
	bool results_below;
	const char *our_name; /* in the field with which we wrote; or NULL */
	/*
	 * The gateway's name, if nothing of ours was found, but a host that
	 * passed the message on got it from there; or NULL.
	 */
	const char *adopted;
	/* The id of another such field, if nothing of ours was found; or NULL */
	const char *other_id;
	struct pst_ip result_ip; /* of the client, by our own result field */
};

/* Reads the trace of a message. The result lives in the arena. */
void
pst_trace_read(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_site *site, struct pst_trace *out);

/* Returns "first", "second", ..., "tenth", "11th" for a number from 1. */
const char *pst_trace_ordinal(struct pst_arena *arena, size_t number);

/* Returns in words why the hop was skipped, as "it names no ..."; or NULL. */
const char *pst_trace_why(struct pst_arena *arena,
    const struct pst_trace *trace, const struct pst_hop *hop);

#endif
