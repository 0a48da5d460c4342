/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "mail/authres.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

#define ID "mx.gateway.example"

/* Returns findings of an unsigned message that passes by SPF. */
static struct pst_findings
plain(void)
{
	struct pst_findings findings = failing(PST_DMARC_REJECT);

	set_result(&findings, PST_RESULT_PASS);
	findings.spf.result = PST_RESULT_PASS;
	findings.spf.domain = "bank.example";
	return findings;
}

static void
assert_result(
    const struct pst_findings *findings, const char *label, const char *want)
{
	const char *got = pst_edits_result_field(arena, ID, findings, NULL);

	if (strcmp(got, want) != 0)
		fail_msg("%s:\n%s\nand not\n%s", label, got, want);
}

static void
test_spf_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_result result;
		const char *domain;
		enum pst_spf_identity identity;
		const char *want;
	} rows[] = {
	    {"pass", PST_RESULT_PASS, "a.example", PST_SPF_MAILFROM,
		"spf=pass smtp.mailfrom=a.example"},
	    {"softfail", PST_RESULT_SOFTFAIL, "a.example", PST_SPF_MAILFROM,
		"spf=softfail smtp.mailfrom=a.example"},
	    {"null sender", PST_RESULT_FAIL, "helo.example", PST_SPF_HELO,
		"spf=fail smtp.mailfrom=helo.example"},
	    {"no domain", PST_RESULT_NONE, NULL, PST_SPF_HELO, "spf=none"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_findings findings = plain();

		findings.spf.result = rows[i].result;
		findings.spf.domain = rows[i].domain;
		findings.spf.identity = rows[i].identity;
		assert_result(&findings, rows[i].label,
		    pst_arena_printf(arena,
			" " ID ";\n\t%s;\n\tdkim=none;\n\tdmarc=pass "
			"header.from=bank.example policy.dmarc=reject",
			rows[i].want));
	}
}

static void
test_dmarc_rows(void **state)
{
	static const struct {
		const char *label;
		enum pst_result result;
		const char *author, *policy_domain;
		enum pst_dmarc_policy effective;
		const char *want;
	} rows[] = {
	    {"fail", PST_RESULT_FAIL, "a.example", "example",
		PST_DMARC_QUARANTINE,
		"dmarc=fail header.from=a.example policy.dmarc=quarantine"},
	    {"fail, none", PST_RESULT_FAIL, "a.example", "example",
		PST_DMARC_NONE,
		"dmarc=fail header.from=a.example policy.dmarc=none"},
	    {"none", PST_RESULT_NONE, "a.example", NULL, PST_DMARC_NONE,
		"dmarc=none header.from=a.example"},
	    {"permerror", PST_RESULT_PERMERROR, "a.example", "a.example",
		PST_DMARC_NONE, "dmarc=permerror header.from=a.example"},
	    {"malformed From", PST_RESULT_PERMERROR, NULL, NULL, PST_DMARC_NONE,
		"dmarc=permerror"},
	    {"temperror", PST_RESULT_TEMPERROR, "a.example", NULL,
		PST_DMARC_NONE, "dmarc=temperror header.from=a.example"},
	    {"temperror with a policy", PST_RESULT_TEMPERROR, "a.example",
		"a.example", PST_DMARC_REJECT,
		"dmarc=temperror header.from=a.example policy.dmarc=reject"},
	    {"underscore", PST_RESULT_NONE, "a_b.example", NULL, PST_DMARC_NONE,
		"dmarc=none header.from=a_b.example"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_findings findings = plain();

		set_result(&findings, rows[i].result);
		findings.dmarc.author_domain = rows[i].author;
		findings.dmarc.policy_domain = rows[i].policy_domain;
		findings.dmarc.tag = rows[i].policy_domain == NULL ? NULL : "p";
		findings.dmarc.effective = rows[i].effective;
		assert_result(&findings, rows[i].label,
		    pst_arena_printf(arena,
			" " ID ";\n\tspf=pass smtp.mailfrom=bank.example;\n\t"
			"dkim=none;\n\t%s",
			rows[i].want));
	}
}

static void
test_iprev_rows(void **state)
{
	static const struct {
		const char *label, *ip;
		enum pst_result result;
		const char *want;
	} rows[] = {
	    {"IPv4", "192.0.2.1", PST_RESULT_PASS,
		"iprev=pass policy.iprev=192.0.2.1"},
	    {"IPv6 is quoted", "2001:db8::1", PST_RESULT_FAIL,
		"iprev=fail policy.iprev=\"2001:db8::1\""},
	    {"error", "192.0.2.1", PST_RESULT_PERMERROR,
		"iprev=permerror policy.iprev=192.0.2.1"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_findings findings = plain();

		findings.has_iprev = true;
		findings.iprev.result = rows[i].result;
		assert_true(
		    pst_ip_parse(pst_str(rows[i].ip), &findings.iprev.ip));
		assert_result(&findings, rows[i].label,
		    pst_arena_printf(arena,
			" " ID ";\n\tspf=pass smtp.mailfrom=bank.example;\n\t"
			"dkim=none;\n\tdmarc=pass header.from=bank.example "
			"policy.dmarc=reject;\n\t%s",
			rows[i].want));
	}
}

static void
test_arc_rows(void **state)
{
	static const struct {
		const char *label, *ip;
		struct pst_arc arc;
		const char *want;
	} rows[] = {
	    {"none", "192.0.2.1", {.result = PST_RESULT_NONE},
		"arc=none smtp.remote-ip=192.0.2.1"},
	    {"pass", "2001:db8::1",
		{.result = PST_RESULT_PASS, .oldest_pass = 2},
		"arc=pass header.oldest-pass=2 smtp.remote-ip=\"2001:db8::1\""},
	    {"all pass", "192.0.2.1", {.result = PST_RESULT_PASS},
		"arc=pass header.oldest-pass=0 smtp.remote-ip=192.0.2.1"},
	    {"fail", "192.0.2.1",
		{.result = PST_RESULT_FAIL, .reason = "seal 1: no key"},
		"arc=fail (seal 1: no key) smtp.remote-ip=192.0.2.1"},
	    {"no address", NULL, {.result = PST_RESULT_NONE}, "arc=none"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_findings findings = plain();

		findings.has_arc = true;
		findings.arc = rows[i].arc;
		findings.client = (struct pst_ip){.family = PST_IP_NONE};
		if (rows[i].ip != NULL)
			assert_true(pst_ip_parse(
			    pst_str(rows[i].ip), &findings.client));
		assert_result(&findings, rows[i].label,
		    pst_arena_printf(arena,
			" " ID ";\n\tspf=pass smtp.mailfrom=bank.example;\n\t"
			"dkim=none;\n\tdmarc=pass header.from=bank.example "
			"policy.dmarc=reject;\n\t%s",
			rows[i].want));
	}
}

/* Returns the dkim entries of the field; the rest is as in plain(). */
static const char *
dkim_part(struct pst_dkim_sig *sigs, size_t count)
{
	static const char before[] =
	    " " ID ";\n\tspf=pass smtp.mailfrom=bank.example;\n\t";
	struct pst_findings findings = plain();
	const char *field, *end;

	findings.dkim.sigs = sigs;
	findings.dkim.count = count;
	field = pst_edits_result_field(arena, ID, &findings, NULL);
	end = strstr(field,
	    ";\n\tdmarc=pass header.from=bank.example "
	    "policy.dmarc=reject");
	assert_memory_equal(field, before, sizeof(before) - 1);
	assert_non_null(end);
	field += sizeof(before) - 1;
	return pst_arena_memdup(arena, field, (size_t)(end - field));
}

static void
test_dkim_rows(void **state)
{
	static const struct {
		const char *label;
		struct pst_dkim_sig sig;
		const char *want;
	} rows[] = {
	    {"pass",
		{.result = PST_RESULT_PASS,
		    .domain = "d.example",
		    .selector = "s1",
		    .algorithm = "rsa-sha256",
		    .b = "AbCdEfGhIj",
		    .checked = true},
		"dkim=pass header.d=d.example header.s=s1 "
		"header.a=rsa-sha256\n\theader.b=AbCdEfGh"},
	    {"reason, identity, short b",
		{.result = PST_RESULT_FAIL,
		    .reason = "body hash differs",
		    .domain = "d.example",
		    .identity = "@x.d.example",
		    .b = "abc",
		    .checked = true},
		"dkim=fail (body hash differs) header.d=d.example\n\t"
		"header.i=@x.d.example header.b=abc"},
	    {"b that needs quotes",
		{.result = PST_RESULT_PASS, .b = "ab/c=efgh", .checked = true},
		"dkim=pass header.b=\"ab/c=efg\""},
	    {"nothing usable",
		{.result = PST_RESULT_NEUTRAL, .b = "", .checked = true},
		"dkim=neutral"},
	    {"local part that tries to get out",
		{.result = PST_RESULT_PASS,
		    .identity = "a\"; dmarc=pass (@d.example",
		    .checked = true},
		"dkim=pass header.i=\"a\\\"; dmarc=pass (@d.example\""},
	    {"identity with 8-bit octets is left out",
		{.result = PST_RESULT_PASS,
		    .domain = "d.example",
		    .identity = "j\xc3\xb6@d.example",
		    .checked = true},
		"dkim=pass header.d=d.example"},
	    {"local part with a line end is left out",
		{.result = PST_RESULT_PASS,
		    .identity = "a\nX: y@d.example",
		    .checked = true},
		"dkim=pass"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_dkim_sig sig = rows[i].sig;
		const char *got = dkim_part(&sig, 1);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s:\n%s", rows[i].label, got);
	}
}

static void
test_b_tells_signatures_apart(void **state)
{
	static const struct {
		const char *label;
		const char *b[3], *want[3];
	} rows[] = {
	    {"different", {"aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"},
		{"aaaaaaaa", "bbbbbbbb", "cccccccc"}},
	    {"two the same", {"aaaaaaaaxx", "aaaaaaaaxy", "cccccccccc"},
		{"aaaaaaaaxx", "aaaaaaaaxy", "cccccccc"}},
	    {"the same up to eight", {"aaaaaaaax", "aaaaaaaay", "aaaaaaab"},
		{"aaaaaaaax", "aaaaaaaay", "aaaaaaab"}},
	    {"one begins the other", {"aaaaaaaa", "aaaaaaaabb", "aaaaaaaabbc"},
		{"aaaaaaaa", "aaaaaaaabb", "aaaaaaaabbc"}},
	    {"the same", {"aaaaaaaaaa", "aaaaaaaaaa", "aaaaaaaaab"},
		{"aaaaaaaaaa", "aaaaaaaaaa", "aaaaaaaaab"}},
	    {"short and unusable", {"ab", NULL, "abc"}, {"ab", NULL, "abc"}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_dkim_sig sigs[3] = {{0}, {0}, {0}};
		struct pst_buf want;

		pst_buf_init(&want, arena, 1000);
		for (size_t j = 0; j < 3; j++) {
			sigs[j] =
			    (struct pst_dkim_sig){.result = PST_RESULT_PASS,
				.b = rows[i].b[j],
				.checked = true};
			pst_buf_add_text(
			    &want, j == 0 ? "dkim=pass" : ";\n\tdkim=pass");
			if (rows[i].want[j] != NULL)
				pst_buf_printf(
				    &want, " header.b=%s", rows[i].want[j]);
		}
		const char *got = dkim_part(sigs, 3);
		if (strcmp(got, pst_buf_str(&want)) != 0)
			fail_msg("%s:\n%s", rows[i].label, got);
	}
}

static void
test_order_of_signatures(void **state)
{
	struct pst_dkim_sig sigs[] = {
	    {.result = PST_RESULT_POLICY, .domain = "unchecked.example"},
	    {.result = PST_RESULT_FAIL,
		.domain = "failed.example",
		.checked = true},
	    {.result = PST_RESULT_PASS,
		.domain = "other.example",
		.checked = true},
	    {.result = PST_RESULT_FAIL,
		.domain = "aligned-failed.example",
		.aligned = true,
		.checked = true},
	    {.result = PST_RESULT_PASS,
		.domain = "aligned.example",
		.aligned = true,
		.checked = true},
	};

	(void)state;
	assert_string_equal(dkim_part(sigs, PST_COUNT(sigs)),
	    "dkim=pass header.d=aligned.example;\n\t"
	    "dkim=fail header.d=aligned-failed.example;\n\t"
	    "dkim=pass header.d=other.example;\n\t"
	    "dkim=fail header.d=failed.example;\n\t"
	    "dkim=policy header.d=unchecked.example");
}

/* Returns a name of 253 octets, a different one for each c. */
static const char *
long_name(char c)
{
	char name[254];

	memset(name, c, sizeof(name));
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	name[253] = '\0';
	return pst_arena_strdup(arena, name);
}

/* Returns a value that is long enough to need a line of its own. */
static const char *
long_value(char c, size_t len, const char *end)
{
	char *text = pst_arena_alloc(arena, len + strlen(end) + 1);

	memset(text, c, len);
	memcpy(text + len, end, strlen(end) + 1);
	return text;
}

/* Returns findings in which every name has the maximum length. */
static struct pst_findings
largest(struct pst_dkim_sig *sigs, size_t count, size_t identity_len)
{
	struct pst_findings findings = plain();

	for (size_t i = 0; i < count; i++)
		sigs[i] = (struct pst_dkim_sig){.result = PST_RESULT_FAIL,
		    .reason = "the public key is too small",
		    .domain = long_name('d'),
		    .selector = long_name('s'),
		    .algorithm = long_value('a', 900, ""),
		    .identity = long_value('i', identity_len, "@d.example"),
		    .b = long_value(
			'b', 900, pst_arena_printf(arena, "%02zu", i)),
		    .checked = true};
	sigs[count - 1].result = PST_RESULT_PASS;
	sigs[count - 1].aligned = true;
	findings.dkim.sigs = sigs;
	findings.dkim.count = count;
	findings.spf.domain = long_name('m');
	findings.dmarc.author_domain = long_name('f');
	findings.has_iprev = true;
	assert_true(
	    pst_ip_parse(PST_STR("2001:db8:1111:2222:3333:4444:5555:6666"),
		&findings.iprev.ip));
	return findings;
}

/* R-AR-10: the field exists and is bounded, whatever the signatures hold. */
static void
test_many_large_signatures(void **state)
{
	static const size_t counts[] = {1, 2, 3, 4, 5, 50};
	struct pst_dkim_sig sigs[50];

	(void)state;
	FOR_ROWS(i, counts, rows_number(counts[i])) {
		for (size_t len = 0; len < 980; len += 40) {
			struct pst_findings findings =
			    largest(sigs, counts[i], len);
			const char *field =
			    pst_edits_result_field(arena, ID, &findings, NULL);

			assert_true(strlen(field) <= PST_AUTHRES_MAX);
			/* The signature that counts is there, and what
			 * follows it. */
			assert_non_null(strstr(field, "dkim=pass"));
			assert_non_null(strstr(field, "policy.dmarc=reject"));
			assert_non_null(
			    strstr(field, "policy.iprev=\"2001:db8:"));
		}
	}
}

/* An entry that does not fit does not keep a smaller one out. */
static void
test_small_behind_large(void **state)
{
	struct pst_dkim_sig sigs[4];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		sigs[i] = (struct pst_dkim_sig){.result = PST_RESULT_FAIL,
		    .algorithm = long_value('a', 950, ""),
		    .identity = long_value('i', 950, "@d.example"),
		    .b = long_value('b', 960,
			i == 0     ? "x" :
			    i == 1 ? "y" :
				     "z"),
		    .checked = true};
	sigs[3] = (struct pst_dkim_sig){.result = PST_RESULT_FAIL,
	    .domain = "small.example",
	    .checked = true};
	const char *got = dkim_part(sigs, 4);
	size_t entries = 0;
	for (const char *at = got; (at = strstr(at, "dkim=")) != NULL; at++)
		entries++;
	assert_int_equal(entries, 3);
	assert_non_null(strstr(got, "dkim=fail header.d=small.example"));
}

static void
test_long_equal_b_is_fast(void **state)
{
	enum { SIZE = 60000, SIGS = 8 };
	struct pst_dkim_sig sigs[SIGS];

	(void)state;
	for (size_t i = 0; i < SIGS; i++)
		sigs[i] = (struct pst_dkim_sig){.result = PST_RESULT_FAIL,
		    .domain = "d.example",
		    .b = long_value(
			'b', SIZE, pst_arena_printf(arena, "%zu", i)),
		    .checked = true};
	/* Too long for a line, so the entries omit it. */
	assert_null(strstr(dkim_part(sigs, SIGS), "header.b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf_rows),
	    cmocka_unit_test(test_dmarc_rows),
	    cmocka_unit_test(test_iprev_rows),
	    cmocka_unit_test(test_arc_rows),
	    cmocka_unit_test(test_dkim_rows),
	    cmocka_unit_test(test_b_tells_signatures_apart),
	    cmocka_unit_test(test_order_of_signatures),
	    cmocka_unit_test(test_many_large_signatures),
	    cmocka_unit_test(test_small_behind_large),
	    cmocka_unit_test(test_long_equal_b_is_fast),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
