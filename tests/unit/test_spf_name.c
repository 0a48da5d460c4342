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

static const struct {
	const char *label;
	const char *zone;
	const char *want; /* NULL: none */
} exp_rows[] = {
    {"text",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"%{i} is not \" \"one of %{d}'s\"\n",
	"192.0.2.1 is not one of d.example's"},
    {"none", D "\"v=spf1 -all\"\n", NULL},
    {"no TXT", D "\"v=spf1 exp=e.example -all\"\n", NULL},
    {"two TXT",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"a\"\ne.example. 60 IN TXT \"b\"\n",
	NULL},
    {"times out", D "\"v=spf1 exp=e.example -all\"\n;! timeout e.example\n",
	NULL},
    {"bad syntax",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"100% wrong\"\n",
	NULL},
    {"8-bit",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"caf\\195\\169\"\n",
	NULL},
    {"line end",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"a\\013\\010250 b\"\n",
	NULL},
    {"of the redirect's target",
	D "\"v=spf1 exp=e.example redirect=x.example\"\n"
	  "x.example. 60 IN TXT \"v=spf1 exp=f.example -all\"\n"
	  "e.example. 60 IN TXT \"e\"\nf.example. 60 IN TXT \"f %{d}\"\n",
	"f x.example"},
    {"none of the redirect's target",
	D "\"v=spf1 exp=e.example redirect=x.example\"\n"
	  "x.example. 60 IN TXT \"v=spf1 -all\"\ne.example. 60 IN TXT "
	  "\"e\"\n",
	NULL},
    {"not that of an include",
	D "\"v=spf1 include:x.example exp=e.example -all\"\n"
	  "x.example. 60 IN TXT \"v=spf1 exp=f.example -all\"\n"
	  "e.example. 60 IN TXT \"e\"\nf.example. 60 IN TXT \"f\"\n",
	"e"},
    {"only for a fail",
	D "\"v=spf1 exp=e.example ~all\"\n"
	  "e.example. 60 IN TXT \"e\"\n",
	NULL},
    {"%{p}",
	D "\"v=spf1 exp=e.example -all\"\n" REV "m.test.\n"
	  "m.test. 60 IN A 192.0.2.1\ne.example. 60 IN TXT \"%{p}\"\n",
	"m.test"},
    {"control octets of a HELO",
	D "\"v=spf1 exp=e.example -all\"\n"
	  "e.example. 60 IN TXT \"<%{h}>\"\n",
	"<a?b?.>"},
};

static void
test_explanations(void **state)
{
	(void)state;
	FOR_ROWS(i, exp_rows, exp_rows[i].label) {
		const char *want = exp_rows[i].want;
		struct bench bench;
		bool same;

		bench_open(&bench, exp_rows[i].zone, C4);
		bench.input.helo = PST_STR("a\nb\xc3.");
		bench_run(&bench);
		same = want == NULL ? bench.spf.explanation == NULL :
				      bench.spf.explanation != NULL &&
			strcmp(bench.spf.explanation, want) == 0;
		if (!same)
			fail_msg("%s",
			    bench.spf.explanation == NULL ?
				"none" :
				bench.spf.explanation);
		bench_close(&bench);
	}
}

/* The 509 octets that overflow libspf2's stack. Only the start is kept. */
static void
test_explanation_crasher(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf zone;
	struct bench bench;

	(void)state;
	pst_buf_init(&zone, arena, 65535);
	pst_buf_add_text(&zone,
	    D "\"v=spf1 exp=e.example -all\"\n"
	      "e.example. 60 IN TXT");
	for (int i = 0; i < 127; i++)
		pst_buf_add_text(&zone, " \"%{d}\"");
	pst_buf_add_text(&zone, " \"A\"\n");
	bench_open(&bench, pst_buf_str(&zone), C4);
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_FAIL);
	assert_int_equal(strlen(bench.spf.explanation), 400);
	bench_close(&bench);

	bench_open(&bench, pst_buf_str(&zone), C4);
	bench.input.want_explanation = false;
	bench_run(&bench);
	assert_null(bench.spf.explanation);
	assert_int_equal(pst_dns_count(bench.world.dns), 1);
	bench_close(&bench);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_explanations),
	    cmocka_unit_test(test_explanation_crasher),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
