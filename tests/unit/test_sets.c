/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/list_file.h"
#include "config/sets.h"
#include "tests/unit/rows.h"

#define MAX_PARTS 6

static struct pst_arena *arena;

static int
begin(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static size_t
parts_of(const char *const parts[MAX_PARTS])
{
	size_t n = 0;

	while (n < MAX_PARTS && parts[n] != NULL)
		n++;
	return n;
}

static struct pst_domain_set
domains(const char *const parts[MAX_PARTS])
{
	struct pst_domain_set set;
	struct pst_err err;

	if (!pst_domain_set_make(&set, arena, parts, parts_of(parts), &err))
		fail_msg("%s", err.text);
	return set;
}

static struct pst_net_set
nets(const char *const parts[MAX_PARTS])
{
	struct pst_net_set set;
	struct pst_err err;

	if (!pst_net_set_make(&set, arena, parts, parts_of(parts), &err))
		fail_msg("%s", err.text);
	return set;
}

static void
test_domains(void **state)
{
	static const struct {
		const char *label, *parts[MAX_PARTS], *name;
		bool want;
	} rows[] = {
	    {"empty", {NULL}, "a.example", false},
	    {"exact", {"a.example"}, "a.example", true},
	    {"exact, not below", {"a.example"}, "x.a.example", false},
	    {"exact, not above", {"x.a.example"}, "a.example", false},
	    {"normal form", {"A.Example."}, "a.example", true},
	    {"an IDN",
		{"b\xc3\xbc"
		 "cher.example"},
		"xn--bcher-kva.example", true},
	    {"below", {".a.example"}, "x.a.example", true},
	    {"far below", {".a.example"}, "x.y.z.a.example", true},
	    {"below is not the name", {".a.example"}, "a.example", false},
	    {"a label ends at a dot", {".a.example"}, "xa.example", false},
	    {"both", {"a.example", ".a.example"}, "a.example", true},
	    {"long and short", {".x.y.a.example", ".example"}, "b.example",
		true},
	    {"the long one", {".x.y.a.example", ".b"}, "q.x.y.a.example", true},
	    {"not the long one", {".x.y.a.example", ".b"}, "y.a.example",
		false},
	    {"one label", {".b"}, "b", false},
	    {"sorted", {"c.example", "a.example", "b.example"}, "b.example",
		true},
	    {"twice", {"a.example", "a.example", "b.example"}, "b.example",
		true},
	    {"between", {"a.example", "c.example"}, "b.example", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_domain_set set = domains(rows[i].parts);

		if (pst_domain_set_has(&set, rows[i].name) != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

static void
test_nets(void **state)
{
	static const struct {
		const char *label, *parts[MAX_PARTS], *address;
		bool want;
	} rows[] = {
	    {"empty", {NULL}, "192.0.2.1", false},
	    {"address", {"192.0.2.1"}, "192.0.2.1", true},
	    {"next address", {"192.0.2.1"}, "192.0.2.2", false},
	    {"network", {"192.0.2.0/24"}, "192.0.2.255", true},
	    {"before it", {"192.0.2.0/24"}, "192.0.1.255", false},
	    {"after it", {"192.0.2.0/24"}, "192.0.3.0", false},
	    {"one in another", {"192.0.2.8/29", "192.0.2.0/24", "192.0.2.1"},
		"192.0.2.200", true},
	    {"gap", {"192.0.2.0/26", "192.0.2.128/25"}, "192.0.2.100", false},
	    {"siblings", {"192.0.2.0/25", "192.0.2.128/25"}, "192.0.2.200",
		true},
	    {"not siblings", {"192.0.2.64/26", "192.0.2.128/26"}, "192.0.2.1",
		false},
	    {"all of IPv4", {"0.0.0.0/0"}, "255.255.255.255", true},
	    {"is not IPv6", {"0.0.0.0/0"}, "::1", false},
	    {"both halves", {"0.0.0.0/1", "128.0.0.0/1"}, "9.9.9.9", true},
	    {"IPv6", {"2001:db8::/32"}, "2001:db8:ffff::1", true},
	    {"IPv6, not", {"2001:db8::/32"}, "2001:db9::", false},
	    {"mapped", {"192.0.2.0/24"}, "::ffff:192.0.2.7", true},
	    {"families mixed", {"2001:db8::/32", "192.0.2.1", "::1"}, "::1",
		true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_net_set set = nets(rows[i].parts);
		struct pst_ip ip;

		assert_true(pst_ip_parse(pst_str(rows[i].address), &ip));
		if (pst_net_set_has(&set, &ip) != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

static void
test_no_address(void **state)
{
	static const char *const all[MAX_PARTS] = {"0.0.0.0/0", "::/0"};
	struct pst_net_set set = nets(all);
	struct pst_ip none = {.family = PST_IP_NONE};

	(void)state;
	assert_false(pst_net_set_has(&set, &none));
}

static void
test_cover(void **state)
{
	static const struct {
		const char *label;
		const char *a[MAX_PARTS], *b[MAX_PARTS];
		bool is_nets, want;
	} rows[] = {
	    {"same", {"a.b"}, {"a.b"}, false, true},
	    {"more", {"a.b", "c.d"}, {"c.d"}, false, true},
	    {"less", {"a.b"}, {"a.b", "c.d"}, false, false},
	    {"below holds exact", {".b"}, {"a.b"}, false, true},
	    {"below holds below", {".b"}, {".a.b"}, false, true},
	    {"below holds itself", {".b"}, {".b"}, false, true},
	    {"below is not its name", {".b"}, {"b"}, false, false},
	    {"exact holds no below", {"a.b"}, {".a.b"}, false, false},
	    {"narrow holds no wide", {".a.b"}, {".b"}, false, false},
	    {"nothing in all", {"a.b"}, {NULL}, false, true},
	    {"net", {"192.0.2.0/24"}, {"192.0.2.0/25"}, true, true},
	    {"wider net", {"192.0.2.0/25"}, {"192.0.2.0/24"}, true, false},
	    {"two halves", {"192.0.2.0/25", "192.0.2.128/25"}, {"192.0.2.0/24"},
		true, true},
	    {"four quarters, one twice",
		{"10.0.0.0/10", "10.64.0.0/10", "10.192.0.0/10",
		    "10.128.0.0/10", "10.64.0.0/10"},
		{"10.0.0.0/8"}, true, true},
	    {"a quarter is missing",
		{"10.0.0.0/10", "10.64.0.0/10", "10.192.0.0/10"},
		{"10.0.0.0/8"}, true, false},
	    {"other family", {"0.0.0.0/0"}, {"::1"}, true, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		bool got;

		if (rows[i].is_nets) {
			struct pst_net_set a = nets(rows[i].a);
			struct pst_net_set b = nets(rows[i].b);
			got = pst_net_set_covers(&a, &b);
		} else {
			struct pst_domain_set a = domains(rows[i].a);
			struct pst_domain_set b = domains(rows[i].b);
			got = pst_domain_set_covers(&a, &b);
		}
		if (got != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

/* Look-ups in a large set agree with a linear search. */
static void
test_many(void **state)
{
	enum { MANY = 2000 };
	const char **names = pst_arena_array(arena, MANY, sizeof(*names));
	const char **bases = pst_arena_array(arena, MANY, sizeof(*bases));
	struct pst_domain_set set;
	struct pst_net_set net_set;
	struct pst_err err;
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		seed = seed * 1103515245u + 12345u;
		names[i] = pst_arena_printf(arena, "%sd%u.e%u.example",
		    i % 3 == 0 ? "." : "", seed >> 20, i % 7u == 0 ? 1u : 2u);
		bases[i] = pst_arena_printf(arena, "10.%u.%u.0/%u", seed >> 24,
		    seed >> 16 & 0xfe, 23 + (seed >> 8) % 2);
	}
	assert_true(pst_domain_set_make(&set, arena, names, MANY, &err));
	assert_true(pst_net_set_make(&net_set, arena, bases, MANY, &err));
	for (size_t i = 0; i < 500; i++) {
		const char *name =
		    pst_arena_printf(arena, "d%zu.e2.example", i * 8 + i % 2);
		bool want = false, want_net = false;
		struct pst_net net;
		struct pst_ip ip;

		assert_true(
		    pst_ip_parse(pst_str(pst_arena_printf(arena, "10.%zu.%zu.9",
				     i % 256, i * 37 % 256)),
			&ip));
		for (size_t n = 0; n < MANY; n++) {
			want = want || strcmp(names[n], name) == 0;
			assert_true(pst_net_parse(pst_str(bases[n]), &net));
			want_net = want_net || pst_net_contains(&net, &ip);
		}
		if (pst_domain_set_has(&set, name) != want)
			fail_msg("%s", name);
		if (pst_net_set_has(&net_set, &ip) != want_net)
			fail_msg("10.%zu.%zu.9", i % 256, i * 37 % 256);
	}
}

/* A name of very many labels costs no more than any other. */
static void
test_hostile_name(void **state)
{
	static const char *const parts[MAX_PARTS] = {".a.example", "b.example"};
	struct pst_domain_set set = domains(parts);
	char name[254];

	(void)state;
	for (size_t i = 0; i < 252; i += 2) {
		name[i] = 'a';
		name[i + 1] = '.';
	}
	name[252] = 'a';
	name[253] = '\0';
	assert_int_equal(set.below_labels, 2);
	assert_false(pst_domain_set_has(&set, name));
	memcpy(name + 253 - strlen(".a.example"), ".a.example",
	    strlen(".a.example"));
	assert_true(pst_domain_set_has(&set, name));
}

static char file[64];

static int
make_file(void **state)
{
	int fd;

	(void)begin(state);
	(void)snprintf(file, sizeof(file), "/tmp/postern-set.XXXXXX");
	fd = mkstemp(file);
	return fd == -1 ? -1 : close(fd);
}

static int
drop_file(void **state)
{
	(void)unlink(file);
	return end(state);
}

static void
write_file(const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void
test_good_files(void **state)
{
	static const struct {
		const char *label, *text, *name;
		bool want;
	} rows[] = {
	    {"empty", "", "a.example", false},
	    {"a line", "a.example\n", "a.example", true},
	    {"no last line end", "b.example\na.example", "a.example", true},
	    {"CR", "a.example\r\nb.example\r\n", "a.example", true},
	    {"blanks", "\n \t\n\t a.example \n", "a.example", true},
	    {"comment", "# x\na.example # y\n", "a.example", true},
	    {"commented out", "#a.example\n", "a.example", false},
	    {"below", ".a.example\n", "x.a.example", true},
	    {"beside a part", "a.example\n", "part.example", true},
	};
	const char *parts[MAX_PARTS] = {
	    "part.example", pst_arena_printf(arena, "@%s", file)};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_domain_set set;

		write_file(rows[i].text);
		set = domains(parts);
		if (pst_domain_set_has(&set, rows[i].name) != rows[i].want)
			fail_msg("%s", rows[i].label);
	}
}

static void
expect_error(const char *part, bool is_nets, const char *want)
{
	struct pst_domain_set set;
	struct pst_net_set net_set;
	struct pst_err err = {"nothing"};

	if (is_nets ? pst_net_set_make(&net_set, arena, &part, 1, &err) :
		      pst_domain_set_make(&set, arena, &part, 1, &err))
		fail_msg("%s: accepted", part);
	if (strstr(err.text, want) == NULL)
		fail_msg("%s: %s", part, err.text);
}

static void
test_bad_files(void **state)
{
	const char *part = pst_arena_printf(arena, "@%s", file);
	const char *place = pst_arena_printf(arena, "%s:3: ", file);

	(void)state;
	write_file("a.example\n\na..example\n");
	expect_error(part, false, place);
	expect_error(part, false, "\"a..example\" is not a domain name");
	write_file("192.0.2.1\n# x\n192.0.2.1/24\n");
	expect_error(part, true, place);
	expect_error(part, true, "\"192.0.2.1/24\" has host bits set");
	write_file("\xef\xbb\xbf"
		   "a..example\n");
	expect_error(part, false, ":1: \"a..example\" is not");
	write_file("a.example\n\n\x1b[31m\n");
	expect_error(part, false, "\"\\x1B[31m\"");
	write_file("@/etc/other\n");
	expect_error(part, false, "\"@/etc/other\" is not a domain name");
	expect_error("@/nowhere/list", false, "/nowhere/list: No such file");
	expect_error("@/", false, "/: not a regular file");
	expect_error("@list", false, "given by its absolute path");
	expect_error("@", true, "given by its absolute path");
	expect_error("", true, "neither an address");
	expect_error(".", false, "not a domain");
	expect_error("*.a.example", false, "write \".a.example\"");
	expect_error("10.0.0.1/8", true, "write \"10.0.0.0/8\"");
}

static struct pst_net_set
spf_nets(const char *const parts[MAX_PARTS])
{
	struct pst_net_set set;
	struct pst_err err;

	if (!pst_net_set_make_spf(&set, arena, parts, parts_of(parts), &err))
		fail_msg("%s", err.text);
	return set;
}

static void
test_spf_entries(void **state)
{
	static const char *const parts[MAX_PARTS] = {
	    "spf:b.example", "192.0.2.1", "spf:A.example", "spf:b.example."};
	struct pst_net_set set = spf_nets(parts), other;
	struct pst_err err;

	(void)state;
	assert_int_equal(set.count, 1);
	assert_int_equal(set.spf_count, 2);
	assert_string_equal(set.spf[0], "a.example");
	assert_string_equal(set.spf[1], "b.example");
	/* Nowhere else, whatever it says */
	assert_false(
	    pst_net_set_make(&other, arena, parts, parts_of(parts), &err));
	assert_non_null(strstr(err.text, "skip all checks"));
}

static const struct {
	const char *label, *a[MAX_PARTS], *b[MAX_PARTS];
	bool want;
} spf_rows[] = {
    {"equal", {"spf:a.example"}, {"spf:a.example"}, true},
    {"more", {"spf:a.example", "spf:b.example"}, {"spf:a.example"}, true},
    {"less", {"spf:a.example"}, {"spf:a.example", "spf:b.example"}, false},
    {"another", {"spf:a.example"}, {"spf:b.example"}, false},
    {"all addresses", {"0.0.0.0/0", "::/0"}, {"spf:a.example"}, false},
    {"a network", {"spf:a.example"}, {"192.0.2.1"}, false},
    {"both", {"spf:a.example", "192.0.2.0/24"}, {"192.0.2.1", "spf:a.example"},
	true},
    {"nothing", {"spf:a.example"}, {NULL}, true},
};

static void
test_spf_covers(void **state)
{
	(void)state;
	FOR_ROWS(i, spf_rows, spf_rows[i].label) {
		struct pst_net_set a = spf_nets(spf_rows[i].a);
		struct pst_net_set b = spf_nets(spf_rows[i].b);

		assert_int_equal(pst_net_set_covers(&a, &b), spf_rows[i].want);
	}
}

static const struct {
	const char *label;
	const char *a[6], *b[6];
	const char *want; /* NULL: nothing */
} common_rows[] = {
    {"nothing", {NULL}, {"192.0.2.0/24"}, NULL},
    {"equal", {"192.0.2.0/24"}, {"192.0.2.0/24"}, "192.0.2.0/24"},
    {"one within", {"192.0.2.0/24"}, {"192.0.2.7"}, "192.0.2.7/32"},
    {"the other within", {"192.0.2.7"}, {"192.0.2.0/24"}, "192.0.2.7/32"},
    {"neighbours", {"192.0.2.0/25"}, {"192.0.2.128/25"}, NULL},
    {"families", {"0.0.0.0/0"}, {"::1"}, NULL},
    {"the last", {"10.0.0.0/8", "2001:db8::/32"}, {"192.0.2.1", "2001:db8::1"},
	"2001:db8::1/128"},
    {"names", {"spf:a.example"}, {"spf:a.example"}, NULL},
};

static void
test_common(void **state)
{
	(void)state;
	FOR_ROWS(i, common_rows, common_rows[i].label) {
		struct pst_net_set a = spf_nets(common_rows[i].a);
		struct pst_net_set b = spf_nets(common_rows[i].b);
		const struct pst_net *got = pst_net_set_common(&a, &b);
		char ip[PST_IP_TEXT_SIZE], text[60] = "nothing";

		if (got != NULL)
			(void)snprintf(text, sizeof(text), "%s/%u",
			    pst_ip_text(&got->base, ip), got->prefix_bits);
		assert_string_equal(text,
		    common_rows[i].want == NULL ? "nothing" :
						  common_rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_nets),
	    cmocka_unit_test(test_spf_entries),
	    cmocka_unit_test(test_spf_covers),
	    cmocka_unit_test(test_common),
	    cmocka_unit_test(test_no_address),
	    cmocka_unit_test(test_cover),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_hostile_name),
	    cmocka_unit_test(test_good_files),
	    cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, make_file, drop_file);
}
