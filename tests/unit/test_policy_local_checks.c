/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/local_checks.h"
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

static void
test_ladder(void **state)
{
	static const struct {
		const char *label, *values[2];
		size_t count;
		enum pst_action want;
		const char *rule;
	} rows[] = {
	    {"none", {NULL}, 0, PST_ACTION_TAG, "from-missing"},
	    {"two", {"a@b.example", "a@b.example"}, 2, PST_ACTION_QUARANTINE,
		"from-several-fields"},
	    {"encoded", {" =?utf-8?B?PGE+?="}, 1, PST_ACTION_ACCEPT,
		"from-encoded"},
	    {"encoded, folded", {" =?u?q?a?=\n\t=?u?q?b?= "}, 1,
		PST_ACTION_ACCEPT, "from-encoded"},
	    {"encoded and more", {" =?u?q?a?= b"}, 1, PST_ACTION_REJECT,
		"from-malformed"},
	    {"encoded in brackets", {"<=?u?q?a?=>"}, 1, PST_ACTION_REJECT,
		"from-malformed"},
	    {"no end of the word", {"=?= ?="}, 1, PST_ACTION_REJECT,
		"from-malformed"},
	    {"grammar", {"a@b@c"}, 1, PST_ACTION_REJECT, "from-malformed"},
	    {"empty", {""}, 1, PST_ACTION_REJECT, "from-malformed"},
	    {"with and without domain", {"a@[192.0.2.1], a@b.example"}, 1,
		PST_ACTION_REJECT, "from-malformed"},
	    {"several domains", {"a@b.example, a@c.example"}, 1, PST_ACTION_TAG,
		"from-multiple"},
	    {"an encoded name", {"=?u?q?a?= <a@b.example>"}, 1,
		PST_ACTION_ACCEPT, "default"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_str values[2];

		config.on_missing_from = PST_ACTION_TAG;
		config.on_several_from = PST_ACTION_QUARANTINE;
		config.on_encoded_from = PST_ACTION_ACCEPT;
		config.on_multiple_from = PST_ACTION_TAG;
		for (size_t n = 0; n < rows[i].count; n++)
			values[n] = pst_str(rows[i].values[n]);
		pst_from_parse(arena, values, rows[i].count, &findings.from);
		set_result(&findings, PST_RESULT_PERMERROR);
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
	}
}

/* R-POL-23 */
static void
test_header(void **state)
{
	static const struct {
		const char *label;
		enum pst_header_fault fault;
		enum pst_action on, want;
		const char *rule, *text;
	} rows[] = {
	    {"off", PST_HEADER_NO_DATE, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
		"default", NULL},
	    {"no fault", PST_HEADER_NO_FAULT, PST_ACTION_REJECT,
		PST_ACTION_ACCEPT, "default", NULL},
	    {"tag", PST_HEADER_NO_DATE, PST_ACTION_TAG, PST_ACTION_TAG,
		"header-malformed", NULL},
	    {"quarantine", PST_HEADER_SEVERAL_CC, PST_ACTION_QUARANTINE,
		PST_ACTION_QUARANTINE, "header-malformed", NULL},
	    {"reject", PST_HEADER_SEVERAL_SUBJECT, PST_ACTION_REJECT,
		PST_ACTION_REJECT, "header-malformed",
		"Refused: the message has more than one Subject field (RFC "
		"5322 section 3.6)"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_decision d;

		set_result(&findings, PST_RESULT_PASS);
		config.on_malformed_header = rows[i].on;
		findings.header_fault = rows[i].fault;
		d = decide_for(&config, able, &findings);
		assert_int_equal(d.action, rows[i].want);
		assert_string_equal(d.rule, rows[i].rule);
		if (rows[i].text == NULL)
			continue;
		assert_string_equal(d.text, rows[i].text);
		assert_string_equal(d.xcode, "5.6.0");
	}
}

static const struct {
	const char *label;
	enum pst_result dmarc, spf, iprev, dkim;
	bool required, foreign;
	enum pst_action on_spf, on_soft, on_iprev, on_dkim, want;
	const char *rule, *xcode, *text;
} refusal_rows[] = {
#define A PST_ACTION_ACCEPT
#define J PST_ACTION_REJECT
#define T PST_ACTION_TAG
#define P PST_RESULT_PASS
#define F PST_RESULT_FAIL
#define S PST_RESULT_SOFTFAIL
    {"all off", P, F, F, F, true, false, A, A, A, A, A, "default", NULL, NULL},
    {"spf", P, F, P, P, false, false, J, A, A, A, J, "spf-fail", "5.7.23",
	"Refused: SPF fail for sender.example"},
    {"soft is not hard", P, S, P, P, false, false, J, A, A, A, A, "default",
	NULL, NULL},
    {"softfail", P, S, P, P, false, false, A, J, A, A, J, "spf-softfail",
	"5.7.23", "Refused: SPF softfail for sender.example"},
    {"softfail tagged", P, S, P, P, false, false, A, T, A, A, T, "spf-softfail",
	NULL, NULL},
    {"iprev", P, P, F, P, false, false, J, J, J, A, J, "iprev-fail", "5.7.25",
	"Refused: the client's IP address has no host name that resolves "
	"back to it"},
    {"no name", P, P, PST_RESULT_PERMERROR, P, false, false, A, A, J, A, A,
	"default", NULL, NULL},
    {"iprev unknown", P, P, PST_RESULT_TEMPERROR, P, false, false, A, A, J, A,
	A, "default", NULL, NULL},
    {"dkim fails", P, P, P, F, true, false, A, A, A, J, J, "dkim-missing",
	"5.7.20", "Refused: no valid DKIM signature from bank.example"},
    {"dkim foreign", P, P, P, P, true, true, A, A, A, J, J, "dkim-missing",
	"5.7.22", "Refused: no valid DKIM signature from bank.example"},
    {"dkim there", P, P, P, P, true, false, A, A, A, J, A, "default", NULL,
	NULL},
    {"dkim unknown", P, P, P, PST_RESULT_TEMPERROR, true, false, A, A, A, J, A,
	"default", NULL, NULL},
    {"dkim not required", P, P, P, F, false, false, A, A, A, J, A, "default",
	NULL, NULL},
    {"two", P, F, F, P, false, false, J, A, J, A, J, "multiple-checks",
	"5.7.26",
	"Refused: SPF fail for sender.example, the client's IP address "
	"has no host name that resolves back to it"},
    {"the milder of two", P, F, F, P, false, false, J, A, T, A, J, "spf-fail",
	"5.7.23", "Refused: SPF fail for sender.example"},
    {"the stricter of two", P, F, P, F, true, false, T, A, A, J, J,
	"dkim-missing", "5.7.20",
	"Refused: no valid DKIM signature from bank.example"},
    {"the policy is as strict", F, F, P, F, false, false, J, A, A, A, J,
	"dmarc-reject", "5.7.26",
	"Message refused by DMARC policy of bank.example"},
    {"the policy is stricter", F, F, P, F, false, false, T, A, A, A, J,
	"dmarc-reject", "5.7.26",
	"Message refused by DMARC policy of bank.example"},
#undef A
#undef J
#undef T
#undef P
#undef F
#undef S
};

static void
test_refusals(void **state)
{
	(void)state;
	FOR_ROWS(i, refusal_rows, refusal_rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_REJECT);
		struct pst_dkim_sig sig = {.result = refusal_rows[i].dkim,
		    .domain = refusal_rows[i].foreign ? "esp.example" :
							"bank.example"};

		config.on_spf_fail = refusal_rows[i].on_spf;
		config.on_spf_softfail = refusal_rows[i].on_soft;
		config.on_iprev_fail = refusal_rows[i].on_iprev;
		config.on_dkim_missing = refusal_rows[i].on_dkim;
		if (refusal_rows[i].required)
			config.dkim_required.set = set_of("bank.example");
		set_result(&findings, refusal_rows[i].dmarc);
		findings.spf.result = refusal_rows[i].spf;
		findings.spf.domain = "sender.example";
		findings.has_iprev = true;
		findings.iprev.result = refusal_rows[i].iprev;
		findings.dkim.sigs = &sig;
		findings.dkim.count = 1;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != refusal_rows[i].want ||
		    strcmp(d.rule, refusal_rows[i].rule) != 0 ||
		    !SAME(refusal_rows[i].xcode, d.xcode) ||
		    !SAME(refusal_rows[i].text, d.text))
			fail_msg("%s by %s: %s %s", pst_action_word(d.action),
			    d.rule, d.xcode ? d.xcode : "-",
			    d.text ? d.text : "-");
	}
}

/* SPF of the HELO name: only a fail counts, and only if it was checked. */
static void
test_helo(void **state)
{
	static const struct {
		const char *label;
		bool checked;
		enum pst_result helo, spf;
		enum pst_action on_helo, on_spf, want;
		const char *rule, *xcode;
	} rows[] = {
	    {"off", true, PST_RESULT_FAIL, PST_RESULT_PASS, PST_ACTION_ACCEPT,
		PST_ACTION_ACCEPT, PST_ACTION_ACCEPT, "dmarc-none", NULL},
	    {"reject", true, PST_RESULT_FAIL, PST_RESULT_PASS,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT, PST_ACTION_REJECT,
		"helo-fail", "5.7.23"},
	    {"tag", true, PST_RESULT_FAIL, PST_RESULT_PASS, PST_ACTION_TAG,
		PST_ACTION_ACCEPT, PST_ACTION_TAG, "helo-fail", NULL},
	    {"not checked", false, PST_RESULT_FAIL, PST_RESULT_PASS,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
		"dmarc-none", NULL},
	    {"softfail", true, PST_RESULT_SOFTFAIL, PST_RESULT_PASS,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
		"dmarc-none", NULL},
	    {"temperror", true, PST_RESULT_TEMPERROR, PST_RESULT_PASS,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
		"dmarc-none", NULL},
	    {"permerror", true, PST_RESULT_PERMERROR, PST_RESULT_PASS,
		PST_ACTION_REJECT, PST_ACTION_ACCEPT, PST_ACTION_ACCEPT,
		"dmarc-none", NULL},
	    {"both", true, PST_RESULT_FAIL, PST_RESULT_FAIL, PST_ACTION_REJECT,
		PST_ACTION_REJECT, PST_ACTION_REJECT, "multiple-checks",
		"5.7.26"},
	    {"the stricter one", true, PST_RESULT_FAIL, PST_RESULT_FAIL,
		PST_ACTION_TAG, PST_ACTION_REJECT, PST_ACTION_REJECT,
		"spf-fail", "5.7.23"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);

		config.on_helo_fail = rows[i].on_helo;
		config.on_spf_fail = rows[i].on_spf;
		findings.spf.result = rows[i].spf;
		findings.has_helo = rows[i].checked;
		findings.helo.result = rows[i].helo;
		findings.helo.domain = "mail.example";
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want ||
		    strcmp(d.rule, rows[i].rule) != 0 ||
		    !SAME(rows[i].xcode, d.xcode))
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
	}
}

/* No signature, and a signature of the parent domain. */
static void
test_required_signatures(void **state)
{
	struct pst_config config = defaults();
	struct pst_findings findings = failing(PST_DMARC_NONE);
	struct pst_dkim_sig sig = {
	    .result = PST_RESULT_PASS, .domain = "example"};

	(void)state;
	config.on_dkim_missing = PST_ACTION_REJECT;
	config.dkim_required.set = set_of(".example");
	struct pst_decision d = decide_for(&config, able, &findings);
	assert_string_equal(d.xcode, "5.7.20");
	findings.dkim.sigs = &sig;
	findings.dkim.count = 1;
	d = decide_for(&config, able, &findings);
	assert_string_equal(d.rule, "dmarc-none");
}

static void
test_strictness(void **state)
{
	static const enum pst_action order[] = {PST_ACTION_ACCEPT,
	    PST_ACTION_TAG, PST_ACTION_QUARANTINE, PST_ACTION_TEMPFAIL,
	    PST_ACTION_REJECT};

	(void)state;
	FOR_ROWS(i, order, pst_action_word(order[i]))
		for (size_t n = 0; n < PST_COUNT(order); n++)
			assert_int_equal(
			    pst_action_is_stricter(order[i], order[n]), i > n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ladder),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_helo),
	    cmocka_unit_test(test_required_signatures),
	    cmocka_unit_test(test_strictness),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
