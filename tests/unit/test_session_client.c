/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/domain.h"
#include "base/macros.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define GOOD_IP "192.0.2.10"
#define BAD_IP "192.0.2.66"
#define BANK "From: ceo@bank.example\nSubject: test\n"

/* More tags than are read (R-DMARC-19). */
#define TAGS_RECORD                                                            \
	"_dmarc.tags.example. 60 IN TXT \"v=DMARC1; p=none; " TAGS("a")        \
	    TAGS("b") TAGS("c") "\" \"" TAGS("d") TAGS("e") TAGS("f")          \
		TAGS("g") "\"\n"
#define TAGS(x)                                                                \
	x "a=;" x "b=;" x "c=;" x "d=;" x "e=;" x "f=;" x "g=;" x "h=;" x      \
	  "i=;" x "j=;"

static const char zone[] =
    "bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n" TAGS_RECORD
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.lax.example. 60 IN TXT \"v=DMARC1; p=none\"\n"
    "helo.bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
    "10.2.0.192.in-addr.arpa. 60 IN PTR mail.bank.example.\n"
    "mail.bank.example. 60 IN A 192.0.2.10\n";

static const struct letter spoof = {
    .mail_from = "<x@bulk.example>", .header = BANK, .body = "Hello.\r\n"};

static struct lab lab;

static int
open_lab(void **state)
{
	(void)state;
	lab_open(&lab, LAB_CONFIG, zone);
	return 0;
}

static int
close_lab(void **state)
{
	(void)state;
	lab_close(&lab);
	return 0;
}

/* What the log says in addition to the verdict: R-DMARC-19, -31, R-SEC-13. */
static void
test_notes(void **state)
{
	static const struct {
		const char *label, *header, *note, *org_domain;
	} rows[] = {
	    {"nothing to say", BANK, NULL, NULL},
	    {"too many tags", "From: a@tags.example\n",
		"the DMARC record of tags.example exceeds a limit; the rest of it "
		"is ignored",
		NULL},
	    {"passed for a sibling", "From: a@www.bank.example\n", NULL,
		"bank.example"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct letter letter = {.helo = "helo.bank.example",
		    .mail_from = "<ceo@bank.example>",
		    .header = rows[i].header,
		    .body = "Hello.\r\n"};
		struct pst_session *session = lab_connect(&lab, GOOD_IP);
		const struct pst_message *m = lab_send(session, &letter);
		struct pst_arena *arena = pst_arena_new();
		const char *line = pst_explain_line(arena, m);

		if ((m->note == NULL) != (rows[i].note == NULL) ||
		    (m->note != NULL && strcmp(m->note, rows[i].note) != 0))
			fail_msg("%s", m->note);
		if ((strstr(line, " org=bank.example ") != NULL) !=
		    (rows[i].org_domain != NULL))
			fail_msg("%s", line);
		pst_arena_free(arena);
		pst_session_close(session);
	}
}

/* R-SPF-4: we must find the same domain as the MTA. */
static void
test_mta_address_rows(void **state)
{
	static const struct {
		const char *label, *mail_from, *mta_address;
		enum pst_result spf;
	} rows[] = {
	    {"the MTA says nothing", "<a@bank.example>", "", PST_RESULT_PASS},
	    {"the same", "<a@bank.example>", "a@bank.example", PST_RESULT_PASS},
	    {"lower-cased", "<A@BANK.example>", "a@bank.example",
		PST_RESULT_PASS},
	    {"another local part", "<a@bank.example>", "b@bank.example",
		PST_RESULT_PASS},
	    {"another domain", "<a@bank.example>", "a@bulk.example",
		PST_RESULT_NONE},
	    {"no address", "<a@bank.example>", "(a@bank.example",
		PST_RESULT_NONE},
	    {"not null to the MTA", "<>", "a@bank.example", PST_RESULT_NONE},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session = lab_connect(&lab, GOOD_IP);

		pst_session_helo(session, PST_STR("helo.bank.example"));
		pst_session_mail(session, pst_str(rows[i].mail_from),
		    pst_str(rows[i].mta_address), false);
		const struct pst_message *m =
		    pst_session_end(session, PST_STR(""), NULL);
		if (m->findings.spf.result != rows[i].spf)
			fail_msg("%s", pst_result_word(m->findings.spf.result));
		pst_session_close(session);
	}
}

#define LAB_SIGN "sign = yes\nsign \"a.example\" { selector = s key = /k }\n"

static void
test_exempt_rows(void **state)
{
	static const struct {
		const char *label, *config, *ip;
		bool authenticated;
		enum pst_exempt want;
	} rows[] = {
	    {"nobody", "", BAD_IP, false, PST_EXEMPT_NO},
	    {"no address", "", NULL, false, PST_EXEMPT_NO_ADDRESS},
	    {"authenticated", "", BAD_IP, true, PST_EXEMPT_AUTHENTICATED},
	    {"authenticated without address", "", NULL, true,
		PST_EXEMPT_AUTHENTICATED},
	    {"trusted", "trusted-networks = {\"192.0.2.64/26\"}\n", BAD_IP,
		false, PST_EXEMPT_TRUSTED},
	    {"trusted and authenticated",
		"trusted-networks = {\"192.0.2.64/26\"}\n", BAD_IP, true,
		PST_EXEMPT_TRUSTED},
	    {"next to trusted", "trusted-networks = {\"192.0.2.64/32\"}\n",
		BAD_IP, false, PST_EXEMPT_NO},
	    {"trusted, mapped", "trusted-networks = {\"192.0.2.64/26\"}\n",
		"::ffff:192.0.2.66", false, PST_EXEMPT_TRUSTED},
	    {"trusted IPv6",
		"trusted-networks = {\"::1\", \"2001:db8::/32\"}\n",
		"2001:db8::7", false, PST_EXEMPT_TRUSTED},
	    {"signing", LAB_SIGN, BAD_IP, false, PST_EXEMPT_SIGNING},
	    {"signing, trusted",
		LAB_SIGN "trusted-networks = {\"192.0.2.64/26\"}\n", BAD_IP,
		true, PST_EXEMPT_SIGNING},
	    {"signing without address", LAB_SIGN, NULL, false,
		PST_EXEMPT_SIGNING},
	    {"evaluated all the same", "evaluate-authenticated = yes\n", BAD_IP,
		true, PST_EXEMPT_NO},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct letter letter = spoof;
		struct pst_arena *arena = pst_arena_new();
		struct lab own;

		lab_open(&own,
		    pst_arena_printf(
			arena, "%sdmarc { " LAB_NO_LIST " }\n", rows[i].config),
		    zone);
		struct pst_session *session = lab_connect(&own, rows[i].ip);
		letter.authenticated = rows[i].authenticated;
		const struct pst_message *m = lab_send(session, &letter);
		if (m->findings.exempt != rows[i].want)
			fail_msg("%s", pst_exempt_word(m->findings.exempt));
		/* A client that is not evaluated costs no query. */
		assert_int_equal(
		    pst_dns_count(m->dns) == 0, rows[i].want != PST_EXEMPT_NO);
		assert_int_equal(m->findings.from.verdict, PST_FROM_SINGLE);
		pst_session_close(session);
		lab_close(&own);
		pst_arena_free(arena);
	}
}

static const char *
fill(struct pst_arena *arena, char c, size_t len)
{
	char *text = pst_arena_alloc(arena, len + 1);

	memset(text, c, len);
	return text;
}

static void
test_long_envelope(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text = fill(arena, 'a', 100000);
	const char *path = pst_arena_printf(arena, "<%s@bank.example>", text);
	struct pst_session *session = lab_connect(&lab, GOOD_IP);
	const struct pst_message *m;

	(void)state;
	pst_session_host(session, pst_str(text));
	m = lab_send(session,
	    &(struct letter){.helo = text, .mail_from = path, .header = BANK});
	assert_true(m->helo.len <= 2048);
	assert_true(m->mail_from.len <= 2048);
	/* A path that is cut off is not an address, nor another's. */
	assert_int_equal(m->findings.spf.result, PST_RESULT_NONE);
	assert_null(m->findings.spf.domain);
	assert_int_equal(m->decision.action, PST_ACTION_REJECT);

	path = pst_arena_printf(arena, "%s@bank.example.bulk.example",
	    fill(arena, 'a', 2048 - strlen("@bank.example")));
	m = lab_send(session,
	    &(struct letter){.helo = "h", .mail_from = path, .header = BANK});
	assert_true(pst_str_iends(m->mail_from, PST_STR("@bank.example")));
	assert_int_equal(m->findings.spf.result, PST_RESULT_NONE);
	pst_session_close(session);
	pst_arena_free(arena);
}

/* A name that is too long is cut off before the MTA's own name begins. */
static void
test_client_name_length(void **state)
{
	static const struct pst_mta able = {true, true, true};
	static const struct {
		const char *label;
		size_t given, kept;
	} rows[] = {
	    {"none", 0, 0},
	    {"the longest", 255, 255},
	    {"one octet too long", 256, 255},
	    {"much too long", 1000, 255},
	};
	const struct pst_ip ip = {.family = PST_IP_NONE};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_session *session = pst_session_open(lab.service, &ip,
		    pst_str(fill(arena, 'n', rows[i].given)), able, false);
		const struct pst_message *m;

		pst_session_host(session, PST_STR("mx.example"));
		m = lab_send(session, &spoof);
		assert_string_equal(
		    m->client_name, fill(arena, 'n', rows[i].kept));
		pst_session_close(session);
		pst_arena_free(arena);
	}
}

static void
test_authserv_id(void **state)
{
	static const char config[] = "dmarc { " LAB_NO_LIST " }\n";
	struct pst_arena *arena = pst_arena_new();
	const char *cut = pst_arena_printf(arena, "%s.%s.%s.%s.example",
	    fill(arena, 'a', 63), fill(arena, 'b', 63), fill(arena, 'c', 63),
	    fill(arena, 'd', 60));
	const struct {
		const char *label, *host, *want; /* NULL: the machine's name */
	} rows[] = {
	    {"name", "MX.Example", "mx.example"},
	    {"final dot", "mx.example.", "mx.example"},
	    {"single label", "mx", "mx"},
	    {"none", "", NULL},
	    {"not a name", "mx example; dmarc=pass", NULL},
	    {"a name when cut off", cut, NULL},
	};
	struct lab own;

	(void)state;
	lab_open(&own, config, zone);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_session *session = lab_connect(&own, GOOD_IP);
		const struct pst_message *m;

		pst_session_host(session, PST_STR("first.example"));
		pst_session_host(session, pst_str(rows[i].host));
		m = lab_send(session, &spoof);
		assert_non_null(
		    pst_domain_normalize(arena, pst_str(m->authserv_id)));
		if (rows[i].want == NULL ?
			pst_str_starts(
			    pst_str(rows[i].host), pst_str(m->authserv_id)) &&
			    rows[i].host[0] != '\0' :
			strcmp(m->authserv_id, rows[i].want) != 0)
			fail_msg("%s", m->authserv_id);
		pst_session_close(session);
	}
	lab_close(&own);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notes),
	    cmocka_unit_test(test_mta_address_rows),
	    cmocka_unit_test(test_exempt_rows),
	    cmocka_unit_test(test_long_envelope),
	    cmocka_unit_test(test_client_name_length),
	    cmocka_unit_test(test_authserv_id),
	};

	return cmocka_run_group_tests(tests, open_lab, close_lab);
}
