/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "auth/spf_networks.h"
#include "base/buf.h"
#include "config/sets.h"
#include "tests/unit/rows.h"
#include "tests/unit/spf_bench.h"

#define TOP "d.example. 600 IN TXT "
#define MANY "too many networks that do not pass"
#define LOOKUPS "more than 10 terms that cause DNS look-ups"
#define NO_TARGET "include or redirect to a domain without a record"

static const struct row {
	const char *label;
	const char *zone;
	enum pst_result result;
	const char *nets; /* sorted, with blanks between */
	const char *why;
	size_t left_out[PST_SPF_LEFT_KINDS];
} rows[] = {
    {"no record", "d.example. 60 IN A 192.0.2.1\n", PST_RESULT_NONE, "",
	"no SPF record", {0}},
    {"two records", TOP "\"v=spf1 -all\"\n" TOP "\"v=spf1 ~all\"\n",
	PST_RESULT_PERMERROR, "", "more than one SPF record", {0}},
    {"wrong record", TOP "\"v=spf1 ip4:1.2.3.4/33\"\n", PST_RESULT_PERMERROR,
	"", "bad prefix length in a term", {0}},
    {"dead", ";! servfail d.example\n", PST_RESULT_TEMPERROR, "",
	"the DNS does not answer", {0}},
    {"silent", ";! timeout d.example\n", PST_RESULT_TEMPERROR, "",
	"the DNS does not answer", {0}},
    {"networks",
	TOP "\"v=spf1 ip4:192.0.2.64/26 ip4:198.51.100.7 "
	    "ip6:2001:db8::/32 -all\"\n",
	PST_RESULT_PASS, "192.0.2.64/26 198.51.100.7/32 2001:db8::/32", NULL,
	{0}},
    {"host bits are cleared", TOP "\"v=spf1 ip4:192.0.2.77/26 -all\"\n",
	PST_RESULT_PASS, "192.0.2.64/26", NULL, {0}},
    {"+all", TOP "\"v=spf1 +all\"\n", PST_RESULT_PASS, "", NULL, {0}},
    {"after all", TOP "\"v=spf1 ~all ip4:192.0.2.1\"\n", PST_RESULT_PASS, "",
	NULL, {0}},
    {"wide", TOP "\"v=spf1 ip4:192.0.0.0/15 ip6:2001:db8::/31 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_WIDE] = 2}},
    {"not wide", TOP "\"v=spf1 ip4:192.0.0.0/16 ip6:2001:db8::/32 -all\"\n",
	PST_RESULT_PASS, "192.0.0.0/16 2001:db8::/32", NULL, {0}},
    {"everything", TOP "\"v=spf1 ip4:0.0.0.0/0 ip6:::/0 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_WIDE] = 2}},
    {"terms that depend on the sender",
	TOP "\"v=spf1 exists:%{i}.x.example ptr a:%{d}.x.example "
	    "include:%{o} ip4:192.0.2.1 redirect=%{d}.y.example\"\n",
	PST_RESULT_PASS, "192.0.2.1/32", NULL, {[PST_SPF_LEFT_SENDER] = 4}},
    {"exists without a macro", TOP "\"v=spf1 exists:x.example -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_SENDER] = 1}},
    {"other qualifiers",
	TOP "\"v=spf1 ~ip4:192.0.2.1 ?ip4:192.0.2.2 -ip4:192.0.2.3 -all\"\n",
	PST_RESULT_PASS, "", NULL, {0}},
    {"an exception, smaller",
	TOP "\"v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:198.51.100.1\"\n",
	PST_RESULT_PASS, "198.51.100.1/32", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception, larger",
	TOP "\"v=spf1 ?ip4:192.0.2.0/24 ip4:192.0.2.1 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception that comes later",
	TOP "\"v=spf1 ip4:192.0.2.0/24 -ip4:192.0.2.1 -all\"\n",
	PST_RESULT_PASS, "192.0.2.0/24", NULL, {0}},
    {"an exception by name",
	TOP "\"v=spf1 -a:x.example ip4:192.0.2.0/24 -all\"\n"
	    "x.example. 60 IN A 192.0.2.9\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception that is included",
	TOP "\"v=spf1 -include:x.example ip4:192.0.2.0/24 -all\"\n"
	    "x.example. 60 IN TXT \"v=spf1 ip4:198.51.100.1 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception that depends on the sender",
	TOP "\"v=spf1 ip4:192.0.2.1 -exists:%{i}.x.example ip4:192.0.2.2\"\n",
	PST_RESULT_PASS, "192.0.2.1/32", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception of the parent counts in an include",
	TOP "\"v=spf1 -ip4:192.0.2.1 include:x.example -all\"\n"
	    "x.example. 60 IN TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"an exception of an include does not count after it",
	TOP "\"v=spf1 include:x.example ip4:192.0.2.0/24 -all\"\n"
	    "x.example. 60 IN TXT \"v=spf1 -ip4:192.0.2.1 -all\"\n",
	PST_RESULT_PASS, "192.0.2.0/24", NULL, {0}},
    {"an exception counts in a redirect",
	TOP "\"v=spf1 -ip4:192.0.2.1 redirect=x.example\"\n"
	    "x.example. 60 IN TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_BARRED] = 1}},
    {"include and redirect",
	TOP "\"v=spf1 include:x.example redirect=y.example\"\n"
	    "x.example. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
	    "y.example. 60 IN TXT \"v=spf1 ip4:192.0.2.2 -all\"\n",
	PST_RESULT_PASS, "192.0.2.1/32 192.0.2.2/32", NULL, {0}},
    {"redirect after all",
	TOP "\"v=spf1 ip4:192.0.2.1 ~all redirect=y.example\"\n",
	PST_RESULT_PASS, "192.0.2.1/32", NULL, {0}},
    {"include without a record", TOP "\"v=spf1 ip4:192.0.2.1 include:x.ex\"\n",
	PST_RESULT_PERMERROR, "", NO_TARGET, {0}},
    {"an included record is wrong",
	TOP "\"v=spf1 ip4:192.0.2.1 include:x.example -all\"\n"
	    "x.example. 60 IN TXT \"v=spf1 foo\"\n",
	PST_RESULT_PERMERROR, "", "unknown mechanism or bad syntax in a term",
	{0}},
    {"an included record is dead",
	TOP "\"v=spf1 ip4:192.0.2.1 include:x.example -all\"\n"
	    ";! servfail x.example\n",
	PST_RESULT_TEMPERROR, "", "the DNS does not answer", {0}},
    {"a record that includes itself",
	TOP "\"v=spf1 ip4:192.0.2.1 include:d.example -all\"\n",
	PST_RESULT_PERMERROR, "", LOOKUPS, {0}},
    {"two records that include each other",
	TOP "\"v=spf1 include:x.example -all\"\n"
	    "x.example. 60 IN TXT \"v=spf1 redirect=d.example\"\n",
	PST_RESULT_PERMERROR, "", LOOKUPS, {0}},
    {"ten look-ups", TOP "\"v=spf1 a a a a a a a a a a ip4:192.0.2.1 -all\"\n",
	PST_RESULT_PASS, "192.0.2.1/32", NULL, {0}},
    {"eleven look-ups", TOP "\"v=spf1 a a a a a a a a a a ptr -all\"\n",
	PST_RESULT_PERMERROR, "", LOOKUPS, {0}},
    {"addresses",
	TOP "\"v=spf1 a a:x.example/24//64 -all\"\n"
	    "d.example. 60 IN A 192.0.2.1\nx.example. 60 IN A 198.51.100.9\n"
	    "x.example. 60 IN AAAA 2001:db8::1\n",
	PST_RESULT_PASS, "192.0.2.1/32 198.51.100.0/24 2001:db8::/64", NULL,
	{0}},
    {"mail servers",
	TOP "\"v=spf1 mx:x.example/28 -all\"\nx.example. 60 IN MX 1 m.x.ex.\n"
	    "m.x.ex. 60 IN A 192.0.2.17\n",
	PST_RESULT_PASS, "192.0.2.16/28", NULL, {0}},
    {"null MX", TOP "\"v=spf1 mx -all\"\nd.example. 60 IN MX 0 .\n",
	PST_RESULT_PASS, "", NULL, {0}},
    {"addresses that are wide",
	TOP "\"v=spf1 a/8 -all\"\nd.example. 60 IN A 192.0.2.1\n",
	PST_RESULT_PASS, "", NULL, {[PST_SPF_LEFT_WIDE] = 1}},
    {"a name of one label", TOP "\"v=spf1 include:x -all\"\n",
	PST_RESULT_PERMERROR, "", "bad domain name in a term", {0}},
};

static const char *
text_of(struct pst_arena *arena, const struct pst_spf_networks *found)
{
	struct pst_net_set set;
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;

	pst_net_set_take(&set, found->nets, found->count);
	pst_buf_init(&buf, arena, 65536);
	for (size_t i = 0; i < set.count; i++)
		pst_buf_printf(&buf, "%s%s/%u", i == 0 ? "" : " ",
		    pst_ip_text(&set.nets[i].base, ip),
		    set.nets[i].prefix_bits);
	return pst_buf_str(&buf);
}

static void
list(struct bench *bench, struct pst_spf_networks *found)
{
	unsigned rounds = 0;

	while (!pst_spf_networks_check(&bench->world, "d.example", found)) {
		assert_in_range(++rounds, 1, MAX_ROUNDS);
		if (!pst_dns_wait(
			bench->world.dns, pst_clock_ms(&bench->clock) + 60000))
			pst_dns_expire(bench->world.dns, PST_DNS_TIMEOUT);
	}
}

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_spf_networks found;
		struct bench bench;

		bench_open(&bench, rows[i].zone, "192.0.2.1");
		list(&bench, &found);
		assert_int_equal(found.result, rows[i].result);
		assert_string_equal(text_of(bench.arena, &found), rows[i].nets);
		assert_string_equal(found.why == NULL ? "" : found.why,
		    rows[i].why == NULL ? "" : rows[i].why);
		for (size_t k = 0; k < PST_SPF_LEFT_KINDS; k++) {
			assert_int_equal(
			    found.left_out[k].count, rows[i].left_out[k]);
			assert_true((found.left_out[k].count > 0) ==
			    (found.left_out[k].first != NULL));
		}
		bench_close(&bench);
	}
}

static void
test_ttl(void **state)
{
	static const char zone[] =
	    "d.example. 900 IN TXT \"v=spf1 include:x.example a -all\"\n"
	    "x.example. 700 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
	    "d.example. 800 IN A 192.0.2.2\n";
	struct pst_spf_networks found;
	struct bench bench;

	(void)state;
	bench_open(&bench, zone, "192.0.2.1");
	list(&bench, &found);
	assert_int_equal(found.ttl_s, 700);
	assert_int_equal(found.count, 2);
	bench_close(&bench);
}

/* A record of the largest size, in which everything is compared. */
static void
test_many(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_networks found;
	struct bench bench;
	struct pst_buf zone;

	(void)state;
	for (unsigned bars = 100; bars <= 101; bars++) {
		pst_buf_init(&zone, arena, 1000000);
		pst_buf_add_text(&zone, "d.example. 60 IN TXT \"v=spf1 \"");
		for (unsigned i = 0; i < bars; i++)
			pst_buf_printf(&zone, " \"-ip4:192.0.2.%u \"", i);
		for (unsigned i = 0; i < 100; i++)
			pst_buf_printf(&zone, " \"ip4:198.51.100.%u \"", 2 * i);
		pst_buf_add_text(&zone, " \"-all\"\n");
		bench_open(&bench, pst_buf_str(&zone), "192.0.2.1");
		list(&bench, &found);
		if (bars == 100) {
			assert_int_equal(found.count, 100);
		} else {
			assert_int_equal(found.result, PST_RESULT_PERMERROR);
			assert_string_equal(found.why, MANY);
			assert_int_equal(found.count, 0);
		}
		bench_close(&bench);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_ttl),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
