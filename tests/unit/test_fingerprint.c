/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "config/fingerprint.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

#define TOP "dmarc { public-suffix-list = \"\" }\n"

/* Which number a change of the configuration changes, besides ALL. */
static const struct {
	const char *label;
	const char *lines;
	enum pst_fingerprint part; /* ALL: only that */
	bool nothing;              /* not even that */
} changes[] = {
    {"nothing", "", PST_FINGERPRINT_ALL, true},
    {"a comment", "# mode = monitor\n", PST_FINGERPRINT_ALL, true},
    {"a default", "mode = enforce\n", PST_FINGERPRINT_ALL, true},
    {"the log", "log { level = debug }\n", PST_FINGERPRINT_ALL, true},
    {"the journal", "journal { recipients = none }\n", PST_FINGERPRINT_ALL,
	true},
    {"the daemon", "max-sessions = 7\ndrain = 1s\n", PST_FINGERPRINT_ALL, true},
    {"how it signs",
	"sign \"a.example\" { selector = s key = /k }\n"
	"sign-networks = {}\nsign-strict = yes\non-sign-error = accept\n"
	"sign-unpublished = no\nlogin-domains = \"* a.example\"\n",
	PST_FINGERPRINT_ALL, true},
    {"that it signs",
	"sign = yes\nsign \"a.example\" { selector = s key = /k }\n",
	PST_FINGERPRINT_ALL, false},
    {"mode", "mode = monitor\n", PST_FINGERPRINT_ALL, false},
    {"iprev", "iprev { enabled = no }\n", PST_FINGERPRINT_ALL, false},
    {"ARC", "arc { verify = yes }\n", PST_FINGERPRINT_ALL, false},
    {"a rule", "rule \"a\" { dmarc = {fail}\n action = tag }\n",
	PST_FINGERPRINT_RULES, false},
    {"recipients", "enforce-recipients = {a.example}\n", PST_FINGERPRINT_RCPTS,
	false},
    {"trusted", "trusted-networks = {}\n", PST_FINGERPRINT_TRUSTED, false},
    {"relays", "relays = {\"192.0.2.1\"}\n", PST_FINGERPRINT_RELAYS, false},
    {"caps", "temperror-cap = 1min\n", PST_FINGERPRINT_CAPS, false},
    {"memory", "dmarc { remember = 1d }\n", PST_FINGERPRINT_CAPS, false},
    {"header", "header { max-fields = 100 }\n", PST_FINGERPRINT_HEADER, false},
    {"deadline", "deadline = 3s\n", PST_FINGERPRINT_DNS, false},
    {"queries", "dns { max-queries = 99 }\n", PST_FINGERPRINT_DNS, false},
    {"SPF", "spf { void-lookups = 3 }\n", PST_FINGERPRINT_SPF, false},
    {"DKIM", "dkim { max-verified = 3 }\n", PST_FINGERPRINT_DKIM, false},
    {"DMARC", "dmarc { suffix-guard = no }\n", PST_FINGERPRINT_DMARC, false},
    {"authors", "dmarc { max-author-domains = 3 }\n", PST_FINGERPRINT_AUTHORS,
	false},
    {"sets", "arc { max-sets = 3 }\n", PST_FINGERPRINT_ARC, false},
};

static void
tells_parts(void **state)
{
	struct pst_config *usual = config_must_load(TOP);

	(void)state;
	FOR_ROWS(i, changes, changes[i].label) {
		char text[400];
		struct pst_config *other;

		(void)snprintf(
		    text, sizeof(text), "%s%s", TOP, changes[i].lines);
		other = config_must_load(text);
		for (size_t k = 0; k < PST_FINGERPRINTS; k++) {
			bool differs = !changes[i].nothing &&
			    (k == PST_FINGERPRINT_ALL || k == changes[i].part);

			assert_int_equal(
			    usual->fingerprints[k] != other->fingerprints[k],
			    differs);
		}
		pst_config_unref(other);
	}
	pst_config_unref(usual);
}

static void
tells_listeners(void **state)
{
	struct pst_config *usual = config_must_load(TOP);
	struct pst_config *whole =
	    config_must_load(TOP "listen = {\"unix:/a\"}\n"
				 "listener \"unix:/b\" { mode = monitor }\n");
	struct pst_config *monitored = config_must_load(TOP "mode = monitor\n");
	struct pst_config *a = pst_config_for_socket(whole, "unix:/a");
	struct pst_config *b = pst_config_for_socket(whole, "unix:/b");

	(void)state;
	assert_null(pst_config_own_socket(usual));
	assert_null(pst_config_own_socket(a));
	assert_string_equal(pst_config_own_socket(b), "unix:/b");
	assert_int_equal(a->fingerprints[PST_FINGERPRINT_ALL],
	    usual->fingerprints[PST_FINGERPRINT_ALL]);
	assert_int_equal(b->fingerprints[PST_FINGERPRINT_ALL],
	    monitored->fingerprints[PST_FINGERPRINT_ALL]);
	assert_int_not_equal(a->fingerprints[PST_FINGERPRINT_LISTENERS],
	    usual->fingerprints[PST_FINGERPRINT_LISTENERS]);
	assert_int_equal(a->fingerprints[PST_FINGERPRINT_LISTENERS],
	    b->fingerprints[PST_FINGERPRINT_LISTENERS]);
	pst_config_unref(a);
	pst_config_unref(b);
	pst_config_unref(whole);
	pst_config_unref(usual);
	pst_config_unref(monitored);
}

/* Writes a list file beside the configuration, and loads what names it. */
static uint32_t
trusted_with(const char *lines)
{
	char path[128], text[400];
	FILE *file;
	struct pst_config *config;
	uint32_t print;

	(void)snprintf(path, sizeof(path), "%s/list", config_dir);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(lines, file);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(
	    text, sizeof(text), TOP "trusted-networks = {\"@%s\"}\n", path);
	config = config_must_load(text);
	print = config->fingerprints[PST_FINGERPRINT_TRUSTED];
	(void)unlink(path);
	pst_config_unref(config);
	return print;
}

/* The path is the same, and what is in the file is not. */
static void
tells_list_files(void **state)
{
	uint32_t first = trusted_with("192.0.2.1\n");

	(void)state;
	assert_int_equal(trusted_with("# ours\n192.0.2.1\n"), first);
	assert_int_not_equal(trusted_with("192.0.2.2\n"), first);
	assert_int_not_equal(trusted_with("192.0.2.0/31\n"), first);
	assert_int_not_equal(trusted_with(""), first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_parts),
	    cmocka_unit_test(tells_listeners),
	    cmocka_unit_test(tells_list_files),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
