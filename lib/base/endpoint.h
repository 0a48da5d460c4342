/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_ENDPOINT_H
#define PST_BASE_ENDPOINT_H

/*
 * The address of a milter socket, in the spellings that operators know:
 * libmilter's (unix:PATH, local:PATH, inet:PORT@HOST, inet6:PORT@HOST) and
 * Postfix's (inet:HOST:PORT, inet:[V6]:PORT). A plain absolute path is a
 * unix socket.
 */

#include "base/err.h"
#include "base/str.h"

enum pst_endpoint_kind {
	PST_ENDPOINT_UNIX,
	PST_ENDPOINT_INET,
	PST_ENDPOINT_INET6,
};

struct pst_endpoint {
	enum pst_endpoint_kind kind;
	char path[108]; /* unix: as sun_path */
	char host[256]; /* inet: address or name; "" is any address */
	unsigned port;  /* 1-65535 */
};

/* Room for every text form, NUL included. */
#define PST_ENDPOINT_TEXT_SIZE 384

bool pst_endpoint_parse(
    struct pst_str text, struct pst_endpoint *out, struct pst_err *err);

/* "unix:PATH", "inet:PORT@HOST": what smfi_setconn() takes. */
void pst_endpoint_libmilter(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE]);

/* "unix:PATH", "inet:HOST:PORT": what smtpd_milters takes. */
void pst_endpoint_postfix(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE]);

#endif
