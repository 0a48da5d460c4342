/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/web_fixture.h"

#include <stdio.h>
#include <string.h>

#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

static const char zone[] =
    "$TTL 300\n"
    "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.shop.example. TXT \"v=DMARC1; p=quarantine\"\n";

static struct lab lab, tame;
struct pst_config *web_config;
struct pst_journal *web_journal;
struct pst_web_site web_site;
struct pst_arena *web_arena;
static const struct pst_ask_where nowhere = {.control = "/nonexistent/socket"};

int
web_set_up(void **state)
{
	struct pst_err err = {""};

	if (store_set_up(state) != 0)
		return -1;
	web_config = store_config(
	    "} trusted-networks = {} dmarc { public-suffix-list = \"\"");
	lab_open(&lab, LAB_CONFIG, zone);
	lab_open(&tame, LAB_CONFIG "mode = monitor\n", zone);
	web_arena = pst_arena_new();
	web_journal = pst_journal_open(pst_journal_path(web_arena, web_config),
	    PST_JOURNAL_WRITE, 5000, &err);
	if (web_journal == NULL)
		fail_msg("%s", err.text);
	web_site = (struct pst_web_site){
	    .config = web_config, .daemon = pst_web_daemon_new(&nowhere)};
	return 0;
}

int
web_tear_down(void **state)
{
	pst_journal_close(web_journal);
	pst_web_daemon_free(web_site.daemon);
	pst_arena_free(web_arena);
	lab_close(&tame);
	lab_close(&lab);
	pst_config_unref(web_config);
	return store_tear_down(state);
}

/* ---- mail ---- */

static const char *
or_else(const char *text, const char *usual)
{
	return text == NULL ? usual : text;
}

void
web_keep(const struct mail *mail, int64_t seen_s)
{
	struct pst_arena *own = pst_arena_new();
	struct pst_session *session =
	    lab_connect(mail->monitored ? &tame : &lab,
		or_else(mail->client, "192.0.2.66"));
	struct pst_message message;
	struct pst_journal_entry entry;
	struct pst_err err;

	pst_session_helo(session, pst_str(or_else(mail->helo, "mx.example")));
	pst_session_mail(session,
	    pst_str(or_else(mail->mail_from, "<a@other.example>")), PST_STR(""),
	    false);
	pst_session_rcpt(
	    session, pst_str(or_else(mail->rcpt, "<you@gateway.example>")));
	lab_header(session,
	    pst_arena_printf(own, "From: <x@%s>\nMessage-ID: <%s>\n",
		mail->from, or_else(mail->message_id, "1@mail.example")));
	pst_session_eoh(session);
	message = *pst_session_end(
	    session, pst_str(or_else(mail->queue_id, "")), NULL);
	message.began_s = seen_s;
	if (!pst_journal_entry_make(own, &message, &entry))
		fail_msg("the message would not be kept");
	if (!pst_journal_add(web_journal, &entry, 1, &err))
		fail_msg("%s", err.text);
	pst_session_close(session);
	pst_arena_free(own);
}

/* ---- pages ---- */

/* Undoes percent-encoding. */
static char *
decoded(struct pst_str text)
{
	char *out = pst_arena_alloc(web_arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned octet = (unsigned char)text.ptr[i];

		if (octet == '%' && i + 3 <= text.len &&
		    sscanf(text.ptr + i + 1, "%2x", &octet) == 1)
			i += 2;
		out[n++] = (char)octet;
	}
	return out;
}

const char *
web_page(const char *address, unsigned want_status)
{
	struct pst_web_request request = {
	    .site = &web_site, .now_s = NOW + PST_WEB_MAX_DAYS};
	struct pst_web_param params[PST_WEB_MAX_PARAMS];
	struct pst_str rest, part;
	struct pst_err err = {""};
	size_t count = 0;
	unsigned status;
	bool more = true;
	char *path;

	pst_arena_free(web_arena);
	request.arena = web_arena = pst_arena_new();
	rest = pst_str(address);
	part = pst_str_first(rest, pst_str_find(rest, '?'));
	path = pst_arena_memdup(web_arena, part.ptr, part.len);
	rest = pst_str_from(rest, part.len + 1);
	while (rest.len > 0 && pst_str_split(&rest, '&', &part, &more)) {
		size_t end = pst_str_find(part, '=');
		struct pst_str value = pst_str_from(part, end + 1);

		params[count].name = pst_arena_memdup(web_arena, part.ptr, end);
		params[count++].value = decoded(value);
	}
	if (!pst_web_request_parse(&request, path, params, count, &err))
		fail_msg("%s: %s", address, err.text);
	part = pst_web_page(&request, &status);
	if (status != want_status)
		fail_msg("%s: status %u", address, status);
	return pst_arena_memdup(web_arena, part.ptr, part.len);
}

const char *
web_link(const char *html, const char *text)
{
	static char out[2048];
	char end[80];
	const char *at, *begin = NULL;

	(void)snprintf(end, sizeof(end), "\">%s</a>", text);
	at = strstr(html, end);
	for (const char *p = html; at != NULL && p < at; p++)
		if (strncmp(p, "href=\"", 6) == 0)
			begin = p + 6;
	if (begin == NULL)
		return NULL;
	(void)snprintf(out, sizeof(out), "%.*s", (int)(at - begin), begin);
	/* The one character that is escaped in an address of ours */
	for (char *amp = out; (amp = strstr(amp, "&amp;")) != NULL; amp++)
		memmove(amp + 1, amp + 5, strlen(amp + 5) + 1);
	return out;
}
