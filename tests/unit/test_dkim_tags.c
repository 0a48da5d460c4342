/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/dkim_tags.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

#define NOW 1000000
#define SKEW 300

/* The tags of a valid signature; a row leaves one out or replaces it. */
#define V "v=1; "
#define A "a=rsa-sha256; "
#define D "d=example.com; "
#define S "s=sel; "
#define H "h=from:to; "
#define BH "bh=AAAA; "
#define B "b=BBBB"
#define REST D S H BH B
#define ALL V A REST

static const struct {
	const char *label;
	const char *text;
	enum pst_result want;
	const char *reason;
} rows[] = {
    {"good", ALL, PST_RESULT_NONE, NULL},
    {"final semicolon and blanks", " " ALL " ; \n ", PST_RESULT_NONE, NULL},
    {"folds", "v=1;\n a=rsa-sha256;\r\n\t" REST, PST_RESULT_NONE, NULL},
    {"blanks around =", "v = 1; " A REST, PST_RESULT_NONE, NULL},
    {"unknown tags", ALL "; x_1=~; zz=", PST_RESULT_NONE, NULL},

    {"empty", "", PST_RESULT_NEUTRAL, "not a valid tag list"},
    {"no equals sign", ALL "; foo", PST_RESULT_NEUTRAL, "not a valid tag list"},
    {"empty tag", ALL ";; c=simple", PST_RESULT_NEUTRAL,
	"not a valid tag list"},
    {"bare LF", "v=1;\na=x; " REST, PST_RESULT_NEUTRAL, "not a valid tag list"},
    {"tag twice", ALL "; d=example.org", PST_RESULT_NEUTRAL, "tag given twice"},

    {"no v=", A REST, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no a=", V REST, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no d=", V A S H BH B, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no s=", V A D H BH B, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no h=", V A D S BH B, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no bh=", V A D S H B, PST_RESULT_NEUTRAL, "required tag missing"},
    {"no b=", V A D S H "bh=AAAA", PST_RESULT_NEUTRAL, "required tag missing"},

    {"v=0.5", "v=0.5; " A REST, PST_RESULT_NEUTRAL,
	"unknown signature version"},
    {"v=11", "v=11; " A REST, PST_RESULT_NEUTRAL, "unknown signature version"},

    {"rsa-sha1", V "a=rsa-sha1; " REST, PST_RESULT_POLICY,
	"rsa-sha1 is not accepted"},
    {"ed25519", V "a=ed25519-sha256; " REST, PST_RESULT_NONE, NULL},
    {"capital algorithm", V "a=RSA-SHA256; " REST, PST_RESULT_NEUTRAL,
	"unknown algorithm"},
    {"empty algorithm", V "a=; " REST, PST_RESULT_NEUTRAL, "unknown algorithm"},

    {"one label", V A "d=com; " S H BH B, PST_RESULT_NEUTRAL,
	"d= is a top-level domain"},
    {"final dot", V A "d=example.com.; " S H BH B, PST_RESULT_NEUTRAL,
	"d= is not a domain name"},
    {"empty label", V A "d=example..com; " S H BH B, PST_RESULT_NEUTRAL,
	"d= is not a domain name"},
    {"blank in d=", V A "d=exam ple.com; " S H BH B, PST_RESULT_NEUTRAL,
	"d= is not a domain name"},
    {"NUL escape", V A "d=example.com\\.evil.com; " S H BH B,
	PST_RESULT_NEUTRAL, "d= is not a domain name"},
    {"comment in d=", V A "d=a.example(.b.example; " S H BH B,
	PST_RESULT_NEUTRAL, "d= is not a domain name"},

    {"numeric selector", V A D "s=20230601; " H BH B, PST_RESULT_NONE, NULL},
    {"dotted selector", V A D "s=a.b_c-d; " H BH B, PST_RESULT_NONE, NULL},
    {"selector like a path", V A D "s=../x; " H BH B, PST_RESULT_NEUTRAL,
	"s= is not a selector"},
    {"selector with an empty label", V A D "s=a..b; " H BH B,
	PST_RESULT_NEUTRAL, "s= is not a selector"},
    {"selector with an escape", V A D "s=x.\\000; " H BH B, PST_RESULT_NEUTRAL,
	"s= is not a selector"},
    {"empty selector", V A D "s=; " H BH B, PST_RESULT_NEUTRAL,
	"s= is not a selector"},

    {"c=relaxed", ALL "; c=relaxed", PST_RESULT_NONE, NULL},
    {"c=relaxed/relaxed", ALL "; c=relaxed/relaxed", PST_RESULT_NONE, NULL},
    {"c=nofws", ALL "; c=nofws", PST_RESULT_NEUTRAL,
	"unknown canonicalization"},
    {"c=", ALL "; c=", PST_RESULT_NEUTRAL, "unknown canonicalization"},

    {"q=dns/txt", ALL "; q=dns/txt", PST_RESULT_NONE, NULL},
    {"q= with another first", ALL "; q=http : dns/txt", PST_RESULT_NONE, NULL},
    {"q=http", ALL "; q=http", PST_RESULT_NEUTRAL, "unknown query method"},
    {"q=dns", ALL "; q=dns", PST_RESULT_NEUTRAL, "unknown query method"},
    {"q=", ALL "; q=", PST_RESULT_NEUTRAL, "unknown query method"},

    {"b= of junk", V A D S H BH "b=B*BB", PST_RESULT_NEUTRAL,
	"b= or bh= is not base64"},
    {"b= is empty", V A D S H BH "b=", PST_RESULT_NEUTRAL,
	"b= or bh= is not base64"},
    {"bh= with padding inside", V A D S H "bh=A=A=; " B, PST_RESULT_NEUTRAL,
	"b= or bh= is not base64"},

    {"l=0", ALL "; l=0", PST_RESULT_NONE, NULL},
    {"l= is empty", ALL "; l=", PST_RESULT_NEUTRAL, "l= is not a number"},
    {"l=+5", ALL "; l=+5", PST_RESULT_NEUTRAL, "l= is not a number"},
    {"l=1 0", ALL "; l=1 0", PST_RESULT_NEUTRAL, "l= is not a number"},
    {"l=2^63", ALL "; l=9223372036854775808", PST_RESULT_PERMERROR,
	"l= is larger than the body"},
    {"l=2^64", ALL "; l=18446744073709551616", PST_RESULT_PERMERROR,
	"l= is larger than the body"},
    {"l= of 77 digits",
	ALL "; l=00000000000000000000000000000000000000"
	    "000000000000000000000000000000000000001",
	PST_RESULT_NEUTRAL, "l= is not a number"},

    {"h= without from", V A D S "h=to:subject; " BH B, PST_RESULT_PERMERROR,
	"From is not signed"},
    {"h= in capitals", V A D S "h=FROM; " BH B, PST_RESULT_NONE, NULL},
    {"h= with folds", V A D S "h=To :\n\tFrom; " BH B, PST_RESULT_NONE, NULL},
    {"h= is empty", V A D S "h=; " BH B, PST_RESULT_NEUTRAL,
	"h= is not a list of field names"},
    {"h= with an empty name", V A D S "h=from::to; " BH B, PST_RESULT_NEUTRAL,
	"h= is not a list of field names"},
    {"h= with a blank", V A D S "h=from to; " BH B, PST_RESULT_NEUTRAL,
	"h= is not a list of field names"},

    {"i= in d=", ALL "; i=joe@example.com", PST_RESULT_NONE, NULL},
    {"i= below d=", ALL "; i=@a.b.example.com", PST_RESULT_NONE, NULL},
    {"i= quoted", ALL "; i=j=40x=20y@example.com", PST_RESULT_NONE, NULL},
    {"i= beside d=", ALL "; i=joe@badexample.com", PST_RESULT_PERMERROR,
	"i= is not within d="},
    {"i= above d=", ALL "; i=joe@com", PST_RESULT_PERMERROR,
	"i= is not within d="},
    {"i= without @", ALL "; i=example.com", PST_RESULT_NEUTRAL,
	"i= is not an identity"},
    {"i= is empty", ALL "; i=", PST_RESULT_NEUTRAL, "i= is not an identity"},
    {"i= ends in =", ALL "; i=a@example.com=", PST_RESULT_NEUTRAL,
	"i= is not an identity"},
    {"i= with half an octet", ALL "; i=a=4@example.com", PST_RESULT_NEUTRAL,
	"i= is not an identity"},
    {"i= with NUL", ALL "; i=a=00@example.com", PST_RESULT_NEUTRAL,
	"i= is not an identity"},
    {"i= with no domain name", ALL "; i=a@-example.com", PST_RESULT_NEUTRAL,
	"i= is not an identity"},

    {"t= now", ALL "; t=1000000", PST_RESULT_NONE, NULL},
    {"t= at the tolerance", ALL "; t=1000300", PST_RESULT_NONE, NULL},
    {"t= past the tolerance", ALL "; t=1000301", PST_RESULT_POLICY,
	"signed in the future"},
    {"t= of 13 digits", ALL "; t=1000000000000", PST_RESULT_POLICY,
	"signed in the future"},
    {"t= is not a number", ALL "; t=-1", PST_RESULT_NEUTRAL,
	"t= or x= is invalid"},
    {"x= in the tolerance", ALL "; x=999701", PST_RESULT_NONE, NULL},
    {"x= past", ALL "; x=999700", PST_RESULT_FAIL, "signature expired"},
    {"x=0", ALL "; x=0", PST_RESULT_FAIL, "signature expired"},
    {"x= of 13 digits", ALL "; x=0000000000001", PST_RESULT_NONE, NULL},
    {"x= of 30 digits", ALL "; x=999999999999999999999999999999",
	PST_RESULT_NONE, NULL},
    {"x= is t=", ALL "; t=999900; x=999900", PST_RESULT_NEUTRAL,
	"t= or x= is invalid"},
    {"x= is empty", ALL "; x=", PST_RESULT_NEUTRAL, "t= or x= is invalid"},

    {"8-bit i=", ALL "; i=\xc3\xbc@example.com", PST_RESULT_NONE, NULL},
    {"i= that is not UTF-8", ALL "; i=\xc3@example.com", PST_RESULT_NEUTRAL,
	"i= is not an identity"},
    {"8-bit that is not UTF-8", V A "d=\xff.example; " S H BH B,
	PST_RESULT_NEUTRAL, "d= is not a domain name"},
};

static void
parse(struct pst_arena *arena, const char *text, struct pst_dkim_tags *out)
{
	pst_dkim_tags_parse(arena, pst_str(text), NOW, SKEW, out);
}

static void
test_verdicts(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dkim_tags tags;

		parse(arena, rows[i].text, &tags);
		if (tags.result != rows[i].want ||
		    (pst_dkim_why_text(tags.why) == NULL) !=
			(rows[i].reason == NULL) ||
		    (pst_dkim_why_text(tags.why) != NULL &&
			strcmp(pst_dkim_why_text(tags.why), rows[i].reason) !=
			    0))
			fail_msg("%s (%s)", pst_result_word(tags.result),
			    pst_dkim_why_text(tags.why) == NULL ?
				"-" :
				pst_dkim_why_text(tags.why));
		pst_arena_free(arena);
	}
}

static void
test_values(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_tags tags;

	(void)state;
	parse(arena,
	    "v=1; a=ed25519-sha256; d=Example.COM; s=Sel.A; c=simple/relaxed; "
	    "h=From : To:\n from; bh=AA\n AA; b= BB\n\tBB ; l=12; t=5; x=1000005;"
	    " i=J=6Fe@Sub.Example.com",
	    &tags);
	assert_null(pst_dkim_why_text(tags.why));
	assert_string_equal(tags.domain, "example.com");
	assert_string_equal(tags.selector, "sel.a");
	assert_string_equal(tags.algorithm_text, "ed25519-sha256");
	assert_int_equal(tags.algorithm, PST_DKIM_ED25519_SHA256);
	assert_string_equal(tags.b, "BBBB");
	assert_true(tags.relaxed_body);
	assert_true(tags.has_length);
	assert_int_equal(tags.length, 12);
	assert_int_equal(tags.signed_at, 5);
	assert_int_equal(tags.expires_at, 1000005);
	assert_int_equal(tags.name_count, 3);
	assert_int_equal(pst_dkim_tags_mentions(&tags, PST_STR("FROM")), 2);
	assert_int_equal(pst_dkim_tags_mentions(&tags, PST_STR("Cc")), 0);
	pst_arena_free(arena);
}

static void
test_identity(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_tags tags;

	(void)state;
	parse(arena, ALL "; i=j=6Fe@Sub.Example.com", &tags);
	assert_string_equal(tags.identity, "joe@Sub.Example.com");
	assert_string_equal(tags.identity_domain, "sub.example.com");
	parse(arena, ALL, &tags);
	assert_null(tags.identity);
	assert_string_equal(tags.identity_domain, "example.com");
	parse(arena, ALL "; i=joe@example.org", &tags);
	assert_null(tags.identity);
	pst_arena_free(arena);
}

/* The results can name even a signature that is not verified. */
static void
test_bad_but_named(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_tags tags;

	(void)state;
	parse(arena, "v=9; a=what-Ever1; " REST, &tags);
	assert_string_equal(tags.domain, "example.com");
	assert_string_equal(tags.selector, "sel");
	assert_string_equal(tags.algorithm_text, "what-Ever1");
	assert_string_equal(tags.b, "BBBB");
	parse(arena, V "a=\"x\"; " REST, &tags);
	assert_null(tags.algorithm_text);
	parse(arena, V "a=a123456789012345678901234567890123; " REST, &tags);
	assert_null(tags.algorithm_text);
	parse(arena,
	    V A "d=b\xc3\xbc"
		"cher.example; " S H BH B,
	    &tags);
	assert_string_equal(tags.domain, "xn--bcher-kva.example");
	assert_int_equal(tags.result, PST_RESULT_NONE);
	pst_arena_free(arena);
}

/* The forms that libopendkim misreads (R-DKIM-21). */
static void
test_own(void **state)
{
	static const struct {
		const char *label;
		const char *text;
		bool own;
		const char *b_name; /* what the text of b= begins with */
	} own_rows[] = {
	    {"plain", ALL, false, "b=BBBB"},
	    {"b =", V A D S H BH "b =BBBB", true, "b =BBBB"},
	    {"b and a fold", V A D S H BH "b\n =BBBB", true, "b\n =BBBB"},
	    {"xb=", ALL "; xb=1", true, "b=BBBB"},
	    {"xb= in front", "xb=1; " ALL, true, "b=BBBB"},
	    {"bx=", ALL "; bx=1", false, "b=BBBB"},
	    {"b= in z=", ALL "; z=From:b=40x", false, "b=BBBB"},
	    {"8-bit i=", ALL "; i=\xc3\xbc@example.com", true, "b=BBBB"},
	    {"8-bit in an unknown tag", ALL "; n=\xff", true, "b=BBBB"},
	};

	(void)state;
	FOR_ROWS(i, own_rows, own_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_dkim_tags tags;

		parse(arena, own_rows[i].text, &tags);
		assert_null(pst_dkim_why_text(tags.why));
		assert_string_equal(tags.b, "BBBB");
		if (tags.own != own_rows[i].own ||
		    strncmp(tags.b_tag.name.ptr, own_rows[i].b_name,
			strlen(own_rows[i].b_name)) != 0)
			fail_msg("%d %s", tags.own, tags.b_tag.name.ptr);
		pst_arena_free(arena);
	}
}

static void
test_bounds(void **state)
{
	static char long_names[PST_DKIM_MAX_NAMES * 2];
	static char long_field[PST_DKIM_MAX_FIELD + 1];
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_tags tags;

	(void)state;
	/* libopendkim can read h= up to that length */
	memset(long_names, 'a', sizeof(long_names) - 1);
	for (size_t i = 0; i < 2; i++) {
		parse(arena,
		    pst_arena_printf(arena, V A D S "h=%.*s:from; " BH B,
			(int)(4000 - 5 + i), long_names),
		    &tags);
		assert_int_equal(tags.result, PST_RESULT_NONE);
		assert_int_equal(tags.own, i);
	}
	for (size_t i = 1; i < sizeof(long_names); i += 2)
		long_names[i] = ':';
	for (size_t i = 0; i < 2; i++) {
		parse(arena,
		    pst_arena_printf(arena, V A D S "h=%.*sfrom; " BH B,
			(int)(sizeof(long_names) - 2 + 2 * i), long_names),
		    &tags);
		assert_int_equal(
		    tags.result, i == 0 ? PST_RESULT_NONE : PST_RESULT_POLICY);
	}

	memset(long_field, 'a', sizeof(long_field));
	memcpy(long_field, ALL "; z=", sizeof(ALL "; z=") - 1);
	pst_dkim_tags_parse(arena,
	    (struct pst_str){long_field, PST_DKIM_MAX_FIELD}, NOW, SKEW, &tags);
	assert_int_equal(tags.result, PST_RESULT_NONE);
	pst_dkim_tags_parse(arena,
	    (struct pst_str){long_field, PST_DKIM_MAX_FIELD + 1}, NOW, SKEW,
	    &tags);
	assert_int_equal(tags.result, PST_RESULT_POLICY);
	pst_arena_free(arena);
}

static void
test_too_many_tags(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dkim_tags tags;
	char *text = pst_arena_strdup(arena, ALL);

	(void)state;
	for (int i = 0; i < PST_DKIM_MAX_TAGS; i++)
		text = pst_arena_printf(arena, "%s; y%d=", text, i);
	parse(arena, text, &tags);
	assert_int_equal(tags.result, PST_RESULT_POLICY);
	assert_string_equal(pst_dkim_why_text(tags.why), "too many tags");
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_identity),
	    cmocka_unit_test(test_bad_but_named),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_too_many_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
