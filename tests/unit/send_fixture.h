/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_SEND_FIXTURE_H
#define PST_TESTS_SEND_FIXTURE_H

/* A store with rows, a zone, a clock and a relay, for report/send tests. */

#include "report/send.h"
#include "tests/unit/smtp_fixture.h"
#include "tests/unit/store_fixture.h"

/* The day after STORE_DAY, a quarter of an hour after midnight. */
#define SEND_NOW ((int64_t)(STORE_DAY + 1) * 86400 + 900)

struct send_bench {
	struct pst_config *config; /* may be changed */
	struct pst_clock clock;
	struct pst_service *service;
	struct pst_store store;
	struct pst_db *db; /* that of the store */
	struct smtp_server *server;
	char relay[64];
	struct pst_send_counts counts; /* of the last run */
	struct pst_err err;
	char notes[4096];   /* "ADDRESS STATE;" for each delivery */
	char remarks[1024]; /* each with a newline */
};

/* Starts the relay with the replies that the caller set in bench_server. */
extern struct smtp_server bench_server;
void send_open(struct send_bench *bench, const char *zone);
void send_close(struct send_bench *bench);

/* A row of n messages; `number` is that of store_record(). */
struct send_row {
	int64_t day;
	const char *domain, *rua;
	unsigned number;
	int64_t n;
};

/* Stores a row. */
void send_row(struct send_bench *bench, struct send_row row);

/* Runs the sender once; the counts and the error go to bench. */
bool send_run(struct send_bench *bench);
bool send_run_with(
    struct send_bench *bench, int64_t day, const char *domain, bool resend);

/* Counts as text: "made 1+0 sent 2 again 0 dropped 0 refused 0 suppressed 0". */
const char *send_sum(const struct send_bench *bench);

/* Returns how many messages for that address the relay has accepted. */
unsigned send_got(const struct send_bench *bench, const char *to);

#endif
