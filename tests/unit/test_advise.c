/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "config/rules.h"
#include "tests/unit/advise_bench.h"
#include "tests/unit/rows.h"

/* "verdict source=judgement", with "!" if it is in the way. */
static const char *
sum_up(struct bench *b, const char *source)
{
	for (size_t i = 0; i < b->advice.count; i++) {
		const struct pst_advise_row *row = &b->advice.rows[i];

		if (strcmp(row->source, source) == 0)
			return pst_arena_printf(b->arena, "%s %s%s",
			    pst_advise_verdict_name(b->advice.verdict),
			    pst_advise_name(row->kind),
			    row->in_the_way ? "!" : "");
	}
	return pst_arena_printf(
	    b->arena, "%s", pst_advise_verdict_name(b->advice.verdict));
}

#define X "203.0.113.9"
#define PROVIDER "dkim:p.example spf:p.example"

static const struct {
	const char *label, *zone, *source;
	struct flow flows[4];
	const char *want;
} rows[] = {
    {"one's own", ZONE, "192.0.2.1", {OWN}, "safe aligned"},
    {"the same at reject", SPF DMARC("reject"), "192.0.2.1", {OWN},
	"done aligned"},
    {"13 days are too few", ZONE, "192.0.2.1",
	{{"192.0.2.1", "a b", "", "", 1, 13, 1, 20, true, true}},
	"too-little aligned"},
    {"14 days are enough", ZONE, "192.0.2.1",
	{{"192.0.2.1", "a b", "", "", 1, 14, 1, 20, true, true}},
	"safe aligned"},
    {"one receiver", ZONE, "192.0.2.1",
	{{"192.0.2.1", "a", "", "", 1, 28, 1, 20, true, true}},
	"too-little aligned"},
    {"a receiver of two days is not known", ZONE, "192.0.2.1",
	{{"192.0.2.1", "a", "", "", 1, 28, 1, 20, true, true},
	    {"192.0.2.1", "b", "", "", 1, 2, 1, 20, true, true}},
	"too-little aligned"},
    {"a few failures are chance", ZONE, "192.0.2.1",
	{OWN, {"192.0.2.1", "a b", "", "", 1, 28, 1, 1, false, false}},
	"safe aligned"},
    {"one bad day is not steady", ZONE, "192.0.2.1",
	{OWN, {"192.0.2.1", "a b", "", "", 3, 3, 1, 20, false, false}},
	"safe aligned"},
    {"two bad days", ZONE, "192.0.2.1",
	{OWN, {"192.0.2.1", "a b", "", "", 3, 4, 1, 20, false, false}},
	"in-the-way broken!"},
    {"many failures among more passes", ZONE, "192.0.2.1",
	{{"192.0.2.1", "a b", "", "", 1, 28, 1, 100000, true, true},
	    {"192.0.2.1", "a", "", "", 3, 4, 1, 100, false, false}},
	"in-the-way broken!"},
    {"in the record, and never aligned", ZONE, "198.51.100.7",
	{OWN, {"198.51.100.7", "a", PROVIDER, "", 5, 5, 1, 1, false, false}},
	"in-the-way broken!"},
    {"one unknown receiver cannot break it", ZONE, "192.0.2.1",
	{OWN, {"192.0.2.1", "liar", "", "", 1, 2, 1, 99999, false, false}},
	"safe aligned"},
    {"a made-up pass does not mend a bad day", ZONE, "198.51.100.7",
	{OWN, {"198.51.100.7", "a", PROVIDER, "", 5, 5, 1, 9, false, false},
	    {"198.51.100.7", "liar", "", "", 5, 5, 1, 9999, true, true}},
	"in-the-way broken!"},
    {"a made-up pass does not part a source from its network", ZONE, X,
	{OWN, {"203.0.113.8", "a b", "", "", 1, 3, 1, 9, false, false},
	    {X, "a", "", "", 4, 4, 1, 9, false, false},
	    {X, "liar", "", "", 4, 4, 1, 9999, true, true}},
	"in-the-way unclear!"},
    {"no excuse for one's own", ZONE, "192.0.2.1",
	{OWN, {"192.0.2.1", "a b", "", "forwarded", 3, 9, 1, 20, false, false}},
	"in-the-way broken!"},
    {"passes that only reports have seen", ZONE, X,
	{OWN, {X, "a b", "dkim:example.com", "", 1, 28, 1, 9, true, false}},
	"safe unclear"},
    {"steady strangers are in the way", ZONE, X,
	{OWN, {X, "a b", "", "", 1, 3, 1, 9, false, false}},
	"in-the-way unclear!"},
    {"two days of one that does not authenticate", ZONE, X,
	{OWN, {X, "a b", "", "", 1, 2, 1, 9, false, false}}, "safe forgery"},
    {"two days of one that does", ZONE, X,
	{OWN, {X, "a", PROVIDER, "", 1, 2, 1, 9, false, false}},
	"in-the-way unclear!"},
    {"one day of one that does", ZONE, X,
	{OWN, {X, "a b", PROVIDER, "", 2, 2, 1, 9, false, false}},
	"safe forgery"},
    {"made-up passes do not part a network", ZONE, X,
	{OWN, {"203.0.113.8", "a", "", "", 1, 2, 1, 9, false, false},
	    {X, "a", "", "", 3, 4, 1, 9, false, false},
	    {"203.0.113.8", "liar", "", "", 4, 4, 1, 9999, true, true}},
	"in-the-way unclear!"},
    {"three days, one receiver", ZONE, X,
	{OWN, {X, "a", "", "", 1, 3, 1, 9, false, false}}, "safe forgery"},
    {"four days, one receiver", ZONE, X,
	{OWN, {X, "a", "", "", 1, 4, 1, 9, false, false}},
	"in-the-way unclear!"},
    {"one unknown receiver, each day", ZONE, X,
	{OWN, {X, "liar", "", "", 1, 28, 1, 9, false, false}}, "safe forgery"},
    {"two unknown receivers, six days", ZONE, X,
	{OWN, {X, "l1 l2", "", "", 1, 6, 1, 9, false, false}}, "safe forgery"},
    {"two unknown receivers, seven days", ZONE, X,
	{OWN, {X, "l1 l2", "", "", 1, 7, 1, 9, false, false}},
	"in-the-way unclear!"},
    {"a made-up pass makes no forger genuine", ZONE, X,
	{OWN, {X, "a", "", "", 1, 1, 1, 9, false, false},
	    {X, "liar", "dkim:example.com", "", 1, 28, 1, 99999, true, true}},
	"safe unclear"},
    {"made-up passes do not hide failures", ZONE, X,
	{OWN, {X, "a b", "", "", 1, 9, 1, 9, false, false},
	    {X, "l1 l2", "dkim:example.com", "forwarded", 1, 28, 1, 99999, true,
		false}},
	"in-the-way unclear!"},
    {"signatures survive, and it is not alone", ZONE, X,
	{OWN, {X, "a b", PROVIDER, "", 1, 9, 1, 9, true, false},
	    {X, "a b", PROVIDER, "", 3, 5, 1, 9, false, false}},
	"safe forwarder"},
    {"signatures survive seldom", ZONE, X,
	{OWN, {X, "a b", PROVIDER, "", 1, 3, 1, 9, true, false},
	    {X, "a b", PROVIDER, "", 4, 12, 1, 9, false, false}},
	"in-the-way unclear!"},
    {"a list, as two receivers say", ZONE, X,
	{OWN, {X, "a b", "", "mailing_list", 1, 9, 1, 9, false, false}},
	"safe forwarder"},
    {"a list, as one receiver says", ZONE, X,
	{OWN, {X, "a", "", "mailing_list", 1, 9, 1, 9, false, false}},
	"safe forgery"},
    {"beside one's own", ZONE, "192.0.2.77",
	{OWN, {"192.0.2.77", "a", "", "", 4, 5, 1, 1, false, false}},
	"in-the-way unclear!"},
    {"a name below the domain",
	ZONE "9.113.0.203.in-addr.arpa. PTR h.example.com.\n"
	     "h.example.com. A 203.0.113.9\n",
	X, {OWN, {X, "a", "", "", 4, 4, 1, 1, false, false}},
	"in-the-way broken!"},
    {"a name that the domain does not confirm",
	ZONE "9.113.0.203.in-addr.arpa. PTR h.example.com.\n"
	     "h.example.com. A 203.0.113.8\n",
	X, {OWN, {X, "a", "", "", 4, 4, 1, 1, false, false}}, "safe forgery"},
    {"an MX host",
	ZONE "example.com. MX 1 mx.e.example.\nmx.e.example. A 203.0.113.9\n",
	X, {OWN, {X, "a", "", "", 4, 4, 1, 1, false, false}},
	"in-the-way broken!"},
    {"an SPF record that has to be asked",
	"example.com. TXT \"v=spf1 exists:%{i}.s.example.com -all\"\n"
	"192.0.2.1.s.example.com. A 127.0.0.2\n" DMARC("none"),
	"192.0.2.1", {OWN}, "safe aligned"},
    {"a record for everybody verifies nobody",
	"example.com. TXT \"v=spf1 +all\"\n" DMARC("none"), "192.0.2.1", {OWN},
	"too-little unclear"},
    {"an SPF record that is not valid",
	"example.com. TXT \"v=spf1 ip4:x -all\"\n" DMARC("none"), "192.0.2.1",
	{OWN}, "in-the-way unclear"},
    {"a DNS that does not answer", ";! servfail example.com\n" DMARC("none"),
	"192.0.2.1", {OWN}, "not-known unclear"},
    {"a domain that sends nothing",
	"example.com. TXT \"v=spf1 -all\"\n" DMARC("none"), X,
	{{X, "a b", "", "", 1, 2, 1, 9, false, false}}, "safe forgery"},
    {"one that says so, and sends",
	"example.com. TXT \"v=spf1 -all\"\n" DMARC("none"), X,
	{{X, "a b", "", "", 1, 9, 1, 9, true, false}}, "too-little unclear"},
    {"no DMARC record", SPF, "192.0.2.1", {OWN}, "no-record aligned"},
    {"without an address for reports",
	SPF "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n", X,
	{OWN, {X, "a b", "", "", 1, 9, 1, 9, false, false}}, "safe unclear!"},
};

static void
test_judgements(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench b;

		begin(&b, rows[i].zone);
		b.advise = pst_advise_begin(b.arena, &b.input);
		for (size_t f = 0; f < PST_COUNT(rows[i].flows) &&
		     rows[i].flows[f].ip != NULL;
		     f++)
			feed(&b, &rows[i].flows[f], "example.com");
		finish(&b);
		assert_string_equal(sum_up(&b, rows[i].source), rows[i].want);
		/* what is in the way has something that can be done */
		for (size_t r = 0; r < b.advice.count; r++)
			assert_true(!b.advice.rows[r].in_the_way ||
			    b.advice.rows[r].fix != NULL);
		if (b.advice.verdict == PST_ADVISE_TOO_LITTLE ||
		    b.advice.verdict == PST_ADVISE_IN_THE_WAY)
			assert_null(b.advice.text);
		end(&b);
	}
}

static const struct flow own = OWN;
static const struct flow steady = {X, "a b", "", "", 1, 9, 1, 9, false, false};

static void
test_marks(void **state)
{
	static const struct {
		const char *source;
		enum pst_mark_kind mark;
		const char *want;
	} marks[] = {
	    {X, PST_MARK_MINE, "in-the-way broken!"},
	    {X, PST_MARK_FORGER, "safe forgery"},
	    {X, PST_MARK_FORWARDER, "safe forwarder"},
	    {"203.0.113.0/24", PST_MARK_FORGER, "safe forgery"},
	    {"203.0.112.0/24", PST_MARK_FORGER, "in-the-way unclear!"},
	};

	(void)state;
	FOR_ROWS(i, marks, marks[i].source) {
		struct bench b;

		begin(&b, ZONE);
		b.mark = (struct pst_source_mark){
		    marks[i].source, marks[i].mark, "mine \033", NOW};
		b.marks = (struct pst_source_marks){&b.mark, 1};
		b.advise = pst_advise_begin(b.arena, &b.input);
		feed(&b, &own, "example.com");
		feed(&b, &steady, "example.com");
		finish(&b);
		assert_string_equal(sum_up(&b, X), marks[i].want);
		for (size_t r = 0; r < b.advice.count; r++)
			assert_null(strchr(b.advice.rows[r].note, '\033'));
		end(&b);
	}
}

/* What this gateway saw: signatures, or SPF. */
static void
test_seen_here(void **state)
{
	static const struct {
		const char *label;
		unsigned days, aligned;
		const char *want;
	} seen[] = {
	    {"nothing", 0, 0, "safe unclear"},
	    {"DKIM, two days", 2, PST_ALIGNED_DKIM, "safe unclear"},
	    {"DKIM, three days", 3, PST_ALIGNED_DKIM, "safe aligned"},
	    {"SPF once", 1, PST_ALIGNED_SPF, "safe aligned"},
	    {"failures", 9, PST_ALIGNED_NONE, "safe unclear"},
	};
	const struct flow flow = {X, "a b", "", "", 1, 9, 1, 9, true, false};

	(void)state;
	FOR_ROWS(i, seen, seen[i].label) {
		struct bench b;
		struct pst_ip ip;

		begin(&b, ZONE);
		b.advise = pst_advise_begin(b.arena, &b.input);
		feed(&b, &own, "example.com");
		feed(&b, &flow, "example.com");
		assert_true(pst_ip_parse(pst_str(X), &ip));
		for (unsigned day = 0; day < seen[i].days; day++)
			pst_advise_seen(b.advise, &ip,
			    NOW - (int64_t)day * PST_DAY_SECONDS,
			    seen[i].aligned);
		finish(&b);
		assert_string_equal(sum_up(&b, X), seen[i].want);
		end(&b);
	}
}

static uint64_t seed = 19;

static unsigned
random_below(unsigned limit)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % limit;
}

static struct flow
random_flow(struct pst_arena *arena, const char *receivers)
{
	static const char *const auths[] = {
	    "", "", PROVIDER, "dkim:example.com"};
	static const char *const reasons[] = {
	    "", "", "forwarded", "mailing_list"};
	struct flow flow = {.ip = X,
	    .auth = auths[random_below(4)],
	    .reasons = reasons[random_below(4)],
	    .first = 1 + random_below(20),
	    .each = 1 + random_below(5),
	    .messages = 1 + (int64_t)random_below(1000000),
	    .dkim = random_below(3) == 0,
	    .spf = random_below(5) == 0};

	flow.last = flow.first + random_below(8);
	if (receivers == NULL)
		receivers = random_below(2) == 0 ? "a" : "a b";
	flow.receivers = pst_arena_strdup(arena, receivers);
	return flow;
}

static const struct pst_advise_row *
judge_flows(struct bench *b, const struct flow *flows, size_t count)
{
	begin(b, ZONE);
	b->advise = pst_advise_begin(b->arena, &b->input);
	feed(b, &own, "example.com");
	for (size_t i = 0; i < count; i++)
		feed(b, &flows[i], "example.com");
	finish(b);
	for (size_t i = 0; i < b->advice.count; i++)
		if (strcmp(b->advice.rows[i].source, X) == 0)
			return &b->advice.rows[i];
	fail_msg("the source is missing");
	return NULL;
}

/*
 * Whatever strangers report besides, a source does not become a forgery or a
 * forwarder by it, and what is in the way stays there. Whatever anybody reports,
 * it does not become yours.
 */
static void
test_lies(void **state)
{
	static const char *const liars[] = {"l1", "l1 l2", "l1 l2 l3"};

	(void)state;
	FOR_COUNT(i, 400, rows_number(i)) {
		struct pst_arena *arena = pst_arena_new();
		struct flow flows[6];
		size_t true_ones = 1 + random_below(3);
		const struct pst_advise_row *row;
		enum pst_advise_kind before;
		bool in_the_way;
		struct bench b;

		for (size_t f = 0; f < PST_COUNT(flows); f++) {
			flows[f] = random_flow(arena,
			    f < true_ones ? NULL : liars[random_below(3)]);
		}
		row = judge_flows(&b, flows, true_ones);
		before = row->kind;
		in_the_way = row->in_the_way;
		end(&b);
		assert_int_not_equal(before, PST_ADVISE_ALIGNED);
		assert_int_not_equal(before, PST_ADVISE_BROKEN);
		row = judge_flows(&b, flows, PST_COUNT(flows));
		assert_int_not_equal(row->kind, PST_ADVISE_ALIGNED);
		assert_int_not_equal(row->kind, PST_ADVISE_BROKEN);
		if (before != PST_ADVISE_FORGERY)
			assert_int_not_equal(row->kind, PST_ADVISE_FORGERY);
		if (before != PST_ADVISE_FORWARDER)
			assert_int_not_equal(row->kind, PST_ADVISE_FORWARDER);
		if (in_the_way)
			assert_true(row->in_the_way);
		end(&b);
		pst_arena_free(arena);
	}
}

/* It forwards for another domain of ours, too. */
static void
test_other_domains(void **state)
{
	static const struct {
		const char *from, *want;
	} others[] = {
	    {"other.example", "safe forwarder"},
	    {"sub.example.com", "safe unclear"}, /* the same organization */
	};
	const struct flow flow = {X, "a b", "", "", 1, 9, 1, 9, true, false};

	(void)state;
	FOR_ROWS(i, others, others[i].from) {
		struct bench b;

		begin(&b, ZONE);
		b.advise = pst_advise_begin(b.arena, &b.input);
		feed(&b, &own, "example.com");
		feed(&b, &flow, "example.com");
		feed(&b, &flow, others[i].from);
		finish(&b);
		assert_string_equal(sum_up(&b, X), others[i].want);
		end(&b);
	}
}

/* More names of receivers than are looked at: nothing is advised. */
static void
test_limits(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, ZONE);
	b.advise = pst_advise_begin(b.arena, &b.input);
	feed(&b, &own, "example.com");
	for (int i = 0; i < PST_ADVISE_MAX_RECEIVERS; i++) {
		const struct flow flow = {X,
		    pst_arena_printf(b.arena, "liar%d", i), "", "", 1, 1, 1, 9,
		    false, false};

		feed(&b, &flow, "example.com");
	}
	finish(&b);
	assert_string_equal(sum_up(&b, X), "too-little forgery");
	end(&b);
}

/* What is to be done names the whole network. */
static void
test_fixes(void **state)
{
	static const struct {
		const char *ip, *auth, *zone, *want;
	} fixes[] = {
	    {"203.0.113.%d", PROVIDER, ZONE,
		"if it is yours: sign with d=example.com (it signs with "
		"d=p.example only), or use a MAIL FROM below example.com "
		"instead of p.example; if not: postern source 203.0.113.0/24 "
		"--forger (or --forwarder)"},
	    {"198.51.100.%d", "", ZONE,
		"sign with d=example.com, or use a MAIL FROM below "
		"example.com"},
	    {"198.51.100.%d", "dkim:mail.example.com", ZONE,
		"it authenticates with a name below the domain that strict "
		"alignment does not take; sign with d=example.com, or use a "
		"MAIL FROM below example.com"},
	};

	(void)state;
	FOR_ROWS(i, fixes, fixes[i].want) {
		struct bench b;

		begin(&b, fixes[i].zone);
		b.advise = pst_advise_begin(b.arena, &b.input);
		feed(&b, &own, "example.com");
		for (int n = 1; n <= 4; n++) {
			struct flow flow = steady;
			struct pst_buf ip;

			pst_buf_init(&ip, b.arena, 40);
			pst_buf_add(&ip,
			    pst_str_first(
				pst_str(fixes[i].ip), strlen(fixes[i].ip) - 2));
			pst_buf_printf(&ip, "%d", n);
			flow.ip = pst_buf_str(&ip);
			flow.auth = fixes[i].auth;
			feed(&b, &flow, "example.com");
		}
		finish(&b);
		assert_int_equal(b.advice.rows[0].addresses, 4);
		assert_string_equal(b.advice.rows[0].fix, fixes[i].want);
		end(&b);
	}
}

/* Addresses of one network make one row; hostile text is escaped. */
static void
test_rows(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, ZONE);
	b.advise = pst_advise_begin(b.arena, &b.input);
	feed(&b, &own, "example.com");
	for (int i = 1; i <= 5; i++) {
		const struct flow flow = {
		    pst_arena_printf(b.arena, "203.0.113.%d", i), "evil\033[2J",
		    "dkim:\033.example", "", 1, 1, 1, 9, false, false};

		feed(&b, &flow, "example.com");
	}
	finish(&b);
	assert_int_equal(b.advice.count, 2);
	assert_string_equal(b.advice.rows[1].source, "203.0.113.0/24");
	assert_int_equal(b.advice.rows[1].addresses, 5);
	assert_int_equal(b.advice.rows[1].messages, 45);
	assert_string_equal(b.advice.rows[1].receivers, "evil\\x1B[2J");
	assert_string_equal(
	    b.advice.rows[1].authenticated, "dkim:\\x1B.example");
	assert_string_equal(b.advice.rows[1].trend, "new");
	assert_string_equal(
	    b.advice.text, "v=DMARC1; p=quarantine; rua=mailto:d@e.example");
	end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judgements),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_seen_here),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_other_domains),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_fixes),
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
