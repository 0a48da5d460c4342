/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
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

/* The term that decided, or that an error is due to, and its record. */
static void
test_terms(void **state)
{
#define MANY "exists:n1.example exists:n2.example exists:n3.example "
	static const struct {
		const char *label, *zone, *term, *domain;
		enum pst_result result;
	} rows[] = {
	    {"all", D "\"v=spf1 a:a.example -all\"\n", "-all", "d.example",
		PST_RESULT_FAIL},
	    {"an address", D "\"v=spf1 ip4:192.0.2.0/24 -all\"\n",
		"ip4:192.0.2.0/24", "d.example", PST_RESULT_PASS},
	    {"include",
		D "\"v=spf1 include:i.example -all\"\n"
		  "i.example. 60 IN TXT \"v=spf1 ip4:192.0.2.0/24\"\n",
		"include:i.example", "d.example", PST_RESULT_PASS},
	    {"redirect",
		D "\"v=spf1 redirect=r.example\"\n"
		  "r.example. 60 IN TXT \"v=spf1 redirect=s.example\"\n"
		  "s.example. 60 IN TXT \"v=spf1 ~all\"\n",
		"~all", "s.example", PST_RESULT_SOFTFAIL},
	    {"no match", D "\"v=spf1 ip4:203.0.113.1\"\n", "", NULL,
		PST_RESULT_NEUTRAL},
	    {"no record", D "\"x\"\n", "", NULL, PST_RESULT_NONE},
	    {"two records", D "\"v=spf1 -all\"\n" D "\"v=spf1 +all\"\n", "",
		NULL, PST_RESULT_PERMERROR},
	    {"a wrong term", D "\"v=spf1 a 2001:db8::/64 mx -all\"\n",
		"2001:db8::/64", "d.example", PST_RESULT_PERMERROR},
	    {"a wrong term after one that matches",
		D "\"v=spf1 ip4:192.0.2.0/24 ip4:1.2.3 -all\"\n", "ip4:1.2.3",
		"d.example", PST_RESULT_PERMERROR},
	    {"a second redirect",
		D "\"v=spf1 redirect=a.example redirect=b.example\"\n",
		"redirect=b.example", "d.example", PST_RESULT_PERMERROR},
	    {"a wrong term in an include",
		D "\"v=spf1 include:i.example -all\"\n"
		  "i.example. 60 IN TXT \"v=spf1 ip5:192.0.2.1 -all\"\n",
		"ip5:192.0.2.1", "i.example", PST_RESULT_PERMERROR},
	    {"an include without a record",
		D "\"v=spf1 include:i.example -all\"\n"
		  "i.example. 60 IN TXT \"x\"\n",
		"include:i.example", "d.example", PST_RESULT_PERMERROR},
	    {"two records in an include",
		D "\"v=spf1 include:i.example -all\"\n"
		  "i.example. 60 IN TXT \"v=spf1 -all\"\n"
		  "i.example. 60 IN TXT \"v=spf1 +all\"\n",
		"include:i.example", "d.example", PST_RESULT_PERMERROR},
	    {"too many void look-ups", D "\"v=spf1 " MANY "-all\"\n",
		"exists:n3.example", "d.example", PST_RESULT_PERMERROR},
	    {"an include that fails",
		D "\"v=spf1 include:i.example -all\"\n"
		  ";! timeout i.example\n",
		"include:i.example", "d.example", PST_RESULT_TEMPERROR},
	    {"a term that fails",
		D "\"v=spf1 a:a.example -all\"\n"
		  ";! timeout a.example\n",
		"a:a.example", "d.example", PST_RESULT_TEMPERROR},
	    {"an mx name that fails",
		D "\"v=spf1 mx -all\"\n"
		  "d.example. 60 IN MX 1 h.example.\n"
		  ";! timeout h.example\n",
		"mx", "d.example", PST_RESULT_TEMPERROR},
	};
#undef MANY

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		const struct pst_spf *spf;
		struct bench bench;

		bench_open(&bench, rows[i].zone, C4);
		bench_run(&bench);
		spf = &bench.spf;
		if (spf->result != rows[i].result ||
		    !pst_str_eq(spf->term, pst_str(rows[i].term)))
			fail_msg("%s by \"%.*s\"", pst_result_word(spf->result),
			    PST_STR_ARG(spf->term));
		if (rows[i].domain == NULL)
			assert_null(spf->term_domain);
		else
			assert_string_equal(spf->term_domain, rows[i].domain);
		bench_close(&bench);
	}
}

/* The 11th term that causes a look-up, and the term with too many MX names. */
static void
test_terms_beyond_limits(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct bench bench;
	struct pst_buf zone;

	(void)state;
	pst_buf_init(&zone, arena, 8192);
	pst_buf_add_text(&zone, D "\"v=spf1");
	for (unsigned i = 1; i <= 12; i++)
		pst_buf_printf(&zone, " a:a%u.example", i);
	pst_buf_add_text(&zone, " -all\"\n");
	for (unsigned i = 1; i <= 12; i++)
		pst_buf_printf(&zone, "a%u.example. 60 IN A 203.0.113.1\n", i);
	bench_open(&bench, pst_buf_str(&zone), C4);
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_PERMERROR);
	assert_true(pst_str_eq(bench.spf.term, PST_STR("a:a11.example")));
	bench_close(&bench);

	pst_buf_reset(&zone);
	pst_buf_add_text(&zone,
	    D "\"v=spf1 a:a.example mx:m.example -all\"\n"
	      "a.example. 60 IN A 203.0.113.1\n");
	for (unsigned i = 1; i <= 11; i++)
		pst_buf_printf(&zone,
		    "m.example. 60 IN MX 1 h%u.example.\n"
		    "h%u.example. 60 IN A 203.0.113.1\n",
		    i, i);
	bench_open(&bench, pst_buf_str(&zone), C4);
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_PERMERROR);
	assert_true(pst_str_eq(bench.spf.term, PST_STR("mx:m.example")));
	assert_string_equal(bench.spf.term_domain, "d.example");
	bench_close(&bench);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trace),
	    cmocka_unit_test(test_terms),
	    cmocka_unit_test(test_terms_beyond_limits),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
