/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/iprev.h"
#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "tests/unit/rows.h"

#define V6_REVERSE                                                             \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"      \
	".ip6.arpa."

static const struct row {
	const char *label;
	const char *zone;
	const char *client;
	enum pst_result want;
	const char *name;
} rows[] = {
    {"name leads back",
	"9.2.0.192.in-addr.arpa. 60 IN PTR Mail.Example.COM.\n"
	"mail.example.com. 60 IN A 192.0.2.8\n"
	"mail.example.com. 60 IN A 192.0.2.9\n",
	"192.0.2.9", PST_RESULT_PASS, "mail.example.com"},
    {"IPv6",
	V6_REVERSE " 60 IN PTR m.example.\nm.example. 60 IN AAAA "
		   "2001:db8::1\n",
	"2001:db8::1", PST_RESULT_PASS, "m.example"},
    {"other family only",
	"9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n"
	"m.example. 60 IN AAAA 2001:db8::1\n",
	"192.0.2.9", PST_RESULT_FAIL, NULL},
    {"no PTR at all", "x.example. 60 IN A 192.0.2.9\n", "192.0.2.9",
	PST_RESULT_PERMERROR, NULL},
    {"reverse name without PTR", "9.2.0.192.in-addr.arpa. 60 IN A 192.0.2.9\n",
	"192.0.2.9", PST_RESULT_PERMERROR, NULL},
    {"PTR times out", ";! timeout 9.2.0.192.in-addr.arpa\n", "192.0.2.9",
	PST_RESULT_TEMPERROR, NULL},
    {"PTR fails", ";! servfail 9.2.0.192.in-addr.arpa\n", "192.0.2.9",
	PST_RESULT_TEMPERROR, NULL},
    {"name leads elsewhere",
	"9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n"
	"m.example. 60 IN A 192.0.2.8\n",
	"192.0.2.9", PST_RESULT_FAIL, NULL},
    {"name does not exist", "9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n",
	"192.0.2.9", PST_RESULT_FAIL, NULL},
    {"forward look-up fails",
	"9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n;! servfail m.example\n",
	"192.0.2.9", PST_RESULT_TEMPERROR, NULL},
    {"one fails, the other leads back",
	"9.2.0.192.in-addr.arpa. 60 IN PTR bad.example.\n"
	"9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n"
	";! servfail bad.example\nm.example. 60 IN A 192.0.2.9\n",
	"192.0.2.9", PST_RESULT_PASS, "m.example"},
    {"slow first name, quick second: the first is reported",
	"9.2.0.192.in-addr.arpa. 60 IN PTR slow.example.\n"
	"9.2.0.192.in-addr.arpa. 60 IN PTR m.example.\n"
	";! delay slow.example 800ms\nslow.example. 60 IN A 192.0.2.9\n"
	"m.example. 60 IN A 192.0.2.9\n",
	"192.0.2.9", PST_RESULT_PASS, "slow.example"},
    {"a name that is not a host name is not looked up",
	"9.2.0.192.in-addr.arpa. 60 IN PTR a\\032b\\059.example.\n"
	"a\\032b\\059.example. 60 IN A 192.0.2.9\n",
	"192.0.2.9", PST_RESULT_FAIL, NULL},
};

static bool
check(const struct pst_world *given, const char *zone, const char *client,
    struct pst_iprev *out, size_t *questions)
{
	struct pst_clock clock = pst_clock_manual(1700000000);
	struct pst_world world = *given;
	struct pst_err err;
	struct pst_resolver *resolver;
	struct pst_ip ip;
	unsigned rounds = 0;

	resolver = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (resolver == NULL || !pst_ip_parse(pst_str(client), &ip))
		return false;
	world.dns = pst_dns_open(world.arena, resolver, &clock,
	    (struct pst_dns_limits){
		.max_queries = 50, .query_ms = 5000, .max_txt_bytes = 4096});
	while (!pst_iprev_check(&world, &ip, out) && rounds++ < 50)
		(void)pst_dns_wait(world.dns, pst_clock_ms(&clock) + 60000);
	*questions = pst_dns_count(world.dns);
	pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	pst_resolver_free(resolver);
	return rounds < 50;
}

static void
test_rows(void **state)
{
	(void)state;
	FOR_COUNT(i, 2 * PST_COUNT(rows), rows[i / 2].label) {
		const struct row *row = &rows[i / 2];
		struct pst_arena *arena = pst_arena_new();
		struct pst_iprev got = {.result = PST_RESULT_NONE};
		size_t questions;
		bool done = check(
		    &(struct pst_world){.arena = arena, .eager = i % 2 == 1},
		    row->zone, row->client, &got, &questions);
		bool same_name = row->name == NULL ?
		    got.name == NULL :
		    got.name != NULL && strcmp(got.name, row->name) == 0;

		if (!done || got.result != row->want || !same_name)
			fail_msg("%s: %s %s", row->label,
			    pst_result_word(got.result),
			    got.name == NULL ? "-" : got.name);
		pst_arena_free(arena);
	}
}

/* At most ten names are looked up, however many there are. */
static void
test_name_limit(void **state)
{
	static const struct {
		unsigned place;
		enum pst_result want;
	} limits[] = {{10, PST_RESULT_PASS}, {11, PST_RESULT_FAIL}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_iprev got;
		struct pst_buf zone;
		size_t questions = 0;

		pst_buf_init(&zone, arena, 4096);
		for (unsigned n = 1; n <= 40; n++)
			pst_buf_printf(&zone,
			    "9.2.0.192.in-addr.arpa. 60 IN PTR n%u.example.\n",
			    n);
		pst_buf_printf(
		    &zone, "n%u.example. 60 IN A 192.0.2.9\n", limits[i].place);
		assert_true(
		    check(&(struct pst_world){.arena = arena, .eager = true},
			pst_buf_str(&zone), "192.0.2.9", &got, &questions));
		assert_int_equal(got.result, limits[i].want);
		assert_int_equal(questions, 1 + PST_IPREV_MAX_NAMES);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_name_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
