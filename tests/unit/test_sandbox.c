/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "core/counters.h"
#include "milter/sandbox.h"
#include "milter/sandbox_calls.h"
#include "milter/sandbox_files.h"
#include "tests/unit/rows.h"
#include "tests/unit/sandbox_tries.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IN_SANITIZER true
#else
#define IN_SANITIZER false
#endif

#define ABI_TCP 4
#define LANDLOCK 444 /* landlock_create_ruleset(2) */

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(sandbox_path(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Writes a configuration whose domains are in that file, and loads it. */
static struct pst_config *
load(const char *list, const char *extra)
{
	char text[600];
	struct pst_err err;
	struct pst_config *config;

	(void)snprintf(text, sizeof(text),
	    "listen = {\"unix:%s/milter\"}\n"
	    "enforce-domains = {\"@%s/%s\"}\n"
	    "store { path = \"%s/var/db\" }\n"
	    "dmarc { discovery = \"treewalk\" public-suffix-list = \"\" }\n"
	    "%s",
	    sandbox_top, sandbox_top, list, sandbox_top, extra);
	write_file("etc/conf", text);
	config = pst_config_load(sandbox_path("etc/conf"), &err);
	if (config == NULL)
		fail_msg("%s", err.text);
	return config;
}

static int
begin(void **state)
{
	const char *dir = getenv("TMPDIR");
	socklen_t len = sizeof(sandbox_address);

	(void)state;
	(void)snprintf(sandbox_top, sizeof(sandbox_top), "%s/sandbox.XXXXXX",
	    dir == NULL || strlen(dir) > 40 ? "/tmp" : dir);
	if (mkdtemp(sandbox_top) == NULL ||
	    mkdir(sandbox_path("etc"), 0700) != 0 ||
	    mkdir(sandbox_path("var"), 0700) != 0 ||
	    mkdir(sandbox_path("outside"), 0700) != 0)
		return -1;
	write_file("etc/list", "example.com\n");
	write_file("outside/list", "example.net\n");
	sandbox_address.sin_family = AF_INET;
	sandbox_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sandbox_listening = socket(AF_INET, SOCK_STREAM, 0);
	return bind(sandbox_listening, (struct sockaddr *)&sandbox_address,
		   sizeof(sandbox_address)) == 0 &&
		listen(sandbox_listening, 5) == 0 &&
		getsockname(sandbox_listening,
		    (struct sockaddr *)&sandbox_address, &len) == 0 ?
	    0 :
	    -1;
}

static int
end(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "%s", sandbox_top);
	(void)close(sandbox_listening);
	return fork() == 0 ? execlp("rm", "rm", "-rf", command, (char *)NULL) :
	    wait(NULL) > 0 ? 0 :
			     -1;
}

static bool
has(enum sandbox_part part)
{
	if (IN_SANITIZER)
		return false;
	switch (part) {
	case SANDBOX_CALLS:
		return pst_sandbox_calls_known();
	case SANDBOX_FILES:
		return pst_sandbox_files_abi() > 0;
	case SANDBOX_TCP:
		return pst_sandbox_files_abi() >= ABI_TCP;
	}
	return false;
}

/* Runs it in a process that has entered; returns the wait status. */
static int
run(int (*try)(void), void (*enter)(struct pst_sandbox *))
{
	struct pst_config *config = load("etc/list", "");
	struct pst_sandbox *sandbox;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		sandbox = pst_sandbox_new(config);
		enter(sandbox);
		_exit(try());
	}
	pst_config_unref(config);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool
is_as_expected(int status, enum sandbox_expected expected)
{
	switch (expected) {
	case SANDBOX_WORKS:
		return WIFEXITED(status) && WEXITSTATUS(status) == 0;
	case SANDBOX_FAILS:
		return WIFEXITED(status) && WEXITSTATUS(status) != 0 &&
		    WEXITSTATUS(status) != SANDBOX_SET_UP;
	case SANDBOX_DIES:
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	case SANDBOX_ABORTS:
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
	}
	return false;
}

/* Connects to `sandbox_listening`, and makes the socket of a syslog daemon. */
static void
make_peers(int *client, int *logger)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(*client, (const struct sockaddr *)&sandbox_address,
		sizeof(sandbox_address)),
	    0);
	*logger = socket(AF_UNIX, SOCK_DGRAM, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    sandbox_path("outside/log"));
	assert_int_equal(
	    bind(*logger, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* Where a part is missing, what it would forbid may work. */
static void
check_rows(const struct sandbox_row *rows, size_t count,
    void (*enter)(struct pst_sandbox *))
{
	FOR_COUNT(i, count, rows[i].label) {
		int status;

		if ((rows[i].expected == SANDBOX_FAILS ||
			rows[i].expected == SANDBOX_DIES) &&
		    !has(rows[i].part))
			continue;
		status = run(rows[i].try, enter);
		if (!is_as_expected(status, rows[i].expected))
			fail_msg("the wait status is %#x", (unsigned)status);
	}
}

static void
test_worker(void **state)
{
	int client, logger;

	(void)state;
	make_peers(&client, &logger);
	check_rows(sandbox_worker_rows, sandbox_worker_count,
	    pst_sandbox_enter_worker);
	(void)close(client);
	(void)close(logger);
}

static void
test_upload(void **state)
{
	(void)state;
	check_rows(sandbox_upload_rows, sandbox_upload_count,
	    pst_sandbox_enter_upload);
}

static void
enter_supervisor(struct pst_sandbox *sandbox)
{
	(void)sandbox;
	/* It begins before there is another process. */
	pst_sandbox_begin(pst_sandbox_new(load("etc/list", "")));
}

static void
test_supervisor(void **state)
{
	(void)state;
	check_rows(sandbox_supervisor_rows, sandbox_supervisor_count,
	    enter_supervisor);
}

/* What is counted is what is true. */
static int
see_whether_limited(void)
{
	bool limited = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
	bool no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;

	return limited == has(SANDBOX_CALLS) && no_new_privs == !IN_SANITIZER ?
	    0 :
	    1;
}

static void
test_counts(void **state)
{
	struct pst_err err;
	struct pst_counters *block = pst_counters_map(&err);
	static struct pst_counters_sum sum;

	(void)state;
	assert_non_null(block);
	pst_counters_enter(block, 0);
	assert_int_equal(run(see_whether_limited, pst_sandbox_enter_worker), 0);
	pst_counters_read(block, &sum);
	assert_int_equal(sum.of[PST_COUNTER_NO_NEW_PRIVS][0], !IN_SANITIZER);
	assert_int_equal(sum.of[PST_COUNTER_SECCOMP][0], has(SANDBOX_CALLS));
	assert_int_equal(sum.of[PST_COUNTER_LANDLOCK_ABI][0],
	    IN_SANITIZER ? 0 : pst_sandbox_files_abi());
	pst_counters_enter(NULL, 0);
	pst_counters_unmap(block);
}

/* Landlock does not limit access(2). */
static bool
can_read_outside(void)
{
	FILE *file = fopen(sandbox_path("outside/list"), "r");

	return file != NULL && fclose(file) == 0;
}

static void
test_off(void **state)
{
	struct pst_config *config = load("etc/list", "sandbox = no\n");
	struct pst_sandbox *sandbox = pst_sandbox_new(config);
	struct pst_config *fresh = load("outside/list", "sandbox = no\n");
	struct pst_err err;

	(void)state;
	/* This process is not limited by it. */
	pst_sandbox_begin(sandbox);
	pst_sandbox_enter_worker(sandbox);
	assert_true(can_read_outside());
	assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	assert_true(pst_sandbox_permits(sandbox, fresh, &err));
	pst_sandbox_free(sandbox);
	pst_config_unref(config);
	pst_config_unref(fresh);
}

static const struct {
	const char *label;
	const char *list;
	const char *extra;
	const char *why; /* NULL: permitted */
} reloads[] = {
    {"the same", "etc/list", "", NULL},
    {"another in the directory", "etc/other", "", NULL},
    {"below it", "etc/sub/list", "", NULL},
    {"elsewhere", "outside/list", "", "restart the daemon, or move"},
    {"a link that leads elsewhere", "etc/link", "", "restart the daemon"},
    {"in a rule", "etc/list",
	"rule r { from-domain = {\"@%s/outside/list\"} action = tag }\n",
	"outside/list is outside of"},
    {"reports", "etc/list", "reports { from = \"r@example.com\" }\n", NULL},
};

static void
test_permits(void **state)
{
	struct pst_config *config = load("etc/list", "");
	struct pst_sandbox *sandbox = pst_sandbox_new(config);
	char extra[300];

	(void)state;
	write_file("etc/other", "example.org\n");
	assert_int_equal(mkdir(sandbox_path("etc/sub"), 0700), 0);
	write_file("etc/sub/list", "example.org\n");
	assert_int_equal(
	    symlink(sandbox_path("outside/list"), sandbox_path("etc/link")), 0);
	FOR_ROWS(i, reloads, reloads[i].label) {
		const char *rule = strstr(reloads[i].extra, "%s");
		struct pst_config *fresh;
		struct pst_err err;
		bool ok;

		(void)snprintf(extra, sizeof(extra), "%.*s%s%s",
		    rule == NULL ? 0 : (int)(rule - reloads[i].extra),
		    reloads[i].extra, rule == NULL ? "" : sandbox_top,
		    rule == NULL ? reloads[i].extra : rule + 2);
		fresh = load(reloads[i].list, extra);
		ok = pst_sandbox_permits(sandbox, fresh, &err);
		pst_config_unref(fresh);
		assert_int_equal(
		    ok, reloads[i].why == NULL || !has(SANDBOX_FILES));
		if (!ok)
			assert_non_null(strstr(err.text, reloads[i].why));
	}
	pst_sandbox_free(sandbox);
	pst_config_unref(config);
}

/* The writer starts at a reload, in a directory that was not there. */
static void
test_no_store(void **state)
{
	struct pst_config *config, *fresh;
	struct pst_sandbox *sandbox;
	struct pst_err err;

	(void)state;
	assert_int_equal(rename(sandbox_path("var"), sandbox_path("away")), 0);
	config = load("etc/list", "");
	sandbox = pst_sandbox_new(config);
	assert_int_equal(rename(sandbox_path("away"), sandbox_path("var")), 0);
	fresh = load("etc/list", "reports { from = \"r@example.com\" }\n");
	assert_int_equal(
	    pst_sandbox_permits(sandbox, fresh, &err), !has(SANDBOX_FILES));
	if (has(SANDBOX_FILES))
		assert_non_null(strstr(err.text, "did not exist"));
	pst_sandbox_free(sandbox);
	pst_config_unref(config);
	pst_config_unref(fresh);
}

/*
 * The kernel of a container that allows neither part, or an old one: from now on
 * the two calls fail in this process.
 */
static void
forbid_sandboxes(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANDLOCK, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {PST_COUNT(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(SANDBOX_SET_UP);
}

/* Begins and enters there, and returns whether nothing is limited. */
static int
enter_without_kernel(void)
{
	struct pst_config *config = load("etc/list", "");
	struct pst_sandbox *sandbox;

	if (freopen(sandbox_path("outside/log-lines"), "w", stderr) == NULL)
		_exit(SANDBOX_SET_UP);
	forbid_sandboxes();
	sandbox = pst_sandbox_new(config);
	pst_sandbox_begin(sandbox);
	pst_sandbox_enter_worker(sandbox);
	return can_read_outside() ? 0 : EACCES;
}

static void
ignore_sandbox(struct pst_sandbox *sandbox)
{
	(void)sandbox;
}

static void
test_old_kernel(void **state)
{
	char text[2000] = "";
	FILE *file;

	(void)state;
	if (IN_SANITIZER || !has(SANDBOX_FILES) || !has(SANDBOX_CALLS))
		return;
	assert_int_equal(run(enter_without_kernel, ignore_sandbox), 0);
	file = fopen(sandbox_path("outside/log-lines"), "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	(void)fclose(file);
	assert_non_null(strstr(text, "system calls are not limited"));
	assert_non_null(strstr(text, "the kernel has no Landlock"));
	/* Once, and not again by the worker. */
	assert_null(
	    strstr(strstr(text, "has no Landlock") + 1, "has no Landlock"));
	assert_null(strstr(text, "sandbox of this process"));
}

static void
test_death(void **state)
{
	(void)state;
	assert_string_equal(pst_sandbox_death(SIGSEGV), "");
	assert_non_null(strstr(pst_sandbox_death(SIGSYS), "sandbox forbids"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_worker),
	    cmocka_unit_test(test_upload),
	    cmocka_unit_test(test_supervisor),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_off),
	    cmocka_unit_test(test_permits),
	    cmocka_unit_test(test_no_store),
	    cmocka_unit_test(test_old_kernel),
	    cmocka_unit_test(test_death),
	};

	pst_log_open(PST_LOG_STDERR, "test", LOG_MAIL, PST_LOG_INFO);
	return cmocka_run_group_tests(tests, begin, end);
}
