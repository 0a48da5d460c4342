/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_queue.h"
#include "replaced/syslog.h"
#include "rows.h"

/* What a library calls that was built with checks, as libmilter is. */
void checked(int priority, int flag, const char *format, ...) __asm__(
    "__syslog_chk") __attribute__((format(printf, 3, 4)));

/* What a call writes to standard error. */
static void
assert_writes(const char *expected, void (*call)(int), int priority)
{
	char text[2000];
	int real_stderr = dup(STDERR_FILENO);
	int ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) != -1);
	pst_log_follow_stderr();
	call(priority);
	assert_true(dup2(real_stderr, STDERR_FILENO) != -1);
	pst_log_follow_stderr();
	(void)close(real_stderr);
	(void)close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	(void)close(ends[0]);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void
call_plain(int priority)
{
	syslog(priority, "%s: %d", "postern", 2);
}

static void
call_checked(int priority)
{
	checked(priority, 1, "%d%c", 41, '\n');
}

static void
test_kept(void **state)
{
	(void)state;
	assert_writes("", call_plain, LOG_INFO);
	pst_syslog_divert();
	/* Commands log as before. */
	assert_writes("", call_plain, LOG_INFO);
}

static const struct row {
	const char *name;
	int priority;
	const char *prefix; /* NULL: below the level */
} rows[] = {
    {"emergency", LOG_EMERG, "<3>"},
    {"critical", LOG_CRIT, "<3>"},
    {"error", LOG_ERR, "<3>"},
    {"with a facility", LOG_MAIL | LOG_ERR, "<3>"},
    {"warning", LOG_WARNING, "<4>"},
    {"notice", LOG_NOTICE, "<5>"},
    {"info", LOG_INFO, "<6>"},
    {"debug", LOG_DEBUG, NULL},
};

static void
check_row(const struct row *row)
{
	char expected[100] = "";

	if (row->prefix != NULL)
		(void)snprintf(
		    expected, sizeof(expected), "%spostern: 2\n", row->prefix);
	assert_writes(expected, call_plain, row->priority);
	if (row->prefix != NULL)
		(void)snprintf(
		    expected, sizeof(expected), "%s41 \n", row->prefix);
	assert_writes(expected, call_checked, row->priority);
}

static void
test_diverted(void **state)
{
	(void)state;
	pst_syslog_divert();
	pst_log_open(PST_LOG_JOURNAL, "test", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log_never_wait();
	FOR_ROWS(i, rows, rows[i].name)
		check_row(&rows[i]);
	pst_log_queue_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_diverted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
