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
#include "tests/unit/rule_fixture.h"

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
	    .spf_helo = PST_RESULT_FAIL,
	    .aligned = PST_ALIGNED_SPF,
	    .spf_weak = true,
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
		struct key_text keys[RULE_MAX_KEYS];
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
	    {"aligned", {{"aligned", "dkim spf"}}, true},
	    {"other aligned", {{"aligned", "dkim none"}}, false},
	    {"weak", {{"spf-weak", "yes"}}, true},
	    {"not weak", {{"spf-weak", "no"}}, false},
	    {"helo", {{"spf-helo", "fail"}}, true},
	    {"other helo", {{"spf-helo", "none pass"}}, false},
	    {"spf of HELO", {{"spf-helo", "fail neutral"}}, true},
	    {"other spf of HELO", {{"spf-helo", "none pass temperror"}}, false},
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
		struct key_text keys[RULE_MAX_KEYS] = {
		    rows[i].keys[0], rows[i].keys[1], {"action", "tag"}};
		struct pst_rule rule;
		struct pst_rules rules = {&rule, 1};

		if (keys[1].name == NULL)
			keys[1] = (struct key_text){"reason", "other"};
		rule = rule_make(keys);
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
		const struct key_text texts[RULE_MAX_KEYS] = {
		    {keys[i], ".example a.example"}, {"action", "tag"}};
		struct pst_rule rule = rule_make(texts);
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
		const struct key_text texts[RULE_MAX_KEYS] = {
		    {rows[i].key, rows[i].parts}, {"action", "reject"}};
		struct pst_rule rule = rule_make(texts);
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
	static const struct key_text texts[][RULE_MAX_KEYS] = {
	    {{"dmarc", "pass"}, {"action", "tag"}},
	    {{"dmarc", "fail"}, {"action", "reject"}},
	    {{"indirect", "yes"}, {"action", "tag"}},
	};
	struct pst_rule items[PST_COUNT(texts)];
	struct pst_rules rules = {items, PST_COUNT(texts)};
	struct pst_rule_facts facts = some_facts();

	(void)state;
	for (size_t i = 0; i < PST_COUNT(texts); i++)
		items[i] = rule_make(texts[i]);
	assert_ptr_equal(pst_rule_match(&rules, &facts), &items[1]);
	facts.dmarc = PST_RESULT_NONE;
	assert_ptr_equal(pst_rule_match(&rules, &facts), &items[2]);
	facts.indirect = false;
	assert_null(pst_rule_match(&rules, &facts));
	rules.count = 0;
	assert_null(pst_rule_match(&rules, &facts));
}

static const char *const open_dkim[] = {"slow.example", "lame.example"};

/* What a condition is of which a look-up has failed. */
static void
test_undecided(void **state)
{
	static const struct {
		const char *label;
		struct key_text key;
		bool matches; /* with `temperror = match` */
		bool undecided;
	} rows[] = {
	    {"client name", {"client-name", "other.example"}, true, true},
	    {"signer", {"dkim-domain", "lame.example"}, true, true},
	    {"other signer", {"dkim-domain", "a.example"}, false, false},
	    {"one passes", {"dkim-domain", "esp.example lame.example"}, true,
		false},
	    {"dmarc", {"dmarc", "fail"}, true, true},
	    {"dmarc named", {"dmarc", "fail temperror"}, true, false},
	    {"spf", {"spf", "pass"}, true, true},
	    {"spf named", {"spf", "temperror"}, true, false},
	    {"helo", {"spf-helo", "fail"}, true, true},
	    {"aligned", {"aligned", "none"}, true, true},
	    {"weak", {"spf-weak", "yes"}, true, true},
	    {"not weak", {"spf-weak", "no"}, true, false},
	    {"client", {"client", "198.51.100.1"}, false, false},
	    {"mail from", {"mail-from", "other.example"}, false, false},
	    {"from", {"from-domain", "other.example"}, false, false},
	    {"rcpt", {"rcpt-domain", "other.example"}, false, false},
	    {"list", {"list-id", "other.example"}, false, false},
	    {"sealer", {"arc-sealer", "other.example"}, false, false},
	    {"indirect", {"indirect", "no"}, false, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct key_text with[RULE_MAX_KEYS] = {rows[i].key,
		    {"action", "reject"}, {"temperror", "match"},
		    {"spf", "temperror"}};
		const struct key_text without[RULE_MAX_KEYS] = {
		    rows[i].key, {"action", "reject"}};
		bool has_spf = strcmp(rows[i].key.name, "spf") == 0;
		struct pst_rule items[2];
		struct pst_rules rules = {items, 1}, plain = {items + 1, 1};
		struct pst_rule_facts facts = some_facts();
		const struct pst_rule *found;
		struct pst_err err;
		unsigned line;

		items[0] = rule_written("r", with);
		items[1] = rule_written("r", without);
		if (has_spf)
			items[0].written[PST_RULE_SPF] =
			    items[1].written[PST_RULE_SPF];
		assert_true(pst_rule_make(&items[0], rule_arena, &line, &err));
		assert_true(pst_rule_make(&items[1], rule_arena, &line, &err));
		facts.client_name = NULL;
		facts.client_name_is_open = true;
		facts.dkim_open = (struct pst_names){open_dkim, 2};
		facts.dmarc = facts.spf = facts.spf_helo = PST_RESULT_TEMPERROR;
		facts.aligned = 0;
		facts.spf_weak = false;
		found = pst_rule_match(&rules, &facts);
		if ((found != NULL) != rows[i].matches ||
		    (found != NULL &&
			pst_rule_match_is_undecided(&rules, found, &facts) !=
			    rows[i].undecided))
			fail_msg("%d", found != NULL);
		found = pst_rule_match(&plain, &facts);
		if ((found != NULL) != (rows[i].matches && !rows[i].undecided))
			fail_msg("without: %d", found != NULL);
		assert_false(found != NULL &&
		    pst_rule_match_is_undecided(&plain, found, &facts));
	}
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
	    {"more aligned", {{"aligned", "spf none"}}, {{"aligned", "none"}},
		true},
	    {"fewer aligned", {{"aligned", "spf"}}, {{"aligned", "spf dkim"}},
		false},
	    {"same weak", {{"spf-weak", "yes"}}, {{"spf-weak", "yes"}}, true},
	    {"other weak", {{"spf-weak", "no"}}, {{"spf-weak", "yes"}}, false},
	    {"more helo", {{"spf-helo", "fail none"}}, {{"spf-helo", "none"}},
		true},
	    {"fewer helo", {{"spf-helo", "fail"}}, {{"spf-helo", "none"}},
		false},
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
	    {"fewer results for HELO", {{"spf-helo", "fail"}},
		{{"spf-helo", "fail none"}}, false},
	    {"more for HELO", {{"spf-helo", "fail none"}},
		{{"spf-helo", "fail"}}, true},
	    {"undecided as well", {{"spf", "fail"}},
		{{"spf", "fail"}, {"temperror", "match"}}, false},
	    {"both undecided", {{"spf", "fail"}, {"temperror", "match"}},
		{{"spf", "fail"}, {"temperror", "match"}}, true},
	    {"only the first undecided",
		{{"spf", "fail none"}, {"temperror", "match"}},
		{{"spf", "fail"}}, true},
	    {"same sign", {{"indirect", "yes"}}, {{"indirect", "yes"}}, true},
	    {"other sign", {{"indirect", "yes"}}, {{"indirect", "no"}}, false},
	    {"more names", {{"display-name", "ann max own-address"}},
		{{"display-name", "Max"}}, true},
	    {"fewer names", {{"display-name", "max"}},
		{{"display-name", "ann max"}}, false},
	    {"not our addresses", {{"display-name", "max"}},
		{{"display-name", "own-address"}}, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct key_text a[RULE_MAX_KEYS] = {
		    {"action", "tag"}, rows[i].a[0], rows[i].a[1]};
		const struct key_text b[RULE_MAX_KEYS] = {
		    {"action", "reject"}, rows[i].b[0], rows[i].b[1]};
		struct pst_rule items[2] = {rule_make(a), rule_make(b)};
		struct pst_rules rules = {items, 2};

		assert_null(pst_rules_find_covering(&rules, 0));
		if ((pst_rules_find_covering(&rules, 1) == &items[0]) !=
		    rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_conditions),
	    cmocka_unit_test(test_nothing_known),
	    cmocka_unit_test(test_all_of_several),
	    cmocka_unit_test(test_first_wins),
	    cmocka_unit_test(test_undecided),
	    cmocka_unit_test(test_cover),
	};

	return cmocka_run_group_tests(tests, rule_begin, rule_end);
}
