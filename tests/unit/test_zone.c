/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "dns/zone.h"
#include "tests/unit/rows.h"

static const char zone_text[] = "$ORIGIN example.\n"
				"$TTL 300\n"
				"@	SOA ns root 1 2 3 4 5\n"
				"	MX 20 b\n"
				"	MX 10 A\n"
				"a	100 A 192.0.2.2\n"
				"a	200 A 192.0.2.1\n"
				"	AAAA 2001:db8::1\n"
				"	TXT \"v=spf1 \" \"-all\"\n"
				"x.ent	A 192.0.2.3\n"
				"other	SOA ns root 1 2 3 4 5\n"
				"c1	50 CNAME c2\n"
				"c2	CNAME a\n"
				"loop1	CNAME loop2\n"
				"loop2	CNAME loop1\n"
				"self	CNAME self\n"
				"out	CNAME elsewhere.invalid.\n"
				"*.w	TXT wild\n"
				"sub.w	A 192.0.2.4\n"
				"deep.e.w A 192.0.2.5\n"
				"*.cw	CNAME a\n"
				"odd\\032\\000name PTR \\255\\064.\n"
				"to-t	CNAME t\n"
				"to-d	CNAME d\n"
				";! timeout t.example\n"
				";! timeout TW.w.example.\n"
				";! servfail a.sf.example\n"
				";! bogus b.sf.example\n"
				";! servfail odd\\032\\\\.example\n"
				";! delay d.example 20ms\n"
				";! delay to-d.example 5ms\n"
				";!  delay	nothing.example	30ms\n"
				"d	A 192.0.2.6\n"
				"t	A 192.0.2.7\n";

static struct pst_resolver *
parse(const char *text, size_t len)
{
	struct pst_err err = {0};
	struct pst_resolver *zone = pst_zone_parse(text, len, "zone", &err);

	if (zone == NULL)
		fail_msg("%s", err.text);
	return zone;
}

static const char *
describe(const struct pst_dns_answer *answer, struct pst_arena *arena)
{
	const char *text;

	text = pst_arena_printf(arena, "%s %u",
	    pst_dns_status_word(answer->status), (unsigned)answer->ttl);
	for (size_t i = 0; i < answer->count; i++) {
		const struct pst_dns_record *record = &answer->records[i];
		char ip[PST_IP_TEXT_SIZE];

		text = pst_arena_printf(arena, "%s|%s%u:%s", text,
		    pst_ip_text(&record->ip, ip), record->preference,
		    record->data.ptr);
	}
	return text;
}

static const struct question_row {
	struct pst_str name;
	enum pst_dns_type type;
	const char *expected;
	int64_t ms;
} question_rows[] = {
    {PST_STR_INIT("a.example"), PST_DNS_A,
	"NOERROR 100|192.0.2.20:|192.0.2.10:", 0},
    {PST_STR_INIT("A.Example."), PST_DNS_AAAA, "NOERROR 300|2001:db8::10:", 0},
    {PST_STR_INIT("a.example"), PST_DNS_TXT, "NOERROR 300|0:v=spf1 -all", 0},
    {PST_STR_INIT("a.example"), PST_DNS_MX, "NODATA 0", 0},
    {PST_STR_INIT("example"), PST_DNS_MX,
	"NOERROR 300|20:b.example|10:a.example", 0},
    {PST_STR_INIT("other.example"), PST_DNS_A, "NODATA 0", 0},
    {PST_STR_INIT("ent.example"), PST_DNS_A, "NODATA 0", 0},
    {PST_STR_INIT("y.ent.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("nt.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("x.x.ent.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("invalid"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("c1.example"), PST_DNS_A,
	"NOERROR 50|192.0.2.20:|192.0.2.10:", 0},
    {PST_STR_INIT("c2.example"), PST_DNS_A,
	"NOERROR 100|192.0.2.20:|192.0.2.10:", 0},
    {PST_STR_INIT("c1.example"), PST_DNS_TXT, "NOERROR 50|0:v=spf1 -all", 0},
    {PST_STR_INIT("c1.example"), PST_DNS_PTR, "NODATA 0", 0},
    {PST_STR_INIT("c1.example"), PST_DNS_CNAME, "NOERROR 50|0:c2.example", 0},
    {PST_STR_INIT("out.example"), PST_DNS_CNAME,
	"NOERROR 300|0:elsewhere.invalid", 0},
    {PST_STR_INIT("a.example"), PST_DNS_CNAME, "NODATA 0", 0},
    {PST_STR_INIT("nt.example"), PST_DNS_CNAME, "NXDOMAIN 0", 0},
    {PST_STR_INIT("self.example"), PST_DNS_CNAME, "NOERROR 300|0:self.example",
	0},
    {PST_STR_INIT("loop1.example"), PST_DNS_A, "SERVFAIL 0", 0},
    {PST_STR_INIT("self.example"), PST_DNS_A, "SERVFAIL 0", 0},
    {PST_STR_INIT("out.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("q.w.example"), PST_DNS_TXT, "NOERROR 300|0:wild", 0},
    {PST_STR_INIT("q.r.w.example"), PST_DNS_TXT, "NOERROR 300|0:wild", 0},
    {PST_STR_INIT("*.w.example"), PST_DNS_TXT, "NOERROR 300|0:wild", 0},
    {PST_STR_INIT("q.w.example"), PST_DNS_A, "NODATA 0", 0},
    {PST_STR_INIT("w.example"), PST_DNS_TXT, "NODATA 0", 0},
    {PST_STR_INIT("sub.w.example"), PST_DNS_TXT, "NODATA 0", 0},
    {PST_STR_INIT("q.sub.w.example"), PST_DNS_TXT, "NXDOMAIN 0", 0},
    {PST_STR_INIT("e.w.example"), PST_DNS_TXT, "NODATA 0", 0},
    {PST_STR_INIT("q.e.w.example"), PST_DNS_TXT, "NXDOMAIN 0", 0},
    {PST_STR_INIT("q.cw.example"), PST_DNS_AAAA,
	"NOERROR 300|2001:db8::10:", 0},
    {PST_STR_INIT("ODD \0NAME.example"), PST_DNS_PTR, "NOERROR 300|0:\xff@", 0},
    {PST_STR_INIT("t.example"), PST_DNS_A, "TIMEOUT 0", 1000},
    {PST_STR_INIT("t.example"), PST_DNS_TXT, "TIMEOUT 0", 1000},
    {PST_STR_INIT("to-t.example"), PST_DNS_A, "TIMEOUT 0", 1000},
    {PST_STR_INIT("tw.w.example"), PST_DNS_TXT, "TIMEOUT 0", 1000},
    {PST_STR_INIT("x.t.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("a.sf.example"), PST_DNS_A, "SERVFAIL 0", 0},
    {PST_STR_INIT("b.sf.example"), PST_DNS_TXT, "BOGUS 0", 0},
    {PST_STR_INIT("sf.example"), PST_DNS_A, "NXDOMAIN 0", 0},
    {PST_STR_INIT("odd \\.example"), PST_DNS_A, "SERVFAIL 0", 0},
    {PST_STR_INIT("d.example"), PST_DNS_A, "NOERROR 300|192.0.2.60:", 20},
    {PST_STR_INIT("d.example"), PST_DNS_MX, "NODATA 0", 20},
    {PST_STR_INIT("to-d.example"), PST_DNS_A, "NOERROR 300|192.0.2.60:", 25},
    {PST_STR_INIT("nothing.example"), PST_DNS_A, "NXDOMAIN 0", 30},
};

static void
check_question(struct pst_resolver *zone, const struct question_row *row)
{
	struct pst_dns_limits limits = {5, 1000, 16384, 0};
	struct pst_arena *arena = pst_arena_new();
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_dns *dns = pst_dns_open(arena, zone, &clock, limits);
	const struct pst_dns_entry *entry =
	    pst_dns_ask(dns, pst_dns_nobody, row->name, row->type);
	const char *text;

	if ((entry->answer != NULL) != (row->ms == 0))
		fail_msg("%s: not at its time", row->name.ptr);
	while (entry->answer == NULL && pst_dns_wait(dns, INT64_MAX))
		;
	text = describe(entry->answer, arena);
	if (strcmp(text, row->expected) != 0 || pst_clock_ms(&clock) != row->ms)
		fail_msg("%s %s: %s at %d ms", row->name.ptr,
		    pst_dns_type_word(row->type), text,
		    (int)pst_clock_ms(&clock));
	pst_arena_free(arena);
}

static void
test_questions(void **state)
{
	struct pst_resolver *zone = parse(zone_text, strlen(zone_text));

	(void)state;
	FOR_ROWS(i, question_rows, question_rows[i].expected)
		check_question(zone, &question_rows[i]);
	pst_resolver_free(zone);
}

static void
test_root_and_wildcard_of_root(void **state)
{
	static const struct question_row rows[] = {
	    {PST_STR_INIT("anything"), PST_DNS_TXT, "NOERROR 3600|0:all", 0},
	    {PST_STR_INIT("any.thing"), PST_DNS_TXT, "NOERROR 3600|0:all", 0},
	    {PST_STR_INIT("any.a"), PST_DNS_TXT, "NXDOMAIN 0", 0},
	};
	static const char text[] = "* TXT all\na A 192.0.2.1\n. NS a\n";
	struct pst_resolver *zone = parse(text, strlen(text));

	(void)state;
	FOR_ROWS(i, rows, rows[i].expected)
		check_question(zone, &rows[i]);
	pst_resolver_free(zone);
}

static void
test_empty_zone(void **state)
{
	static const struct question_row row = {
	    PST_STR_INIT("a.example"), PST_DNS_A, "NXDOMAIN 0", 0};
	struct pst_resolver *zone = parse("", 0);

	(void)state;
	check_question(zone, &row);
	pst_resolver_free(zone);
}

static void
test_long_txt(void **state)
{
	static const char text[] = "a TXT 123456\nb CNAME a\nc TXT 12345\n";
	struct pst_resolver *zone = parse(text, strlen(text));
	struct pst_dns_limits limits = {5, 1000, 5, 0};
	struct pst_arena *arena = pst_arena_new();
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_dns *dns = pst_dns_open(arena, zone, &clock, limits);

	(void)state;
	assert_int_equal(
	    pst_dns_ask(dns, pst_dns_nobody, PST_STR("a"), PST_DNS_TXT)
		->answer->status,
	    PST_DNS_SERVFAIL);
	assert_int_equal(
	    pst_dns_ask(dns, pst_dns_nobody, PST_STR("b"), PST_DNS_TXT)
		->answer->status,
	    PST_DNS_SERVFAIL);
	assert_int_equal(
	    pst_dns_ask(dns, pst_dns_nobody, PST_STR("c"), PST_DNS_TXT)
		->answer->status,
	    PST_DNS_OK);
	pst_arena_free(arena);
	pst_resolver_free(zone);
}

/* Which answers are authentic, through chains and for what is not there. */
static void
test_secure(void **state)
{
	static const char text[] = ";! secure signed.example\n"
				   "$ORIGIN example.\n"
				   "signed TXT a\n"
				   "below.signed TXT a\n"
				   "in.signed CNAME below.signed\n"
				   "out.signed CNAME plain\n"
				   "plain TXT b\n"
				   "to CNAME signed\n"
				   "unsigned TXT c\n";
	static const struct {
		const char *label;
		struct pst_str name;
		bool authentic;
	} rows[] = {
	    {"itself", PST_STR_INIT("Signed.example"), true},
	    {"below", PST_STR_INIT("below.signed.example"), true},
	    {"nothing below", PST_STR_INIT("x.signed.example"), true},
	    {"alias inside", PST_STR_INIT("in.signed.example"), true},
	    {"alias to outside", PST_STR_INIT("out.signed.example"), false},
	    {"alias from outside", PST_STR_INIT("to.example"), false},
	    {"other name", PST_STR_INIT("plain.example"), false},
	    {"name with the same end", PST_STR_INIT("unsigned.example"), false},
	    {"above", PST_STR_INIT("example"), false},
	};
	struct pst_resolver *zone = parse(text, strlen(text));
	struct pst_resolver *plain = parse(text + 24, strlen(text + 24));

	(void)state;
	assert_true(zone->trusts_ad);
	assert_false(plain->trusts_ad);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_dns_limits limits = {5, 1000, 16384, 0};
		struct pst_arena *arena = pst_arena_new();
		struct pst_clock clock = pst_clock_manual(1000);
		struct pst_dns *dns = pst_dns_open(arena, zone, &clock, limits);
		const struct pst_dns_entry *entry =
		    pst_dns_ask(dns, pst_dns_nobody, rows[i].name, PST_DNS_TXT);

		assert_true(pst_dns_trusts_ad(dns));
		if (entry->answer->authentic != rows[i].authentic)
			fail_msg("%d", entry->answer->authentic);
		pst_arena_free(arena);
	}
	pst_resolver_free(plain);
	pst_resolver_free(zone);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} rows[] = {
	    {"a A 192.0.2.1\nb A x\n", "zone:2: "},
	    {"a CNAME b\na TXT c\n", "zone: a has a CNAME and other"},
	    {"a A 192.0.2.1\na CNAME b\n", "zone: a has a CNAME and other"},
	    {"a CNAME b\na CNAME c\n", "zone: a has a CNAME and other"},
	    {"@ CNAME b\n@ CNAME c\n", "zone: . has a CNAME and other"},
	    {";! sleep a\n", "zone:1: after ;! there must be timeout"},
	    {";!\n", "zone:1: after ;! there must be timeout"},
	    {"\n;! timeout\n", "zone:2: the ;! line has no legal name"},
	    {";! timeout .\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a..b\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a\\.b\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a\\256\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a\\25\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a\\\n", "zone:1: the ;! line has no legal name"},
	    {";! timeout a b\n", "zone:1: the ;! line has too many words"},
	    {";! delay a\n", "zone:1: ;! delay requires"},
	    {";! delay a 20\n", "zone:1: ;! delay requires"},
	    {";! delay a ms\n", "zone:1: ;! delay requires"},
	    {";! delay a 2s\n", "zone:1: ;! delay requires"},
	    {";! delay a 600001ms\n", "zone:1: ;! delay requires"},
	    {";! delay a 2ms b\n", "zone:1: the ;! line has too many words"},
	    {";! timeout b\\064\n;! delay B@. 1ms\n",
		"zone: b\\064 appears in two ;! lines"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		struct pst_err err = {0};

		if (pst_zone_parse(rows[i].text, strlen(rows[i].text), "zone",
			&err) != NULL)
			fail_msg("accepted: %s", rows[i].text);
		if (strncmp(err.text, rows[i].expected,
			strlen(rows[i].expected)) != 0)
			fail_msg("%s", err.text);
	}
}

static void
test_load(void **state)
{
	char path[] = "zone-XXXXXX";
	struct pst_err err = {0};
	struct pst_resolver *zone;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, zone_text, strlen(zone_text)), strlen(zone_text));
	close(fd);
	zone = pst_zone_load(path, &err);
	unlink(path);
	if (zone == NULL)
		fail_msg("%s", err.text);
	check_question(zone, &question_rows[0]);
	pst_resolver_free(zone);

	assert_null(pst_zone_load(path, &err));
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "cannot be opened"));
}

static void *
ask_all(void *arg)
{
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < PST_COUNT(question_rows); i++)
			check_question(arg, &question_rows[i]);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct pst_resolver *zone = parse(zone_text, strlen(zone_text));
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_all, zone), 0);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	pst_resolver_free(zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_root_and_wildcard_of_root),
	    cmocka_unit_test(test_empty_zone),
	    cmocka_unit_test(test_long_txt),
	    cmocka_unit_test(test_secure),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
