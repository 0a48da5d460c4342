/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/upload_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/counters.h"
#include "milter/sandbox.h"
#include "milter/supervisor.h"
#include "milter/worker.h"
#include "store/open.h"

#define QUICK_DEATH_MS 10000
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 300000
#define NOT_EXECUTED 127 /* exit status, as shells use it */
#define STEP_MS 20

static bool
is_asked_for(const struct pst_config *config)
{
	return pst_store_has_shared(config) && config->reports.from[0] != '\0';
}

static void
find_program(char *path, size_t size)
{
	const char *dir = getenv(PST_UPLOAD_DIR_VARIABLE);

	(void)snprintf(path, size, "%s/" PST_UPLOAD_PROGRAM,
	    dir == NULL || dir[0] == '\0' ? PST_LIBEXECDIR : dir);
}

/* Plans the next start after a failure: later after each one. */
static void
pause_after_failure(struct pst_upload_child *child, int64_t now_ms)
{
	int64_t pause_ms = MAX_PAUSE_MS;

	if (child->quick_deaths < 9)
		pause_ms = (int64_t)FIRST_PAUSE_MS << child->quick_deaths;
	if (pause_ms > MAX_PAUSE_MS)
		pause_ms = MAX_PAUSE_MS;
	child->quick_deaths++;
	child->not_before_ms = now_ms + pause_ms;
}

/* Logs that the program cannot be executed, once. */
static void
note_broken(struct pst_upload_child *child, const char *why)
{
	char path[4096];

	if (child->broken)
		return;
	child->broken = true;
	find_program(path, sizeof(path));
	pst_log(PST_LOG_ERROR,
	    "cannot execute %s: %s; report rows are not uploaded and stay in "
	    "this gateway's file, mail is not affected; install the program or "
	    "set " PST_UPLOAD_DIR_VARIABLE,
	    path, why);
}

/* Makes `to` the same as `from`, and keeps it open in the program. */
static bool
hand_over(int from, int to)
{
	/* dup2() of a descriptor to itself would leave FD_CLOEXEC set. */
	return from == to ? fcntl(from, F_SETFD, 0) != -1 :
			    dup2(from, to) != -1;
}

/* The forked process; does not return. */
static _Noreturn void
become_program(const char *path, const char *file, bool to_stderr, int fd)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t none;

	/* Handlers end with execl(), but what is blocked stays blocked. */
	(void)sigaction(SIGUSR1, &ignore, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (hand_over(fd, STDIN_FILENO)) {
		bool counts = pst_counters_fd() != -1 &&
		    hand_over(pst_counters_fd(), PST_UPLOAD_COUNTERS_FD);
		const char *args[] = {counts ? "-m" : NULL, NULL, NULL};

		if (to_stderr)
			args[counts ? 1 : 0] = "-e";
		closefrom(PST_UPLOAD_COUNTERS_FD + (counts ? 1 : 0));
		(void)execl(path, PST_UPLOAD_PROGRAM, "-c", file, args[0],
		    args[1], (char *)NULL);
	}
	_exit(NOT_EXECUTED);
}

static void
start(struct pst_upload_child *child, const char *file, int64_t now_ms)
{
	char path[4096];
	int fds[2];

	find_program(path, sizeof(path));
	if (access(path, X_OK) == -1) {
		note_broken(child, strerror(errno));
		pause_after_failure(child, now_ms);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1) {
		pst_log(PST_LOG_ERROR,
		    "cannot make a socket pair for the upload: %s",
		    strerror(errno));
		pause_after_failure(child, now_ms);
		return;
	}
	child->pid = fork();
	if (child->pid == 0)
		become_program(path, file, child->to_stderr, fds[1]);
	(void)close(fds[1]);
	child->fd = fds[0];
	child->started_ms = now_ms;
	if (child->pid > 0)
		return;
	pst_log(
	    PST_LOG_ERROR, "cannot fork for the upload: %s", strerror(errno));
	(void)close(fds[0]);
	child->pid = 0;
	pause_after_failure(child, now_ms);
}

/* Draws the conclusions from an end that nobody asked for. */
static void
bury(struct pst_upload_child *child, int status, int64_t now_ms)
{
	pid_t pid = child->pid;

	(void)close(child->fd);
	child->pid = 0;
	if (now_ms - child->started_ms >= QUICK_DEATH_MS) {
		child->quick_deaths = 0;
		child->broken = false;
	}
	if (WIFSIGNALED(status)) {
		pst_log(PST_LOG_ERROR,
		    "the upload process %ld was killed by signal %d; it is "
		    "started again, and report rows wait in this gateway's "
		    "file%s",
		    (long)pid, WTERMSIG(status),
		    pst_sandbox_death(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) == 0) {
		/* Its configuration no longer names a shared database. */
		child->idle = true;
	} else if (WEXITSTATUS(status) == NOT_EXECUTED) {
		note_broken(child, "the system refuses to run it");
	} else if (WEXITSTATUS(status) != PST_EXIT_START) {
		/* If it could not start, it has logged the reason itself. */
		pst_log(PST_LOG_ERROR,
		    "the upload process %ld ended with status %d; it is "
		    "started again, and report rows wait in this gateway's "
		    "file",
		    (long)pid, WEXITSTATUS(status));
	}
	pause_after_failure(child, now_ms);
}

void
pst_upload_child_attend(struct pst_upload_child *child,
    const struct pst_config *config, int64_t now_ms)
{
	const char *file = pst_config_file(config);
	int status;

	if (child->pid != 0 &&
	    waitpid(child->pid, &status, WNOHANG) == child->pid)
		bury(child, status, now_ms);
	if (is_asked_for(config))
		child->wanted = true;
	/* Without a file there is no database to name. */
	if (now_ms >= pst_upload_child_due_ms(child) && file != NULL)
		start(child, file, now_ms);
}

int64_t
pst_upload_child_due_ms(const struct pst_upload_child *child)
{
	if (!child->wanted || child->idle || child->pid != 0)
		return INT64_MAX;
	return child->not_before_ms;
}

void
pst_upload_child_reload(struct pst_upload_child *child)
{
	if (child->pid != 0)
		(void)send(
		    child->fd, &(char){PST_WORKER_RELOAD}, 1, MSG_NOSIGNAL);
	child->broken = child->idle = false;
	child->quick_deaths = 0;
	child->not_before_ms = 0;
}

void
pst_upload_child_stop(struct pst_upload_child *child)
{
	if (child->pid == 0)
		return;
	(void)send(child->fd, &(char){PST_WORKER_STOP}, 1, MSG_NOSIGNAL);
	(void)shutdown(child->fd, SHUT_WR);
}

void
pst_upload_child_end(struct pst_upload_child *child)
{
	const struct timespec step = {0, STEP_MS * 1000000};
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + PST_UPLOAD_STOP_MS;

	if (child->pid == 0)
		return;
	while (waitpid(child->pid, NULL, WNOHANG) == 0) {
		if (pst_clock_ms(&pst_clock_system) > until_ms) {
			/* It may be killed at any moment (store/upload.h). */
			(void)kill(child->pid, SIGKILL);
			(void)waitpid(child->pid, NULL, 0);
			break;
		}
		(void)nanosleep(&step, NULL);
	}
	(void)close(child->fd);
	child->pid = 0;
}

void
pst_upload_child_leave(struct pst_upload_child *child)
{
	if (child->pid != 0)
		(void)close(child->fd);
	child->pid = 0;
}
