/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/option.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

#define X "unix:/x"
#define SECTION(title) "listener \"" title "\" {\nmode = monitor\n}\n"

static const struct {
	const char *text;
	unsigned line;
	const char *why;
} bad_rows[] = {
    {"listener \"\" {\n}\n", 1, "listener \"\": "},
    {"\nlistener here {\nmode = enforce\n\n}\n", 2, "listener \"here\": "},
    {"listener \"inet:0@h\" {}\n", 1, "listener \"inet:0@h\": "},
    {"listener {\n}\n", 1, "a listener has a title; write listener"},
    {"listner \"/x\" {\n}\n", 1, "did you mean \"listener\"?"},
    {"listener \"/x\" {\nuser = a\n}\n", 2,
	"user cannot be set for one listener"},
    {"listener \"/x\" {\n\ntrusted-networks = {}\n}\n", 3,
	"trusted-networks cannot be set for one listener"},
    {"listener \"/x\" {\nlisten = {\"/y\"}\n}\n", 2,
	"listen cannot be set for one listener"},
    {"listener \"/x\" {\nservers = {}\n}\n", 2,
	"servers cannot be set for one listener"},
    {"listener \"/x\" {\ndns { }\n}\n", 2,
	"dns cannot be set for one listener"},
    {"listener \"/x\" {\nclient = {}\n}\n", 2, "it belongs in a rule"},
    {"listener \"/x\" {\nmoed = enforce\n}\n", 2, "did you mean \"mode\"?"},
    {"listener \"/x\" {\n\" \" = {a}\n}\n", 2, "unknown option \" \""},
    {"listener \"/x\" {\nmode = enforc\n}\n", 2, "mode must be one of"},
    {"listener \"/x\" {\nsubmission = maybe\n}\n", 2, "must be yes or no"},
    {"listener \"/x\" {\ntag-header = \"a b\"\n}\n", 2, "tag-header: "},
    {"listener \"/x\" {\nenforce-percent = 101\n}\n", 2, "from 0 to 100"},
    {"listener \"/x\" {\nmode = enforce\n\nmode = monitor\n}\n", 4,
	"mode was already set on line 2"},
    {"mode = enforce\n" SECTION("/x") SECTION("/x"), 5,
	"already a listener with this title"},
    {SECTION(X) SECTION("/x"), 4, "same socket as the one on line 1"},
    {SECTION("inet:8891@::1") SECTION("inet:[::1]:8891"), 4, "on line 1"},
    {"iprev { enabled = no }\nlistener \"/x\" {\non-iprev-fail = tag\n}\n", 3,
	"on-iprev-fail needs iprev.enabled"},
    {"listen = {}\n", 1, "listen is empty"},
};

static void
test_bad(void **state)
{
	(void)state;
	FOR_ROWS(i, bad_rows, bad_rows[i].text)
		config_must_fail(
		    bad_rows[i].text, bad_rows[i].line, bad_rows[i].why);
}

static const struct {
	const char *text;
	const char *sockets; /* "SOCKET=MODE " for each */
} good_rows[] = {
    {"", "unix:/var/spool/postfix/postern/postern.sock=enforce "},
    {"listen = {\"/a\", \"inet:1@h\"}\n", "/a=enforce inet:1@h=enforce "},
    {SECTION("/x"), "/x=monitor "},
    {"listen = {}\n" SECTION("/x"), "/x=monitor "},
    {"listener \"/x\" {}\n", "/x=enforce "},
    {SECTION("/x") "listen = {\"/a\"}\n", "/a=enforce /x=monitor "},
    {"listen = {\"/a\", \"/b\"}\n" SECTION("unix:/b"),
	"/a=enforce /b=monitor "},
    {"listen = {\"inet:HOST:1\"}\n" SECTION("inet:1@host"),
	"inet:HOST:1=monitor "},
    {"listen += {\"/b\"}\n" SECTION("/b"),
	"unix:/var/spool/postfix/postern/postern.sock=enforce /b=monitor "},
    {"listener \"/x\" {\nmode = enforce\n}\nmode = monitor\n" SECTION("/y"),
	"/x=enforce /y=monitor "},
};

static void
test_good(void **state)
{
	char text[300];

	(void)state;
	FOR_ROWS(i, good_rows, good_rows[i].text) {
		struct pst_config *config = config_must_load(good_rows[i].text);
		size_t len = 0;

		text[0] = '\0';
		for (size_t n = 0; n < pst_config_listeners(config); n++) {
			bool monitor =
			    pst_config_at(config, n)->mode == PST_MODE_MONITOR;

			(void)snprintf(text + len, sizeof(text) - len, "%s=%s ",
			    pst_config_socket(config, n),
			    monitor ? "monitor" : "enforce");
			len = strlen(text);
		}
		if (strcmp(text, good_rows[i].sockets) != 0)
			fail_msg("%s", text);
		pst_config_unref(config);
	}
}

/* Each option that a listener may override, with a value not its default. */
static const struct {
	const char *name, *value;
} keys[] = {
    {"mode", "monitor"},
    {"enforce-percent", "7"},
    {"mixed-recipients", "split"},
    {"authserv-id", "\"own.example\""},
    {"submission", "yes"},
    {"evaluate-authenticated", "yes"},
    {"on-reject", "always"},
    {"on-quarantine", "reject"},
    {"on-temperror", "accept"},
    {"on-policy-temperror", "tempfail"},
    {"on-spf-temperror", "accept"},
    {"on-dkim-temperror", "tag"},
    {"on-iprev-temperror", "tempfail"},
    {"on-missing-from", "tag"},
    {"on-several-from-fields", "tag"},
    {"on-malformed-from", "tag"},
    {"on-encoded-from", "tag"},
    {"on-no-author-domain", "reject"},
    {"on-multiple-from", "tag"},
    {"on-spf-fail", "tag"},
    {"on-spf-softfail", "tag"},
    {"on-iprev-fail", "tag"},
    {"on-dkim-missing", "tag"},
    {"on-helo-fail", "tag"},
    {"on-malformed-header", "tag"},
    {"on-unauthenticated", "tag"},
    {"on-own-domain", "tag"},
    {"strip-fields-signed", "keep"},
    {"authres-comments", "no"},
    {"quarantine-fallback", "reject"},
    {"tag-header", "\"X-Own\""},
    {"tag-value", "\"own\""},
    {"indirect-claims", "believe"},
    {"indirect-known-days", "9"},
    {"sign", "yes"},
    {"sign-strict", "yes"},
    {"on-sign-error", "accept"},
};

/* Checks that the option of that row differs, and nothing else does. */
static void
compare(const struct pst_config *config, size_t row)
{
	const struct pst_config *own = pst_config_at(config, 0);
	struct pst_arena *arena = pst_arena_new();

	for (size_t i = 0; i < pst_option_count; i++) {
		bool set = strcmp(pst_options[i].name, keys[row].name) == 0;
		const char *base = pst_config_value(config, i, arena);
		const char *want = set ? keys[row].value : base;
		unsigned line = pst_config_listener_line(config, 0, i);

		if (set && strcmp(want, base) == 0)
			fail_msg("%s: that is its default", keys[row].name);
		if (strcmp(pst_config_value(own, i, arena), want) != 0)
			fail_msg("%s: %s is not %s", keys[row].name,
			    pst_options[i].name, want);
		if (line != (set ? 2 : 0) || pst_config_line(own, i) != line)
			fail_msg("%s: line of %s", keys[row].name,
			    pst_options[i].name);
	}
	pst_arena_free(arena);
}

static void
test_values(void **state)
{
	char text[160];
	size_t may = 0;

	(void)state;
	for (size_t i = 0; i < pst_option_count; i++)
		may += pst_options[i].per_listener;
	assert_int_equal(may, PST_COUNT(keys));
	FOR_ROWS(i, keys, keys[i].name) {
		struct pst_config *config;

		(void)snprintf(text, sizeof(text),
		    "listener \"/x\" {\n%s = %s\n}\nsign \"a.example\" "
		    "{ selector = s key = /k }\n",
		    keys[i].name, keys[i].value);
		config = config_must_load(text);
		compare(config, i);
		pst_config_unref(config);
	}
}

/* Sanitizers report what is freed too early or never. */
static void
test_refs(void **state)
{
	struct pst_config *config =
	    config_must_load("listen = {\"/a\"}\n" SECTION("/b"));
	struct pst_config *plain = pst_config_for_listener(config, 0);
	struct pst_config *own = pst_config_for_listener(config, 1);
	struct pst_config *again;

	(void)state;
	assert_ptr_equal(plain, config);
	assert_ptr_not_equal(own, config);
	assert_ptr_equal(own->dkim_lib, config->dkim_lib);
	assert_ptr_equal(own->psl, config->psl);
	assert_string_equal(pst_config_file(own), config_file);
	pst_config_unref(config);
	pst_config_unref(plain);
	assert_int_equal(own->mode, PST_MODE_MONITOR);
	assert_string_equal(own->tag_header, "X-DMARC-Verdict");
	again = pst_config_for_socket(own, X "no");
	assert_ptr_equal(again, config);
	assert_int_equal(again->mode, PST_MODE_ENFORCE);
	pst_config_unref(again);
	again = pst_config_for_socket(own, "unix:/b");
	assert_ptr_equal(again, own);
	pst_config_unref(own);
	assert_int_equal(again->mode, PST_MODE_MONITOR);
	pst_config_unref(again);
}

static const struct {
	const char *running, *fresh;
	const char *path; /* NULL: no restart is needed */
} restart_rows[] = {
    {"listen = {\"/a\"}\n", "listen = {\"/a\"}\n" SECTION("/a"), NULL},
    {"listen = {\"/a\"}\n", SECTION(X "a"), "listen"},
    {"listen = {"
     "\"/x\"}\n",
	SECTION(X), NULL},
    {"listen = {\"/a\"}\n", "listen = {\"/a\"}\n" SECTION("/b"), "listen"},
    {SECTION("/a") SECTION("/b"), SECTION("/b") SECTION("/a"), "listen"},
    {SECTION("/a"), "listener \"/a\" {\nsubmission = yes\n}\n", NULL},
};

static void
test_restart(void **state)
{
	(void)state;
	FOR_ROWS(i, restart_rows, restart_rows[i].running) {
		struct pst_config *running =
		    config_must_load(restart_rows[i].running);
		struct pst_config *fresh =
		    config_must_load(restart_rows[i].fresh);
		const char *want = restart_rows[i].path;
		size_t from = 0;
		const char *path =
		    pst_config_restart_option(running, fresh, &from);

		if ((path == NULL) != (want == NULL) ||
		    (path != NULL && strcmp(path, want) != 0))
			fail_msg("\"%s\": %s", restart_rows[i].fresh,
			    path == NULL ? "none" : path);
		pst_config_unref(running);
		pst_config_unref(fresh);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_refs),
	    cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
