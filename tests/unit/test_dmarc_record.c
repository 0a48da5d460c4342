/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dmarc_record.h"
#include "base/buf.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

#define TEXT(literal)                                                          \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}

struct row {
	const char *label;
	struct pst_str text;
	const char *want; /* as summary() writes it; NULL: does not count */
};

/* Returns "p/sp/np adkim aspf fo psd t [tags present]", or why it is none. */
static const char *
summary(struct pst_arena *arena, const struct pst_dmarc_record *record)
{
	if (record->repeated_tag)
		return "repeated";
	if (!record->usable_policy)
		return "unusable";
	return pst_arena_printf(arena, "%s/%s/%s %s %s %s %s %s [%s%s%s]",
	    pst_dmarc_policy_word(record->p), pst_dmarc_policy_word(record->sp),
	    pst_dmarc_policy_word(record->np), record->adkim_strict ? "s" : "r",
	    record->aspf_strict ? "s" : "r", record->fo,
	    pst_dmarc_psd_word(record->psd), record->test ? "y" : "n",
	    record->has_p ? "p" : "", record->has_sp ? "sp" : "",
	    record->has_np ? "np" : "");
}

static void
run_rows(const struct row *rows, size_t count,
    const char *(*show)(struct pst_arena *, const struct pst_dmarc_record *))
{
	FOR_COUNT(i, count, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dmarc_record record;
		bool counts =
		    pst_dmarc_record_parse(arena, rows[i].text, &record);
		const char *got = counts ? show(arena, &record) : "(no record)";
		const char *want =
		    rows[i].want == NULL ? "(no record)" : rows[i].want;

		if (strcmp(got, want) != 0)
			fail_msg("%s: %s, not %s", rows[i].label, got, want);
		pst_arena_free(arena);
	}
}

#define NONE_REST " r r 0 u n [p]"

static const struct row version_rows[] = {
    {"plain", TEXT("v=DMARC1; p=none"), "none/none/none" NONE_REST},
    {"no blanks, final semicolon", TEXT("v=DMARC1;p=none;"),
	"none/none/none" NONE_REST},
    {"blanks everywhere", TEXT("v\t= DMARC1 ;\tp = none\t; "),
	"none/none/none" NONE_REST},
    {"capital tag name", TEXT("V=DMARC1; p=none"), "none/none/none" NONE_REST},
    {"version alone", TEXT("v=DMARC1"), "unusable"},
    {"version in lower case", TEXT("v=dmarc1; p=none"), NULL},
    {"version 2", TEXT("v=DMARC2; p=none"), NULL},
    {"version 10", TEXT("v=DMARC10; p=none"), NULL},
    {"no separator", TEXT("v=DMARC1p=none"), NULL},
    {"comma for semicolon", TEXT("v=DMARC1, p=none"), NULL},
    {"not first", TEXT("p=none; v=DMARC1"), NULL},
    {"leading blank", TEXT(" v=DMARC1; p=none"), NULL},
    {"leading semicolon", TEXT(";v=DMARC1; p=none"), NULL},
    {"leading newline", TEXT("\nv=DMARC1; p=none"), NULL},
    {"newline after the version", TEXT("v=DMARC1\n; p=none"), NULL},
    {"quotes in the data", TEXT("\"v=DMARC1; p=none\""), NULL},
    {"NUL after the version", TEXT("v=DMARC1\0; p=none"), NULL},
    {"byte order mark", TEXT("\xef\xbb\xbfv=DMARC1; p=none"), NULL},
    {"SPF record", TEXT("v=spf1 -all"), NULL},
    {"empty", TEXT(""), NULL},
    {"no equals sign", TEXT("v"), NULL},
};

static void
test_version(void **state)
{
	(void)state;
	run_rows(version_rows, PST_COUNT(version_rows), summary);
}

#define REST " r r 0 u n "

static const struct row policy_rows[] = {
    {"sp and np from p", TEXT("v=DMARC1; p=reject"),
	"reject/reject/reject" REST "[p]"},
    {"np from sp", TEXT("v=DMARC1; p=reject; sp=none"),
	"reject/none/none" REST "[psp]"},
    {"np alone", TEXT("v=DMARC1; p=none; np=reject"),
	"none/none/reject" REST "[pnp]"},
    {"all, in any order", TEXT("v=DMARC1; np=none; sp=quarantine; p=reject"),
	"reject/quarantine/none" REST "[pspnp]"},
    {"letter case", TEXT("v=DMARC1; P=Reject; Sp=NONE; nP=quaranTine"),
	"reject/none/quarantine" REST "[pspnp]"},
    {"word cut short", TEXT("v=DMARC1; p=rejec"), "unusable"},
    {"word too long", TEXT("v=DMARC1; p=rejected"), "unusable"},
    {"bad p, no report", TEXT("v=DMARC1; p=bogus"), "unusable"},
    {"empty p", TEXT("v=DMARC1; p="), "unusable"},
    {"bad sp, no report", TEXT("v=DMARC1; p=reject; sp=x"), "unusable"},
    {"bad np, no report", TEXT("v=DMARC1; p=reject; np=x"), "unusable"},
    {"NUL in p", TEXT("v=DMARC1; p=\0reject"), "unusable"},
    {"NUL after p", TEXT("v=DMARC1; p=reject\0"), "unusable"},
    {"backslash after p", TEXT("v=DMARC1; p=reject\\; sp=none"), "unusable"},
    {"bad p, report", TEXT("v=DMARC1; p=x; sp=reject; rua=mailto:a@b.example"),
	"none/none/none" REST "[]"},
    {"no p, report", TEXT("v=DMARC1; rua=mailto:a@b.example"),
	"none/none/none" REST "[]"},
    {"bad sp, report",
	TEXT("v=DMARC1; p=reject; sp=x; np=reject; rua=mailto:a@b.example"),
	"none/none/none" REST "[]"},
    {"bad np, valid report URI of another scheme",
	TEXT("v=DMARC1; p=reject; np=x; rua=https://b.example/r"),
	"none/none/none" REST "[]"},
    {"bad p, unusable report", TEXT("v=DMARC1; p=x; rua=a@b.example"),
	"unusable"},
    {"bad p, 8-bit in the report URI",
	TEXT("v=DMARC1; p=x; rua=https://\xc3\xbc.example"), "unusable"},
    {"bad p, only ruf", TEXT("v=DMARC1; p=x; ruf=mailto:a@b.example"),
	"unusable"},
};

static void
test_policies(void **state)
{
	(void)state;
	run_rows(policy_rows, PST_COUNT(policy_rows), summary);
}

#define P "v=DMARC1; p=none; "
#define PPP "none/none/none "

static const struct row tag_rows[] = {
    {"strict", TEXT(P "adkim=s; aspf=S"), PPP "s s 0 u n [p]"},
    {"relaxed", TEXT(P "adkim=r; aspf=r"), PPP "r r 0 u n [p]"},
    {"bad values", TEXT(P "adkim=x; aspf=; psd=maybe; t=1; fo=9"),
	PPP "r r 0 u n [p]"},
    {"psd=y, t=Y", TEXT(P "psd=y; t=Y"), PPP "r r 0 y y [p]"},
    {"psd=n, t=n", TEXT(P "psd=N; t=n"), PPP "r r 0 n n [p]"},
    {"psd=u", TEXT(P "psd=u"), PPP "r r 0 u n [p]"},
    {"historic tags", TEXT(P "pct=0; rf=x y; ri=-1"), PPP "r r 0 u n [p]"},
    {"unknown tags", TEXT(P "foo=bar; x-y=1; =; ;; b; 1=2"),
	PPP "r r 0 u n [p]"},
    {"8-bit value of an unknown tag", TEXT(P "foo=\xc3\xbc"),
	PPP "r r 0 u n [p]"},
    {"equals sign in a value", TEXT(P "foo=a=b; t=y=y"), PPP "r r 0 u n [p]"},
    {"repeated p", TEXT("v=DMARC1; p=reject; p=none"), "repeated"},
    {"repeated with the same value", TEXT(P "t=y; t=y"), "repeated"},
    {"repeated in capitals", TEXT(P "P=none"), "repeated"},
    {"repeated version", TEXT(P "v=DMARC1"), "repeated"},
    {"repeated unknown tag", TEXT(P "pct=1; pct=2"), "repeated"},
    {"repeated rua of a live record",
	TEXT(P "rua=mailto:a@b.example; rua=mailto:c@d.example"), "repeated"},
    {"missing semicolon of a live record",
	TEXT(P "rf=afrfruf=mailto:x@b.example"), PPP "r r 0 u n [p]"},
    {"no tag is not repeated", TEXT(P "x-y=1; x-y=2"), PPP "r r 0 u n [p]"},
    {"fo 1:d:s", TEXT(P "fo=1:d:s"), PPP "r r 1:d:s u n [p]"},
    {"fo with blanks and capitals", TEXT(P "fo= D : S "),
	PPP "r r d:s u n [p]"},
    {"fo 0:1", TEXT(P "fo=0:1"), PPP "r r 0 u n [p]"},
    {"fo 1:0", TEXT(P "fo=1:0"), PPP "r r 0 u n [p]"},
    {"fo d:d", TEXT(P "fo=d:d"), PPP "r r 0 u n [p]"},
    {"fo with an empty part", TEXT(P "fo=1:"), PPP "r r 0 u n [p]"},
    {"fo ds", TEXT(P "fo=ds"), PPP "r r 0 u n [p]"},
    {"fo with NUL", TEXT(P "fo=d:\0"), PPP "r r 0 u n [p]"},
    {"fo of all letters", TEXT(P "fo=s:d:0"), PPP "r r s:d:0 u n [p]"},
};

static void
test_tags(void **state)
{
	(void)state;
	run_rows(tag_rows, PST_COUNT(tag_rows), summary);
}

static const char *
show_uris(struct pst_arena *arena, const struct pst_dmarc_record *record)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, PST_DMARC_MAX_RECORD);
	pst_buf_add_char(&buf, '[');
	for (size_t i = 0; i < record->rua_count; i++)
		pst_buf_printf(&buf, "%s%s", i == 0 ? "" : " ", record->rua[i]);
	pst_buf_add_char(&buf, ']');
	assert_int_equal(record->ruf_count, 0);
	return pst_buf_str(&buf);
}

#define RUA P "rua="

static const struct row uri_rows[] = {
    {"one", TEXT(RUA "mailto:a@b.example"), "[mailto:a@b.example]"},
    {"two with blanks", TEXT(RUA "mailto:a@b.example ,\tmailto:c@d.example"),
	"[mailto:a@b.example mailto:c@d.example]"},
    {"sizes",
	TEXT(RUA "mailto:a@b.example!10m,mailto:c@d.example!5,"
		 "mailto:e@f.example!7T"),
	"[mailto:a@b.example mailto:c@d.example mailto:e@f.example]"},
    {"no size", TEXT(RUA "mailto:a@b.example!"), "[]"},
    {"not a size", TEXT(RUA "mailto:a@b.example!big"), "[]"},
    {"plain exclamation mark", TEXT(RUA "mailto:a!b@c.example"), "[]"},
    {"scheme in capitals", TEXT(RUA "MAILTO:a@b.example"),
	"[mailto:a@b.example]"},
    {"other schemes", TEXT(RUA "https://b.example/r,ftp:x,mailto:a@b.example"),
	"[mailto:a@b.example]"},
    {"encoded comma", TEXT(RUA "mailto:a%2Cb@c.example"),
	"[mailto:a%2Cb@c.example]"},
    {"encoded exclamation mark", TEXT(RUA "mailto:a%21b@c.example!1k"),
	"[mailto:a%21b@c.example]"},
    {"encoded at sign", TEXT(RUA "mailto:a%40b.example"),
	"[mailto:a%40b.example]"},
    {"header fields", TEXT(RUA "mailto:a@b.example?bcc=v@x.example"),
	"[mailto:a@b.example]"},
    {"only header fields", TEXT(RUA "mailto:?to=v@x.example"), "[]"},
    {"fragment", TEXT(RUA "mailto:a@b.example#c"), "[]"},
    {"empty", TEXT(RUA), "[]"},
    {"empty address", TEXT(RUA "mailto:"), "[]"},
    {"no scheme", TEXT(RUA "a@b.example"), "[]"},
    {"no local part", TEXT(RUA "mailto:@b.example"), "[]"},
    {"no domain", TEXT(RUA "mailto:a@"), "[]"},
    {"no at sign", TEXT(RUA "mailto:a"), "[]"},
    {"bad domain", TEXT(RUA "mailto:a@-b.example"), "[]"},
    {"address literal", TEXT(RUA "mailto:a@[192.0.2.1]"), "[]"},
    {"CR LF", TEXT(RUA "mailto:a@b.example%0d%0aBcc:x@c.example"), "[]"},
    {"CR LF in the local part", TEXT(RUA "mailto:a%0D%0Ax@c.example"), "[]"},
    {"NUL", TEXT(RUA "mailto:a%00b@c.example"), "[]"},
    {"blank", TEXT(RUA "mailto:a%20b@c.example"), "[]"},
    {"raw blank", TEXT(RUA "mailto:a b@c.example"), "[]"},
    {"8-bit", TEXT(RUA "mailto:%C3%BC@c.example"), "[]"},
    {"raw 8-bit", TEXT(RUA "mailto:\xc3\xbc@c.example"), "[]"},
    {"end of an SMTP path", TEXT(RUA "mailto:a%3E@c.example"), "[]"},
    {"two at signs", TEXT(RUA "mailto:a@b@c.example"), "[]"},
    {"bad escape", TEXT(RUA "mailto:a%2@c.example"), "[]"},
    {"bad hex", TEXT(RUA "mailto:a%zz@c.example"), "[]"},
    {"escape at the end", TEXT(RUA "mailto:a@c.example%"), "[]"},
    {"A-label", TEXT(RUA "mailto:a@xn--bcher-kva.example"),
	"[mailto:a@xn--bcher-kva.example]"},
    {"bad one between good ones",
	TEXT(RUA "mailto:a@b.example,,x,mailto:c@d.example"),
	"[mailto:a@b.example mailto:c@d.example]"},
};

static void
test_uris(void **state)
{
	(void)state;
	run_rows(uri_rows, PST_COUNT(uri_rows), show_uris);
}

static void
test_ruf(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;

	(void)state;
	assert_true(pst_dmarc_record_parse(arena,
	    PST_STR(P "ruf=mailto:f@b.example; fo=s; rua=mailto:a@b.example"),
	    &record));
	assert_int_equal(record.ruf_count, 1);
	assert_string_equal(record.ruf[0], "mailto:f@b.example");
	assert_int_equal(record.rua_count, 1);
	assert_string_equal(record.fo, "s");
	assert_false(record.limited);
	assert_null(record.fault);
	pst_arena_free(arena);
}

static void
test_text_is_a_copy(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char text[] = "v=DMARC1; p=none";
	struct pst_dmarc_record record;

	(void)state;
	assert_true(pst_dmarc_record_parse(arena, pst_str(text), &record));
	memset(text, 'x', sizeof(text) - 1);
	assert_true(pst_str_eq(record.text, PST_STR("v=DMARC1; p=none")));
	pst_arena_free(arena);
}

static void
test_faults(void **state)
{
	static const struct row rows[] = {
	    {"usable", TEXT("v=DMARC1; p=none"), "-"},
	    {"repeated", TEXT("v=DMARC1; p=none; p=none"),
		"a tag is repeated in the DMARC record"},
	    {"no policy", TEXT("v=DMARC1"),
		"no valid policy in the DMARC record"},
	    {"no policy, report", TEXT("v=DMARC1; rua=mailto:a@b.example"),
		"no valid policy in the DMARC record, read as p=none"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dmarc_record record;

		assert_true(
		    pst_dmarc_record_parse(arena, rows[i].text, &record));
		assert_string_equal(
		    record.fault == NULL ? "-" : record.fault, rows[i].want);
		pst_arena_free(arena);
	}
}

/* Returns start followed by piece, repeated, with a number for %u. */
static struct pst_str
repeated(struct pst_arena *arena, const char *start, const char *piece,
    unsigned times)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, (size_t)1 << 20);
	pst_buf_add_text(&buf, start);
	for (unsigned i = 0; i < times; i++)
		pst_buf_add_text(&buf, piece);
	return pst_buf_slice(&buf);
}

static void
test_max_uris(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;

	(void)state;
	assert_true(pst_dmarc_record_parse(arena,
	    repeated(arena, RUA "mailto:a@b.example", ",mailto:a@b.example",
		PST_DMARC_MAX_URIS - 1),
	    &record));
	assert_int_equal(record.rua_count, PST_DMARC_MAX_URIS);
	assert_false(record.limited);
	assert_true(pst_dmarc_record_parse(arena,
	    repeated(arena, RUA "mailto:a@b.example", ",mailto:a@b.example",
		PST_DMARC_MAX_URIS),
	    &record));
	assert_int_equal(record.rua_count, PST_DMARC_MAX_URIS);
	assert_true(record.limited);
	pst_arena_free(arena);
}

/* Returns a record with that many tags, named "aa", "ab", ... */
static struct pst_str
with_tags(struct pst_arena *arena, unsigned tags, const char *end)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 8192);
	pst_buf_add_text(&buf, "v=DMARC1; p=reject");
	for (unsigned i = 2; i < tags; i++)
		pst_buf_printf(
		    &buf, ";z%c%c=1", (int)('a' + i / 26), (int)('a' + i % 26));
	pst_buf_add_text(&buf, end);
	return pst_buf_slice(&buf);
}

static void
test_max_tags(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;

	(void)state;
	assert_true(pst_dmarc_record_parse(
	    arena, with_tags(arena, PST_DMARC_MAX_TAGS - 1, ";t=y"), &record));
	assert_true(record.test);
	assert_false(record.limited);
	assert_true(pst_dmarc_record_parse(
	    arena, with_tags(arena, PST_DMARC_MAX_TAGS, ";t=y"), &record));
	assert_false(record.test);
	assert_true(record.limited);
	assert_int_equal(record.p, PST_DMARC_REJECT);
	pst_arena_free(arena);
}

static void
test_max_octets(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;
	struct pst_str text;

	(void)state;
	text = repeated(arena, "v=DMARC1; p=reject; t=y; ", " ", 5000);
	assert_true(pst_dmarc_record_parse(arena, text, &record));
	assert_true(record.limited);
	assert_int_equal(record.p, PST_DMARC_REJECT);
	assert_true(record.test);
	assert_true(record.text.len <= PST_DMARC_MAX_RECORD);

	/* The cut is within "sp=none...": no part of it may be used. */
	text = repeated(arena, "v=DMARC1; p=reject;", " ", 4096 - 19 - 7);
	text.len = 4096 - 7;
	text = repeated(
	    arena, pst_arena_memdup(arena, text.ptr, text.len), "sp=none", 2);
	assert_true(pst_dmarc_record_parse(arena, text, &record));
	assert_true(record.limited);
	assert_false(record.has_sp);
	assert_int_equal(record.sp, PST_DMARC_REJECT);

	/* A record of exactly the limit is used in full. */
	text.len = PST_DMARC_MAX_RECORD;
	assert_true(pst_dmarc_record_parse(arena, text, &record));
	assert_false(record.limited);
	assert_int_equal(record.sp, PST_DMARC_NONE);
	pst_arena_free(arena);
}

static void
test_max_octets_in_uris(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;
	struct pst_str text = repeated(arena, P "rua=x:", "y", 4096 - 24 - 20);

	(void)state;
	text = repeated(arena, pst_arena_memdup(arena, text.ptr, text.len),
	    ",mailto:a@b.example", 3);
	assert_true(text.len > PST_DMARC_MAX_RECORD);
	assert_true(pst_dmarc_record_parse(arena, text, &record));
	assert_true(record.limited);
	assert_int_equal(record.rua_count, 1);
	assert_string_equal(record.rua[0], "mailto:a@b.example");
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_version),
	    cmocka_unit_test(test_policies),
	    cmocka_unit_test(test_tags),
	    cmocka_unit_test(test_uris),
	    cmocka_unit_test(test_ruf),
	    cmocka_unit_test(test_text_is_a_copy),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_max_uris),
	    cmocka_unit_test(test_max_tags),
	    cmocka_unit_test(test_max_octets),
	    cmocka_unit_test(test_max_octets_in_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
