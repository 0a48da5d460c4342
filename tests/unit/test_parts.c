/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "core/enforcement.h"
#include "core/parts.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static const char config[] =
    LAB_CONFIG "mode = monitor\nenforce-recipients = {strict.example}\n"
	       "monitor-recipients = {watch.example}\n"
	       "mixed-recipients = split\n";
static const char zone[] =
    "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.mild.example. TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.lax.example. TXT \"v=DMARC1; p=none\"\n";

#define NOW "Tue, 14 Nov 2023 22:13:20 +0000"

/* One transaction of a client. */
struct attempt {
	const char *ip;    /* NULL: 192.0.2.1 */
	const char *rcpts; /* small letters are at watch.example, capital ones
	                      at strict.example, digits at other.example */
	/*
	 * What becomes of each recipient: L comes later (451 to RCPT), S is
	 * split (451 at the end), A accepted, T tagged, R refused.
	 */
	const char *want;
	const char *id;     /* of the message; NULL: "1" */
	const char *sender; /* MAIL FROM; NULL: <> */
	const char *mixed;  /* NULL: anything */
};

static char
letter_for(const struct pst_message *message)
{
	switch (message->decision.action) {
	case PST_ACTION_ACCEPT:
		return 'A';
	case PST_ACTION_TAG:
		return 'T';
	case PST_ACTION_REJECT:
		return 'R';
	case PST_ACTION_TEMPFAIL:
		return strcmp(message->decision.rule, PST_PARTS_RULE) == 0 ?
		    'S' :
		    'D';
	case PST_ACTION_QUARANTINE:
		break;
	}
	return 'Q';
}

static void
rcpt_text(char letter, char text[32])
{
	const char *domain = "other";

	if (letter >= 'a')
		domain = "watch";
	else if (letter >= 'A')
		domain = "strict";
	(void)snprintf(text, 32, "<%c@%s.example>", letter, domain);
}

/* Plays a transaction; got has room for an octet for each recipient. */
static void
play(struct pst_session *session, const struct attempt *attempt,
    const char *header, char *got)
{
	const char *id = attempt->id == NULL ? "1" : attempt->id;
	const struct pst_message *message;
	char text[400];

	pst_session_mail(session,
	    pst_str(attempt->sender == NULL ? "<>" : attempt->sender),
	    PST_STR(""), false);
	for (size_t i = 0; attempt->rcpts[i] != '\0'; i++) {
		rcpt_text(attempt->rcpts[i], text);
		got[i] = pst_session_rcpt(session, pst_str(text)) ? '?' : 'L';
	}
	(void)snprintf(
	    text, sizeof(text), "Message-ID: <%s@x>\n%s", id, header);
	lab_header(session, text);
	message = pst_session_end(session, PST_STR("Q"), NULL);
	for (size_t i = 0; attempt->rcpts[i] != '\0'; i++) {
		if (got[i] == '?')
			got[i] = letter_for(message);
	}
	got[strlen(attempt->rcpts)] = '\0';
	if (attempt->mixed != NULL)
		assert_string_equal(message->decision.mixed, attempt->mixed);
	if (strchr(got, 'S') != NULL) {
		assert_int_equal(message->decision.code, 451);
		assert_int_equal(message->decision.edit_count, 0);
	}
}

static void
run(const struct lab *lab, const struct attempt *attempt, const char *header)
{
	const char *ip = attempt->ip == NULL ? "192.0.2.1" : attempt->ip;
	struct pst_session *session = lab_connect(lab, ip);
	char got[64];

	pst_session_can_defer_rcpts(session);
	play(session, attempt, header, got);
	assert_string_equal(got, attempt->want);
	pst_session_close(session);
}

#define FROM(domain) "Date: " NOW "\nFrom: a@" domain ".example\n"

static const struct {
	const char *label;
	const char *header;
	struct attempt attempts[6];
} message_rows[] = {
    {"one kind is not split", FROM("bank"),
	{{.rcpts = "ab", .want = "AA"}, {.rcpts = "AB", .want = "RR"}}},
    {"monitored first", FROM("bank"),
	{{.rcpts = "aA", .want = "SS", .mixed = "split"},
	    {.rcpts = "aA", .want = "AL"}, {.rcpts = "A", .want = "R"}}},
    {"enforced first", FROM("bank"),
	{{.rcpts = "AaBb", .want = "SSSS"}, {.rcpts = "AaBb", .want = "RLRL"},
	    {.rcpts = "ab", .want = "AA"}}},
    {"as configured is monitored here", FROM("bank"),
	{{.rcpts = "1A", .want = "SS"}, {.rcpts = "1A", .want = "AL"},
	    {.rcpts = "A", .want = "R"}}},
    {"monitored in two ways", FROM("bank"), {{.rcpts = "1a", .want = "AA"}}},
    {"tried again in another order", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "Aa", .want = "RL"},
	    {.rcpts = "a", .want = "A"}}},
    {"only the second kind is tried again", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "A", .want = "R"}}},
    {"some of each kind are tried again", FROM("bank"),
	{{.rcpts = "abAB", .want = "SSSS"}, {.rcpts = "bB", .want = "AL"},
	    {.rcpts = "aB", .want = "AL"}, {.rcpts = "AB", .want = "RR"}}},
    {"one by one", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "a", .want = "A"},
	    {.rcpts = "A", .want = "R"}}},
    {"another address of the network", FROM("bank"),
	{{.ip = "192.0.2.1", .rcpts = "aA", .want = "SS"},
	    {.ip = "192.0.2.254", .rcpts = "aA", .want = "AL"},
	    {.ip = "192.0.2.9", .rcpts = "A", .want = "R"}}},
    {"IPv6, another address of the network", FROM("bank"),
	{{.ip = "2001:db8::1", .rcpts = "aA", .want = "SS"},
	    {.ip = "2001:db8::2", .rcpts = "aA", .want = "AL"}}},
    {"always another network", FROM("bank"),
	{{.ip = "192.0.2.1", .rcpts = "aA", .want = "SS"},
	    {.ip = "198.51.100.1", .rcpts = "aA", .want = "SS"},
	    {.ip = "203.0.113.1", .rcpts = "aA", .want = "SS"},
	    {.ip = "192.0.3.1",
		.rcpts = "aA",
		.want = "RR",
		.mixed = "strictest:often"}}},
    {"never tried again", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "a", .want = "A", .id = "2"},
	    {.rcpts = "A", .want = "R", .id = "3"}}},
    {"another message meanwhile is split at once", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"},
	    {.rcpts = "aA", .want = "AL", .id = "2"},
	    {.rcpts = "A", .want = "R", .id = "2"},
	    {.rcpts = "aA", .want = "AL"}, {.rcpts = "A", .want = "R"}}},
    {"another sender is not affected", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"},
	    {.rcpts = "aA",
		.want = "SS",
		.id = "2",
		.sender = "<x@y.example>"}}},
    {"other recipients are not affected", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"},
	    {.rcpts = "bB", .want = "SS", .id = "2"}}},
    {"a recipient more", FROM("bank"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "aBA", .want = "SSL"}}},
    {"tags differ, too", FROM("mild"),
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "aA", .want = "AL"},
	    {.rcpts = "A", .want = "T"}}},
    {"accepted in both modes", FROM("lax"), {{.rcpts = "aA", .want = "AA"}}},
    {"no policy", FROM("no"), {{.rcpts = "aA", .want = "AA"}}},
    {"no Date", "From: a@bank.example\n",
	{{.rcpts = "aA", .want = "RR", .mixed = "strictest:date"}}},
    {"an old Date",
	"From: a@bank.example\nDate: Mon, 13 Nov 2023 22:13:20 +0000\n",
	{{.rcpts = "aA", .want = "RR", .mixed = "strictest:date"}}},
    {"a Date of next week",
	"From: a@bank.example\nDate: Tue, 21 Nov 2023 22:13:20 +0000\n",
	{{.rcpts = "aA", .want = "RR", .mixed = "strictest:date"}}},
    {"malformed From", "From: a\nDate: " NOW "\n",
	{{.rcpts = "aA", .want = "SS"}, {.rcpts = "aA", .want = "AL"},
	    {.rcpts = "A", .want = "R"}}},
};

/* What becomes of each recipient of one message, attempt by attempt. */
static void
test_attempts(void **state)
{
	(void)state;
	FOR_ROWS(i, message_rows, message_rows[i].label) {
		struct lab lab;

		lab_open(&lab, config, zone);
		for (size_t n = 0; n < PST_COUNT(message_rows[i].attempts) &&
		     message_rows[i].attempts[n].rcpts != NULL;
		     n++)
			run(&lab, &message_rows[i].attempts[n],
			    message_rows[i].header);
		lab_close(&lab);
	}
}

/* A client for which one refused recipient is a reason to give up. */
static void
test_gives_up(void **state)
{
	static const struct attempt first = {.rcpts = "aA", .want = "SS"};
	static const struct attempt last = {
	    .rcpts = "aA", .want = "RR", .mixed = "strictest:often"};
	struct pst_session *session;
	struct lab lab;

	(void)state;
	lab_open(&lab, config, zone);
	run(&lab, &first, FROM("bank"));
	session = lab_connect(&lab, "192.0.2.1");
	pst_session_can_defer_rcpts(session);
	for (unsigned i = 0; i < PST_SPLITS_MAX_TURNS; i++) {
		pst_session_mail(session, PST_STR("<>"), PST_STR(""), false);
		assert_true(
		    pst_session_rcpt(session, PST_STR("<a@watch.example>")));
		assert_false(
		    pst_session_rcpt(session, PST_STR("<A@strict.example>")));
		pst_session_abort(session);
	}
	pst_session_close(session);
	run(&lab, &last, FROM("bank"));
	lab_close(&lab);
}

/* The table is lost: the message is put off once more, but never for ever. */
static void
test_memory_lost(void **state)
{
	static const struct attempt attempts[] = {
	    {.rcpts = "aA", .want = "SS"},
	    {.rcpts = "aA", .want = "SS"},
	    {.rcpts = "aA", .want = "AL"},
	};
	static const struct attempt late = {
	    .rcpts = "aA", .want = "RR", .mixed = "strictest:date"};
	struct lab lab;

	(void)state;
	lab_open(&lab, config, zone);
	run(&lab, &attempts[0], FROM("bank"));
	lab_close(&lab);
	lab_open(&lab, config, zone);
	run(&lab, &attempts[1], FROM("bank"));
	run(&lab, &attempts[2], FROM("bank"));
	lab_close(&lab);
	lab_open(&lab, config, zone);
	pst_clock_advance(&lab.clock, PST_SPLITS_KEEP_MS);
	run(&lab, &late, FROM("bank"));
	lab_close(&lab);
}

/* The session was begun before messages were split. */
static void
test_session_without_answers(void **state)
{
	static const struct pst_mta silent = {true, true, true};
	static const struct attempt attempt = {
	    .rcpts = "aA", .want = "RR", .mixed = "strictest:session"};
	struct pst_ip ip;
	struct pst_session *session;
	struct lab lab;
	char got[8];

	(void)state;
	assert_true(pst_ip_parse(PST_STR("192.0.2.1"), &ip));
	lab_open(&lab, config, zone);
	session =
	    pst_session_open(lab.service, &ip, PST_STR(""), silent, false);
	play(session, &attempt, FROM("bank"), got);
	assert_string_equal(got, "RR");
	pst_session_close(session);
	lab_close(&lab);
}

static void
test_configurations(void **state)
{
#define SPLIT "mixed-recipients = split\n"
#define WATCH "monitor-recipients = {watch.example}\n"
	static const struct {
		const char *label, *config;
		bool wanted;
		struct attempt attempt;
	} rows[] = {
	    {"strictest", LAB_CONFIG WATCH, false,
		{.rcpts = "aA", .want = "RR", .mixed = "strictest"}},
	    {"strictest, all watch", LAB_CONFIG WATCH, false,
		{.rcpts = "ab", .want = "AA"}},
	    {"the monitored one is split off", LAB_CONFIG WATCH SPLIT, true,
		{.rcpts = "aA", .want = "SS"}},
	    {"no lists", LAB_CONFIG SPLIT, false,
		{.rcpts = "aA", .want = "RR"}},
	    {"submission", LAB_CONFIG WATCH SPLIT "submission = yes\n", false,
		{.rcpts = "aA", .want = "AA"}},
	    {"trusted client",
		"authserv-id = x\ntrusted-networks = {192.0.2.0/24}\n" WATCH
		    SPLIT,
		true, {.rcpts = "aA", .want = "AA"}},
	    {"monitor-domains counts for all",
		LAB_CONFIG WATCH SPLIT "monitor-domains = {bank.example}\n",
		true, {.rcpts = "aA", .want = "AA"}},
	    {"rule skip",
		LAB_CONFIG WATCH SPLIT
		"rule \"x\" { from-domain = {bank.example}\n action = skip }\n",
		true, {.rcpts = "aA", .want = "SS"}},
	    {"rule accept",
		LAB_CONFIG WATCH SPLIT
		"rule \"x\" { from-domain = {bank.example}\n"
		" action = accept }\n",
		true, {.rcpts = "aA", .want = "AA"}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config *own;
		struct lab lab;

		lab_open(&lab, rows[i].config, zone);
		own = pst_service_config(lab.service);
		assert_int_equal(pst_parts_are_wanted(own), rows[i].wanted);
		pst_config_unref(own);
		run(&lab, &rows[i].attempt, FROM("bank"));
		lab_close(&lab);
	}
}

/* The kind of a recipient, whatever spelling the sender chooses. */
static void
test_kinds(void **state)
{
#define M PST_RCPT_MONITORED
#define C PST_RCPT_CONFIGURED
#define E PST_RCPT_ENFORCED
	static const struct {
		const char *label, *rcpt, *mta;
		enum pst_rcpt_kind want;
	} rows[] = {
	    {"enforced", "<a@strict.example>", "", E},
	    {"monitored", "<a@watch.example>", "", M},
	    {"other", "<a@other.example>", "", C},
	    {"case", "<a@Strict.EXAMPLE>", "", E},
	    {"below", "<a@x.below.example>", "", E},
	    {"the name itself is not below", "<a@below.example>", "", C},
	    {"in both lists", "<a@both.example>", "", M},
	    {"the MTA agrees", "<a@watch.example>", "a@watch.example", M},
	    {"the MTA reads another domain", "<a@watch.example>",
		"a@strict.example", E},
	    {"the other way round", "<a@strict.example>", "a@watch.example", E},
	    {"the MTA reads an unlisted one", "<a@watch.example>",
		"a@other.example", C},
	    {"Sendmail's local recipient", "<a@watch.example>", "a", M},
	    {"source route", "<@watch.example:a@strict.example>", "", E},
	    {"quoted", "<\"a@watch.example\"@strict.example>", "", E},
	    {"no domain", "<postmaster>", "", E},
	    {"no domain, the MTA adds one", "<postmaster>",
		"postmaster@watch.example", M},
	    {"literal", "<a@[192.0.2.1]>", "", E},
	    {"cannot be read", "<a@watch.example", "", E},
	    {"empty", "<>", "", E},
	};
	struct pst_config *lists = lab_config(
	    LAB_CONFIG "enforce-recipients = {strict.example, .below.example, "
		       "both.example}\n"
		       "monitor-recipients = {watch.example, both.example}\n");
	struct pst_config *watch = lab_config(LAB_CONFIG WATCH);
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].label)
		assert_int_equal(
		    pst_enforcement_kind(arena, lists, pst_str(rows[i].rcpt),
			pst_str(rows[i].mta)),
		    rows[i].want);
	assert_int_equal(pst_enforcement_kind(arena, watch,
			     PST_STR("<postmaster>"), PST_STR("")),
	    C);
	pst_arena_free(arena);
	pst_config_unref(watch);
	pst_config_unref(lists);
#undef M
#undef C
#undef E
}

/* A small generator: the same numbers everywhere. */
static unsigned
draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

#define MAX_ATTEMPTS 20

/* Mixes up what is left, and sometimes leaves a part of it for later. */
static void
choose(unsigned *seed, const char *left, char *out)
{
	size_t count = strlen(left);

	memcpy(out, left, count + 1);
	for (size_t i = count; i > 1; i--) {
		size_t at = draw(seed, (unsigned)i);
		char c = out[at];

		out[at] = out[i - 1];
		out[i - 1] = c;
	}
	if (count > 1 && draw(seed, 3) == 0)
		out[1 + draw(seed, (unsigned)count - 1)] = '\0';
}

/*
 * Clients that try again in any order, in any parts, from any of two networks:
 * each recipient is done with after a few attempts. As a client does, this one
 * forgets a recipient that was accepted or refused, so nobody gets it twice.
 */
static void
test_any_client(void **state)
{
	static const char *const ips[] = {
	    "192.0.2.1", "192.0.2.2", "198.51.100.7"};

	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		char left[] = "abcABC1", now[8], got[8];
		unsigned state_ = seed, attempts = 0;
		struct lab lab;

		lab_open(&lab, config, zone);
		while (left[0] != '\0' && attempts++ < MAX_ATTEMPTS) {
			struct attempt one = {.rcpts = now};
			struct pst_session *session =
			    lab_connect(&lab, ips[draw(&state_, 3)]);

			pst_session_can_defer_rcpts(session);
			choose(&state_, left, now);
			play(session, &one, FROM("bank"), got);
			pst_session_close(session);
			for (size_t i = 0; now[i] != '\0'; i++) {
				char *at = strchr(left, now[i]);

				if (strchr("AR", got[i]) != NULL)
					memmove(at, at + 1, strlen(at));
			}
		}
		if (left[0] != '\0')
			fail_msg("seed %u: %s is left", seed, left);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_attempts),
	    cmocka_unit_test(test_gives_up),
	    cmocka_unit_test(test_memory_lost),
	    cmocka_unit_test(test_session_without_answers),
	    cmocka_unit_test(test_configurations),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_any_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
