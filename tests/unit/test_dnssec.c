/* SPDX-License-Identifier: BSD-2-Clause */

/* Which answers are believed to be validated, and what is told of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/macros.h"
#include "core/dnssec.h"
#include "dns/resolver.h"
#include "dns/servers.h"
#include "dns/zone.h"
#include "tests/unit/dns_server.h"
#include "tests/unit/rows.h"

static struct pst_resolver *
start(const char *address, bool trust_ad, bool trust_local_ad)
{
	struct pst_resolver_config config = {.servers = &address,
	    .server_count = 1,
	    .cache_bytes = 1 << 20,
	    .max_open = 100,
	    .trust_ad = trust_ad,
	    .trust_local_ad = trust_local_ad};
	struct pst_err err = {0};
	struct pst_resolver *resolver = pst_resolver_start(&config, &err);

	if (resolver == NULL)
		fail_msg("%s", err.text);
	return resolver;
}

/* Returns whether the answer to a question is authentic. */
static bool
is_authentic(struct pst_resolver *resolver, const char *name)
{
	struct pst_dns_limits limits = {50, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_system;
	struct pst_arena *arena = pst_arena_new();
	struct pst_dns *dns = pst_dns_open(arena, resolver, &clock, limits);
	const struct pst_dns_entry *entry =
	    pst_dns_ask(dns, pst_dns_nobody, pst_str(name), PST_DNS_TXT);
	bool authentic;

	while (entry->answer == NULL && pst_dns_wait(dns, INT64_MAX))
		;
	assert_int_equal(pst_dns_trusts_ad(dns), resolver->trusts_ad);
	authentic = entry->answer->authentic;
	pst_arena_free(arena);
	return authentic;
}

/* Each name is asked twice: the second answer is from the cache. */
static void
test_resolver(void **state)
{
	static const struct {
		const char *label, *name;
		bool validates; /* the server, all names */
		bool authentic;
	} rows[] = {
	    {"no AD bit", "t.example", false, false},
	    {"AD bit", "t.signed", false, true},
	    {"nothing there", "nx.signed", false, true},
	    {"no record", "none.signed", false, true},
	    {"a failure", "sf.signed", false, false},
	    {"without EDNS", "old.signed", false, true},
	    {"by TCP", "big.signed", false, true},
	    {"a chain that leaves the signed zone", "far.signed", false, false},
	    {"a chain that is signed", "far.chain.signed", true, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_resolver *believing, *doubting;
		struct server server;

		server_start(&server);
		server.validates = rows[i].validates;
		believing = start(server.address, false, true);
		doubting = start(server.address, false, false);
		for (unsigned n = 0; n < 2; n++) {
			if (is_authentic(believing, rows[i].name) !=
			    rows[i].authentic)
				fail_msg("turn %u", n);
			assert_false(is_authentic(doubting, rows[i].name));
		}
		pst_resolver_free(believing);
		pst_resolver_free(doubting);
		server_stop(&server);
	}
}

/* R-POL-32 */
static void
test_trust(void **state)
{
	static const struct {
		const char *address;
		bool trust, trust_local, want;
	} rows[] = {
	    {"127.0.0.53", false, false, false},
	    {"127.0.0.53", false, true, true},
	    {"::1@5353", false, true, true},
	    {"192.0.2.53", false, true, false},
	    {"::2", false, true, false},
	    {"192.0.2.53", true, false, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].address) {
		struct pst_resolver *resolver =
		    start(rows[i].address, rows[i].trust, rows[i].trust_local);

		if (resolver->trusts_ad != rows[i].want)
			fail_msg("%d", resolver->trusts_ad);
		pst_resolver_free(resolver);
	}
}

static void
test_servers(void **state)
{
	static const struct {
		const char *label, *addresses[2];
		bool all_local;
	} rows[] = {
	    {"both here", {"127.0.0.1", "::1"}, true},
	    {"one elsewhere", {"127.0.0.1", "192.0.2.53"}, false},
	    {"the first elsewhere", {"2001:db8::1", "::1"}, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_servers servers;
		struct pst_err err;

		assert_true(pst_servers_read(
		    arena, rows[i].addresses, 2, &servers, &err));
		assert_int_equal(servers.all_local, rows[i].all_local);
		pst_arena_free(arena);
	}
}

static const char zone_text[] =
    ";! secure signed.example\n"
    "$ORIGIN example.\n"
    "signed TXT \"v=spf1 include:plain.example -all\"\n"
    "_dmarc.signed TXT \"v=DMARC1; p=none\"\n"
    "s._domainkey.signed TXT \"v=DKIM1; p=\"\n"
    "plain TXT \"v=spf1 -all\"\n"
    "_dmarc.plain TXT \"v=DMARC1; p=none\"\n"
    "s._domainkey.plain TXT \"v=DKIM1; p=\"\n";

static const struct {
	const char *label, *policy, *spf, *term, *signers[2];
	enum pst_result result;  /* of SPF and the signatures */
	bool remembered, second; /* the second signature is aligned */
	unsigned exist, proven;
} judge_rows[] = {
#define D PST_DNSSEC_DMARC
#define S PST_DNSSEC_SPF
#define K PST_DNSSEC_DKIM
    {"nothing", NULL, NULL, NULL, {NULL}, PST_RESULT_PASS, false, false, 0, 0},
    {"all", "signed.example", "signed.example", "signed.example",
	{"signed.example"}, PST_RESULT_PASS, false, false, D | S | K,
	D | S | K},
    {"none", "plain.example", "plain.example", "plain.example",
	{"plain.example"}, PST_RESULT_PASS, false, false, D | S | K, 0},
    {"no term", NULL, "signed.example", NULL, {NULL}, PST_RESULT_NEUTRAL, false,
	false, S, S},
    {"term elsewhere", NULL, "signed.example", "Plain.example.", {NULL},
	PST_RESULT_PASS, false, false, S, 0},
    {"no record", NULL, "signed.example", NULL, {NULL}, PST_RESULT_NONE, false,
	false, 0, 0},
    {"no answer", "other.example", "other.example", NULL, {"other.example"},
	PST_RESULT_PASS, false, false, 0, 0},
    {"remembered", "signed.example", NULL, NULL, {NULL}, PST_RESULT_PASS, true,
	false, 0, 0},
    {"one of two keys", NULL, NULL, NULL, {"plain.example", "signed.example"},
	PST_RESULT_PASS, false, false, K, K},
    {"only the aligned key counts", NULL, NULL, NULL,
	{"signed.example", "plain.example"}, PST_RESULT_PASS, false, true, K,
	0},
    {"signatures that fail", NULL, NULL, NULL,
	{"signed.example", "plain.example"}, PST_RESULT_FAIL, false, false, 0,
	0},
#undef D
#undef S
#undef K
};

static void
ask_all(struct pst_dns *dns)
{
	static const char *const names[] = {"signed.example",
	    "_dmarc.signed.example", "s._domainkey.signed.example",
	    "plain.example", "_dmarc.plain.example",
	    "s._domainkey.plain.example", "other.example"};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		(void)pst_dns_ask(
		    dns, pst_dns_nobody, pst_str(names[i]), PST_DNS_TXT);
}

/* R-SEC-11: of which records it tells, and what. */
static void
test_judge(void **state)
{
	struct pst_err err;
	struct pst_resolver *zone =
	    pst_zone_parse(zone_text, strlen(zone_text), "zone", &err);

	(void)state;
	assert_non_null(zone);
	FOR_ROWS(i, judge_rows, judge_rows[i].label) {
		struct pst_dns_limits limits = {50, 1000, 16384, 0};
		struct pst_clock clock = pst_clock_manual(0);
		struct pst_arena *arena = pst_arena_new();
		struct pst_dns *dns = pst_dns_open(arena, zone, &clock, limits);
		struct pst_dkim_sig sigs[2] = {
		    {.domain = judge_rows[i].signers[0], .selector = "s"},
		    {.domain = judge_rows[i].signers[1],
			.selector = "s",
			.aligned = judge_rows[i].second}};
		struct pst_findings findings = {
		    .dkim = {.sigs = sigs, .count = 2}};
		struct pst_dnssec out;

		ask_all(dns);
		sigs[0].result = sigs[1].result = judge_rows[i].result;
		findings.spf.result = judge_rows[i].result;
		findings.spf.domain = judge_rows[i].spf;
		findings.spf.term_domain = judge_rows[i].term;
		findings.dmarc.policy_domain = judge_rows[i].policy;
		findings.dmarc.knowledge = judge_rows[i].remembered ?
		    PST_DMARC_REMEMBERED :
		    PST_DMARC_LEARNED;
		pst_dnssec_judge(dns, &findings, &out);
		if (!out.known || out.exist != judge_rows[i].exist ||
		    out.proven != judge_rows[i].proven)
			fail_msg("%s of %s", pst_dnssec_words(out.proven),
			    pst_dnssec_words(out.exist));
		pst_arena_free(arena);
	}
	pst_resolver_free(zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_resolver),
	    cmocka_unit_test(test_trust),
	    cmocka_unit_test(test_servers),
	    cmocka_unit_test(test_judge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
