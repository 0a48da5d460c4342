/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_CORE_FIXTURE_H
#define PST_TESTS_CORE_FIXTURE_H

/* A gateway over a zone with a clock of its own, for tests of core. */

#include "core/session.h"

#define LAB_NOW 1700000000
#define LAB_ID "mx.gateway.example"

/* To stand in front of a test's own settings; no file but the test's is read.
 */
#define LAB_TOP "authserv-id = \"" LAB_ID "\"\ntrusted-networks = {}\n"
#define LAB_NO_LIST "public-suffix-list = \"\"\n"
#define LAB_CONFIG LAB_TOP "dmarc { " LAB_NO_LIST " }\n"

struct lab {
	struct pst_clock clock;
	struct pst_service *service;
};

/* All three end the test when a text is wrong. */
struct pst_config *lab_config(const char *text);
struct pst_resolver *lab_zone(const char *text);
void lab_open(struct lab *lab, const char *config, const char *zone);
void lab_close(struct lab *lab);

/* ip may be NULL: a client without an address. */
struct pst_session *lab_connect(const struct lab *lab, const char *ip);

struct letter {
	const char *helo; /* NULL: none is said */
	const char *mail_from;
	bool authenticated;
	const char *header; /* lines with LF */
	const char *body;   /* with CRLF, or NULL */
};

/* The header's fields as libmilter gives them. */
void lab_header(struct pst_session *session, const char *header);

/* Plays one message up to its end. */
const struct pst_message *
lab_send(struct pst_session *session, const struct letter *letter);

#endif
