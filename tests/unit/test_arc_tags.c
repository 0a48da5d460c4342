/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc_tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/rows.h"

#define NOW 1700000000

static struct pst_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static void
parse(const char *text, struct pst_arc_sig *sig)
{
	*sig = (struct pst_arc_sig){.reason = NULL};
	assert_int_equal(
	    pst_tag_list_parse(arena, pst_str(text), 40, true, &sig->tags),
	    PST_TAGS_OK);
}

struct row {
	const char *label, *tags, *reason;
};

static void
check(const struct row *row, const struct pst_arc_sig *sig)
{
	bool same = row->reason == NULL ?
	    sig->reason == NULL :
	    sig->reason != NULL && strcmp(sig->reason, row->reason) == 0;

	if (!same)
		fail_msg("%s: %s", row->label,
		    sig->reason == NULL ? "fit" : sig->reason);
}

#define SEAL "i=1; a=rsa-sha256; d=a.example; s=s; b=abcd; cv=none"

static void
test_seals(void **state)
{
	static const struct row rows[] = {
	    {"good", SEAL, NULL},
	    {"with a date", SEAL "; t=1700000299", NULL},
	    {"unknown tags", SEAL "; zz=1; bh=??; c=none; x=1", NULL},
	    {"h=", SEAL "; h=from", "a seal may not have h="},
	    {"empty h=", SEAL "; h=", "a seal may not have h="},
	    {"tomorrow", SEAL "; t=1700086400",
		"t= is invalid or in the future"},
	    {"no date", SEAL "; t=soon", "t= is invalid or in the future"},
	    {"empty date", SEAL "; t=", "t= is invalid or in the future"},
	    {"no b=", "a=rsa-sha256; d=a.example; s=s", "required tag missing"},
	    {"rsa-sha1", "a=rsa-sha1; d=a.example; s=s; b=abcd",
		"rsa-sha1 is not accepted"},
	    {"a= in capitals", "a=RSA-sha256; d=a.example; s=s; b=abcd",
		"unknown algorithm"},
	    {"top-level domain", "a=rsa-sha256; d=example; s=s; b=abcd",
		"d= is not a domain name"},
	    {"d= with a quote", "a=rsa-sha256; d=a\"b.example; s=s; b=abcd",
		"d= is not a domain name"},
	    {"empty s=", "a=rsa-sha256; d=a.example; s=; b=abcd",
		"s= is not a selector"},
	    {"b= is text", "a=rsa-sha256; d=a.example; s=s; b=a(b)",
		"b= is not base64"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arc_sig sig;

		parse(rows[i].tags, &sig);
		pst_arc_tags_read_seal(arena, NOW, 300, &sig);
		check(&rows[i], &sig);
	}
}

#define AMS                                                                    \
	"i=1; a=ed25519-sha256; d=A.Example; s=S1; b=ab\n cd; bh=AAAA; h=from"

static void
test_message_signatures(void **state)
{
	static const struct row rows[] = {
	    {"good", AMS, NULL},
	    {"v= is not looked at", AMS "; v=7", NULL},
	    {"query", AMS "; q=x : dns/txt", NULL},
	    {"other query", AMS "; q=x", "unknown query method"},
	    {"canon", AMS "; c=relaxed/relaxed", NULL},
	    {"empty canon", AMS "; c=", "unknown canonicalization"},
	    {"other canon", AMS "; c=relaxed/none", "unknown canonicalization"},
	    {"just expired", AMS "; x=1699999701", NULL},
	    {"expired", AMS "; x=1699999700", "x= is invalid or in the past"},
	    {"expired before signed", AMS "; t=1700000001; x=1700000001",
		"x= is invalid or in the past"},
	    {"no expiry", AMS "; x=9999999999999999999999", NULL},
	    {"l=", AMS "; l=12", NULL},
	    {"negative l=", AMS "; l=-1", "l= is not a number"},
	    {"no bh=", "a=rsa-sha256; d=a.example; s=s; b=abcd; h=from",
		"required tag missing"},
	    {"no h=", "a=rsa-sha256; d=a.example; s=s; b=abcd; bh=AAAA",
		"required tag missing"},
	    {"empty h=", "a=rsa-sha256; d=a.example; s=s; b=abcd; bh=AAAA; h=",
		NULL},
	    {"signs a seal",
		"a=rsa-sha256; d=a.example; s=s; b=abcd; bh=AAAA; "
		"h=from: arc-SEAL",
		"signs an ARC-Seal"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arc_sig sig;

		parse(rows[i].tags, &sig);
		pst_arc_tags_read_ams(arena, NOW, 300, &sig);
		check(&rows[i], &sig);
	}
}

static void
test_values(void **state)
{
	struct pst_arc_sig sig;

	(void)state;
	parse(AMS "\n : to::\tSubject ; c=simple/relaxed; l=18", &sig);
	pst_arc_tags_read_ams(arena, NOW, 300, &sig);
	assert_null(sig.reason);
	assert_string_equal(sig.domain, "a.example");
	assert_string_equal(sig.selector, "s1");
	assert_int_equal(sig.algorithm, PST_DKIM_ED25519_SHA256);
	assert_true(pst_str_eq(sig.b, PST_STR("abcd")));
	assert_int_equal(sig.header_canon, PST_CANON_SIMPLE);
	assert_int_equal(sig.body_canon, PST_CANON_RELAXED);
	assert_true(sig.has_length);
	assert_int_equal(sig.length, 18);
	assert_int_equal(sig.name_count, 3);
	assert_true(pst_str_eq(sig.names[0], PST_STR("from")));
	assert_true(pst_str_eq(sig.names[2], PST_STR("Subject")));
	parse(AMS, &sig);
	pst_arc_tags_read_ams(arena, NOW, 300, &sig);
	assert_int_equal(sig.header_canon, PST_CANON_SIMPLE);
	assert_int_equal(sig.body_canon, PST_CANON_SIMPLE);
	assert_true(sig.length == PST_MSGSIG_WHOLE);
}

static void
test_too_many_names(void **state)
{
	struct pst_arc_sig sig;
	struct pst_buf buf;

	(void)state;
	pst_buf_init(&buf, arena, 10000);
	pst_buf_add_text(&buf, AMS);
	for (int i = 1; i < PST_ARC_MAX_NAMES; i++)
		pst_buf_add_text(&buf, ":a");
	parse(pst_buf_str(&buf), &sig);
	pst_arc_tags_read_ams(arena, NOW, 300, &sig);
	assert_null(sig.reason);
	assert_int_equal(sig.name_count, PST_ARC_MAX_NAMES);
	pst_buf_add_text(&buf, ":a");
	parse(pst_buf_str(&buf), &sig);
	pst_arc_tags_read_ams(arena, NOW, 300, &sig);
	assert_string_equal(sig.reason, "h= has too many names");
}

static void
test_instances(void **state)
{
	static const struct {
		const char *text;
		unsigned wanted;
	} rows[] = {
	    {"1", 1},
	    {"50", 50},
	    {"09", 9},
	    {"0", 0},
	    {"51", 0},
	    {"", 0},
	    {"001", 0},
	    {"-1", 0},
	    {"1x", 0},
	    {"4294967297", 0},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		if (pst_arc_tags_instance(pst_str(rows[i].text)) !=
		    rows[i].wanted)
			fail_msg("\"%s\"", rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_seals, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_message_signatures, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_values, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_too_many_names, make_arena, free_arena),
	    cmocka_unit_test(test_instances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
