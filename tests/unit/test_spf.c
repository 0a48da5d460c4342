/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/macros.h"
#include "tests/unit/rows.h"
#include "tests/unit/spf_bench.h"

static const struct row {
	const char *label;
	const char *zone;
	const char *client;
	enum pst_result want;
	unsigned lookups;
	unsigned voids;
} rows[] = {
    {"no name", "x.example. 60 IN A 192.0.2.1\n", C4, PST_RESULT_NONE, 0, 0},
    {"no TXT", "d.example. 60 IN A 192.0.2.1\n", C4, PST_RESULT_NONE, 0, 0},
    {"other TXT", D "\"v=spf10\"\n", C4, PST_RESULT_NONE, 0, 0},
    {"empty record", D "\"v=spf1\"\n", C4, PST_RESULT_NEUTRAL, 0, 0},
    {"two records", D "\"v=spf1 -all\"\n" D "\"v=spf1 +all\"\n", C4,
	PST_RESULT_PERMERROR, 0, 0},
    {"strings joined", D "\"v=spf1 ip4:192.\" \"0.2.1 -all\"\n", C4,
	PST_RESULT_PASS, 0, 0},
    {"error after all", D "\"v=spf1 -all foo\"\n", C4, PST_RESULT_PERMERROR, 0,
	0},
    {"qualifiers: fail", D "\"v=spf1 -all\"\n", C4, PST_RESULT_FAIL, 0, 0},
    {"qualifiers: softfail", D "\"v=spf1 ~all\"\n", C4, PST_RESULT_SOFTFAIL, 0,
	0},
    {"qualifiers: neutral", D "\"v=spf1 ?all\"\n", C4, PST_RESULT_NEUTRAL, 0,
	0},
    {"first match wins", D "\"v=spf1 ~ip4:192.0.2.0/24 -all\"\n", C4,
	PST_RESULT_SOFTFAIL, 0, 0},

    {"record times out", ";! timeout d.example\n", C4, PST_RESULT_TEMPERROR, 0,
	0},
    {"record fails", ";! servfail d.example\n", C4, PST_RESULT_TEMPERROR, 0, 0},
    {"a fails", D "\"v=spf1 a:x.example +all\"\n;! servfail x.example\n", C4,
	PST_RESULT_TEMPERROR, 1, 0},
    {"mx fails", D "\"v=spf1 mx:x.example +all\"\n;! timeout x.example\n", C4,
	PST_RESULT_TEMPERROR, 1, 0},
    {"mx host fails",
	D "\"v=spf1 mx:x.example +all\"\nx.example. 60 IN MX 1 h.example.\n"
	  ";! timeout h.example\n",
	C4, PST_RESULT_TEMPERROR, 1, 0},
    {"exists fails",
	D "\"v=spf1 exists:x.example +all\"\n;! timeout x.example\n", C4,
	PST_RESULT_TEMPERROR, 1, 0},
    {"include fails",
	D "\"v=spf1 include:x.example +all\"\n;! timeout x.example\n", C4,
	PST_RESULT_TEMPERROR, 1, 0},
    {"redirect fails",
	D "\"v=spf1 redirect=x.example\"\n;! timeout "
	  "x.example\n",
	C4, PST_RESULT_TEMPERROR, 1, 0},
    {"failure below an include",
	D "\"v=spf1 include:x.example +all\"\n"
	  "x.example. 60 IN TXT \"v=spf1 a:y.example +all\"\n"
	  ";! timeout y.example\n",
	C4, PST_RESULT_TEMPERROR, 2, 0},
    {"a failure after the match does not count",
	D "\"v=spf1 ip4:192.0.2.1 a:x.example\"\n;! timeout x.example\n", C4,
	PST_RESULT_PASS, 0, 0},
    {"ptr: PTR fails",
	D "\"v=spf1 ptr ~all\"\n;! timeout 1.2.0.192.in-addr.arpa\n", C4,
	PST_RESULT_SOFTFAIL, 1, 0},
    {"ptr: one name fails",
	D "\"v=spf1 ptr -all\"\n" REV "x.d.example.\n" REV "y.d.example.\n"
	  ";! timeout x.d.example\ny.d.example. 60 IN A 192.0.2.1\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"%{p}: PTR fails",
	D "\"v=spf1 exists:%{p}.x.example -all\"\n"
	  ";! timeout 1.2.0.192.in-addr.arpa\n"
	  "unknown.x.example. 60 IN A 127.0.0.2\n",
	C4, PST_RESULT_PASS, 1, 0},

    {"v4-mapped client", D "\"v=spf1 ip4:192.0.2.1 -all\"\n",
	"::ffff:192.0.2.1", PST_RESULT_PASS, 0, 0},
    {"v4-mapped client and ip6 of the same",
	D "\"v=spf1 ip6:::ffff:192.0.2.1 -all\"\n", "::ffff:192.0.2.1",
	PST_RESULT_FAIL, 0, 0},
    {"loopback is evaluated", D "\"v=spf1 -all\"\n", "127.0.0.1",
	PST_RESULT_FAIL, 0, 0},
    {"IPv6 loopback is evaluated", D "\"v=spf1 -all\"\n", "::1",
	PST_RESULT_FAIL, 0, 0},

    {"ip4/0", D "\"v=spf1 ~ip4:203.0.113.1/0 -all\"\n", C4, PST_RESULT_SOFTFAIL,
	0, 0},
    {"ip4/0, IPv6 client", D "\"v=spf1 ip4:203.0.113.1/0 -all\"\n", C6,
	PST_RESULT_FAIL, 0, 0},
    {"ip4/0 does not end the record for IPv6",
	D "\"v=spf1 ip4:203.0.113.1/0 ip6:2001:db8::/32 -all\"\n", C6,
	PST_RESULT_PASS, 0, 0},
    {"ip6/0", D "\"v=spf1 ip6:::/0 -all\"\n", C6, PST_RESULT_PASS, 0, 0},
    {"long ip6 literal",
	D "\"v=spf1 ip6:2001:0db8:0000:0000:0000:0000:0000:0001/128 -all\"\n",
	C6, PST_RESULT_PASS, 0, 0},
    {"odd ip6 prefix", D "\"v=spf1 ip6:2001:db8:ffff::/33 -all\"\n", C6,
	PST_RESULT_FAIL, 0, 0},
    {"ip4 prefix: in", D "\"v=spf1 ip4:192.0.2.2/30 -all\"\n", C4,
	PST_RESULT_PASS, 0, 0},
    {"ip4 prefix: out", D "\"v=spf1 ip4:192.0.2.2/31 -all\"\n", C4,
	PST_RESULT_FAIL, 0, 0},
    {"a/0", D "\"v=spf1 a:x.example/0 -all\"\nx.example. 60 IN A 203.0.113.1\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"a/0 without address",
	D "\"v=spf1 a:x.example/0 -all\"\n"
	  "x.example. 60 IN TXT \"x\"\n",
	C4, PST_RESULT_FAIL, 1, 1},
    {"a//0",
	D "\"v=spf1 a:x.example//0 -all\"\nx.example. 60 IN AAAA "
	  "2001:db8:f::1\n",
	C6, PST_RESULT_PASS, 1, 0},
    {"a//0 says nothing of IPv4",
	D "\"v=spf1 a:x.example//0 -all\"\nx.example. 60 IN A 203.0.113.1\n",
	C4, PST_RESULT_FAIL, 1, 0},
    {"mx/0",
	D "\"v=spf1 mx:x.example/0 -all\"\nx.example. 60 IN MX 1 h.example.\n"
	  "h.example. 60 IN A 203.0.113.1\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"a with both prefixes, IPv6",
	D "\"v=spf1 a:x.example/8//64 -all\"\nx.example. 60 IN AAAA "
	  "2001:db8::ffff\n",
	C6, PST_RESULT_PASS, 1, 0},
    {"exists asks for A from IPv6 clients too",
	D "\"v=spf1 exists:x.example -all\"\nx.example. 60 IN A 127.0.0.2\n",
	C6, PST_RESULT_PASS, 1, 0},
    {"ptr, IPv6",
	D "\"v=spf1 ptr -all\"\n"
	  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa. 60 IN PTR m.d.example.\n"
	  "m.d.example. 60 IN AAAA 2001:db8::1\n",
	C6, PST_RESULT_PASS, 1, 0},
    {"mx never falls back to the address",
	D "\"v=spf1 mx -all\"\nd.example. 60 IN A 192.0.2.1\n", C4,
	PST_RESULT_FAIL, 1, 1},
    {"null MX", D "\"v=spf1 mx -all\"\nd.example. 60 IN MX 0 .\n", C4,
	PST_RESULT_FAIL, 1, 0},

    {"%{d2} with two labels",
	D "\"v=spf1 a:%{d2} -all\"\n"
	  "d.example. 60 IN A 192.0.2.1\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"%{d9} with two labels",
	D "\"v=spf1 a:%{d9} -all\"\n"
	  "d.example. 60 IN A 192.0.2.1\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"%{l1} of one word",
	D "\"v=spf1 exists:%{l1}.x.example -all\"\n"
	  "u.x.example. 60 IN A 127.0.0.2\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"%{p} prefers the domain itself",
	D "\"v=spf1 exists:%{p}.x.example -all\"\n" REV "o.test.\n" REV
	  "m.d.example.\n" REV "d.example.\n"
	  "o.test. 60 IN A 192.0.2.1\nm.d.example. 60 IN A 192.0.2.1\n"
	  "d.example. 60 IN A 192.0.2.1\n"
	  "d.example.x.example. 60 IN A 127.0.0.2\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"%{p} prefers a subdomain",
	D "\"v=spf1 exists:%{p}.x.example -all\"\n" REV "o.test.\n" REV
	  "m.d.example.\no.test. 60 IN A 192.0.2.1\n"
	  "m.d.example. 60 IN A 192.0.2.1\n"
	  "m.d.example.x.example. 60 IN A 127.0.0.2\n",
	C4, PST_RESULT_PASS, 1, 0},
    {"ptr does not match a mere ending",
	D "\"v=spf1 ptr -all\"\n" REV "bad.example.\nbad.example. 60 IN A "
	  "192.0.2.1\n",
	C4, PST_RESULT_FAIL, 1, 0},
    {"unqueryable names match nothing and are not void",
	D "\"v=spf1 a:%{d}..x.example mx:%{d}..x.example "
	  "exists:%{d}..x.example a:%_.%{d}..x ~all\"\n",
	C4, PST_RESULT_SOFTFAIL, 4, 0},
    {"include of an unqueryable name",
	D "\"v=spf1 include:%{d}..x.example -all\"\n", C4, PST_RESULT_PERMERROR,
	1, 0},

    {"voids: 2", D "\"v=spf1 a:v1.example mx:v2.example ~all\"\n", C4,
	PST_RESULT_SOFTFAIL, 2, 2},
    {"voids: 3",
	D "\"v=spf1 a:v1.example mx:v2.example exists:v3.example +all\"\n", C4,
	PST_RESULT_PERMERROR, 3, 3},
    {"voids are counted over includes",
	D "\"v=spf1 include:x.example a:v3.example +all\"\n"
	  "x.example. 60 IN TXT \"v=spf1 a:v1.example a:v2.example -all\"\n",
	C4, PST_RESULT_PERMERROR, 4, 3},
    {"10 look-ups",
	D "\"v=spf1 a:x.example a:x.example a:x.example a:x.example "
	  "a:x.example a:x.example a:x.example a:x.example a:x.example "
	  "a:y.example -all\"\nx.example. 60 IN A 203.0.113.1\n"
	  "y.example. 60 IN A 192.0.2.1\n",
	C4, PST_RESULT_PASS, 10, 0},
    {"the 11th look-up does not match any more",
	D "\"v=spf1 a:x.example a:x.example a:x.example a:x.example "
	  "a:x.example a:x.example a:x.example a:x.example a:x.example "
	  "a:x.example a:y.example\"\nx.example. 60 IN A 203.0.113.1\n"
	  "y.example. 60 IN A 192.0.2.1\n",
	C4, PST_RESULT_PERMERROR, 11, 0},

    {"include: pass matches",
	D "\"v=spf1 ~include:x.example -all\"\nx.example. 60 IN TXT \"v=spf1 "
	  "+all\"\n",
	C4, PST_RESULT_SOFTFAIL, 1, 0},
    {"include: fail does not match",
	D "\"v=spf1 include:x.example ?all\"\nx.example. 60 IN TXT \"v=spf1 "
	  "-all\"\n",
	C4, PST_RESULT_NEUTRAL, 1, 0},
    {"include: no record", D "\"v=spf1 include:x.example +all\"\n", C4,
	PST_RESULT_PERMERROR, 1, 0},
    {"include: bad record",
	D "\"v=spf1 include:x.example +all\"\nx.example. 60 IN TXT \"v=spf1 "
	  "foo\"\n",
	C4, PST_RESULT_PERMERROR, 1, 0},
    {"include of itself ends", D "\"v=spf1 include:d.example +all\"\n", C4,
	PST_RESULT_PERMERROR, 11, 0},
    {"redirect is last, wherever it is",
	D "\"v=spf1 redirect=x.example ip4:192.0.2.1\"\n"
	  "x.example. 60 IN TXT \"v=spf1 -all\"\n",
	C4, PST_RESULT_PASS, 0, 0},
    {"redirect after all is ignored", D "\"v=spf1 redirect=x.example ~all\"\n",
	C4, PST_RESULT_SOFTFAIL, 0, 0},
    {"redirect",
	D "\"v=spf1 redirect=x.example\"\nx.example. 60 IN TXT "
	  "\"v=spf1 -all\"\n",
	C4, PST_RESULT_FAIL, 1, 0},
    {"redirect to nothing", D "\"v=spf1 redirect=x.example\"\n", C4,
	PST_RESULT_PERMERROR, 1, 0},
    {"redirect to itself ends", D "\"v=spf1 redirect=d.example\"\n", C4,
	PST_RESULT_PERMERROR, 11, 0},
    {"redirect below an include",
	D "\"v=spf1 include:x.example -all\"\n"
	  "x.example. 60 IN TXT \"v=spf1 redirect=y.example\"\n"
	  "y.example. 60 IN TXT \"v=spf1 ip4:192.0.2.1\"\n",
	C4, PST_RESULT_PASS, 2, 0},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_COUNT(i, 2 * PST_COUNT(rows), rows[i / 2].label) {
		const struct row *row = &rows[i / 2];
		struct bench bench;

		bench_open(&bench, row->zone, row->client);
		bench.world.eager = i % 2 == 1;
		bench_run(&bench);
		if (bench.spf.result != row->want ||
		    bench.spf.lookups != row->lookups ||
		    bench.spf.voids != row->voids)
			fail_msg("%s%s: %s, %u look-ups, %u voids (%s)",
			    row->label, bench.world.eager ? ", eager" : "",
			    pst_result_word(bench.spf.result),
			    bench.spf.lookups, bench.spf.voids,
			    bench.spf.why == NULL ? "-" : bench.spf.why);
		/* A result that a record gave explains itself. */
		if (bench.spf.result == PST_RESULT_PERMERROR)
			assert_non_null(bench.spf.why);
		else if (bench.spf.result != PST_RESULT_NONE &&
		    bench.spf.result != PST_RESULT_TEMPERROR)
			assert_null(bench.spf.why);
		bench_close(&bench);
	}
}

/* More than 10 names in one MX answer (RFC 7208 s. 4.6.4). */
static void
test_mx_names(void **state)
{
	struct bench bench;
	char zone[2000];
	size_t len;

	(void)state;
	FOR_COUNT(names, 12, NULL) {
		len = (size_t)snprintf(
		    zone, sizeof(zone), "%s", D "\"v=spf1 mx -all\"\n");
		for (size_t i = 0; i < names; i++)
			len += (size_t)snprintf(zone + len, sizeof(zone) - len,
			    "d.example. 60 IN MX 1 h%zu.example.\n"
			    "h%zu.example. 60 IN A 192.0.2.%zu\n",
			    i, i, 100 + i);
		bench_open(&bench, zone, "192.0.2.250");
		bench_run(&bench);
		assert_int_equal(bench.spf.result,
		    names > 10 ? PST_RESULT_PERMERROR : PST_RESULT_FAIL);
		if (names > 10)
			assert_non_null(strstr(bench.spf.why, "MX answer"));
		else
			assert_null(bench.spf.why);
		bench_close(&bench);
	}
}

static const struct {
	const char *label;
	const char *mail_from;
	const char *helo;
	enum pst_result want;
	enum pst_spf_identity identity;
	const char *domain;
} identity_rows[] = {
    {"mailbox", "<u@D.Example.>", "h", PST_RESULT_PASS, PST_SPF_MAILFROM,
	"d.example"},
    {"null", "<>", "D.example", PST_RESULT_PASS, PST_SPF_HELO, "d.example"},
    {"null, HELO of one label", "<>", "host", PST_RESULT_NONE, PST_SPF_HELO,
	NULL},
    {"null, HELO literal", "<>", "[192.0.2.1]", PST_RESULT_NONE, PST_SPF_HELO,
	NULL},
    {"null, no HELO", "<>", "", PST_RESULT_NONE, PST_SPF_HELO, NULL},
    {"null, bad HELO", "<>", "d.example d.example", PST_RESULT_NONE,
	PST_SPF_HELO, NULL},
    {"no mailbox is not a null sender", "<root>", "d.example", PST_RESULT_NONE,
	PST_SPF_MAILFROM, NULL},
    {"rubbish", "<u@@d.example>", "d.example", PST_RESULT_NONE,
	PST_SPF_MAILFROM, NULL},
    {"address literal", "<u@[192.0.2.1]>", "d.example", PST_RESULT_NONE,
	PST_SPF_MAILFROM, NULL},
    {"one label", "<u@localhost>", "d.example", PST_RESULT_NONE,
	PST_SPF_MAILFROM, NULL},
};

static void
test_identity(void **state)
{
	(void)state;
	FOR_ROWS(i, identity_rows, identity_rows[i].label) {
		const char *domain = identity_rows[i].domain;
		struct bench bench;
		bool same;

		bench_open(&bench, D "\"v=spf1 +all\"\n", C4);
		bench.input.helo = pst_str(identity_rows[i].helo);
		pst_reverse_path_parse(bench.arena,
		    pst_str(identity_rows[i].mail_from),
		    &bench.input.mail_from);
		bench_run(&bench);
		same = domain == NULL ? bench.spf.domain == NULL :
					bench.spf.domain != NULL &&
			strcmp(bench.spf.domain, domain) == 0;
		if (bench.spf.result != identity_rows[i].want ||
		    bench.spf.identity != identity_rows[i].identity || !same)
			fail_msg("%s", pst_result_word(bench.spf.result));
		if (bench.spf.result == PST_RESULT_NONE) {
			assert_non_null(bench.spf.why);
			assert_int_equal(pst_dns_count(bench.world.dns), 0);
		}
		bench_close(&bench);
	}
}

/* HELO beside MAIL FROM, whatever that is. */
static void
test_of_helo(void **state)
{
	static const struct {
		const char *label;
		const char *mail_from;
		const char *helo;
		enum pst_result want;
	} helo_rows[] = {
	    {"mailbox", "<u@other.example>", "D.example", PST_RESULT_PASS},
	    {"null", "<>", "d.example", PST_RESULT_PASS},
	    {"rubbish", "<u@@other.example>", "d.example", PST_RESULT_PASS},
	    {"another name", "<u@d.example>", "h.example", PST_RESULT_NONE},
	    {"literal", "<u@d.example>", "[192.0.2.1]", PST_RESULT_NONE},
	    {"one label", "<u@d.example>", "host", PST_RESULT_NONE},
	};

	(void)state;
	FOR_ROWS(i, helo_rows, helo_rows[i].label) {
		struct bench bench;

		bench_open(&bench,
		    D "\"v=spf1 exists:%{l}.%{o}.x.example -all\"\n"
		      "postmaster.d.example.x.example. 60 IN A 127.0.0.2\n",
		    C4);
		bench.input.of_helo = true;
		bench.input.helo = pst_str(helo_rows[i].helo);
		pst_reverse_path_parse(bench.arena,
		    pst_str(helo_rows[i].mail_from), &bench.input.mail_from);
		bench_run(&bench);
		if (bench.spf.result != helo_rows[i].want ||
		    bench.spf.identity != PST_SPF_HELO)
			fail_msg("%s", pst_result_word(bench.spf.result));
		for (size_t n = 0; n < pst_dns_count(bench.world.dns); n++)
			assert_int_equal(pst_dns_at(bench.world.dns, n)->class,
			    PST_DNS_OTHER);
		bench_close(&bench);
	}
}

/* Macros of a null sender, and a HELO in a macro that is not a domain. */
static void
test_identity_macros(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench,
	    "h.example. 60 IN TXT \"v=spf1 "
	    "exists:%{l}.%{o}.%{h}.x.example -all\"\n"
	    "postmaster.h.example.h.example.x.example. 60 IN A "
	    "127.0.0.2\n",
	    C4);
	bench.input.mail_from = (struct pst_path){.valid = true, .null = true};
	bench.input.helo = PST_STR("h.example");
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_PASS);
	bench_close(&bench);

	bench_open(&bench,
	    D "\"v=spf1 exists:%{h} exists:%{h}.x.example "
	      "-all\"\n",
	    C4);
	bench.input.helo = PST_STR("");
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_FAIL);
	assert_int_equal(pst_dns_count(bench.world.dns), 2);
	bench_close(&bench);
}

/* RFC 8616 s. 4: a term with the local part does not match or query. */
static void
test_utf8_local_part(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench,
	    D "\"v=spf1 include:%{l}.x.example "
	      "exists:%{L}.x.example a:%{s}.x.example ~all\"\n",
	    C4);
	bench.input.mail_from.local = PST_STR("j\xc3\xbcrgen");
	bench.world.eager = true;
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_SOFTFAIL);
	assert_int_equal(pst_dns_count(bench.world.dns), 1);
	bench_close(&bench);
}

/* libspf2 drops terms beyond 511 compiled octets, and counts up to 255. */
static void
test_long_records(void **state)
{
	static const struct {
		const char *label;
		unsigned v4, v6;
		const char *client;
		enum pst_result want;
	} sizes[] = {
	    {"90 x ip4, the last matches", 90, 0, "10.0.0.89", PST_RESULT_PASS},
	    {"90 x ip4, none matches", 90, 0, "10.1.0.1", PST_RESULT_FAIL},
	    {"40 x ip6, the last matches", 0, 40, "2001:db8::27",
		PST_RESULT_PASS},
	    {"40 x ip6, none matches", 0, 40, "2001:db9::", PST_RESULT_FAIL},
	    {"249 x ip4 and all", 249, 0, "10.0.0.248", PST_RESULT_PASS},
	    {"249 x ip4, none matches", 249, 0, "10.1.0.0", PST_RESULT_FAIL},
	    {"one more", 250, 0, "10.0.0.1", PST_RESULT_PERMERROR},
	    {"mixed", 120, 120, "2001:db8::77", PST_RESULT_PASS},
	};

	(void)state;
	FOR_ROWS(i, sizes, sizes[i].label) {
		struct bench bench;
		struct pst_buf zone;
		struct pst_arena *arena = pst_arena_new();

		pst_buf_init(&zone, arena, 65535);
		pst_buf_add_text(&zone, D "\"v=spf1\"");
		for (unsigned n = 0; n < sizes[i].v4; n++)
			pst_buf_printf(&zone, " \" ip4:10.0.0.%u\"", n);
		for (unsigned n = 0; n < sizes[i].v6; n++)
			pst_buf_printf(&zone, " \" ip6:2001:db8::%x\"", n);
		pst_buf_add_text(&zone, " \" -all\"\n");
		bench_open(&bench, pst_buf_str(&zone), sizes[i].client);
		bench_run(&bench);
		if (bench.spf.result != sizes[i].want)
			fail_msg("%s", pst_result_word(bench.spf.result));
		bench_close(&bench);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_mx_names),
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_of_helo),
	    cmocka_unit_test(test_identity_macros),
	    cmocka_unit_test(test_utf8_local_part),
	    cmocka_unit_test(test_long_records),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
