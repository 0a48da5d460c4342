/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/rows.h"
#include "tools/trace.h"

/* Hops as programs write them. */
#define CLIENT                                                                 \
	"Received: from mail.corp.example (mail.corp.example [192.0.2.66])\n"  \
	"\tby mx.gateway.example (Postfix) with ESMTPS id 1; date\n"
#define INNER                                                                  \
	"Received: from mx.gateway.example (mx.gateway.example [10.0.0.1])\n"  \
	"\tby box.gateway.example (Postfix) with ESMTPS id 2; date\n"
#define INNER_PUBLIC                                                           \
	"Received: from mx.g (mx.g [203.0.113.9])\n"                           \
	"\tby box.gateway.example (Postfix) with ESMTPS id 2; date\n"
#define LMTP                                                                   \
	"Received: from mx.gateway.example\n\tby box.gateway.example with "    \
	"LMTP\n\tid 3; date\n"
#define LMTP_TCP                                                               \
	"Received: from mx (mx [198.51.100.7]) by box with LMTPA; date\n"
#define GMAIL                                                                  \
	"Received: by 2002:a05:6402:1204:b0:40f:1:2 with SMTP id x; date\n"
#define FETCHMAIL                                                              \
	"Received: from pop.isp.example [198.51.100.8]\n\tby laptop with "     \
	"POP3 (fetchmail-6.4.37)\n\tfor <u@localhost>; date\n"
#define LOOPBACK                                                               \
	"Received: from localhost (localhost [127.0.0.1])\n"                   \
	"\tby mx.gateway.example (Postfix) with ESMTP id 4; date\n"
#define EXCHANGE                                                               \
	"Received: from EX1.corp.local (10.0.0.11) by EX2.corp.local "         \
	"(10.0.0.12)\n with Microsoft SMTP Server (version=TLS1_2, x) id "     \
	"15.1; date\n"
#define MAPI                                                                   \
	"Received: from EX2.corp.local ([fe80::1]) by EX2.corp.local "         \
	"([fe80::1%5]) with mapi id 15.1; date\n"
#define M365                                                                   \
	"Received: from A.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) "  \
	"by\n B.outlook.office365.com (2603:10a6:10::2) with Microsoft SMTP "  \
	"Server id 15.20; date\n"
#define M365_HTTPS                                                             \
	"Received: from A.prod.outlook.com (2603:10a6:208::1) by\n "           \
	"B.prod.outlook.com with HTTPS; date\n"
#define GW_BOX                                                                 \
	"Received: from gw.site.example (gw.site.example [203.0.113.9])\n"     \
	"\tby box.site.example (Postfix) with ESMTPS id 5; date\n"
#define FROM_GW "Received: from m (m [192.0.2.66]) by gw.site.example; date\n"
#define RESULT(id) "Authentication-Results: " id ";\n\tspf=pass\n"
#define RESULT_IP(ip)                                                          \
	"Authentication-Results: mx.gateway.example; iprev=pass\n "            \
	"policy.iprev=" ip "\n"
#define FORGED                                                                 \
	"Received: from good (good [192.0.2.99]) by mx.gateway.example; date\n"
#define OUT "Received: from x (x [192.0.2.98]) by mail.corp.example; date\n"

static const struct {
	const char *label;
	const char *header;
	size_t client;    /* the number of the field, from 1; 0: none */
	const char *fate; /* one letter for each field above it */
	size_t results;   /* fields of ours */
	bool below;
	const char *other; /* hint, "+ID": adopted; NULL: none */
} rows[] = {
    {"the client's field alone", CLIENT, 1, "", 0, false, NULL},
    {"Dovecot LMTP", LMTP CLIENT, 2, "D", 0, false, NULL},
    {"LMTP over TCP", LMTP_TCP CLIENT, 2, "D", 0, false, NULL},
    {"our field", LMTP RESULT("mx.gateway.example") CLIENT, 2, "D", 1, false,
	NULL},
    {"our field, written otherwise",
	LMTP RESULT("(x) \"MX.Gateway.Example\" 1") CLIENT, 2, "D", 1, false,
	NULL},
    {"inner hop", INNER RESULT("mx.gateway.example") CLIENT, 2, "R", 1, false,
	NULL},
    {"public inner hop", INNER_PUBLIC RESULT("mx.gateway.example") CLIENT, 2,
	"R", 1, false, NULL},
    {"two inner hops, LMTP",
	LMTP INNER INNER_PUBLIC RESULT("mx.gateway.example") CLIENT OUT, 4,
	"DRR", 1, false, NULL},
    {"inner hops, no field of ours", LMTP INNER_PUBLIC CLIENT OUT, 3, "DO", 0,
	false, NULL},
    {"an alias", INNER_PUBLIC RESULT("alias.example") OUT, 2, "R", 1, false,
	NULL},
    {"fields of other programs on top",
	RESULT("box.example") LMTP RESULT("mx.gateway.example") CLIENT, 2, "D",
	1, false, NULL},
    {"two filters with one id",
	RESULT("mx.gateway.example") RESULT("mx.gateway.example") CLIENT, 1, "",
	2, false, NULL},
    {"Gmail", GMAIL CLIENT, 2, "N", 0, false, NULL},
    {"Gmail in front of a gateway",
	GMAIL "Received: from mx.g (mx.g. [203.0.113.9]) by mx.google.com with "
	      "ESMTPS id x; date\n" RESULT("mx.gateway.example") CLIENT,
	3, "NR", 1, false, NULL},
    {"Gmail alone",
	GMAIL RESULT("mx.google.com") "Received: from mail (mail. [192.0.2.66])"
				      " by mx.google.com with ESMTPS; date\n",
	2, "N", 0, false, "mx.google.com"},
    {"fetchmail", LOOPBACK FETCHMAIL CLIENT, 3, "LF", 0, false, NULL},
    {"fetchmail, unknown gateway",
	"Received: from localhost (localhost [127.0.0.1]) by laptop; date\n" FETCHMAIL
	    OUT,
	3, "LF", 0, false, NULL},
    {"Exchange", MAPI EXCHANGE EXCHANGE OUT, 4, "DPP", 0, false, NULL},
    {"Exchange behind us",
	MAPI EXCHANGE INNER RESULT("mx.gateway.example") CLIENT, 4, "DRR", 1,
	false, NULL},
    {"Microsoft 365", M365_HTTPS M365 M365 OUT, 4, "DSS", 0, false, NULL},
    {"Microsoft 365 behind us", M365_HTTPS M365 CLIENT, 3, "DO", 0, false,
	NULL},
    {"only the HELO says Microsoft",
	"Received: from x.outlook.com (192.0.2.66) by y.outlook.com "
	"(2603:10a6::1); date\n" OUT,
	1, "", 0, false, NULL},
    {"a content filter on the gateway",
	LOOPBACK RESULT("mx.gateway.example") CLIENT, 2, "R", 1, false, NULL},
    {"the filter runs after the milter",
	RESULT("mx.gateway.example") LOOPBACK CLIENT, 2, "L", 1, false, NULL},
    {"trusted network",
	"Received: from s (s [198.51.100.200]) by mx.gateway.example; date\n" CLIENT,
	2, "T", 0, false, NULL},
    {"a name of ours",
	"Received: from m (mx.gateway.example [203.0.113.9]) by box; date\n" OUT,
	2, "H", 0, false, NULL},
    {"a neighbour's field, behind LMTP",
	"Received: from gw.site.example by box.site.example with LMTP; date\n" RESULT(
	    "gw.site.example") FROM_GW,
	2, "D", 1, false, "+gw.site.example"},
    {"a neighbour's field, behind a host of its domain",
	LMTP GW_BOX RESULT("gw.site.example") FROM_GW, 3, "DR", 1, false,
	"+gw.site.example"},
    {"a neighbour of a neighbour",
	"Received: from r (r.site.example [203.0.113.7]) by box.site.example; "
	"date\nReceived: from gw (gw.site.example [203.0.113.9]) by "
	"r.site.example; date\n" RESULT("gw.site.example") FROM_GW,
	3, "RR", 1, false, "+gw.site.example"},
    {"a neighbour of an outsider",
	"Received: from r (r.site.example [203.0.113.7]) by box.site.example; "
	"date\nReceived: from gw (gw.site.example [203.0.113.9]) by "
	"x.site.example; date\n" RESULT("gw.site.example") FROM_GW,
	1, "", 0, false, "gw.site.example"},
    {"a name that may be forged",
	"Received: from gw.site.example (gw.site.example [203.0.113.9] (may be "
	"forged)) by box.site.example; date\n" RESULT("gw.site.example")
	    FROM_GW,
	1, "", 0, false, "gw.site.example"},
    {"only the HELO is the neighbour's",
	"Received: from gw.site.example (unknown [203.0.113.9]) by "
	"box.site.example; date\n" RESULT("gw.site.example") FROM_GW,
	1, "", 0, false, "gw.site.example"},
    {"a host of another domain",
	"Received: from gw.site.example (gw.site.example [203.0.113.9]) by "
	"box.other.example; date\n" RESULT("gw.site.example") FROM_GW,
	1, "", 0, false, "gw.site.example"},
    {"a neighbour below an outsider",
	"Received: from e (e [203.0.113.8]) by box.site.example; date\n" GW_BOX
	    RESULT("gw.site.example") FROM_GW,
	1, "", 0, false, "gw.site.example"},
    {"a neighbour without its field", GW_BOX FROM_GW, 1, "", 0, false, NULL},
    {"only private addresses", INNER, 1, "", 0, false, NULL},
    {"a private client of ours",
	"Received: from pc ([10.0.0.5]) by mx.gateway.example; date\n" OUT, 1,
	"", 0, false, NULL},
    {"this host's name",
	"Received: from m ([192.0.2.66]) by this.host.example; date\n" OUT, 1,
	"", 0, false, NULL},
    {"this host is the mailbox",
	"Received: from m ([10.0.0.5]) by this.host.example; date\n" OUT, 2,
	"P", 0, false, NULL},
    {"a forged field of ours below", CLIENT RESULT("mx.gateway.example") FORGED,
	1, "", 1, true, NULL},
    {"a name of ours below another host",
	"Received: from e (e [192.0.2.66]) by other.example; date\n" RESULT(
	    "not.ours.example") FORGED,
	2, "O", 0, false, NULL},
    {"the MTA puts our field below its own",
	CLIENT RESULT("mx.gateway.example"), 1, "", 1, true, NULL},
    {"our field names the client", RESULT_IP("192.0.2.98") CLIENT OUT, 2, "C",
	1, false, NULL},
    {"our field names a client that no other does",
	RESULT_IP("192.0.2.1") CLIENT, 0, "", 1, false, NULL},
    {"our field names a local client", RESULT_IP("127.0.0.1") LOOPBACK FORGED,
	1, "", 1, false, NULL},
    {"our field without any Received", RESULT("mx.gateway.example"), 0, "", 1,
	false, NULL},
    {"a version that is not 1", RESULT("mx.gateway.example 2") CLIENT, 1, "", 0,
	false, NULL},
    {"nothing", "A: b\n", 0, "", 0, false, NULL},
    {"no address at all", LMTP GMAIL, 0, "", 0, false, NULL},
};

/* One letter for each fate, in the order of the enumeration. */
static const char letters[] = "-ROCDFNLTHPS";

static const char *
fates(struct pst_arena *arena, const struct pst_trace *trace)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1024);
	for (size_t i = 0; i < trace->client && trace->client < trace->count;
	     i++) {
		const char *why = pst_trace_why(arena, trace, &trace->hops[i]);

		assert_non_null(why);
		pst_buf_add_char(&buf, letters[trace->hops[i].fate]);
	}
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

static void
finds_the_client(void **state)
{
	static const char *const ids[] = {
	    "mx.gateway.example", "alias.example"};
	static const char *const trusted_nets[] = {"198.51.100.200/32"};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_site site = {
		    .ids = ids, .id_count = 2, .host = "this.host.example"};
		struct pst_saved_message message;
		struct pst_trace got;
		struct pst_err err;
		struct pst_net_set trusted;
		const char *hint;
		size_t client;

		assert_true(
		    pst_net_set_make(&trusted, arena, trusted_nets, 1, &err));
		site.trusted = &trusted;
		assert_true(pst_message_parse(
		    arena, pst_str(rows[i].header), "T", &message, &err));
		pst_trace_read(arena, &message, &site, &got);
		client = got.client < got.count ? got.client + 1 : 0;
		if (client != rows[i].client)
			fail_msg("client %zu, not %zu", client, rows[i].client);
		if (strcmp(fates(arena, &got), rows[i].fate) != 0)
			fail_msg("fates %s, not %s", fates(arena, &got),
			    rows[i].fate);
		if (got.result_count != rows[i].results ||
		    got.results_below != rows[i].below)
			fail_msg("%zu results, below %d", got.result_count,
			    got.results_below);
		hint = got.adopted != NULL ?
		    pst_arena_printf(arena, "+%s", got.adopted) :
		    got.other_id;
		if ((hint == NULL) != (rows[i].other == NULL) ||
		    (hint != NULL && strcmp(hint, rows[i].other) != 0))
			fail_msg("hint %s", hint == NULL ? "-" : hint);
		pst_arena_free(arena);
	}
}

static void
reads_many(void **state)
{
	static const struct pst_site site;
	struct pst_arena *arena = pst_arena_new();
	struct pst_saved_message message;
	struct pst_trace got;
	struct pst_buf buf;
	struct pst_err err;

	(void)state;
	pst_buf_init(&buf, arena, 1 << 20);
	for (int i = 0; i < 1000; i++)
		pst_buf_add_text(&buf, GMAIL RESULT("x.example"));
	assert_true(
	    pst_message_parse(arena, pst_buf_slice(&buf), "T", &message, &err));
	pst_trace_read(arena, &message, &site, &got);
	assert_int_equal(got.count, PST_TRACE_MAX_HOPS);
	assert_int_equal(got.client, got.count);
	pst_arena_free(arena);
}

static void
counts(void **state)
{
	static const struct {
		size_t number;
		const char *wanted;
	} ordinals[] = {{1, "first"}, {2, "second"}, {10, "tenth"},
	    {11, "11th"}, {12, "12th"}, {13, "13th"}, {20, "20th"},
	    {21, "21st"}, {22, "22nd"}, {23, "23rd"}, {24, "24th"},
	    {100, "100th"}};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, ordinals, ordinals[i].wanted)
		assert_string_equal(
		    pst_trace_ordinal(arena, ordinals[i].number),
		    ordinals[i].wanted);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_client),
	    cmocka_unit_test(reads_many),
	    cmocka_unit_test(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
