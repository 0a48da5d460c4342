/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_ENDPOINT_H
#define PST_BASE_ENDPOINT_H

/*
 * The address of a milter socket, in the spellings that operators know: those
 * of libmilter (unix:PATH, local:PATH, inet:PORT@HOST, inet6:PORT@HOST) and of
 * Postfix (inet:HOST:PORT, inet:[V6]:PORT). A plain absolute path is a unix
 * socket.
 */

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

enum pst_endpoint_kind {
	PST_ENDPOINT_UNIX,
	PST_ENDPOINT_INET,
	PST_ENDPOINT_INET6,
};

struct pst_endpoint {
	enum pst_endpoint_kind kind;
	char path[108]; /* unix: as in sun_path */
	char host[256]; /* inet: address or name; "": any address */
	unsigned port;  /* 1-65535 */
};

/* Room for every text form, NUL included. */
#define PST_ENDPOINT_TEXT_SIZE 384

/* False with a sentence in err if text is not a socket address. */
bool pst_endpoint_parse(struct pst_str text, struct pst_endpoint *out,
    struct pst_err *err) PST_MUST_CHECK;

/* Writes "unix:PATH" or "inet:PORT@HOST", as smfi_setconn() expects. */
void pst_endpoint_libmilter(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE]);

/* Writes "unix:PATH" or "inet:HOST:PORT", as smtpd_milters expects. */
void pst_endpoint_postfix(
    const struct pst_endpoint *endpoint, char text[PST_ENDPOINT_TEXT_SIZE]);

#endif
