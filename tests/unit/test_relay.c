/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/explain.h"
#include "core/relay.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define RELAY "203.0.113.25"
#define RELAYS LAB_CONFIG "relays = {\"" RELAY "\", \"2001:db8:25::/48\"}\n"
#define NAMED RELAYS "relay-names = {\"own.example\"}\n"

#define BY "by mx2.own.example with ESMTP id x; date\n"
#define FROM_CLIENT "Received: from h.example (c.example [192.0.2.7])\n\t" BY
#define FROM_RELAY "Received: from mx3 (mx3 [IPv6:2001:db8:25::3]) " BY
#define FROM_SELF "Received: from localhost ([127.0.0.1]) " BY
#define FORGED "Received: from f (f [198.51.100.1]) " BY
#define AUTHOR "From: ceo@bank.example\n"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.7 -all\"\n"
    "h.example. 60 IN TXT \"v=spf1 ip4:192.0.2.7 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n";

static const struct {
	const char *label, *config, *header;
	const char *ip; /* the client that is found; NULL: none */
} rows[] = {
    {"one relay", RELAYS, FROM_CLIENT FORGED AUTHOR, "192.0.2.7"},
    {"another field above it", RELAYS, "X: y\n" FROM_CLIENT AUTHOR,
	"192.0.2.7"},
    {"two relays", RELAYS, FROM_RELAY FROM_CLIENT FORGED AUTHOR, "192.0.2.7"},
    {"a scanner on the relay", RELAYS, FROM_SELF FROM_CLIENT FORGED AUTHOR,
	"192.0.2.7"},
    {"its own name", NAMED, FROM_CLIENT FORGED AUTHOR, "192.0.2.7"},
    {"nine relays", RELAYS,
	FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY
	    FROM_RELAY FROM_RELAY FROM_RELAY FROM_CLIENT AUTHOR,
	"192.0.2.7"},
    {"ten relays", RELAYS,
	FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY
	    FROM_RELAY FROM_RELAY FROM_RELAY FROM_RELAY FROM_CLIENT AUTHOR,
	NULL},
    {"no field", RELAYS, AUTHOR, NULL},
    {"none below a relay", RELAYS, FROM_RELAY AUTHOR, NULL},
    {"unreadable", RELAYS,
	"Received: from h (HELO [10.0.0.1]) (192.0.2.7) " BY FORGED AUTHOR,
	NULL},
    {"a local field of the relay", RELAYS, "Received: " BY FROM_CLIENT AUTHOR,
	NULL},
    {"another host's name", NAMED,
	"Received: from h (c [192.0.2.7]) by mx.foreign.example\n" AUTHOR,
	NULL},
    {"its name is only a part", NAMED,
	"Received: from h (c [192.0.2.7]) by notown.example\n" AUTHOR, NULL},
};

static const struct pst_message *
send_by(struct pst_session *session, const char *header)
{
	return lab_send(session,
	    &(struct letter){.helo = "mx2.own.example",
		.mail_from = "<ceo@bank.example>",
		.header = header,
		.body = "Hello.\r\n"});
}

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session;
		const struct pst_message *m;
		char ip[PST_IP_TEXT_SIZE];
		struct lab lab;

		lab_open(&lab, rows[i].config, zone);
		session = lab_connect(&lab, RELAY);
		m = send_by(session, rows[i].header);
		if (rows[i].ip == NULL) {
			if (m->findings.exempt != PST_EXEMPT_RELAY ||
			    strcmp(m->decision.rule, "relay") != 0 ||
			    m->via.family != PST_IP_NONE)
				fail_msg("by %s", m->decision.rule);
			assert_int_equal(pst_dns_count(m->dns), 0);
		} else {
			if (strcmp(pst_ip_text(&m->client, ip), rows[i].ip) !=
				0 ||
			    m->findings.exempt != PST_EXEMPT_NO)
				fail_msg("%s", ip);
			assert_string_equal(pst_ip_text(&m->via, ip), RELAY);
			assert_int_equal(
			    m->findings.spf.result, PST_RESULT_PASS);
			assert_int_equal(
			    m->findings.dmarc.result, PST_RESULT_PASS);
		}
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* A field over the limit is not skipped: a stranger wrote the next one. */
static void
test_large_field(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char *fill = pst_arena_alloc(arena, 3001);
	struct lab lab;
	struct pst_session *session;

	(void)state;
	memset(fill, 'x', 3000);
	fill[3000] = '\0';
	lab_open(&lab, RELAYS "header { max-field-size = 1k }\n", zone);
	session = lab_connect(&lab, RELAY);
	assert_int_equal(
	    send_by(session,
		pst_arena_printf(arena,
		    "Received: from %s (c [198.51.100.1]) " BY FROM_CLIENT
			AUTHOR,
		    fill))
		->findings.exempt,
	    PST_EXEMPT_RELAY);
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

/* A client that is not a relay is judged by its own address. */
static void
test_stranger(void **state)
{
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;

	(void)state;
	lab_open(&lab, RELAYS, zone);
	session = lab_connect(&lab, "198.51.100.9");
	m = send_by(session, FROM_CLIENT AUTHOR);
	assert_int_equal(m->findings.spf.result, PST_RESULT_FAIL);
	assert_int_equal(m->decision.action, PST_ACTION_REJECT);
	assert_int_equal(m->via.family, PST_IP_NONE);
	pst_session_close(session);
	lab_close(&lab);
}

/* A null sender is judged by the HELO name that the relay received. */
static void
test_helo(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct lab lab;
	struct pst_session *session;
	const struct pst_message *m;

	(void)state;
	lab_open(&lab, RELAYS, zone);
	session = lab_connect(&lab, RELAY);
	m = lab_send(session,
	    &(struct letter){.helo = "mx2.own.example",
		.mail_from = "<>",
		.header = FROM_CLIENT AUTHOR});
	assert_int_equal(m->findings.spf.result, PST_RESULT_PASS);
	assert_string_equal(m->findings.spf.domain, "h.example");
	assert_non_null(strstr(pst_explain_line(arena, m),
	    " client=192.0.2.7 via=" RELAY " helo=h.example "));
	assert_non_null(strstr(
	    pst_explain_json(arena, m, NULL, NULL), "\"via\":\"" RELAY "\""));
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
}

/* For a trusted client that is also a relay, the client before it counts. */
static void
test_trusted(void **state)
{
	static const struct {
		const char *label, *trusted;
		bool authenticated;
		enum pst_exempt want;
	} cases[] = {
	    {"the relay too", RELAY, false, PST_EXEMPT_NO},
	    {"the relay has logged in", "10.0.0.1", true, PST_EXEMPT_NO},
	    {"the client before it", "192.0.2.7", false, PST_EXEMPT_RELAY},
	};

	(void)state;
	FOR_ROWS(i, cases, cases[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const struct letter letter = {.mail_from = "<x@h.example>",
		    .authenticated = cases[i].authenticated,
		    .header = FROM_CLIENT AUTHOR};
		struct lab lab;
		struct pst_session *session;

		lab_open(&lab,
		    pst_arena_printf(arena,
			"trusted-networks = {\"%s\"}\nrelays = {\"" RELAY
			"\"}\ndmarc { " LAB_NO_LIST " }\n",
			cases[i].trusted),
		    zone);
		session = lab_connect(&lab, RELAY);
		if (lab_send(session, &letter)->findings.exempt !=
		    cases[i].want)
			fail_msg("%s", cases[i].label);
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_large_field),
	    cmocka_unit_test(test_stranger),
	    cmocka_unit_test(test_helo),
	    cmocka_unit_test(test_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
