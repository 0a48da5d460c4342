/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/spf_run.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

/* What libspf2 gets for the second record of an evaluation. */
static const struct {
	const char *record;
	const char *local;
	const char *v4;
	const char *v6;
} rows[] = {
    {"v=spf1", "u", "", ""},
    {"v=spf1 a mx:x.example -all", "u", "+a:t256.x/32 +mx:t257.x/32 -all",
	"+a:t256.x//128 +mx:t257.x//128 -all"},
    {"v=spf1 ~a:%{l}.x.example/24//64 ?mx/0//0", "u", "~a:t256.x/24 ?mx:t257.x",
	"~a:t256.x//64 ?mx:t257.x"},
    {"v=spf1 ip4:192.0.2.1 -ip6:2001:DB8::/32", "u", "+ip4:192.0.2.1/32",
	"-ip6:2001:db8::/32"},
    {"v=spf1 ~ip4:192.0.2.1/0 ~ip6:::/0", "u", "~all", "~all"},
    {"v=spf1 ptr:%{o} exists:%{s}.x.example include:%{h}", "u",
	"+exists:t256.x +exists:t257.x +include:t258.x",
	"+exists:t256.x +exists:t257.x +include:t258.x"},
    {"v=spf1 redirect=x.example ptr exp=%{s}.example moo=%{l}", "u",
	"+exists:t256.x redirect=t506.x", "+exists:t256.x redirect=t506.x"},
    {"v=spf1 redirect=x.example ?all ptr", "u", "?all", "?all"},
    {"v=spf1 exists:%{l}.x.example a:%{S}.x.example ~all", "\xc3\xa4", "~all",
	"~all"},
};

static const char *
rewritten(struct pst_arena *arena, const struct pst_spf_run *run,
    const struct pst_spf_record *record)
{
	size_t numbers[PST_SPF_MAX_TERMS + 1];
	size_t count = pst_spf_rewrite_order(record, numbers);
	char text[PST_SPF_REWRITTEN_SIZE];
	struct pst_buf out;

	pst_buf_init(&out, arena, 4096);
	for (size_t i = 0; i < count; i++) {
		pst_spf_rewrite_term(run, PST_SPF_LEVEL_TOKENS + numbers[i],
		    numbers[i] == PST_SPF_REDIRECT_INDEX ?
			&record->redirect :
			&record->terms[numbers[i]],
		    text);
		if (text[0] != '\0')
			pst_buf_printf(
			    &out, "%s%s", out.len == 0 ? "" : " ", text);
	}
	return pst_buf_str(&out);
}

static void
test_rows(void **state)
{
	(void)state;
	FOR_COUNT(i, 2 * PST_COUNT(rows), rows[i / 2].record) {
		const char *want = i % 2 == 0 ? rows[i / 2].v4 : rows[i / 2].v6;
		struct pst_arena *arena = pst_arena_new();
		struct pst_spf_input input = {.max_voids = 2};
		struct pst_spf_run run = {.input = &input};
		struct pst_spf_record record;
		const char *why;
		const char *got;

		run.macros.local = pst_str(rows[i / 2].local);
		assert_true(pst_ip_parse(
		    i % 2 == 0 ? PST_STR("192.0.2.1") : PST_STR("2001:db8::1"),
		    &input.client));
		assert_true(pst_spf_record_parse(
		    arena, pst_str(rows[i / 2].record), &record, &why));
		got = rewritten(arena, &run, &record);
		if (strcmp(got, want) != 0)
			fail_msg("%s: %s", rows[i / 2].record, got);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
