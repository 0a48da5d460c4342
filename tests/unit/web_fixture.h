/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_WEB_FIXTURE_H
#define PST_TESTS_WEB_FIXTURE_H

/* A site with a journal and a store, and its pages. No daemon answers. */

#include "store/journal.h"
#include "web/page.h"

#define NOW 1795400000 /* 2026-11-23 02:13:20 */

/* Markup, quotes, escapes, a change of direction, octets that are not UTF-8 */
#define EVIL EVIL_VALUE "&amp;"
#define EVIL_VALUE "\"'><script>alert(1)</script>\xe2\x80\xae\xff\x01"

extern struct pst_config *web_config;
extern struct pst_journal *web_journal;
extern struct pst_web_site web_site;
extern struct pst_arena *web_arena; /* of the last page */

/* For cmocka. */
int web_set_up(void **state);
int web_tear_down(void **state);

struct mail {
	const char *from;
	const char *queue_id;
	const char *message_id;
	const char *helo, *mail_from, *rcpt; /* NULL: usual ones */
	const char *client;
	bool monitored;
};

/* Plays a message, and keeps it as of that time. */
void web_keep(const struct mail *mail, int64_t seen_s);

/*
 * Returns the page of an address such as "messages?q=x", which must have that
 * HTTP status. It lives until the next one.
 */
const char *web_page(const char *address, unsigned want_status);

/*
 * Returns the address of the link with that text, in a static buffer; NULL if
 * there is none.
 */
const char *web_link(const char *html, const char *text);

#endif
