/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"

#define THREADS 4
#define LINES 200

/* Between begin and end, standard error goes to a file. */
static int real_stderr = -1;
static FILE *capture;

static void
capture_begin(void)
{
	capture = tmpfile();
	assert_non_null(capture);
	real_stderr = dup(STDERR_FILENO);
	assert_true(real_stderr >= 0);
	assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
}

static char *
capture_end(void)
{
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	(void)close(real_stderr);
	long size;

	assert_int_equal(fseek(capture, 0, SEEK_END), 0);
	size = ftell(capture);
	assert_true(size >= 0);
	rewind(capture);
	char *text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, capture), size);
	(void)fclose(capture);
	return text;
}

static void
assert_captured(const char *expected)
{
	char *text = capture_end();

	assert_string_equal(text, expected);
	free(text);
}

static void
test_before_open(void **state)
{
	(void)state;
	capture_begin();
	pst_log(PST_LOG_ERROR, "early");
	pst_log(PST_LOG_DEBUG, "not wanted");
	assert_captured("postern: early\n");
}

static void
test_stderr(void **state)
{
	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_INFO, "x=%d", 5);
	pst_log(PST_LOG_DEBUG, "hidden");
	assert_captured("posternd: x=5\n");
}

static void
test_journal_priorities(void **state)
{
	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_JOURNAL, "posternd", PST_LOG_MAIL, PST_LOG_DEBUG);
	pst_log(PST_LOG_ERROR, "e");
	pst_log(PST_LOG_WARNING, "w");
	pst_log(PST_LOG_NOTICE, "n");
	pst_log(PST_LOG_INFO, "i");
	pst_log(PST_LOG_DEBUG, "d");
	assert_captured("<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n");
}

static void
test_levels(void **state)
{
	(void)state;
	for (enum pst_log_level max = PST_LOG_ERROR; max <= PST_LOG_DEBUG;
	     max++) {
		pst_log_set_level(max);
		for (enum pst_log_level at = PST_LOG_ERROR; at <= PST_LOG_DEBUG;
		     at++)
			assert_int_equal(pst_log_enabled(at), at <= max);
	}
}

/* Every line is one object, on standard error without another word before it. */
static void
test_json(void **state)
{
	(void)state;
	capture_begin();
	pst_log_set_format(PST_LOG_JSON);
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_WARNING, "%s", "a \"b\" \\ c\n\xc3\xbc");
	pst_log(PST_LOG_DEBUG, "hidden");
	pst_log_object(PST_LOG_INFO, "{\"event\":\"message\"}");
	pst_log_object(PST_LOG_DEBUG, "{\"event\":\"finding\"}");
	pst_log_open(PST_LOG_JOURNAL, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_ERROR, "e");
	pst_log_set_format(PST_LOG_TEXT);
	assert_captured("{\"level\":\"warning\",\"event\":\"log\","
			"\"program\":\"posternd\","
			"\"message\":\"a \\\"b\\\" \\\\ c \\u00FC\"}\n"
			"{\"level\":\"info\",\"event\":\"message\"}\n"
			"<3>{\"level\":\"error\",\"event\":\"log\","
			"\"program\":\"posternd\",\"message\":\"e\"}\n");
}

/* A line that is too long is cut inside the message, and stays an object. */
static void
test_long_json(void **state)
{
	static const char *const fill[] = {"x", "\"", "\xc3\xbc", "\xff"};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(fill); i++) {
		char text[3000] = {0};
		char *line;

		for (size_t len = 0; len + 4 < sizeof(text);
		     len += strlen(fill[i]))
			memcpy(text + len, fill[i], strlen(fill[i]));
		capture_begin();
		pst_log_set_format(PST_LOG_JSON);
		pst_log_open(
		    PST_LOG_JOURNAL, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
		pst_log(PST_LOG_INFO, "%s", text);
		pst_log_set_format(PST_LOG_TEXT);
		line = capture_end();
		assert_true(strlen(line) <= 2001);
		assert_true(strlen(line) > 500);
		assert_string_equal(
		    line + strlen(line) - strlen("\",\"cut\":true}\n"),
		    "\",\"cut\":true}\n");
		free(line);
	}
}

static void
test_one_call_is_one_line(void **state)
{
	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_JOURNAL, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_INFO, "%s", "a\n<0>b\r\tc\x7f\xc3\xbc");
	assert_captured("<6>a <0>b  c \xc3\xbc\n");
}

static void
test_cut(void **state)
{
	char long_text[5000];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	capture_begin();
	pst_log_open(PST_LOG_STDERR, long_text, PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_INFO, "%s", long_text);
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_INFO, "%s", long_text);
	char *text = capture_end();
	char *end = strchr(text, '\n');
	assert_non_null(end);
	assert_int_equal(end - text, 2000);
	assert_int_equal(strlen(end + 1), 2001);
	free(text);
}

static void
test_errno_is_kept(void **state)
{
	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	errno = ERANGE;
	pst_log(PST_LOG_INFO, "x");
	assert_int_equal(errno, ERANGE);
	assert_captured("posternd: x\n");
}

static void
test_facilities(void **state)
{
	static const int codes[] = {LOG_MAIL, LOG_DAEMON, LOG_USER, LOG_LOCAL0,
	    LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5,
	    LOG_LOCAL6, LOG_LOCAL7};

	(void)state;
	for (enum pst_log_facility facility = PST_LOG_MAIL;
	     facility <= PST_LOG_LOCAL7; facility++)
		assert_int_equal(
		    pst_log_facility_code(facility), codes[facility]);
}

static void
test_syslog_keeps_off_stderr(void **state)
{
	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_SYSLOG, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log(PST_LOG_DEBUG, "%s", "below the level");
	pst_log(PST_LOG_INFO, "%s", "unit test");
	assert_captured("");
	pst_log_open(PST_LOG_STDERR, "posternd", PST_LOG_MAIL, PST_LOG_INFO);
}

static void *
log_lines(void *arg)
{
	const char *name = arg;

	for (int i = 0; i < LINES; i++) {
		pst_log(PST_LOG_INFO, "%s%s%s", name, name, name);
		pst_log_set_level(i % 2 ? PST_LOG_INFO : PST_LOG_DEBUG);
	}
	return NULL;
}

static void
test_threads_do_not_mix(void **state)
{
	static char names[THREADS][2] = {"a", "b", "c", "d"};
	pthread_t threads[THREADS];
	size_t lines = 0;

	(void)state;
	capture_begin();
	pst_log_open(PST_LOG_STDERR, "p", PST_LOG_MAIL, PST_LOG_INFO);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, log_lines, names[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	char *text = capture_end();
	for (char *at = text; *at != '\0'; at += 7, lines++) {
		assert_memory_equal(at, "p: ", 3);
		assert_true(at[3] >= 'a' && at[3] <= 'd');
		assert_true(at[4] == at[3] && at[5] == at[3]);
		assert_int_equal(at[6], '\n');
	}
	assert_int_equal(lines, THREADS * LINES);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_before_open),
	    cmocka_unit_test(test_stderr),
	    cmocka_unit_test(test_journal_priorities),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_long_json),
	    cmocka_unit_test(test_one_call_is_one_line),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_errno_is_kept),
	    cmocka_unit_test(test_facilities),
	    cmocka_unit_test(test_syslog_keeps_off_stderr),
	    cmocka_unit_test(test_threads_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
