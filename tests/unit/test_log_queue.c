/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_queue.h"
#include "base/syslog_socket.h"
#include "base/thread.h"

#define MANY 4000 /* more lines than a pipe and the queue hold together */
#define FEW 600   /* more than a pipe holds, and less than both hold */
#define LINE "%06u %0200u"
#define TEXT_BYTES (MANY * 220)

static bool without = false;
static bool with = true;

/* Standard error is a pipe between begin and end. */
static int real_stderr;
static int reader;

static void
begin(const bool *writer)
{
	int ends[2];

	real_stderr = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) != -1);
	(void)close(ends[1]);
	reader = ends[0];
	pst_log_open(PST_LOG_JOURNAL, "test", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log_never_wait();
	if (*writer)
		assert_true(pst_log_start_writer());
}

/* The log no longer holds the pipe, which ends what is read from it. */
static void
end(void)
{
	pst_log_queue_close();
	assert_true(dup2(real_stderr, STDERR_FILENO) != -1);
	(void)close(real_stderr);
	pst_log_open(PST_LOG_STDERR, "test", PST_LOG_MAIL, PST_LOG_INFO);
	pst_log_never_wait();
	pst_log_queue_close();
}

static void
log_lines(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		pst_log(PST_LOG_INFO, LINE, i, i);
}

/* Reads until the text ends with a line that holds `last`. */
static char *
read_until(const char *last)
{
	char *text = calloc(1, TEXT_BYTES + 1);
	size_t used = 0;

	assert_non_null(text);
	while (strstr(text + (used < 400 ? 0 : used - 400), last) == NULL ||
	    text[used - 1] != '\n') {
		struct pollfd item = {.fd = reader, .events = POLLIN};

		(void)pst_log_flush();
		if (poll(&item, 1, 10) == 0)
			continue;
		ssize_t n = read(reader, text + used, TEXT_BYTES - used);
		assert_true(n > 0);
		used += (size_t)n;
	}
	return text;
}

/* Checks whole lines, numbered from 0; returns what follows, and the count. */
static const char *
numbered(const char *at, unsigned *count)
{
	char line[300];

	for (*count = 0;; ++*count) {
		int len = snprintf(
		    line, sizeof(line), "<6>" LINE "\n", *count, *count);

		if (strncmp(at, line, (size_t)len) != 0)
			return at;
		at += len;
	}
}

static void
test_full_pipe(void **state)
{
	unsigned count, lost;
	const char *rest;
	char *text;

	begin(*state);
	log_lines(0, MANY);
	text = read_until(" lost ");
	rest = numbered(text, &count);
	assert_true(count > PST_LOG_QUEUE_BYTES / 300 && count < MANY);
	assert_int_equal(sscanf(rest, "<4>%u lines of this log", &lost), 1);
	assert_int_equal(count + lost, MANY);
	/* The loss was said in one line, once. */
	assert_ptr_equal(strchr(rest, '\n') + 1, text + strlen(text));
	free(text);
	pst_log(PST_LOG_INFO, "after it");
	text = read_until("after it");
	assert_string_equal(text, "<6>after it\n");
	free(text);
	(void)close(reader);
	end();
}

static void
test_no_loss_while_it_fits(void **state)
{
	unsigned count;
	char *text;

	begin(*state);
	log_lines(0, FEW);
	pst_log(PST_LOG_INFO, "after it");
	text = read_until("after it");
	assert_string_equal(numbered(text, &count), "<6>after it\n");
	assert_int_equal(count, FEW);
	free(text);
	(void)close(reader);
	end();
}

static void *
read_all(void *arg)
{
	char *text = arg;
	size_t used = 0;
	ssize_t n;

	while ((n = read(reader, text + used, TEXT_BYTES - used)) > 0)
		used += (size_t)n;
	return NULL;
}

static void
test_stop_writes_the_queue(void **state)
{
	char *text = calloc(1, TEXT_BYTES + 1);
	pthread_t thread;
	unsigned count;

	assert_non_null(text);
	begin(*state);
	log_lines(0, FEW);
	assert_true(pst_thread_start(&thread, read_all, text));
	end();
	pst_thread_join(thread);
	assert_string_equal(numbered(text, &count), "");
	assert_int_equal(count, FEW);
	free(text);
	(void)close(reader);
}

/* Nobody ever reads: the stop returns, and what was written is whole. */
static void
test_stop_with_a_stuck_target(void **state)
{
	char *text = calloc(1, TEXT_BYTES + 1);
	unsigned count;

	assert_non_null(text);
	begin(*state);
	log_lines(0, MANY);
	end();
	(void)read_all(text);
	assert_string_equal(numbered(text, &count), "");
	assert_true(count > 0 && count < FEW);
	free(text);
	(void)close(reader);
}

static void *
keep_logging(void *arg)
{
	const atomic_bool *enough = arg;

	while (!atomic_load(enough))
		log_lines(0, 10);
	return NULL;
}

/* Sessions may still log while a worker stops: lines stay whole. */
static void
test_stop_beside_logging(void **state)
{
	char *text = calloc(1, TEXT_BYTES + 1);
	atomic_bool enough = false;
	pthread_t threads[3];
	unsigned number, same;

	assert_non_null(text);
	begin(*state);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_true(
		    pst_thread_start(&threads[i], keep_logging, &enough));
	pst_log_finish();
	log_lines(0, 10);
	atomic_store(&enough, true);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		pst_thread_join(threads[i]);
	end();
	(void)read_all(text);
	assert_true(text[0] != '\0');
	for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
		int len = 0;

		assert_int_equal(
		    sscanf(at, "<6>%6u %200u%n", &number, &same, &len), 2);
		assert_int_equal(number, same);
		assert_int_equal(at[len], '\n');
	}
	free(text);
	(void)close(reader);
}

static void
test_reader_gone(void **state)
{
	begin(*state);
	(void)close(reader);
	log_lines(0, MANY);
	end();
}

static void
test_fork(void **state)
{
	unsigned count;
	int status;
	char *text;
	pid_t child;

	(void)state;
	begin(&without);
	log_lines(0, FEW);
	assert_true(pst_log_flush());
	child = fork();
	if (child == 0) {
		pst_log_forked();
		status = pst_log_flush() ? 1 : 0;
		if (!pst_log_start_writer())
			status = 2;
		pst_log_finish();
		_exit(status);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	pst_log(PST_LOG_INFO, "after it");
	text = read_until("after it");
	assert_string_equal(numbered(text, &count), "<6>after it\n");
	assert_int_equal(count, FEW);
	assert_false(pst_log_flush());
	free(text);
	(void)close(reader);
	end();
}

/* The system log. */

static char dir[] = "postern-test-XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/log", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static int
start_daemon(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static size_t
describe(char *line, size_t size, uint64_t lost)
{
	return (size_t)snprintf(line, size, "lost %u", (unsigned)lost);
}

static const struct pst_log_target system_log = {
    .send = pst_syslog_try, .fd = pst_syslog_fd, .describe_loss = describe};

static void
put(unsigned from, unsigned to)
{
	char line[300];

	for (unsigned i = from; i < to; i++)
		pst_log_queue_put(
		    line, (size_t)snprintf(line, sizeof(line), LINE, i, i));
}

/* Receives lines numbered from `from` until another line, which is returned. */
static const char *
receive(int fd, unsigned from, unsigned *count)
{
	static char line[300];

	for (*count = from;;) {
		struct pollfd item = {.fd = fd, .events = POLLIN};
		ssize_t n;

		(void)pst_log_queue_flush();
		if (poll(&item, 1, 10) == 0)
			continue;
		n = recv(fd, line, sizeof(line) - 1, 0);
		assert_true(n > 0);
		line[n] = '\0';
		if (strlen(line) != 207)
			return line;
		assert_int_equal(strtoul(line, NULL, 10), *count);
		++*count;
	}
}

static void
begin_syslog(const bool *writer)
{
	(void)pst_syslog_open(path, "test", LOG_MAIL);
	pst_log_queue_open(&system_log);
	if (*writer)
		assert_true(pst_log_queue_start());
}

static void
end_syslog(int fd)
{
	pst_log_queue_close();
	pst_syslog_close();
	(void)close(fd);
}

static void
test_stuck_syslog(void **state)
{
	int fd = start_daemon();
	unsigned count, lost;

	begin_syslog(*state);
	put(0, MANY);
	assert_int_equal(sscanf(receive(fd, 0, &count), "lost %u", &lost), 1);
	assert_true(count > PST_LOG_QUEUE_BYTES / 300);
	assert_int_equal(count + lost, MANY);
	pst_log_queue_put("after it", 8);
	assert_string_equal(receive(fd, 0, &count), "after it");
	assert_int_equal(count, 0);
	end_syslog(fd);
}

static void
test_stop_with_a_stuck_syslog(void **state)
{
	int fd = start_daemon();

	begin_syslog(*state);
	put(0, MANY);
	end_syslog(fd);
}

/* Lines that are logged while the daemon is away arrive when it is back. */
static void
test_syslog_restart(void **state)
{
	int fd = start_daemon();
	unsigned count;

	begin_syslog(*state);
	put(0, 3);
	pst_log_queue_put("end", 3);
	assert_string_equal(receive(fd, 0, &count), "end");
	assert_int_equal(count, 3);
	(void)close(fd);
	put(3, 100);
	pst_log_queue_put("back", 4);
	fd = start_daemon();
	assert_string_equal(receive(fd, 3, &count), "back");
	assert_int_equal(count, 100);
	end_syslog(fd);
}

static void
test_syslog_starts_later(void **state)
{
	unsigned count;
	int fd;

	(void)unlink(path);
	begin_syslog(*state);
	assert_int_equal(pst_syslog_fd(), -1);
	put(0, 100);
	pst_log_queue_put("end", 3);
	fd = start_daemon();
	assert_string_equal(receive(fd, 0, &count), "end");
	assert_int_equal(count, 100);
	end_syslog(fd);
}

int
main(void)
{
	/* With and without a writer, what is seen is the same. */
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(test_full_pipe, &without),
	    cmocka_unit_test_prestate(test_full_pipe, &with),
	    cmocka_unit_test_prestate(test_no_loss_while_it_fits, &without),
	    cmocka_unit_test_prestate(test_no_loss_while_it_fits, &with),
	    cmocka_unit_test_prestate(test_stop_writes_the_queue, &without),
	    cmocka_unit_test_prestate(test_stop_writes_the_queue, &with),
	    cmocka_unit_test_prestate(test_stop_with_a_stuck_target, &without),
	    cmocka_unit_test_prestate(test_stop_with_a_stuck_target, &with),
	    cmocka_unit_test_prestate(test_stop_beside_logging, &without),
	    cmocka_unit_test_prestate(test_stop_beside_logging, &with),
	    cmocka_unit_test_prestate(test_reader_gone, &without),
	    cmocka_unit_test_prestate(test_reader_gone, &with),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test_prestate(test_stuck_syslog, &without),
	    cmocka_unit_test_prestate(test_stuck_syslog, &with),
	    cmocka_unit_test_prestate(test_stop_with_a_stuck_syslog, &without),
	    cmocka_unit_test_prestate(test_stop_with_a_stuck_syslog, &with),
	    cmocka_unit_test_prestate(test_syslog_restart, &without),
	    cmocka_unit_test_prestate(test_syslog_restart, &with),
	    cmocka_unit_test_prestate(test_syslog_starts_later, &without),
	    cmocka_unit_test_prestate(test_syslog_starts_later, &with),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	/* A stop that never returns fails. */
	(void)alarm(300);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
