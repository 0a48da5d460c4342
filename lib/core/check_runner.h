/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_CHECK_RUNNER_H
#define PST_CORE_CHECK_RUNNER_H

/*
 * Runs the rows of core/check.h for one message. It keeps the state of each
 * check and knows which are complete; core/session says when.
 */

#include <stdint.h>

#include "core/check.h"

struct pst_check_runner {
	struct pst_check_run run; /* state is that of the row at work */
	void **states;            /* by row */
	uint32_t complete;        /* a bit for each row */
	uint32_t idle;            /* those that the message does not wait for */
};

/*
 * Begins with run, whose members except for `state` are set. The states are in
 * the arena of its world, and the findings of its message refer to them.
 */
void pst_check_runner_init(
    struct pst_check_runner *runner, struct pst_check_run run);

/* Starts the checks that need this; one that is not wanted is complete. */
void pst_check_runner_start(
    struct pst_check_runner *runner, enum pst_check_needs needs);

/*
 * Runs the checks that can go on, among those that need no more than this.
 * Returns true if all checks are complete that the message waits for.
 */
bool pst_check_runner_step(
    struct pst_check_runner *runner, enum pst_check_needs up_to);

/* Gives a piece of the body to the checks; false if none needs more of it. */
bool pst_check_runner_body(
    struct pst_check_runner *runner, const void *ptr, size_t len);

/* Returns the number of a check as a reader of the transcript (dns/dns.h). */
unsigned pst_check_reader(const struct pst_check *check);

#endif
