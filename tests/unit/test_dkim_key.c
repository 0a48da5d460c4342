/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dkim_key.h"
#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

/* The key of RFC 6376 appendix C; both forms of the same 1024 bits. */
#define SPKI                                                                    \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLn" \
	"Qg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lW" \
	"T947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckc" \
	"Q2QIDAQAB"
/* 11 octets: 3 * 2^40 + 1 and 65537 */
#define TINY_PKCS1 "MA0CBgMAAAAAAQIDAQAB"
#define ED "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct {
	const char *label;
	const char *text;
	bool is_key;
	enum pst_result want; /* for rsa-sha256 */
	const char *reason;
	unsigned bits;
} rows[] = {
    {"plain", "v=DKIM1; k=rsa; p=" SPKI, true, PST_RESULT_NONE, NULL, 1024},
    {"only p=", "p=" SPKI, true, PST_RESULT_NONE, NULL, 1024},
    {"all tags",
	"v=DKIM1; h=sha1:sha256; k=rsa; n=\xc3\xbc; s=email; t=y:s; p=" SPKI
	";",
	true, PST_RESULT_NONE, NULL, 1024},
    {"blanks in p=",
	"p= "
	"MIGf"
	" MA0GCSq",
	true, PST_RESULT_PERMERROR, "key is malformed", 0},
    {"any service", "s=*; p=" SPKI, true, PST_RESULT_NONE, NULL, 1024},
    {"several services", "s=tlsrpt:email; p=" SPKI, true, PST_RESULT_NONE, NULL,
	1024},
    {"old g=", "g=; p=" SPKI, true, PST_RESULT_NONE, NULL, 1024},

    {"v= not first", "k=rsa; v=DKIM1; p=" SPKI, false, PST_RESULT_NONE, NULL,
	0},
    {"v=DKIM2", "v=DKIM2; p=" SPKI, false, PST_RESULT_NONE, NULL, 0},
    {"v=dkim1", "v=dkim1; p=" SPKI, false, PST_RESULT_NONE, NULL, 0},
    {"no p=", "v=DKIM1; k=rsa", false, PST_RESULT_NONE, NULL, 0},
    {"empty", "", false, PST_RESULT_NONE, NULL, 0},
    {"SPF", "v=spf1 -all", false, PST_RESULT_NONE, NULL, 0},
    {"tag twice", "p=" SPKI "; p=", false, PST_RESULT_NONE, NULL, 0},
    {"no list", "p=" SPKI ";;", false, PST_RESULT_NONE, NULL, 0},

    {"revoked", "v=DKIM1; p=", true, PST_RESULT_PERMERROR, "key is revoked", 0},
    {"revoked with blanks", "p= ; t=y", true, PST_RESULT_PERMERROR,
	"key is revoked", 0},
    {"line ends", "v=DKIM1;\nk=rsa;\r\np=\n" SPKI "\r\n", true, PST_RESULT_NONE,
	NULL, 1024},
    {"line end in k=", "k=r\nsa; p=" SPKI, true, PST_RESULT_PERMERROR,
	"key type does not match the algorithm", 0},
    {"line ends alone in p=", "v=DKIM1; p=\n\r\n", true, PST_RESULT_PERMERROR,
	"key is revoked", 0},
    {"bare CR", "v=DKIM1; p=\r" SPKI, false, PST_RESULT_NONE, NULL, 0},
    {"other type", "k=ed25519; p=" SPKI, true, PST_RESULT_PERMERROR,
	"key type does not match the algorithm", 0},
    {"unknown type", "k=dsa; p=" SPKI, true, PST_RESULT_PERMERROR,
	"key type does not match the algorithm", 0},
    {"sha1 only", "h=sha1; p=" SPKI, true, PST_RESULT_PERMERROR,
	"key does not allow sha256", 0},
    {"other service", "s=tlsrpt; p=" SPKI, true, PST_RESULT_PERMERROR,
	"key is not for email", 0},
    {"no base64", "p=MIGf*", true, PST_RESULT_PERMERROR, "key is malformed", 0},
    {"no key within", "p=AAAA", true, PST_RESULT_PERMERROR, "key is malformed",
	0},
    {"cut off", "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP", true,
	PST_RESULT_PERMERROR, "key is malformed", 0},
    {"text after it", "p=" SPKI "AAAA", true, PST_RESULT_PERMERROR,
	"key is malformed", 0},
    {"another algorithm inside", "p=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAA",
	true, PST_RESULT_PERMERROR, "key is malformed", 0},
    {"tiny", "p=" TINY_PKCS1, true, PST_RESULT_POLICY, "key is too short", 42},
};

static void
test_records(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dkim_key key;
		bool is_key = pst_dkim_key_read(arena, pst_str(rows[i].text),
		    PST_DKIM_RSA_SHA256, 1024, &key);

		if (is_key != rows[i].is_key)
			fail_msg("is a key: %d", is_key);
		if (is_key &&
		    (key.result != rows[i].want || key.bits != rows[i].bits ||
			(key.record != NULL) !=
			    (rows[i].want == PST_RESULT_NONE) ||
			(pst_dkim_why_text(key.why) == NULL) !=
			    (rows[i].reason == NULL) ||
			(pst_dkim_why_text(key.why) != NULL &&
			    strcmp(pst_dkim_why_text(key.why),
				rows[i].reason) != 0)))
			fail_msg("%s, %u bits",
			    pst_dkim_why_text(key.why) == NULL ?
				"-" :
				pst_dkim_why_text(key.why),
			    key.bits);
		pst_arena_free(arena);
	}
}

static void
test_normalized(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_key key;

	(void)state;
	assert_true(
	    pst_dkim_key_read(arena, PST_STR("n=\xff; t = y : s ; p=" SPKI),
		PST_DKIM_RSA_SHA256, 1024, &key));
	assert_string_equal(key.record, "v=DKIM1; k=rsa; p=" SPKI);
	assert_true(key.test);
	assert_true(key.strict);

	assert_true(pst_dkim_key_read(arena, PST_STR("k=ed25519; p=" ED),
	    PST_DKIM_ED25519_SHA256, 1024, &key));
	assert_string_equal(key.record, "v=DKIM1; k=ed25519; p=" ED);
	assert_int_equal(key.bits, 256);
	assert_false(key.test);
	assert_false(key.strict);

	assert_true(pst_dkim_key_read(arena, PST_STR("k=ed25519; p=AAAA"),
	    PST_DKIM_ED25519_SHA256, 1024, &key));
	assert_string_equal(pst_dkim_why_text(key.why), "key is malformed");

	/* the tiny key, as the library would get it */
	assert_true(pst_dkim_key_read(
	    arena, PST_STR("p=" TINY_PKCS1), PST_DKIM_RSA_SHA256, 42, &key));
	assert_string_equal(key.record,
	    "v=DKIM1; k=rsa; "
	    "p=MCEwDQYJKoZIhvcNAQEBBQADEAAwDQIGAwAAAAABAgMBAAE=");
	pst_arena_free(arena);
}

/*
 * Returns a record whose RSAPublicKey has this exponent and a modulus of
 * `octets` octets 0xff.
 */
static const char *
rsa_record(struct pst_arena *arena, size_t octets, const char *exponent)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	size_t e_len = strlen(exponent) / 2, inner = octets + 5 + e_len + 2;
	unsigned char der[4096];
	struct pst_buf buf;
	size_t len = 0;

	der[len++] = 0x30;
	der[len++] = 0x82;
	der[len++] = (unsigned char)(inner >> 8);
	der[len++] = (unsigned char)inner;
	der[len++] = 0x02;
	der[len++] = 0x82;
	der[len++] = (unsigned char)((octets + 1) >> 8);
	der[len++] = (unsigned char)(octets + 1);
	der[len++] = 0;
	memset(der + len, 0xff, octets);
	len += octets;
	der[len++] = 0x02;
	der[len++] = (unsigned char)e_len;
	for (size_t i = 0; i < e_len; i++) {
		char pair[3] = {exponent[2 * i], exponent[2 * i + 1], '\0'};

		der[len++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	memset(der + len, 0, 2);
	pst_buf_init(&buf, arena, 8192);
	pst_buf_add_text(&buf, "p=");
	for (size_t i = 0; i < len; i += 3) {
		unsigned group = (unsigned)der[i] << 16 |
		    (unsigned)der[i + 1] << 8 | der[i + 2];

		pst_buf_add_char(&buf, digits[group >> 18]);
		pst_buf_add_char(&buf, digits[group >> 12 & 63]);
		if (i + 1 < len)
			pst_buf_add_char(&buf, digits[group >> 6 & 63]);
		if (i + 2 < len)
			pst_buf_add_char(&buf, digits[group & 63]);
	}
	return pst_buf_str(&buf);
}

static void
test_strange_numbers(void **state)
{
	static const struct {
		size_t octets;
		const char *exponent;
		const char *reason;
	} cases[] = {
	    {127, "010001", "key is too short"},
	    {512, "010001", NULL},
	    {513, "010001", "key is too long"},
	    {600, "010001", "key is too long"},
	    {128, "03", NULL},
	    {128, "01", "key has an unsafe exponent"},
	    {128, "02", "key has an unsafe exponent"},
	    {128, "010000", "key has an unsafe exponent"},
	    {128, "00ffffffff", NULL},
	    {128, "0100000001", "key has an unsafe exponent"},
	    {128, "00", "key is malformed"},
	    {128, "81", "key is malformed"},
	};

	(void)state;
	FOR_ROWS(i, cases, cases[i].exponent) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dkim_key key;
		const char *text =
		    rsa_record(arena, cases[i].octets, cases[i].exponent);

		assert_true(pst_dkim_key_read(
		    arena, pst_str(text), PST_DKIM_RSA_SHA256, 1024, &key));
		if ((pst_dkim_why_text(key.why) == NULL) !=
			(cases[i].reason == NULL) ||
		    (pst_dkim_why_text(key.why) != NULL &&
			strcmp(pst_dkim_why_text(key.why), cases[i].reason) !=
			    0))
			fail_msg("%zu octets, exponent %s: %s", cases[i].octets,
			    cases[i].exponent,
			    pst_dkim_why_text(key.why) == NULL ?
				"-" :
				pst_dkim_why_text(key.why));
		if (key.record != NULL)
			assert_true(
			    strlen(key.record) < PST_DKIM_MAX_KEY_RECORD);
		pst_arena_free(arena);
	}
}

static void
choose(struct pst_arena *arena, enum pst_dns_status status,
    const char *const texts[], size_t count, struct pst_dkim_key *key)
{
	struct pst_dns_answer *answer =
	    pst_dns_answer_new(status, 60, count, 4096);

	for (size_t i = 0; i < count; i++) {
		struct pst_dns_record record = {.data = pst_str(texts[i])};

		pst_dns_answer_add(answer, &record);
	}
	pst_dkim_key_choose(arena, answer, PST_DKIM_RSA_SHA256, 1024, key);
	pst_dns_answer_unref(answer);
}

static void
test_choice(void **state)
{
	static const char *const good[] = {"v=spf1", "p=", "p=" SPKI};
	static const char *const bad[] = {"junk", "h=sha1; p=" SPKI, "p="};
	static const char *const late[] = {"p=", "p=", "p=", "p=" SPKI};
	static const char *const junk[] = {"junk", "v=x"};
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_key key;

	(void)state;
	choose(arena, PST_DNS_OK, good, 3, &key);
	assert_non_null(key.record);
	assert_int_equal(key.result, PST_RESULT_NONE);
	choose(arena, PST_DNS_OK, bad, 3, &key);
	assert_string_equal(
	    pst_dkim_why_text(key.why), "key does not allow sha256");
	choose(arena, PST_DNS_OK, late, 4, &key);
	assert_string_equal(pst_dkim_why_text(key.why), "key is revoked");
	key.record = "p=old";
	choose(arena, PST_DNS_OK, junk, 2, &key);
	assert_null(key.record);
	assert_string_equal(
	    pst_dkim_why_text(key.why), "key record is malformed");
	assert_int_equal(key.result, PST_RESULT_PERMERROR);
	pst_arena_free(arena);
}

static void
test_no_answer(void **state)
{
	static const struct {
		enum pst_dns_status status;
		enum pst_result want;
	} cases[] = {
	    {PST_DNS_NXDOMAIN, PST_RESULT_PERMERROR},
	    {PST_DNS_NODATA, PST_RESULT_PERMERROR},
	    {PST_DNS_BADNAME, PST_RESULT_PERMERROR},
	    {PST_DNS_SERVFAIL, PST_RESULT_TEMPERROR},
	    {PST_DNS_BOGUS, PST_RESULT_TEMPERROR},
	    {PST_DNS_TIMEOUT, PST_RESULT_TEMPERROR},
	    {PST_DNS_BUDGET, PST_RESULT_TEMPERROR},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, cases, pst_dns_status_word(cases[i].status)) {
		/* nothing of an earlier key may be left */
		struct pst_dkim_key key = {
		    .record = "p=old", .bits = 2048, .test = true};

		choose(arena, cases[i].status, NULL, 0, &key);
		if (key.result != cases[i].want ||
		    pst_dkim_why_text(key.why) == NULL || key.record != NULL ||
		    key.bits != 0 || key.test)
			fail_msg("%s", pst_dns_status_word(cases[i].status));
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_normalized),
	    cmocka_unit_test(test_strange_numbers),
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
