/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/spf_record.h"
#include "base/domain.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

/* The examples of RFC 7208 s. 7.4 use this sender and these addresses. */
static struct pst_spf_macros
example_macros(const char *ip)
{
	struct pst_spf_macros macros = {.local = PST_STR("strong-bad"),
	    .sender_domain = "email.example.com",
	    .domain = "email.example.com",
	    .helo = "mx.example.org",
	    .validated = "mx.example.org",
	    .receiver = "gw.example.net",
	    .now_epoch = 1700000000};

	assert_true(pst_ip_parse(pst_str(ip), &macros.ip));
	return macros;
}

static const struct {
	const char *ip;
	const char *spec;
	const char *want;
} rows[] = {
    {"192.0.2.3", "%{s}", "strong-bad@email.example.com"},
    {"192.0.2.3", "%{o}", "email.example.com"},
    {"192.0.2.3", "%{d}", "email.example.com"},
    {"192.0.2.3", "%{d4}", "email.example.com"},
    {"192.0.2.3", "%{d3}", "email.example.com"},
    {"192.0.2.3", "%{d2}", "example.com"},
    {"192.0.2.3", "%{d1}", "com"},
    {"192.0.2.3", "%{dr}", "com.example.email"},
    {"192.0.2.3", "%{d2r}", "example.email"},
    {"192.0.2.3", "%{l}", "strong-bad"},
    {"192.0.2.3", "%{l-}", "strong.bad"},
    {"192.0.2.3", "%{lr}", "strong-bad"},
    {"192.0.2.3", "%{lr-}", "bad.strong"},
    {"192.0.2.3", "%{l1r-}", "strong"},
    {"192.0.2.3", "%{l1}", "strong-bad"},
    {"192.0.2.3", "%{ir}.%{v}._spf.%{d2}",
	"3.2.0.192.in-addr._spf.example.com"},
    {"192.0.2.3", "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
    {"192.0.2.3", "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	"bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
    {"192.0.2.3", "%{d2}.trusted-domains.example.net",
	"example.com.trusted-domains.example.net"},
    {"2001:db8::cb01", "%{ir}.%{v}._spf.%{d2}",
	"1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2"
	".ip6._spf.example.com"},
    {"192.0.2.3", "%%%_%-x", "% %20x"},
    {"192.0.2.3", "%{h}.%{p1}", "mx.example.org.org"},
    {"192.0.2.3", "%{S}", "strong-bad%40email.example.com"},
    {"192.0.2.3", "%{d99999999999999999999}", "email.example.com"},
    {"192.0.2.3", "%{s-.@2}", NULL},
    {"192.0.2.3", "x%{dr.-+,/_=}y", "xcom.example.emaily"},
};

static void
test_domain_specs(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].ip) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_spf_macros macros = example_macros(rows[i].ip);
		struct pst_str spec = pst_str(rows[i].spec);
		struct pst_str got;
		size_t tail;

		if (pst_spf_macro_check(spec, false, &tail) !=
		    (rows[i].want != NULL))
			fail_msg("%s: check", rows[i].spec);
		if (rows[i].want != NULL) {
			got = pst_spf_expand(arena, spec, &macros);
			if (!pst_str_eq(got, pst_str(rows[i].want)))
				fail_msg(
				    "%s: %.*s", rows[i].spec, PST_STR_ARG(got));
		}
		pst_arena_free(arena);
	}
}

static const struct {
	const char *local;
	const char *spec;
	const char *want;
} local_rows[] = {
    {"bob", "%{l1}", "bob"},
    {"bob", "%{l9}", "bob"},
    {"a.b", "%{l1}", "b"},
    {"..", "%{l}", ".."},
    {"..", "%{l2}", "."},
    {"..", "%{lr}", ".."},
    {"", "%{l}.x", ".x"},
    {"", "%{lr}", ""},
    {"a+b=c", "%{l+=}", "a.b.c"},
    {"a+b=c", "%{lr+=}", "c.b.a"},
    {"a+b=c", "%{l1r+=}", "a"},
    {"a/b,c", "%{l2/,}", "b.c"},
    {"a b%\xc3\xa4~", "%{L}", "a%20b%25%C3%A4~"},
    {"a.b c", "%{Lr}", "b%20c.a"},
};

static void
test_local_parts(void **state)
{
	(void)state;
	FOR_ROWS(i, local_rows, local_rows[i].local) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_spf_macros macros = example_macros("192.0.2.3");
		struct pst_str got;

		macros.local = pst_str(local_rows[i].local);
		got =
		    pst_spf_expand(arena, pst_str(local_rows[i].spec), &macros);
		if (!pst_str_eq(got, pst_str(local_rows[i].want)))
			fail_msg("%s of %s: %.*s", local_rows[i].spec,
			    local_rows[i].local, PST_STR_ARG(got));
		pst_arena_free(arena);
	}
}

static const struct {
	const char *label;
	const char *text;
	const char *want; /* NULL: bad syntax */
} exp_rows[] = {
    {"plain", "go away", "go away"},
    {"leading and double blanks", "  a  b ", "  a  b "},
    {"macros", "%{i} is not %{d}'s; %{c} %{r} %{t}",
	"192.0.2.3 is not email.example.com's; 192.0.2.3 gw.example.net "
	"1700000000"},
    {"escapes", "100%%%_x%-", "100% x%20"},
    {"upper case", "%{S}", "strong-bad%40email.example.com"},
    {"empty", "", ""},
    {"bare percent", "100%", NULL},
    {"percent and blank", "100% x", NULL},
    {"open macro", "%{d", NULL},
    {"unknown letter", "%{z}", NULL},
    {"8-bit", "caf\xc3\xa9", NULL},
    {"control", "a\tb", NULL},
    {"line end", "a\r\nb", NULL},
};

static void
test_explanations(void **state)
{
	(void)state;
	FOR_ROWS(i, exp_rows, exp_rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_spf_macros macros = example_macros("192.0.2.3");
		struct pst_str got = PST_STR("unset");
		bool valid = pst_spf_expand_exp(
		    arena, pst_str(exp_rows[i].text), &macros, &got);

		if (valid != (exp_rows[i].want != NULL) ||
		    (valid && !pst_str_eq(got, pst_str(exp_rows[i].want))))
			fail_msg("%.*s", PST_STR_ARG(got));
		pst_arena_free(arena);
	}
}

/* The input that makes libspf2 1.2.10 write past its stack buffer. */
static void
test_crasher(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_macros macros = example_macros("192.0.2.3");
	struct pst_buf text;
	struct pst_str got;

	(void)state;
	pst_buf_init(&text, arena, 1024);
	for (int i = 0; i < 127; i++)
		pst_buf_add_text(&text, "%{d}");
	pst_buf_add_char(&text, 'A');
	assert_int_equal(text.len, 509);
	assert_true(
	    pst_spf_expand_exp(arena, pst_buf_slice(&text), &macros, &got));
	assert_int_equal(got.len, 127 * strlen("email.example.com") + 1);
	pst_arena_free(arena);
}

/* Of a long expansion the end is kept, from the start of a label. */
static void
test_cut(void **state)
{
	(void)state;
	for (size_t labels = 1; labels < 400; labels++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_spf_macros macros = example_macros("192.0.2.3");
		struct pst_buf spec;
		struct pst_buf whole;
		struct pst_str want;
		struct pst_str got;

		pst_buf_init(&spec, arena, 8192);
		pst_buf_init(&whole, arena, 32768);
		for (size_t i = 0; i < labels; i++) {
			pst_buf_printf(&spec, "%%{d}%zu.", i);
			pst_buf_printf(&whole, "email.example.com%zu.", i);
		}
		pst_buf_add_text(&spec, "x");
		pst_buf_add_text(&whole, "x");
		want = pst_buf_slice(&whole);
		while (want.len > PST_DOMAIN_MAX)
			want = pst_str_from(want, pst_str_find(want, '.') + 1);
		got = pst_spf_expand(arena, pst_buf_slice(&spec), &macros);
		if (!pst_str_eq(got, want))
			fail_msg("%zu labels: %.*s", labels, PST_STR_ARG(got));
		pst_arena_free(arena);
	}
}

static void
test_uses(void **state)
{
	(void)state;
	assert_true(pst_spf_uses_p(PST_STR("x.%{p}.y")));
	assert_true(pst_spf_uses_p(PST_STR("%{P1r-}")));
	assert_false(pst_spf_uses_p(PST_STR("%{d}.%%{p}")));
	assert_false(pst_spf_uses_p(PST_STR("p.%{s}")));
	assert_true(pst_spf_uses_local(PST_STR("%{d}.%{s}")));
	assert_true(pst_spf_uses_local(PST_STR("%{L1}")));
	assert_false(pst_spf_uses_local(PST_STR("%{d}l%%{l}")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_domain_specs),
	    cmocka_unit_test(test_local_parts),
	    cmocka_unit_test(test_explanations),
	    cmocka_unit_test(test_crasher),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
