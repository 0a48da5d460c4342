/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_RECORDED_FIXTURE_H
#define PST_TESTS_RECORDED_FIXTURE_H

/* A forged message of bank.example, which is recorded and read again. */

#include "core/recorded.h"
#include "tests/unit/core_fixture.h"

struct trial {
	struct lab lab;
	struct pst_arena *arena;
	struct pst_session *session;
	const struct pst_message *message;
};

/* Up to MAIL; then the test adds recipients and header fields of its own. */
void trial_begin(struct trial *trial, const char *config);
void trial_finish(struct trial *trial);
void trial_end(struct trial *trial);

/* Aborts if the octets cannot be read. */
struct pst_recorded
trial_read(const struct trial *trial, struct pst_str octets);

#endif
