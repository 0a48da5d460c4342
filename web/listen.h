/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_WEB_LISTEN_H
#define PST_WEB_LISTEN_H

/*
 * The socket of postern-web. There is no login and no TLS, so it is a unix
 * socket or a TCP socket of the loopback interface; a reverse proxy is before
 * it.
 */

#include "base/endpoint.h"
#include "base/err.h"
#include "base/macros.h"

/*
 * Returns a socket that listens; -1 with a sentence in err. The file of a unix
 * socket has mode 0660; one that nobody listens on is replaced.
 */
int pst_web_listen(
    const struct pst_endpoint *endpoint, struct pst_err *err) PST_MUST_CHECK;

#endif
