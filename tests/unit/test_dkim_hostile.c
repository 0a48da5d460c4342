/* SPDX-License-Identifier: BSD-2-Clause */

/* Messages that crash libopendkim, or that it is known to hash wrongly. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/dkim_fixture.h"
#include "tests/unit/rows.h"

#define HEADER "From: Joe <joe@example.com>\r\nSubject: x\r\n"
#define BODY "text\r\n"
#define RR "relaxed/relaxed"
#define SS "simple/simple"

static struct pst_dkim_lib *lib;
static struct sign_key *rsa;

static const char *
zone_text(struct pst_arena *arena)
{
	return trial_txt(arena, "sel._domainkey.example.com",
	    pst_arena_printf(
		arena, "p=%s", sign_key_public(arena, rsa, SIGN_SPKI)));
}

static const char *
sign(struct pst_arena *arena, const char *canon, const char *names,
    const char *header, struct pst_str body)
{
	struct sign_options options = {
	    .tags = "a=rsa-sha256; d=example.com; s=sel; ",
	    .canon = canon,
	    .names = names,
	    .length = SIZE_MAX};

	return sign_message(arena, rsa, &options, header, body);
}

/* ---- the header ---- */

/* Returns the text with octet in place of the first tilde. */
static struct pst_str
with_octet(struct pst_arena *arena, const char *text, char octet)
{
	struct pst_str out = pst_str(text);
	char *copy = pst_arena_memdup(arena, out.ptr, out.len);
	char *tilde = memchr(copy, '~', out.len);

	if (tilde != NULL)
		*tilde = octet;
	out.ptr = copy;
	return out;
}

static void
test_odd_header(void **state)
{
	static const struct {
		const char *label;
		const char *canon;
		const char *sent;
		const char *field; /* as received; X-Other is not signed */
		char octet;
		enum pst_result want;
	} rows[] = {
	    {"nothing odd", RR, "X-Odd: a~b", "X-Odd: a~b", '~',
		PST_RESULT_PASS},
	    {"text after a NUL", RR, "X-Odd: a", "X-Odd: a~b", '\0',
		PST_RESULT_FAIL},
	    {"bare CR", RR, "X-Odd: a\rb", "X-Odd: a~b", '\r',
		PST_RESULT_NEUTRAL},
	    {"bare CR, simple", SS, "X-Odd: a\rb", "X-Odd: a~b", '\r',
		PST_RESULT_NEUTRAL},
	    {"bare CR instead of a blank", RR, "X-Odd: a b", "X-Odd: a~b", '\r',
		PST_RESULT_FAIL},
	    {"VT", RR, "X-Odd: a\vb", "X-Odd: a~b", '\v', PST_RESULT_PASS},
	    {"VT, simple", SS, "X-Odd: a\vb", "X-Odd: a~b", '\v',
		PST_RESULT_PASS},
	    {"VT between blanks", RR, "X-Odd: a  \v  b", "X-Odd: a ~ b", '\v',
		PST_RESULT_PASS},
	    {"VT at the end", RR, "X-Odd: a\v", "X-Odd: a~ ", '\v',
		PST_RESULT_PASS},
	    {"VT instead of a blank", RR, "X-Odd: a b", "X-Odd: a~b", '\v',
		PST_RESULT_FAIL},
	    {"VT that was put in", RR, "X-Odd: a b", "X-Odd: a ~b", '\v',
		PST_RESULT_FAIL},
	    {"FF", RR, "X-Odd: a\fb", "X-Odd: a~b", '\f', PST_RESULT_PASS},
	    {"FF instead of a blank", RR, "X-Odd: a b", "X-Odd: a~b", '\f',
		PST_RESULT_FAIL},
	    {"bare CR elsewhere", RR, "X-Other: y", "X-Other: a~b", '\r',
		PST_RESULT_PASS},
	    {"NUL elsewhere", RR, "X-Other: y", "X-Other: a~b", '\0',
		PST_RESULT_PASS},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *field = sign(arena, rows[i].canon, "from:x-odd",
		    pst_arena_printf(arena, HEADER "%s\r\n", rows[i].sent),
		    pst_str(BODY));
		struct trial trial = {
		    .header = with_octet(arena,
			pst_arena_printf(
			    arena, "%s" HEADER "%s\r\n", field, rows[i].field),
			rows[i].octet),
		    .body = pst_str(BODY),
		    .zone = zone_text(arena),
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		if (out.sigs[0].result != rows[i].want)
			fail_msg("%s",
			    out.sigs[0].reason == NULL ? "-" :
							 out.sigs[0].reason);
		assert_int_equal(out.sigs[0].gap,
		    rows[i].want == PST_RESULT_NEUTRAL ? PST_DKIM_GAP_PROVEN :
							 PST_DKIM_NO_GAP);
		pst_arena_free(arena);
	}
}

/* ---- the body ---- */

/*
 * We give libopendkim no body, so it believes a signature over an empty body.
 * Such a signature must not pass, nor stop the others from being verified.
 */
static void
test_signed_without_body(void **state)
{
	static const char *const canons[] = {"simple/simple", "simple/relaxed",
	    "relaxed/simple", "relaxed/relaxed"};

	(void)state;
	for (size_t i = 0; i < 4 * 4 * 2; i++) {
		struct pst_arena *arena = pst_arena_new();
		const char *empty =
		    sign(arena, canons[i % 4], "from", HEADER, pst_str(""));
		const char *whole = sign(
		    arena, canons[i / 4 % 4], "from", HEADER, pst_str(BODY));
		size_t good = i / 16;
		struct trial trial = {
		    .header = pst_str(pst_arena_printf(arena, "%s%s" HEADER,
			good == 0 ? whole : empty, good == 0 ? empty : whole)),
		    .body = pst_str(BODY),
		    .zone = zone_text(arena),
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		assert_int_equal(out.count, 2);
		assert_int_equal(out.sigs[good].result, PST_RESULT_PASS);
		assert_int_equal(out.sigs[1 - good].result, PST_RESULT_FAIL);
		assert_true(out.sigs[1 - good].header_ok);
		assert_true(out.sigs[1 - good].body_failed);
		pst_arena_free(arena);
	}
}

static void
test_odd_body(void **state)
{
	static const struct {
		const char *label;
		struct pst_str received;
		struct pst_str sent;
		enum pst_result want;
	} rows[] = {
	    {"no final CRLF", {"a\r\nb", 4}, {"a\r\nb\r\n", 6},
		PST_RESULT_PASS},
	    {"empty", {"", 0}, {"", 0}, PST_RESULT_PASS},
	    {"bare CR", {"a\rb\r\n", 5}, {"a\rb\r\n", 5}, PST_RESULT_NEUTRAL},
	    {"bare CR that was put in", {"a\rb\r\n", 5}, {"ab\r\n", 4},
		PST_RESULT_FAIL},
	    {"bare CR at the end", {"a\r", 2}, {"a\r\n", 3}, PST_RESULT_FAIL},
	    {"bare LF", {"a\nb\r\n", 5}, {"a\nb\r\n", 5}, PST_RESULT_NEUTRAL},
	    {"NUL", {"a\0b\r\n", 5}, {"a\0b\r\n", 5}, PST_RESULT_PASS},
	    {"NUL that was put in", {"a\0b\r\n", 5}, {"ab\r\n", 4},
		PST_RESULT_FAIL},
	    {"text after a NUL", {"a\0b\r\n", 5}, {"a\r\n", 3},
		PST_RESULT_FAIL},
	    {"VT and FF", {"a \vb\f\r\n", 7}, {"a \vb\f\r\n", 7},
		PST_RESULT_PASS},
	    {"VT instead of a blank", {"a\vb\r\n", 5}, {"a b\r\n", 5},
		PST_RESULT_FAIL},
	    {"FF at the end of a line", {"a\f\r\n", 4}, {"a\r\n", 3},
		PST_RESULT_FAIL},
	    {"8-bit", {"\xff\xe4\r\n", 4}, {"\xff\xe4\r\n", 4},
		PST_RESULT_PASS},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		for (size_t chunk = 0; chunk < 3; chunk++) {
			struct pst_arena *arena = pst_arena_new();
			const char *field = sign(arena, "relaxed/relaxed",
			    "from", HEADER, rows[i].sent);
			struct trial trial = {
			    .header = pst_str(
				pst_arena_printf(arena, "%s" HEADER, field)),
			    .body = rows[i].received,
			    .chunk = chunk,
			    .zone = zone_text(arena),
			};
			struct pst_dkim out;
			enum pst_result got;

			trial_run(arena, lib, &trial, &out);
			got = out.sigs[0].result;
			if (got != rows[i].want)
				fail_msg("%s, chunk %zu: %s", rows[i].label,
				    chunk, pst_result_word(got));
			assert_int_equal(out.sigs[0].gap,
			    got == PST_RESULT_NEUTRAL ? PST_DKIM_GAP_PROVEN :
							PST_DKIM_NO_GAP);
			pst_arena_free(arena);
		}
	}
}

/* ---- whole messages that must not crash ---- */

static void
test_all_fields_named(void **state)
{
	(void)state;
	/* h= names every field and one more */
	for (size_t fields = 3; fields <= 10; fields++) {
		struct pst_arena *arena = pst_arena_new();
		struct trial trial = {.body = pst_str(BODY), .zone = ""};
		struct pst_buf names, header;
		struct pst_dkim out;

		pst_buf_init(&names, arena, 4096);
		pst_buf_init(&header, arena, 4096);
		pst_buf_add_text(&names, "from");
		pst_buf_add_text(&header, "From: a@example.com\r\n");
		for (size_t i = 0; i + 2 < fields; i++) {
			pst_buf_printf(&names, ":x-%zu", i);
			pst_buf_printf(&header, "X-%zu: y\r\n", i);
		}
		pst_buf_printf(&header,
		    "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=sel; "
		    "h=%s:dkim-signature:from:from; bh=AAAA; b=AAAA\r\n",
		    pst_buf_str(&names));
		trial.header = pst_buf_slice(&header);
		trial_run(arena, lib, &trial, &out);
		assert_int_equal(out.count, 1);
		/* The body already differs, whatever the key is. */
		assert_int_equal(out.sigs[0].result, PST_RESULT_FAIL);
		assert_true(out.sigs[0].body_failed);

		trial.zone = zone_text(arena);
		trial_run(arena, lib, &trial, &out);
		assert_int_equal(out.sigs[0].result, PST_RESULT_FAIL);
		pst_arena_free(arena);
	}
}

#define SIG "DKIM-Signature: v=1; a=rsa-sha256; "
#define END "; bh=AAAA; b=AAAA\r\n"
#define FROM "From: a@example.com\r\n"

static void
test_refused(void **state)
{
	static const struct {
		const char *label;
		const char *header;
		enum pst_result want;
		const char *reason;
	} rows[] = {
	    {"i= ends in =",
		SIG "d=example.com; s=sel; h=from; i=a@example.com=" END FROM,
		PST_RESULT_NEUTRAL, "i= is not an identity"},
	    {"q=http", SIG "d=example.com; s=sel; h=from; q=http" END FROM,
		PST_RESULT_NEUTRAL, "unknown query method"},
	    {"selector is a path", SIG "d=example.com; s=../x; h=from" END FROM,
		PST_RESULT_NEUTRAL, "s= is not a selector"},
	    {"domain with a comment",
		SIG "d=example.com(.evil; s=sel; h=from" END FROM,
		PST_RESULT_NEUTRAL, "d= is not a domain name"},
	    {"b= twice", SIG "d=example.com; s=sel; h=from; b=BB" END FROM,
		PST_RESULT_NEUTRAL, "tag given twice"},
	    {"b= twice, with a blank",
		SIG "d=example.com; s=sel; h=from; b =BB" END FROM,
		PST_RESULT_NEUTRAL, "tag given twice"},
	    {"no From field",
		SIG "d=example.com; s=sel; h=from" END "Subject: x\r\n",
		PST_RESULT_PERMERROR, "no From field"},
	    {"field names that libopendkim refuses",
		SIG "d=example.com; s=sel; h=from" END FROM
		    "a;b: x\r\n\x01: x\r\n\xff: x\r\n: x\r\n",
		PST_RESULT_FAIL, "signature does not verify"},
	    {"empty value", "DKIM-Signature:\r\n" FROM, PST_RESULT_NEUTRAL,
		"not a valid tag list"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct trial trial = {
		    .header = pst_str(rows[i].header),
		    .body = pst_str(BODY),
		    .zone = zone_text(arena),
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		if (out.count != 1 || out.sigs[0].result != rows[i].want ||
		    strcmp(out.sigs[0].reason, rows[i].reason) != 0)
			fail_msg("%s (%s)", pst_result_word(out.sigs[0].result),
			    out.sigs[0].reason);
		pst_arena_free(arena);
	}
}

static const char *
fill(struct pst_arena *arena, char c, size_t count)
{
	char *text = pst_arena_alloc(arena, count + 1);

	memset(text, c, count);
	return text;
}

/* Signatures that are too large for libopendkim's tables and buffers. */
static void
test_sizes(void **state)
{
	static const struct {
		const char *label;
		const char *tag;
		char filler;
		size_t count;
		enum pst_result want;
		const char *reason;
	} rows[] = {
	    {"a long field", "x=1118000000; z", 'a', 17000, PST_RESULT_POLICY,
		"signature is too long"},
	    {"a field of 60 KB", "z", 'a', 60000, PST_RESULT_POLICY,
		"signature is too long"},
	    {"the longest field", "z", 'a', 16000, PST_RESULT_FAIL,
		"signature does not verify"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct trial trial = {
		    .header = pst_str(pst_arena_printf(arena,
			SIG "d=example.com; s=sel; h=from; %s=%s" END FROM,
			rows[i].tag,
			fill(arena, rows[i].filler, rows[i].count))),
		    .body = pst_str(BODY),
		    .zone = zone_text(arena),
		};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		if (out.sigs[0].result != rows[i].want ||
		    strcmp(out.sigs[0].reason, rows[i].reason) != 0)
			fail_msg("%s (%s)", pst_result_word(out.sigs[0].result),
			    out.sigs[0].reason);
		pst_arena_free(arena);
	}
}

/* A long signed field and a long h= list do not make a signature fail. */
static void
test_long_but_good(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *header = pst_arena_printf(
	    arena, HEADER "X-Long: %s\r\n", fill(arena, 'y', 60000));
	struct pst_buf names;
	struct trial trial = {.body = pst_str(BODY)};
	struct pst_dkim out;

	(void)state;
	pst_buf_init(&names, arena, 4000);
	pst_buf_add_text(&names, "from:x-long:subject");
	while (pst_buf_slice(&names).len < 3990)
		pst_buf_add_text(&names, ":a");
	trial.zone = zone_text(arena);
	trial.header = pst_str(pst_arena_printf(arena, "%s%s",
	    sign(arena, "simple/simple", pst_buf_str(&names), header,
		pst_str(BODY)),
	    header));
	trial_run(arena, lib, &trial, &out);
	assert_int_equal(out.result, PST_RESULT_PASS);
	pst_arena_free(arena);
}

static int
set_up(void **state)
{
	(void)state;
	lib = trial_lib();
	rsa = sign_key_load("test-rsa.pem");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sign_key_free(rsa);
	pst_dkim_lib_free(lib);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_odd_header),
	    cmocka_unit_test(test_signed_without_body),
	    cmocka_unit_test(test_odd_body),
	    cmocka_unit_test(test_all_fields_named),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_long_but_good),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
