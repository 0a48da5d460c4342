/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_DKIM_FIXTURE_H
#define PST_TESTS_DKIM_FIXTURE_H

/* A message, its keys and the time, for tests of auth/dkim. */

#include "auth/dkim.h"
#include "tests/unit/dkim_sign.h"

#define TRIAL_NOW 1118000000

extern const struct pst_dkim_config trial_config;

struct trial {
	struct pst_str header; /* each field with its CRLF */
	struct pst_str body;
	const char *zone;
	size_t chunk; /* octets of a piece of the body; 0: all at once */
	const char *author_domain;
	bool (*public_suffix)(const void *arg, const char *domain);
	const struct pst_dkim_config *config; /* NULL: trial_config */
	size_t max_fields;                    /* 0: 1000 */
	struct pst_guard *guard;
};

/* Returns a line of a zone, from arena: the TXT record at name. */
const char *
trial_txt(struct pst_arena *arena, const char *name, const char *text);

/* Adds the fields, each of which ends in CRLF, as libmilter would. */
void trial_read_header(
    struct pst_arena *arena, struct pst_str text, struct pst_header *header);

/* Verifies the message to the end; *out lives in the arena. */
void trial_run(struct pst_arena *arena, struct pst_dkim_lib *lib,
    const struct trial *trial, struct pst_dkim *out);

/* Returns a library handle with trial_config; never NULL. */
struct pst_dkim_lib *trial_lib(void);

#endif
