/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CORE_FIXTURE_H
#define PST_TESTS_CORE_FIXTURE_H

/* A gateway with a zone and a manual clock, for tests of core. */

#include "core/session.h"

#define LAB_NOW 1700000000
#define LAB_ID "mx.gateway.example"

/* The start of a test's configuration; LAB_NO_LIST: no public suffix list. */
#define LAB_TOP "authserv-id = \"" LAB_ID "\"\ntrusted-networks = {}\n"
#define LAB_NO_LIST "public-suffix-list = \"\"\n"
#define LAB_CONFIG LAB_TOP "dmarc { " LAB_NO_LIST " }\n"

struct lab {
	struct pst_clock clock;
	struct pst_service *service;
	bool sends_tests; /* its sessions are those of `postern send` */
};

/* The first three abort if a text is invalid. */
struct pst_config *lab_config(const char *text);
struct pst_resolver *lab_zone(const char *text);
void lab_open(struct lab *lab, const char *config, const char *zone);
void lab_close(struct lab *lab);

/* Opens a session; ip NULL: a client without an address. */
struct pst_session *lab_connect(const struct lab *lab, const char *ip);

struct letter {
	const char *helo; /* NULL: the client sends none */
	const char *mail_from;
	bool authenticated;
	const char *header; /* lines with LF */
	const char *body;   /* with CRLF, or NULL */
};

/* Passes the header's fields to the session as libmilter would. */
void lab_header(struct pst_session *session, const char *header);

/* Plays one whole message and returns it; the session owns it. */
const struct pst_message *
lab_send(struct pst_session *session, const struct letter *letter);

#endif
