/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/day.h"
#include "dns/zone.h"
#include "survey/anomaly.h"
#include "tests/unit/rows.h"

#define NOW (INT64_C(20000) * PST_DAY_SECONDS + 43200)

static const char zone[] =
    "example.com. TXT \"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all\"\n"
    "_dmarc.example.com. TXT \"v=DMARC1; p=none; rua=mailto:d@e.example\"\n";

/* Mail of one source each day from `first` to `last` days back. */
struct flow {
	const char *ip, *receiver, *auth;
	unsigned first, last;
	int64_t messages;
	bool passes;
};

static void
feed(struct pst_advise *advise, const struct flow *flow)
{
	for (unsigned day = flow->first; day <= flow->last; day++) {
		int64_t begin_s = pst_day_begin(pst_day_of(NOW) - day);
		const struct pst_query_source row = {.ip = pst_str(flow->ip),
		    .header_from = PST_STR("example.com"),
		    .receiver = pst_str(flow->receiver),
		    .authenticated = pst_str(flow->auth),
		    .messages = flow->messages,
		    .dkim = flow->passes,
		    .spf = flow->passes,
		    .begin_s = begin_s,
		    .end_s = begin_s + PST_DAY_SECONDS - 1};

		assert_true(pst_advise_take(advise, &row));
	}
}

/* Returns "NAME SOURCE" of each anomaly, or "unknown". */
static const char *
hunt(struct pst_arena *arena, const struct flow *flows, size_t count)
{
	const struct pst_dns_limits limits = {
	    PST_ADVISE_QUERIES, 1000, 16384, 0};
	const struct pst_advise_input input = {"example.com", NOW, 30, NULL};
	struct pst_clock clock = pst_clock_manual(NOW);
	struct pst_err err = {""};
	struct pst_resolver *resolver =
	    pst_zone_parse(zone, strlen(zone), "zone", &err);
	struct pst_arena *inner = pst_arena_new();
	struct pst_world world = {.arena = inner};
	struct pst_advise *advise = pst_advise_begin(inner, &input);
	struct pst_anomalies found;
	struct pst_advice advice;
	struct pst_buf buf;

	for (size_t i = 0; i < count && flows[i].ip != NULL; i++)
		feed(advise, &flows[i]);
	world.dns = pst_dns_open(inner, resolver, &clock, limits);
	while (!pst_advise_ask(&world, advise))
		assert_true(pst_dns_wait(world.dns, INT64_MAX));
	pst_advise_end(advise, &advice);
	pst_anomaly_find(advise, &found);
	pst_buf_init(&buf, arena, 10000);
	pst_buf_add_text(&buf, found.enough ? "" : "unknown");
	for (size_t i = 0; i < found.count; i++)
		pst_buf_printf(&buf, "%s%s %s", i == 0 ? "" : ", ",
		    found.items[i].name, found.items[i].source);
	pst_arena_free(inner);
	pst_resolver_free(resolver);
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

#define BASE                                                                   \
	{                                                                      \
		"192.0.2.1", "a", "", 3, 28, 50, true                          \
	}
#define RECENT                                                                 \
	{                                                                      \
		"192.0.2.1", "a", "", 1, 2, 50, true                           \
	}

static const struct {
	const char *label;
	struct flow flows[4];
	const char *want;
} rows[] = {
    {"quiet", {BASE, RECENT}, ""},
    {"no mail in the last days", {BASE}, ""},
    {"six days before are too few",
	{{"192.0.2.1", "a", "", 3, 8, 50, true}, RECENT}, "unknown"},
    {"seven are enough", {{"192.0.2.1", "a", "", 3, 9, 50, true}, RECENT}, ""},
    {"a new source of ours",
	{BASE, RECENT, {"198.51.100.1", "a", "", 1, 1, 10, true}},
	"new-source 198.51.100.1"},
    {"9 messages of one",
	{BASE, RECENT, {"198.51.100.1", "a", "", 1, 1, 9, true}}, ""},
    {"a new address in a network that is known",
	{BASE, RECENT, {"192.0.2.9", "a", "", 1, 1, 10, true}}, ""},
    {"a new network of a known provider",
	{{"192.0.2.1", "a", "dkim:p.example", 3, 28, 50, true},
	    {"198.51.100.1", "a", "dkim:p.example", 1, 1, 50, true}},
	""},
    {"a new forger", {BASE, RECENT, {"203.0.113.1", "a", "", 1, 1, 50, false}},
	"new-source 203.0.113.1"},
    {"noise", {BASE, RECENT, {"203.0.113.1", "a", "", 1, 1, 49, false}}, ""},
    {"a new forger whom a stranger names",
	{BASE, RECENT, {"203.0.113.1", "liar", "", 1, 1, 5000, false}}, ""},
    {"three times as much, and not more",
	{BASE, {"192.0.2.1", "a", "", 1, 1, 150, true}}, ""},
    {"more is", {BASE, {"192.0.2.1", "a", "", 1, 1, 151, true}},
	"jump 192.0.2.1"},
    {"yesterday's share, seen the day after",
	{BASE, {"192.0.2.1", "a", "", 2, 2, 151, true}}, "jump 192.0.2.1"},
    {"a jump four days ago is not news",
	{{"192.0.2.1", "a", "", 5, 28, 50, true},
	    {"192.0.2.1", "a", "", 4, 4, 500, true}, RECENT},
	""},
    {"a jump of a small sender is not worth a line",
	{{"192.0.2.1", "a", "", 3, 28, 1, true},
	    {"192.0.2.1", "a", "", 1, 1, 90, true}},
	""},
    {"one in five fails",
	{BASE, {"192.0.2.1", "a", "", 1, 1, 80, true},
	    {"192.0.2.1", "a", "", 1, 1, 20, false}},
	"fall 192.0.2.1"},
    {"one in six fails",
	{BASE, {"192.0.2.1", "a", "", 1, 1, 84, true},
	    {"192.0.2.1", "a", "", 1, 1, 16, false}},
	""},
    {"all of few messages fail",
	{BASE, {"192.0.2.1", "a", "", 1, 1, 19, false}}, ""},
    {"it has always failed", {{"192.0.2.1", "a", "", 1, 28, 50, false}}, ""},
    {"more forged mail from where it came before",
	{BASE, RECENT, {"203.0.113.1", "a", "", 9, 9, 9, false},
	    {"203.0.113.1", "a", "", 1, 1, 200, false}},
	"jump "},
};

static void
test_anomalies(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();

		assert_string_equal(
		    hunt(arena, rows[i].flows, PST_COUNT(rows[i].flows)),
		    rows[i].want);
		pst_arena_free(arena);
	}
}

/* Of more anomalies than are kept, the others are counted. */
static void
test_limit(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct flow flows[PST_ANOMALY_MAX + 3] = {BASE};
	const char *text;
	size_t commas = 0;

	(void)state;
	for (size_t i = 1; i < PST_COUNT(flows); i++)
		flows[i] =
		    (struct flow){pst_arena_printf(arena, "203.0.%zu.1", i),
			"a", "", 1, 1, 10000, false};
	/* each is a tenth at least */
	text = hunt(arena, flows, 10);
	for (const char *at = text; (at = strchr(at, ',')) != NULL; at++)
		commas++;
	assert_int_equal(commas, 8);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_anomalies),
	    cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
