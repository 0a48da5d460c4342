/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "survey/make_record.h"
#include "survey/survey.h"
#include "tests/unit/rows.h"

#define DOMAIN "example.com"
#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

/* ---- exact texts ---- */

static struct pst_net
net(const char *text)
{
	struct pst_net parsed = {.prefix_bits = 0};

	if (!pst_net_parse(pst_str(text), &parsed))
		fail_msg("%s is not a network", text);
	return parsed;
}

/* Fills the list from words between blanks; returns how many there are. */
static size_t
split(struct pst_arena *arena, const char *words, const char **list)
{
	struct pst_str rest = pst_str(words), word;
	bool more = words[0] != '\0';
	size_t count = 0;

	while (pst_str_split(&rest, ' ', &word, &more))
		list[count++] = pst_arena_memdup(arena, word.ptr, word.len);
	return count;
}

static const struct {
	const char *nets, *includes;
	bool mx, a;
	char all;
	const char *want; /* the record, or a part of the refusal */
	bool refused;
} spf_rows[] = {
    {"", "", false, false, '-', "v=spf1 -all", false},
    {"192.0.2.1 2001:db8::/32", "_spf.example.net", true, true, '~',
	"v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 a mx "
	"include:_spf.example.net ~all",
	false},
    {"192.0.2.1 192.0.2.0/24 192.0.2.0/24", "a.example a.example", false, false,
	'-', "v=spf1 ip4:192.0.2.0/24 include:a.example -all", false},
    {"10.0.0.0/8", "", false, false, '-', "too wide", true},
    {"2001::/16", "", false, false, '-', "too wide", true},
    {"", "", false, false, '~', "requires -all", true},
    {"192.0.2.1", "", false, false, '?', "-all or ~all", true},
    {"192.0.2.1", "", false, false, '+', "-all or ~all", true},
    {"", DOMAIN, false, false, '-', "cannot include its own", true},
    {"", "no_dot", false, false, '-', "not a domain name", true},
    {"", "a.b;c.example", false, false, '-', "not a domain name", true},
    {"", "a.e b.e c.e d.e e.e f.e g.e h.e i.e j.e", true, false, '-',
	"the limit is 10", true},
};

static void
test_spf(void **state)
{
	(void)state;
	FOR_ROWS(i, spf_rows, spf_rows[i].want) {
		struct pst_arena *arena = pst_arena_new();
		const char *words[20], *includes[20];
		struct pst_net nets[20];
		struct pst_make_spf what = {.domain = DOMAIN,
		    .nets = nets,
		    .includes = includes,
		    .mx = spf_rows[i].mx,
		    .a = spf_rows[i].a,
		    .all = spf_rows[i].all};
		struct pst_made_record out;
		struct pst_err err = {""};

		what.net_count = split(arena, spf_rows[i].nets, words);
		for (size_t n = 0; n < what.net_count; n++)
			nets[n] = net(words[n]);
		what.include_count =
		    split(arena, spf_rows[i].includes, includes);
		if (pst_make_spf(arena, &what, &out, &err)) {
			assert_false(spf_rows[i].refused);
			assert_string_equal(out.text, spf_rows[i].want);
			assert_string_equal(out.owner, DOMAIN);
		} else {
			assert_true(spf_rows[i].refused);
			assert_non_null(strstr(err.text, spf_rows[i].want));
		}
		pst_arena_free(arena);
	}
}

static const struct {
	enum pst_dmarc_policy p;
	const char *sp, *np; /* NULL: none */
	const char *rua, *ruf, *fo;
	bool strict, test;
	const char *want;
	bool refused;
} dmarc_rows[] = {
    {PST_DMARC_NONE, NULL, NULL, "d@example.com", "", NULL, false, false,
	"v=DMARC1; p=none; rua=mailto:d@example.com", false},
    {PST_DMARC_REJECT, "reject", "reject", "d@example.com e@Example.NET",
	"f@example.com", "1:d:s", true, true,
	"v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=s; "
	"rua=mailto:d@example.com,mailto:e@example.net; "
	"ruf=mailto:f@example.com; fo=1:d:s; t=y",
	false},
    {PST_DMARC_REJECT, NULL, NULL, "", "", NULL, false, false,
	"v=DMARC1; p=reject", false},
    {PST_DMARC_REJECT, NULL, NULL, "a,b!c;d=e@example.com", "", NULL, false,
	false, "not be used", true},
    {PST_DMARC_REJECT, NULL, NULL, "a,b!c=d%e@example.com", "", NULL, false,
	false, "v=DMARC1; p=reject; rua=mailto:a%2Cb%21c%3Dd%25e@example.com",
	false},
    {PST_DMARC_NONE, NULL, NULL, "", "", NULL, false, false, "--rua", true},
    {PST_DMARC_REJECT, "none", NULL, "d@example.com", "", NULL, false, false,
	"weaker policy for sub-domains", true},
    {PST_DMARC_REJECT, NULL, "none", "d@example.com", "", NULL, false, false,
	"do not exist", true},
    {PST_DMARC_REJECT, NULL, NULL, "d@example.com", "", "1", false, false,
	"failure reports", true},
    {PST_DMARC_REJECT, NULL, NULL, "d@example.com", "f@example.com", "2", false,
	false, "not a value of fo=", true},
    {PST_DMARC_NONE, NULL, NULL, "d@example.com", "", NULL, false, true,
	"none is the weakest", true},
    {PST_DMARC_REJECT, NULL, NULL, "example.com", "", NULL, false, false,
	"not an address", true},
    {PST_DMARC_REJECT, NULL, NULL, "d@localhost", "", NULL, false, false,
	"not an address", true},
    {PST_DMARC_REJECT, NULL, NULL, "@example.com", "", NULL, false, false,
	"not an address", true},
};

static enum pst_dmarc_policy
policy(const char *word)
{
	enum pst_dmarc_policy p = PST_DMARC_NONE;

	while (word != NULL && strcmp(pst_dmarc_policy_word(p), word) != 0)
		p++;
	return p;
}

static void
test_dmarc(void **state)
{
	(void)state;
	FOR_ROWS(i, dmarc_rows, dmarc_rows[i].want) {
		struct pst_arena *arena = pst_arena_new();
		const char *rua[20], *ruf[20];
		struct pst_make_dmarc what = {.domain = DOMAIN,
		    .p = dmarc_rows[i].p,
		    .has_sp = dmarc_rows[i].sp != NULL,
		    .has_np = dmarc_rows[i].np != NULL,
		    .sp = policy(dmarc_rows[i].sp),
		    .np = policy(dmarc_rows[i].np),
		    .rua = rua,
		    .ruf = ruf,
		    .adkim_strict = dmarc_rows[i].strict,
		    .aspf_strict = dmarc_rows[i].strict,
		    .test = dmarc_rows[i].test,
		    .fo = dmarc_rows[i].fo};
		struct pst_made_record out;
		struct pst_err err = {""};

		what.rua_count = split(arena, dmarc_rows[i].rua, rua);
		what.ruf_count = split(arena, dmarc_rows[i].ruf, ruf);
		if (pst_make_dmarc(arena, &what, &out, &err)) {
			assert_false(dmarc_rows[i].refused);
			assert_string_equal(out.text, dmarc_rows[i].want);
			assert_string_equal(out.owner, "_dmarc." DOMAIN);
		} else {
			assert_true(dmarc_rows[i].refused);
			assert_non_null(strstr(err.text, dmarc_rows[i].want));
		}
		pst_arena_free(arena);
	}
}

static void
test_dkim(void **state)
{
	static const struct {
		const char *selector, *type, *key;
		const char *want;
		bool refused;
	} rows[] = {
	    {"s1", "ed25519", ED, "v=DKIM1; k=ed25519; p=" ED, false},
	    {"a b", "ed25519", ED, "not a selector", true},
	    {"", "ed25519", ED, "not a selector", true},
	    {"s1", "rsa", ED, "cannot be published", true},
	    {"s1", "ed25519", "", "cannot be published", true},
	    {"s1", "ed25519", ED "; t=s", "cannot be published", true},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].want) {
		struct pst_make_dkim what = {.domain = DOMAIN,
		    .selector = rows[i].selector,
		    .type = rows[i].type,
		    .public_key = rows[i].key};
		struct pst_made_record out;
		struct pst_err err = {""};

		if (pst_make_dkim(arena, &what, &out, &err)) {
			assert_false(rows[i].refused);
			assert_string_equal(out.text, rows[i].want);
			assert_string_equal(out.owner, "s1._domainkey." DOMAIN);
		} else {
			assert_true(rows[i].refused);
			assert_non_null(strstr(err.text, rows[i].want));
		}
	}
	pst_arena_free(arena);
}

/* From the record that is published to the next one. */
static void
test_next(void **state)
{
#define R "; rua=mailto:d@example.com"
#define D "; rua=mailto:dmarc@example.com"
	static const struct {
		const char *now, *next, *why;
	} rows[] = {
	    {"v=DMARC1; p=none" R, "v=DMARC1; p=quarantine" R, "From none"},
	    {"v=DMARC1; p=quarantine; pct=20; ri=3600" R,
		"v=DMARC1; p=reject" R, "From quarantine"},
	    {"v=DMARC1; p=reject; rf=afrf" R, "v=DMARC1; p=reject" R,
		"no step is left"},
	    {"v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine" D, "reports"},
	    {"v=DMARC1; p=none; rua=d@example.com", "v=DMARC1; p=none" D,
		"reports"},
	    {"v=DMARC1; p=rejct" R, "v=DMARC1; p=quarantine" R, "From none"},
	    {"v=DMARC1; p=reject; t=y" R, "v=DMARC1; p=reject" R, "t=y goes"},
	    {"v=DMARC1; p=none; t=y" R, "v=DMARC1; p=quarantine" R,
		"From none"},
	    {"v=DMARC1; p=reject; sp=none" R,
		"v=DMARC1; p=reject; sp=quarantine" R, "Sub-domains"},
	    {"v=DMARC1; p=none; sp=none; np=none" R,
		"v=DMARC1; p=quarantine; sp=quarantine; np=reject" R,
		"From none"},
	    {"v=DMARC1; p=none; sp=reject; adkim=s; aspf=s; psd=n; fo=1; "
	     "ruf=mailto:f@example.com!1m" R,
		"v=DMARC1; p=quarantine; sp=reject; adkim=s; aspf=s" R
		"; ruf=mailto:f@example.com; fo=1; psd=n",
		"From none"},
	    {"v=DMARC1; p=none; p=none" R, NULL, "appears twice"},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].now) {
		struct pst_dmarc_record now;
		struct pst_made_record out;
		struct pst_err err = {""};

		assert_true(
		    pst_dmarc_record_parse(arena, pst_str(rows[i].now), &now));
		if (pst_make_next_dmarc(arena, DOMAIN, &now, &out, &err)) {
			assert_non_null(rows[i].next);
			assert_string_equal(out.text, rows[i].next);
			assert_non_null(strstr(out.why, rows[i].why));
		} else {
			assert_null(rows[i].next);
			assert_non_null(strstr(err.text, rows[i].why));
		}
	}
	pst_arena_free(arena);
}

/* ---- what is made, the survey accepts ---- */

struct made_zone {
	struct pst_arena *arena;
	struct pst_buf text;
};

/* The records around those that are made, so that these are found good. */
static void
begin_zone(struct made_zone *zone)
{
	zone->arena = pst_arena_new();
	pst_buf_init(&zone->text, zone->arena, 100000);
	pst_buf_add_text(&zone->text,
	    "example.com. A 192.0.2.1\n"
	    "example.com. MX 10 mx.example.com.\n"
	    "mx.example.com. A 192.0.2.25\n"
	    "25.2.0.192.in-addr.arpa. PTR mx.example.com.\n"
	    "*._report._dmarc.example.net. TXT \"v=DMARC1\"\n"
	    "_spf.example.net. TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
	    "_spf.example.org. TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n");
}

static void
add_record(struct made_zone *zone, const struct pst_made_record *record)
{
	pst_buf_add_text(&zone->text, record->zone);
	pst_buf_add_text(&zone->text, "\n");
}

/* Fails if the survey has a warning or an error of this topic. */
static void
survey_zone(struct made_zone *zone, enum pst_finding_topic topic)
{
	static const char *const selectors[] = {"s1"};
	const struct pst_dns_limits limits = {
	    PST_SURVEY_QUERIES, 1000, 16384, 0};
	const struct pst_survey_input input = {.domain = DOMAIN,
	    .selectors = selectors,
	    .selector_count = topic == PST_TOPIC_DKIM,
	    .only_given = true,
	    .max_voids = 2};
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_err err = {""};
	struct pst_survey survey;
	struct pst_resolver *resolver =
	    pst_zone_parse(zone->text.ptr, zone->text.len, "made", &err);
	size_t good = 0;

	if (resolver == NULL)
		fail_msg("%s:\n%s", err.text, zone->text.ptr);

	struct pst_arena *arena = pst_arena_new();
	struct pst_world world = {.arena = arena,
	    .dns = pst_dns_open(arena, resolver, &clock, limits),
	    .eager = true};

	while (!pst_survey_check(&world, &input, &survey))
		assert_true(pst_dns_wait(world.dns, INT64_MAX));
	for (size_t i = 0; i < survey.findings.count; i++) {
		const struct pst_finding *f = &survey.findings.items[i];

		if (f->info->topic != topic)
			continue;
		good++;
		if (f->info->severity >= PST_SEVERITY_UNKNOWN)
			fail_msg("%s: %s\n%s", f->info->name, f->text,
			    zone->text.ptr);
	}
	if (topic == PST_TOPIC_DMARC)
		assert_true(survey.dmarc.has_record);
	if (topic == PST_TOPIC_SPF)
		assert_true(survey.spf.has_record);
	if (topic == PST_TOPIC_DKIM)
		assert_int_equal(survey.key_count, 1);
	assert_int_not_equal(good + (topic == PST_TOPIC_DMARC), 0);
	pst_arena_free(arena);
	pst_resolver_free(resolver);
	pst_arena_free(zone->arena);
}

/* A sequence that is the same in each run. */
static unsigned
roll(unsigned sides)
{
	static uint64_t state = 20260101;

	state = state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(state >> 33) % sides;
}

static const char *const addresses[] = {"dmarc@example.com",
    "a.b+c@example.com", "x@sub.example.com", "reports@example.net",
    "a,b@example.com", "d!10m@example.com", "1@example.com"};

#define ROUNDS 400

static void
test_any_dmarc(void **state)
{
	size_t made_count = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const char *rua[3], *ruf[2];
		struct made_zone zone;
		struct pst_made_record out;
		struct pst_err err;
		struct pst_make_dmarc what = {.domain = DOMAIN,
		    .p = roll(3),
		    .has_sp = roll(2),
		    .has_np = roll(2),
		    .sp = roll(3),
		    .np = roll(3),
		    .rua = rua,
		    .ruf = ruf,
		    .rua_count = roll(4),
		    .ruf_count = roll(3),
		    .adkim_strict = roll(2),
		    .aspf_strict = roll(2),
		    .test = roll(4) == 0,
		    .fo = roll(3) > 0 ? NULL :
			roll(2) > 0   ? "1:d:s" :
					"0"};

		for (size_t i = 0; i < what.rua_count; i++)
			rua[i] = addresses[roll(PST_COUNT(addresses))];
		for (size_t i = 0; i < what.ruf_count; i++)
			ruf[i] = addresses[roll(PST_COUNT(addresses))];
		begin_zone(&zone);
		if (!pst_make_dmarc(zone.arena, &what, &out, &err)) {
			pst_arena_free(zone.arena);
			continue;
		}
		made_count++;
		add_record(&zone, &out);
		survey_zone(&zone, PST_TOPIC_DMARC);
	}
	assert_in_range(made_count, ROUNDS / 10, ROUNDS);
}

static void
test_any_spf(void **state)
{
	static const char *const nets[] = {"192.0.2.1", "192.0.2.0/24",
	    "198.51.100.7", "203.0.113.0/25", "2001:db8::/48", "2001:db8:1::1"};
	static const char *const includes[] = {
	    "_spf.example.net", "_spf.example.org"};
	size_t made_count = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct pst_net list[4];
		const char *names[2];
		struct made_zone zone;
		struct pst_made_record out;
		struct pst_err err;
		struct pst_make_spf what = {.domain = DOMAIN,
		    .nets = list,
		    .includes = names,
		    .net_count = roll(5),
		    .include_count = roll(3),
		    .mx = roll(2),
		    .a = roll(2),
		    .all = roll(2) > 0 ? '-' : '~'};

		for (size_t i = 0; i < what.net_count; i++)
			list[i] = net(nets[roll(PST_COUNT(nets))]);
		for (size_t i = 0; i < what.include_count; i++)
			names[i] = includes[roll(2)];
		begin_zone(&zone);
		if (!pst_make_spf(zone.arena, &what, &out, &err)) {
			pst_arena_free(zone.arena);
			continue;
		}
		made_count++;
		add_record(&zone, &out);
		survey_zone(&zone, PST_TOPIC_SPF);
	}
	assert_in_range(made_count, ROUNDS / 2, ROUNDS);
}

/* A long key is split into strings, which a zone file puts together again. */
static void
test_any_dkim(void **state)
{
	/* of 2048 bits: tests/keys/test-rsa.txt */
	static const char rsa[] =
	    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqBKOyrR1SpTcIuJT"
	    "DIZTm5WD5lIXYOHaENqC5uNZ3ksbxUSf6bgsOLn8zY8Lvsfw/ZtzSevKl8Mw"
	    "dxNMHjqVCYQYmEyqFr56Snq24s3PtQ7f3uBMhaS3MG7fIjp1VREJvkQGnE2V"
	    "JcWjr2IXYKnWWHDnrm8pmLeY2WZKwRRRmrdMfoI/FwCDzgY6Jc6UCqncvnf+"
	    "tEkzBKHwBKkWBqgD0nl1uXhgWFB4AzCJVI2hX8ug+gcLSdLWxxGH8XSTCpoW"
	    "1tYx7JkBEbywd520QXJpCRzozv5sEjzNXRZrx1GU96bnXv+cfcfZGAZdkf7Q"
	    "o5afmK4aoWIC5yPBiQI3vPDFfQIDAQAB";
	static const struct {
		const char *type, *key;
	} rows[] = {{"ed25519", ED}, {"rsa", rsa}};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		struct pst_make_dkim what = {.domain = DOMAIN,
		    .selector = "s1",
		    .type = rows[i].type,
		    .public_key = rows[i].key};
		struct made_zone zone;
		struct pst_made_record out;
		struct pst_err err;

		begin_zone(&zone);
		assert_true(pst_make_dkim(zone.arena, &what, &out, &err));
		assert_int_equal(
		    strchr(out.zone, '(') != NULL, strlen(out.text) > 255);
		add_record(&zone, &out);
		survey_zone(&zone, PST_TOPIC_DKIM);
	}
}

/* The consent that is made is the one that the survey looks for. */
static void
test_consent(void **state)
{
	static const char *const rua[] = {"d@other.example"};
	struct pst_make_dmarc what = {.domain = DOMAIN,
	    .p = PST_DMARC_REJECT,
	    .rua = rua,
	    .rua_count = 1};
	struct pst_made_record out;
	struct made_zone zone;
	struct pst_err err;

	(void)state;
	begin_zone(&zone);
	assert_true(pst_make_dmarc(zone.arena, &what, &out, &err));
	add_record(&zone, &out);
	pst_make_consent(zone.arena, DOMAIN, "other.example", &out);
	assert_string_equal(
	    out.owner, "example.com._report._dmarc.other.example");
	add_record(&zone, &out);
	survey_zone(&zone, PST_TOPIC_DMARC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf),
	    cmocka_unit_test(test_dmarc),
	    cmocka_unit_test(test_dkim),
	    cmocka_unit_test(test_next),
	    cmocka_unit_test(test_any_dmarc),
	    cmocka_unit_test(test_any_spf),
	    cmocka_unit_test(test_any_dkim),
	    cmocka_unit_test(test_consent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
