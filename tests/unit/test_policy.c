/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

static void
test_exempt_words(void **state)
{
	(void)state;
	assert_string_equal(pst_exempt_word(PST_EXEMPT_NO), "no");
	assert_string_equal(
	    pst_exempt_word(PST_EXEMPT_TRUSTED), "trusted-network");
	assert_string_equal(
	    pst_exempt_word(PST_EXEMPT_AUTHENTICATED), "authenticated");
	assert_string_equal(
	    pst_exempt_word(PST_EXEMPT_NO_ADDRESS), "no-address");
}

/* A chain counts only if it passes and its sealer is in the list. */
static void
test_chain(void **state)
{
	static const struct {
		const char *label;
		enum pst_result result;
		const char *sealer, *want_sealer;
	} rows[] = {
	    {"trusted", PST_RESULT_PASS, "lists.example", "lists.example"},
	    {"below a trusted one", PST_RESULT_PASS, "a.lists.example", NULL},
	    {"below a dot", PST_RESULT_PASS, "a.hosts.example",
		"a.hosts.example"},
	    {"other", PST_RESULT_PASS, "other.example", NULL},
	    {"fail", PST_RESULT_FAIL, NULL, NULL},
	    {"none", PST_RESULT_NONE, NULL, NULL},
	};
	static const char *const trusted[] = {
	    "lists.example", ".hosts.example"};
	struct pst_config config = defaults();
	struct pst_err err;

	(void)state;
	assert_true(pst_domain_set_make(&config.arc.trusted_sealers.set, arena,
	    trusted, PST_COUNT(trusted), &err));
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_findings f = failing(PST_DMARC_REJECT);

		f.arc.result = rows[i].result;
		f.arc.sealer = rows[i].sealer;
		pst_policy_chain(arena, &config, &f);
		if (f.arc_sealer != rows[i].want_sealer &&
		    (f.arc_sealer == NULL || rows[i].want_sealer == NULL ||
			strcmp(f.arc_sealer, rows[i].want_sealer) != 0))
			fail_msg("sealer");
		assert_true((f.indirect_comment != NULL) ==
		    (rows[i].want_sealer != NULL));
		assert_int_equal(f.dmarc.result, PST_RESULT_FAIL);
		assert_false(f.dmarc.dkim_aligned || f.dmarc.spf_aligned);
	}
}

/* The action for a DMARC result and policy. */
static const struct {
	const char *label;
	enum pst_result result;
	enum pst_dmarc_policy policy;
	const char *indirect;
	enum pst_on_reject on_reject;
	enum pst_action on_quarantine, on_temperror;
	enum pst_action want;
	const char *rule;
} dmarc_rows[] = {
#define R PST_ON_REJECT_UNLESS_INDIRECT
    {"no policy", PST_RESULT_NONE, PST_DMARC_NONE, NULL, R, PST_ACTION_TAG, 0,
	PST_ACTION_ACCEPT, "default"},
    {"pass under reject", PST_RESULT_PASS, PST_DMARC_REJECT, NULL, R,
	PST_ACTION_TAG, 0, PST_ACTION_ACCEPT, "default"},
    {"permerror", PST_RESULT_PERMERROR, PST_DMARC_NONE, NULL, R, PST_ACTION_TAG,
	0, PST_ACTION_ACCEPT, "default"},
    {"none", PST_RESULT_FAIL, PST_DMARC_NONE, NULL, R, PST_ACTION_REJECT, 0,
	PST_ACTION_ACCEPT, "dmarc-none"},
    {"none and a list", PST_RESULT_FAIL, PST_DMARC_NONE, "List-Id", R,
	PST_ACTION_REJECT, 0, PST_ACTION_ACCEPT, "dmarc-none"},

    {"quarantine: accept", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, NULL, R,
	PST_ACTION_ACCEPT, 0, PST_ACTION_ACCEPT, "dmarc-quarantine"},
    {"quarantine: tag", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, NULL, R,
	PST_ACTION_TAG, 0, PST_ACTION_TAG, "dmarc-quarantine"},
    {"quarantine: hold", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, NULL, R,
	PST_ACTION_QUARANTINE, 0, PST_ACTION_QUARANTINE, "dmarc-quarantine"},
    {"quarantine: reject", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, NULL, R,
	PST_ACTION_REJECT, 0, PST_ACTION_REJECT, "dmarc-quarantine"},
    {"quarantine of a list", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, "List-Id",
	R, PST_ACTION_TAG, 0, PST_ACTION_TAG, "dmarc-quarantine"},

    {"reject", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL, R, PST_ACTION_TAG, 0,
	PST_ACTION_REJECT, "dmarc-reject"},
    {"reject, indirect", PST_RESULT_FAIL, PST_DMARC_REJECT, "List-Id", R,
	PST_ACTION_TAG, 0, PST_ACTION_TAG, "dmarc-reject-indirect"},
    {"reject, indirect: hold", PST_RESULT_FAIL, PST_DMARC_REJECT, "Precedence",
	R, PST_ACTION_QUARANTINE, 0, PST_ACTION_QUARANTINE,
	"dmarc-reject-indirect"},
    {"always", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL, PST_ON_REJECT_ALWAYS,
	PST_ACTION_TAG, 0, PST_ACTION_REJECT, "dmarc-reject"},
    {"always, indirect", PST_RESULT_FAIL, PST_DMARC_REJECT, "List-Id",
	PST_ON_REJECT_ALWAYS, PST_ACTION_TAG, 0, PST_ACTION_REJECT,
	"dmarc-reject"},
    {"lowered", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL,
	PST_ON_REJECT_QUARANTINE, PST_ACTION_QUARANTINE, 0,
	PST_ACTION_QUARANTINE, "dmarc-reject-lowered"},
    {"lowered, indirect", PST_RESULT_FAIL, PST_DMARC_REJECT, "List-Id",
	PST_ON_REJECT_QUARANTINE, PST_ACTION_ACCEPT, 0, PST_ACTION_ACCEPT,
	"dmarc-reject-lowered"},
    {"ignored", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL, PST_ON_REJECT_ACCEPT,
	PST_ACTION_REJECT, 0, PST_ACTION_ACCEPT, "dmarc-reject-ignored"},
    {"ignored, indirect", PST_RESULT_FAIL, PST_DMARC_REJECT, "List-Id",
	PST_ON_REJECT_ACCEPT, PST_ACTION_REJECT, 0, PST_ACTION_ACCEPT,
	"dmarc-reject-ignored"},

    {"temperror: accept", PST_RESULT_TEMPERROR, PST_DMARC_REJECT, NULL, R,
	PST_ACTION_TAG, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
	"dmarc-temperror"},
    {"temperror: tag", PST_RESULT_TEMPERROR, PST_DMARC_REJECT, NULL, R,
	PST_ACTION_ACCEPT, PST_ACTION_TAG, PST_ACTION_TAG, "dmarc-temperror"},
    {"temperror: tempfail", PST_RESULT_TEMPERROR, PST_DMARC_NONE, "List-Id", R,
	PST_ACTION_ACCEPT, PST_ACTION_TEMPFAIL, PST_ACTION_TEMPFAIL,
	"dmarc-temperror"},
#undef R
};

static void
test_dmarc_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(dmarc_rows[i].policy);

		config.on_reject = dmarc_rows[i].on_reject;
		config.on_quarantine = dmarc_rows[i].on_quarantine;
		config.on_temperror = dmarc_rows[i].on_temperror;
		set_result(&findings, dmarc_rows[i].result);
		findings.indirect = dmarc_rows[i].indirect;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != dmarc_rows[i].want ||
		    d.would != dmarc_rows[i].want ||
		    strcmp(d.rule, dmarc_rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
	}
}

/* A signature that a limit of ours keeps from passing (R-DMARC-48). */
static void
test_unverified_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_result result;
		enum pst_dmarc_policy policy;
		const char *indirect;
		enum pst_on_reject on_reject;
		enum pst_action want;
		const char *rule;
		const char *comment;
	} rows[] = {
#define R PST_ON_REJECT_UNLESS_INDIRECT
	    {"reject", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL, R,
		PST_ACTION_TAG, "dmarc-reject-unverified",
		"signature:bank.example"},
	    {"indirect too", PST_RESULT_FAIL, PST_DMARC_REJECT, "List-Id", R,
		PST_ACTION_TAG, "dmarc-reject-indirect", "List-Id"},
	    {"always", PST_RESULT_FAIL, PST_DMARC_REJECT, NULL,
		PST_ON_REJECT_ALWAYS, PST_ACTION_REJECT, "dmarc-reject", NULL},
	    {"quarantine", PST_RESULT_FAIL, PST_DMARC_QUARANTINE, NULL, R,
		PST_ACTION_TAG, "dmarc-quarantine", NULL},
	    {"none", PST_RESULT_FAIL, PST_DMARC_NONE, NULL, R,
		PST_ACTION_ACCEPT, "dmarc-none", NULL},
#undef R
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(rows[i].policy);

		config.on_reject = rows[i].on_reject;
		config.on_quarantine = PST_ACTION_TAG;
		findings.indirect = rows[i].indirect;
		findings.unverified = "signature:bank.example";
		set_result(&findings, rows[i].result);
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
		assert_int_equal(d.reason == PST_REASON_LOCAL_POLICY,
		    rows[i].comment != NULL);
		if (rows[i].comment != NULL)
			assert_string_equal(d.comment, rows[i].comment);
	}
}

static void
test_from_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_from_verdict verdict;
		size_t domains;
		bool all;
		enum pst_result result;
		enum pst_action want;
		const char *rule;
	} rows[] = {
	    {"none", PST_FROM_NONE, 0, false, PST_RESULT_NONE, PST_ACTION_TAG,
		"from-no-domain"},
	    {"malformed, fails", PST_FROM_MALFORMED, 0, false, PST_RESULT_FAIL,
		PST_ACTION_REJECT, "dmarc-reject"},
	    {"malformed", PST_FROM_MALFORMED, 0, false, PST_RESULT_PERMERROR,
		PST_ACTION_QUARANTINE, "from-malformed"},
	    {"malformed, evaluate-all", PST_FROM_MALFORMED, 0, true,
		PST_RESULT_PERMERROR, PST_ACTION_QUARANTINE, "from-malformed"},
	    {"multiple", PST_FROM_MULTI, 2, false, PST_RESULT_PERMERROR,
		PST_ACTION_TAG, "from-multiple"},
	    {"multiple, evaluate-all", PST_FROM_MULTI, 4, true, PST_RESULT_FAIL,
		PST_ACTION_REJECT, "dmarc-reject"},
	    {"multiple that pass", PST_FROM_MULTI, 2, true, PST_RESULT_PASS,
		PST_ACTION_ACCEPT, "default"},
	    {"too many", PST_FROM_MULTI, 5, true, PST_RESULT_PERMERROR,
		PST_ACTION_QUARANTINE, "from-malformed"},
	};
	static const char *domains[] = {
	    "a.example", "b.example", "c.example", "d.example", "e.example"};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);

		config.on_malformed_from = PST_ACTION_QUARANTINE;
		config.on_multiple_from = PST_ACTION_TAG;
		config.dmarc.evaluate_all = rows[i].all;
		findings.from = (struct pst_from){.verdict = rows[i].verdict,
		    .domains = domains,
		    .domain_count = rows[i].domains};
		set_result(&findings, rows[i].result);
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
	}
}

/* Actions that the MTA cannot carry out are replaced. */
static void
test_fallback_rows(void **state)
{
	static const struct {
		const char *label;
		struct pst_mta mta;
		enum pst_action asked, fallback, want;
	} rows[] = {
	    {"everything is possible", {true, true, true},
		PST_ACTION_QUARANTINE, PST_ACTION_REJECT,
		PST_ACTION_QUARANTINE},
	    {"no quarantine: tag", {false, true, true}, PST_ACTION_QUARANTINE,
		PST_ACTION_TAG, PST_ACTION_TAG},
	    {"no quarantine: accept", {false, true, true},
		PST_ACTION_QUARANTINE, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT},
	    {"no quarantine: reject", {false, true, true},
		PST_ACTION_QUARANTINE, PST_ACTION_REJECT, PST_ACTION_REJECT},
	    {"no quarantine: tempfail", {false, true, true},
		PST_ACTION_QUARANTINE, PST_ACTION_TEMPFAIL,
		PST_ACTION_TEMPFAIL},
	    {"no quarantine, no new fields", {false, true, false},
		PST_ACTION_QUARANTINE, PST_ACTION_TAG, PST_ACTION_ACCEPT},
	    {"no new fields", {true, true, false}, PST_ACTION_TAG,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT},
	    {"no new fields, quarantine", {true, true, false},
		PST_ACTION_QUARANTINE, PST_ACTION_REJECT,
		PST_ACTION_QUARANTINE},
	    {"only a refusal is possible", {false, false, false},
		PST_ACTION_REJECT, PST_ACTION_TAG, PST_ACTION_REJECT},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_QUARANTINE);

		config.on_quarantine = rows[i].asked;
		config.quarantine_fallback = rows[i].fallback;
		struct pst_decision d =
		    decide_for(&config, rows[i].mta, &findings);
		if (d.action != rows[i].want || d.would != rows[i].want)
			fail_msg("%s", pst_action_word(d.action));
	}
}

static void
test_exempt_rows(void **state)
{
	static const enum pst_exempt rows[] = {PST_EXEMPT_TRUSTED,
	    PST_EXEMPT_AUTHENTICATED, PST_EXEMPT_NO_ADDRESS,
	    PST_EXEMPT_SIGNING};

	(void)state;
	FOR_ROWS(i, rows, pst_exempt_word(rows[i])) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);

		findings.exempt = rows[i];
		findings.from.verdict = PST_FROM_MALFORMED;
		struct pst_decision d = decide_for(&config, able, &findings);
		assert_int_equal(d.action, PST_ACTION_ACCEPT);
		assert_string_equal(d.rule, pst_exempt_word(rows[i]));
		assert_int_equal(d.code, 0);
		assert_null(d.text);
		assert_null(d.quarantine_reason);
	}
}

static void
test_monitor(void **state)
{
	static const struct {
		const char *label;
		enum pst_action asked, would;
		bool can_quarantine;
	} rows[] = {
	    {"accept", PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, true},
	    {"tag", PST_ACTION_TAG, PST_ACTION_TAG, true},
	    {"quarantine", PST_ACTION_QUARANTINE, PST_ACTION_QUARANTINE, true},
	    {"fallback", PST_ACTION_QUARANTINE, PST_ACTION_TAG, false},
	    {"reject", PST_ACTION_REJECT, PST_ACTION_REJECT, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_QUARANTINE);
		struct pst_mta mta = able;

		mta.can_quarantine = rows[i].can_quarantine;
		config.mode = PST_MODE_MONITOR;
		config.on_quarantine = rows[i].asked;
		struct pst_decision d = decide_for(&config, mta, &findings);
		if (d.action != PST_ACTION_ACCEPT || d.would != rows[i].would ||
		    strcmp(d.rule, "dmarc-quarantine") != 0 || d.code != 0 ||
		    d.xcode != NULL || d.text != NULL ||
		    d.quarantine_reason != NULL)
			fail_msg("would %s", pst_action_word(d.would));
	}
}

static void
test_monitor_temperror(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_REJECT);

	(void)state;
	config.mode = PST_MODE_MONITOR;
	config.on_temperror = PST_ACTION_TEMPFAIL;
	set_result(&findings, PST_RESULT_TEMPERROR);
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_int_equal(d.action, PST_ACTION_ACCEPT);
	assert_int_equal(d.would, PST_ACTION_TEMPFAIL);
	assert_int_equal(d.code, 0);
}

static void
test_same_twice(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_REJECT);

	(void)state;
	struct pst_decision a = decide_for(&config, able, &findings);
	struct pst_decision b = decide_for(&config, able, &findings);
	assert_int_equal(a.action, b.action);
	assert_string_equal(a.rule, b.rule);
	assert_string_equal(a.text, b.text);
	assert_int_equal(a.edit_count, b.edit_count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exempt_words),
	    cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_dmarc_rows),
	    cmocka_unit_test(test_unverified_rows),
	    cmocka_unit_test(test_from_rows),
	    cmocka_unit_test(test_fallback_rows),
	    cmocka_unit_test(test_exempt_rows),
	    cmocka_unit_test(test_monitor),
	    cmocka_unit_test(test_monitor_temperror),
	    cmocka_unit_test(test_same_twice),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
