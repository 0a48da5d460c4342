/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The keys of the log against the lists in posternd(8): what the manual lists is
 * logged, and what is logged is listed (R-LOG-5).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "base/macros.h"
#include "core/explain.h"
#include "core/log_line.h"
#include "tests/unit/core_fixture.h"

#define MAX_KEYS 100
#define BANK "From: ceo@bank.example\nMessage-ID: <1@bank.example>\n"

static struct lab lab;
static struct pst_session *session;
static struct pst_arena *arena;
static char manual[200000];

struct keys {
	const char *names[MAX_KEYS];
	size_t count;
};

static bool
has(const struct keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->names[i], name) == 0)
			return true;
	return false;
}

static void
add(struct keys *keys, struct pst_str name)
{
	const char *copy = pst_arena_memdup(arena, name.ptr, name.len);

	if (has(keys, copy))
		return;
	assert_true(keys->count < MAX_KEYS);
	keys->names[keys->count++] = copy;
}

/* Takes the items of the first list after a line of the manual. */
static void
read_manual(const char *after, struct keys *out)
{
	const char *begin = strstr(manual, after);
	struct pst_str rest, line, name;
	bool more = true, more_names;

	assert_non_null(begin);
	rest = pst_str(begin);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (pst_str_eq(line, PST_STR(".El")))
			break;
		if (!pst_str_starts(line, PST_STR(".It Li ")))
			continue;
		line = pst_str_from(line, strlen(".It Li "));
		more_names = true;
		while (pst_str_split(&line, ' ', &name, &more_names))
			if (!pst_str_eq(name, PST_STR(",")))
				add(out, name);
	}
	assert_true(out->count > 10);
}

static void
expect_same(const struct keys *logged, const struct keys *listed)
{
	for (size_t i = 0; i < logged->count; i++)
		if (!has(listed, logged->names[i]))
			fail_msg(
			    "posternd(8) does not list %s", logged->names[i]);
	for (size_t i = 0; i < listed->count; i++)
		if (!has(logged, listed->names[i]))
			fail_msg("%s is never logged", listed->names[i]);
}

static int
set_up(void **state)
{
	char name[4096];
	FILE *file;
	size_t len;

	(void)state;
	(void)snprintf(
	    name, sizeof(name), "%s/man/posternd.8", getenv("POSTERN_SRCDIR"));
	file = fopen(name, "r");
	assert_non_null(file);
	len = fread(manual, 1, sizeof(manual) - 1, file);
	assert_true(len > 0 && len < sizeof(manual) - 1);
	(void)fclose(file);
	arena = pst_arena_new();
	lab_open(&lab, LAB_CONFIG,
	    "bank.example. 60 IN TXT \"v=spf1 redirect=other.example\"\n"
	    "other.example. 60 IN TXT \"v=spf1 -all\"\n"
	    "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; p=none\"\n"
	    "_dmarc.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
	    "66.2.0.192.in-addr.arpa. 60 IN PTR bulk.example.\n"
	    "bulk.example. 60 IN A 192.0.2.66\n");
	session = lab_connect(&lab, "192.0.2.66");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pst_session_close(session);
	lab_close(&lab);
	pst_arena_free(arena);
	return 0;
}

/* Messages that have everything between them. */
static void
play(void (*take)(const struct pst_message *message, void *arg), void *arg)
{
	static const char *domains[] = {
	    "a.example", "b.example", "c.example", "d.example", "e.example"};
	static const struct letter letter = {
	    "h", "<x@bank.example>", false, BANK, NULL};
	struct pst_message m = *lab_send(session, &letter);
	struct pst_dkim_sig sigs[5] = {{.result = PST_RESULT_PASS}};
	static const struct pst_client_net client_nets[] = {
	    {"a.example", PST_HELD_YES}, {"b.example", PST_HELD_UNKNOWN}};

	take(&m, arg);
	for (size_t i = 0; i < PST_COUNT(sigs); i++)
		sigs[i].domain = domains[i];
	sigs[1].result = PST_RESULT_FAIL;
	sigs[1].selector = "s1";
	sigs[1].why = PST_DKIM_WHY_BODY_HASH;
	m.findings.dkim.sigs = sigs;
	m.findings.dkim.count = PST_COUNT(sigs);
	m.findings.from.domains = domains;
	m.findings.from.domain_count = PST_COUNT(domains);
	m.findings.dmarc.from_memory = true;
	m.findings.dmarc.remembered_s = 60;
	m.findings.dmarc.knowledge = PST_DMARC_INHERITED;
	m.findings.dmarc.org_domain = "bank.example";
	m.findings.spf.weak = PST_SPF_WEAK_RANGE;
	m.findings.has_arc = true;
	m.findings.arc.result = PST_RESULT_PASS;
	m.findings.arc.sealer = "lists.example";
	m.findings.has_helo = true;
	m.findings.helo = (struct pst_spf){.result = PST_RESULT_FAIL,
	    .domain = "mail.example",
	    .term = PST_STR("-all"),
	    .term_domain = "mail.example"};
	m.findings.dnssec = (struct pst_dnssec){true, PST_DNSSEC_DMARC, 0};
	m.findings.own = pst_arena_alloc(arena, sizeof(*m.findings.own));
	m.findings.own->shown = PST_SHOWN_OWN_ADDRESS;
	m.findings.indirect = "List-Id:list.example(spf)";
	m.findings.unverified = "signature:bank.example";
	m.findings.claims = "List-Post:b.example(not-authenticated)";
	m.findings.header_fault = PST_HEADER_SEVERAL_SUBJECT;
	m.decision.stripped = 2;
	m.findings.client_nets =
	    (struct pst_client_nets){client_nets, PST_COUNT(client_nets)};
	m.via = m.client;
	m.decision.action = PST_ACTION_ACCEPT;
	m.decision.would = PST_ACTION_REJECT;
	m.decision.rule = "our own";
	m.decision.titled = true;
	m.decision.mixed = "strictest";
	m.decision.undecided = true;
	m.is_test = true;
	take(&m, arg);
	m.done.failed = "setting the reply";
	m.helo = pst_str(
	    pst_arena_memdup(arena, manual, 300)); /* longer than allowed */
	take(&m, arg);
}

/* ---- JSON ---- */

static void
add_members(struct keys *keys, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		add(keys,
		    pst_str(pst_arena_printf(arena, "%s%s", prefix, key)));
		if (json_is_array(value) &&
		    json_is_object(json_array_get(value, 0)))
			for (size_t i = 0; i < json_array_size(value); i++)
				add_members(keys,
				    pst_arena_printf(arena, "%s.", key),
				    json_array_get(value, i));
	}
}

static void
add_object(struct keys *keys, const char *text)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (object == NULL)
		fail_msg("is not JSON: %s", text);
	add_members(keys, "", object);
	json_decref(object);
}

static void
take_json(const struct pst_message *message, void *arg)
{
	add_object(arg, pst_explain_line_json(arena, message));
	add_object(
	    arg, pst_explain_event_json(arena, message, "note", "sentence"));
}

/* Logs two lines to a file and adds their keys. */
static void
add_log_lines(struct keys *keys)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char line[2100];

	assert_non_null(file);
	pst_log_set_format(PST_LOG_JSON);
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	pst_log(PST_LOG_INFO, "a line");
	pst_log_object(PST_LOG_INFO, "{\"event\":\"message\"}");
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	pst_log_set_format(PST_LOG_TEXT);
	(void)close(saved);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		add_object(keys, line);
	(void)fclose(file);
}

static void
test_json(void **state)
{
	struct keys listed = {.count = 0}, logged = {.count = 0};

	(void)state;
	read_manual("\n.Ss JSON\n", &listed);
	play(take_json, &logged);
	add_log_lines(&logged);
	expect_same(&logged, &listed);
}

/* ---- text ---- */

static void
take_text(const struct pst_message *message, void *arg)
{
	struct pst_str rest = pst_str(pst_explain_line(arena, message));
	struct pst_str word;
	bool more = true;

	while (pst_str_split(&rest, ' ', &word, &more)) {
		size_t equals = pst_str_find(word, '=');

		if (equals < word.len)
			add(arg, pst_str_first(word, equals));
	}
}

static void
test_text(void **state)
{
	struct keys listed = {.count = 0}, logged = {.count = 0};

	(void)state;
	read_manual("It begins with the MTA's queue id.\n", &listed);
	play(take_text, &logged);
	expect_same(&logged, &listed);
}

static void
test_reasons(void **state)
{
	struct keys listed = {.count = 0}, known = {.count = 0};

	(void)state;
	read_manual("a DKIM signature did not pass are:\n", &listed);
	for (unsigned i = 1; i < PST_DKIM_WHY_COUNT; i++)
		add(&known, pst_str(pst_dkim_why_word(i)));
	expect_same(&known, &listed);
}

/* ---- the words of the sender ---- */

static void
test_sender_words(void **state)
{
	static const struct {
		const char *label, *header, *rcpt, *want;
	} rows[] = {
	    {"usual", "Message-ID: <1@x.example>\n", "<you@gateway.example>",
		" rcpts=1 rcpt-domain=gateway.example message-id=<1@x.example>"},
	    {"folded", "Message-ID:\n <1@x.example>\n", "<you@gateway.example>",
		" message-id=<1@x.example>"},
	    {"blanks and controls",
		"Message-ID: <1 action=accept\x1b@\xc3\xbc>\n",
		"<you@X.Example>",
		" rcpt-domain=x.example "
		"message-id=<1\\x20action=accept\\x1B@\\xC3\\xBC>"},
	    {"the first of two", "Message-ID: <1@x>\nMessage-ID: <2@x>\n",
		"<a>", " rcpts=1 rcpt-domain=- message-id=<1@x>"},
	    {"none", "X: y\n", NULL, " rcpts=0 rcpt-domain=- message-id=-"},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		const struct letter letter = {
		    "h", "<>", false, rows[i].header, NULL};
		struct pst_message m = *lab_send(session, &letter);
		const char *line;

		m.rcpt = pst_str(rows[i].rcpt == NULL ? "" : rows[i].rcpt);
		m.rcpt_count = rows[i].rcpt == NULL ? 0 : 1;
		line = pst_explain_line(arena, &m);
		if (strlen(line) < strlen(rows[i].want) ||
		    strcmp(line + strlen(line) - strlen(rows[i].want),
			rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].label, line);
	}
}

static const char *
long_name(char c)
{
	char name[254];

	memset(name, c, sizeof(name));
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	name[253] = '\0';
	return pst_arena_strdup(arena, name);
}

/* Whatever a sender does, the object is whole and shows the action. */
static void
test_longest_json(void **state)
{
	static const struct letter letter = {"h", "<>", false, BANK, NULL};
	char hostile[2048];
	const char *domains[8];
	struct pst_dkim_sig sigs[8] = {{.result = PST_RESULT_PERMERROR}};
	struct pst_message m = *lab_send(session, &letter);
	json_t *object;
	const char *line;

	(void)state;
	memset(hostile, '\xff', sizeof(hostile));
	for (size_t i = 0; i < PST_COUNT(sigs); i++) {
		domains[i] = long_name((char)('a' + i));
		sigs[i].domain = sigs[i].selector = domains[i];
	}
	m.queue_id = pst_escaped(arena, (struct pst_str){hostile, 64});
	m.helo = m.mail_from = (struct pst_str){hostile, sizeof(hostile)};
	m.findings.from.domains = domains;
	m.findings.from.domain_count = 8;
	m.findings.spf.domain = domains[0];
	m.findings.spf.term = (struct pst_str){hostile, sizeof(hostile)};
	m.findings.spf.term_domain = hostile;
	hostile[sizeof(hostile) - 1] = '\0';
	m.findings.dkim.sigs = sigs;
	m.findings.dkim.count = 8;
	m.findings.dmarc.policy_domain = domains[1];
	m.findings.dmarc.org_domain = domains[2];
	m.findings.dmarc.discarded = "repeated-tag";
	m.findings.dmarc.discarded_at = domains[3];
	m.findings.indirect = m.findings.claims = domains[4];
	line = pst_explain_line_json(arena, &m);
	assert_true(strlen(line) <= PST_LOG_LINE_MAX);
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_true(json_is_true(json_object_get(object, "cut")));
	assert_string_equal(
	    json_string_value(json_object_get(object, "action")),
	    pst_action_word(m.decision.action));
	assert_non_null(json_object_get(object, "client"));
	json_decref(object);

	line = pst_explain_line(arena, &m);
	assert_true(strlen(line) <= PST_LOG_LINE_MAX);
	assert_true(pst_str_is_printable(pst_str(line)));
	assert_non_null(strstr(line, " action="));
	assert_non_null(strstr(line, " client=192.0.2.66"));
	assert_non_null(strstr(line, " cut=yes"));

	line = pst_explain_event_json(
	    arena, &m, "note", pst_escaped(arena, m.helo));
	assert_true(strlen(line) <= PST_LOG_LINE_MAX);
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_true(json_is_true(json_object_get(object, "cut")));
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_sender_words),
	    cmocka_unit_test(test_longest_json),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
