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
#include "core/rule_match.h"
#include "tests/unit/rows.h"

#define MAX_KEYS 5

static struct pst_arena *arena;

static int
begin(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

/* An option of a rule with its parts, separated by blanks. */
struct key_text {
	const char *name, *parts;
};

static struct pst_rule
written(const char *title, const struct key_text keys[MAX_KEYS])
{
	struct pst_rule rule = {.title = title, .line = 1};

	for (unsigned i = 0; i < MAX_KEYS && keys[i].name != NULL; i++) {
		enum pst_rule_option key = pst_rule_option_find(keys[i].name);
		struct pst_str rest = pst_str(keys[i].parts), part;
		bool more = rest.len > 0;

		if (key == PST_RULE_OPTIONS)
			fail_msg("no option %s", keys[i].name);
		rule.written[key].line = i + 2;
		rule.written[key].parts =
		    pst_arena_array(arena, 20, sizeof(const char *));
		while (pst_rule_options[key].list &&
		    pst_str_split(&rest, ' ', &part, &more))
			rule.written[key].parts[rule.written[key].count++] =
			    pst_arena_memdup(arena, part.ptr, part.len);
		if (!pst_rule_options[key].list) {
			rule.written[key].parts[0] = keys[i].parts;
			rule.written[key].count = 1;
		}
	}
	return rule;
}

static struct pst_rule
make(const struct key_text keys[MAX_KEYS])
{
	struct pst_rule rule = written("r", keys);
	struct pst_err err;
	unsigned line;

	if (!pst_rule_make(&rule, arena, &line, &err))
		fail_msg("%s", err.text);
	return rule;
}

static const char *const two_from[] = {"a.example", "b.example"};
static const char *const three_dkim[] = {
    "x.example", "esp.example", "a.example"};
static const char *const rcpts[] = {"us.example", "mx.us.example"};

static struct pst_rule_facts
some_facts(void)
{
	struct pst_rule_facts facts = {
	    .client_name = "out.partner.example",
	    .mail_from = "bounce.a.example",
	    .from = {two_from, 1},
	    .rcpt = {rcpts, 1},
	    .dkim = {three_dkim, 2},
	    .list_id = "talk.lists.example",
	    .arc_sealer = "sealer.example",
	    .dmarc = PST_RESULT_FAIL,
	    .spf = PST_RESULT_SOFTFAIL,
	    .indirect = true,
	};

	assert_true(pst_ip_parse(PST_STR("192.0.2.66"), &facts.client));
	return facts;
}

static void
test_conditions(void **state)
{
	static const struct {
		const char *label;
		struct key_text keys[MAX_KEYS];
		bool want;
	} rows[] = {
	    {"client", {{"client", "192.0.2.0/24"}}, true},
	    {"other client", {{"client", "198.51.100.0/24 ::/0"}}, false},
	    {"client name", {{"client-name", ".partner.example"}}, true},
	    {"other name", {{"client-name", "partner.example"}}, false},
	    {"mail from", {{"mail-from", "bounce.a.example"}}, true},
	    {"other mail from", {{"mail-from", "a.example"}}, false},
	    {"from", {{"from-domain", "x.example a.example"}}, true},
	    {"other from", {{"from-domain", ".a.example"}}, false},
	    {"rcpt", {{"rcpt-domain", "us.example"}}, true},
	    {"other rcpt", {{"rcpt-domain", "them.example"}}, false},
	    {"one of the signers", {{"dkim-domain", "esp.example"}}, true},
	    {"no signer", {{"dkim-domain", "a.example"}}, false},
	    {"list", {{"list-id", ".lists.example"}}, true},
	    {"other list", {{"list-id", "lists.example"}}, false},
	    {"sealer", {{"arc-sealer", "sealer.example"}}, true},
	    {"other sealer", {{"arc-sealer", "a.example"}}, false},
	    {"dmarc", {{"dmarc", "temperror fail"}}, true},
	    {"other dmarc", {{"dmarc", "none pass temperror permerror"}},
		false},
	    {"spf", {{"spf", "fail softfail"}}, true},
	    {"other spf",
		{{"spf", "none pass fail neutral temperror permerror"}}, false},
	    {"indirect", {{"indirect", "yes"}}, true},
	    {"not indirect", {{"indirect", "no"}}, false},
	    {"two that hold", {{"client", "192.0.2.66"}, {"dmarc", "fail"}},
		true},
	    {"one that does not", {{"client", "192.0.2.66"}, {"dmarc", "pass"}},
		false},
	};
	struct pst_rule_facts facts = some_facts();

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct key_text keys[MAX_KEYS] = {
		    rows[i].keys[0], rows[i].keys[1], {"action", "tag"}};
		struct pst_rule rule;
		struct pst_rules rules = {&rule, 1};

		if (keys[1].name == NULL)
			keys[1] = (struct key_text){"reason", "other"};
		rule = make(keys);
		if ((pst_rule_match(&rules, &facts) != NULL) != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

/* An option never matches a fact that is unknown. */
static void
test_nothing_known(void **state)
{
	static const char *const keys[] = {"client-name", "mail-from",
	    "from-domain", "rcpt-domain", "dkim-domain", "list-id",
	    "arc-sealer"};
	struct pst_rule_facts facts = {.dmarc = PST_RESULT_NONE};

	(void)state;
	FOR_ROWS(i, keys, keys[i]) {
		const struct key_text texts[MAX_KEYS] = {
		    {keys[i], ".example a.example"}, {"action", "tag"}};
		struct pst_rule rule = make(texts);
		struct pst_rules rules = {&rule, 1};

		if (pst_rule_match(&rules, &facts) != NULL)
			fail_msg("%s", keys[i]);
	}
}

static void
test_all_of_several(void **state)
{
	static const struct {
		const char *label, *key, *parts;
		size_t from, rcpt;
		bool want;
	} rows[] = {
	    {"one author of two", "from-domain", "a.example", 2, 1, false},
	    {"both authors", "from-domain", "a.example b.example", 2, 1, true},
	    {"one recipient of two", "rcpt-domain", "us.example", 1, 2, false},
	    {"both recipients", "rcpt-domain", "us.example .us.example", 1, 2,
		true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct key_text texts[MAX_KEYS] = {
		    {rows[i].key, rows[i].parts}, {"action", "reject"}};
		struct pst_rule rule = make(texts);
		struct pst_rules rules = {&rule, 1};
		struct pst_rule_facts facts = some_facts();

		facts.from.count = rows[i].from;
		facts.rcpt.count = rows[i].rcpt;
		if ((pst_rule_match(&rules, &facts) != NULL) != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

static void
test_first_wins(void **state)
{
	static const struct key_text texts[][MAX_KEYS] = {
	    {{"dmarc", "pass"}, {"action", "tag"}},
	    {{"dmarc", "fail"}, {"action", "reject"}},
	    {{"indirect", "yes"}, {"action", "tag"}},
	};
	struct pst_rule items[PST_COUNT(texts)];
	struct pst_rules rules = {items, PST_COUNT(texts)};
	struct pst_rule_facts facts = some_facts();

	(void)state;
	for (size_t i = 0; i < PST_COUNT(texts); i++)
		items[i] = make(texts[i]);
	assert_ptr_equal(pst_rule_match(&rules, &facts), &items[1]);
	facts.dmarc = PST_RESULT_NONE;
	assert_ptr_equal(pst_rule_match(&rules, &facts), &items[2]);
	facts.indirect = false;
	assert_null(pst_rule_match(&rules, &facts));
	rules.count = 0;
	assert_null(pst_rule_match(&rules, &facts));
}

static void
test_cover(void **state)
{
	static const struct {
		const char *label;
		struct key_text a[2], b[2];
		bool want;
	} rows[] = {
	    {"same", {{"dmarc", "fail"}}, {{"dmarc", "fail"}}, true},
	    {"more results", {{"dmarc", "fail none"}}, {{"dmarc", "fail"}},
		true},
	    {"fewer results", {{"spf", "fail"}}, {{"spf", "fail none"}}, false},
	    {"more spf", {{"spf", "fail none"}}, {{"spf", "fail"}}, true},
	    {"one condition less", {{"dmarc", "fail"}},
		{{"client", "::1"}, {"dmarc", "fail"}}, true},
	    {"one condition more", {{"client", "::1"}, {"dmarc", "fail"}},
		{{"dmarc", "fail"}}, false},
	    {"other condition", {{"client", "::1"}}, {{"dmarc", "fail"}},
		false},
	    {"wider net", {{"client", "::/0"}}, {{"client", "::1 ::2"}}, true},
	    {"part of the nets", {{"client", "::1"}}, {{"client", "::1 ::2"}},
		false},
	    {"below", {{"from-domain", ".b"}}, {{"from-domain", "a.b .a.b"}},
		true},
	    {"not below", {{"rcpt-domain", ".b"}}, {{"rcpt-domain", "b"}},
		false},
	    {"same sign", {{"indirect", "yes"}}, {{"indirect", "yes"}}, true},
	    {"other sign", {{"indirect", "yes"}}, {{"indirect", "no"}}, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct key_text a[MAX_KEYS] = {
		    {"action", "tag"}, rows[i].a[0], rows[i].a[1]};
		const struct key_text b[MAX_KEYS] = {
		    {"action", "reject"}, rows[i].b[0], rows[i].b[1]};
		struct pst_rule items[2] = {make(a), make(b)};
		struct pst_rules rules = {items, 2};

		assert_null(pst_rules_find_covering(&rules, 0));
		if ((pst_rules_find_covering(&rules, 1) == &items[0]) !=
		    rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

static void
test_orders(void **state)
{
	static const struct {
		const char *label;
		struct key_text keys[MAX_KEYS];
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
	    {"direct mail", {{"indirect", "no"}, {"action", "accept"}},
		PST_ACTION_ACCEPT, false, PST_REASON_LOCAL_POLICY, NULL, NULL},
	};

	(void)state;
#define SAME(a, b) ((a) == (b) || ((a) && (b) && strcmp(a, b) == 0))
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_rule rule = make(rows[i].keys);

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

static void
test_refused(void **state)
{
	static const struct {
		const char *title;
		struct key_text keys[MAX_KEYS];
		unsigned line;
		const char *why;
	} rows[] = {
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
	    {"r", {{"indirect", "on"}, {"action", "tag"}}, 2, "yes, no"},
	    {"r", {{"spf", "fail"}, {"action", "discard"}}, 3,
		"one of: accept"},
	    {"r", {{"spf", "fail"}, {"action", "tag"}, {"reason", "none"}}, 4,
		"one of: trusted_forwarder"},
	    {"r", {{"spf", "fail"}, {"action", "tag"}, {"comment", ""}}, 4,
		"printable"},
	    {"r", {{"spf", "fail"}, {"action", "reject"}, {"reply", "a\nb"}}, 4,
		"printable"},
	    {"r", {{"spf", "fail"}, {"action", "tag"}, {"reply", "a"}}, 4,
		"only reject and tempfail"},
	    {"r", {{"list-id", "a.b"}, {"action", "accept"}}, 3, "anybody"},
	    {"r", {{"list-id", "a.b"}, {"action", "skip"}, {"spf", "pass"}}, 3,
		"anybody"},
	    {"r",
		{{"indirect", "yes"}, {"from-domain", "a.b"},
		    {"action", "accept"}},
		4, "anybody"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].title) {
		struct pst_rule rule = written(rows[i].title, rows[i].keys);
		struct pst_err err = {"nothing"};
		unsigned line = 0;

		if (pst_rule_make(&rule, arena, &line, &err))
			fail_msg("row %zu: accepted", i);
		if (line != rows[i].line ||
		    strstr(err.text, rows[i].why) == NULL)
			fail_msg("row %zu: line %u: %s", i, line, err.text);
	}
}

static void
test_texts(void **state)
{
	static const struct key_text keys[MAX_KEYS] = {
	    {"client", "::1 192.0.2.0/24"}, {"action", "tag"},
	    {"comment", "a \\ $b"}};
	struct pst_rule rule = make(keys);

	(void)state;
	assert_string_equal(pst_rule_value_text(&rule, PST_RULE_CLIENT, arena),
	    "{\"::1\", \"192.0.2.0/24\"}");
	assert_string_equal(
	    pst_rule_value_text(&rule, PST_RULE_ACTION, arena), "\"tag\"");
	assert_string_equal(pst_rule_value_text(&rule, PST_RULE_COMMENT, arena),
	    "\"a \\\\ \\$b\"");
	assert_int_equal(pst_rule_option_find("mode"), PST_RULE_OPTIONS);
	assert_string_equal(
	    pst_reason_word(PST_REASON_POLICY_TEST_MODE), "policy_test_mode");
	assert_string_equal(pst_reason_word(PST_REASON_NONE), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_nothing_known),
	    cmocka_unit_test(test_all_of_several),
	    cmocka_unit_test(test_first_wins),
	    cmocka_unit_test(test_cover),
	    cmocka_unit_test(test_orders),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
