/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/journal_config.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/web_fixture.h"
#include "web/message_rows.h"

#define HOUR 3600

/* One of each kind, an hour after the other. */
static void
keep_usual(void)
{
	static const struct mail all[] = {
	    {"bank.example", .queue_id = "Q1", .message_id = "one@a.example"},
	    {"shop.example", .queue_id = "Q2", .client = "2001:db8::7"},
	    {"plain.example", .queue_id = "Q3", .rcpt = "<Me@Other.example>"},
	    {"bank.example", .queue_id = "Q4", .monitored = true},
	    {"bank.example", .client = "192.0.2.1"},
	};

	for (size_t i = 0; i < PST_COUNT(all); i++)
		web_keep(&all[i], NOW + (int64_t)i * HOUR);
}

static unsigned
occurrences(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

/* ---- the search ---- */

#define NONE "were found"

static void
test_search(void **state)
{
	static const struct {
		const char *address;
		unsigned rows;
		const char *has, *lacks;
	} rows[] = {
	    {"messages", 4, "The newest messages that were not simply", "Q3"},
	    {"messages?accepted=1", 5, "Q3", NONE},
	    {"messages?q=Q1", 1, "with the queue id Q1", "Q2"},
	    {"messages?q=Q3", 1, "plain.example", "Q1"},
	    {"messages?q=<one@a.example>", 1, "with the Message-ID", "Q2"},
	    {"messages?q=one@a.example", 1, "with the Message-ID", "Q2"},
	    {"messages?q=BANK.example", 3, "with the From domain", "Q2"},
	    {"messages?domain=bank.example", 3, "with the From domain", "Q2"},
	    {"messages?q=gateway.example", 4, "recipients&#39; domain", NONE},
	    {"messages?q=you@gateway.example", 4, "address you@", NONE},
	    {"messages?q=me@other.example&accepted=1", 1, "Q3", "Q1"},
	    {"messages?q=2001:DB8:0::7", 1, "with the client", "Q1"},
	    {"messages?client=192.0.2.1", 1, "192.0.2.1", "Q1"},
	    {"messages?action=reject", 2, "messages that were refused", "Q4"},
	    {"messages?action=would", 1, "would be refused", "Q1"},
	    {"messages?action=quarantine", 0, NONE, "Q2"},
	    {"messages?action=accept", 2, "Q3", "Q1"},
	    {"messages?rule=dmarc-reject", 3, "Q1", "Q2"},
	    {"messages?rule=dmarc-rej", 0, NONE, "Q1"},
	    {"messages?q=bank.example&action=would", 1, "Q4", "Q1"},
	    {"messages?since=2026-11-23T02:40", 3, "Q4", "Q1"},
	    {"messages?since=2026-11-23&until=2026-11-23T02:13", 1, "Q1", "Q4"},
	    {"messages?until=2026-11-22", 0, NONE, "Q1"},
	    {"messages?since=2026-11-24", 0, NONE, "Q1"},
	    {"messages?since=tomorrow", 0, "is not a time", "Q1"},
	    {"messages?since=2026-11-23T25:00", 0, "is not a time", "Q1"},
	    {"messages?since=2026-11-23T1", 0, "is not a time", "Q1"},
	    {"messages?q=Q1&in=client", 0, "is not an IP address", NONE},
	    {"messages?q=bank.example&in=to", 0, "recipients&#39; domain",
		"Q1"},
	    {"messages?q=nothing.example", 0, "look at them, too", "Q1"},
	    {"messages?q=NOSUCH", 0, "first word of posternd", "Q1"},
	};

	(void)state;
	keep_usual();
	FOR_ROWS(i, rows, rows[i].address) {
		const char *html = web_page(rows[i].address, 200);

		assert_int_equal(
		    occurrences(html, "href=\"message?"), rows[i].rows);
		if (strstr(html, rows[i].has) == NULL)
			fail_msg("no \"%s\" in:\n%s", rows[i].has, html);
		if (strstr(html, rows[i].lacks) != NULL)
			fail_msg("\"%s\" in:\n%s", rows[i].lacks, html);
	}
}

/* Many messages, most of them in the same few seconds, each seen once. */
static void
test_pages(void **state)
{
	enum { COUNT = 230 };
	static unsigned seen[COUNT];
	char address[2048] = "messages?q=bank.example";
	unsigned pages = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < COUNT; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "N%03dN", i);
		web_keep(&(struct mail){"bank.example", .queue_id = id},
		    NOW + i / 70);
	}
	for (; address[0] != '\0'; pages++) {
		const char *html = web_page(address, 200);
		const char *next = web_link(html, "Older");

		for (int i = 0; i < COUNT; i++) {
			char cell[24];

			(void)snprintf(cell, sizeof(cell), ">N%03dN<", i);
			seen[i] += occurrences(html, cell);
		}
		(void)snprintf(
		    address, sizeof(address), "%s", next == NULL ? "" : next);
		assert_true(pages < 10);
	}
	assert_int_equal(pages, 5);
	FOR_ROWS(i, seen, NULL)
		assert_int_equal(seen[i], 1);
}

/* A search that takes too long shows what it has, and where to go on. */
static void
test_late(void **state)
{
	struct pst_web_request request = {.site = &web_site, .now_s = NOW};
	struct pst_web_search search = {.all = true,
	    .filter = PST_WEB_ONE_ACTION,
	    .action = PST_ACTION_ACCEPT};
	struct pst_journals *journals;
	struct pst_err err = {""};
	const char *note;
	unsigned rounds = 0, found = 0;

	(void)state;
	keep_usual();
	pst_arena_free(web_arena);
	request.arena = web_arena = pst_arena_new();
	journals = pst_journals_open(web_arena, web_config, &note, &err);
	if (journals == NULL)
		fail_msg("%s", err.text);
	do {
		if (!pst_web_search(&request, journals, &search, &err))
			fail_msg("%s", err.text);
		assert_true(search.late || !search.more);
		found += (unsigned)search.count;
		search.until_s = search.next_until_s;
		search.skip = search.next_skip;
		assert_true(++rounds < 20);
	} while (search.more);
	pst_journals_close(journals);
	assert_int_equal(rounds, 11);
	assert_int_equal(found, 2);
}

/* ---- one message ---- */

static void
test_message(void **state)
{
	static const struct {
		const char *address;
		unsigned status;
		const char *has, *lacks;
	} rows[] = {
	    {"message?id=Q1", 200, "was refused. The client got", "\\x0a"},
	    {"message?id=Q1", 200, "<dt>queue id</dt><dd class=\"wrap\">Q1",
		"<br>"},
	    {"message?id=Q1", 200, "What the sender has to change", NONE},
	    {"message?id=Q1", 200, "rule &quot;let in bank.example&quot; {\n",
		NONE},
	    {"message?id=Q1", 200, "messages?q=bank.example&amp;in=from", NONE},
	    {"message?id=Q1", 200, "in=to", NONE},
	    {"message?id=Q3", 200, "verdict good", "What the sender has"},
	    {"message?id=Q4", 200, "would have been refused", NONE},
	    {"message?id=Q1&seen=1795400000", 200, "Message Q1", NONE},
	    {"message?id=Q1&seen=1795400001", 404, "does not have", "Q1</dd>"},
	    {"message?id=NOSUCH", 404, "does not have this message", "dt>"},
	    {"message?seen=1795414400", 200, "192.0.2.1", "Q4"},
	    {"message?seen=1795414400&mark=0000000000000000", 404,
		"does not have this message", "<dt>"},
	    {"message?seen=1795400000", 404, "does not have", "Q1"},
	    {"message", 404, "No message was named", "<dt>"},
	    {"message?seen=x", 404, "No message was named", "<dt>"},
	};

	(void)state;
	keep_usual();
	FOR_ROWS(i, rows, rows[i].address) {
		const char *html = web_page(rows[i].address, rows[i].status);

		if (strstr(html, rows[i].has) == NULL)
			fail_msg("no \"%s\" in:\n%s", rows[i].has, html);
		if (strstr(html, rows[i].lacks) != NULL)
			fail_msg("\"%s\" in:\n%s", rows[i].lacks, html);
	}
}

/* The link of a row leads to its message, also without a queue id. */
static void
test_links(void **state)
{
	static const char *const clients[] = {
	    "192.0.2.21", "192.0.2.22", "192.0.2.23"};
	char address[512];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(clients); i++)
		web_keep(
		    &(struct mail){"bank.example", .client = clients[i]}, NOW);
	FOR_ROWS(i, clients, clients[i]) {
		const char *html, *found;

		(void)snprintf(
		    address, sizeof(address), "messages?q=%s", clients[i]);
		html = web_page(address, 200);
		found = web_link(html, "2026-11-23 02:13:20");
		assert_non_null(found);
		(void)snprintf(address, sizeof(address), "%s", found);
		html = web_page(address, 200);
		if (strstr(html, clients[i]) == NULL)
			fail_msg("%s: %s", address, html);
		for (size_t n = 0; n < PST_COUNT(clients); n++)
			assert_true(
			    (strstr(html, clients[n]) != NULL) == (n == i));
	}
}

/* ---- what is hostile ---- */

/* Whether a tag is one that we write; text is behind the "<". */
static bool
is_ours(const char *text)
{
	static const char *const tags[] = {"!DOCTYPE", "html", "head", "meta",
	    "title", "link", "body", "a", "header", "span", "nav", "ul", "li",
	    "p", "main", "div", "h1", "h2", "form", "label", "input", "select",
	    "option", "button", "table", "caption", "thead", "tbody", "tr",
	    "th", "td", "dl", "dt", "dd", "br", "section", "details", "summary",
	    "pre", "time", "footer", "svg", "rect", "line", "text", "g", "path",
	    "desc", "figure", "figcaption", "polyline", "circle", "i", "b",
	    "small", "strong"};
	size_t len;

	text += *text == '/';
	len = strcspn(text, " >/");
	for (size_t i = 0; i < PST_COUNT(tags); i++)
		if (strlen(tags[i]) == len && strncmp(tags[i], text, len) == 0)
			return true;
	return false;
}

/* Fails if anything of a value could be more than text. */
static void
check_page(const char *html)
{
	const char *open = NULL;

	if (!pst_str_is_utf8(pst_str(html)))
		fail_msg("not UTF-8: %s", html);
	for (const char *p = html; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			fail_msg("a control character: %s", p);
		if (*p == '<') {
			if (open != NULL || !is_ours(p + 1))
				fail_msg("a tag: %.80s", p);
			open = p;
		} else if (*p == '>') {
			if (open == NULL)
				fail_msg("a bracket: %.80s", p);
			open = NULL;
		}
	}
	assert_null(open);
	if (strstr(html, "alert(1)") == NULL)
		return;
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "\xe2\x80\xae"));
}

static void
run(struct pst_db *db, const char *sql, const char *value)
{
	const struct pst_db_value values[] = {pst_db_text(value)};
	struct pst_err err;

	if (!pst_db_run(db, sql, values, 1, NULL, &err))
		fail_msg("%s", err.text);
}

/* As in the tables: valid UTF-8 without NUL, and otherwise anything. */
#define EVIL_TEXT "\"'><script>alert(1)</script>&\xe2\x80\xae\x01\n<b"

static void
keep_evil_reports(void)
{
	struct pst_db *db = store_open("db");

	run(db, "INSERT INTO report VALUES ('r1', 20779, $1, 1795400000)",
	    EVIL_TEXT);
	run(db,
	    "INSERT INTO delivery VALUES ('r1', 'aggregate', $1, 'retry',"
	    " 't1', 3, 1795499999, 0, $1)",
	    EVIL_TEXT);
	run(db,
	    "INSERT INTO delivery VALUES ('r1', 'failure', 'a@b.example',"
	    " $1, 't2', 3, 0, 0, '')",
	    EVIL_TEXT);
	run(db, "INSERT INTO suppress VALUES ($1, 5, 1795499999, 'bounce')",
	    EVIL_TEXT);
	run(db,
	    "INSERT INTO feedback VALUES ('1', 'aggregate', 1, 1, $1, $1, 'i',"
	    " 1795305600, 1795391999, $1, '')",
	    EVIL_TEXT);
	run(db,
	    "INSERT INTO source (feedback, line, source_ip, n, disposition,"
	    " dkim, spf, header_from, envelope_from) VALUES ('1', 1, $1, 5, 'none', 'pass', 'fail',"
	    " $1, $1)",
	    EVIL_TEXT);
	pst_db_close(db);
}

static void
test_hostile(void **state)
{
	static const struct {
		const char *address;
		const char *has;
	} rows[] = {
	    {"messages?accepted=1", "&quot;&#39;&gt;&lt;script&gt;"},
	    {"messages?q=" EVIL_VALUE, "&quot;&#39;&gt;&lt;script&gt;"},
	    {"messages?q=" EVIL_VALUE "&in=to", "alert(1)"},
	    {"messages?q=x&in=\"<b>", NULL},
	    {"messages?rule=" EVIL_VALUE "&action=would", "alert(1)"},
	    {"messages?since=\"<b>&until=\"<b>", "is not a time"},
	    {"messages?domain=" EVIL_VALUE, "alert(1)"},
	    {"messages?before=99999999999999&skip=99999", NULL},
	    {"message?id=EVIL", "&lt;script&gt;alert(1)"},
	    {"sent?days=30", "&lt;script&gt;alert(1)"},
	    {"sent?domain=" EVIL_VALUE, "alert(1)"},
	    {"sent?days=30&state=\"<b>", "alert(1)"},
	    {"received?days=30", "&lt;script&gt;alert(1)"},
	    {"received?domain=" EVIL_VALUE, "alert(1)"},
	    {"health", "does not answer"},
	};

	(void)state;
	web_keep(&(struct mail){"bank.example>, <y@" EVIL, "EVIL", EVIL, EVIL,
		     "<" EVIL "@other.example>", "<" EVIL "@gateway.example>",
		     NULL, false},
	    NOW);
	web_keep(&(struct mail){"bank.example", EVIL, EVIL, EVIL, EVIL, EVIL,
		     NULL, false},
	    NOW);
	keep_evil_reports();
	FOR_ROWS(i, rows, rows[i].address) {
		const char *html = web_page(rows[i].address, 200);

		check_page(html);
		if (rows[i].has != NULL && strstr(html, rows[i].has) == NULL)
			fail_msg("no \"%s\" in:\n%s", rows[i].has, html);
	}
	/* The link of the one whose queue id is hostile leads to it. */
	check_page(web_page(
	    web_link(web_page("messages", 200), "2026-11-23 02:13:20"), 200));
}

/* ---- what cannot be read ---- */

static void
damage(const char *path)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "not a database, but long enough", 31), 31);
	assert_int_equal(close(fd), 0);
}

static void
test_unreadable(void **state)
{
	static const char *const pages[] = {
	    "messages", "messages?q=Q1", "message?id=Q1", "sent", "received"};
	const char *path = pst_journal_path(web_arena, web_config);

	(void)state;
	pst_journal_close(web_journal);
	web_journal = NULL;
	FOR_ROWS(i, pages, pages[i]) {
		const char *html;

		path = pst_journal_path(web_arena, web_config);
		(void)unlink(path);
		(void)unlink(store_path("db"));
		html = web_page(pages[i], 200);
		assert_non_null(strstr(html, "class=\"notice\""));
		check_page(html);
		assert_int_equal(
		    close(open(store_path("db"), O_CREAT | O_WRONLY, 0600)), 0);
		path = pst_journal_path(web_arena, web_config);
		assert_int_equal(
		    close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
		damage(path);
		damage(store_path("db"));
		html = web_page(pages[i], 200);
		assert_non_null(strstr(html, "class=\"notice\""));
		check_page(html);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_search, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_pages, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_late, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_message, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_links, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_hostile, web_set_up, web_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_unreadable, web_set_up, web_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
