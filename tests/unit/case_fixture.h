/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CASE_FIXTURE_H
#define PST_TESTS_CASE_FIXTURE_H

/* Plays the files of tests/cases; tests/run-cases says what is in them. */

#include "core/session.h"

#define CASE_MAX_RCPTS 16

struct scenario {
	const char *name; /* of the file, without its directory */
	const char *config;
	const char *zone;
	const char *memory;
	struct pst_str message;
	const char *ip;
	const char *helo;
	const char *mail_from;
	const char *client_name;
	const char *rcpts[CASE_MAX_RCPTS];
	size_t rcpt_count;
	int64_t now_epoch;
};

/* Returns all cases, by their names, in the arena. Aborts if one is invalid. */
struct scenario *case_read_all(struct pst_arena *arena, size_t *count);

/* A message that was played, with all that it needs. */
struct played {
	struct pst_clock clock;
	struct pst_service *service;
	struct pst_session *session;
	const struct pst_message *message;
};

void case_play(
    struct pst_arena *arena, const struct scenario *one, struct played *out);
void case_end(struct played *played);

#endif
