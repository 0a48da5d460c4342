/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "milter/upload_child.h"
#include "milter/worker.h"
#include "tests/unit/store_fixture.h"

#define PATIENCE_MS 10000
#define SHARED "postgresql = \"host=127.0.0.1\""

/* Notes its arguments, then what it is told, and ends at the end of that. */
#define WRITER                                                                 \
	"#!/bin/sh\n"                                                          \
	"cd \"${0%/*}\" && echo \"$@\" >>args && exec cat >>told\n"

static struct pst_upload_child child;
static int64_t now_ms;
static FILE *capture;
static int real_stderr;

static void
pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static void
write_program(const char *text, mode_t mode)
{
	const char *path = store_path(PST_UPLOAD_PROGRAM);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int
set_up(void **state)
{
	if (store_set_up(state) != 0)
		return -1;
	memset(&child, 0, sizeof(child));
	now_ms = 1000;
	capture = tmpfile();
	real_stderr = dup(STDERR_FILENO);
	if (capture == NULL || dup2(fileno(capture), STDERR_FILENO) == -1)
		return -1;
	return setenv(PST_UPLOAD_DIR_VARIABLE, store_path("."), 1);
}

static int
tear_down(void **state)
{
	if (child.pid != 0) {
		(void)kill(child.pid, SIGKILL);
		pst_upload_child_end(&child);
	}
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)fclose(capture);
	return store_tear_down(state);
}

static const char *
contents(FILE *file)
{
	static char text[4096];
	size_t len;

	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	return text;
}

static unsigned
lines_logged(void)
{
	unsigned n = 0;

	for (const char *c = contents(capture); *c != '\0'; c++)
		n += *c == '\n';
	return n;
}

/* Waits until the file, which the program writes, has this text. */
static void
wait_for(const char *name, const char *text)
{
	int64_t until = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;
	const char *seen = "";
	FILE *file;

	while (pst_clock_ms(&pst_clock_system) < until) {
		file = fopen(store_path(name), "r");
		if (file != NULL) {
			seen = contents(file);
			(void)fclose(file);
			if (strcmp(seen, text) == 0)
				return;
		}
		pause_ms(5);
	}
	fail_msg("%s is \"%s\"", name, seen);
}

/* Runs the supervisor's turn until the process is collected. */
static void
wait_for_end(const struct pst_config *config)
{
	int64_t until = pst_clock_ms(&pst_clock_system) + PATIENCE_MS;

	while (child.pid != 0 && pst_clock_ms(&pst_clock_system) < until) {
		pst_upload_child_attend(&child, config, now_ms);
		pause_ms(5);
	}
	assert_int_equal(child.pid, 0);
}

static void
test_not_asked_for(void **state)
{
	struct pst_config *config = store_config("");

	(void)state;
	write_program(WRITER, 0700);
	pst_upload_child_attend(&child, config, now_ms);
	assert_int_equal(child.pid, 0);
	assert_true(pst_upload_child_due_ms(&child) == INT64_MAX);
	pst_upload_child_reload(&child);
	pst_upload_child_stop(&child);
	pst_upload_child_end(&child);
	pst_config_unref(config);
}

/* It gets the file and the log's target, hears orders, and ends in time. */
static void
test_orders(void **state)
{
	struct pst_config *config = store_config(SHARED);
	char text[512];
	int64_t begun;

	(void)state;
	write_program(WRITER, 0700);
	child.to_stderr = true;
	pst_upload_child_attend(&child, config, now_ms);
	assert_true(child.pid > 0);
	assert_true(pst_upload_child_due_ms(&child) == INT64_MAX);
	(void)snprintf(text, sizeof(text), "-c %s -e\n", store_path("conf"));
	wait_for("args", text);
	pst_upload_child_reload(&child);
	wait_for("told", (char[]){PST_WORKER_RELOAD, '\0'});
	begun = pst_clock_ms(&pst_clock_system);
	pst_upload_child_stop(&child);
	pst_upload_child_end(&child);
	assert_true(
	    pst_clock_ms(&pst_clock_system) - begun < PST_UPLOAD_STOP_MS);
	assert_int_equal(child.pid, 0);
	wait_for("told", (char[]){PST_WORKER_RELOAD, PST_WORKER_STOP, '\0'});
	assert_int_equal(lines_logged(), 0);
	pst_config_unref(config);
}

/* One line, however often it is tried; a reload tries again at once. */
static void
test_missing(void **state)
{
	struct pst_config *config = store_config(SHARED);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		pst_upload_child_attend(&child, config, now_ms);
		assert_int_equal(child.pid, 0);
		now_ms = pst_upload_child_due_ms(&child);
		assert_true(now_ms < INT64_MAX);
	}
	assert_int_equal(lines_logged(), 1);
	assert_non_null(strstr(contents(capture), "cannot execute /tmp/"));
	assert_non_null(strstr(contents(capture), "mail is not affected"));
	write_program(WRITER, 0700);
	pst_upload_child_attend(&child, config, now_ms - 1);
	assert_int_equal(child.pid, 0);
	pst_upload_child_reload(&child);
	pst_upload_child_attend(&child, config, now_ms - 1);
	assert_true(child.pid > 0);
	pst_config_unref(config);
}

/* A file that looks like a program but cannot be executed. */
static void
test_refused(void **state)
{
	struct pst_config *config = store_config(SHARED);

	(void)state;
	write_program("#!/nonexistent/shell\n", 0700);
	for (unsigned i = 0; i < 3; i++) {
		pst_upload_child_attend(&child, config, now_ms);
		assert_true(child.pid > 0);
		wait_for_end(config);
		now_ms = pst_upload_child_due_ms(&child);
	}
	assert_int_equal(lines_logged(), 1);
	assert_non_null(strstr(contents(capture), "cannot execute /tmp/"));
	pst_config_unref(config);
}

/* A process that dies is replaced, later after each quick death. */
static void
test_dies(void **state)
{
	struct pst_config *config = store_config(SHARED);
	int64_t last_ms = 0, pause;

	(void)state;
	write_program(WRITER, 0700);
	for (unsigned i = 0; i < 12; i++) {
		pst_upload_child_attend(&child, config, now_ms);
		assert_true(child.pid > 0);
		assert_int_equal(kill(child.pid, SIGKILL), 0);
		wait_for_end(config);
		pause = pst_upload_child_due_ms(&child) - now_ms;
		assert_true(pause >= last_ms && pause <= 300000);
		pst_upload_child_attend(&child, config, now_ms + pause - 1);
		assert_int_equal(child.pid, 0);
		now_ms += pause;
		last_ms = pause;
	}
	assert_int_equal(last_ms, 300000);
	assert_int_equal(lines_logged(), 12);
	assert_non_null(strstr(contents(capture), "was killed by signal 9"));
	/* After a long life, the next one comes soon. */
	pst_upload_child_attend(&child, config, now_ms);
	assert_true(child.pid > 0);
	assert_int_equal(kill(child.pid, SIGKILL), 0);
	now_ms += 3600000;
	wait_for_end(config);
	assert_true(pst_upload_child_due_ms(&child) - now_ms <= 1000);
	pst_config_unref(config);
}

/* Status 0 without an order: there is nothing to do until the next reload. */
static void
test_idle(void **state)
{
	struct pst_config *config = store_config(SHARED);

	(void)state;
	write_program("#!/bin/sh\nexit 0\n", 0700);
	pst_upload_child_attend(&child, config, now_ms);
	assert_true(child.pid > 0);
	wait_for_end(config);
	assert_true(pst_upload_child_due_ms(&child) == INT64_MAX);
	pst_upload_child_attend(&child, config, INT64_MAX - 1);
	assert_int_equal(child.pid, 0);
	pst_upload_child_reload(&child);
	pst_upload_child_attend(&child, config, now_ms);
	assert_true(child.pid > 0);
	assert_int_equal(lines_logged(), 0);
	pst_config_unref(config);
}

/* A process that does not listen is killed in time. */
static void
test_deaf(void **state)
{
	struct pst_config *config = store_config(SHARED);
	int64_t begun;

	(void)state;
	write_program("#!/bin/sh\ncd \"${0%/*}\" && echo >>args &&"
		      " exec sleep 60\n",
	    0700);
	pst_upload_child_attend(&child, config, now_ms);
	wait_for("args", "\n");
	begun = pst_clock_ms(&pst_clock_system);
	pst_upload_child_stop(&child);
	pst_upload_child_end(&child);
	assert_true(
	    pst_clock_ms(&pst_clock_system) - begun < 2 * PST_UPLOAD_STOP_MS);
	assert_int_equal(child.pid, 0);
	pst_config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_not_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_orders, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_dies, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_idle, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_deaf, set_up, tear_down),
	};

	pst_log_open(PST_LOG_STDERR, "test", LOG_MAIL, PST_LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
