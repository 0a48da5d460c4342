/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_SANDBOX_TRIES_H
#define PST_TESTS_SANDBOX_TRIES_H

/* What is tried in a sandbox (test_sandbox.c): what a worker does, and more. */

#include <netinet/in.h>
#include <stddef.h>

/*
 * Below this directory are etc/ with the configuration and a list, var/ for the
 * store, and outside/ with a file "list" and the socket "log".
 */
extern char sandbox_top[64];
/* A TCP socket that listens, and its address. */
extern int sandbox_listening;
extern struct sockaddr_in sandbox_address;

/* Returns a path below that directory; good until the next call but one. */
const char *sandbox_path(const char *name);

/* The exit status of a try whose own set-up has failed. */
#define SANDBOX_SET_UP 100

enum sandbox_expected {
	SANDBOX_WORKS,
	SANDBOX_FAILS, /* in the sandbox; elsewhere it may work */
	SANDBOX_DIES,  /* is killed with SIGSYS */
	SANDBOX_ABORTS,
};

/* The part of the sandbox that forbids it. */
enum sandbox_part { SANDBOX_CALLS, SANDBOX_FILES, SANDBOX_TCP };

struct sandbox_row {
	const char *label;
	int (*try)(void); /* returns 0 if it worked, else errno */
	enum sandbox_part part;
	enum sandbox_expected expected;
};

extern const struct sandbox_row sandbox_worker_rows[];
extern const size_t sandbox_worker_count;
extern const struct sandbox_row sandbox_upload_rows[];
extern const size_t sandbox_upload_count;
extern const struct sandbox_row sandbox_supervisor_rows[];
extern const size_t sandbox_supervisor_count;

#endif
