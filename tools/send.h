/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_SEND_H
#define PST_TOOLS_SEND_H

/* What `postern send` is to do; both of its modes use this. */

#include "base/macros.h"
#include "tools/envelope.h"
#include "tools/mta/client.h"
#include "tools/mta/socket.h"

struct pst_send_item {
	const char *file_name;
	struct pst_saved_message message;
	struct pst_envelope envelope; /* complete */
};

struct pst_send_plan {
	struct pst_endpoint to;
	unsigned timeout_ms;
	const char *host; /* the MTA's own name */
	const struct pst_send_item *items;
	size_t item_count;
	bool json;
	uint64_t repeat;      /* messages in all; 0: each item once */
	unsigned concurrency; /* sessions at once */
	unsigned rate;        /* messages a second; 0: as fast as possible */
	bool as_mail;         /* without the test mark */
	bool keep;            /* one connection for many sessions */
};

/* One connection to the filter, and the answer that came over it last. */
struct pst_send_line {
	struct pst_mta_client *milter; /* NULL if it is not open */
	struct pst_arena *arena;       /* of the verdict */
	struct pst_mta_verdict verdict;
};

/*
 * Sends one item over the line, which is opened if it is not open. Unless
 * plan->keep is set, and after a failure, it is then closed. nth makes the queue
 * id. False with a sentence in err.
 */
bool pst_send_one(const struct pst_send_plan *plan,
    const struct pst_send_item *item, uint64_t nth, struct pst_send_line *line,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Runs the health check (R-TEST-2) with the plan's host and time-out: sends a
 * forged and a genuine message and says what became of them. rcpt may be NULL.
 * to NULL: the first listener of the configuration. Returns the exit status.
 */
int pst_send_canary(struct pst_send_plan *plan, const char *to,
    const char *config_file, const char *rcpt);

/* Runs the repeated mode; returns the exit status. */
int pst_send_load(const struct pst_send_plan *plan);

#endif
