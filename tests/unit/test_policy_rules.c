/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/enforcement.h"
#include "core/recipients.h"
#include "core/rule_facts.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define SAME(a, b)                                                             \
	((a) == NULL ? (b) == NULL : (b) != NULL && strcmp(a, b) == 0)

static struct pst_domain_set
set_of(const char *one)
{
	struct pst_domain_set set;

	assert_true(pst_domain_set_make(&set, arena, &one, 1, NULL));
	return set;
}

/* Returns a rule that matches messages with that DMARC result. */
static struct pst_rule
rule_on(enum pst_result dmarc, enum pst_action action)
{
	struct pst_rule rule = {.title = "my rule",
	    .line = 1,
	    .dmarc = 1u << dmarc,
	    .action = action,
	    .reason = PST_REASON_TRUSTED_FORWARDER,
	    .comment = "known"};

	rule.written[PST_RULE_DMARC].line = 2;
	return rule;
}

/* A rule makes a decision milder or stricter, and precedes all defaults. */
static void
test_rule_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_result dmarc;
		enum pst_dmarc_policy policy;
		enum pst_from_verdict from;
		enum pst_action asked, want;
		unsigned code;
		const char *xcode, *text, *hold;
	} rows[] = {
	    {"a refusal is lifted", PST_RESULT_FAIL, PST_DMARC_REJECT,
		PST_FROM_SINGLE, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, 0, NULL,
		NULL, NULL},
	    {"p=none is refused", PST_RESULT_FAIL, PST_DMARC_NONE,
		PST_FROM_SINGLE, PST_ACTION_REJECT, PST_ACTION_REJECT, 550,
		"5.7.26", "Refused: DMARC fail for bank.example", NULL},
	    {"a pass is refused", PST_RESULT_PASS, PST_DMARC_REJECT,
		PST_FROM_SINGLE, PST_ACTION_REJECT, PST_ACTION_REJECT, 550,
		"5.7.1", "Refused: a rule set by this site", NULL},
	    {"deferred", PST_RESULT_PASS, PST_DMARC_NONE, PST_FROM_SINGLE,
		PST_ACTION_TEMPFAIL, PST_ACTION_TEMPFAIL, 451, "4.7.1",
		"Refused: a rule set by this site", NULL},
	    {"held", PST_RESULT_NONE, PST_DMARC_NONE, PST_FROM_SINGLE,
		PST_ACTION_QUARANTINE, PST_ACTION_QUARANTINE, 0, NULL, NULL,
		"Postern: rule my rule"},
	    {"a malformed From", PST_RESULT_PERMERROR, PST_DMARC_NONE,
		PST_FROM_MALFORMED, PST_ACTION_TAG, PST_ACTION_TAG, 0, NULL,
		NULL, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(rows[i].policy);
		struct pst_rule rule = rule_on(rows[i].dmarc, rows[i].asked);

		config.rules = (struct pst_rules){&rule, 1};
		set_result(&findings, rows[i].dmarc);
		findings.from.verdict = rows[i].from;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want || d.code != rows[i].code ||
		    strcmp(d.rule, "my rule") != 0 || !d.titled || d.skip ||
		    d.reason != PST_REASON_TRUSTED_FORWARDER ||
		    !SAME("known", d.comment) ||
		    !SAME(rows[i].xcode, d.xcode) ||
		    !SAME(rows[i].text, d.text) ||
		    !SAME(rows[i].hold, d.quarantine_reason))
			fail_msg("%s by %s: %u %s", pst_action_word(d.action),
			    d.rule, d.code, d.text ? d.text : "-");
	}
}

static void
test_rule_reply(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_NONE);
	struct pst_rule rule = rule_on(PST_RESULT_FAIL, PST_ACTION_REJECT);

	(void)state;
	rule.reply = "{domain}: {reason}, 100%";
	config.rules = (struct pst_rules){&rule, 1};
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_string_equal(
	    d.text, "bank.example: DMARC fail for bank.example, 100%");
}

static void
test_no_rule_matches(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_REJECT);
	struct pst_rule rule = rule_on(PST_RESULT_PASS, PST_ACTION_ACCEPT);

	(void)state;
	config.rules = (struct pst_rules){&rule, 1};
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_string_equal(d.rule, "dmarc-reject");
	assert_false(d.titled);
	assert_int_equal(d.reason, PST_REASON_NONE);

	rule = rule_on(PST_RESULT_FAIL, PST_ACTION_REJECT);
	findings.exempt = PST_EXEMPT_TRUSTED;
	d = decide_for(&config, able, &findings);
	assert_string_equal(d.rule, "trusted-network");
	assert_int_equal(d.action, PST_ACTION_ACCEPT);
}

/* skip: we add nothing to the message, except for results in monitor mode. */
static void
test_skip(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_REJECT);
	struct pst_rule rule = rule_on(PST_RESULT_FAIL, PST_ACTION_ACCEPT);

	(void)state;
	rule.skip = true;
	config.rules = (struct pst_rules){&rule, 1};
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, PST_ACTION_ACCEPT);
	assert_true(d.skip);
	assert_int_equal(d.edit_count, 0);

	config.mode = PST_MODE_MONITOR;
	d = decide_for(&config, able, &findings);
	assert_false(d.skip);
	assert_int_equal(d.edit_count, 1);
}

static struct pst_header
header_with(const char *id, const char *date, const char *from)
{
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_header header;

	pst_header_init(&header, arena, limits);
	if (id != NULL)
		(void)pst_header_add(
		    &header, PST_STR("Message-Id"), pst_str(id));
	if (date != NULL)
		(void)pst_header_add(&header, PST_STR("DATE"), pst_str(date));
	if (from != NULL)
		(void)pst_header_add(&header, PST_STR("From"), pst_str(from));
	return header;
}

static void
test_buckets(void **state)
{
	struct pst_header a = header_with(" <1@x>", " now", " a@b.example");
	struct pst_header b = header_with("<1@x> ", "now", "a@b.example");
	struct pst_header none = header_with(NULL, NULL, NULL);
	const struct pst_site_key key = {{1}}, other = {{2}};
	unsigned seen[10] = {0}, same = 0;

	(void)state;
	/* The bucket is the same on all gateways with the same key. */
	assert_int_equal(
	    pst_enforcement_bucket(&a, &key), pst_enforcement_bucket(&b, &key));
	assert_in_range(pst_enforcement_bucket(&none, &key), 0, 99);
	assert_int_equal(pst_enforcement_bucket(&a, NULL), PST_BUCKET_UNKNOWN);
	for (unsigned i = 0; i < 2000; i++) {
		struct pst_header one = header_with(
		    pst_arena_printf(arena, " <%u@x.example>", i), NULL, NULL);

		assert_in_range(pst_enforcement_bucket(&one, &key), 0, 99);
		seen[pst_enforcement_bucket(&one, &key) / 10]++;
		same += pst_enforcement_bucket(&one, &key) ==
		    pst_enforcement_bucket(&one, &other);
	}
	FOR_ROWS(i, seen, rows_number(seen[i]))
		assert_in_range(seen[i], 140, 260);
	/* Another key selects other messages. */
	assert_in_range(same, 0, 60);
}

static void
test_enforce_rows(void **state)
{
	static const char *const one[] = {"a.example"};
	static const char *const two[] = {"a.example", "b.example"};
	static const struct {
		const char *label;
		enum pst_mode mode;
		unsigned percent;
		const char *enforce, *monitor;
		const char *const *from;
		size_t count;
		bool want;
		const char *only;
	} rows[] = {
#define E PST_MODE_ENFORCE
#define M PST_MODE_MONITOR
	    {"enforce", E, 100, NULL, NULL, one, 1, true, NULL},
	    {"monitor", M, 100, NULL, NULL, one, 1, false, NULL},
	    {"no share", E, 0, NULL, NULL, one, 1, false, NULL},
	    {"a domain in monitor mode", M, 100, "a.example", NULL, one, 1,
		true, NULL},
	    {"a domain without a share", E, 0, "a.example", NULL, one, 1, true,
		NULL},
	    {"another domain", M, 100, "b.example", NULL, one, 1, false, NULL},
	    {"one of two", M, 100, "a.example", NULL, two, 2, false, NULL},
	    {"both", M, 100, ".example", NULL, two, 2, true, NULL},
	    {"a domain that is watched", E, 100, NULL, "a.example", one, 1,
		false, NULL},
	    {"one of two is watched", E, 100, NULL, "b.example", two, 2, true,
		NULL},
	    {"both are watched", E, 100, NULL, ".example", two, 2, false, NULL},
	    {"on both lists", E, 100, "a.example", "a.example", one, 1, false,
		NULL},
	    {"no domain", E, 100, ".example", ".example", NULL, 0, true, NULL},
	    {"no domain in monitor mode", M, 100, ".example", NULL, NULL, 0,
		false, NULL},
	    {"malformed, enforced", M, 100, "a.example", NULL, NULL, 0, true,
		"a.example"},
	    {"malformed, not enforced", M, 100, "a.example", NULL, NULL, 0,
		false, "b.example"},
	    {"malformed is not excused", E, 100, NULL, "a.example", NULL, 0,
		true, "a.example"},
#undef E
#undef M
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		const char *domains[2] = {"", ""};
		struct pst_from from = {.domains = domains,
		    .domain_count = rows[i].count,
		    .only_domain = rows[i].only};

		for (size_t n = 0; n < rows[i].count; n++)
			domains[n] = rows[i].from[n];
		config.mode = rows[i].mode;
		config.enforce_percent = rows[i].percent;
		if (rows[i].enforce != NULL)
			config.enforce_domains.set = set_of(rows[i].enforce);
		if (rows[i].monitor != NULL)
			config.monitor_domains.set = set_of(rows[i].monitor);
		assert_int_equal(
		    pst_enforcement_of(&config, &from, PST_RCPT_CONFIGURED, 0),
		    rows[i].want ? PST_ENFORCED : PST_MONITORED);
	}
}

/* The strictest mode of all recipients counts. */
static void
test_recipients(void **state)
{
#define ONLY_M (1U << PST_RCPT_MONITORED)
#define ONLY_C (1U << PST_RCPT_CONFIGURED)
#define ONLY_E (1U << PST_RCPT_ENFORCED)
	static const struct {
		const char *label;
		enum pst_mode mode;
		unsigned percent, bucket;
		unsigned kinds; /* bits */
		enum pst_enforcement want;
		bool mixed;
	} rows[] = {
	    {"none known", PST_MODE_ENFORCE, 100, 0, 0, PST_ENFORCED, false},
	    {"none known, monitor", PST_MODE_MONITOR, 100, 0, 0, PST_MONITORED,
		false},
	    {"monitored", PST_MODE_ENFORCE, 100, 0, ONLY_M, PST_MONITORED,
		false},
	    {"monitored and configured", PST_MODE_ENFORCE, 100, 0,
		ONLY_M | ONLY_C, PST_ENFORCED, true},
	    {"the same in monitor mode", PST_MODE_MONITOR, 100, 0,
		ONLY_M | ONLY_C, PST_MONITORED, false},
	    {"enforced in monitor mode", PST_MODE_MONITOR, 100, 0, ONLY_E,
		PST_ENFORCED, false},
	    {"and configured", PST_MODE_MONITOR, 100, 0, ONLY_E | ONLY_C,
		PST_ENFORCED, true},
	    {"both enforced", PST_MODE_ENFORCE, 100, 0, ONLY_E | ONLY_C,
		PST_ENFORCED, false},
	    {"outside of the share", PST_MODE_ENFORCE, 30, 30, ONLY_E | ONLY_C,
		PST_ENFORCED, true},
	    {"inside of the share", PST_MODE_ENFORCE, 30, 29, ONLY_E | ONLY_C,
		PST_ENFORCED, false},
	    {"the share is not known", PST_MODE_ENFORCE, 30, PST_BUCKET_UNKNOWN,
		ONLY_M | ONLY_C, PST_ENFORCEMENT_UNSURE, true},
	    {"and does not matter", PST_MODE_ENFORCE, 30, PST_BUCKET_UNKNOWN,
		ONLY_E | ONLY_C, PST_ENFORCED, false},
	};
#undef ONLY_M
#undef ONLY_C
#undef ONLY_E

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);
		bool mixed;

		config.mode = rows[i].mode;
		config.enforce_percent = rows[i].percent;
		findings.bucket = rows[i].bucket;
		for (unsigned kind = 0; kind < PST_RCPT_KINDS; kind++)
			findings.rcpt_kinds[kind] =
			    (rows[i].kinds & 1U << kind) != 0;
		assert_int_equal(
		    pst_enforcement_of_all(&config, &findings, &mixed),
		    rows[i].want);
		assert_int_equal(mixed, rows[i].mixed);
	}
}

/* enforce-percent decides; a monitored message reports both actions. */
static void
test_percent(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_REJECT);

	(void)state;
	findings.bucket = 30;
	config.enforce_percent = 31;
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, PST_ACTION_REJECT);
	assert_false(d.monitored);
	config.enforce_percent = 30;
	d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, PST_ACTION_ACCEPT);
	assert_int_equal(d.would, PST_ACTION_REJECT);
	assert_true(d.monitored);
	assert_string_equal(d.rule, "dmarc-reject");
	assert_int_equal(d.reason, PST_REASON_LOCAL_POLICY);
	assert_string_equal(d.comment, "not enforced");
	assert_false(d.unsure);
	/* Without the secret, it is treated as enforced, and says so. */
	findings.bucket = PST_BUCKET_UNKNOWN;
	d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, PST_ACTION_REJECT);
	assert_true(d.unsure);
	config.enforce_percent = 100;
	d = decide_for(&config, able, &findings);
	assert_false(d.unsure);
}

/* R-AGG-14: a departure from the published policy has a reason. */
static void
test_reasons(void **state)
{
	static const struct {
		const char *label;
		enum pst_dmarc_policy published, effective;
		enum pst_on_reject on_reject;
		const char *indirect;
		enum pst_reason want;
		const char *comment;
	} rows[] = {
	    {"as published", PST_DMARC_REJECT, PST_DMARC_REJECT,
		PST_ON_REJECT_ALWAYS, NULL, PST_REASON_NONE, NULL},
	    {"indirect", PST_DMARC_REJECT, PST_DMARC_REJECT,
		PST_ON_REJECT_UNLESS_INDIRECT, "List-Id",
		PST_REASON_LOCAL_POLICY, "List-Id"},
	    {"lowered", PST_DMARC_REJECT, PST_DMARC_REJECT,
		PST_ON_REJECT_QUARANTINE, NULL, PST_REASON_LOCAL_POLICY,
		"on-reject = quarantine"},
	    {"ignored", PST_DMARC_REJECT, PST_DMARC_REJECT,
		PST_ON_REJECT_ACCEPT, NULL, PST_REASON_LOCAL_POLICY,
		"on-reject = accept"},
	    {"test mode", PST_DMARC_REJECT, PST_DMARC_QUARANTINE,
		PST_ON_REJECT_ALWAYS, NULL, PST_REASON_POLICY_TEST_MODE, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(rows[i].effective);

		config.on_reject = rows[i].on_reject;
		findings.dmarc.published = rows[i].published;
		findings.indirect = rows[i].indirect;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.reason != rows[i].want ||
		    !SAME(rows[i].comment, d.comment))
			fail_msg("%s %s", pst_reason_word(d.reason),
			    d.comment ? d.comment : "-");
	}
}

static void
test_list_ids(void **state)
{
	static const struct {
		const char *label, *value, *want;
	} rows[] = {
	    {"plain", " <talk.lists.example>", "talk.lists.example"},
	    {"with a name", " \"A < B\" talk <Talk.Lists.Example>",
		"talk.lists.example"},
	    {"no brackets", " talk.lists.example", "talk.lists.example"},
	    {"blanks", " < talk.example > (x)", "talk.example"},
	    {"no end", " <talk.example", "talk.example"},
	    {"empty", " <>", NULL},
	    {"no domain", " <a list>", NULL},
	};
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_header header;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		pst_header_init(&header, arena, limits);
		assert_null(pst_rule_facts_list_id(arena, &header));
		(void)pst_header_add(
		    &header, PST_STR("List-ID"), pst_str(rows[i].value));
		const char *got = pst_rule_facts_list_id(arena, &header);
		if (!SAME(rows[i].want, got))
			fail_msg("%s", got ? got : "-");
		(void)pst_header_add(
		    &header, PST_STR("List-Id"), PST_STR(" <b.example>"));
		assert_null(pst_rule_facts_list_id(arena, &header));
	}
}

static void
test_facts(void **state)
{
	struct pst_dkim_sig sigs[] = {
	    {.result = PST_RESULT_FAIL, .domain = "fails.example"},
	    {.result = PST_RESULT_PASS, .domain = "passes.example"},
	    {.result = PST_RESULT_PASS, .domain = NULL},
	};
	struct pst_findings findings = failing(PST_DMARC_REJECT);
	struct pst_header header = header_with(NULL, NULL, NULL);
	struct pst_rule_facts facts;

	(void)state;
	findings.dkim =
	    (struct pst_dkim){.sigs = sigs, .count = PST_COUNT(sigs)};
	findings.has_iprev = true;
	findings.iprev.result = PST_RESULT_FAIL;
	findings.iprev.name = "unconfirmed.example";
	pst_recipients_add(arena, &findings.rcpts, PST_STR("<a@X.example>"));
	pst_recipients_add(arena, &findings.rcpts, PST_STR("<b@x.example>"));
	pst_recipients_add(arena, &findings.rcpts, PST_STR("<b@y.example>"));
	pst_rule_facts_make(arena, &header, &findings, &facts);
	assert_int_equal(facts.dkim.count, 1);
	assert_string_equal(facts.dkim.items[0], "passes.example");
	assert_null(facts.client_name);
	assert_int_equal(facts.rcpt.count, 2);
	assert_string_equal(facts.rcpt.items[1], "y.example");
	assert_false(facts.indirect);

	findings.iprev.result = PST_RESULT_PASS;
	pst_recipients_add(arena, &findings.rcpts, PST_STR("<root>"));
	pst_recipients_add(arena, &findings.rcpts, PST_STR("<b@y.example>"));
	pst_rule_facts_make(arena, &header, &findings, &facts);
	assert_string_equal(facts.client_name, "unconfirmed.example");
	assert_int_equal(facts.rcpt.count, 0);
}

static void
test_many_recipients(void **state)
{
	struct pst_recipients rcpts = {.count = 0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		pst_recipients_add(arena, &rcpts,
		    pst_str(pst_arena_printf(arena, "<a@d%u.example>", i)));
	assert_int_equal(rcpts.count, 1000);
	assert_string_equal(rcpts.domains[999], "d999.example");
	assert_false(rcpts.unknown);
	pst_recipients_add(arena, &rcpts, PST_STR("<a@b.example>"));
	assert_true(rcpts.unknown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rule_rows),
	    cmocka_unit_test(test_rule_reply),
	    cmocka_unit_test(test_no_rule_matches),
	    cmocka_unit_test(test_skip),
	    cmocka_unit_test(test_buckets),
	    cmocka_unit_test(test_enforce_rows),
	    cmocka_unit_test(test_percent),
	    cmocka_unit_test(test_recipients),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_list_ids),
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_many_recipients),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
