/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/process_usage.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/rows.h"

/* Uses the CPU for that long. */
static void
burn(unsigned ms)
{
	clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		;
}

static void
test_own(void **state)
{
	struct pst_process_usage before = {.processes = 0};
	struct pst_process_usage after = {.processes = 0};
	int fd;

	(void)state;
	pst_process_usage_add(&before, getpid());
	assert_int_equal(before.processes, 1);
	assert_false(before.fds_hidden);
	assert_true(before.resident_bytes > 100000);
	fd = dup(STDIN_FILENO);
	if (fd == -1)
		fd = dup(STDOUT_FILENO);
	assert_int_not_equal(fd, -1);
	burn(150);
	pst_process_usage_add(&after, getpid());
	assert_int_equal(after.open_fds, before.open_fds + 1);
	assert_in_range(
	    after.cpu_ms, before.cpu_ms + 100, before.cpu_ms + 5000);
	assert_int_equal(close(fd), 0);
}

/* Several processes are added up; what a child used stays when it is gone. */
static void
test_child(void **state)
{
	struct pst_process_usage one = {.processes = 0};
	struct pst_process_usage both = {.processes = 0};
	struct pst_process_usage after = {.processes = 0};
	pid_t pid = fork();
	int status;

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		burn(200);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	pst_process_usage_add(&one, getpid());
	pst_process_usage_add(&both, getpid());
	pst_process_usage_add(&both, pid);
	assert_int_equal(both.processes, 2);
	assert_true(both.cpu_ms >= one.cpu_ms + 150);
	assert_true(both.resident_bytes > one.resident_bytes);
	assert_true(both.open_fds > one.open_fds);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	pst_process_usage_add(&after, getpid());
	pst_process_usage_add(&after, pid); /* gone */
	assert_int_equal(after.processes, 1);
	assert_true(after.cpu_ms >= one.cpu_ms + 150);
}

static void
test_nobody(void **state)
{
	struct pst_process_usage usage = {.processes = 0};

	(void)state;
	pst_process_usage_add(&usage, 0);
	pst_process_usage_add(&usage, -1);
	assert_int_equal(usage.processes, 0);
	assert_int_equal(usage.resident_bytes, 0);
}

static void
test_json(void **state)
{
	static const struct {
		const char *label;
		struct pst_process_usage usage;
	} rows[] = {
	    {"all", {3, 1250, 1 << 20, 40, false}},
	    {"hidden", {3, 1250, 1 << 20, 0, true}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_json *json = pst_json_new(arena);
		struct pst_process_usage got;
		struct pst_err err;

		pst_json_open_object(json, NULL);
		pst_process_usage_json(json, &rows[i].usage);
		pst_json_close(json);
		pst_process_usage_from_json(
		    pst_json_read(arena, pst_str(pst_json_end(json)), &err),
		    &got);
		assert_int_equal(got.processes, rows[i].usage.processes);
		assert_int_equal(got.cpu_ms, rows[i].usage.cpu_ms);
		assert_int_equal(
		    got.resident_bytes, rows[i].usage.resident_bytes);
		assert_int_equal(got.open_fds, rows[i].usage.open_fds);
		assert_int_equal(got.fds_hidden, rows[i].usage.fds_hidden);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_child),
	    cmocka_unit_test(test_nobody),
	    cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
