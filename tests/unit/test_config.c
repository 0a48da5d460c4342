/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/macros.h"
#include "config/option.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

static size_t
index_of(const char *path)
{
	char buf[80];
	size_t i;

	for (i = 0; i < pst_option_count; i++) {
		if (strcmp(pst_option_path(&pst_options[i], buf, sizeof(buf)),
			path) == 0)
			break;
	}
	if (i == pst_option_count)
		fail_msg("no option %s", path);
	return i;
}

struct good_row {
	const char *text;
	const char *path;
	const char *value;
	unsigned line;
};

static const struct good_row good_rows[] = {
    {"", "mode", "enforce", 0},
    {"\n\n", "mode", "enforce", 0},
    {"# mode = monitor\n", "mode", "enforce", 0},
    {"mode = monitor", "mode", "monitor", 1},
    {"mode=monitor\n", "mode", "monitor", 1},
    {"mode = \"monitor\"\n", "mode", "monitor", 1},
    {"mode = 'monitor'\n", "mode", "monitor", 1},
    {"mode =\n\tmonitor\n", "mode", "monitor", 2},
    {"mode = monitor on-temperror = tag\n", "on-temperror", "tag", 1},
    {"dns {\n\tmax-queries = 120\n}\n", "dns.max-queries", "120", 2},
    {"dns { max-queries = 120 }", "dns.max-queries", "120", 1},
    {"dns {\n}\ndns {\n\tmax-queries = 120\n}\n", "dns.max-queries", "120", 4},
    {"dns {\n}\nmode = monitor\n", "mode", "monitor", 3},

    /* Comments do not disturb the line numbers. */
    {"# a\n# b\n\nmode = monitor\n\n", "mode", "monitor", 4},
    {"// a\n\nmode = monitor # b\n", "mode", "monitor", 3},
    {"/* a */\n/*\n * b\n */ mode = monitor\n", "mode", "monitor", 4},
    {"dns {\n# }\n# \"\n}\n# {\nmode = monitor\n", "mode", "monitor", 6},
    {"reject-text = \"a # b // c /* d\"\nmode = monitor", "reject-text",
	"\"a # b // c /* d\"", 1},
    {"user = a//b", "user", "\"a//b\"", 1},
    {"user = \"a\\\"}#\" # b", "user", "\"a\\\"}#\"", 1},

    /* A list replaces the default; "+=" adds to it. */
    {"", "trusted-networks", "{\"127.0.0.0/8\", \"::1\"}", 0},
    {"trusted-networks = {\"192.0.2.1\"}\n", "trusted-networks",
	"{\"192.0.2.1\"}", 1},
    {"trusted-networks = {\n\"192.0.2.1\",\n\"192.0.2.2\"\n}\n",
	"trusted-networks", "{\"192.0.2.1\", \"192.0.2.2\"}", 2},
    {"trusted-networks = {}\n", "trusted-networks", "{}", 1},
    {"trusted-networks = 192.0.2.1\n", "trusted-networks", "{\"192.0.2.1\"}",
	1},
    {"trusted-networks += {\"192.0.2.1\"}\n", "trusted-networks",
	"{\"127.0.0.0/8\", \"::1\", \"192.0.2.1\"}", 1},
    {"authserv-id-aliases = {\"B.example\", \"B.example\"}\n",
	"authserv-id-aliases", "{\"b.example\", \"b.example\"}", 1},
    {"\xef\xbb\xbfmode = monitor\n", "mode", "monitor", 1},
    {"\xef\xbb\xbf# a\nmode = monitor\n", "mode", "monitor", 2},
    {"mode = monitor\r\nuser = \"\"\r\n", "user", "\"\"", 2},
    {"user = '${POSTERN_NO_SUCH}'\n", "user", "\"\\${POSTERN_NO_SUCH}\"", 1},
    {"user = \"${POSTERN_NO_SUCH:-a}\"\n", "user", "\"a\"", 1},
    {"user = \"${POSTERN_NO_SUCH:-}\"\n", "user", "\"\"", 1},
    {"# ${POSTERN_NO_SUCH}\nmode = monitor\n", "mode", "monitor", 2},
    {"listen = {\"unix:/a\",}", "listen", "{\"unix:/a\"}", 1},
    {"dns { servers = {} }", "dns.servers", "{}", 1},
    {"listen = {\"inet:8891\", \"unix:/run/a\"}", "listen",
	"{\"inet:8891\", \"unix:/run/a\"}", 1},
};

static void
test_good_files(void **state)
{
	(void)state;
	FOR_ROWS(i, good_rows, good_rows[i].text) {
		const struct good_row *row = &good_rows[i];
		struct pst_arena *arena = pst_arena_new();
		size_t index = index_of(row->path);
		struct pst_err err;
		struct pst_config *config = config_load(row->text, &err);
		const char *value;

		if (config == NULL)
			fail_msg("%s", err.text);
		value = pst_config_value(config, index, arena);
		if (strcmp(value, row->value) != 0)
			fail_msg("%s", value);
		if (pst_config_line(config, index) != row->line)
			fail_msg("line %u", pst_config_line(config, index));
		assert_string_equal(pst_config_file(config), config_file);
		pst_config_unref(config);
		pst_arena_free(arena);
	}
}

struct bad_row {
	const char *text;
	unsigned line; /* 0: none is named */
	const char *why;
};

static const struct bad_row bad_rows[] = {
    /* options */
    {"mdoe = monitor\n", 1, "unknown option \"mdoe\"; did you mean \"mode\"?"},
    {"\n\n# a\nmodes = 1\n", 4, "did you mean \"mode\"?"},
    {"dns {\n\n\tservrs = {}\n}\n", 3, "did you mean \"servers\"?"},
    {"dmrac {\n}\n", 1, "did you mean \"dmarc\"?"},
    {"max-queries = 120\n", 1, "\"max-queries\"; it belongs in section dns"},
    {"dns {\n\tmode = monitor\n}\n", 2, "it belongs at the top level"},
    {"Socket = x\n", 1, "see postern.conf(5) for the known"},
    {"\x1b[31mx = 1\n", 1, "unknown option \"\\x1B[31mx\""},
    {"include(\"other.conf\")\n", 1, "unknown option \"include\""},

    /* set twice */
    {"mode = monitor\nmode = monitor\n", 2, "mode was already set on line 1"},
    {"dns {\nmax-txt = 1k\n}\ndns {\nmax-txt = 2k\n}\n", 5,
	"max-txt was already set on line 2"},
    {"listen = {\"unix:/a\"}\n\nlisten = {\"unix:/b\"}\n", 3,
	"listen was already set on line 1"},
    {"listen = {\"unix:/a\",\n\"unix:/b\"}\nlisten = {\"unix:/b\"}\n", 3,
	"listen was already set on line 1"},
    {"listen = unix:/a\nlisten = unix:/b\n", 2,
	"listen was already set on line 1"},
    {"listen = {\"unix:/a\"}\nlisten += {\"unix:/b\"}\n", 2,
	"listen was already set on line 1"},

    /* values; test_option_value has more */
    {"\nmode = off\n", 2, "mode must be one of: enforce, monitor"},
    {"deadline = 5\n", 1, "deadline must be a time from 100ms to 250s"},
    {"dns {\n\tmax-queries = many\n}\n", 2, "max-queries must be a number"},
    {"dns {\n\tcache-size = 8X\n}\n", 2, "cache-size must be a size"},
    {"umask = 9\n", 1, "umask must be an octal mask"},
    {"iprev { enabled = maybe }\n", 1, "enabled must be yes or no"},
    {"tag-header = \"a b\"\n", 1, "tag-header: must be a header field"},
    {"user = \"a\tb\"\n", 1, "user must be text without control"},
    {"listen = {\"unix:/a\",\n\"b\"}\n", 2,
	"listen: \"b\": a socket begins with"},
    {"listen = {\"b\", \"unix:/a\"}\n", 1,
	"listen: \"b\": a socket begins with"},
    {"trusted-networks = {\"spf:a.example\"}\n", 1,
	"every tenant of that provider could then skip all checks"},
    {"relays = {\"spf:a.example\"}\n", 1,
	"every tenant of that provider could then skip all checks"},
    {"forwarders = {\"spf:com\"}\n", 1, "after spf: write the domain"},
    {"forwarders = {\"spf:\"}\n", 1, "after spf: write the domain"},
    {"rule r {\nclient = {\"spf:a b\"}\naction = tag\n}\n", 2,
	"after spf: write the domain"},
    {"trusted-networks = {\"::1\", \"x\"}\n", 1,
	"\"x\" is neither an address nor"},
    {"authserv-id-aliases = {\"a..b\"}\n", 1, "\"a..b\" is not a domain name"},
    {"dns {\n\tservers = {\"ns\"}\n}\n", 2, "servers: \"ns\": must be IP"},

    /* several options */
    {"\nlisten = {}\n", 2, "listen is empty"},
    {"\ndkim { max-parsed = 5 }\n", 2, "below dkim.max-verified"},
    {"\ndkim { max-verified = 60 }\n", 2, "below dkim.max-verified"},
    {"\n\nheader { max-field-size = 1M }\n", 3, "below header.max-field-size"},
    {"dmarc {\npublic-suffix-list = \"\"\ndiscovery = psl\n}\n", 3,
	"dmarc.discovery needs dmarc.public-suffix-list"},
    {"dmarc {\n\npublic-suffix-list = \"/nowhere/list\"\n}\n", 3,
	"/nowhere/list is not a readable public suffix list"},

    /* lists from files, gradual enforcement, local checks */
    {"\nmonitor-domains = {\"a..b\"}\n", 2, "monitor-domains: \"a..b\" is not"},
    {"arc {\ntrusted-sealers = {a.example}\n}\n", 2,
	"arc.trusted-sealers needs arc.verify"},
    {"arc { verify = yes }\nrule x {\narc-sealer = a.example\n"
     "action = tag\n}\n",
	3, "arc-sealer needs arc.verify and arc.trusted-sealers"},
    {"arc { max-sets = 51 }\n", 1, "max-sets must be a number from 1 to"},
    {"enforce-percent = 101\n", 1, "enforce-percent must be a number"},
    {"iprev { enabled = no }\non-iprev-fail = tag\n", 2,
	"on-iprev-fail needs iprev.enabled"},
    {"\non-iprev-temperror = tag\niprev { enabled = no }\n", 2,
	"on-iprev-temperror needs iprev.enabled"},
    {"on-iprev-temperror = same\n", 1,
	"on-iprev-temperror must be one of: accept, tag, tempfail"},
    {"on-spf-temperror = reject\n", 1,
	"on-spf-temperror must be one of: same, accept, tag, tempfail"},

    /* reports */
    {"reports { dkim-key = \"/k\" }\n", 1,
	"reports.dkim-key needs reports.dkim-selector"},

    /* canary */
    {"canary { genuine = \"a.example\" }\n", 1,
	"canary.genuine needs canary.genuine-client or canary.genuine-key"},
    {"canary { genuine-client = \"192.0.2.1\" }\n", 1,
	"canary.genuine-client and canary.genuine-key need canary.genuine"},
    {"canary {\ngenuine = \"a.example\"\ngenuine-key = \"/k\"\n}\n", 3,
	"canary.genuine-key needs canary.genuine-selector"},
    {"canary { genuine-client = \"a.example\" }\n", 1,
	"genuine-client: must be an IP address, such as 192.0.2.25"},

    {"reports { relay-user = \"u\" }\n", 1,
	"reports.relay-user needs reports.relay-password-file"},
    {"failure-reports { all-domains = yes }\n", 1,
	"failure-reports needs reports.from"},
    {"failure-reports { domains = {a.example} }\n", 1,
	"failure-reports needs reports.from"},
    {"reports { from = \"Postmaster <a@b.example>\" }\n", 1,
	"must be an address such as local@domain.example"},
    {"reports { relay = \"127.0.0.1\" }\n", 1,
	"relay: must be smtp://host:port"},
    {"store { path = \"reports.db\" }\n", 1,
	"must be the absolute path of a file"},

    /* syntax */
    {"mode monitor\n", 1, "equal sign after mode; write mode = monitor"},
    {"mode: monitor\n", 1, "equal sign after mode; write mode = monitor"},
    {"mode == monitor\n", 1, "mode: write one equal sign"},
    {"mode { monitor }\n", 1, "equal sign after mode; write mode = VALUE"},
    {"mode = monitor;\n", 1, "mode: write no semicolon"},
    {"mode\n", 1, "mode has no value; write mode = VALUE"},
    {"mode =\n", 1, "mode has no value; write mode = VALUE"},
    {"mode =\nuser = a\n", 1, "mode has no value"},
    {"mode = {monitor}\n", 1, "mode takes one value, not a list"},
    {"mode = monitor = tag\n", 1, "mode takes one value"},
    {"deadline = 5 s\n", 1, "but this line has more: 5 s"},
    {"= monitor\n", 1, "\"=\" has no place here"},
    {"{ mode = monitor }\n", 1, "\"{\" has no place here"},
    {"}\n", 1, "this brace closes nothing"},
    {"dns = 1\n", 1, "unknown option \"dns\"; "},
    {"dns = { zone = z }\n", 1, "a section has no equal sign; write dns {"},
    {"dns \"x\" { zone = z }\n", 1, "section dns has no title"},
    {"dns\n", 1, "section dns has no braces; write dns { ... }"},
    {"dns {\ndkim {\n}\n}\n", 2, "dkim cannot be inside section dns"},
    {"dns.zone = z\n", 1, "write dns { zone = VALUE }"},
    {"[dns]\nzone = z\n", 1, "write dns { ... }, with its options"},
    {"zone = z\n", 1, "it belongs in section dns"},
    {"enabled = no\n", 1, "it belongs in section iprev"},
    {"max-waiting = 1\n", 1, "it belongs in section dns or store"},
    {"spf { domains = {a} }\n", 1,
	"the options of section spf are void-lookups, check-helo, "
	"weak-range, weak-pass; there is an option of "
	"this name in section failure-reports"},
    {"reject-text = Mail refused by us\n", 1,
	"quotes around it; write reject-text = \"Mail refused by us\""},
    {"reject-text = Refused, sorry\n", 1,
	"write reject-text = \"Refused, sorry\""},
    {"rule x {\nreply = go away\naction = reject\nspf = fail\n}\n", 2,
	"write reply = \"go away\""},
    {"user = \xe2\x80\x9c"
     "ann\xe2\x80\x9d\n",
	1, "user: write straight quotes"},
    {"trusted-networks = 10.0.0.0/8, ::1\n", 1,
	"write trusted-networks = {\"10.0.0.0/8\", \"::1\"}"},
    {"trusted-networks = \"10.0.0.0/8\",\n    \"::1\"\n", 1,
	"write trusted-networks = {\"10.0.0.0/8\", \"::1\"}"},
    {"trusted-networks = 10.0.0.0/8 ::1\n", 1,
	"write trusted-networks = {\"10.0.0.0/8\", \"::1\"}"},
    {"trusted-networks { ::1 }\n", 1, "write trusted-networks = {...}"},
    {"listen = {\n\"unix:/a\"\n\"unix:/b\"}\n", 3, "a comma between its"},

    /* the environment; no test sets these */
    {"\nuser = \"${POSTERN_NO_SUCH}\"\n", 2,
	"environment variable POSTERN_NO_SUCH is not set"},
    {"user = ${POSTERN_NO_SUCH}\n", 1, "POSTERN_NO_SUCH is not set"},
    {"dns { zone = \"/a/${POSTERN_NO_SUCH}/b\" }\n", 1, "is not set"},
    {"listen = {\"unix:/${POSTERN_NO_SUCH}\"}\n", 1, "is not set"},
    {"\ndns {\nmax-queries = 120\n", 2, "the brace that begins here has no"},
    {"dns {\n# }\n", 1, "the brace that begins here has no end"},
    {"listen = {\"unix:/a\",\nmode = monitor\n", 1, "the brace that begins"},
    {"{{{{{{{{{{\n", 1, "the brace that begins here has no end"},
    {"\nuser = \"a\nmode = monitor\n", 2, "the text in quotes that begins"},
    {"user = 'a\n", 1, "the text in quotes that begins here has no end"},
    {"user = \"a\\", 1, "the text in quotes that begins here has no end"},
    {"\n/* a\nmode = monitor\n", 2, "the comment that begins here has no end"},
    {"/*/", 1, "the comment that begins here has no end"},
};

static void
test_bad_files(void **state)
{
	(void)state;
	FOR_ROWS(i, bad_rows, bad_rows[i].text)
		config_must_fail(
		    bad_rows[i].text, bad_rows[i].line, bad_rows[i].why);
}

struct all_row {
	const char *label;
	const char *text;
	unsigned lines[8]; /* of the errors, in order; 0 at the end */
};

static const struct all_row all_rows[] = {
    {"values", "mode = x\numask = 9\ndeadline = 5\n", {1, 2, 3}},
    {"names and values",
	"mode = x\nbla = 2\ndns {\nmax-queries = many\nzon = x\n}\numask = 9\n",
	{1, 2, 4, 5, 7}},
    {"entries of a list", "relays = {\"x\",\n\"y\",\n\"::1\"}\n", {1, 2}},
    {"lists", "relays = {x}\nforwarders = {y}\n", {1, 2}},
    {"rules",
	"rule a {\naction = tag\n}\nrule b {\nactoin = tag\n}\n"
	"rule c {\naction = x\nspf = fail\n}\n",
	{1, 5, 8}},
    {"a section that is unknown", "dsn {\nzone = x\n}\nmode = x\n", {1, 4}},
    {"options that do not agree",
	"dkim { max-verified = 60 }\nreports { dkim-key = \"/k\" }\n", {1, 2}},
    {"a refused value agrees with everything",
	"dkim { max-verified = 60\nmax-parsed = no }\n", {2}},
    {"the default of a refused value",
	"reports { dkim-key = \"/k\"\ndkim-selector = \"a b\" }\n", {2}},
    {"listeners",
	"listener \"unix:/a\" {\nmode = x\n}\nlistener \"unix:/b\" {\n"
	"on-quarantine = x\n}\n",
	{2, 5}},
    {"a variable", "user = \"${POSTERN_NO_SUCH}\"\nmode = x\n", {1, 2}},
};

/* R-CONF-1: every error, each with its line. */
static void
test_all_errors(void **state)
{
	(void)state;
	FOR_ROWS(i, all_rows, all_rows[i].label) {
		struct pst_problems problems = {.arena = pst_arena_new()};
		size_t n = 0;

		config_write(all_rows[i].text, strlen(all_rows[i].text));
		if (pst_config_load_all(config_file, &problems) != NULL)
			fail_msg("accepted");
		while (all_rows[i].lines[n] != 0)
			n++;
		for (size_t k = 0; k < problems.count; k++) {
			if (k >= n ||
			    problems.items[k].line != all_rows[i].lines[k])
				fail_msg("line %u: %s", problems.items[k].line,
				    problems.items[k].sentence);
		}
		assert_int_equal(problems.count, n);
		assert_int_equal(problems.errors, n);
		pst_arena_free(problems.arena);
	}
}

/* A failed load leaves nothing that would disturb the next one. */
static void
test_good_after_bad(void **state)
{
	struct pst_config *config;
	struct pst_err err;

	(void)state;
	assert_null(config_load("user = 'a\n", &err));
	assert_null(config_load("mode = {\n", &err));
	assert_null(config_load("dns { mode = 1 }\n", &err));
	config = config_must_load("mode = monitor\n");
	assert_int_equal(config->mode, PST_MODE_MONITOR);
	pst_config_unref(config);
}

static void
expect_refused(const char *name, const char *why)
{
	struct pst_err err = {"nothing"};

	if (pst_config_load(name, &err) != NULL)
		fail_msg("%s: accepted", name);
	if (strstr(err.text, why) == NULL ||
	    strncmp(err.text, name, strlen(name)) != 0)
		fail_msg("%s: %s", name, err.text);
}

static void
test_no_text_file(void **state)
{
	const size_t max = 4 * 1024 * 1024;
	char name[160];
	char *big;

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/missing", config_dir);
	expect_refused(name, "No such file or directory; check the path");
	expect_refused(config_dir, "not a regular file");
	(void)snprintf(name, sizeof(name), "%s/fifo", config_dir);
	assert_int_equal(mkfifo(name, 0600), 0);
	expect_refused(name, "not a regular file");
	assert_int_equal(unlink(name), 0);
	config_write("mode = \0monitor\n", 16);
	expect_refused(config_file, "not a text file");
	config_write("\x7f"
		     "ELF\x02\x01\x01\0\0\0",
	    10);
	expect_refused(config_file, "not a text file");
	config_write("\xff\xfem\0o\0d\0e\0", 10);
	expect_refused(config_file, "it is in UTF-16, so save it as UTF-8");

	big = calloc(1, max + 1);
	assert_non_null(big);
	memset(big, '#', max);
	config_write(big, max + 1);
	expect_refused(config_file, "at most 4 MB");
	config_write(big, max);
	free(big);
	pst_config_unref(pst_config_load(config_file, NULL));
}

/* Random octets, which no editor writes, must not crash the loader. */
static void
test_noise(void **state)
{
	unsigned seed = 1;
	char text[200];
	size_t i;

	(void)state;
	for (size_t round = 0; round < 500; round++) {
		static const char likely[] = "\"'{}=,#/*\\\n +$";
		struct pst_err err = {""};
		struct pst_config *config;

		for (i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = (seed >> 16) % 3 == 0 ?
			    likely[(seed >> 18) % (sizeof(likely) - 1)] :
			    (char)(1 + (seed >> 17) % 255);
		}
		text[i] = '\0';
		config = config_load(text, &err);
		if (config == NULL)
			assert_int_not_equal(err.text[0], '\0');
		pst_config_unref(config);
	}
}

static void
test_no_file(void **state)
{
	struct pst_err err;
	struct pst_config *config = pst_config_load(NULL, &err);

	(void)state;
	assert_non_null(config);
	assert_null(pst_config_file(config));
	assert_int_equal(config->mode, PST_MODE_ENFORCE);
	assert_int_equal(config->listen.count, 1);
	pst_config_unref(config);
}

/* The structures that other modules read follow the options. */
static void
test_derived(void **state)
{
	struct pst_config *config = config_must_load(
	    "dmarc {\n\tpublic-suffix-list = \"\"\n"
	    "\tsuffix-guard = no\n\tevaluate-all = yes\n"
	    "\tmax-author-domains = 7\n}\n"
	    "dkim { accept-test-keys = no }\n"
	    "header {\n\tmax-fields = 60\n\tmax-field-size = 2k\n"
	    "\tmax-size = 9k\n}\n");

	(void)state;
	assert_null(config->psl);
	assert_non_null(config->dkim_lib);
	assert_int_equal(config->dmarc_config.discovery, PST_DMARC_TREEWALK);
	assert_false(config->dmarc_config.psl_guard);
	assert_true(config->dmarc_config.evaluate_all);
	assert_int_equal(config->dmarc_config.max_author_domains, 7);
	assert_false(config->dmarc_config.accept_test_keys);
	assert_int_equal(config->header_limits.max_fields, 60);
	assert_int_equal(config->header_limits.max_field_bytes, 2048);
	assert_int_equal(config->header_limits.max_total_bytes, 9216);
	pst_config_unref(config);
}

static void
test_references(void **state)
{
	struct pst_config *config = config_must_load("mode = monitor\n");
	struct pst_config *other = pst_config_ref(config);

	(void)state;
	assert_ptr_equal(other, config);
	pst_config_unref(config);
	assert_int_equal(other->mode, PST_MODE_MONITOR);
	pst_config_unref(other);
	pst_config_unref(NULL);
}

static void
test_action_words(void **state)
{
	(void)state;
	assert_string_equal(pst_action_word(PST_ACTION_ACCEPT), "accept");
	assert_string_equal(pst_action_word(PST_ACTION_TAG), "tag");
	assert_string_equal(
	    pst_action_word(PST_ACTION_QUARANTINE), "quarantine");
	assert_string_equal(pst_action_word(PST_ACTION_REJECT), "reject");
	assert_string_equal(pst_action_word(PST_ACTION_TEMPFAIL), "tempfail");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_files),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_all_errors),
	    cmocka_unit_test(test_good_after_bad),
	    cmocka_unit_test(test_no_text_file),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_no_file),
	    cmocka_unit_test(test_derived),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_action_words),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
