/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "survey/survey.h"
#include "tests/unit/rows.h"

/* One survey of a zone, with a clock that only the DNS moves. */
struct bench {
	struct pst_arena *arena;
	struct pst_resolver *resolver;
	struct pst_clock clock;
	struct pst_world world;
	struct pst_survey survey;
};

static void
run(struct bench *b, const char *zone, const char *domain)
{
	const struct pst_dns_limits limits = {
	    PST_SURVEY_QUERIES, 1000, 16384, 0};
	const struct pst_survey_input input = {
	    .domain = domain, .max_voids = 2};
	struct pst_survey_part part = {&b->world, &input, &b->survey};
	struct pst_err err = {""};

	b->arena = pst_arena_new();
	b->clock = pst_clock_manual(0);
	b->resolver = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (b->resolver == NULL)
		fail_msg("%s", err.text);
	b->world = (struct pst_world){.arena = b->arena, .eager = true};
	b->world.dns = pst_dns_open(b->arena, b->resolver, &b->clock, limits);
	b->survey =
	    (struct pst_survey){.domain = domain, .findings.arena = b->arena};
	while (!pst_survey_dmarc(&part)) {
		/* nothing is said before all is known */
		assert_int_equal(b->survey.findings.count, 0);
		assert_true(pst_dns_wait(b->world.dns, INT64_MAX));
	}
}

static void
end(struct bench *b)
{
	pst_arena_free(b->arena);
	pst_resolver_free(b->resolver);
}

/* "reject(p@_dmarc.example.com)" for each of the three names. */
static const char *
policies(const struct bench *b)
{
	struct pst_buf buf;

	pst_buf_init(&buf, b->arena, 1000);
	for (size_t i = 0; i < 3; i++) {
		const struct pst_survey_policy *p =
		    &b->survey.dmarc.policies[i];

		pst_buf_printf(&buf, "%s%s", i == 0 ? "" : " ", p->policy);
		if (p->from != NULL)
			pst_buf_printf(&buf, "(%s@%s)", p->tag, p->from);
	}
	return pst_buf_str(&buf);
}

#define R "; rua=mailto:d@example.com\"\n"

static const struct {
	const char *label, *zone, *domain, *org, *want;
} policy_rows[] = {
    {"all three tags",
	"_dmarc.example.com. TXT \"v=DMARC1; p=none; sp=quarantine; "
	"np=reject" R "example.com. A 192.0.2.1\n",
	"example.com", "example.com",
	"none(p@_dmarc.example.com) quarantine(sp@_dmarc.example.com) "
	"reject(np@_dmarc.example.com)"},
    {"only p=", "_dmarc.example.com. TXT \"v=DMARC1; p=reject" R, "example.com",
	"example.com",
	"reject(p@_dmarc.example.com) reject(p@_dmarc.example.com) "
	"reject(p@_dmarc.example.com)"},
    {"np= is sp= if it is missing",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=none" R,
	"example.com", "example.com",
	"reject(p@_dmarc.example.com) none(sp@_dmarc.example.com) "
	"none(sp@_dmarc.example.com)"},
    {"a test weakens all",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject; sp=none; "
	"np=quarantine; t=y" R,
	"example.com", "example.com",
	"quarantine(p@_dmarc.example.com) none(sp@_dmarc.example.com) "
	"none(np@_dmarc.example.com)"},
    {"a sub-domain that exists",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject; "
	"sp=quarantine; np=none" R "a.example.com. A 192.0.2.1\n",
	"a.example.com", "example.com",
	"quarantine(sp@_dmarc.example.com) "
	"quarantine(sp@_dmarc.example.com) "
	"none(np@_dmarc.example.com)"},
    {"a sub-domain that does not exist",
	"_dmarc.example.com. TXT \"v=DMARC1; p=none; "
	"sp=quarantine; np=reject" R,
	"a.example.com", "example.com",
	"reject(np@_dmarc.example.com) "
	"quarantine(sp@_dmarc.example.com) "
	"reject(np@_dmarc.example.com)"},
    /* its own sub-domains belong to the organization, too */
    {"a sub-domain with a record of its own",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject" R
	"_dmarc.a.example.com. TXT \"v=DMARC1; p=none; sp=none" R,
	"a.example.com", "example.com",
	"none(p@_dmarc.a.example.com) reject(p@_dmarc.example.com) "
	"reject(p@_dmarc.example.com)"},
    {"a sub-domain that is an organization (psd=n)",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject" R
	"_dmarc.a.example.com. TXT \"v=DMARC1; p=none; psd=n" R,
	"a.example.com", "a.example.com",
	"none(p@_dmarc.a.example.com) none(p@_dmarc.a.example.com) "
	"none(p@_dmarc.a.example.com)"},
    {"the record of a public suffix",
	"_dmarc.example. TXT \"v=DMARC1; p=none; sp=quarantine; "
	"np=reject; psd=y" R "b.example. A 192.0.2.1\n",
	"b.example", "b.example",
	"quarantine(sp@_dmarc.example) quarantine(sp@_dmarc.example) "
	"reject(np@_dmarc.example)"},
    {"no record", "example.com. A 192.0.2.1\n", "example.com", "example.com",
	"- - -"},
    {"two records count as none",
	"_dmarc.example.com. TXT \"v=DMARC1; p=none" R
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject" R,
	"example.com", "example.com", "- - -"},
    {"a policy that cannot be read, with reports",
	"_dmarc.example.com. TXT \"v=DMARC1; p=rejct" R, "example.com",
	"example.com",
	"none(p@_dmarc.example.com) none(p@_dmarc.example.com) "
	"none(p@_dmarc.example.com)"},
    {"a policy that cannot be read, without reports",
	"_dmarc.example.com. TXT \"v=DMARC1; p=rejct\"\n", "example.com",
	"example.com",
	"-(p@_dmarc.example.com) -(p@_dmarc.example.com) "
	"-(p@_dmarc.example.com)"},
    {"a failure above leaves the own policy",
	"_dmarc.a.example.com. TXT \"v=DMARC1; p=reject" R
	";! servfail _dmarc.example.com\n",
	"a.example.com", NULL, "reject(p@_dmarc.a.example.com) - -"},
    {"a failure of the own record leaves nothing",
	"_dmarc.example.com. TXT \"v=DMARC1; p=reject" R
	";! servfail _dmarc.a.example.com\n",
	"a.example.com", NULL, "- - -"},
};

static void
test_policies(void **state)
{
	(void)state;
	FOR_ROWS(i, policy_rows, policy_rows[i].label) {
		struct bench b;

		run(&b, policy_rows[i].zone, policy_rows[i].domain);
		assert_string_equal(policies(&b), policy_rows[i].want);
		if (policy_rows[i].org == NULL)
			assert_null(b.survey.dmarc.org_domain);
		else
			assert_string_equal(
			    b.survey.dmarc.org_domain, policy_rows[i].org);
		assert_int_equal(b.survey.dmarc.has_record,
		    strchr(policy_rows[i].want, '(') != NULL);
		end(&b);
	}
}

/* The walk, question by question; it ends at psd=n. */
static void
test_steps(void **state)
{
	static const struct {
		const char *label, *zone, *domain, *want;
	} rows[] = {
	    {"three labels",
		"_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n"
		";! servfail _dmarc.com\n",
		"a.example.com",
		"_dmarc.a.example.com NXDOMAIN -|"
		"_dmarc.example.com NOERROR v=DMARC1; p=none|"
		"_dmarc.com SERVFAIL -|"},
	    {"psd=n", "_dmarc.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n",
		"a.example.com",
		"_dmarc.a.example.com NXDOMAIN -|"
		"_dmarc.example.com NOERROR v=DMARC1; p=none; psd=n|"},
	    {"more than seven labels", "a. A 192.0.2.1\n", "1.2.3.4.5.6.7.8.9",
		"_dmarc.1.2.3.4.5.6.7.8.9 NXDOMAIN -|"
		"_dmarc.3.4.5.6.7.8.9 NXDOMAIN -|"
		"_dmarc.4.5.6.7.8.9 NXDOMAIN -|_dmarc.5.6.7.8.9 NXDOMAIN -|"
		"_dmarc.6.7.8.9 NXDOMAIN -|_dmarc.7.8.9 NXDOMAIN -|"
		"_dmarc.8.9 NXDOMAIN -|_dmarc.9 NXDOMAIN -|"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_buf buf;
		struct bench b;

		run(&b, rows[i].zone, rows[i].domain);
		pst_buf_init(&buf, b.arena, 2000);
		for (size_t n = 0; n < b.survey.dmarc.step_count; n++) {
			const struct pst_survey_step *step =
			    &b.survey.dmarc.steps[n];

			pst_buf_printf(&buf, "%s %s %s|", step->name,
			    step->status,
			    step->record == NULL ? "-" : step->record);
		}
		assert_string_equal(pst_buf_str(&buf), rows[i].want);
		end(&b);
	}
}

/*
 * The questions go out side by side: the walk and the names around it at once,
 * then what the record leads to.
 */
static void
test_rounds(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf zone;
	struct bench b;

	(void)state;
	pst_buf_init(&zone, arena, 10000);
	pst_buf_add_text(&zone,
	    "_dmarc.example.com. TXT \"v=DMARC1; p=reject; "
	    "rua=mailto:d@reports.example,mailto:d@other.example\"\n"
	    "example.com._report._dmarc.reports.example. TXT \"v=DMARC1\"\n"
	    "example.com._report._dmarc.other.example. TXT \"v=DMARC1\"\n");
	for (size_t i = 0; i < 7; i++) {
		static const char *const names[] = {"_dmarc.example.com",
		    "_dmarc.com", "example.com",
		    "example.com._report._dmarc.reports.example",
		    "example.com._report._dmarc.other.example",
		    "_dmarc.reports.example", "_demarc.example.com"};

		pst_buf_printf(&zone, ";! delay %s 20ms\n", names[i]);
	}
	run(&b, pst_buf_str(&zone), "example.com");
	assert_int_equal(pst_clock_ms(&b.clock), 40);
	assert_true(pst_finding_has(&b.survey.findings, "dmarc-consent-given"));
	end(&b);
	pst_arena_free(arena);
}

/* However many addresses a record has, the questions are bounded. */
static void
test_bounded(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf zone;
	struct bench b;

	(void)state;
	pst_buf_init(&zone, arena, 10000);
	pst_buf_add_text(
	    &zone, "_dmarc.example.com. TXT \"v=DMARC1; p=reject; rua=\"");
	for (size_t i = 0; i < 40; i++)
		pst_buf_printf(&zone, " \"%smailto:d@%zu.a.b.c.d.e.example\"",
		    i == 0 ? "" : ",", i);
	pst_buf_add_text(&zone, "\n");
	run(&b, pst_buf_str(&zone), "example.com");
	assert_in_range(pst_dns_count(b.world.dns), 20, 100);
	assert_true(
	    pst_finding_has(&b.survey.findings, "dmarc-consent-missing"));
	end(&b);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_rounds),
	    cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
