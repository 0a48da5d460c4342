/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_SMTP_FIXTURE_H
#define PST_TESTS_SMTP_FIXTURE_H

/* An SMTP server in a thread, on a port of its own. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SMTP_MAX_MAILS 2000

struct smtp_mail {
	char *from, *to; /* as in the commands, angle brackets included */
	char *text;      /* dot-stuffing removed */
};

struct smtp_server {
	/* The reply at each stage; NULL: a positive one, "": hang up. May be
	 * changed between connections. */
	_Atomic(const char *) greeting, mail, rcpt, data, end;
	/* Replace `rcpt` and `end` for recipients that contain odd_one. */
	_Atomic(const char *) odd_one, odd_rcpt, odd_end;
	unsigned per_connection; /* messages before it hangs up; 0: no limit */

	/* Set by the server. */
	int listener;
	unsigned port;
	pthread_t thread;
	struct smtp_mail mails[SMTP_MAX_MAILS]; /* accepted messages */
	atomic_uint count; /* that many mails may be read at any time */
	atomic_uint connections;
	char login[256]; /* the response of AUTH PLAIN */
};

/* Starts the server; set the members above first. Fails the test on error. */
void smtp_start(struct smtp_server *server);
/* Waits for the thread to end; after that, login may be read. */
void smtp_stop(struct smtp_server *server);
/* Frees the mails. */
void smtp_clear(struct smtp_server *server);

#endif
