/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/rows.h"

#define NOW 1700000000
#define LIMITS ((struct pst_header_limits){200, 20000, 400000})

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

#define TAGS "; a=rsa-sha256; d=a.example; s=s; b=abcd"
#define AAR(i) "ARC-Authentication-Results: i=" i "; mx.example; none\n"
#define AMS(i) "ARC-Message-Signature: i=" i TAGS "; bh=AAAA; h=from\n"
#define SEAL(i, cv) "ARC-Seal: i=" i TAGS "; cv=" cv "\n"
#define SET(i, cv) AAR(i) AMS(i) SEAL(i, cv)

static void
read_lines(struct pst_header *header, const char *text)
{
	struct pst_str rest = pst_str(text), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more)) {
		size_t colon = pst_str_find(line, ':');

		if (line.len > 0)
			(void)pst_header_add(header, pst_str_first(line, colon),
			    pst_str_from(line, colon + 1));
	}
}

static void
read_sets(const char *text, unsigned max_sets, struct pst_arc_sets *out)
{
	struct pst_header *header = pst_arena_alloc(arena, sizeof(*header));

	pst_header_init(header, arena, LIMITS);
	read_lines(header, text);
	pst_arc_sets_read(arena, header, NOW, 300, max_sets, out);
}

static const struct structure_row {
	const char *label, *header;
	unsigned count;
	const char *reason;
} structure_rows[] = {
    {"no fields", "From: a@b.example\n", 0, NULL},
    {"one set", SET("1", "none"), 1, NULL},
    {"two sets", SET("2", "pass") SET("1", "none"), 2, NULL},
    {"any order", SET("1", "none") SET("2", "pass"), 2, NULL},
    {"case of names",
	"arc-AUTHENTICATION-results: i=1; x\n" AMS("1") SEAL("1", "none"), 1,
	NULL},
    {"blanks in the AAR",
	"ARC-Authentication-Results: (a) i (b) = (c) 1 (d) ; x\n" AMS("1")
	    SEAL("1", "none"),
	1, NULL},
    {"gap", SET("3", "pass") SET("1", "none"), 3, "a set is not complete"},
    {"begins at 2", SET("2", "pass"), 2, "a set is not complete"},
    {"no AAR", AMS("1") SEAL("1", "none"), 1, "a set is not complete"},
    {"no AMS", AAR("1") SEAL("1", "none"), 1, "a set is not complete"},
    {"no seal", AAR("1") AMS("1"), 1, "a set is not complete"},
    {"two AAR", AAR("1") SET("1", "none"), 1,
	"two ARC fields of the same kind in one set"},
    {"two AMS", AMS("01") SET("1", "none"), 1,
	"two ARC fields of the same kind in one set"},
    {"two seals", SET("1", "none") SEAL("1", "none"), 1,
	"two ARC fields of the same kind in one set"},
    {"instance 0", SET("0", "none"), 0, "ARC field without a valid instance"},
    {"instance 51", SET("51", "pass"), 0, "ARC field without a valid instance"},
    {"AAR without instance", "ARC-Authentication-Results: mx.example; i=1\n", 0,
	"ARC field without a valid instance"},
    {"AAR without semicolon", "ARC-Authentication-Results: i=1 x\n", 0,
	"ARC field without a valid instance"},
    {"seal without instance", "ARC-Seal: a=b\n", 0,
	"ARC field without a valid instance"},
    {"tag twice", "ARC-Seal: i=1; i=1\n", 0,
	"ARC field is not a valid tag list"},
    {"no tags", "ARC-Message-Signature: \n", 0,
	"ARC field is not a valid tag list"},
    {"newest says fail", SET("2", "fail") SET("1", "none"), 2,
	"the newest seal says that the chain is broken"},
    {"says fail, others missing", SEAL("7", "fail"), 7,
	"the newest seal says that the chain is broken"},
    {"an older one says fail", SET("2", "pass") SET("1", "fail"), 2,
	"cv= is wrong for its place in the chain"},
    {"first says pass", SET("1", "pass"), 1,
	"cv= is wrong for its place in the chain"},
    {"second says none", SET("2", "none") SET("1", "none"), 2,
	"cv= is wrong for its place in the chain"},
    {"cv= in capitals", SET("1", "None"), 1,
	"cv= is wrong for its place in the chain"},
    {"more than wanted",
	SET("4", "pass") SET("3", "pass") SET("2", "pass") SET("1", "none"), 4,
	"too many ARC sets"},
    {"seal without cv=", AAR("1") AMS("1") "ARC-Seal: i=1" TAGS "\n", 1,
	"cv= is wrong for its place in the chain"},
    {"older seal unfit",
	SET("2", "pass") AAR("1")
	    AMS("1") "ARC-Seal: i=1; cv=none; a=rsa-sha1; d=a.example; "
		     "s=s; b=abcd\n",
	2, "seal 1: rsa-sha1 is not accepted"},
    {"newest AMS unfit",
	AAR("1") SEAL("1", "none") "ARC-Message-Signature: i=1\n", 1,
	"message signature 1: required tag missing"},
    {"older AMS unfit",
	SET("2", "pass") AAR("1")
	    SEAL("1", "none") "ARC-Message-Signature: i=1\n",
	2, NULL},
};

static void
test_structure(void **state)
{
	(void)state;
	FOR_ROWS(i, structure_rows, structure_rows[i].label) {
		const struct structure_row *row = &structure_rows[i];
		struct pst_arc_sets sets;
		const char *reason;

		read_sets(row->header, 3, &sets);
		reason = sets.reason == NULL ? "fit" : sets.reason;
		if (sets.count != row->count)
			fail_msg("%u sets", sets.count);
		if (strcmp(reason, row->reason == NULL ? "fit" : row->reason) !=
		    0)
			fail_msg("%s", reason);
	}
}

static void
test_sets(void **state)
{
	struct pst_arc_sets sets;

	(void)state;
	read_sets(AAR("1") SET("2", "pass") "From: x\n" SEAL("1", "none")
		      AMS("1"),
	    10, &sets);
	assert_null(sets.reason);
	assert_int_equal(sets.sets[0].seal.at, 5);
	assert_int_equal(sets.sets[0].ams.at, 6);
	assert_int_equal(sets.sets[1].ams.at, 2);
	assert_true(pst_str_istarts(
	    pst_str_trim(sets.sets[1].aar->value), PST_STR("i=2")));
}

static void
test_limits(void **state)
{
	struct pst_header header;
	struct pst_arc_sets sets;
	char *long_value = pst_arena_alloc(arena, PST_DKIM_MAX_FIELD + 2);

	(void)state;
	pst_header_init(
	    &header, arena, (struct pst_header_limits){3, 900, 9000});
	read_lines(&header, SET("1", "none"));
	pst_arc_sets_read(arena, &header, NOW, 300, 10, &sets);
	assert_null(sets.reason);
	read_lines(&header, "From: x\n");
	assert_true(header.truncated);
	pst_arc_sets_read(arena, &header, NOW, 300, 10, &sets);
	assert_string_equal(sets.reason, "header limits exceeded");

	memset(long_value, ' ', PST_DKIM_MAX_FIELD + 1);
	memcpy(long_value, "i=1", 3);
	pst_header_init(&header, arena, LIMITS);
	(void)pst_header_add(&header, PST_STR("ARC-Seal"), pst_str(long_value));
	pst_arc_sets_read(arena, &header, NOW, 300, 10, &sets);
	assert_string_equal(sets.reason, "ARC field is not a valid tag list");
}

static void
test_remote_ip(void **state)
{
	static const struct {
		const char *value, *ip;
	} rows[] = {
	    {" i=1; mx; spf=pass smtp.remote-ip=192.0.2.1", "192.0.2.1"},
	    {"i=1; mx; arc=none SMTP.Remote-IP = 192.0.2.1; x=y", "192.0.2.1"},
	    {"i=1; mx; iprev=pass smtp.remote-ip=\"2001:db8::1\"(x)",
		"2001:db8::1"},
	    {"i=1; mx; iprev=pass smtp.remote-ip=2001:db8::1\n\tx=y",
		"2001:db8::1"},
	    {"i=1; mx; x=y (smtp.remote-ip=192.0.2.1)", ""},
	    {"i=1; mx; x=\"smtp.remote-ip=192.0.2.1\"", ""},
	    {"i=1; mx; xsmtp.remote-ip=192.0.2.1", ""},
	    {"i=1; mx; smtp.remote-ip=host.example", ""},
	    {"i=1; mx; smtp.remote-ip=", ""},
	    {"i=1; mx; smtp.remote-ip", ""},
	    {"i=1; mx; (open smtp.remote-ip=192.0.2.1", ""},
	    {"i=1; mx; x=\"open smtp.remote-ip=192.0.2.1", "192.0.2.1"},
	    {"", ""},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].value) {
		struct pst_ip ip =
		    pst_arc_remote_ip(arena, pst_str(rows[i].value));
		char text[PST_IP_TEXT_SIZE];

		if (strcmp(pst_ip_text(&ip, text), rows[i].ip) != 0)
			fail_msg("%s", text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_structure, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(test_sets, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_limits, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_remote_ip, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
