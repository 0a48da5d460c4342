/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/alignment.h"
#include "core/temperror.h"
#include "core/unauthenticated.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define A PST_ACTION_ACCEPT
#define T PST_ACTION_TAG
#define Q PST_ACTION_QUARANTINE
#define J PST_ACTION_REJECT
#define D PST_ACTION_TEMPFAIL
#define NONE PST_RESULT_NONE
#define PERM PST_RESULT_PERMERROR
#define NOBODY PST_DMARC_NONE_PASSED
#define PASSED PST_DMARC_ALIGNED_PASS
#define UNSURE PST_DMARC_UNDETERMINED

static const struct {
	const char *label;
	enum pst_action option;
	enum pst_result dmarc;
	enum pst_dmarc_identifiers identifiers;
	const char *indirect, *unverified;
	enum pst_action want;
	const char *rule;
} rows[] = {
    {"off", A, NONE, NOBODY, NULL, NULL, A, "default"},
    {"no record", J, NONE, NOBODY, NULL, NULL, J, "unauthenticated"},
    {"no usable policy", J, PERM, NOBODY, NULL, NULL, J, "unauthenticated"},
    {"tag", T, NONE, NOBODY, NULL, NULL, T, "unauthenticated"},
    {"quarantine", Q, NONE, NOBODY, NULL, NULL, Q, "unauthenticated"},
    {"p=none is a policy", J, PST_RESULT_FAIL, NOBODY, NULL, NULL, A,
	"dmarc-none"},
    {"an identifier passes", J, NONE, PASSED, NULL, NULL, A, "default"},
    {"forwarder", J, NONE, NOBODY, "forwarder", NULL, T,
	"unauthenticated-indirect"},
    {"forwarder and more", J, NONE, NOBODY, "forwarder,List-Id:a.example(spf)",
	NULL, T, "unauthenticated-indirect"},
    {"sealer", J, NONE, NOBODY, "ARC", NULL, T, "unauthenticated-indirect"},
    {"a claim", J, NONE, NOBODY, "List-Id:a.example(known,spf)", NULL, J,
	"unauthenticated"},
    {"a limit of ours", J, NONE, NOBODY, NULL, "signature:bank.example", T,
	"unauthenticated-unverified"},
    {"forwarder, quarantine", Q, NONE, NOBODY, "forwarder", NULL, Q,
	"unauthenticated"},
    {"undetermined, but nothing failed that is known", J, NONE, UNSURE, NULL,
	NULL, A, "default"},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);

		config.on_unauthenticated = rows[i].option;
		set_result(&findings, rows[i].dmarc);
		findings.dmarc.identifiers = rows[i].identifiers;
		findings.dmarc.spf_aligned = rows[i].identifiers == PASSED;
		findings.indirect = rows[i].indirect;
		findings.unverified = rows[i].unverified;
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != rows[i].want ||
		    strcmp(d.rule, rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
		if (d.action != J)
			continue;
		assert_string_equal(d.xcode, "5.7.26");
		assert_string_equal(d.text,
		    "Refused: mail from bank.example passes neither SPF nor "
		    "DKIM for that domain");
	}
}

/* Which look-up failed, and for how long, for a domain without a record. */
static const struct {
	const char *label;
	bool spf, walk, key, key_walk;
	bool overdue, capped;
	enum pst_action on_temperror, want;
	const char *rule, *xcode;
} failed_rows[] = {
    {"SPF", true, false, false, false, false, false, D, D,
	"unauthenticated-temperror", "4.7.24"},
    {"alignment of SPF", false, true, false, false, false, false, D, D,
	"unauthenticated-temperror", "4.4.3"},
    {"a key", false, false, true, false, false, false, D, D,
	"unauthenticated-temperror", "4.7.5"},
    {"alignment of a key", false, false, false, true, false, false, D, D,
	"unauthenticated-temperror", "4.4.3"},
    {"tag", true, false, false, false, false, false, T, T,
	"unauthenticated-temperror", NULL},
    {"accept", true, false, false, false, false, false, A, A, "default", NULL},
    {"our DNS fails for long", true, false, false, false, false, true, D, T,
	"unauthenticated-temperror-capped", NULL},
    {"the domain fails for long: SPF", true, false, false, false, true, false,
	D, J, "unauthenticated", "5.7.26"},
    {"the domain fails for long: key", false, false, true, false, true, false,
	D, J, "unauthenticated", "5.7.26"},
};

static void
test_failed_look_ups(void **state)
{
	(void)state;
	FOR_ROWS(i, failed_rows, failed_rows[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_dkim_sig sig = {
		    .result = PST_RESULT_TEMPERROR, .domain = "bank.example"};

		config.on_unauthenticated = J;
		config.on_temperror = failed_rows[i].on_temperror;
		set_result(&findings, NONE);
		findings.dmarc.identifiers = UNSURE;
		findings.dmarc.spf_undecided = failed_rows[i].spf;
		findings.dmarc.spf_may_align = failed_rows[i].walk;
		findings.spf_overdue = failed_rows[i].overdue;
		findings.temperror_capped = failed_rows[i].capped;
		sig.aligned = failed_rows[i].key;
		sig.may_align = failed_rows[i].key_walk;
		sig.overdue = failed_rows[i].overdue;
		findings.dkim =
		    (struct pst_dkim){PST_RESULT_TEMPERROR, &sig, 1, 0};
		struct pst_decision d = decide_for(&config, able, &findings);
		if (d.action != failed_rows[i].want ||
		    strcmp(d.rule, failed_rows[i].rule) != 0)
			fail_msg("%s by %s", pst_action_word(d.action), d.rule);
		if (failed_rows[i].xcode != NULL)
			assert_string_equal(d.xcode, failed_rows[i].xcode);
		/* It costs nothing while the option is off. */
		config.on_unauthenticated = A;
		assert_string_equal(
		    decide_for(&config, able, &findings).rule, "default");
	}
}

/* A malformed field is judged by its only domain, and aligned with nothing. */
static void
test_malformed(void **state)
{
	static const struct {
		const char *label;
		enum pst_dmarc_identifiers only;
		const char *rule;
	} cases[] = {
	    {"nobody", NOBODY, "unauthenticated"},
	    {"the only domain passes", PASSED, "from-malformed"},
	};

	(void)state;
	FOR_ROWS(i, cases, cases[i].label) {
		struct pst_config config = defaults();
		struct pst_findings findings = failing(PST_DMARC_NONE);
		struct pst_dmarc only = {.result = NONE,
		    .author_domain = "bank.example",
		    .knowledge = PST_DMARC_ABSENT,
		    .identifiers = cases[i].only};

		config.on_unauthenticated = J;
		config.on_malformed_from = A;
		set_result(&findings, PERM);
		findings.dmarc.author_domain = NULL;
		findings.dmarc.only = &only;
		findings.from.verdict = PST_FROM_MALFORMED;
		findings.from.fault = PST_FROM_GRAMMAR;
		assert_string_equal(
		    decide_for(&config, able, &findings).rule, cases[i].rule);
		assert_int_equal(pst_alignment_of(&findings), PST_ALIGNED_NONE);
	}
}

static void
test_alignment(void **state)
{
	static const struct {
		const char *words;
		enum pst_dmarc_identifiers identifiers;
		bool spf, dkim;
		enum pst_exempt exempt;
	} cases[] = {
	    {"spf", PASSED, true, false, PST_EXEMPT_NO},
	    {"dkim", PASSED, false, true, PST_EXEMPT_NO},
	    {"spf,dkim", PASSED, true, true, PST_EXEMPT_NO},
	    {"none", NOBODY, false, false, PST_EXEMPT_NO},
	    {"unknown", UNSURE, false, false, PST_EXEMPT_NO},
	    {"unknown", PASSED, true, true, PST_EXEMPT_TRUSTED},
	};

	(void)state;
	FOR_ROWS(i, cases, cases[i].words) {
		struct pst_findings findings = failing(PST_DMARC_NONE);

		findings.exempt = cases[i].exempt;
		findings.dmarc.identifiers = cases[i].identifiers;
		findings.dmarc.spf_aligned = cases[i].spf;
		findings.dmarc.dkim_aligned = cases[i].dkim;
		assert_string_equal(
		    pst_alignment_words(pst_alignment_of(&findings)),
		    cases[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rows, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_failed_look_ups, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_malformed, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_alignment, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
