/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/rows.h"
#include "tests/unit/spf_bench.h"

/* The tree of records as `postern spf` prints it. */
static void
test_trace(void **state)
{
	static const struct {
		unsigned depth;
		const char *domain, *via, *matched;
		enum pst_result result;
	} want[] = {
	    {0, "d.example", "", "redirect=r.example", PST_RESULT_SOFTFAIL},
	    {1, "i.example", "include:i.example", "-all", PST_RESULT_FAIL},
	    {2, "j.example", "include:j.example", "", PST_RESULT_NEUTRAL},
	    {1, "r.example", "redirect=r.example", "~mx:m.example/24",
		PST_RESULT_SOFTFAIL},
	};
	struct bench bench;

	(void)state;
	bench_open(&bench,
	    D "\"v=spf1 a:a.example include:i.example redirect=r.example\"\n"
	      "a.example. 60 IN A 203.0.113.1\n"
	      "i.example. 60 IN TXT \"v=spf1 include:j.example -all\"\n"
	      "j.example. 60 IN TXT \"v=spf1 ip4:203.0.113.1\"\n"
	      "r.example. 60 IN TXT \"v=spf1 ~mx:m.example/24 -all\"\n"
	      "m.example. 60 IN MX 1 h.example.\n"
	      "h.example. 60 IN A 192.0.2.200\n",
	    C4);
	bench_run(&bench);
	assert_int_equal(bench.spf.trace_count, PST_COUNT(want));
	FOR_ROWS(i, want, want[i].domain) {
		const struct pst_spf_step *step = &bench.spf.trace[i];

		if (step->depth != want[i].depth ||
		    strcmp(step->domain, want[i].domain) != 0 ||
		    !pst_str_eq(step->via, pst_str(want[i].via)) ||
		    !pst_str_eq(step->matched, pst_str(want[i].matched)) ||
		    step->result != want[i].result || step->record.len == 0)
			fail_msg("step %zu: %s, %.*s, %s", i, step->domain,
			    PST_STR_ARG(step->matched),
			    pst_result_word(step->result));
	}
	bench_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trace),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
