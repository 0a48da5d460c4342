/* SPDX-License-Identifier: BSD-2-Clause */

/* Signatures that auth/dkim_own verifies, through pst_dkim_*(). */

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

/* Signs with more tags, which end in "; ". */
static const char *
sign_with(struct pst_arena *arena, const char *tags, const char *canon,
    const char *names, const char *header, struct pst_str body)
{
	struct sign_options options = {
	    .tags = pst_arena_printf(
		arena, "a=rsa-sha256; d=example.com; s=sel; %s", tags),
	    .canon = canon,
	    .names = names,
	    .length = SIZE_MAX};

	return sign_message(arena, rsa, &options, header, body);
}

static const char *
sign(struct pst_arena *arena, const char *canon, const char *names,
    const char *header, struct pst_str body)
{
	return sign_with(arena, "", canon, names, header, body);
}

#define OTHER                                                                  \
	"DKIM-Signature: v=1; a=unknown; d=example.org; s=x; h=from; "         \
	"bh=AAAA; b=AAAA\r\n"

/*
 * Signatures that sign other signatures, which libopendkim does not see. The
 * field of the signature itself is never one of them (RFC 6376 s. 3.5).
 */
static void
test_signed_signatures(void **state)
{
	static const struct {
		const char *label;
		const char *names;
		const char *sent;
		const char *received;
		enum pst_result want;
	} rows[] = {
	    {"one", "from:dkim-signature", OTHER HEADER, OTHER HEADER,
		PST_RESULT_PASS},
	    {"one, named twice", "from:dkim-signature:dkim-signature",
		OTHER HEADER, OTHER HEADER, PST_RESULT_PASS},
	    {"one that is removed", "from:dkim-signature", OTHER HEADER, HEADER,
		PST_RESULT_FAIL},
	    {"one that is put in", "from:dkim-signature", HEADER, OTHER HEADER,
		PST_RESULT_FAIL},
	    {"another put in", "from:dkim-signature:dkim-signature",
		OTHER HEADER, "DKIM-Signature: x\r\n" OTHER HEADER,
		PST_RESULT_FAIL},
	    {"another on top, not named", "from:dkim-signature", OTHER HEADER,
		"DKIM-Signature: x\r\n" OTHER HEADER, PST_RESULT_PASS},
	    {"two copies, named twice", "from:dkim-signature:dkim-signature",
		OTHER OTHER HEADER, OTHER OTHER HEADER, PST_RESULT_PASS},
	    {"two copies, one removed", "from:dkim-signature:dkim-signature",
		OTHER OTHER HEADER, OTHER HEADER, PST_RESULT_FAIL},
	    {"not named", "from", HEADER, OTHER HEADER, PST_RESULT_PASS},
	    {"not named, another From", "from", "From: other\r\n", OTHER HEADER,
		PST_RESULT_FAIL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		const char *field =
		    sign(arena, SS, rows[i].names, rows[i].sent, pst_str(BODY));
		struct trial trial = {.body = pst_str(BODY),
		    .header = pst_str(pst_arena_printf(
			arena, "%s%s", field, rows[i].received)),
		    .zone = zone_text(arena)};
		struct pst_dkim out;

		trial_run(arena, lib, &trial, &out);
		if (out.sigs[0].result != rows[i].want)
			fail_msg("%s", pst_result_word(out.sigs[0].result));
		pst_arena_free(arena);
	}
}

/* ---- signatures that libopendkim misreads (R-DKIM-21) ---- */

static const char *
fill(struct pst_arena *arena, char c, size_t count)
{
	char *text = pst_arena_alloc(arena, count + 1);

	memset(text, c, count);
	return text;
}

/* Returns field with the first occurrence of old, which must exist, replaced. */
static const char *
replaced(struct pst_arena *arena, const char *field, const char *old,
    const char *new)
{
	const char *at = strstr(field, old);

	assert_non_null(at);
	return pst_arena_printf(
	    arena, "%.*s%s%s", (int)(at - field), field, new, at + strlen(old));
}

static const char *
long_names(struct pst_arena *arena)
{
	struct pst_buf names;

	pst_buf_init(&names, arena, 8000);
	pst_buf_add_text(&names, "from:subject");
	while (pst_buf_slice(&names).len < 7000)
		pst_buf_printf(&names, ":x-%s", fill(arena, 'n', 40));
	return pst_buf_str(&names);
}

/*
 * Each form verifies, and not if a signed octet of the header, of the body or
 * of the signature's own field is changed. An l= in another signature makes
 * libopendkim hash the body too, which must change nothing.
 */
static void
test_own_forms(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const struct {
		const char *label;
		const char *tags;
		const char *names;
		const char *header;
	} rows[] = {
	    {"plain", "", "from:subject", HEADER},
	    {"xb=", "xb=1; ", "from:subject", HEADER},
	    {"xb= that looks like b=", "xb= b=AAAA; ", "from:subject", HEADER},
	    {"long h=", "", long_names(arena), HEADER},
	    {"8-bit i=", "i=j\xc3\xb6@example.com; ", "from:subject", HEADER},
	    {"8-bit in an unknown tag", "n=\xff; ", "from:subject", HEADER},
	    {"From without address", "", "from:subject",
		"From: nobody\r\nSubject: x\r\n"},
	    {"From with an open quote", "", "from:subject",
		"From: \"a <a@example.com>\r\nSubject: x\r\n"},
	    {"VT in the Subject", "", "from:subject",
		"From: a@example.com\r\nSubject: \vx\r\n"},
	};
	static const char *const canons[] = {SS, RR};
	struct pst_dkim out;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		for (size_t j = 0; j < 4; j++) {
			const char *field =
			    sign_with(arena, rows[i].tags, canons[j % 2],
				rows[i].names, rows[i].header, pst_str(BODY));
			struct sign_options partial = {
			    .tags = "a=rsa-sha256; d=example.com; s=sel; l=4; ",
			    .canon = RR,
			    .names = "from",
			    .length = 4};
			const char *other = j < 2 ?
			    "" :
			    sign_message(arena, rsa, &partial, rows[i].header,
				pst_str(BODY));
			const char *good = pst_arena_printf(
			    arena, "%s%s%s", field, other, rows[i].header);
			struct trial trial = {
			    .body = pst_str(BODY), .zone = zone_text(arena)};

			trial.header = pst_str(good);
			trial_run(arena, lib, &trial, &out);
			if (out.sigs[0].result != PST_RESULT_PASS)
				fail_msg("%zu: %s", j, out.sigs[0].reason);
			trial.body = PST_STR("other\r\n");
			trial_run(arena, lib, &trial, &out);
			assert_int_equal(out.sigs[0].result, PST_RESULT_FAIL);
			assert_true(out.sigs[0].body_failed);
			assert_true(out.sigs[0].header_ok);
			trial.body = pst_str(BODY);
			trial.header = pst_str(
			    replaced(arena, good, "Subject: ", "Subject: z"));
			trial_run(arena, lib, &trial, &out);
			assert_int_equal(out.sigs[0].result, PST_RESULT_FAIL);
			assert_false(out.sigs[0].header_ok);
			trial.header =
			    pst_str(replaced(arena, good, "v=1", "v=1; new=1"));
			trial_run(arena, lib, &trial, &out);
			assert_int_equal(out.sigs[0].result, PST_RESULT_FAIL);
		}
	}
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
	    cmocka_unit_test(test_signed_signatures),
	    cmocka_unit_test(test_own_forms),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
