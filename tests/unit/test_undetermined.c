/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/undetermined.h"
#include "tests/unit/rows.h"

#define ACCEPT PST_COURSE_ACCEPT
#define APPLY PST_COURSE_APPLY
#define DEFER PST_COURSE_DEFER
#define TAG PST_COURSE_TAG

#define PASS PST_DMARC_ALIGNED_PASS
#define NO_PASS PST_DMARC_NONE_PASSED
#define OPEN PST_DMARC_UNDETERMINED

/* One row for each cell (R-DMARC-40). */
static const struct {
	const char *label;
	enum pst_known_policy policy;
	enum pst_dmarc_identifiers identifiers;
	enum pst_course want[3]; /* no cap, resolver, domain */
} cells[] = {
    {"enforcing, pass", PST_KNOWN_ENFORCING, PASS, {ACCEPT, ACCEPT, ACCEPT}},
    {"enforcing, no pass", PST_KNOWN_ENFORCING, NO_PASS, {APPLY, APPLY, APPLY}},
    {"enforcing, open", PST_KNOWN_ENFORCING, OPEN, {DEFER, TAG, APPLY}},
    {"none, pass", PST_KNOWN_NONE, PASS, {ACCEPT, ACCEPT, ACCEPT}},
    {"none, no pass", PST_KNOWN_NONE, NO_PASS, {ACCEPT, ACCEPT, ACCEPT}},
    {"none, open", PST_KNOWN_NONE, OPEN, {ACCEPT, ACCEPT, ACCEPT}},
    {"recalled, pass", PST_KNOWN_RECALLED, PASS, {ACCEPT, ACCEPT, ACCEPT}},
    {"recalled, no pass", PST_KNOWN_RECALLED, NO_PASS, {APPLY, APPLY, APPLY}},
    {"recalled, open", PST_KNOWN_RECALLED, OPEN, {DEFER, TAG, APPLY}},
    {"nothing, pass", PST_KNOWN_NOTHING, PASS, {ACCEPT, ACCEPT, ACCEPT}},
    {"nothing, no pass", PST_KNOWN_NOTHING, NO_PASS, {DEFER, TAG, TAG}},
    {"nothing, open", PST_KNOWN_NOTHING, OPEN, {DEFER, TAG, TAG}},
};

static void
test_cells(void **state)
{
	static const enum pst_deferring_cap caps[] = {
	    PST_CAP_NOT_REACHED, PST_CAP_RESOLVER, PST_CAP_DOMAIN};

	(void)state;
	assert_int_equal(PST_COUNT(cells), 4 * 3);
	FOR_ROWS(i, cells, cells[i].label) {
		for (size_t cap = 0; cap < PST_COUNT(caps); cap++) {
			enum pst_course got = pst_undetermined_course(
			    cells[i].policy, cells[i].identifiers, caps[cap]);

			if (got != cells[i].want[cap])
				fail_msg("cap %zu: %d", cap, (int)got);
		}
	}
}

static void
test_policy(void **state)
{
	static const struct {
		const char *label;
		enum pst_dmarc_knowledge knowledge;
		enum pst_dmarc_policy effective;
		enum pst_known_policy want;
	} rows[] = {
	    {"unknown", PST_DMARC_UNKNOWN, PST_DMARC_NONE, PST_KNOWN_NOTHING},
	    {"unknown, a record was found", PST_DMARC_UNKNOWN, PST_DMARC_REJECT,
		PST_KNOWN_NOTHING},
	    {"absent", PST_DMARC_ABSENT, PST_DMARC_NONE, PST_KNOWN_NONE},
	    {"none", PST_DMARC_LEARNED, PST_DMARC_NONE, PST_KNOWN_NONE},
	    {"quarantine", PST_DMARC_LEARNED, PST_DMARC_QUARANTINE,
		PST_KNOWN_ENFORCING},
	    {"reject", PST_DMARC_LEARNED, PST_DMARC_REJECT,
		PST_KNOWN_ENFORCING},
	    {"remembered none", PST_DMARC_REMEMBERED, PST_DMARC_NONE,
		PST_KNOWN_NONE},
	    {"remembered quarantine", PST_DMARC_REMEMBERED,
		PST_DMARC_QUARANTINE, PST_KNOWN_RECALLED},
	    {"inherited reject", PST_DMARC_INHERITED, PST_DMARC_REJECT,
		PST_KNOWN_RECALLED},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_dmarc dmarc = {.knowledge = rows[i].knowledge,
		    .effective = rows[i].effective};

		assert_int_equal(pst_undetermined_policy(&dmarc), rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
