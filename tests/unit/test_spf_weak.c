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

#define A1 "a.example. 60 IN TXT "
#define PTR REV "h.d.example.\nh.d.example. 60 IN A " C4 "\n"
#define ANY "any.example. 60 IN A 127.0.0.2\n"

static const struct {
	const char *label, *zone, *client, *weak;
	unsigned bits;
} weak_rows[] = {
    {"an address", D "\"v=spf1 ip4:192.0.2.1 +all\"\n", C4, "", 8},
    {"+all", D "\"v=spf1 +all\"\n", C4, "+all", 8},
    {"all without a sign", D "\"v=spf1 ip4:192.0.2.9 all\"\n", C4, "+all", 8},
    {"?all does not pass", D "\"v=spf1 ?all\"\n", C4, "", 8},
    {"-all does not pass", D "\"v=spf1 -all\"\n", C4, "", 8},
    {"as wide as allowed", D "\"v=spf1 ip4:192.0.0.0/8\"\n", C4, "", 8},
    {"one bit wider", D "\"v=spf1 ip4:192.0.0.0/7\"\n", C4, "range", 8},
    {"another limit", D "\"v=spf1 ip4:192.0.2.0/24\"\n", C4, "range", 25},
    {"no limit", D "\"v=spf1 ip4:192.0.0.0/1\"\n", C4, "", 0},
    {"everybody", D "\"v=spf1 ip4:0.0.0.0/0\"\n", C4, "+all", 0},
    {"ip6 as wide as allowed", D "\"v=spf1 ip6:2001::/16\"\n", C6, "", 8},
    {"ip6 wider", D "\"v=spf1 ip6:2000::/15\"\n", C6, "range", 8},
    {"a", D "\"v=spf1 a/7\"\nd.example. 60 IN A 193.0.0.1\n", C4, "range", 8},
    {"a, the other family is wide",
	D "\"v=spf1 a/24//1\"\nd.example. 60 IN A 192.0.2.9\n", C4, "", 8},
    {"mx",
	D "\"v=spf1 mx/0\"\nd.example. 60 IN MX 1 m.example.\n"
	  "m.example. 60 IN A 203.0.113.1\n",
	C4, "+all", 8},
    {"ptr", D "\"v=spf1 ptr\"\n" PTR, C4, "ptr", 8},
    {"ptr is not what matched",
	D "\"v=spf1 a ptr\"\nd.example. 60 IN A " C4 "\n" PTR, C4, "", 8},
    {"exists, the same for all", D "\"v=spf1 exists:any.example\"\n" ANY, C4,
	"+all", 8},
    {"exists, by what the sender chooses",
	D "\"v=spf1 exists:%{h}.any.example\"\n"
	  "*.any.example. 60 IN A 127.0.0.2\n",
	C4, "+all", 8},
    {"exists, by the family",
	D "\"v=spf1 exists:%{v}.any.example\"\n"
	  "*.any.example. 60 IN A 127.0.0.2\n",
	C4, "+all", 8},
    {"exists, by the address",
	D "\"v=spf1 exists:%{ir}.any.example\"\n"
	  "*.any.example. 60 IN A 127.0.0.2\n",
	C4, "", 8},
    {"include of +all",
	D "\"v=spf1 include:a.example -all\"\n" A1 "\"v=spf1 +all\"\n", C4,
	"+all", 8},
    {"include of an address",
	D "\"v=spf1 include:a.example +all\"\n" A1 "\"v=spf1 ip4:" C4 "\"\n",
	C4, "", 8},
    {"include that does not match",
	D "\"v=spf1 include:a.example ip4:" C4 "\"\n" A1 "\"v=spf1 ?all\"\n",
	C4, "", 8},
    {"redirect to a wide range",
	D "\"v=spf1 redirect=a.example\"\n" A1 "\"v=spf1 ip4:192.0.0.0/4\"\n",
	C4, "range", 8},
    {"redirect, then include, then ptr",
	D "\"v=spf1 redirect=a.example\"\n" A1 "\"v=spf1 include:b.example\"\n"
	  "b.example. 60 IN TXT \"v=spf1 ptr:d.example\"\n" PTR,
	C4, "ptr", 8},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, weak_rows, weak_rows[i].label) {
		struct bench bench;
		const char *weak;

		bench_open(&bench, weak_rows[i].zone, weak_rows[i].client);
		bench.input.weak_range_bits = weak_rows[i].bits;
		bench_run(&bench);
		weak = pst_spf_weak_word(bench.spf.weak);
		if (weak_rows[i].weak[0] != '\0')
			assert_int_equal(bench.spf.result, PST_RESULT_PASS);
		assert_string_equal(weak, weak_rows[i].weak);
		bench_close(&bench);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
