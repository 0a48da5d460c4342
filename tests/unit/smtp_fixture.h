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
	char *text;      /* dots undone */
};

struct smtp_server {
	/* What it says there; NULL: what lets things go on. "" hangs up. May
	 * be changed between connections. */
	_Atomic(const char *) greeting, mail, rcpt, data, end;
	/* Instead of `rcpt` and `end` for a recipient that holds this text. */
	_Atomic(const char *) odd_one, odd_rcpt, odd_end;
	unsigned per_connection; /* messages, then it hangs up; 0: no limit */

	/* Its own. */
	int listener;
	unsigned port;
	pthread_t thread;
	struct smtp_mail mails[SMTP_MAX_MAILS]; /* those that it took whole */
	atomic_uint count; /* so many of them may be read at any time */
	atomic_uint connections;
	char login[256]; /* what AUTH PLAIN brought */
};

/* Start, with the members above set; end the test when it fails. */
void smtp_start(struct smtp_server *server);
/* The thread is gone when it returns; login may be read from then on. */
void smtp_stop(struct smtp_server *server);
/* Gives the mails back. */
void smtp_clear(struct smtp_server *server);

#endif
