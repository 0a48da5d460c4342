/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/remark.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define LONG "0123456789012345678901234567890123456789"

static const struct {
	const char *label;
	struct pst_decision decision;
	enum pst_dmarc_policy published, effective;
	const char *indirect, *want;
} remark_rows[] = {
#define A PST_ACTION_ACCEPT
#define T PST_ACTION_TAG
#define Q PST_ACTION_QUARANTINE
#define J PST_ACTION_REJECT
#define BY(name, what, meant)                                                  \
	{                                                                      \
		.rule = (name), .action = (what), .would = (meant)             \
	}
#define TITLED(name, what, meant)                                              \
	{                                                                      \
		.rule = (name), .action = (what), .would = (meant),            \
		.titled = true                                                 \
	}
#define N PST_DMARC_NONE
#define PQ PST_DMARC_QUARANTINE
#define PR PST_DMARC_REJECT
    {"default", BY("default", A, A), PR, PR, NULL, NULL},
    {"none", BY("dmarc-none", A, A), N, N, NULL, "p=none"},
    {"test mode", BY("dmarc-quarantine", T, T), PR, PQ, NULL,
	"p=reject, test mode: tagged"},
    {"test mode, none", BY("dmarc-none", A, A), PQ, N, NULL,
	"p=quarantine, test mode"},
    {"tagged", BY("dmarc-quarantine", T, T), PQ, PQ, NULL,
	"p=quarantine: tagged"},
    {"held", BY("dmarc-quarantine", Q, Q), PQ, PQ, NULL,
	"p=quarantine: quarantined"},
    {"accepted", BY("dmarc-quarantine", A, A), PQ, PQ, NULL,
	"p=quarantine: accepted"},
    {"monitored", BY("dmarc-reject", A, J), PR, PR, NULL,
	"p=reject, not enforced"},
    {"refused", BY("dmarc-reject", J, J), PR, PR, NULL, NULL},
    {"deferred",
	BY("dmarc-temperror", PST_ACTION_TEMPFAIL, PST_ACTION_TEMPFAIL), PR, PR,
	NULL, NULL},
    {"indirect", BY("dmarc-reject-indirect", T, T), PR, PR,
	"List-Id:list.example(dkim)", "reject lowered: signed by list.example"},
    {"indirect, SPF", BY("dmarc-reject-indirect", T, T), PR, PR,
	"SRS0:list.example(known,spf),List-Id:b.example(known,dkim)",
	"reject lowered: sent by list.example"},
    {"ARC", BY("dmarc-reject-indirect", T, T), PR, PR, "ARC",
	"reject lowered: trusted ARC chain"},
    {"indirect, monitored", BY("dmarc-reject-indirect", A, T), PR, PR,
	"forwarder", "not enforced, reject lowered: listed forwarder"},
    {"lowered", BY("dmarc-reject-lowered", T, T), PR, PR, NULL,
	"reject lowered: on-reject"},
    {"ignored", BY("dmarc-reject-ignored", A, A), PR, PR, NULL,
	"reject lowered: on-reject"},
    {"local check", BY("spf-fail", T, T), N, N, NULL, "spf-fail: tagged"},
    {"local check, monitored", BY("spf-fail", A, J), N, N, NULL,
	"spf-fail, not enforced"},
    {"rule", TITLED("Partner", A, A), PR, PR, NULL,
	"accepted by rule \"Partner\""},
    {"rule, monitored", TITLED("Partner", A, J), PR, PR, NULL,
	"rule \"Partner\", not enforced"},
    {"a rule with the name of none", TITLED("default", T, T), PR, PR, NULL,
	"tagged by rule \"default\""},
    {"too long", BY("dmarc-reject-indirect", T, T), PR, PR,
	"List-Id:" LONG LONG, "reject lowered: signed by " LONG "012..."},
#undef A
#undef T
#undef Q
#undef J
#undef N
#undef PQ
#undef PR
};

/* R-POL-24 */
static void
test_remarks(void **state)
{
	(void)state;
	FOR_ROWS(i, remark_rows, remark_rows[i].label) {
		struct pst_findings findings =
		    failing(remark_rows[i].effective);
		const char *got;

		findings.dmarc.published = remark_rows[i].published;
		findings.indirect = remark_rows[i].indirect;
		got = pst_remark_of(arena, &findings, &remark_rows[i].decision);
		if (remark_rows[i].want == NULL) {
			assert_null(got);
			continue;
		}
		assert_non_null(got);
		assert_string_equal(got, remark_rows[i].want);
		assert_true(strlen(got) <= PST_REMARK_MAX);
	}
}

/* Nothing is written into such a message. */
static void
test_nothing(void **state)
{
	struct pst_findings findings = failing(PST_DMARC_QUARANTINE);
	struct pst_decision decision = {.rule = "dmarc-quarantine"};

	(void)state;
	assert_non_null(pst_remark_of(arena, &findings, &decision));
	decision.skip = true;
	assert_null(pst_remark_of(arena, &findings, &decision));
	decision.skip = false;
	findings.exempt = PST_EXEMPT_TRUSTED;
	assert_null(pst_remark_of(arena, &findings, &decision));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remarks),
	    cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
