/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/day.h"
#include "store/tallies.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"
#include "tools/command.h"

/* The command, with its output in a file, and tallies that are made here. */

#define DAY_S INT64_C(86400)
#define MAX_ARGS 12
#define MAX_OUTPUT 65536

static struct pst_arena *arena;
static char output[MAX_OUTPUT];

static void
say(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		printf("# %s\n", why);
}

/* Mail of the last days, once a day. */
static const struct {
	const char *from, *via, *network;
	unsigned days, count;
	enum pst_action would;
	bool aligned;
	const char *rule, *reason;
} flows[] = {
    {"bank.example", "dkim:bank.example", "192.0.2.0/24", 6, 10,
	PST_ACTION_ACCEPT, true, "default", "dmarc pass"},
    {"bank.example", "net:198.51.100.0/24", "198.51.100.0/24", 6, 2,
	PST_ACTION_REJECT, false, "dmarc-reject", "dmarc p=reject"},
    {"bank.example", "net:203.0.113.0/24", "203.0.113.0/24", 1, 3,
	PST_ACTION_TAG, false, "=HYPERLINK(1)", "dmarc p=quarantine"},
    {"a-very-long-name-that-does-not-fit.of-a-label.example", "-",
	"2001:db8:1::/48", 1, 1, PST_ACTION_ACCEPT, false, "default",
	"no dmarc record"},
};

static void
count_all(struct pst_tallies *tallies)
{
	const int64_t now = pst_clock_epoch(&pst_clock_system);

	for (size_t i = 0; i < PST_COUNT(flows); i++) {
		struct pst_summary summary = {.done = PST_ACTION_ACCEPT,
		    .would = flows[i].would,
		    .from_domain = flows[i].from,
		    .org_domain = flows[i].from,
		    .via = flows[i].via,
		    .network = flows[i].network,
		    .aligned = flows[i].aligned,
		    .rule = flows[i].rule,
		    .reason = flows[i].reason,
		    .rcpt_domains = {"rcpt.example"},
		    .rcpt_count = 1};

		for (unsigned k = 0; k < flows[i].days * flows[i].count; k++) {
			summary.seen_s =
			    now - (int64_t)(k % flows[i].days) * DAY_S;
			pst_tallies_count(tallies, &summary);
		}
	}
}

static bool
take_nothing(void *arg, const struct pst_tally_row *row, unsigned days)
{
	(void)arg;
	(void)row;
	(void)days;
	return false;
}

static bool
is_there(const char *path)
{
	const struct pst_tally_query query = {.question = PST_TALLY_HOUR};
	struct pst_err err;

	return pst_tallies_ask(
	    path, &query, (struct pst_tally_visitor){take_nothing, NULL}, &err);
}

/* Makes the file and the configuration that names its journal. */
static int
begin(void **state)
{
	const struct timespec moment = {.tv_nsec = 50000000};
	const int status = config_begin(state);
	const char *path, *text;
	struct pst_tallies *tallies;

	arena = pst_arena_new();
	path = pst_arena_printf(arena, "%s/j", config_dir);
	text = pst_arena_printf(arena, "journal { path = \"%s\" }\n", path);
	config_write(text, strlen(text));
	path = pst_tallies_path(arena, path);
	tallies = pst_tallies_start(
	    path, 100 * DAY_S, 50, (struct pst_tallies_log){say, NULL});
	/* Networks are counted when the file is open. */
	for (unsigned i = 0; i < 400 && !is_there(path); i++)
		(void)nanosleep(&moment, NULL);
	(void)nanosleep(&moment, NULL);
	count_all(tallies);
	pst_tallies_stop(tallies);
	return status;
}

static int
end(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < PST_COUNT(ends); i++)
		(void)unlink(pst_arena_printf(
		    arena, "%s/j-tallies%s", config_dir, ends[i]));
	(void)unlink(config_file);
	(void)unlink(pst_arena_printf(arena, "%s/output", config_dir));
	pst_arena_free(arena);
	return config_end(state);
}

static void
read_output(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(output, 1, sizeof(output) - 1, file);
	output[len] = '\0';
	(void)fclose(file);
}

/* Runs "stats" with these words and --config; what it prints is in output. */
static int
run(const char *words)
{
	const char *path = pst_arena_printf(arena, "%s/output", config_dir);
	static char name[] = "stats", option[] = "--config";
	char *args[MAX_ARGS] = {name, option, config_file};
	struct pst_str rest = pst_str(words), word;
	bool more = true;
	const int out = dup(1), err = dup(2);
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int count = 3, status;

	while (words[0] != '\0' && pst_str_split(&rest, ' ', &word, &more))
		args[count++] = pst_arena_memdup(arena, word.ptr, word.len);
	assert_true(out >= 0 && err >= 0 && file >= 0);
	(void)fflush(stdout);
	(void)dup2(file, 1);
	(void)dup2(file, 2);
	optind = 1;
	status = pst_cmd_stats(count, args);
	(void)fflush(stdout);
	(void)dup2(out, 1);
	(void)dup2(err, 2);
	(void)close(file);
	(void)close(out);
	(void)close(err);
	read_output(path);
	return status;
}

static const struct {
	const char *words;
	int status;
	const char *has[5];
} rows[] = {
    {"", 0,
	{", 76 messages\n", "accept              76  100.0%        61   80.3%",
	    "tag                  0    0.0%         3    3.9%",
	    "reject               0    0.0%        12   15.8%",
	    "      0        0        2   83%  "}},
    {"--by day", 0, {"\nday   ", "        0        0        5   62%  "}},
    {"--by from-domain", 0,
	{"bank.example                      75        0        0       15   "
	 "80%  #########\n",
	    "a-very-long-..abel.example", "   0%  #\n"}},
    {"--by from-domain --limit 1", 0, {"and 1 more; --limit shows more"}},
    {"--by source", 0, {"192.0.2.0/24                      60 "}},
    {"--by rcpt-domain", 0, {"rcpt.example                      76 "}},
    {"--by reason", 0, {"dmarc p=quarantine                 3 "}},
    {"--by hour", 0, {"hour   ", " 76 "}},
    {"--by rule", 0, {"=HYPERLINK(1)                      3 "}},
    {"--by rule --csv", 0,
	{"rule,messages,accept,tag,", "\"'=HYPERLINK(1)\",3,3,0,0,0,0,0,3,"}},
    {"--since 1d --by reason", 0, {" to ", " messages\n"}},
    {"--since 2000-01-01 --by reason", 0, {"2000-01-01 to ", " 76 messages"}},
    {"--would", 0,
	{"looks genuine: bank.example by net:198.51.100.0/24: 12 refused\n",
	    "    steady: on 6 of 6 days, from 1 network\n",
	    "    \taction = accept\n    }\n",
	    "unclear: bank.example by net:203.0.113.0/24: 3 tagged\n",
	    "Enforcing would change what becomes of 15 of 76 messages "
	    "(12 refused, 3 tagged):\n12 look genuine, 0 look forwarded, 3 are "
	    "unclear, 0 are forged.\n"}},
    {"--would --csv", 0,
	{"\"bank.example\",\"net:198.51.100.0/24\",\"looks genuine\",12,12,0,"
	 "0,1,6,60,\"steady"}},
    {"--by nothing", 2, {"--by must be one of from-domain, source, "}},
    {"--would --by day", 2, {"--would and --by cannot be used together"}},
    {"--json --csv", 2, {"--json and --csv cannot be used together"}},
    {"--limit 0", 2, {"--limit"}},
    {"--since yesterday", 2, {"--since"}},
    {"today", 2, {"unexpected argument \"today\""}},
};

static void
test_output(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].words) {
		assert_int_equal(run(rows[i].words), rows[i].status);
		for (size_t k = 0; k < PST_COUNT(rows[i].has); k++) {
			if (rows[i].has[k] != NULL &&
			    strstr(output, rows[i].has[k]) == NULL)
				fail_msg(
				    "no \"%s\" in: %s", rows[i].has[k], output);
		}
		/* A pipe gets no colour. */
		assert_null(strchr(output, '\033'));
	}
}

/* Each line of a table for a person fits 80 columns. */
static void
test_width(void **state)
{
	static const char *const words[] = {"", "--by from-domain",
	    "--by source", "--by rule", "--by hour", "--by reason"};

	(void)state;
	FOR_ROWS(i, words, words[i]) {
		struct pst_str rest, line;
		bool more = true;

		assert_int_equal(run(words[i]), 0);
		rest = pst_str(output);
		while (pst_str_split(&rest, '\n', &line, &more))
			assert_in_range(line.len, 0, 80);
	}
}

/* Bars are blocks if the locale has them. */
static void
test_blocks(void **state)
{
	(void)state;
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	assert_int_equal(run("--by reason"), 0);
	assert_non_null(strstr(output, "\u2588\u2588\u2588\u2588\n"));
	(void)setenv("LC_ALL", "C", 1);
	assert_int_equal(run("--by reason"), 0);
	assert_null(strstr(output, "\u2588"));
	assert_non_null(strstr(output, "#########\n"));
}

static void
test_json(void **state)
{
	(void)state;
	assert_int_equal(run("--by from-domain --json"), 0);
	assert_non_null(strstr(output,
	    "\"by\":\"from-domain\",\"rows\":[{\"key\":\"bank.example\","
	    "\"messages\":75,\"done\":{\"accept\":75,"));
	assert_int_equal(run("--would --json"), 0);
	assert_non_null(strstr(output,
	    "\"rule\":\"rule \\\"bank.example by net:198.51.100.0/24\\\" {\\n"));
	assert_non_null(strstr(output, "\"rows_in_all\":2}"));
}

/* There is no file: a sentence says so. */
static void
test_none(void **state)
{
	const char *text = "store { path = \"/nonexistent/store\" }\n";

	(void)state;
	config_write(text, strlen(text));
	assert_int_equal(run(""), 2);
	assert_non_null(strstr(output, "postern stats: there are no tallies"));
	assert_int_equal(run("--would"), 2);
	assert_non_null(strstr(output, "postern stats: there are no tallies"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_output),
	    cmocka_unit_test(test_width),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_none),
	};

	(void)setenv("LC_ALL", "C", 1);
	return cmocka_run_group_tests_name("stats", tests, begin, end);
}
