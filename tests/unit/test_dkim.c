/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "tests/unit/dkim_fixture.h"
#include "tests/unit/rows.h"

#define HEADER                                                                 \
	"From: Joe <joe@example.com>\r\n"                                      \
	"To: Ann <ann@example.net>\r\n"                                        \
	"Subject: a  folded\r\n \t subject \r\n"                               \
	"Date: Sun, 5 Jun 2005 21:00:00 +0000\r\n"                             \
	"Message-ID: <1@example.com>\r\n"
#define NAMES "from:to:subject:date:message-id"
#define BODY "Hi  there \t\r\n\r\n\tsecond  line\r\n\r\n\r\n"
#define KEY_NAME "sel._domainkey.example.com"

static struct pst_dkim_lib *lib;
static struct sign_key *rsa, *rsa1024, *rsa1016, *rsa768, *ed25519;

/* ---- what verifies ---- */

static const char *const bodies[] = {
    "",
    "\r\n",
    "\r\n\r\n",
    "one line\r\n",
    BODY,
    " \t \r\nx\r\n \r\n",
    "caf\xc3\xa9 \xff\r\n.\r\n",
};

static const char *
record(struct pst_arena *arena, const struct sign_key *key)
{
	return pst_arena_printf(arena, "v=DKIM1; k=%s; p=%s",
	    key == ed25519 ? "ed25519" : "rsa",
	    sign_key_public(arena, key, SIGN_SPKI));
}

static const char *
tags_for(const struct sign_key *key)
{
	return key == ed25519 ? "a=ed25519-sha256; d=example.com; s=sel; " :
				"a=rsa-sha256; d=example.com; s=sel; ";
}

static void
expect_pass(const char *canon, const struct sign_key *key, const char *body,
    size_t chunk)
{
	struct pst_arena *arena = pst_arena_new();
	struct sign_options options = {.tags = tags_for(key),
	    .canon = canon,
	    .names = NAMES,
	    .length = SIZE_MAX};
	const char *field =
	    sign_message(arena, key, &options, HEADER, pst_str(body));
	struct trial trial = {
	    .header = pst_str(pst_arena_printf(arena, "%s" HEADER, field)),
	    .body = pst_str(body),
	    .chunk = chunk,
	    .zone = trial_txt(arena, KEY_NAME, record(arena, key)),
	};
	struct pst_dkim out;

	trial_run(arena, lib, &trial, &out);
	if (out.result != PST_RESULT_PASS)
		print_error("%s, \"%s\", chunk %zu: %s\n", canon, body, chunk,
		    out.count == 0 || out.sigs[0].reason == NULL ?
			"?" :
			out.sigs[0].reason);
	assert_int_equal(out.result, PST_RESULT_PASS);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.sigs[0].result, PST_RESULT_PASS);
	assert_null(out.sigs[0].reason);
	assert_string_equal(out.sigs[0].domain, "example.com");
	assert_string_equal(out.sigs[0].selector, "sel");
	assert_int_equal(out.sigs[0].bits, key == ed25519 ? 256 : 2048);
	assert_true(out.sigs[0].checked);
	assert_true(out.sigs[0].header_ok);
	assert_false(out.sigs[0].body_failed);
	pst_arena_free(arena);
}

static void
test_canonicalizations(void **state)
{
	static const char *const canons[] = {"simple/simple", "simple/relaxed",
	    "relaxed/simple", "relaxed/relaxed", "simple", "relaxed"};
	static const size_t chunks[] = {0, 1, 7};

	(void)state;
	FOR_ROWS(i, canons, canons[i])
		for (size_t j = 0; j < PST_COUNT(bodies); j++)
			for (size_t k = 0; k < 3; k++) {
				expect_pass(
				    canons[i], rsa, bodies[j], chunks[k]);
				expect_pass(
				    canons[i], ed25519, bodies[j], chunks[k]);
			}
}

/* ---- one octet changed ---- */

static void
test_changes(void **state)
{
	static const struct {
		const char *label;
		const char *header;
		const char *body;
		enum pst_result want;
		bool header_ok;
		bool body_failed;
	} rows[] = {
	    {"nothing", HEADER, BODY, PST_RESULT_PASS, true, false},
	    {"body", HEADER, "hi  there \t\r\n\r\n\tsecond  line\r\n",
		PST_RESULT_FAIL, true, true},
	    {"text added to the body", HEADER, BODY "!\r\n", PST_RESULT_FAIL,
		true, true},
	    {"signed field",
		"From: Joe <joe@example.com>\r\n"
		"To: Ann <ann@example.net>\r\n"
		"Subject: A  folded\r\n \t subject \r\n"
		"Date: Sun, 5 Jun 2005 21:00:00 +0000\r\n"
		"Message-ID: <1@example.com>\r\n",
		BODY, PST_RESULT_FAIL, false, false},
	    {"unsigned field", HEADER "X-Y: z\r\n", BODY, PST_RESULT_PASS, true,
		false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct sign_options options = {.tags = tags_for(rsa),
		    .canon = "relaxed/relaxed",
		    .names = NAMES,
		    .length = SIZE_MAX};
		const char *field =
		    sign_message(arena, rsa, &options, HEADER, pst_str(BODY));
		struct trial trial = {
		    .header = pst_str(
			pst_arena_printf(arena, "%s%s", field, rows[i].header)),
		    .body = pst_str(rows[i].body),
		    .zone = trial_txt(arena, KEY_NAME, record(arena, rsa)),
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		if (out.sigs[0].result != rows[i].want ||
		    out.sigs[0].header_ok != rows[i].header_ok ||
		    out.sigs[0].body_failed != rows[i].body_failed)
			fail_msg("%s", rows[i].label);
		pst_arena_free(arena);
	}
}

/* ---- tags and keys ---- */

#define PLAIN "a=rsa-sha256; d=example.com; s=sel; "
#define RSA_KEY "v=DKIM1; k=rsa; p=%s"

static const struct tag_row {
	const char *label;
	const char *tags;
	const char *names;     /* NULL: NAMES */
	const char *added;     /* a field inserted on top; or NULL */
	const char *record;    /* %s: the key */
	struct sign_key **key; /* NULL: rsa */
	size_t length;         /* of l=; 0: none */
	enum pst_result want;
	const char *reason;
} tag_rows[] = {
    {"plain", PLAIN, NULL, NULL, RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"over-signed", PLAIN, NAMES ":from:subject:x-none:x-none", NULL, RSA_KEY,
	NULL, 0, PST_RESULT_PASS, NULL},
    {"second From", PLAIN, NULL, "From: Eve <eve@evil.example>", RSA_KEY, NULL,
	0, PST_RESULT_POLICY, "repeated field not signed"},
    {"second From, over-signed", PLAIN, NAMES ":from",
	"From: Eve <eve@evil.example>", RSA_KEY, NULL, 0, PST_RESULT_FAIL,
	"signature does not verify"},
    {"second Subject", PLAIN, NULL, "Subject: buy", RSA_KEY, NULL, 0,
	PST_RESULT_POLICY, "repeated field not signed"},
    {"a Reply-To alone", PLAIN, NULL, "Reply-To: e@evil.example", RSA_KEY, NULL,
	0, PST_RESULT_PASS, NULL},
    {"From not signed", PLAIN, "to:subject", NULL, RSA_KEY, NULL, 0,
	PST_RESULT_PERMERROR, "From is not signed"},
    {"just expired, within the tolerance", PLAIN "t=1117990000; x=1117999800; ",
	NULL, NULL, RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"expired", PLAIN "t=1117990000; x=1117999700; ", NULL, NULL, RSA_KEY, NULL,
	0, PST_RESULT_FAIL, "signature expired"},
    {"valid then, not in this year", PLAIN "t=1117990000; x=1118000100; ", NULL,
	NULL, RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"never expires", PLAIN "x=9999999999999; ", NULL, NULL, RSA_KEY, NULL, 0,
	PST_RESULT_PASS, NULL},
    {"never expires, too long for libopendkim",
	PLAIN "x=99999999999999999999999; ", NULL, NULL, RSA_KEY, NULL, 0,
	PST_RESULT_PASS, NULL},
    {"clock ahead, within the tolerance", PLAIN "t=1118000300; ", NULL, NULL,
	RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"in the future", PLAIN "t=1118000301; ", NULL, NULL, RSA_KEY, NULL, 0,
	PST_RESULT_POLICY, "signed in the future"},
    {"t=0", PLAIN "t=0; ", NULL, NULL, RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"x= before t=", PLAIN "t=1118000000; x=1118000000; ", NULL, NULL, RSA_KEY,
	NULL, 0, PST_RESULT_NEUTRAL, "t= or x= is invalid"},
    {"l= of all", PLAIN "l=26; ", NULL, NULL, RSA_KEY, NULL, 26,
	PST_RESULT_PASS, NULL},
    {"l= of a part", PLAIN "l=5; ", NULL, NULL, RSA_KEY, NULL, 5,
	PST_RESULT_POLICY, "l= covers only part of the body"},
    {"l= of too much", PLAIN "l=27; ", NULL, NULL, RSA_KEY, NULL, 28,
	PST_RESULT_PERMERROR, "l= is larger than the body"},
    {"l= of far too much", PLAIN "l=99999999999999999999999; ", NULL, NULL,
	RSA_KEY, NULL, 27, PST_RESULT_PERMERROR, "l= is larger than the body"},
    {"i= below d=", PLAIN "i=joe@mail.example.com; ", NULL, NULL, RSA_KEY, NULL,
	0, PST_RESULT_PASS, NULL},
    {"i= below d=, strict key", PLAIN "i=joe@mail.example.com; ", NULL, NULL,
	"v=DKIM1; t=s; p=%s", NULL, 0, PST_RESULT_PERMERROR,
	"key does not allow a subdomain in i="},
    {"i= in d=, strict key", PLAIN "i=joe@Example.com; ", NULL, NULL,
	"v=DKIM1; t=y:s; p=%s", NULL, 0, PST_RESULT_PASS, NULL},
    {"i= elsewhere", PLAIN "i=joe@example.org; ", NULL, NULL, RSA_KEY, NULL, 0,
	PST_RESULT_PERMERROR, "i= is not within d="},
    {"revoked", PLAIN, NULL, NULL, "v=DKIM1; p=; n=%s", NULL, 0,
	PST_RESULT_PERMERROR, "key is revoked"},
    {"no key type", PLAIN, NULL, NULL, "p=%s", NULL, 0, PST_RESULT_PASS, NULL},
    {"other key type", PLAIN, NULL, NULL, "v=DKIM1; k=ed25519; p=%s", NULL, 0,
	PST_RESULT_PERMERROR, "key type does not match the algorithm"},
    {"no key record", PLAIN, NULL, NULL, "v=spf1 -all %s", NULL, 0,
	PST_RESULT_PERMERROR, "key record is malformed"},
    {"1024 bits", PLAIN, NULL, NULL, RSA_KEY, &rsa1024, 0, PST_RESULT_PASS,
	NULL},
    {"1016 bits", PLAIN, NULL, NULL, RSA_KEY, &rsa1016, 0, PST_RESULT_POLICY,
	"key is too short"},
    {"768 bits", PLAIN, NULL, NULL, RSA_KEY, &rsa768, 0, PST_RESULT_POLICY,
	"key is too short"},
    {"rsa-sha1", "a=rsa-sha1; d=example.com; s=sel; ", NULL, NULL, RSA_KEY,
	NULL, 0, PST_RESULT_POLICY, "rsa-sha1 is not accepted"},
    {"capital letters in d= and s=", "a=rsa-sha256; d=EXAMPLE.com; s=SEL; ",
	NULL, NULL, RSA_KEY, NULL, 0, PST_RESULT_PASS, NULL},
    {"blanks in the list", PLAIN, "From : To:\r\n\tSubject", NULL, RSA_KEY,
	NULL, 0, PST_RESULT_PASS, NULL},
    {"unknown tags", PLAIN "z=From:bob=40example.com|b=20; r=y; ", NULL, NULL,
	"v=DKIM1; n=a note \\195\\169; x=y; p=%s; g=", NULL, 0, PST_RESULT_PASS,
	NULL},
    {"allows no other signature", PLAIN, NAMES ":dkim-signature", NULL, RSA_KEY,
	NULL, 0, PST_RESULT_PASS, NULL},
};

static void
run_tag_row(const struct tag_row *row, const struct pst_dkim_config *config,
    enum pst_result want, const char *reason, enum sign_form form)
{
	struct pst_arena *arena = pst_arena_new();
	struct sign_key *key = row->key == NULL ? rsa : *row->key;
	struct sign_options options = {.tags = row->tags,
	    .canon = "relaxed/relaxed",
	    .names = row->names == NULL ? NAMES : row->names,
	    .length = row->length == 0 ? SIZE_MAX : row->length};
	const char *field =
	    sign_message(arena, key, &options, HEADER, pst_str(BODY));
	const char *public = sign_key_public(arena, key, form);
	size_t at = pst_str_find(pst_str(row->record), '%');
	const char *text = pst_arena_printf(arena, "%.*s%s%s", (int)at,
	    row->record, public, row->record + at + 2);
	struct trial trial = {
	    .header = pst_str(pst_arena_printf(arena, "%s%s%s" HEADER,
		row->added == NULL ? "" : row->added,
		row->added == NULL ? "" : "\r\n", field)),
	    .body = pst_str(BODY),
	    .zone = trial_txt(arena, KEY_NAME, text),
	    .config = config,
	};
	struct pst_dkim out;
	const char *got;

	trial_run(arena, lib, &trial, &out);
	assert_int_equal(out.count, 1);
	got = out.sigs[0].reason;
	if (out.sigs[0].result != want || (got == NULL) != (reason == NULL) ||
	    (got != NULL && strcmp(got, reason) != 0))
		fail_msg("%s: %s (%s)", row->label,
		    pst_result_word(out.sigs[0].result),
		    got == NULL ? "-" : got);
	pst_arena_free(arena);
}

static void
test_tags_and_keys(void **state)
{
	(void)state;
	FOR_ROWS(i, tag_rows, tag_rows[i].label)
		run_tag_row(&tag_rows[i], NULL, tag_rows[i].want,
		    tag_rows[i].reason, SIGN_SPKI);
}

/*
 * Without a key, a signature over another body has failed, with l= too; one
 * over this body may be good.
 */
static void
test_body_without_key(void **state)
{
	static const struct {
		const char *label, *zone, *tags, *body;
		size_t length;
		enum pst_result want;
		bool body_failed;
	} rows[] = {
#define DEAD ";! servfail " KEY_NAME "\n"
	    {"no answer, this body", DEAD, PLAIN, BODY, SIZE_MAX,
		PST_RESULT_TEMPERROR, false},
	    {"no answer, another body", DEAD, PLAIN, "x\r\n", SIZE_MAX,
		PST_RESULT_FAIL, true},
	    {"no answer, l=, this body", DEAD, PLAIN "l=4; ", BODY "x\r\n", 4,
		PST_RESULT_TEMPERROR, false},
	    {"no answer, l=, another body", DEAD, PLAIN "l=26; ", "x\r\n", 26,
		PST_RESULT_FAIL, true},
	    {"no key, this body", "", PLAIN, BODY, SIZE_MAX,
		PST_RESULT_PERMERROR, false},
	    {"no key, another body", "", PLAIN, "x\r\n", SIZE_MAX,
		PST_RESULT_FAIL, true},
#undef DEAD
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct sign_options options = {.tags = rows[i].tags,
		    .canon = "relaxed/relaxed",
		    .names = NAMES,
		    .length = rows[i].length};
		const char *field =
		    sign_message(arena, rsa, &options, HEADER, pst_str(BODY));
		struct trial trial = {
		    .header =
			pst_str(pst_arena_printf(arena, "%s" HEADER, field)),
		    .body = pst_str(rows[i].body),
		    .zone = rows[i].zone,
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		assert_int_equal(out.count, 1);
		assert_int_equal(out.sigs[0].result, rows[i].want);
		assert_int_equal(out.sigs[0].body_failed, rows[i].body_failed);
		assert_false(out.sigs[0].header_ok);
		pst_arena_free(arena);
	}
}

static void
test_pkcs1_keys(void **state)
{
	(void)state;
	FOR_ROWS(i, tag_rows, tag_rows[i].label)
		run_tag_row(&tag_rows[i], NULL, tag_rows[i].want,
		    tag_rows[i].reason, SIGN_PKCS1);
}

static const struct tag_row *
find_row(const char *label)
{
	for (size_t i = 0; i < PST_COUNT(tag_rows); i++)
		if (strcmp(tag_rows[i].label, label) == 0)
			return &tag_rows[i];
	fail_msg("no row %s", label);
	return NULL;
}

static void
test_configuration(void **state)
{
	struct pst_dkim_config config = trial_config;

	(void)state;
	config.accept_body_length = true;
	run_tag_row(find_row("l= of a part"), &config, PST_RESULT_PASS, NULL,
	    SIGN_SPKI);
	config = trial_config;
	config.accept_test_keys = false;
	run_tag_row(find_row("i= in d=, strict key"), &config,
	    PST_RESULT_POLICY, "key is in test mode", SIGN_SPKI);
	config = trial_config;
	config.accept_unsigned_copies = true;
	run_tag_row(find_row("second Subject"), &config, PST_RESULT_PASS, NULL,
	    SIGN_SPKI);
	run_tag_row(find_row("second From"), &config, PST_RESULT_POLICY,
	    "repeated field not signed", SIGN_SPKI);
}

/* ---- threads ---- */

static void *
verify_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		expect_pass("relaxed/relaxed", rsa, BODY, 0);
		expect_pass("simple/simple", ed25519, BODY, 7);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, verify_many, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static int
set_up(void **state)
{
	(void)state;
	lib = trial_lib();
	rsa = sign_key_load("test-rsa.pem");
	rsa1024 = sign_key_load("test-rsa1024.pem");
	rsa1016 = sign_key_load("test-rsa1016.pem");
	rsa768 = sign_key_load("test-small.pem");
	ed25519 = sign_key_load("test-ed25519.key");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sign_key_free(rsa);
	sign_key_free(rsa1024);
	sign_key_free(rsa1016);
	sign_key_free(rsa768);
	sign_key_free(ed25519);
	pst_dkim_lib_free(lib);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_canonicalizations),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_tags_and_keys),
	    cmocka_unit_test(test_body_without_key),
	    cmocka_unit_test(test_pkcs1_keys),
	    cmocka_unit_test(test_configuration),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
