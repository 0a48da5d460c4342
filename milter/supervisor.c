/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/supervisor.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/macros.h"
#include "config/option.h"
#include "milter/child.h"
#include "milter/control.h"
#include "milter/milter.h"
#include "milter/notify.h"
#include "milter/worker.h"

#define STEP_MS 200
#define RELOAD_PATIENCE_MS 30000

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

/*
 * These are blocked except during pselect(), so that none is lost between the
 * test of the flags above and the wait.
 */
static const int handled[] = {SIGTERM, SIGINT, SIGUSR1, SIGCHLD};

#define HANDLED_COUNT (PST_COUNT(handled))

static sigset_t
catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t set, old;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < HANDLED_COUNT; i++) {
		(void)sigaction(handled[i], &action, NULL);
		(void)sigaddset(&set, handled[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	for (size_t i = 0; i < HANDLED_COUNT; i++)
		(void)sigdelset(&old, handled[i]);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	return old;
}

/*
 * A child begins with default handlers and nothing blocked; only SIGUSR1,
 * SIGHUP and SIGPIPE are ignored.
 */
static void
default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (size_t i = 0; i < HANDLED_COUNT; i++)
		(void)sigaction(handled[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	stop_wanted = 0;
	reload_wanted = 0;
}

/* What a child runs; returns its exit status. */
typedef int
child_main(struct pst_supervisor *supervisor, size_t index, int control_fd);

struct keeper {
	struct pst_supervisor *supervisor;
	struct pst_child children[PST_MAX_LISTENERS];
	size_t count;
	child_main *run;
	int up_fd; /* to our parent; -1: we are the first process */
	struct pst_control *control; /* in the first process; NULL: none */
	sigset_t mask;
	bool announced;
	bool reloading; /* our children load the new configuration */
	int64_t reload_until_ms;
	size_t refused; /* children that kept the old configuration */
	struct pst_err reload_text; /* the answer to the request */
};

static void
start_missing(struct keeper *keeper)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int fd;

	for (size_t i = 0; i < keeper->count; i++) {
		struct pst_child *child = &keeper->children[i];

		if (child->pid != 0 || now < child->not_before_ms)
			continue;
		if (pst_child_start(child, &fd) != 0)
			continue;
		default_signals();
		pst_control_leave(keeper->control);
		if (keeper->up_fd != -1)
			(void)close(keeper->up_fd);
		exit(keeper->run(keeper->supervisor, i, fd));
	}
}

static void
announce(struct keeper *keeper)
{
	struct pst_err err;

	if (keeper->announced ||
	    pst_child_ready(keeper->children, keeper->count) < keeper->count)
		return;
	keeper->announced = true;
	if (keeper->up_fd != -1) {
		(void)!write(keeper->up_fd, &(char){PST_WORKER_READY}, 1);
		return;
	}
	/*
	 * With several listeners, only the keepers have done this so far. Their
	 * sockets are open, so root is no longer needed.
	 */
	if (!pst_process_become(&keeper->supervisor->identity, &err)) {
		pst_log(PST_LOG_ERROR, "%s", err.text);
		stop_wanted = 1;
		return;
	}
	pst_process_ready();
	pst_notify("READY=1\nSTATUS=Filtering mail");
	pst_log(PST_LOG_NOTICE, "postern " PST_VERSION " is ready");
}

/* A byte from our parent means the same as a signal from the operator. */
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

/*
 * Waits up to STEP_MS for a signal, a child's answer or an operator's request,
 * and takes in the latter two.
 */
static void
listen_to(struct keeper *keeper)
{
	struct timespec step = {0, STEP_MS * 1000000};
	struct pst_child_news news;
	fd_set fds;
	int max_fd = -1;

	FD_ZERO(&fds);
	pst_child_watch(keeper->children, keeper->count, &fds, &max_fd);
	pst_control_watch(keeper->control, &fds, &max_fd);
	if (keeper->up_fd != -1 && keeper->up_fd < (int)FD_SETSIZE) {
		FD_SET(keeper->up_fd, &fds);
		max_fd = keeper->up_fd > max_fd ? keeper->up_fd : max_fd;
	}
	if (pselect(max_fd + 1, &fds, NULL, NULL, &step, &keeper->mask) < 0)
		FD_ZERO(&fds);
	news = pst_child_hear(keeper->children, keeper->count, &fds);
	keeper->refused += news.refused;
	pst_control_serve(
	    keeper->control, &fds, pst_clock_ms(&pst_clock_system));
}

static void
stop_children(struct keeper *keeper)
{
	int64_t limit = pst_clock_ms(&pst_clock_system) +
	    keeper->supervisor->config->drain_ms + 5000;

	if (keeper->up_fd == -1)
		pst_notify("STOPPING=1");
	pst_control_close(keeper->control);
	keeper->control = NULL;
	pst_child_tell(keeper->children, keeper->count, PST_WORKER_STOP);
	while (pst_child_running(keeper->children, keeper->count) > 0 &&
	    pst_clock_ms(&pst_clock_system) < limit) {
		listen_to(keeper);
		(void)pst_child_reap(keeper->children, keeper->count, true);
	}
	for (size_t i = 0; i < keeper->count; i++) {
		if (keeper->children[i].pid != 0)
			(void)kill(keeper->children[i].pid, SIGKILL);
	}
}

/*
 * Returns, for the reply, the changed options that a reload cannot apply; "" if
 * there are none. The first process also logs them.
 */
static const char *
name_restart_options(const struct keeper *keeper,
    const struct pst_config *fresh, char *text, size_t size)
{
	const char *path;
	size_t from = 0, len = 0;

	text[0] = '\0';
	while ((path = pst_config_restart_option(
		    keeper->supervisor->started, fresh, &from)) != NULL) {
		if (keeper->up_fd == -1)
			pst_log(PST_LOG_WARNING,
			    "option %s has changed; restart the daemon for "
			    "the change to take effect",
			    path);
		(void)snprintf(text + len, size - len, "%s%s",
		    len == 0 ? "; a restart is needed for: " : ", ", path);
		len = strlen(text);
	}
	return text;
}

static void
end_reload(struct keeper *keeper, bool good)
{
	char answer = good ? PST_WORKER_RELOADED : PST_WORKER_REFUSED;

	keeper->reloading = false;
	if (keeper->up_fd != -1) {
		(void)!write(keeper->up_fd, &answer, 1);
		return;
	}
	pst_notify("READY=1");
	pst_control_answer(keeper->control, PST_CONTROL_RELOAD, good ? 0 : 1,
	    keeper->reload_text.text);
}

static void
begin_reload(struct keeper *keeper)
{
	struct pst_supervisor *supervisor = keeper->supervisor;
	const char *file = pst_config_file(supervisor->config);
	struct pst_config *fresh;
	struct pst_err err;
	char options[300];

	if (keeper->up_fd == -1)
		pst_notify_reloading();
	(void)pst_control_take(keeper->control, PST_CONTROL_RELOAD);
	fresh = pst_config_load(file, &err);
	if (fresh == NULL) {
		pst_log(PST_LOG_ERROR,
		    "reload failed; the old configuration stays in use: %s",
		    err.text);
		keeper->reload_text = err;
		end_reload(keeper, false);
		return;
	}
	(void)pst_err_set(&keeper->reload_text, "configuration reloaded%s",
	    name_restart_options(keeper, fresh, options, sizeof(options)));
	pst_config_unref(supervisor->config);
	supervisor->config = fresh;
	keeper->refused = 0;
	keeper->reloading = true;
	keeper->reload_until_ms =
	    pst_clock_ms(&pst_clock_system) + RELOAD_PATIENCE_MS;
	pst_child_tell(keeper->children, keeper->count, PST_WORKER_RELOAD);
}

/* One reload at a time; a request that arrives during one starts the next. */
static void
attend_to_reload(struct keeper *keeper)
{
	size_t open;
	bool late;

	if (keeper->reloading) {
		open = pst_child_reloading(keeper->children, keeper->count);
		late =
		    pst_clock_ms(&pst_clock_system) > keeper->reload_until_ms;
		if (open > 0 && !late)
			return;
		if (open + keeper->refused > 0)
			(void)pst_err_set(&keeper->reload_text,
			    "%zu of %zu workers did not take over the new "
			    "configuration; the log says why",
			    open + keeper->refused, keeper->count);
		end_reload(keeper, open + keeper->refused == 0);
	}
	if (!reload_wanted &&
	    !pst_control_take(keeper->control, PST_CONTROL_RELOAD))
		return;
	reload_wanted = 0;
	begin_reload(keeper);
}

static void
attend_to_status(struct keeper *keeper)
{
	const char *file = pst_config_file(keeper->supervisor->config);
	struct pst_err text;

	if (!pst_control_take(keeper->control, PST_CONTROL_STATUS))
		return;
	(void)pst_err_set(&text,
	    "postern " PST_VERSION
	    ", process %ld, %zu of %zu workers ready, configuration %s",
	    (long)getpid(), pst_child_ready(keeper->children, keeper->count),
	    keeper->count, file == NULL ? "built-in" : file);
	pst_control_answer(keeper->control, PST_CONTROL_STATUS, 0, text.text);
}

/* The supervising loop; it is the same for both kinds of children. */
static int
keep_running(struct keeper *keeper)
{
	while (!stop_wanted) {
		start_missing(keeper);
		listen_to(keeper);
		announce(keeper);
		hear_from_above(keeper);
		if (pst_child_reap(
			keeper->children, keeper->count, stop_wanted) &&
		    !keeper->announced) {
			/* It never became ready, and has logged why. */
			stop_children(keeper);
			return PST_EXIT_START;
		}
		attend_to_reload(keeper);
		attend_to_status(keeper);
	}
	stop_children(keeper);
	return 0;
}

static int
run_worker(struct pst_supervisor *supervisor, size_t index, int control_fd)
{
	(void)index;
	return pst_worker_run(
	    supervisor->config, supervisor->socket, control_fd);
}

/* Logs the error, and prints it for the operator who started us. */
static void
start_failed(const struct pst_supervisor *supervisor, const struct pst_err *err)
{
	pst_log(PST_LOG_ERROR, "%s", err->text);
	if (!supervisor->logs_to_stderr)
		(void)fprintf(stderr, "posternd: %s\n", err->text);
}

static long
socket_owner(const struct pst_supervisor *supervisor)
{
	return supervisor->identity.change ? (long)supervisor->identity.uid :
					     -1;
}

/*
 * Must come after the milter's socket is open, whose descriptor is found as the
 * only one that listens. A failure at the default path is only logged; a path
 * set in the configuration must work.
 */
static bool
open_control(struct keeper *keeper, struct pst_err *err)
{
	const struct pst_config *config = keeper->supervisor->config;
	const char *path = config->control_socket;

	if (path[0] == '\0')
		return true;
	keeper->control =
	    pst_control_open(path, socket_owner(keeper->supervisor), err);
	if (keeper->control != NULL)
		return true;
	if (pst_config_line(config, pst_option_find(NULL, "control-socket")) !=
	    0)
		return false;
	pst_log(PST_LOG_NOTICE,
	    "no control socket, so \"postern reload\" cannot work: %s",
	    err->text);
	return true;
}

/* Opens listener number index and keeps a worker running for it. */
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
	bool ok;
	int status;

	/* A keeper that is restarted after a reload keeps its socket. */
	supervisor->socket = pst_config_socket(supervisor->started, index);
	ok = pst_endpoint_parse(pst_str(supervisor->socket), &endpoint, &err);
	assert(ok);
	ok = pst_milter_open(&endpoint, socket_owner(supervisor), &err) &&
	    (up_fd != -1 || open_control(&keeper, &err)) &&
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
	    .count = pst_config_listeners(supervisor->config),
	    .run = keep_listener,
	    .up_fd = -1,
	};
	struct pst_err err;
	int status;

	supervisor->started = pst_config_ref(supervisor->config);
	if (keeper.count == 1) {
		status = keep_listener(supervisor, 0, -1);
	} else if (!open_control(&keeper, &err)) {
		start_failed(supervisor, &err);
		status = PST_EXIT_START;
	} else {
		keeper.mask = catch_signals();
		status = keep_running(&keeper);
	}
	pst_config_unref(supervisor->started);
	return status;
}
