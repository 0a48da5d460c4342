/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/forecast.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

#define LAST_DAY 20000
#define DAYS 30
#define FIRST_DAY (LAST_DAY - DAYS + 1)

/* Mail of one sender, the same on each day that it comes. */
struct flow {
	const char *key;            /* from_domain, a blank, via */
	unsigned from, step, until; /* days 0 to 29; until is not included */
	unsigned a_day;
	unsigned network; /* the first one */
	unsigned networks;
	enum { GOOD, REJECT, TAG, INDIRECT, LOCAL } what;
};

static struct pst_arena *arena;

static void
set_bits(struct pst_tally_row *row, const struct flow *flow)
{
	for (unsigned i = 0; i < flow->networks + (flow->networks == 0); i++) {
		const unsigned bit = (flow->network + i) * 37 % 256;

		row->networks[bit / 8] |= (unsigned char)(1 << bit % 8);
	}
}

static void
play_day(struct pst_forecast_evidence *evidence, const struct flow *flow,
    unsigned day)
{
	const enum pst_action would[] = {[GOOD] = PST_ACTION_ACCEPT,
	    [REJECT] = PST_ACTION_REJECT,
	    [TAG] = PST_ACTION_TAG,
	    [INDIRECT] = PST_ACTION_TAG,
	    [LOCAL] = PST_ACTION_TAG};
	struct pst_tally_row row = {.day = FIRST_DAY + day,
	    .question = PST_TALLY_SENDER,
	    .key = flow->key};

	row.done[PST_ACTION_ACCEPT] = flow->a_day;
	row.would[would[flow->what]] = flow->a_day;
	row.aligned =
	    flow->what == GOOD || flow->what == LOCAL ? flow->a_day : 0;
	row.indirect = flow->what == INDIRECT ? flow->a_day : 0;
	set_bits(&row, flow);
	pst_forecast_take(evidence, &row);
	if (strstr(flow->key, " net:") == NULL) {
		row.question = PST_TALLY_NETWORK;
		row.key = "192.0.2.0/24";
		pst_forecast_take(evidence, &row);
	}
	row.question = PST_TALLY_HOUR;
	row.key = "12";
	pst_forecast_take(evidence, &row);
}

static void
play(struct pst_forecast_evidence *evidence, const struct flow *flows,
    size_t count)
{
	for (unsigned day = 0; day < DAYS; day++) {
		for (size_t i = 0; i < count; i++) {
			const struct flow *flow = &flows[i];

			if (day >= flow->from && day < flow->until &&
			    (day - flow->from) % flow->step == 0)
				play_day(evidence, flow, day);
		}
	}
}

static const struct pst_forecast_row *
find(const struct pst_forecast *forecast, const char *from, const char *via)
{
	for (size_t i = 0; i < forecast->count; i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];

		if (strcmp(row->from_domain, from) == 0 &&
		    strcmp(row->via, via) == 0)
			return row;
	}
	return NULL;
}

/*
 * The background of all rows: ten domains that pass, each from two networks of
 * its own; some of them from network 90, too.
 */
static void
play_neighbours(struct pst_forecast_evidence *evidence, unsigned carried)
{
	char key[64];

	for (unsigned i = 0; i < 10; i++) {
		const struct flow flow = {.key = key,
		    .step = 2,
		    .until = DAYS,
		    .a_day = 5,
		    .network = 100 + 2 * i,
		    .networks = 2};

		(void)snprintf(
		    key, sizeof(key), "n%u.example dkim:n%u.example", i, i);
		play(evidence, &flow, 1);
		if (i < carried) {
			const struct flow there = {.key = key,
			    .step = 3,
			    .until = DAYS,
			    .a_day = 1,
			    .network = 90};

			play(evidence, &there, 1);
		}
	}
}

/* A crowd of networks that each send on a few days. */
static void
play_crowd(
    struct pst_forecast_evidence *evidence, unsigned networks, unsigned days)
{
	char key[64];

	for (unsigned i = 0; i < networks; i++) {
		const struct flow flow = {.key = key,
		    .from = i % 10,
		    .step = 2,
		    .until = i % 10 + 2 * days,
		    .a_day = 3,
		    .network = 30 + i,
		    .what = REJECT};

		(void)snprintf(
		    key, sizeof(key), "bank.example net:10.9.%u.0/24", i);
		play(evidence, &flow, 1);
	}
}

static const struct {
	const char *label;
	struct flow flows[4]; /* the first one is judged */
	unsigned crowd, crowd_days;
	unsigned carried;
	enum pst_forecast_kind kind;
	const char *why;
} singles[] = {
    {"a server on most days",
	{{"bank.example net:192.0.2.0/24", 0, 1, 30, 3, 1, 1, REJECT}}, 0, 0, 0,
	PST_FORECAST_GENUINE, "steady: on 30 of 30 days, from 1 network"},
    {"once a week, in four weeks",
	{{"bank.example net:192.0.2.0/24", 0, 7, 28, 50, 1, 1, REJECT}}, 0, 0,
	0, PST_FORECAST_GENUINE, "on 4 of 22 days"},
    {"much on one day",
	{{"bank.example net:192.0.2.0/24", 29, 1, 30, 5000, 1, 1, REJECT}}, 0,
	0, 0, PST_FORECAST_UNCLEAR, "5000 messages on 1 day from 1 network"},
    {"five days in a row",
	{{"bank.example net:192.0.2.0/24", 20, 1, 25, 9, 1, 1, REJECT}}, 0, 0,
	0, PST_FORECAST_UNCLEAR, "45 messages on 5 days"},
    {"six days in a row",
	{{"bank.example net:192.0.2.0/24", 20, 1, 26, 9, 1, 1, REJECT}}, 0, 0,
	0, PST_FORECAST_GENUINE, "on 6 of 6 days"},
    {"a burst within steady days",
	{{"bank.example net:192.0.2.0/24", 0, 2, 28, 1, 1, 1, REJECT},
	    {"bank.example net:192.0.2.0/24", 29, 1, 30, 500, 1, 1, REJECT}},
	0, 0, 0, PST_FORECAST_UNCLEAR, "514 messages on 15 days"},
    {"a bot of a crowd",
	{{"bank.example net:10.9.1.0/24", 1, 1, 2, 1, 31, 1, REJECT}}, 40, 1, 0,
	PST_FORECAST_FORGED, "networks with such mail"},
    {"a crowd that returns",
	{{"bank.example net:10.9.1.0/24", 1, 1, 2, 1, 31, 1, REJECT}}, 40, 8, 0,
	PST_FORECAST_FORGED, "networks with such mail"},
    {"a server beside a crowd",
	{{"bank.example net:192.0.2.0/24", 0, 1, 30, 3, 1, 1, REJECT}}, 40, 3,
	0, PST_FORECAST_GENUINE, "on 30 of 30 days"},
    {"a server that is as steady as the crowd",
	{{"bank.example net:192.0.2.0/24", 0, 2, 28, 3, 1, 1, REJECT}}, 40, 8,
	0, PST_FORECAST_FORGED, "networks with such mail"},
    {"a name of its own beside a crowd",
	{{"bank.example dkim:esp.example", 0, 7, 28, 9, 1, 2, REJECT}}, 40, 3,
	0, PST_FORECAST_GENUINE, "as the same domain"},
    {"a large mail service",
	{{"bank.example dkim:esp.example", 0, 1, 30, 900, 1, 90, REJECT}}, 0, 0,
	0, PST_FORECAST_GENUINE, "as the same domain"},
    {"steady, as others of a small crowd",
	{{"bank.example net:192.0.2.0/24", 0, 2, 28, 3, 1, 1, REJECT}}, 10, 8,
	0, PST_FORECAST_UNCLEAR, "but so are others of the 11 networks"},
    {"a home network, on a few days",
	{{"bank.example net:192.0.2.0/24", 20, 1, 23, 3, 1, 1, REJECT},
	    {"bank.example dkim:bank.example", 0, 1, 19, 9, 1, 1, GOOD}},
	0, 0, 0, PST_FORECAST_GENUINE, "from the same network too"},
    {"another network, on a few days",
	{{"bank.example net:192.0.2.0/24", 20, 1, 23, 3, 1, 1, REJECT},
	    {"bank.example dkim:bank.example", 0, 1, 19, 9, 2, 1, GOOD}},
	0, 0, 0, PST_FORECAST_UNCLEAR, "9 messages on 3 days"},
    {"a home network among very many",
	{{"bank.example net:192.0.2.0/24", 20, 1, 23, 3, 1, 1, REJECT},
	    {"bank.example dkim:bank.example", 0, 1, 19, 9, 1, 60, GOOD}},
	0, 0, 0, PST_FORECAST_UNCLEAR, "9 messages on 3 days"},
    {"home, beside a crowd, a few days",
	{{"bank.example net:192.0.2.0/24", 20, 1, 23, 3, 1, 1, REJECT},
	    {"bank.example dkim:bank.example", 0, 1, 19, 9, 1, 1, GOOD}},
	40, 8, 0, PST_FORECAST_UNCLEAR, "9 messages on 3 days"},
    {"something else than DMARC",
	{{"bank.example dkim:bank.example", 0, 1, 30, 3, 1, 1, LOCAL}}, 0, 0, 0,
	PST_FORECAST_UNCLEAR, "something else is the cause"},
    {"a list",
	{{"bank.example dkim:list.example", 3, 9, 30, 1, 1, 1, INDIRECT},
	    {"a.example dkim:list.example", 0, 1, 30, 3, 1, 1, INDIRECT}},
	0, 0, 0, PST_FORECAST_FORWARDED, "93 of its 93 messages are indirect"},
    {"indirect on a few days",
	{{"bank.example dkim:list.example", 3, 9, 9, 9, 1, 1, INDIRECT}}, 0, 0,
	0, PST_FORECAST_UNCLEAR, "9 messages on 1 day"},
    {"a forwarder that carries signed mail",
	{{"bank.example spf:fwd.example", 3, 9, 30, 1, 90, 1, REJECT},
	    {"a.example spf:fwd.example", 0, 1, 30, 3, 90, 1, REJECT}},
	0, 0, 5, PST_FORECAST_FORWARDED, "aligned mail of 5 others"},
    {"one that carries too little",
	{{"bank.example spf:fwd.example", 3, 9, 30, 1, 90, 1, REJECT},
	    {"a.example spf:fwd.example", 0, 1, 30, 3, 90, 1, REJECT}},
	0, 0, 2, PST_FORECAST_UNCLEAR, "3 messages on 3 days"},
    {"a mail service that carries signed mail",
	{{"bank.example dkim:esp.example", 3, 9, 15, 1, 90, 1, REJECT},
	    {"a.example dkim:esp.example", 0, 1, 30, 3, 90, 1, REJECT}},
	0, 0, 5, PST_FORECAST_GENUINE, "steady mail service"},
    {"neighbours of a rented server",
	{{"bank.example spf:fwd.example", 3, 9, 30, 1, 100, 1, REJECT},
	    {"a.example spf:fwd.example", 0, 1, 30, 3, 100, 1, REJECT}},
	0, 0, 5, PST_FORECAST_UNCLEAR, "3 messages on 3 days"},
    {"two newsletters of a steady service",
	{{"bank.example dkim:esp.example", 3, 9, 15, 1, 1, 1, REJECT},
	    {"a.example dkim:esp.example", 0, 1, 30, 3, 1, 1, REJECT},
	    {"b.example dkim:esp.example", 0, 1, 30, 3, 1, 1, REJECT},
	    {"c.example dkim:esp.example", 0, 1, 30, 3, 1, 1, REJECT}},
	0, 0, 0, PST_FORECAST_GENUINE, "steady for 3 other From domains"},
    {"a short visit that fails for many",
	{{"bank.example dkim:evil.example", 3, 1, 5, 9, 1, 1, REJECT},
	    {"a.example dkim:evil.example", 3, 1, 5, 9, 1, 1, REJECT},
	    {"b.example dkim:evil.example", 3, 1, 5, 9, 1, 1, REJECT}},
	0, 0, 0, PST_FORECAST_FORGED, "fails for 3 From domains, on 2 days"},
};

static void
test_singles(void **state)
{
	(void)state;
	FOR_ROWS(i, singles, singles[i].label) {
		struct pst_forecast_evidence *evidence =
		    pst_forecast_begin(arena,
			(struct pst_forecast_span){FIRST_DAY, LAST_DAY, NULL});
		const char *blank = strchr(singles[i].flows[0].key, ' ');
		const struct pst_forecast_row *row;
		struct pst_forecast out;
		size_t count = 0;

		while (count < 4 && singles[i].flows[count].key != NULL)
			count++;
		play_neighbours(evidence, singles[i].carried);
		play_crowd(evidence, singles[i].crowd, singles[i].crowd_days);
		play(evidence, singles[i].flows, count);
		pst_forecast_end(evidence, &out);
		row = find(&out,
		    pst_arena_memdup(arena, singles[i].flows[0].key,
			(size_t)(blank - singles[i].flows[0].key)),
		    blank + 1);
		assert_non_null(row);
		assert_string_equal(pst_forecast_word(row->kind),
		    pst_forecast_word(singles[i].kind));
		if (strstr(row->why, singles[i].why) == NULL)
			fail_msg("%s", row->why);
	}
}

#define FORWARDER_RULES                                                        \
	"rule \"forwarded by spf:fwd.example\" {\n"                            \
	"\tfrom-domain = {\"two.example\", \"ten.example\"}\n"                 \
	"\tmail-from = {\"fwd.example\"}\n"                                    \
	"\tspf = {pass}\n"                                                     \
	"\tdmarc = {fail}\n"                                                   \
	"\taction = accept\n"                                                  \
	"\treason = trusted_forwarder\n"                                       \
	"}\n"                                                                  \
	"rule \"others forwarded by spf:fwd.example\" {\n"                     \
	"\tmail-from = {\"fwd.example\"}\n"                                    \
	"\tspf = {pass}\n"                                                     \
	"\tdmarc = {fail}\n"                                                   \
	"\taction = tag\n"                                                     \
	"\treason = trusted_forwarder\n"                                       \
	"}\n"

static const struct flow systems[] = {
    {"one.example net:192.0.2.0/24", 0, 1, 30, 3, 1, 1, REJECT},
    {"one.example net:2001:db8:1::/48", 0, 1, 30, 3, 2, 1, REJECT},
    {"two.example dkim:esp.example", 0, 1, 30, 3, 3, 1, REJECT},
    {"two.example spf:esp.example", 0, 1, 30, 3, 3, 1, REJECT},
    {"six.example net:198.51.100.0/24", 4, 1, 5, 3, 4, 1, REJECT},
    {"six.example net:203.0.113.0/24", 4, 1, 5, 3, 5, 1, TAG},
    {"ten.example spf:fwd.example", 0, 1, 30, 3, 90, 1, REJECT},
    {"two.example spf:fwd.example", 0, 1, 30, 3, 90, 1, REJECT},
};

static const struct {
	const char *from, *via, *rule;
} expected[] = {
    {"one.example", "net:192.0.2.0/24",
	"rule \"one.example by net:192.0.2.0/24\" {\n"
	"\tfrom-domain = {\"one.example\"}\n"
	"\tclient = {\"192.0.2.0/24\"}\n"
	"\tdmarc = {fail}\n"
	"\taction = accept\n"
	"}\n"},
    {"one.example", "net:2001:db8:1::/48",
	"rule \"one.example by net:2001:db8:1::/48\" {\n"
	"\tfrom-domain = {\"one.example\"}\n"
	"\tclient = {\"2001:db8:1::/48\"}\n"
	"\tdmarc = {fail}\n"
	"\taction = accept\n"
	"}\n"},
    {"two.example", "dkim:esp.example",
	"rule \"two.example by dkim:esp.example\" {\n"
	"\tfrom-domain = {\"two.example\"}\n"
	"\tdkim-domain = {\"esp.example\"}\n"
	"\tdmarc = {fail}\n"
	"\taction = accept\n"
	"}\n"},
    {"two.example", "spf:esp.example",
	"rule \"two.example by spf:esp.example\" {\n"
	"\tfrom-domain = {\"two.example\"}\n"
	"\tmail-from = {\"esp.example\"}\n"
	"\tspf = {pass}\n"
	"\tdmarc = {fail}\n"
	"\taction = accept\n"
	"}\n"},
    {"six.example", "net:198.51.100.0/24",
	"rule \"six.example by net:198.51.100.0/24\" {\n"
	"\tfrom-domain = {\"six.example\"}\n"
	"\tclient = {\"198.51.100.0/24\"}\n"
	"\tdmarc = {fail}\n"
	"\taction = tag\n"
	"}\n"},
    {"six.example", "net:203.0.113.0/24", NULL},
    {"bank.example", "net:10.9.1.0/24", NULL},
    {"ten.example", "spf:fwd.example", FORWARDER_RULES},
    {"two.example", "spf:fwd.example", FORWARDER_RULES},
};

/* Every row has a rule as its kind has it, and a configuration takes them all. */
static void
test_rules(void **state)
{
	struct pst_forecast_evidence *evidence = pst_forecast_begin(
	    arena, (struct pst_forecast_span){FIRST_DAY, LAST_DAY, NULL});
	const char *all = "", *last = "";
	struct pst_config *config;
	struct pst_forecast out;

	(void)state;
	play_neighbours(evidence, 5);
	play_crowd(evidence, 40, 2);
	play(evidence, systems, PST_COUNT(systems));
	pst_forecast_end(evidence, &out);
	for (size_t i = 0; i < PST_COUNT(expected); i++) {
		const struct pst_forecast_row *row =
		    find(&out, expected[i].from, expected[i].via);

		assert_non_null(row);
		if (expected[i].rule == NULL) {
			assert_null(row->rule);
			continue;
		}
		assert_string_equal(row->rule, expected[i].rule);
		if (strcmp(row->rule, last) != 0)
			all = pst_arena_printf(arena, "%s%s", all, row->rule);
		last = row->rule;
	}
	config = config_must_load(all);
	assert_int_equal(config->rules.count, 7);
	for (size_t i = 0; i < config->rules.count; i++)
		assert_null(pst_rules_find_covering(&config->rules, i));
	pst_config_unref(config);
}

/* Days that were not asked for are evidence and nothing else. */
static void
test_days(void **state)
{
	static const struct flow flows[] = {
	    {"bank.example net:192.0.2.0/24", 0, 1, DAYS, 3, 1, 1, REJECT},
	    {"old.example net:192.0.2.0/24", 0, 1, 20, 3, 1, 1, REJECT},
	    {"good.example spf:good.example", 0, 1, DAYS, 7, 1, 1, GOOD},
	};
	struct pst_forecast_evidence *evidence = pst_forecast_begin(arena,
	    (struct pst_forecast_span){LAST_DAY - 6, LAST_DAY - 1, NULL});
	struct pst_forecast out;

	(void)state;
	play(evidence, flows, PST_COUNT(flows));
	pst_forecast_end(evidence, &out);
	assert_int_equal(out.count, 1);
	assert_string_equal(out.rows[0].from_domain, "bank.example");
	assert_int_equal(out.rows[0].messages, 18);
	assert_int_equal(out.rows[0].would[PST_ACTION_REJECT], 18);
	assert_int_equal(out.rows[0].days, 29);
	assert_int_equal(out.days, 6);
	assert_int_equal(out.messages, 60);
	assert_int_equal(out.would[PST_ACTION_REJECT], 18);
	assert_int_equal(out.would[PST_ACTION_ACCEPT], 42);
}

/* What has no row of its own is in the totals. */
static void
test_others(void **state)
{
	static const struct flow flows[] = {
	    {"*.bank.example", 0, 1, DAYS, 3, 1, 60, REJECT},
	    {"*.few.example", 0, 1, DAYS, 2, 1, 2, REJECT},
	    {PST_TALLIES_OTHER, 0, 1, DAYS, 5, 1, 60, REJECT},
	    {"- net:192.0.2.0/24", 0, 1, DAYS, 1, 1, 1, REJECT},
	};
	struct pst_forecast_evidence *evidence = pst_forecast_begin(
	    arena, (struct pst_forecast_span){FIRST_DAY, LAST_DAY, NULL});
	struct pst_forecast out;

	(void)state;
	play(evidence, flows, PST_COUNT(flows));
	pst_forecast_end(evidence, &out);
	assert_int_equal(out.count, 3);
	assert_string_equal(out.rows[0].from_domain, "*.bank.example");
	assert_int_equal(out.rows[0].kind, PST_FORECAST_FORGED);
	assert_null(out.rows[0].rule);
	assert_string_equal(out.rows[1].from_domain, "*.few.example");
	assert_int_equal(out.rows[1].kind, PST_FORECAST_UNCLEAR);
	assert_null(out.rows[1].rule);
	assert_string_equal(out.rows[2].from_domain, "-");
	assert_null(out.rows[2].rule);
	assert_int_equal(out.would[PST_ACTION_REJECT], 330);
}

/* Of a domain of ours, what is not aligned is refused with any result. */
static void
test_own_domains(void **state)
{
	static const struct flow flows[] = {
	    {"bank.example dkim:esp.example", 0, 1, DAYS, 3, 1, 1, REJECT},
	    {"other.example dkim:svc.example", 0, 1, DAYS, 3, 2, 1, REJECT},
	    {"mail.bank.example dkim:list.example", 0, 1, DAYS, 3, 3, 1,
		INDIRECT},
	};
	static const struct {
		const char *from, *via, *asks, *not ;
	} wanted[] = {
	    {"bank.example", "dkim:esp.example", "aligned = {none}", "dmarc"},
	    {"other.example", "dkim:svc.example", "dmarc = {fail}", "aligned"},
	    {"mail.bank.example", "dkim:list.example",
		"indirect = yes\n\taligned = {none}", "dmarc"},
	};
	static const char *const parts[] = {"bank.example", ".bank.example"};
	struct pst_domain_set own;
	struct pst_err err;
	struct pst_forecast_evidence *evidence;
	struct pst_forecast out;

	(void)state;
	assert_true(
	    pst_domain_set_make(&own, arena, parts, PST_COUNT(parts), &err));
	evidence = pst_forecast_begin(
	    arena, (struct pst_forecast_span){FIRST_DAY, LAST_DAY, &own});
	play(evidence, flows, PST_COUNT(flows));
	pst_forecast_end(evidence, &out);
	FOR_ROWS(i, wanted, wanted[i].from) {
		const struct pst_forecast_row *row =
		    find(&out, wanted[i].from, wanted[i].via);

		assert_non_null(row);
		assert_non_null(row->rule);
		assert_non_null(strstr(row->rule, wanted[i].asks));
		assert_null(strstr(row->rule, wanted[i].not ));
	}
}

static int
begin(void **state)
{
	arena = pst_arena_new();
	return config_begin(state);
}

static int
end(void **state)
{
	pst_arena_free(arena);
	return config_end(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_singles),
	    cmocka_unit_test(test_own_domains),
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_days),
	    cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("forecast", tests, begin, end);
}
