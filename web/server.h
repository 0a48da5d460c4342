/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_SERVER_H
#define PST_WEB_SERVER_H

/*
 * HTTP. Answers GET and HEAD only. Each connection has a thread, carries one
 * request, and is closed after PST_WEB_CONNECTION_S whatever it does, so one
 * slow page or client does not hold up the others. Few pages are made at the
 * same time; others wait for a moment, and are then told that it is busy.
 *
 * The owner of libmicrohttpd.
 */

#include "base/err.h"
#include "web/request.h"

#define PST_WEB_MAX_CONNECTIONS 128
#define PST_WEB_IDLE_S 10       /* nothing was sent or received */
#define PST_WEB_CONNECTION_S 20 /* from its beginning to its end */
#define PST_WEB_MAX_MAKING 6    /* pages that are being made */
#define PST_WEB_BUSY_S 5        /* how long others wait */

struct pst_web_server_options {
	int fd; /* the socket that listens; the server closes it */
	/*
	 * Names that a request may have as its host, besides those of the
	 * loopback interface: a page elsewhere could otherwise read ours by a
	 * name of its own that leads here (DNS rebinding).
	 */
	bool check_host;
	const char *const *hosts;
	size_t host_count;
};

struct pst_web_server;

/* Starts to answer. NULL with a sentence in err. All must outlive it. */
struct pst_web_server *pst_web_server_start(const struct pst_web_site *site,
    const struct pst_web_server_options *options,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Takes no more connections, and waits up to patience_ms for those that are
 * open. What is not ready then ends with the process, which must end now.
 */
void pst_web_server_stop(struct pst_web_server *server, unsigned patience_ms);

#endif
