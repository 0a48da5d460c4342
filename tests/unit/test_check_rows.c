/* SPDX-License-Identifier: BSD-2-Clause */

/* What holds for every table of checks: its order and a row that is greedy. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/check.h"
#include "core/edits.h"
#include "core/explain.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static unsigned steps;

static bool
step(struct pst_check_run *run)
{
	(void)run;
	steps++;
	return true;
}

static bool
refuse(const struct pst_check_run *run)
{
	(void)run;
	return false;
}

/* Writes more than a field can hold. */
static void
flood(const struct pst_findings *f, const void *state, struct pst_authres *ar)
{
	char value[900];

	(void)f;
	(void)state;
	memset(value, 'x', sizeof(value));
	for (size_t i = 0; i < PST_AUTHRES_MAX / sizeof(value) + 1; i++) {
		pst_authres_method(ar, "x-greedy", "pass", NULL, NULL);
		pst_authres_prop(
		    ar, "policy", "x", (struct pst_str){value, sizeof(value)});
	}
}

static const struct pst_check check_greedy = {
    .name = "x-greedy",
    .needs = PST_CHECK_NEEDS_HEADER,
    .after = {&pst_check_dmarc, &pst_check_arc, &pst_check_iprev,
	&pst_check_spf},
    .step = step,
    .authres = flood,
};

/* It has no printers, and it is not wanted. */
static const struct pst_check check_unwanted = {
    .name = "x-unwanted",
    .needs = PST_CHECK_NEEDS_HEADER,
    .is_wanted = refuse,
    .step = step,
};

/* The reverse of core/checks.c: each row waits for later ones. */
const struct pst_check *const pst_checks[] = {
    &check_unwanted,
    &check_greedy,
    &pst_check_arc,
    &pst_check_dmarc,
    &pst_check_dkim,
    &pst_check_spf,
    &pst_check_iprev,
};
const size_t pst_check_count = PST_COUNT(pst_checks);

#define ZONE                                                                   \
	"bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.66 -all\"\n"             \
	"_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject; sp=none; "       \
	"np=reject\"\n"                                                        \
	"sub.bank.example. 60 IN A 192.0.2.1\n"                                \
	"66.2.0.192.in-addr.arpa. 60 IN PTR bulk.example.\n"                   \
	"bulk.example. 60 IN A 192.0.2.66\n"
#define SLOW(name) ";! delay " name " 700ms\n"

/* The order of the rows decides neither the results nor how long they take. */
static void
test_order(void **state)
{
	static const struct {
		const char *label, *zone;
		unsigned ms;
	} rows[] = {
	    {"at once", ZONE, 0},
	    {"slow SPF", ZONE SLOW("bank.example"), 700},
	    {"slow policy", ZONE SLOW("_dmarc.bank.example"), 700},
	    {"slow iprev", ZONE SLOW("bulk.example"), 700},
	    /* DMARC asks whether the domain exists as soon as DKIM is done. */
	    {"slow iprev and a late question",
		ZONE SLOW("bulk.example") SLOW("sub.bank.example"), 700},
	};
	static const char *const words[] = {
	    " dmarc=pass policy=bank.example:sp=none aligned=spf "
	    "dkim=none ",
	    " spf=pass:bank.example:ip4:192.0.2.66 action=accept ",
	    " org=bank.example arc=none:- iprev=pass ",
	};
	static const struct letter letter = {"h", "<a@bank.example>", false,
	    "Date: x\nFrom: a@sub.bank.example\n", "x\r\n"};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_session *session;
		const struct pst_message *m;
		const char *line;
		struct lab lab;

		steps = 0;
		lab_open(
		    &lab, LAB_CONFIG "arc { verify = true }\n", rows[i].zone);
		session = lab_connect(&lab, "192.0.2.66");
		m = lab_send(session, &letter);
		line = pst_explain_line(arena, m);
		if (m->elapsed_ms != rows[i].ms || steps != 1)
			fail_msg("%u ms, %u steps", m->elapsed_ms, steps);
		for (size_t n = 0; n < PST_COUNT(words); n++) {
			if (strstr(line, words[n]) == NULL)
				fail_msg("no \"%s\" in %s", words[n], line);
		}
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

/* R-AR-10: what does not fit is left out, and all else is there. */
static void
test_greedy_row(void **state)
{
	struct pst_findings findings = {.has_iprev = true, .has_arc = true};
	struct pst_arena *arena = pst_arena_new();
	const char *field;

	(void)state;
	findings.spf.result = PST_RESULT_PASS;
	findings.iprev.result = PST_RESULT_FAIL;
	field = pst_edits_result_field(arena, LAB_ID, &findings, NULL);
	assert_null(strstr(field, "x-greedy"));
	assert_non_null(strstr(field,
	    ";\n\tdmarc=none;\n\tdkim=none;\n\tspf=pass;"
	    "\n\tarc=none;\n\tiprev=fail"));
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_greedy_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
