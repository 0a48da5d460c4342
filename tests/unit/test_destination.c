/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "report/destination.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

struct bench {
	struct pst_arena *arena;
	struct pst_resolver *zone;
	struct pst_config *config;
	struct pst_clock clock;
};

static void
bench_open(struct bench *bench, const char *settings, const char *zone)
{
	bench->arena = pst_arena_new();
	bench->zone = lab_zone(zone);
	bench->config = lab_config(pst_arena_printf(
	    bench->arena, "%sreports { %s }\n", LAB_CONFIG, settings));
	bench->clock = pst_clock_manual(LAB_NOW);
}

static void
bench_close(struct bench *bench)
{
	pst_config_unref(bench->config);
	pst_resolver_free(bench->zone);
	pst_arena_free(bench->arena);
}

static void
check(struct bench *bench, enum pst_destination_kind kind, const char *domain,
    const char *uris, struct pst_destinations *out)
{
	const struct pst_dns_limits limits = {
	    .max_queries = 200, .query_ms = 1000, .max_txt_bytes = 16384};
	const struct pst_destination_question question = {kind, domain, uris};
	struct pst_world world = {.arena = bench->arena, .now_epoch = LAB_NOW};

	world.dns =
	    pst_dns_open(bench->arena, bench->zone, &bench->clock, limits);
	memset(out, 0xaa, sizeof(*out));
	while (!pst_destination_check(&world, bench->config, &question, out))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
}

/* Returns "address" and, after it, ">target", "!" (refused) or "?". */
static const char *
summary(struct bench *bench, const struct pst_destinations *list)
{
	struct pst_buf buf;

	pst_buf_init(&buf, bench->arena, 10000);
	for (size_t i = 0; i < list->count; i++) {
		const struct pst_destination *item = &list->items[i];

		pst_buf_printf(&buf, "%s%s", i == 0 ? "" : " ", item->address);
		switch (item->verdict) {
		case PST_DESTINATION_USED:
			if (item->target != item->address)
				pst_buf_printf(&buf, ">%s", item->target);
			assert_string_equal(item->why, "");
			break;
		case PST_DESTINATION_REFUSED:
			pst_buf_add_char(&buf, '!');
			assert_string_not_equal(item->why, "");
			break;
		case PST_DESTINATION_POSTPONED:
			pst_buf_add_char(&buf, '?');
			assert_string_not_equal(item->why, "");
			break;
		}
	}
	return pst_buf_str(&buf);
}

static const char zone[] =
    "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.com. TXT \"v=DMARC1; p=none; psd=y\"\n"
    "_dmarc.own.example.com. TXT \"v=DMARC1; p=none; psd=n\"\n"
    "example.com._report._dmarc.yes.example.net. TXT \"v=DMARC1\"\n"
    "example.com._report._dmarc.semi.example.net. TXT \"v=DMARC1;\"\n"
    "example.com._report._dmarc.own.example.com. TXT \"v=DMARC1;\"\n"
    "*._report._dmarc.any.example.net. TXT \"v=DMARC1\"\n"
    "example.com._report._dmarc.no.example.net. TXT \"v=spf1 -all\"\n"
    "example.com._report._dmarc.nodata.example.net. A 192.0.2.1\n"
    ";! servfail example.com._report._dmarc.broken.example.net\n"
    ";! timeout example.com._report._dmarc.silent.example.net\n"
    ";! servfail _dmarc.walk.example.net\n"
    "example.com._report._dmarc.walk.example.net. TXT \"v=DMARC1\"\n"
    "example.com._report._dmarc.over.example.net. TXT"
    " \"v=DMARC1; rua=mailto:new@over.example.net;"
    " ruf=mailto:fail@over.example.net\"\n"
    "example.com._report._dmarc.away.example.net. TXT"
    " \"v=DMARC1; rua=mailto:victim@yes.example.net\"\n"
    "example.com._report._dmarc.two.example.net. TXT"
    " \"v=DMARC1; rua=mailto:a@two.example.net\"\n"
    "example.com._report._dmarc.two.example.net. TXT"
    " \"v=DMARC1; rua=mailto:b@two.example.net\"\n"
    "example.com._report._dmarc.same.example.net. TXT"
    " \"v=DMARC1; rua=mailto:a@same.example.net\"\n"
    "example.com._report._dmarc.same.example.net. TXT"
    " \"v=DMARC1; rua=mailto:a@same.example.net; p=none\"\n"
    "example.com._report._dmarc.bad.example.net. TXT"
    " \"v=DMARC1; rua=nonsense\"\n";

static void
test_consent(void **state)
{
	static const struct {
		const char *uris, *wanted;
	} rows[] = {
	    {"", ""},
	    /* R-AGG-20 */
	    {"mailto:a@example.com", "a@example.com"},
	    {"mailto:a@Mail.Example.COM", "a@mail.example.com"},
	    {"mailto:a@other.example.org", "a@other.example.org!"},
	    {"mailto:a@yes.example.net", "a@yes.example.net"},
	    {"mailto:a@semi.example.net", "a@semi.example.net"},
	    {"mailto:a@any.example.net", "a@any.example.net"},
	    {"mailto:a@no.example.net", "a@no.example.net!"},
	    {"mailto:a@nodata.example.net", "a@nodata.example.net!"},
	    /* A subdomain that is an organization of its own. */
	    {"mailto:a@own.example.com", "a@own.example.com"},
	    /* R-AGG-21 */
	    {"mailto:a@broken.example.net", "a@broken.example.net?"},
	    {"mailto:a@silent.example.net", "a@silent.example.net?"},
	    {"mailto:a@walk.example.net", "a@walk.example.net?"},
	    /* R-AGG-22 */
	    {"mailto:a@over.example.net",
		"a@over.example.net>new@over.example.net"},
	    {"mailto:a@away.example.net", "a@away.example.net!"},
	    {"mailto:a@two.example.net", "a@two.example.net"},
	    {"mailto:a@bad.example.net", "a@bad.example.net"},
	    {"mailto:a@same.example.net mailto:b@same.example.net",
		"a@same.example.net b@same.example.net!"},
	    {"mailto:b@same.example.net mailto:a@same.example.net",
		"b@same.example.net! a@same.example.net"},
	    {"mailto:x@over.example.net mailto:y@over.example.net",
		"x@over.example.net>new@over.example.net "
		"y@over.example.net!"},
	    /* each is judged on its own, in order, and used once */
	    {"mailto:b@example.com mailto:a@no.example.net "
	     "mailto:b@example.com mailto:c@yes.example.net",
		"b@example.com a@no.example.net! c@yes.example.net"},
	};
	struct pst_destinations list;
	struct bench bench;

	(void)state;
	bench_open(&bench, "", zone);
	FOR_ROWS(i, rows, rows[i].uris) {
		check(&bench, PST_DESTINATION_RUA, "example.com", rows[i].uris,
		    &list);
		assert_string_equal(summary(&bench, &list), rows[i].wanted);
	}
	/* R-FAIL-4 */
	check(&bench, PST_DESTINATION_RUF, "example.com",
	    "mailto:a@over.example.net", &list);
	assert_string_equal(
	    summary(&bench, &list), "a@over.example.net>fail@over.example.net");
	bench_close(&bench);
}

static void
test_addresses(void **state)
{
	static const char uris[] =
	    "mailto:a%2Cb@example.com mailto:a%2e.b@example.com "
	    "mailto:a%0d%0aDATA@example.com mailto:a%20b@example.com "
	    "mailto:%22a%22@example.com mailto:a%3Eb@example.com "
	    "mailto:@example.com mailto:a mailto:a@localhost "
	    "mailto:a@[192.0.2.1] https://example.com/ mailto:%ff@example.com "
	    "MAILTO:-ok@example.com mailto:b@exa%6dple.com mailto:c@x..com";
	struct pst_destinations list;
	struct bench bench;

	(void)state;
	bench_open(&bench, "", zone);
	pst_destination_list(bench.arena, pst_str(uris), 20, &list);
	assert_string_equal(summary(&bench, &list),
	    "\"a,b\"@example.com \"a..b\"@example.com -ok@example.com "
	    "b@example.com");
	pst_destination_list(bench.arena, pst_str(uris), 2, &list);
	assert_int_equal(list.count, 2);
	pst_destination_list(bench.arena, pst_str(uris), 0, &list);
	assert_int_equal(list.count, 0);
	bench_close(&bench);
}

/* R-AGG-19, R-AGG-23. */
static void
test_settings(void **state)
{
	static const char uris[] =
	    "mailto:a@example.com mailto:b@yes.example.net "
	    "mailto:c@any.example.net";
	static const struct {
		const char *settings, *wanted;
	} rows[] = {
	    {"max-addresses = 2", "a@example.com b@yes.example.net"},
	    {"own-domain-only = yes",
		"a@example.com b@yes.example.net! c@any.example.net!"},
	    {"deny-destinations = {\"any.example.net\"}",
		"a@example.com b@yes.example.net c@any.example.net!"},
	    {"deny-destinations = {\".example.net\"}",
		"a@example.com b@yes.example.net! c@any.example.net!"},
	    {"allow-destinations = {\"yes.example.net\"}",
		"a@example.com! b@yes.example.net c@any.example.net!"},
	    {"allow-destinations = {\".example.net\"}"
	     " deny-destinations = {\"any.example.net\"}",
		"a@example.com! b@yes.example.net c@any.example.net!"},
	};
	struct pst_destinations list;
	struct bench bench;

	(void)state;
	FOR_ROWS(i, rows, rows[i].settings) {
		bench_open(&bench, rows[i].settings, zone);
		check(&bench, PST_DESTINATION_RUA, "example.com", uris, &list);
		assert_string_equal(summary(&bench, &list), rows[i].wanted);
		bench_close(&bench);
	}
}

/* A name too long for a DNS query means that there is no consent. */
static void
test_long_names(void **state)
{
	char label[64], uri[400], domain[260];
	struct pst_destinations list;
	struct bench bench;

	(void)state;
	memset(label, 'a', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	(void)snprintf(
	    domain, sizeof(domain), "%s.%s.example.org", label, label);
	(void)snprintf(uri, sizeof(uri), "mailto:a@%s.%s.net", label, label);
	bench_open(&bench, "", "x.example. A 192.0.2.1\n");
	check(&bench, PST_DESTINATION_RUA, domain, uri, &list);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].verdict, PST_DESTINATION_REFUSED);
	assert_non_null(strstr(list.items[0].why, "too long"));
	bench_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_consent),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
