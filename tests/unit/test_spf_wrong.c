/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdlib.h>

#include "base/buf.h"
#include "survey/spf_tree.h"

/* What is said of a record: "NAME@POSITION ..." without "spf-". */
static const char *
names(struct pst_arena *arena, const struct pst_findings_list *list)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < list->count; i++)
		pst_buf_printf(&buf, "%s%s@%zu", i == 0 ? "" : " ",
		    list->items[i].info->name + 4, list->items[i].position);
	return list->count == 0 ? "" : pst_buf_str(&buf);
}

static void
check(struct pst_findings_list *list, struct pst_str text)
{
	struct pst_spf_branch branch = {.domain = "example.com",
	    .shown = "example.com",
	    .text = text,
	    .is_own = true,
	    .is_final = true,
	    .passes = true};
	struct pst_spf_record record;
	const char *why;

	if (pst_spf_record_parse(list->arena, text, &record, &why))
		pst_spf_terms_check(list, &branch, &record);
	else
		pst_spf_wrong_check(list, &branch, record.wrong, why);
}

/* Terms with an error, and what to write instead (NULL: nothing is known). */
static const struct wrong_row {
	const char *term;
	const char *want; /* the name, without "spf-" */
	const char *instead;
} wrong_rows[] = {
    {"ipv4:192.0.2.1", "unknown-mechanism", "ip4:192.0.2.1"},
    {"ipv6:2001:db8::1", "unknown-mechanism", "ip6:2001:db8::1"},
    {"ip:192.0.2.1", "unknown-mechanism", "ip4:192.0.2.1"},
    {"ip:2001:db8::1", "unknown-mechanism", "ip6:2001:db8::1"},
    {"-ipv4:192.0.2.0/24", "unknown-mechanism", "-ip4:192.0.2.0/24"},
    {"192.0.2.1", "unknown-mechanism", "ip4:192.0.2.1"},
    {"~192.0.2.1", "unknown-mechanism", "~ip4:192.0.2.1"},
    {"2001:db8::1/64", "unknown-mechanism", "ip6:2001:db8::1/64"},
    {"includes:a.example", "unknown-mechanism", "include:a.example"},
    {"Inclued:a.example", "unknown-mechanism", "include:a.example"},
    {"exist:a.example", "unknown-mechanism", "exists:a.example"},
    {"prt", "unknown-mechanism", NULL},
    {"mxx", "unknown-mechanism", "mx"},
    {"-al", "unknown-mechanism", "-all"},
    {"-all.", "unknown-mechanism", "-all"},
    {"~all,", "unknown-mechanism", "~all"},
    {"?all\"", "unknown-mechanism", "?all"},
    {"a.example.com", "unknown-mechanism",
	"include:a.example.com for a provider, a:a.example.com for a host"},
    {"frobnicate:x", "unknown-mechanism", NULL},
    {"\"", "unknown-mechanism", NULL},
    {":", "unknown-mechanism", NULL},
    {"-", "unknown-mechanism", NULL},
    {"/24", "unknown-mechanism", NULL},
    {"include:", "syntax",
	"include: and the value, without a blank between them"},
    {"ip4:", "syntax", "ip4: and the value, without a blank between them"},
    {"ip4", "syntax", "ip4: and the value, without a blank between them"},
    {"exists", "syntax", "exists: and the value, without a blank between them"},
    {"ip4:2001:db8::1", "syntax", "ip6:2001:db8::1"},
    {"ip6:192.0.2.1", "syntax", "ip4:192.0.2.1"},
    {"+ip6:192.0.2.0/24", "syntax", "+ip4:192.0.2.0/24"},
    {"ip4:mx.example.com", "syntax", "a:mx.example.com"},
    {"ip4:192.0.2.1/33", "syntax", NULL},
    {"ip4:192.0.2.300", "syntax", NULL},
    {"include:192.0.2.1", "syntax", "ip4:192.0.2.1"},
    {"a:192.0.2.1", "syntax", "ip4:192.0.2.1"},
    {"-all:x", "syntax", "-all"},
    {"all/24", "syntax", "all"},
    {"mx/33", "syntax", NULL},
    {"redirect=x", "syntax", NULL},
    {"exp=a b", "syntax", NULL},
};

static void
test_wrong(void **state)
{
	(void)state;
	FOR_ROWS(i, wrong_rows, wrong_rows[i].term) {
		const struct wrong_row *row = &wrong_rows[i];
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};
		const char *want = pst_arena_printf(arena, "%s@8", row->want);

		check(&list,
		    pst_str(
			pst_arena_printf(arena, "v=spf1 %s -all", row->term)));
		assert_string_equal(names(arena, &list), want);
		if (row->instead == NULL)
			assert_null(list.items[0].instead);
		else
			assert_string_equal(
			    list.items[0].instead, row->instead);
		pst_arena_free(arena);
	}
}

/* Whole records that can be read. */
static const struct record_row {
	const char *text;
	const char *want;
} record_rows[] = {
    {"v=spf1 mx -all", ""},
    {"v=spf1 a:x.example ip4:192.0.2.0/24 ip6:2001:db8::/48 ~all", ""},
    {"v=spf1 mx ip4=192.0.2.1 -all", "unknown-modifier@11"},
    {"v=spf1 mx include=a.example -all", "unknown-modifier@11"},
    {"v=spf1 mx ra=postmaster rp=50 rr=e -all exp=e.example.com", ""},
    {"v=spf1 mx all=x -all", "unknown-modifier@11"},
    {"v=spf1", "no-all@0"},
    {"v=spf1 ?all", "neutral-all@8"},
    {"v=spf1 all", "plus-all@8"},
    {"v=spf1 ip4:0.0.0.0/0 -all", "plus-all@8"},
    {"v=spf1 ip6:::/0 -all", "plus-all@8"},
    {"v=spf1 a/0 -all", "plus-all@8"},
    {"v=spf1 a//0 -all", "plus-all@8"},
    {"v=spf1 -ip4:0.0.0.0/0 ~all", ""},
    {"v=spf1 ip4:128.0.0.0/1 -all", "wide-range@8"},
    {"v=spf1 a/15 -all", "wide-range@8"},
    {"v=spf1 a/16//32 -all", ""},
    {"v=spf1 mx//31 -all", "wide-range@8"},
    {"v=spf1 ~ip4:198.0.0.0/8 -all", ""},
    {"v=spf1 ip4:10.0.0.0/8 -all", "private-address@8"},
    {"v=spf1 ip4:172.31.1.1 ip4:172.32.1.1 -all", "private-address@8"},
    {"v=spf1 a A -all", "repeated-term@10"},
    {"v=spf1 a a/24 -all", ""},
    {"v=spf1 a -a -all", "repeated-term@10"},
    {"v=spf1 ip4:192.0.2.1/24 ip4:192.0.2.0/24 -all", "repeated-term@25"},
    {"v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.129 -all", ""},
    {"v=spf1 -all mx", "shadowed@13"},
    {"v=spf1 -all redirect=a.example", "redirect-ignored@13"},
    {"v=spf1 redirect=a.example", ""},
    {"v=spf1 ptr:a.example -all", "ptr@8"},
};

static void
test_records(void **state)
{
	(void)state;
	FOR_ROWS(i, record_rows, record_rows[i].text) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};

		check(&list, pst_str(record_rows[i].text));
		assert_string_equal(names(arena, &list), record_rows[i].want);
		pst_arena_free(arena);
	}
}

static const struct meant_row {
	const char *text;
	bool want;
} meant_rows[] = {
    {"v=spf1", false}, /* it is one */
    {"v=spf1 -all", false},
    {"spf2.0/pra -all", false},
    {"v=spf1,-all", true},
    {"v=spf1;", true},
    {"v=spf10 -all", true},
    {"v=spf2 -all", true},
    {"v=spf -all", true},
    {" v=spf1 -all", true},
    {"\"v=spf1 -all\"", true},
    {"v =spf1 -all", true},
    {"v= spf1 -all", true},
    {"v:spf1 -all", true},
    {"vspf1 -all", true},
    {"spf1 -all", true},
    {"V=SPF1:-all", true},
    {"", false},
    {"v", false},
    {"v=", false},
    {"v=DMARC1; p=none", false},
    {"v=DKIM1; p=", false},
    {"v=verify", false},
    {"spf-check=1", false},
    {"our spf1 record is below", false},
};

static void
test_meant(void **state)
{
	(void)state;
	FOR_ROWS(i, meant_rows, meant_rows[i].text) {
		assert_int_equal(
		    pst_spf_text_is_meant(pst_str(meant_rows[i].text)),
		    meant_rows[i].want);
	}
}

/* Any octets, and cut anywhere: nothing is read beyond the end. */
static void
test_cut(void **state)
{
	static const char text[] = "v=spf1 +ipv4:192.0.2.1/24 \xff\x01=\"%{d} "
				   "ip6: all; include:x redirect=y v=spf1 -all";

	(void)state;
	for (size_t len = 6; len < sizeof(text); len++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_findings_list list = {.arena = arena};
		char *exact = malloc(len);

		assert_non_null(exact);
		memcpy(exact, text, len);
		check(&list, (struct pst_str){exact, len});
		(void)pst_spf_text_is_meant((struct pst_str){exact, len});
		for (size_t i = 0; i < list.count; i++)
			assert_true(
			    pst_str_is_printable(pst_str(list.items[i].text)));
		free(exact);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_meant),
	    cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
