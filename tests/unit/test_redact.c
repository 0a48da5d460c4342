/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/redact.h"

#define SECRET "0123"

static const struct pst_header_limits roomy = {1000, 65536, 524288};
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
test_local(void **state)
{
	const char *one = pst_redact_local(arena, PST_STR("John.Doe"), SECRET);

	(void)state;
	assert_int_equal(strlen(one), 16);
	assert_string_equal(
	    one, pst_redact_local(arena, PST_STR("john.doe"), SECRET));
	assert_string_not_equal(
	    one, pst_redact_local(arena, PST_STR("john.do"), SECRET));
	assert_string_not_equal(
	    one, pst_redact_local(arena, PST_STR("john.doe"), "3210"));
}

static void
test_path(void **state)
{
	const char *hash = pst_redact_local(arena, PST_STR("a"), SECRET);

	(void)state;
	assert_string_equal(
	    pst_redact_path(arena, PST_STR("<a@x.example>"), SECRET),
	    pst_arena_printf(arena, "<%s@x.example>", hash));
	assert_string_equal(
	    pst_redact_path(arena, PST_STR("<>"), SECRET), "<>");
	assert_string_equal(
	    pst_redact_path(arena, PST_STR("<a b@x@y>"), SECRET), "");
}

/* want: the redacted value, without the name; NULL: the field is removed. */
static void
check_field(const char *name, const char *value, const char *want)
{
	struct pst_config config = {.mode = PST_MODE_ENFORCE};
	struct pst_header header;
	const char *got;

	config.failures.recipients = true;
	config.failures.subject = true;
	pst_header_init(&header, arena, roomy);
	pst_header_add(&header, pst_str(name), pst_str(value));
	got = pst_redact_header(arena, &config, &header, SECRET);
	if (want == NULL) {
		assert_string_equal(got, "");
		return;
	}
	want = pst_arena_printf(arena, "%s: %s\n", name, want);
	if (strcmp(got, want) != 0)
		fail_msg("%s:%s gave %s", name, value, got);
}

static const char *
with_hash(const char *before, const char *local, const char *after)
{
	return pst_arena_printf(arena, "%s%s%s", before,
	    pst_redact_local(arena, pst_str(local), SECRET), after);
}

static void
test_fields(void **state)
{
	(void)state;
	check_field("From", " Ann <ann@x.example>",
	    with_hash("Ann <", "ann", "@x.example>"));
	check_field("From", " \"a b\"@x.example",
	    with_hash("", "\"a b\"", "@x.example"));
	check_field("To", " ann+tag=x.example@y.example",
	    with_hash("", "ann+tag=x.example", "@y.example"));
	check_field("Received", " from a by b\n\tfor <ann@x.example>; now",
	    with_hash("from a by b for <", "ann", "@x.example>; now"));
	check_field("DKIM-Signature", " v=1; i=ann@x.example; d=x.example",
	    with_hash("v=1; i=", "ann", "@x.example; d=x.example"));
	check_field("DKIM-Signature", " i=@x.example; d=x.example",
	    "i=@x.example; d=x.example");
	check_field("Authentication-Results",
	    " z; spf=pass smtp.mailfrom=b+ann=y.example@x.example",
	    with_hash(
		"z; spf=pass smtp.mailfrom=", "b+ann=y.example", "@x.example"));
	check_field("Message-ID", " <1@x.example>", "<1@x.example>");
	check_field("Date", " Mon, 23 Nov 2026 00:15:00 +0000",
	    "Mon, 23 Nov 2026 00:15:00 +0000");
	check_field("Subject", " about ann@x.example",
	    with_hash("about ", "ann", "@x.example"));
	check_field("X-Secret", " ann", NULL);
	check_field("Bcc", " ann@x.example", NULL);
	check_field("Delivered-To", " ann@x.example", NULL);
	check_field("References", " <ann@x.example>", NULL);
}

/* Octets that could end a line or begin a field, and links. */
static void
test_hostile(void **state)
{
	(void)state;
	check_field("From", " a\r\n\x01\xff\\ <http://x/>",
	    "a \\x01\\xFF\\\\ <hxxp://x/>");
	check_field("Date", "\n ", "");
	check_field("From", " @@", "@@");
	check_field("From", " \"@x", "\"@x");
}

static void
test_long(void **state)
{
	struct pst_config config = {.mode = PST_MODE_ENFORCE};
	struct pst_header header;
	char long_value[5001];
	const char *got, *line;

	(void)state;
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[5000] = '\0';
	pst_header_init(&header, arena, roomy);
	for (int i = 0; i < 60; i++)
		pst_header_add(
		    &header, PST_STR("X-Mailer"), pst_str(long_value));
	got = pst_redact_header(arena, &config, &header, SECRET);
	assert_true(strlen(got) > 5000 && strlen(got) <= PST_REDACT_MAX_HEADER);
	assert_true(got[strlen(got) - 1] == '\n');
	for (line = got; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_true(strchr(line, '\n') - line < 998);
}

/* R-FAIL-12: by default, neither recipients nor the subject are kept. */
static void
test_switches(void **state)
{
	struct pst_config config = {.mode = PST_MODE_ENFORCE};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, roomy);
	pst_header_add(&header, PST_STR("To"), PST_STR(" a@x.example"));
	pst_header_add(&header, PST_STR("Cc"), PST_STR(" a@x.example"));
	pst_header_add(&header, PST_STR("Subject"), PST_STR(" private"));
	assert_string_equal(
	    pst_redact_header(arena, &config, &header, SECRET), "");
	assert_string_equal(
	    pst_redact_subject(arena, &config, &header, SECRET), "");
	config.failures.subject = true;
	assert_string_equal(
	    pst_redact_subject(arena, &config, &header, SECRET), "private");
	assert_string_equal(pst_redact_header(arena, &config, &header, SECRET),
	    "Subject: private\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_local),
	    cmocka_unit_test(test_path),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_switches),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
