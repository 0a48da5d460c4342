/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_REPORT_SUBMIT_H
#define PST_REPORT_SUBMIT_H

/*
 * Hands messages to the relay that the configuration names: SMTP or SMTPS,
 * STARTTLS, AUTH, one connection for as many messages as it lasts, one
 * recipient for each message (R-AGG-31). pst_submit() blocks: up to 700 s for a
 * message, and once more if a kept connection turns out to be closed. One
 * thread only. The process must ignore SIGPIPE.
 */

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "config/config.h"

struct pst_submitter;

/*
 * Takes the relay, its TLS mode and the user name from config, which must
 * outlive the submitter, and reads the password. Connects with the first
 * message. NULL with a sentence in err.
 */
struct pst_submitter *pst_submitter_new(
    const struct pst_config *config, struct pst_err *err) PST_MUST_CHECK;
void pst_submitter_free(struct pst_submitter *submitter); /* NULL is allowed */

enum pst_submit_verdict {
	PST_SUBMIT_ACCEPTED,
	PST_SUBMIT_TEMPORARY, /* 4xx, or the connection broke early enough */
	PST_SUBMIT_PERMANENT, /* 5xx about this recipient or message */
	PST_SUBMIT_UNCERTAIN, /* handed over completely, but no reply came */
	PST_SUBMIT_STOPPED,   /* the hook said so; nothing was handed over */
	PST_SUBMIT_NO_RELAY,  /* no dialogue, no login, our sender refused:
	                         the next message would fail, too */
};

struct pst_submit_result {
	enum pst_submit_verdict verdict;
	char reply[256]; /* the relay's reply or what went wrong, escaped */
};

struct pst_submit_mail {
	const char *from, *to;    /* addresses without angle brackets */
	struct pst_str pieces[2]; /* of the message, CRLF line ends */
	/*
	 * Called at most once, before the relay can have the whole message, so
	 * that what it records is right even if the process dies after that. If
	 * it returns false, the message is not handed over.
	 */
	bool (*hook)(void *arg);
	void *arg;
};

/* Hands over one message; *out tells what became of it. */
void pst_submit(struct pst_submitter *submitter,
    const struct pst_submit_mail *mail, struct pst_submit_result *out);

#endif
