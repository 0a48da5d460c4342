/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/spf_record.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static const struct {
	struct pst_str text;
	bool want;
} version_rows[] = {
    {{"v=spf1", 6}, true},
    {{"v=spf1 -all", 11}, true},
    {{"V=SpF1 -all", 11}, true},
    {{"v=spf1 ", 7}, true},
    {{"v=spf10", 7}, false},
    {{"v=spf1\t-all", 11}, false},
    {{"v=spf1\0-all", 11}, false},
    {{" v=spf1", 7}, false},
    {{"v=spf", 5}, false},
    {{"", 0}, false},
};

static void
test_version(void **state)
{
	(void)state;
	FOR_ROWS(i, version_rows, version_rows[i].text.ptr)
		if (pst_spf_is_record(version_rows[i].text) !=
		    version_rows[i].want)
			fail_msg("not %d", version_rows[i].want);
}

/*
 * want: the terms in short form, each as qualifier, kind, domain and prefix
 * lengths; NULL for a syntax error.
 */
static const struct row {
	const char *terms;
	const char *want;
} rows[] = {
    {"", ""},
    {"-all", "-all;"},
    {"ALL", "+all;"},
    {"  ?all   ", "?all;"},
    {"a", "+a:/32//128;"},
    {"~A/24", "~a:/24//128;"},
    {"a//64", "+a:/32//64;"},
    {"a/0//0", "+a:/0//0;"},
    {"a:x.example/24//64", "+a:x.example/24//64;"},
    {"mx:x.example.", "+mx:x.example./32//128;"},
    {"mx:%{d}/8", "+mx:%{d}/8//128;"},
    {"a:foo/bar.example", "+a:foo/bar.example/32//128;"},
    {"a:%{d2/}/24", "+a:%{d2/}/24//128;"},
    {"ptr", "+ptr:;"},
    {"ptr:x.example", "+ptr:x.example;"},
    {"exists:%{ir}.x.example", "+exists:%{ir}.x.example;"},
    {"exists:%%.x.example", "+exists:%%.x.example;"},
    {"include:%{d}", "+include:%{d};"},
    {"include:a_b.example", "+include:a_b.example;"},
    {"ip4:192.0.2.1", "+ip4 192.0.2.1/32;"},
    {"ip4:192.0.2.1/0", "+ip4 192.0.2.1/0;"},
    {"-ip6:2001:db8::/32", "-ip6 2001:db8::/32;"},
    {"ip6:::ffff:192.0.2.1/96", "+ip6 ::ffff:c000:201/96;"},
    {"redirect=x.example -all", "-all;redirect=x.example;"},
    {"exp=%{d}.x.example", "exp=%{d}.x.example;"},
    {"moo.cow-far_out=man:dog/cat -all", "-all;"},
    {"moo= -all", "-all;"},
    {"a=b", ""},
    {"include:.example", "+include:.example;"},
    {"include:x.ex-ample9", "+include:x.ex-ample9;"},
    {"include:%{d255}", "+include:%{d255};"},
    {"include:%{d99999999999999999999999}",
	"+include:%{d99999999999999999999999};"},
    /* errors */
    {"+", NULL},
    {"--all", NULL},
    {"all:x.example", NULL},
    {"all/8", NULL},
    {"all.", NULL},
    {"foo", NULL},
    {"\ta", NULL},
    {"a\tb", NULL},
    {"a:", NULL},
    {"a:/24", NULL},
    {"a/", NULL},
    {"a/33", NULL},
    {"a//129", NULL},
    {"a/032", NULL},
    {"a//064", NULL},
    {"a/24/64", NULL},
    {"a/24///64", NULL},
    {"a:x.example//", NULL},
    {"a:x.example:80", NULL},
    {"a:example", NULL},
    {"a:192.0.2.1", NULL},
    {"a:x.example..", NULL},
    {"a:x.-example", NULL},
    {"a:x.example-", NULL},
    {"a:x.exa_mple", NULL},
    {"mx:%", NULL},
    {"mx:%{", NULL},
    {"mx:%{d", NULL},
    {"mx:%{}", NULL},
    {"mx:%{d0}", NULL},
    {"mx:%{d00}", NULL},
    {"mx:%{dr2}", NULL},
    {"mx:%{d|}", NULL},
    {"mx:%{x}", NULL},
    {"mx:%{c}", NULL},
    {"mx:%{r}", NULL},
    {"mx:%{t}", NULL},
    {"mx:%x", NULL},
    {"mx:%{d}x", NULL},
    {"mx:%{d}.9", NULL},
    {"ptr/24", NULL},
    {"exists", NULL},
    {"exists:", NULL},
    {"exists:x.example/24", NULL},
    {"include", NULL},
    {"include:x", NULL},
    {"ip4", NULL},
    {"ip4:", NULL},
    {"ip4:192.0.2", NULL},
    {"ip4:192.0.2.256", NULL},
    {"ip4:192.0.2.1/33", NULL},
    {"ip4:192.0.2.1/", NULL},
    {"ip4:192.0.2.1/08", NULL},
    {"ip4:192.0.2.1//8", NULL},
    {"ip4:2001:db8::1", NULL},
    {"ip4:ipv6:192.0.2.1", NULL},
    {"ip6:192.0.2.1", NULL},
    {"ip6:ipv6:2001:db8::1", NULL},
    {"ip6:2001:db8::1/129", NULL},
    {"ip6:2001:db8::1%eth0", NULL},
    {"ip4:1111111111111111111111111111111111111111111111111", NULL},
    {"redirect:x.example", NULL},
    {"redirect=", NULL},
    {"redirect=x", NULL},
    {"-redirect=x.example", NULL},
    {"redirect=x.example redirect=x.example", NULL},
    {"exp=x.example exp=y.example", NULL},
    {"exp=x.example/24", NULL},
    {"exp=", NULL},
    {"moo=%", NULL},
    {"moo=%{d", NULL},
    {"-moo=x", NULL},
    {"9moo=x", NULL},
    {"a:x\x80.example", NULL},
    {"a:x\x7f.example", NULL},
    {"-all\x01", NULL},
};

static void
describe(const struct pst_spf_record *record, struct pst_buf *out)
{
	static const char *const words[] = {
	    "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};
	char ip[PST_IP_TEXT_SIZE];

	for (size_t i = 0; i < record->term_count; i++) {
		const struct pst_spf_term *term = &record->terms[i];

		pst_buf_printf(out, "%c%s", term->qualifier, words[term->kind]);
		if (term->kind == PST_SPF_IP4 || term->kind == PST_SPF_IP6)
			pst_buf_printf(out, " %s/%u",
			    pst_ip_text(&term->ip, ip),
			    term->kind == PST_SPF_IP4 ? term->ip4_bits :
							term->ip6_bits);
		else if (term->kind != PST_SPF_ALL)
			pst_buf_printf(out, ":%.*s", PST_STR_ARG(term->domain));
		if (term->kind == PST_SPF_A || term->kind == PST_SPF_MX)
			pst_buf_printf(
			    out, "/%u//%u", term->ip4_bits, term->ip6_bits);
		pst_buf_add_char(out, ';');
	}
	if (record->has_redirect)
		pst_buf_printf(out, "redirect=%.*s;",
		    PST_STR_ARG(record->redirect.domain));
	if (record->has_exp)
		pst_buf_printf(out, "exp=%.*s;", PST_STR_ARG(record->exp));
	pst_buf_add_text(out, "");
}

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].terms) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_str text = pst_str(
		    pst_arena_printf(arena, "v=spf1 %s", rows[i].terms));
		struct pst_spf_record record;
		const char *why = "unset";
		struct pst_buf got;
		bool valid = pst_spf_record_parse(arena, text, &record, &why);

		if (valid != (rows[i].want != NULL))
			fail_msg("%s", valid ? "valid" : why);
		if (!valid) {
			assert_non_null(why);
			pst_arena_free(arena);
			continue;
		}
		pst_buf_init(&got, arena, 4096);
		describe(&record, &got);
		if (strcmp(pst_buf_str(&got), rows[i].want) != 0)
			fail_msg("%s", pst_buf_str(&got));
		pst_arena_free(arena);
	}
}

/* A NUL does not end the record; like any such octet, it is an error. */
static void
test_nul(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_record record;
	const char *why;

	(void)state;
	assert_false(pst_spf_record_parse(
	    arena, PST_STR("v=spf1 \0all"), &record, &why));
	assert_false(pst_spf_record_parse(
	    arena, PST_STR("v=spf1 -all\0"), &record, &why));
	pst_arena_free(arena);
}

static bool
parse_repeated(const char *term, size_t count, size_t padding)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_record record;
	struct pst_buf text;
	const char *why;
	bool valid;

	pst_buf_init(&text, arena, (size_t)4 * PST_SPF_MAX_RECORD);
	pst_buf_add_text(&text, "v=spf1");
	for (size_t i = 0; i < count; i++)
		pst_buf_printf(&text, " %s", term);
	while (text.len < padding)
		pst_buf_add_char(&text, ' ');
	valid =
	    pst_spf_record_parse(arena, pst_buf_slice(&text), &record, &why);
	pst_arena_free(arena);
	return valid;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_true(parse_repeated("ip4:192.0.2.1", PST_SPF_MAX_TERMS, 0));
	assert_false(parse_repeated("ip4:192.0.2.1", PST_SPF_MAX_TERMS + 1, 0));
	assert_true(parse_repeated("-all", 1, PST_SPF_MAX_RECORD));
	assert_false(parse_repeated("-all", 1, PST_SPF_MAX_RECORD + 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_version),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_nul),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
