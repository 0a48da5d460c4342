/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "milter/milter.h"
#include "milter/notify.h"
#include "milter/worker.h"

/* A child: the worker of a keeper, or the keeper of one of many listeners. */
struct child {
	pid_t pid; /* 0: not running */
	int control_fd;
	bool ready;
	int64_t started_ms;
	unsigned quick_deaths; /* one after the other */
	int64_t not_before_ms; /* when to start it again */
};

#define QUICK_DEATH_MS 2000
#define MAX_PAUSE_MS 5000
#define STEP_MS 200

static volatile sig_atomic_t stop_wanted;
static volatile sig_atomic_t reload_wanted;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		reload_wanted = 1;
	else if (number != SIGCHLD)
		stop_wanted = 1;
}

/* Outside poll() they are blocked, so that none is lost between the two. */
static const int handled[] = {SIGTERM, SIGINT, SIGUSR1, SIGCHLD};

#define HANDLED_COUNT (sizeof(handled) / sizeof(handled[0]))

static sigset_t
catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t set, old;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < HANDLED_COUNT; i++) {
		(void)sigaction(handled[i], &action, NULL);
		(void)sigaddset(&set, handled[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	for (i = 0; i < HANDLED_COUNT; i++)
		(void)sigdelset(&old, handled[i]);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	return old;
}

/* A child begins as a fresh process would. */
static void
default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	size_t i;

	for (i = 0; i < HANDLED_COUNT; i++)
		(void)sigaction(handled[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	stop_wanted = 0;
	reload_wanted = 0;
}

/* In the child returns 0, with the child's end of the pair in *own_fd. */
static pid_t
start_child(struct child *child, int *own_fd)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1) {
		pst_log(PST_LOG_ERROR, "can not make a socket pair: %s",
		    strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		default_signals();
		(void)close(fds[0]);
		*own_fd = fds[1];
		return 0;
	}
	(void)close(fds[1]);
	if (pid == -1) {
		pst_log(PST_LOG_ERROR, "can not fork: %s", strerror(errno));
		(void)close(fds[0]);
		return -1;
	}
	child->pid = pid;
	child->control_fd = fds[0];
	child->ready = false;
	child->started_ms = pst_clock_ms(&pst_clock_system);
	return pid;
}

/*
 * A child that dies again and again right after its start is started with
 * growing pauses; else it is there again at once.
 */
static void
bury(struct child *child, int status)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int64_t pause = 0;

	if (WIFSIGNALED(status))
		pst_log(PST_LOG_ERROR, "worker %ld was killed by signal %d",
		    (long)child->pid, WTERMSIG(status));
	/* One that could not start has said why itself. */
	else if (!stop_wanted && WEXITSTATUS(status) != PST_EXIT_START)
		pst_log(PST_LOG_ERROR, "worker %ld ended with status %d",
		    (long)child->pid, WEXITSTATUS(status));
	(void)close(child->control_fd);
	child->pid = 0;
	if (now - child->started_ms < QUICK_DEATH_MS)
		child->quick_deaths++;
	else
		child->quick_deaths = 0;
	if (child->quick_deaths > 1)
		pause = (int64_t)100
		    << (child->quick_deaths < 7 ? child->quick_deaths : 7);
	if (pause > MAX_PAUSE_MS)
		pause = MAX_PAUSE_MS;
	child->not_before_ms = now + pause;
}

static void
tell(struct child *children, size_t count, char byte)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (children[i].pid != 0)
			(void)!send(
			    children[i].control_fd, &byte, 1, MSG_NOSIGNAL);
	}
}

/* Takes the dead away; true when one of them had never been ready. */
static bool
reap(struct child *children, size_t count)
{
	bool stillborn = false;
	int status;
	size_t i;

	for (i = 0; i < count; i++) {
		if (children[i].pid == 0 ||
		    waitpid(children[i].pid, &status, WNOHANG) !=
			children[i].pid)
			continue;
		if (!children[i].ready)
			stillborn = true;
		bury(&children[i], status);
	}
	return stillborn;
}

static size_t
running(const struct child *children, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += children[i].pid != 0;
	return n;
}

/* Waits for a signal or for a child's first word; true: all are ready. */
static bool
listen_to(struct child *children, size_t count, const sigset_t *mask)
{
	struct timespec step = {0, STEP_MS * 1000000};
	fd_set fds;
	int max_fd = -1;
	bool all = true;
	char byte;
	size_t i;

	FD_ZERO(&fds);
	for (i = 0; i < count; i++) {
		int fd = children[i].control_fd;

		if (children[i].pid == 0 || children[i].ready ||
		    fd >= (int)FD_SETSIZE)
			continue;
		FD_SET(fd, &fds);
		max_fd = fd > max_fd ? fd : max_fd;
	}
	if (pselect(max_fd + 1, &fds, NULL, NULL, &step, mask) <= 0)
		FD_ZERO(&fds);
	for (i = 0; i < count; i++) {
		if (children[i].pid != 0 && !children[i].ready &&
		    FD_ISSET(children[i].control_fd, &fds) &&
		    read(children[i].control_fd, &byte, 1) == 1 &&
		    byte == PST_WORKER_READY)
			children[i].ready = true;
		all = all && children[i].pid != 0 && children[i].ready;
	}
	return all;
}

static void
reload(struct pst_supervisor *supervisor, struct child *children, size_t count)
{
	const char *file = pst_config_file(supervisor->config);
	struct pst_config *fresh;
	const char *path;
	struct pst_err err;
	size_t from = 0;

	fresh = pst_config_load(file, &err);
	if (fresh == NULL) {
		pst_log(PST_LOG_ERROR,
		    "reload failed, the old configuration stays: %s", err.text);
		return;
	}
	while ((path = pst_config_restart_key(
		    supervisor->config, fresh, &from)) != NULL)
		pst_log(PST_LOG_WARNING,
		    "%s has changed; that takes effect at the next start",
		    path);
	pst_config_unref(supervisor->config);
	supervisor->config = fresh;
	tell(children, count, PST_WORKER_RELOAD);
}

/* What a child does; returns its exit status. */
typedef int
child_main(struct pst_supervisor *supervisor, size_t index, int control_fd);

struct keeper {
	struct pst_supervisor *supervisor;
	struct child children[PST_MAX_LISTENERS];
	size_t count;
	child_main *run;
	int up_fd; /* to the process above; -1: we are the first */
	sigset_t mask;
	bool announced;
};

static void
start_missing(struct keeper *keeper)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	size_t i;
	int fd;

	for (i = 0; i < keeper->count; i++) {
		struct child *child = &keeper->children[i];

		if (child->pid != 0 || now < child->not_before_ms)
			continue;
		if (start_child(child, &fd) != 0)
			continue;
		if (keeper->up_fd != -1)
			(void)close(keeper->up_fd);
		exit(keeper->run(keeper->supervisor, i, fd));
	}
}

static void
announce(struct keeper *keeper)
{
	struct pst_err err;

	if (keeper->announced)
		return;
	keeper->announced = true;
	if (keeper->up_fd != -1) {
		(void)!write(keeper->up_fd, &(char){PST_WORKER_READY}, 1);
		return;
	}
	/* Of several listeners the keepers have: now root is needed no more. */
	if (!pst_process_become(&keeper->supervisor->identity, &err)) {
		pst_log(PST_LOG_ERROR, "%s", err.text);
		stop_wanted = 1;
		return;
	}
	pst_process_ready();
	pst_notify("READY=1\nSTATUS=Filtering mail");
	pst_log(PST_LOG_NOTICE, "postern " PST_VERSION " is ready");
}

/* A byte from the process above stands for a signal from the operator. */
static void
hear_from_above(struct keeper *keeper)
{
	char byte;
	ssize_t n;

	if (keeper->up_fd == -1)
		return;
	n = recv(keeper->up_fd, &byte, 1, MSG_DONTWAIT);
	if (n == 0 || (n == 1 && byte == PST_WORKER_STOP))
		stop_wanted = 1;
	else if (n == 1 && byte == PST_WORKER_RELOAD)
		reload_wanted = 1;
}

static void
stop_children(struct keeper *keeper)
{
	int64_t limit = pst_clock_ms(&pst_clock_system) +
	    keeper->supervisor->config->drain_ms + 5000;
	size_t i;

	if (keeper->up_fd == -1)
		pst_notify("STOPPING=1");
	tell(keeper->children, keeper->count, PST_WORKER_STOP);
	while (running(keeper->children, keeper->count) > 0 &&
	    pst_clock_ms(&pst_clock_system) < limit) {
		(void)listen_to(keeper->children, keeper->count, &keeper->mask);
		(void)reap(keeper->children, keeper->count);
	}
	for (i = 0; i < keeper->count; i++) {
		if (keeper->children[i].pid != 0)
			(void)kill(keeper->children[i].pid, SIGKILL);
	}
}

/* The supervising loop, the same for both kinds of children. */
static int
keep_running(struct keeper *keeper)
{
	while (!stop_wanted) {
		start_missing(keeper);
		if (listen_to(keeper->children, keeper->count, &keeper->mask))
			announce(keeper);
		hear_from_above(keeper);
		if (reap(keeper->children, keeper->count) &&
		    !keeper->announced) {
			/* Never up: what it said stands in the log. */
			stop_children(keeper);
			return PST_EXIT_START;
		}
		if (reload_wanted) {
			reload_wanted = 0;
			if (keeper->up_fd == -1)
				pst_notify_reloading();
			reload(keeper->supervisor, keeper->children,
			    keeper->count);
			if (keeper->up_fd == -1)
				pst_notify("READY=1");
		}
	}
	stop_children(keeper);
	return 0;
}

static int
run_worker(struct pst_supervisor *supervisor, size_t index, int control_fd)
{
	(void)index;
	return pst_worker_run(supervisor->config, control_fd);
}

/* Whoever started us reads it, and it stands in the log as well. */
static void
start_failed(const struct pst_supervisor *supervisor, const struct pst_err *err)
{
	pst_log(PST_LOG_ERROR, "%s", err->text);
	if (!supervisor->logs_to_stderr)
		(void)fprintf(stderr, "posternd: %s\n", err->text);
}

/* Opens listener number index and keeps a worker on it. */
static int
keep_listener(struct pst_supervisor *supervisor, size_t index, int up_fd)
{
	struct keeper keeper = {
	    .supervisor = supervisor,
	    .count = 1,
	    .run = run_worker,
	    .up_fd = up_fd,
	};
	struct pst_endpoint endpoint;
	struct pst_err err;
	bool ok = pst_endpoint_parse(
	    pst_str(supervisor->config->listen.items[index]), &endpoint, &err);
	int status;

	assert(ok);
	ok = pst_milter_open(&endpoint,
		 supervisor->identity.change ? (long)supervisor->identity.uid :
					       -1,
		 &err) &&
	    pst_process_become(&supervisor->identity, &err);
	if (!ok) {
		start_failed(supervisor, &err);
		return PST_EXIT_START;
	}
	keeper.mask = catch_signals();
	status = keep_running(&keeper);
	pst_milter_unlink(&endpoint);
	return status;
}

int
pst_supervisor_run(struct pst_supervisor *supervisor)
{
	struct keeper keeper = {
	    .supervisor = supervisor,
	    .count = supervisor->config->listen.count,
	    .run = keep_listener,
	    .up_fd = -1,
	};

	if (keeper.count == 1)
		return keep_listener(supervisor, 0, -1);
	keeper.mask = catch_signals();
	return keep_running(&keeper);
}
