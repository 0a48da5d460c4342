/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/config.h"
#include "config/rule_reader.h"
#include "tests/unit/rows.h"
#include "tests/unit/rule_fixture.h"

static void
test_orders(void **state)
{
	static const struct {
		const char *label;
		struct key_text keys[RULE_MAX_KEYS];
		enum pst_action action;
		bool skip;
		enum pst_reason reason;
		const char *comment, *reply;
	} rows[] = {
	    {"accept", {{"client", "::1"}, {"action", "accept"}},
		PST_ACTION_ACCEPT, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	    {"skip",
		{{"client", "::1"}, {"action", "skip"}, {"reason", "other"}},
		PST_ACTION_ACCEPT, true, PST_REASON_OTHER, NULL, NULL},
	    {"all",
		{{"client", "::1"}, {"action", "reject"},
		    {"reason", "mailing_list"}, {"comment", "c d"},
		    {"reply", "Go {domain}"}},
		PST_ACTION_REJECT, false, PST_REASON_MAILING_LIST, "c d",
		"Go {domain}"},
	    {"tempfail",
		{{"client", "::1"}, {"action", "tempfail"},
		    {"reason", "trusted_forwarder"}, {"reply", "x"}},
		PST_ACTION_TEMPFAIL, false, PST_REASON_TRUSTED_FORWARDER, NULL,
		"x"},
	    {"quarantine",
		{{"client", "::1"}, {"action", "quarantine"},
		    {"reason", "local_policy"}},
		PST_ACTION_QUARANTINE, false, PST_REASON_LOCAL_POLICY, NULL,
		NULL},
	    {"a list with a proof",
		{{"list-id", "a.b"}, {"action", "accept"},
		    {"dkim-domain", "a.b"}},
		PST_ACTION_ACCEPT, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	    {"a list to be marked", {{"list-id", "a.b"}, {"action", "tag"}},
		PST_ACTION_TAG, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	    {"a display name with a proof",
		{{"display-name", "own-address"}, {"action", "accept"},
		    {"client", "::1"}},
		PST_ACTION_ACCEPT, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	    {"direct mail", {{"indirect", "no"}, {"action", "accept"}},
		PST_ACTION_ACCEPT, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	};

	(void)state;
#define SAME(a, b) ((a) == (b) || ((a) && (b) && strcmp(a, b) == 0))
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_rule rule = rule_make(rows[i].keys);

		if (rule.action != rows[i].action ||
		    rule.skip != rows[i].skip ||
		    rule.reason != rows[i].reason ||
		    !SAME(rule.comment, rows[i].comment) ||
		    !SAME(rule.reply, rows[i].reply))
			fail_msg("%s", rows[i].label);
	}
#undef SAME
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *title;
	struct key_text keys[RULE_MAX_KEYS];
	unsigned line;
	const char *why;
} refused[] = {
    {"", {{"client", "::1"}, {"action", "tag"}}, 1, "the title"},
    {"a\"b", {{"client", "::1"}, {"action", "tag"}}, 1, "the title"},
    {"a\\b", {{"client", "::1"}, {"action", "tag"}}, 1, "the title"},
    {"a\tb", {{"client", "::1"}, {"action", "tag"}}, 1, "the title"},
    {SIXTY "1", {{"client", "::1"}, {"action", "tag"}}, 1, "the title"},
    {"r", {{"action", "tag"}}, 1, "no condition"},
    {"r", {{"action", "tag"}, {"comment", "x"}}, 1, "no condition"},
    {"r", {{"client", "::1"}}, 1, "no action"},
    {"r", {{"client", ""}, {"action", "tag"}}, 2, "an empty list"},
    {"r", {{"action", "tag"}, {"spf", ""}}, 3, "an empty list"},
    {"r", {{"client", "x"}, {"action", "tag"}}, 2, "nor a network"},
    {"r", {{"action", "tag"}, {"list-id", "a..b"}}, 3, "not a domain"},
    {"r", {{"dmarc", "neutral"}, {"action", "tag"}}, 2,
	"one of: none, pass, fail, temperror, permerror"},
    {"r", {{"spf", "policy"}, {"action", "tag"}}, 2, "one of: none"},
    {"r", {{"aligned", "arc"}, {"action", "tag"}}, 2,
	"one of: spf, dkim, none"},
    {"r", {{"indirect", "on"}, {"action", "tag"}}, 2, "yes, no"},
    {"r", {{"spf", "fail"}, {"action", "discard"}}, 3, "one of: accept"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"reason", "none"}}, 4,
	"one of: trusted_forwarder"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"comment", ""}}, 4,
	"printable"},
    {"r", {{"spf", "fail"}, {"action", "reject"}, {"reply", "a\nb"}}, 4,
	"printable"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"reply", "a"}}, 4,
	"only reject and tempfail"},
    {"r", {{"spf", "fail"}, {"action", "skip"}, {"also", "X-A:b"}}, 4,
	"only a message that is delivered"},
    {"r", {{"spf", "fail"}, {"also", "X-A:b"}, {"action", "reject"}}, 3,
	"only a message that is delivered"},
    {"r", {{"spf", "fail"}, {"also", "X-A:b"}, {"action", "tempfail"}}, 3,
	"only a message that is delivered"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"also", "X-A"}}, 4,
	"header fields with their values"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"also", "Subject:x"}}, 4,
	"Subject is a field that mail itself uses"},
    {"r", {{"spf", "fail"}, {"action", "tag"}, {"also", "X-A:b x-a:c"}}, 4,
	"two fields with the name x-a"},
    {"r",
	{{"spf", "fail"}, {"action", "tag"},
	    {"also", "X-A:b X-B:b X-C:b X-D:b X-E:b"}},
	4, "4 fields at most"},
    {"r", {{"list-id", "a.b"}, {"action", "accept"}}, 3, "anybody"},
    {"r", {{"list-id", "a.b"}, {"action", "skip"}, {"spf", "pass"}}, 3,
	"anybody"},
    {"r", {{"display-name", "own-address"}, {"action", "accept"}}, 3,
	"anybody"},
    {"r", {{"display-name", "--"}, {"action", "tag"}}, 2,
	"display-name: \"--\" is not a name"},
    {"r", {{"indirect", "yes"}, {"from-domain", "a.b"}, {"action", "accept"}},
	4, "anybody"},
    {"r", {{"spf", "fail"}, {"temperror", "match"}, {"action", "accept"}}, 3,
	"a sender can make a look-up fail"},
    {"r", {{"spf", "fail"}, {"temperror", "match"}, {"action", "skip"}}, 3,
	"a sender can make a look-up fail"},
    {"r", {{"client", "::1"}, {"temperror", "match"}, {"action", "tag"}}, 3,
	"no condition of this rule depends on a look-up"},
    {"r", {{"spf", "fail"}, {"temperror", "yes"}, {"action", "tag"}}, 3,
	"one of: skip, match"},
};

static void
test_refused(void **state)
{
	(void)state;
	FOR_ROWS(i, refused, refused[i].title) {
		struct pst_rule rule =
		    rule_written(refused[i].title, refused[i].keys);
		struct pst_err err = {"nothing"};
		unsigned line = 0;

		if (pst_rule_make(&rule, rule_arena, &line, &err))
			fail_msg("row %zu: accepted", i);
		if (line != refused[i].line ||
		    strstr(err.text, refused[i].why) == NULL)
			fail_msg("row %zu: line %u: %s", i, line, err.text);
	}
}

static void
test_also(void **state)
{
	static const struct key_text keys[RULE_MAX_KEYS] = {
	    {"client", "::1"}, {"action", "accept"}, {"also", "X-A:b X-B:a:b"}};
	struct pst_rule rule = rule_make(keys);

	(void)state;
	assert_int_equal(rule.also_count, 2);
	assert_string_equal(rule.also[0].name, "X-A");
	assert_string_equal(rule.also[0].value, " b");
	assert_string_equal(rule.also[1].name, "X-B");
	assert_string_equal(rule.also[1].value, " a:b");
}

static const char *
shown(const struct pst_rule *rule, enum pst_rule_option option)
{
	return pst_titled_value_text(
	    &pst_rule_options[option], &rule->written[option], rule_arena);
}

static void
test_texts(void **state)
{
	static const struct key_text keys[RULE_MAX_KEYS] = {
	    {"client", "::1 192.0.2.0/24"}, {"action", "tag"},
	    {"comment", "a \\ $b"}};
	struct pst_rule rule = rule_make(keys);

	(void)state;
	assert_string_equal(
	    shown(&rule, PST_RULE_CLIENT), "{\"::1\", \"192.0.2.0/24\"}");
	assert_string_equal(shown(&rule, PST_RULE_ACTION), "\"tag\"");
	assert_string_equal(shown(&rule, PST_RULE_COMMENT), "\"a \\\\ \\$b\"");
	assert_int_equal(pst_rule_option_find("mode"), PST_RULE_OPTIONS);
	assert_string_equal(
	    pst_reason_word(PST_REASON_POLICY_TEST_MODE), "policy_test_mode");
	assert_string_equal(pst_reason_word(PST_REASON_NONE), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_also),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, rule_begin, rule_end);
}
