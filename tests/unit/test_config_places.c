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

#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"
#include "tools/config_places.h"

/* Of the test's directory; text %s in a row is that directory. */
#define KEY "/key"

struct place_row {
	const char *label;
	const char *text;
	enum pst_problem_kind kind;
	const char *sentence; /* NULL: nothing about a line that is set */
};

static const struct place_row place_rows[] = {
    {"a user", "user = no-such-user-x\n", PST_PROBLEM_ERROR,
	"user \"no-such-user-x\" does not exist"},
    {"root", "user = root\n", PST_PROBLEM_ERROR, NULL},
    {"no user", "user = \"\"\n", PST_PROBLEM_ERROR, NULL},
    {"a group", "group = no-such-group-x\n", PST_PROBLEM_ERROR,
	"group \"no-such-group-x\" does not exist"},
    {"a socket", "listen = {\"unix:%s/no/p.sock\"}\n", PST_PROBLEM_ERROR,
	"/no; create it"},
    {"a listener", "listener \"unix:%s/no/p.sock\" { mode = monitor }\n",
	PST_PROBLEM_ERROR, "/no; create it"},
    {"a good socket", "listen = {\"unix:%s/p.sock\"}\n", PST_PROBLEM_ERROR,
	NULL},
    {"a file as directory", "listen = {\"unix:%s/key/p.sock\"}\n",
	PST_PROBLEM_ERROR, "is not a directory"},
    {"below /run", "control-socket = \"/run/postern-no/c\"\n",
	PST_PROBLEM_WARNING, "RuntimeDirectory"},
    {"a store", "store { path = \"%s/no/p.db\" }\n", PST_PROBLEM_ERROR,
	"store.path: there is no directory"},
    {"a good store", "store { path = \"%s/p.db\" }\n", PST_PROBLEM_ERROR, NULL},
    {"a pid file", "pid-file = \"%s/no/pid\"\n", PST_PROBLEM_ERROR,
	"pid-file: there is no directory"},
    {"a zone", "dns { zone = \"%s/no\" }\n", PST_PROBLEM_ERROR, "dns.zone: "},
    {"a connection string", "store { postgresql = \"host=h dbnam=x\" }\n",
	PST_PROBLEM_ERROR, "an option that libpq does not know"},
    {"words", "store { postgresql = \"host h\" }\n", PST_PROBLEM_ERROR,
	"of the form NAME=VALUE"},
    {"a URI", "store { postgresql = \"postgresql://u@h/d\" }\n",
	PST_PROBLEM_ERROR, NULL},
    {"a database", "store { postgresql = \"reports\" }\n", PST_PROBLEM_ERROR,
	NULL},
    {"a password", "store { postgresql = \"dbname=d password=p\" }\n",
	PST_PROBLEM_WARNING, "every user of this host can read this file"},
    {"a missing key",
	"reports {\nfrom = a@b.example\ndkim-selector = s\n"
	"dkim-key = \"%s/no\"\n}\n",
	PST_PROBLEM_ERROR, "No such file"},
    {"an open key",
	"reports {\nfrom = a@b.example\ndkim-selector = s\n"
	"dkim-key = \"%s" KEY "\"\n}\n",
	PST_PROBLEM_ERROR, "which is a secret; use chmod 0640"},
    {"a password file", "reports { relay-password-file = \"%s" KEY "\" }\n",
	PST_PROBLEM_ERROR, "which is a secret; use chmod 0640"},
};

static void
fill_in(const char *text, char *out, size_t size)
{
	const char *at = strstr(text, "%s");

	if (at == NULL)
		(void)snprintf(out, size, "%s", text);
	else
		(void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text,
		    config_dir, at + 2);
}

static void
make_key(void)
{
	char path[160];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s" KEY, config_dir);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs("no key\n", out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void
remove_key(void)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s" KEY, config_dir);
	assert_int_equal(unlink(path), 0);
}

/* R-CONF-2: what a start would find, and where it says so. */
static void
test_places(void **state)
{
	(void)state;
	make_key();
	FOR_ROWS(i, place_rows, place_rows[i].label) {
		const struct place_row *row = &place_rows[i];
		struct pst_problems found = {.arena = pst_arena_new()};
		struct pst_config *config;
		bool is_there = row->sentence == NULL;
		char text[400];

		fill_in(row->text, text, sizeof(text));
		config = config_must_load(text);
		assert_int_equal(chmod(config_file, 0644), 0);
		pst_config_look_around(config, &found);
		for (size_t k = 0; k < found.count; k++) {
			const struct pst_problem *problem = &found.items[k];

			/* What is wrong with a default is only a warning. */
			if (problem->line == 0) {
				assert_int_equal(
				    problem->kind, PST_PROBLEM_WARNING);
				continue;
			}
			if (row->sentence == NULL ||
			    problem->kind != row->kind ||
			    strstr(problem->sentence, row->sentence) == NULL)
				fail_msg("%s", problem->sentence);
			is_there = true;
		}
		if (!is_there)
			fail_msg("nothing was found");
		pst_config_unref(config);
		pst_arena_free(found.arena);
	}
	remove_key();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
