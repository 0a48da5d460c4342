/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/mta_fixture.h"
#include "tools/mta/client.h"
#include "tools/mta/socket.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))
#define RAW(literal)                                                           \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

#define PATIENCE_MS 5000
#define IMPATIENCE_MS 30

static struct pst_saved_field fields[] = {
    {{"From", 4}, {" a@b", 4}},
    {{"X", 1}, {"y", 1}},
};

static const struct pst_saved_message message = {fields, 2, {"hello\r\n", 7}};

static struct pst_mta_mail
plain_mail(void)
{
	struct pst_mta_mail mail = {.host = "gw.example",
	    .client_name = "mx.example",
	    .helo = "helo.example",
	    .mail_from = "<A@b.example>",
	    .rcpt = "<c@d.example>",
	    .queue_id = "QID1",
	    .message = &message};

	assert_true(pst_ip_parse(PST_STR("192.0.2.1"), &mail.client));
	return mail;
}

static const char *
edits_text(struct pst_arena *arena, const struct pst_mta_verdict *verdict)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < verdict->edit_count; i++) {
		const struct pst_mta_edit *edit = &verdict->edits[i];
		pst_buf_printf(&buf, "%s %zu %s%s%s|",
		    pst_mta_edit_word(edit->op), edit->index, edit->name,
		    edit->value == NULL ? "" : ":",
		    edit->value == NULL ? "" : edit->value);
	}
	return pst_buf_str(&buf);
}

#define ALL_ACTIONS 0x1ff
#define LEADSPC 0x100000

struct good_row {
	const char *label;
	struct filter_script script;
	const char *trace;
	const char *summary; /* action stage reply quarantine */
	const char *edits;
	size_t progress, other_changes;
};

static const struct good_row good_rows[] = {
    {"all events, plain", {ALL_ACTIONS, LEADSPC, {0}, {{0}}}, "OCHMRTLLNBEAQ",
	"accept END - -", "", 0, 0},
    {"no answers before the end", {ALL_ACTIONS, 0xdf080, {0}, {{0}}},
	"OCHMRTLLNBEAQ", "accept END - -", "", 0, 0},
    {"no events", {ALL_ACTIONS, 0x27f, {0}, {{0}}}, "OEAQ", "accept END - -",
	"", 0, 0},
    {"accept at HELO", {0, 0, {0}, {{'H', RAW("\0\0\0\1a"), false}}}, "OCHAQ",
	"accept HELO - -", "", 0, 0},
    {"reject at CONNECT", {0, 0, {0}, {{'C', RAW("\0\0\0\1r"), false}}}, "OCAQ",
	"reject CONNECT - -", "", 0, 0},
    {"tempfail at MAIL", {0, 0, {0}, {{'M', RAW("\0\0\0\1t"), false}}},
	"OCHMAQ", "tempfail MAIL - -", "", 0, 0},
    {"discard at DATA", {0, 0, {0}, {{'T', RAW("\0\0\0\1d"), false}}},
	"OCHMRTAQ", "discard DATA - -", "", 0, 0},
    {"reply at RCPT",
	{0, 0, {0}, {{'R', RAW("\0\0\0\022y550 5.7.1 100%%!\0"), false}}},
	"OCHMRAQ", "reject RCPT 550 5.7.1 100%! -", "", 0, 0},
    {"reply of two lines at the end",
	{0, 0, {0}, {{'E', RAW("\0\0\0\020y450-a b\r\n450 c\0"), false}}},
	"OCHMRTLLNBEAQ", "tempfail END 450-a b\n450 c -", "", 0, 0},
    {"a code alone", {0, 0, {0}, {{'E', RAW("\0\0\0\005y551\0"), false}}},
	"OCHMRTLLNBEAQ", "reject END 551 -", "", 0, 0},
    {"reject at a header", {0, 0, {0}, {{'L', RAW("\0\0\0\1r"), false}}},
	"OCHMRTLAQ", "reject HEADER - -", "", 0, 0},
    {"skip headers", {0, 0x400, {0}, {{'L', RAW("\0\0\0\1s"), false}}},
	"OCHMRTLNBEAQ", "accept END - -", "", 0, 0},
    {"reject at EOH", {0, 0, {0}, {{'N', RAW("\0\0\0\1r"), false}}},
	"OCHMRTLLNAQ", "reject EOH - -", "", 0, 0},
    {"connection failure", {0, 0, {0}, {{'E', RAW("\0\0\0\1f"), false}}},
	"OCHMRTLLNBEAQ", "tempfail END - -", "", 0, 0},
    {"shut down", {0, 0, {0}, {{'E', RAW("\0\0\0\0014"), false}}},
	"OCHMRTLLNBEAQ", "tempfail END 421 -", "", 0, 0},
    {"progress",
	{0, 0, {0},
	    {{'H', RAW("\0\0\0\1p\0\0\0\1c"), false},
		{'E', RAW("\0\0\0\1p\0\0\0\1p\0\0\0\1a"), false}}},
	"OCHMRTLLNBEAQ", "accept END - -", "", 3, 0},
    {"header edits",
	{0x11, LEADSPC, {0},
	    {{'E',
		RAW("\0\0\0\010m\0\0\0\003B\0\0" /* delete the 3rd B */
		    "\0\0\0\012m\0\0\0\001C\0 d\0"
		    "\0\0\0\012i\0\0\0\000A\0 v\0"
		    "\0\0\0\006hE\0 f\0"
		    "\0\0\0\1c"),
		false}}},
	"OCHMRTLLNBEAQ", "accept END - -",
	"delete 3 B|change 1 C: d|insert 0 A: v|add 0 E: f|", 0, 0},
    {"the MTA puts the blank itself",
	{0x1, 0, {0},
	    {{'E', RAW("\0\0\0\011i\0\0\0\000A\0v\0\0\0\0\1c"), false}}},
	"OCHMRTLLNBEAQ", "accept END - -", "insert 0 A: v|", 0, 0},
    {"quarantine",
	{0x20, 0, {0}, {{'E', RAW("\0\0\0\005qwhy\0\0\0\0\1c"), false}}},
	"OCHMRTLLNBEAQ", "quarantine END - why", "", 0, 0},
    {"quarantine, then reject",
	{0x20, 0, {0}, {{'E', RAW("\0\0\0\005qwhy\0\0\0\0\1r"), false}}},
	"OCHMRTLLNBEAQ", "reject END - why", "", 0, 0},
    {"other changes",
	{ALL_ACTIONS, 0, {0},
	    {{'E',
		RAW("\0\0\0\3+a\0\0\0\0\3-a\0\0\0\0\0052a\0b\0"
		    "\0\0\0\3ea\0\0\0\0\1b\0\0\0\1a"),
		false}}},
	"OCHMRTLLNBEAQ", "accept END - -", "", 0, 5},
    {"hangs up with its last word",
	{0, 0, {0}, {{'E', RAW("\0\0\0\1r"), true}}}, "OCHMRTLLNBE",
	"reject END - -", "", 0, 0},
};

static void
check_good(const struct good_row *row)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_mta_mail mail = plain_mail();
	struct pst_mta_verdict verdict;
	struct filter filter;
	struct pst_err err = {""};
	int fd = filter_start(&filter, &row->script);
	struct pst_mta_client *milter = pst_mta_open(fd, PATIENCE_MS, &err);

	if (milter == NULL ||
	    !pst_mta_deliver(milter, arena, &mail, &verdict, &err))
		fail_msg("%s: %s", row->label, err.text);
	pst_mta_close(milter);
	filter_stop(&filter);
	const char *summary = pst_arena_printf(arena, "%s %s %s %s",
	    pst_mta_action_word(verdict.action), verdict.stage,
	    verdict.reply == NULL ? "-" : verdict.reply,
	    verdict.quarantine == NULL ? "-" : verdict.quarantine);
	if (strcmp(summary, row->summary) != 0)
		fail_msg("%s: verdict is %s", row->label, summary);
	if (strcmp(filter.trace, row->trace) != 0)
		fail_msg("%s: events are %s", row->label, filter.trace);
	if (strcmp(edits_text(arena, &verdict), row->edits) != 0)
		fail_msg("%s: edits are %s", row->label,
		    edits_text(arena, &verdict));
	if (verdict.progress != row->progress ||
	    verdict.other_changes != row->other_changes)
		fail_msg("%s: %zu progress, %zu other changes", row->label,
		    verdict.progress, verdict.other_changes);
	filter_free(&filter);
	pst_arena_free(arena);
}

static void
takes_the_protocol(void **state)
{
	(void)state;
	FOR_ROWS(i, good_rows, good_rows[i].label)
		check_good(&good_rows[i]);
}

struct bad_row {
	const char *label;
	struct filter_script script;
	unsigned timeout_ms;
	const char *err; /* part of the error text */
};

/* Packets at the end of the message, for the table below. */
#define AT_END(raw)                                                            \
	{ALL_ACTIONS, LEADSPC, {0}, {{'E', RAW(raw), false}}}, PATIENCE_MS

static const struct bad_row bad_rows[] = {
    {"not a filter", {0, 0, RAW("220 mx.example ESMTP\r\n"), {{0}}},
	PATIENCE_MS, "; 1 to "},
    {"another letter", {0, 0, RAW("\0\0\0\1c"), {{0}}}, PATIENCE_MS,
	"does not speak"},
    {"short negotiation",
	{0, 0, RAW("\0\0\0\014O\0\0\0\6\0\0\0\0\0\0\0"), {{0}}}, PATIENCE_MS,
	"does not speak"},
    {"version 7", {0, 0, RAW("\0\0\0\015O\0\0\0\7\0\0\0\0\0\0\0\0"), {{0}}},
	PATIENCE_MS, "version 7"},
    {"version 1", {0, 0, RAW("\0\0\0\015O\0\0\0\1\0\0\0\0\0\0\0\0"), {{0}}},
	PATIENCE_MS, "version 1"},
    {"actions not offered", {0x200, 0, {0}, {{0}}}, PATIENCE_MS,
	"more than was offered"},
    {"steps not offered", {0, 0x200000, {0}, {{0}}}, PATIENCE_MS,
	"more than was offered"},
    {"macro list breaks off",
	{0, 0, RAW("\0\0\0\017O\0\0\0\6\0\0\0\0\0\0\0\0\0\0"), {{0}}},
	PATIENCE_MS, "is cut off"},
    {"macro list without NUL",
	{0, 0, RAW("\0\0\0\022O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\0i"), {{0}}},
	PATIENCE_MS, "place 0"},
    {"macro list at place 7",
	{0, 0, RAW("\0\0\0\023O\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\7i\0"), {{0}}},
	PATIENCE_MS, "place 7"},
    {"no answer to the negotiation", {0, 0, {0}, {{'O', {NULL, 0}, false}}},
	IMPATIENCE_MS, "did not answer within"},
    {"no answer to MAIL", {0, 0, {0}, {{'M', {NULL, 0}, false}}}, IMPATIENCE_MS,
	"did not answer within"},
    {"half an answer", {0, 0, {0}, {{'M', RAW("\0\0\0"), false}}},
	IMPATIENCE_MS, "did not answer within"},
    {"hangs up", {0, 0, {0}, {{'R', {NULL, 0}, true}}}, PATIENCE_MS,
	"closed the connection"},
    {"hangs up within a packet", {0, 0, {0}, {{'R', RAW("\0\0\0\5y5"), true}}},
	PATIENCE_MS, "closed the connection"},
    {"empty packet", AT_END("\0\0\0\0"), "; 1 to "},
    {"huge packet", AT_END("\0\x10\0\1c"), "; 1 to "},
    {"negative length", AT_END("\xff\xff\xff\xff"), "; 1 to "},
    {"unknown letter", AT_END("\0\0\0\1z"), "\"z\" at END"},
    {"a control as letter", AT_END("\0\0\0\1\1"), "0x01 at END"},
    {"data after accept", AT_END("\0\0\0\2a\0"), "must not contain data"},
    {"data after progress", AT_END("\0\0\0\2p\0"), "must not contain data"},
    {"skip at the end", AT_END("\0\0\0\1s"), "not an answer to this event"},
    {"skip not negotiated", {0, 0, {0}, {{'L', RAW("\0\0\0\1s"), false}}},
	PATIENCE_MS, "not an answer to this event"},
    {"skip at MAIL", {0, 0x400, {0}, {{'M', RAW("\0\0\0\1s"), false}}},
	PATIENCE_MS, "not an answer to this event"},
    {"reply without NUL", AT_END("\0\0\0\4y550"), "ends with one NUL"},
    {"reply with two NULs", AT_END("\0\0\0\6y550\0\0"), "ends with one NUL"},
    {"empty reply", AT_END("\0\0\0\2y\0"), "4xx or 5xx"},
    {"reply 250", AT_END("\0\0\0\5y250\0"), "4xx or 5xx"},
    {"reply 5x0", AT_END("\0\0\0\5y5x0\0"), "4xx or 5xx"},
    {"reply 5500", AT_END("\0\0\0\6y5500\0"), "4xx or 5xx"},
    {"quarantine without NUL", AT_END("\0\0\0\2qx"), "a misplaced NUL"},
    {"insert without value", AT_END("\0\0\0\7i\0\0\0\0A\0"), "a misplaced NUL"},
    {"insert without index", AT_END("\0\0\0\3i\0\0"), "a misplaced NUL"},
    {"insert without name", AT_END("\0\0\0\7i\0\0\0\0\0\0"), "a misplaced NUL"},
    {"value without NUL", AT_END("\0\0\0\4hA\0v"), "a misplaced NUL"},
    {"text after the value", AT_END("\0\0\0\6hA\0v\0x"), "a misplaced NUL"},
    {"add recipient with arguments", AT_END("\0\0\0\5+a\0b\0"),
	"misplaced NUL"},
    {"insert before the end",
	{ALL_ACTIONS, 0, {0},
	    {{'H', RAW("\0\0\0\011i\0\0\0\000A\0v\0"), false}}},
	PATIENCE_MS, "\"i\" at HELO: the protocol allows no change there"},
    {"insert not negotiated",
	{0x10, 0, {0}, {{'E', RAW("\0\0\0\011i\0\0\0\000A\0v\0"), false}}},
	PATIENCE_MS, "did not ask for this change"},
    {"delete not negotiated",
	{0x01, 0, {0}, {{'E', RAW("\0\0\0\010m\0\0\0\001A\0\0"), false}}},
	PATIENCE_MS, "did not ask for this change"},
    {"quarantine not negotiated",
	{0x1f, 0, {0}, {{'E', RAW("\0\0\0\3qx\0"), false}}}, PATIENCE_MS,
	"did not ask for this change"},
    {"second negotiation", AT_END("\0\0\0\015O\0\0\0\6\0\0\0\0\0\0\0\0"),
	"\"O\" at END"},
};

static void
refuses_what_is_not(void **state)
{
	(void)state;
	FOR_ROWS(i, bad_rows, bad_rows[i].label) {
		const struct bad_row *row = &bad_rows[i];
		struct pst_arena *arena = pst_arena_new();
		struct pst_mta_mail mail = plain_mail();
		struct pst_mta_verdict verdict;
		struct filter filter;
		struct pst_err err = {""};
		int fd = filter_start(&filter, &row->script);
		struct pst_mta_client *milter =
		    pst_mta_open(fd, row->timeout_ms, &err);
		if (milter != NULL &&
		    pst_mta_deliver(milter, arena, &mail, &verdict, &err))
			fail_msg("it was taken");
		if (strstr(err.text, row->err) == NULL)
			fail_msg("sentence is \"%s\"", err.text);
		pst_mta_close(milter);
		filter_stop(&filter);
		filter_free(&filter);
		pst_arena_free(arena);
	}
}

/* The client sends what Postfix would, octet for octet. */
static void
sends_as_postfix(void **state)
{
	static const struct filter_script script = {
	    ALL_ACTIONS, LEADSPC, {0}, {{0}}};
	static const struct pst_str packets[] = {
	    RAW("O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"),
	    RAW("DCj\0gw.example\0{daemon_name}\0gw.example\0"
		"{daemon_addr}\000127.0.0.1\0v\0postern send\0"
		"_\0mx.example [192.0.2.1]\0"),
	    RAW("Cmx.example\0004\0\000192.0.2.1\0DHHhelo.example\0"),
	    RAW("DM{mail_addr}\0a@b.example\0{mail_host}\0b.example\0"
		"{mail_mailer}\0smtp\0M<A@b.example>\0"),
	    RAW("DR{rcpt_addr}\0c@d.example\0"),
	    RAW("R<c@d.example>\0DTi\0QID1\0T"),
	    RAW("DLi\0QID1\0LFrom\0 a@b\0DLi\0QID1\0LX\0y\0"),
	    RAW("DNi\0QID1\0NDBi\0QID1\0Bhello\r\nDEi\0QID1\0EAQ"),
	};
	struct pst_arena *arena = pst_arena_new();
	struct pst_mta_mail mail = plain_mail();
	struct pst_mta_verdict verdict;
	struct filter filter;
	struct pst_err err = {""};
	int fd = filter_start(&filter, &script);
	struct pst_mta_client *milter = pst_mta_open(fd, PATIENCE_MS, &err);

	(void)state;
	assert_non_null(milter);
	assert_true(pst_mta_deliver(milter, arena, &mail, &verdict, &err));
	pst_mta_close(milter);
	filter_stop(&filter);
	for (size_t i = 0; i < PST_COUNT(packets); i++)
		if (!filter_saw(&filter, packets[i]))
			fail_msg("packet %zu was not sent", i);
	filter_free(&filter);
	pst_arena_free(arena);
}

/* As an MTA, it goes on while one recipient is left. */
static void
several_recipients(void **state)
{
	static const char *const more[] = {"<e@f.example>", "<g@h.example>"};
	static const struct {
		const char *label;
		struct filter_script script;
		size_t more;
		const char *trace;
		enum pst_mta_action action;
		const char *stage;
		const char *refused[2];
	} rows[] = {
	    {"all accepted", {0, 0, {0}, {{0}}}, 2, "OCHMRRRTLLNBEAQ",
		PST_MTA_ACCEPT, "END", {NULL}},
	    {"two refused",
		{0, 0, {0},
		    {{'R', RAW("\0\0\0\016y451 4.7.1 no\0"), false},
			{'R', RAW("\0\0\0\1r"), false}}},
		2, "OCHMRRRTLLNBEAQ", PST_MTA_ACCEPT, "END",
		{"<c@d.example> 451 4.7.1 no", "<e@f.example> reject"}},
	    {"all refused",
		{0, 0, {0},
		    {{'R', RAW("\0\0\0\1r"), false},
			{'R', RAW("\0\0\0\1t"), false}}},
		1, "OCHMRRAQ", PST_MTA_TEMPFAIL, "RCPT",
		{"<c@d.example> reject"}},
	    {"the connection is shut down",
		{0, 0, {0}, {{'R', RAW("\0\0\0\0014"), false}}}, 2, "OCHMRAQ",
		PST_MTA_TEMPFAIL, "RCPT", {NULL}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_mta_mail mail = plain_mail();
		struct pst_mta_verdict verdict;
		struct filter filter;
		struct pst_err err = {""};
		int fd = filter_start(&filter, &rows[i].script);
		struct pst_mta_client *milter =
		    pst_mta_open(fd, PATIENCE_MS, &err);

		assert_non_null(milter);
		mail.more_rcpts = more;
		mail.more_count = rows[i].more;
		if (!pst_mta_deliver(milter, arena, &mail, &verdict, &err))
			fail_msg("%s", err.text);
		pst_mta_close(milter);
		filter_stop(&filter);
		assert_string_equal(filter.trace, rows[i].trace);
		assert_int_equal(verdict.action, rows[i].action);
		assert_string_equal(verdict.stage, rows[i].stage);
		for (size_t n = 0; n < 2 && rows[i].refused[n] != NULL; n++)
			assert_string_equal(
			    verdict.refused[n], rows[i].refused[n]);
		assert_int_equal(verdict.refused_count,
		    (rows[i].refused[0] != NULL) +
			(rows[i].refused[1] != NULL));
		filter_free(&filter);
		pst_arena_free(arena);
	}
}

/* Requested macros, IPv6, an unknown client, no LEADSPC, no HELO. */
static void
sends_what_was_asked(void **state)
{
	static const struct filter_script script = {0, 0,
	    RAW("\0\0\0\051O\0\0\0\6\0\0\0\0\0\0\0\0"
		"\0\0\0\0{client_addr} i\0\0\0\0\5j i\0"),
	    {{0}}};
	static const struct pst_str packets[] = {
	    RAW("DC{client_addr}\0002001:db8::1\0"
		"C[2001:db8::1]\0006\0\0002001:db8::1\0DM"),
	    RAW("LFrom\0a@b\0"),
	    RAW("DEj\0gw.example\0i\0QID1\0E"),
	};
	struct pst_arena *arena = pst_arena_new();
	struct pst_mta_mail mail = plain_mail();
	struct pst_mta_verdict verdict;
	struct filter filter;
	struct pst_err err = {""};
	int fd = filter_start(&filter, &script);
	struct pst_mta_client *milter = pst_mta_open(fd, PATIENCE_MS, &err);

	(void)state;
	if (milter == NULL)
		fail_msg("%s", err.text);
	assert_true(pst_ip_parse(PST_STR("2001:db8::1"), &mail.client));
	mail.client_name = "";
	mail.helo = "";
	assert_true(pst_mta_deliver(milter, arena, &mail, &verdict, &err));
	pst_mta_close(milter);
	filter_stop(&filter);
	for (size_t i = 0; i < PST_COUNT(packets); i++)
		if (!filter_saw(&filter, packets[i]))
			fail_msg("packet %zu was not sent", i);
	assert_string_equal(filter.trace, "OCMRTLLNBEAQ");
	filter_free(&filter);
	pst_arena_free(arena);
}

/* The body goes in chunks of at most 65535 octets; the filter may skip. */
static void
cuts_the_body(void **state)
{
	static const struct filter_script whole = {0, 0, {0}, {{0}}};
	static const struct filter_script skipped = {
	    0, 0x400, {0}, {{'B', RAW("\0\0\0\1s"), false}}};
	static char body[65535 * 2 + 1];
	struct pst_saved_message big = {fields, 2, {body, sizeof(body)}};

	(void)state;
	memset(body, 'x', sizeof(body));
	for (int round = 0; round < 2; round++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_mta_mail mail = plain_mail();
		struct pst_mta_verdict verdict;
		struct filter filter;
		struct pst_err err = {""};
		int fd = filter_start(&filter, round == 0 ? &whole : &skipped);
		struct pst_mta_client *milter =
		    pst_mta_open(fd, PATIENCE_MS, &err);
		assert_non_null(milter);
		mail.message = &big;
		assert_true(
		    pst_mta_deliver(milter, arena, &mail, &verdict, &err));
		pst_mta_close(milter);
		filter_stop(&filter);
		assert_string_equal(filter.trace,
		    round == 0 ? "OCHMRTLLNBBBEAQ" : "OCHMRTLLNBEAQ");
		assert_int_equal(verdict.body_skipped, round == 1);
		filter_free(&filter);
		pst_arena_free(arena);
	}
}

/* Two sessions over one connection, as Sendmail can do. */
static void
reuses_a_connection(void **state)
{
	static const struct filter_script script = {
	    0, 0, {0}, {{'M', RAW("\0\0\0\1r"), false}}};
	struct pst_arena *arena = pst_arena_new();
	struct pst_mta_mail mail = plain_mail();
	struct pst_mta_verdict verdict;
	struct filter filter;
	struct pst_err err = {""};
	int fd = filter_start(&filter, &script);
	struct pst_mta_client *milter = pst_mta_open(fd, PATIENCE_MS, &err);

	(void)state;
	assert_non_null(milter);
	assert_true(pst_mta_deliver(milter, arena, &mail, &verdict, &err));
	assert_int_equal(verdict.action, PST_MTA_REJECT);
	assert_true(pst_mta_reuse(milter, &err));
	assert_true(pst_mta_deliver(milter, arena, &mail, &verdict, &err));
	assert_int_equal(verdict.action, PST_MTA_ACCEPT);
	pst_mta_close(milter);
	filter_stop(&filter);
	assert_string_equal(filter.trace, "OCHMKCHMRTLLNBEAQ");
	filter_free(&filter);
	pst_arena_free(arena);
}

static void
connects(void **state)
{
	char dir[] = "/tmp/test_milter.XXXXXX";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pst_endpoint where;
	struct pst_err err = {""};
	char text[PST_ENDPOINT_TEXT_SIZE];

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
	(void)snprintf(text, sizeof(text), "unix:%s", address.sun_path);
	assert_true(pst_endpoint_parse(pst_str(text), &where, &err));
	assert_int_equal(pst_mta_connect(&where, PATIENCE_MS, &err), -1);
	assert_non_null(strstr(err.text, "No such file"));
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(server >= 0);
	assert_int_equal(
	    bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server, 1), 0);
	int fd = pst_mta_connect(&where, PATIENCE_MS, &err);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	close(fd);
	close(server);
	assert_int_equal(pst_mta_connect(&where, PATIENCE_MS, &err), -1);
	assert_non_null(strstr(err.text, "refused"));
	unlink(address.sun_path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_the_protocol),
	    cmocka_unit_test(refuses_what_is_not),
	    cmocka_unit_test(sends_as_postfix),
	    cmocka_unit_test(several_recipients),
	    cmocka_unit_test(sends_what_was_asked),
	    cmocka_unit_test(cuts_the_body),
	    cmocka_unit_test(reuses_a_connection),
	    cmocka_unit_test(connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
