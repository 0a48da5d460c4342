/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "tests/unit/dkim_fixture.h"
#include "tests/unit/rows.h"

#define HEADER "From: Joe <joe@mail.example.com>\r\nSubject: x\r\n"
#define BODY "text\r\n"

static struct pst_dkim_lib *lib;
static struct sign_key *rsa, *ed25519;

static const char *
sign(struct pst_arena *arena, const struct sign_key *key, const char *domain,
    const char *selector)
{
	struct sign_options options = {
	    .tags = pst_arena_printf(arena, "a=%s; d=%s; s=%s; ",
		key == rsa ? "rsa-sha256" : "ed25519-sha256", domain, selector),
	    .canon = "relaxed/simple",
	    .names = "from:subject",
	    .length = SIZE_MAX};

	return sign_message(arena, key, &options, HEADER, pst_str(BODY));
}

static const char *
key_line(struct pst_arena *arena, const struct sign_key *key,
    const char *domain, const char *selector)
{
	return trial_txt(arena,
	    pst_arena_printf(arena, "%s._domainkey.%s", selector, domain),
	    pst_arena_printf(arena, "k=%s; p=%s",
		key == rsa ? "rsa" : "ed25519",
		sign_key_public(arena, key, SIGN_SPKI)));
}

static void
run(struct pst_arena *arena, const char *signatures, const char *zone,
    struct trial trial, struct pst_dkim *out)
{
	trial.header =
	    pst_str(pst_arena_printf(arena, "%s" HEADER, signatures));
	trial.body = pst_str(BODY);
	trial.zone = zone;
	trial_run(arena, lib, &trial, out);
}

static void
expect(const struct pst_dkim *out, size_t at, enum pst_result result,
    const char *reason)
{
	const char *got;

	assert_in_range(at, 0, out->count - 1);
	got = out->sigs[at].reason;
	if (out->sigs[at].result != result ||
	    (got == NULL) != (reason == NULL) ||
	    (got != NULL && strcmp(got, reason) != 0))
		fail_msg("signature %zu: %s (%s), expected %s (%s)", at,
		    pst_result_word(out->sigs[at].result),
		    got == NULL ? "-" : got, pst_result_word(result),
		    reason == NULL ? "-" : reason);
}

/* ---- how many ---- */

static void
test_unsigned(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim out;

	(void)state;
	run(arena, "", "", (struct trial){0}, &out);
	assert_int_equal(out.result, PST_RESULT_NONE);
	assert_int_equal(out.count, 0);
	pst_arena_free(arena);
}

static void
test_two_algorithms(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *both = pst_arena_printf(arena, "%s%s",
	    sign(arena, rsa, "example.com", "r"),
	    sign(arena, ed25519, "example.com", "e"));
	struct pst_dkim out;

	(void)state;
	run(arena, both,
	    pst_arena_printf(arena, "%s%s",
		key_line(arena, rsa, "example.com", "r"),
		key_line(arena, ed25519, "example.com", "e")),
	    (struct trial){0}, &out);
	assert_int_equal(out.count, 2);
	expect(&out, 0, PST_RESULT_PASS, NULL);
	expect(&out, 1, PST_RESULT_PASS, NULL);

	/* a bad signature beside a good one changes nothing (R-DKIM-19) */
	run(arena, both, key_line(arena, ed25519, "example.com", "e"),
	    (struct trial){0}, &out);
	expect(&out, 0, PST_RESULT_PERMERROR, "no key");
	expect(&out, 1, PST_RESULT_PASS, NULL);
	assert_int_equal(out.result, PST_RESULT_PASS);
	pst_arena_free(arena);
}

static void
test_repeated(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *field = sign(arena, rsa, "example.com", "r");
	struct pst_dkim out;

	(void)state;
	run(arena, pst_arena_printf(arena, "%s%s%s", field, field, field),
	    key_line(arena, rsa, "example.com", "r"), (struct trial){0}, &out);
	assert_int_equal(out.count, 1);
	expect(&out, 0, PST_RESULT_PASS, NULL);
	pst_arena_free(arena);
}

/* A mangled copy on top must not hide the good signature (R-DKIM-20). */
static void
test_mangled_copy(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *field = sign(arena, rsa, "example.com", "r");
	char *copy = pst_arena_strdup(arena, field);
	struct pst_dkim out;

	(void)state;
	memcpy(strstr(copy, "subject"), "comment", strlen("comment"));
	run(arena, pst_arena_printf(arena, "%s%s", copy, field),
	    key_line(arena, rsa, "example.com", "r"), (struct trial){0}, &out);
	assert_int_equal(out.count, 2);
	expect(&out, 0, PST_RESULT_FAIL, "signature does not verify");
	expect(&out, 1, PST_RESULT_PASS, NULL);
	pst_arena_free(arena);
}

/* The author's own signature is verified, however much junk is above it. */
static void
test_choice(void **state)
{
	static const struct pst_dkim_config config = {.max_verified = 3,
	    .max_parsed = 9,
	    .min_key_bits = 1024,
	    .clock_skew_s = 300};
	static const char *const domains[] = {"a.example", "b.example",
	    "c.example", "d.example", "other.example.com", "example.com",
	    "mail.example.com", "e.example", "f.example", "g.example",
	    "h.example"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf fields, zone;
	struct pst_dkim out;

	(void)state;
	pst_buf_init(&fields, arena, 65536);
	pst_buf_init(&zone, arena, 65536);
	for (size_t i = 0; i < PST_COUNT(domains); i++) {
		pst_buf_add_text(&fields, sign(arena, rsa, domains[i], "r"));
		pst_buf_add_text(&zone, key_line(arena, rsa, domains[i], "r"));
	}
	run(arena, pst_buf_str(&fields), pst_buf_str(&zone),
	    (struct trial){
		.config = &config, .author_domain = "mail.example.com"},
	    &out);
	assert_int_equal(out.count, 9);
	assert_int_equal(out.unparsed, 2);
	for (size_t i = 0; i < out.count; i++) {
		bool chosen = i == 0 || i == 5 || i == 6;

		assert_int_equal(out.sigs[i].checked, chosen);
		if (chosen)
			expect(&out, i, PST_RESULT_PASS, NULL);
		else
			expect(&out, i, PST_RESULT_NEUTRAL,
			    "not checked: too many signatures");
		assert_string_equal(out.sigs[i].domain, domains[i]);
	}
	pst_arena_free(arena);
}

/* Costly keys share one budget; the author's signature comes first. */
static void
test_budget(void **state)
{
	static const char *const domains[] = {"a.example", "b.example",
	    "c.example", "d.example", "e.example", "f.example", "g.example",
	    "mail.example.com"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf fields, zone;
	struct pst_dkim out;

	(void)state;
	pst_buf_init(&fields, arena, 65536);
	pst_buf_init(&zone, arena, 65536);
	for (size_t i = 0; i < PST_COUNT(domains); i++) {
		pst_buf_add_text(
		    &fields, sign(arena, ed25519, domains[i], "e"));
		pst_buf_add_text(
		    &zone, key_line(arena, ed25519, domains[i], "e"));
	}
	run(arena, pst_buf_str(&fields), pst_buf_str(&zone),
	    (struct trial){.author_domain = "mail.example.com"}, &out);
	assert_int_equal(out.count, PST_COUNT(domains));
	for (size_t i = 0; i < out.count; i++) {
		bool fits = i < 4 || i == 7;

		assert_int_equal(out.sigs[i].checked, fits);
		if (fits)
			expect(&out, i, PST_RESULT_PASS, NULL);
		else
			expect(&out, i, PST_RESULT_NEUTRAL,
			    "not checked: too many signatures");
	}
	pst_arena_free(arena);
}

static void
test_truncated_header(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim out;

	(void)state;
	run(arena, sign(arena, rsa, "example.com", "r"),
	    key_line(arena, rsa, "example.com", "r"),
	    (struct trial){.max_fields = 2}, &out);
	expect(&out, 0, PST_RESULT_POLICY, "header limits exceeded");
	assert_string_equal(out.sigs[0].domain, "example.com");
	pst_arena_free(arena);
}

/* Returns a key record with an RSA modulus of that many bits, all ones. */
static const char *
rsa_of_bits(struct pst_arena *arena, const char *bits)
{
	size_t len = (size_t)strtoul(bits, NULL, 10) / 8, at = 0;
	unsigned char der[600], text[900];
	const unsigned char head[] = {0x30, 0x82, 0, 0, 0x02, 0x82, 0, 0, 0};
	const unsigned char exponent[] = {0x02, 0x03, 1, 0, 1};

	memcpy(der, head, sizeof(head));
	der[2] = (unsigned char)((len + 10) >> 8);
	der[3] = (unsigned char)(len + 10);
	der[6] = (unsigned char)((len + 1) >> 8);
	der[7] = (unsigned char)(len + 1);
	at = sizeof(head);
	memset(der + at, 0xff, len);
	at += len;
	memcpy(der + at, exponent, sizeof(exponent));
	(void)EVP_EncodeBlock(text, der, (int)(at + sizeof(exponent)));
	return pst_arena_printf(arena, "p=%s", (const char *)text);
}

/* A field that is too large voids the signatures that name it (R-SEC-6). */
static void
test_left_out_field(void **state)
{
	static const struct {
		const char *label;
		const char *large; /* the name of the large field */
		const char *names;
		enum pst_result want;
		const char *reason;
	} rows[] = {
	    {"not named", "X-Large", "from:subject", PST_RESULT_PASS, NULL},
	    {"named", "X-Large", "from:subject:x-large", PST_RESULT_POLICY,
		"header limits exceeded"},
	    {"named in capitals", "x-LARGE", "from:X-Large", PST_RESULT_POLICY,
		"header limits exceeded"},
	    {"a second Subject", "Subject", "from:subject", PST_RESULT_POLICY,
		"header limits exceeded"},
	    {"a second Subject, none signed", "Subject", "from",
		PST_RESULT_POLICY, "repeated field not signed"},
	    {"a second From", "From", "from", PST_RESULT_POLICY,
		"header limits exceeded"},
	    {"a signature, named", "DKIM-Signature", "from:dkim-signature",
		PST_RESULT_POLICY, "header limits exceeded"},
	    {"a signature, not named", "DKIM-Signature", "from",
		PST_RESULT_PASS, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct sign_options options = {
		    .tags = "a=rsa-sha256; d=example.com; s=r; ",
		    .canon = "relaxed/relaxed",
		    .names = rows[i].names,
		    .length = SIZE_MAX};
		char *large = pst_arena_alloc(arena, 70001);
		struct pst_dkim out;

		memset(large, 'x', 70000);
		run(arena,
		    pst_arena_printf(arena, "%s: %s\r\n%s", rows[i].large,
			large,
			sign_message(
			    arena, rsa, &options, HEADER, pst_str(BODY))),
		    key_line(arena, rsa, "example.com", "r"), (struct trial){0},
		    &out);
		assert_int_equal(out.count, 1);
		expect(&out, 0, rows[i].want, rows[i].reason);
		assert_int_equal(out.sigs[0].gap == PST_DKIM_GAP_CLAIMED,
		    rows[i].reason != NULL &&
			strstr(rows[i].reason, "limits") != NULL);
		pst_arena_free(arena);
	}
}

/*
 * What is due to a limit of ours is marked, unless the body shows that the
 * signature is wrong.
 */
static void
test_gaps(void **state)
{
	static const struct {
		const char *label;
		const char *key;   /* a fixed key that is too long, or NULL */
		const char *names; /* more names for h= */
		const char *body;
		enum pst_result want;
		enum pst_dkim_gap gap;
	} rows[] = {
	    {"good", NULL, "", BODY, PST_RESULT_PASS, PST_DKIM_NO_GAP},
	    {"too many names", NULL, "many", BODY, PST_RESULT_POLICY,
		PST_DKIM_GAP_CLAIMED},
	    {"long key", "4104", "", BODY, PST_RESULT_POLICY,
		PST_DKIM_GAP_CLAIMED},
	    {"long key, another body", "4104", "", "other\r\n", PST_RESULT_FAIL,
		PST_DKIM_NO_GAP},
	    {"short key", "768", "", BODY, PST_RESULT_POLICY, PST_DKIM_NO_GAP},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		size_t more = rows[i].names[0] == '\0' ? 0 : 2000;
		char *names = pst_arena_alloc(arena, 2 * more + 5);
		struct sign_options options = {
		    .tags = "a=rsa-sha256; d=example.com; s=r; ",
		    .canon = "relaxed/simple",
		    .names = names,
		    .length = SIZE_MAX};
		const char *field;
		struct pst_dkim out;

		memcpy(names, "from", 4);
		for (size_t n = 0; n < more; n++)
			memcpy(names + 4 + 2 * n, ":a", 2);
		field =
		    sign_message(arena, rsa, &options, HEADER, pst_str(BODY));
		trial_run(arena, lib,
		    &(struct trial){.header = pst_str(pst_arena_printf(
					arena, "%s" HEADER, field)),
			.body = pst_str(rows[i].body),
			.zone = rows[i].key == NULL ?
			    key_line(arena, rsa, "example.com", "r") :
			    trial_txt(arena, "r._domainkey.example.com",
				rsa_of_bits(arena, rows[i].key))},
		    &out);
		if (out.sigs[0].result != rows[i].want ||
		    out.sigs[0].gap != rows[i].gap)
			fail_msg("%s (%s)", pst_result_word(out.sigs[0].result),
			    out.sigs[0].reason);
		pst_arena_free(arena);
	}
}

static bool
is_suffix(const void *arg, const char *domain)
{
	(void)arg;
	return pst_domain_eq(domain, "co.example");
}

static void
test_public_suffix(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *both =
	    pst_arena_printf(arena, "%s%s", sign(arena, rsa, "co.example", "r"),
		sign(arena, rsa, "a.co.example", "r"));
	struct pst_dkim out;

	(void)state;
	run(arena, both,
	    pst_arena_printf(arena, "%s%s",
		key_line(arena, rsa, "co.example", "r"),
		key_line(arena, rsa, "a.co.example", "r")),
	    (struct trial){.public_suffix = is_suffix}, &out);
	expect(&out, 0, PST_RESULT_NEUTRAL, "d= is a public suffix");
	expect(&out, 1, PST_RESULT_PASS, NULL);
	pst_arena_free(arena);
}

/* ---- keys ---- */

static void
test_dns_failures(void **state)
{
	static const struct {
		const char *zone;
		enum pst_result want;
		const char *reason;
	} rows[] = {
	    {"", PST_RESULT_PERMERROR, "no key"},
	    {"r._domainkey.example.com. 60 IN A 192.0.2.1\n",
		PST_RESULT_PERMERROR, "no key"},
	    {"r._domainkey.example.com. 60 IN TXT \"\"\n", PST_RESULT_PERMERROR,
		"key record is malformed"},
	    {";! servfail r._domainkey.example.com\n", PST_RESULT_TEMPERROR,
		"no answer to the key look-up"},
	    {";! timeout r._domainkey.example.com\n", PST_RESULT_TEMPERROR,
		"no answer to the key look-up"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].zone) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dkim out;

		run(arena, sign(arena, rsa, "example.com", "r"), rows[i].zone,
		    (struct trial){0}, &out);
		expect(&out, 0, rows[i].want, rows[i].reason);
		assert_int_equal(out.result, rows[i].want);
		pst_arena_free(arena);
	}
}

static void
test_several_records(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *name = "r._domainkey.example.com";
	const char *good = key_line(arena, rsa, "example.com", "r");
	const char *other = key_line(arena, ed25519, "example.com", "r");
	const char *junk = trial_txt(arena, name, "v=spf1 -all");
	const char *revoked = trial_txt(arena, name, "p=");
	struct pst_dkim out;

	(void)state;
	run(arena, sign(arena, rsa, "example.com", "r"),
	    pst_arena_printf(arena, "%s%s", junk, good), (struct trial){0},
	    &out);
	expect(&out, 0, PST_RESULT_PASS, NULL);
	run(arena, sign(arena, rsa, "example.com", "r"),
	    pst_arena_printf(arena, "%s%s%s", revoked, other, good),
	    (struct trial){0}, &out);
	expect(&out, 0, PST_RESULT_PASS, NULL);

	/* libopendkim would use the first key for both */
	run(arena,
	    pst_arena_printf(arena, "%s%s",
		sign(arena, rsa, "example.com", "r"),
		sign(arena, ed25519, "example.com", "r")),
	    pst_arena_printf(arena, "%s%s", good, other), (struct trial){0},
	    &out);
	expect(&out, 0, PST_RESULT_PASS, NULL);
	expect(&out, 1, PST_RESULT_PASS, NULL);
	pst_arena_free(arena);
}

/* ---- waiting ---- */

/* Returns the value of a field, as libmilter gives it: no final CRLF. */
static struct pst_str
folded_with_lf(struct pst_arena *arena, const char *text)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	for (; *text != '\0'; text++)
		if (*text != '\r')
			pst_buf_add_char(&buf, *text);
	return pst_str_trim(pst_buf_slice(&buf));
}

static void
test_restart(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_header_limits limits = {100, 65536, 524288};
	struct pst_dns_limits dns_limits = {10, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(TRIAL_NOW);
	const char *zone_text = pst_arena_printf(arena,
	    ";! delay r._domainkey.example.com 20ms\n%s",
	    key_line(arena, rsa, "example.com", "r"));
	struct pst_err err;
	struct pst_resolver *zone =
	    pst_zone_parse(zone_text, strlen(zone_text), "zone", &err);
	struct pst_world world = {.arena = arena, .now_epoch = TRIAL_NOW};
	const char *field = sign(arena, rsa, "example.com", "r");
	struct pst_str value =
	    folded_with_lf(arena, field + sizeof("DKIM-Signature:") - 1);
	struct pst_header header;
	struct pst_dkim_msg *msg;
	struct pst_dkim first = {0}, second = {0};

	(void)state;
	assert_non_null(zone);
	world.dns = pst_dns_open(arena, zone, &clock, dns_limits);
	pst_header_init(&header, arena, limits);
	assert_non_null(
	    pst_header_add(&header, PST_STR("DKIM-Signature"), value));
	assert_non_null(pst_header_add(
	    &header, PST_STR("From"), PST_STR(" Joe <joe@mail.example.com>")));
	assert_non_null(
	    pst_header_add(&header, PST_STR("Subject"), PST_STR(" x")));
	msg = pst_dkim_begin(
	    &world, lib, &trial_config, &header, NULL, NULL, NULL);
	assert_int_equal(pst_dns_count(world.dns), 1);
	assert_true(pst_dkim_body(msg, BODY, sizeof(BODY) - 1));
	assert_false(pst_dkim_check(&world, msg, &first));
	assert_int_equal(first.count, 0);
	while (!pst_dkim_check(&world, msg, &first))
		assert_true(pst_dns_wait(world.dns, INT64_MAX));
	assert_int_equal(first.result, PST_RESULT_PASS);
	assert_true(pst_dkim_check(&world, msg, &second));
	assert_memory_equal(&first, &second, sizeof(first));
	assert_false(pst_dkim_body(msg, "more", 4));
	assert_int_equal(pst_dns_count(world.dns), 1);
	pst_arena_free(arena);
	pst_resolver_free(zone);
}

static int
set_up(void **state)
{
	(void)state;
	lib = trial_lib();
	rsa = sign_key_load("test-rsa.pem");
	ed25519 = sign_key_load("test-ed25519.key");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sign_key_free(rsa);
	sign_key_free(ed25519);
	pst_dkim_lib_free(lib);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unsigned),
	    cmocka_unit_test(test_two_algorithms),
	    cmocka_unit_test(test_repeated),
	    cmocka_unit_test(test_mangled_copy),
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_truncated_header),
	    cmocka_unit_test(test_left_out_field),
	    cmocka_unit_test(test_gaps),
	    cmocka_unit_test(test_public_suffix),
	    cmocka_unit_test(test_dns_failures),
	    cmocka_unit_test(test_several_records),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
