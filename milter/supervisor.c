/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/supervisor.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/macros.h"
#include "config/option.h"
#include "core/containment.h"
#include "core/counters.h"
#include "core/counters_rules.h"
#include "milter/keeper.h"
#include "milter/listener.h"
#include "milter/milter.h"
#include "milter/notify.h"
#include "milter/worker.h"

#define STOP_PATIENCE_MS 5000 /* in addition to the time for messages */
#define LOG_PAUSE_MS 500      /* between tries to write what is queued */

static volatile sig_atomic_t stop_wanted; /* the signal, or 1 */
static volatile sig_atomic_t reload_wanted;

static void
on_signal(int number)
{
	if (number == SIGUSR1 || number == SIGHUP)
		reload_wanted = 1;
	else if (number != SIGCHLD)
		stop_wanted = number;
}

/*
 * These are blocked except during pst_watch_wait(), so that none is lost
 * between the test of the flags above and the wait.
 */
static const int handled[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD};

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
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	stop_wanted = 0;
	reload_wanted = 0;
}

struct pst_children
pst_keeper_children(struct pst_keeper *keeper)
{
	return (struct pst_children){keeper->children, keeper->count};
}

/* In a child: gives up what belongs to its parent only. */
static void
leave(struct pst_keeper *keeper)
{
	default_signals();
	pst_control_leave(keeper->control);
	pst_upload_child_leave(&keeper->upload);
	pst_process_leave();
	if (keeper->up_fd != -1)
		(void)close(keeper->up_fd);
}

static void
start_missing(struct pst_keeper *keeper)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int fd;

	for (size_t i = 0; i < keeper->count; i++) {
		struct pst_child *child = &keeper->children[i];

		if (child->pid != 0 || now < child->not_before_ms)
			continue;
		if (pst_child_start(pst_keeper_children(keeper), child, &fd) !=
		    0)
			continue;
		leave(keeper);
		/*
		 * Not exit(): sessions may still run, and exit handlers of
		 * libraries free what they use. Without OpenSSL's algorithms a
		 * good signature is not valid, and good mail is rejected.
		 */
		int status =
		    child->role->run(keeper->supervisor, child->index, fd);
		pst_log_finish();
		_exit(status);
	}
}

static void
announce(struct pst_keeper *keeper)
{
	const char *file = pst_config_file(keeper->supervisor->config);
	struct pst_err err;

	if (keeper->announced ||
	    !pst_child_all_ready(pst_keeper_children(keeper)))
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
	pst_log(PST_LOG_NOTICE, "postern " PST_VERSION " is ready; %s%s",
	    file == NULL ? "built-in configuration" : "configuration ",
	    file == NULL ? "" : file);
}

/* A byte from our parent means the same as a signal from the operator. */
static void
hear_from_above(struct pst_keeper *keeper)
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
 * Waits for a signal, a child's answer, an operator's request, or until_ms, and
 * takes in answers and requests.
 */
static void
listen_to(struct pst_keeper *keeper, struct pst_watch *watch)
{
	struct pst_child_news news;

	pst_child_watch(pst_keeper_children(keeper), watch);
	pst_control_watch(keeper->control, watch);
	if (keeper->up_fd != -1)
		pst_watch_add(watch, keeper->up_fd, POLLIN);
	if (pst_log_flush())
		pst_watch_until(
		    watch, pst_clock_ms(&pst_clock_system) + LOG_PAUSE_MS);
	pst_watch_wait(watch, &keeper->mask);
	news = pst_child_hear(pst_keeper_children(keeper), watch);
	keeper->refused += news.refused;
	pst_control_serve(
	    keeper->control, watch, pst_clock_ms(&pst_clock_system));
}

static void
log_stop(const struct pst_keeper *keeper)
{
	const char *file = pst_config_file(keeper->supervisor->config);

	pst_log(PST_LOG_NOTICE, "postern " PST_VERSION " is stopping%s; %s%s",
	    stop_wanted == SIGTERM    ? " (SIGTERM)" :
		stop_wanted == SIGINT ? " (SIGINT)" :
					"",
	    file == NULL ? "built-in configuration" : "configuration ",
	    file == NULL ? "" : file);
}

static void
stop_children(struct pst_keeper *keeper)
{
	int64_t limit = pst_clock_ms(&pst_clock_system) +
	    keeper->supervisor->config->drain_ms + STOP_PATIENCE_MS;
	struct pst_children children = pst_keeper_children(keeper);
	struct pst_watch watch;

	if (keeper->up_fd == -1) {
		pst_notify("STOPPING=1");
		if (keeper->announced)
			log_stop(keeper);
	}
	pst_control_close(keeper->control);
	keeper->control = NULL;
	/* Our parent may have hung up, which would end each wait at once. */
	if (keeper->up_fd != -1)
		(void)close(keeper->up_fd);
	keeper->up_fd = -1;
	pst_upload_child_stop(&keeper->upload);
	pst_child_tell(children, PST_WORKER_STOP);
	while (pst_child_running(children) > 0 &&
	    pst_clock_ms(&pst_clock_system) < limit) {
		pst_watch_begin(&watch);
		pst_watch_until(&watch, limit);
		listen_to(keeper, &watch);
		(void)pst_child_reap(children, true);
	}
	for (size_t i = 0; i < keeper->count; i++) {
		if (keeper->children[i].pid != 0)
			(void)kill(keeper->children[i].pid, SIGKILL);
	}
	pst_upload_child_end(&keeper->upload);
}

/* The first process keeps the upload running; by then it is not root. */
static void
attend_to_upload(struct pst_keeper *keeper)
{
	if (keeper->up_fd != -1 || !keeper->announced)
		return;
	keeper->upload.to_stderr = keeper->supervisor->logs_to_stderr;
	pst_upload_child_attend(&keeper->upload, keeper->supervisor->config,
	    pst_clock_ms(&pst_clock_system));
}

/* The service manager knows the first process only. */
static void
attend_to_watchdog(const struct pst_keeper *keeper, struct pst_watch *watch)
{
	if (keeper->up_fd != -1)
		return;
	pst_notify_watchdog(pst_clock_ms(&pst_clock_system));
	pst_watch_until(watch, pst_notify_watchdog_due_ms());
}

/* The supervising loop; it is the same for all kinds of children. */
static int
keep_running(struct pst_keeper *keeper)
{
	struct pst_children children = pst_keeper_children(keeper);
	struct pst_watch watch;

	while (!stop_wanted) {
		start_missing(keeper);
		pst_watch_begin(&watch);
		pst_child_watch_starts(children, &watch);
		pst_child_watch_beats(children, keeper->listen_fd, &watch);
		pst_keeper_watch_reload(keeper, &watch);
		pst_watch_until(
		    &watch, pst_upload_child_due_ms(&keeper->upload));
		attend_to_watchdog(keeper, &watch);
		listen_to(keeper, &watch);
		pst_child_check_beats(children, keeper->listen_fd, &watch);
		announce(keeper);
		hear_from_above(keeper);
		if (pst_child_reap(children, stop_wanted) &&
		    !keeper->announced) {
			/* It never became ready, and has logged why. */
			stop_children(keeper);
			return PST_EXIT_START;
		}
		pst_keeper_reload(keeper, &reload_wanted);
		pst_keeper_status(keeper);
		attend_to_upload(keeper);
	}
	stop_children(keeper);
	return 0;
}

static int
run_worker(struct pst_supervisor *supervisor, size_t index, int control_fd)
{
	pst_counters_enter(supervisor->counters, index);
	pst_containment_enter(index, &pst_clock_system);
	pst_sandbox_enter_worker(supervisor->sandbox);
	if (!pst_log_start_writer())
		pst_log(PST_LOG_WARNING,
		    "cannot start the log's thread; mail is checked, but lines "
		    "that nothing reads in time may be written late");
	return pst_worker_run(
	    supervisor->config, supervisor->socket, control_fd);
}

static const struct pst_role worker_role = {
    .name = "worker", .needed = true, .reads_mail = true, .run = run_worker};

/* Logs the error, and prints it for the operator who started us. */
static void
start_failed(const struct pst_supervisor *supervisor, const struct pst_err *err)
{
	pst_log(PST_LOG_ERROR, "%s", err->text);
	if (!supervisor->logs_to_stderr)
		(void)fprintf(stderr, "posternd: %s\n", err->text);
}

static struct pst_control_owner
socket_owner(const struct pst_supervisor *supervisor)
{
	const struct pst_identity *identity = &supervisor->identity;

	if (!identity->change)
		return (struct pst_control_owner){-1, -1};
	return (struct pst_control_owner){
	    (long)identity->uid, (long)identity->gid};
}

/*
 * Must come after the milter's socket is open, whose descriptor is found as the
 * only one that listens. A failure at the default path is only logged; a path
 * set in the configuration must work.
 */
static bool
open_control(struct pst_keeper *keeper, struct pst_err *err)
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
	    "no control socket, so \"postern reload\" and \"postern "
	    "status\" cannot work: %s",
	    err->text);
	return true;
}

/* Opens listener number index and keeps a worker running for it. */
static int
keep_listener(struct pst_supervisor *supervisor, size_t index, int up_fd)
{
	struct pst_keeper keeper = {
	    .supervisor = supervisor,
	    .children = {{.role = &worker_role, .index = index}},
	    .count = 1,
	    .up_fd = up_fd,
	    .listen_fd = -1,
	};
	struct pst_endpoint endpoint;
	struct pst_err err;
	bool ok;
	int status;

	/* A keeper that is restarted after a reload keeps its socket. */
	supervisor->socket = pst_config_socket(supervisor->started, index);
	ok = pst_endpoint_parse(pst_str(supervisor->socket), &endpoint, &err);
	assert(ok);
	ok = pst_milter_open(&endpoint, socket_owner(supervisor).uid, &err);
	/* Before the control socket is open, which listens, too. */
	keeper.listen_fd = pst_listener_find();
	ok = ok && (up_fd != -1 || open_control(&keeper, &err)) &&
	    pst_process_become(&supervisor->identity, &err) &&
	    pst_keeper_read_keys(supervisor->config, &err);
	if (!ok) {
		start_failed(supervisor, &err);
		if (keeper.listen_fd != -1)
			pst_milter_unlink(&endpoint);
		return PST_EXIT_START;
	}
	keeper.mask = catch_signals();
	status = keep_running(&keeper);
	pst_milter_unlink(&endpoint);
	return status;
}

static const struct pst_role keeper_role = {
    .name = "keeper", .needed = true, .run = keep_listener};

/* With several listeners: keeps a keeper running for each of them. */
static int
keep_keepers(struct pst_supervisor *supervisor, size_t count)
{
	struct pst_keeper keeper = {.supervisor = supervisor,
	    .count = count,
	    .up_fd = -1,
	    .listen_fd = -1};
	struct pst_err err;

	for (size_t i = 0; i < count; i++)
		keeper.children[i] =
		    (struct pst_child){.role = &keeper_role, .index = i};
	if (!open_control(&keeper, &err)) {
		start_failed(supervisor, &err);
		return PST_EXIT_START;
	}
	keeper.mask = catch_signals();
	return keep_running(&keeper);
}

int
pst_supervisor_run(struct pst_supervisor *supervisor)
{
	size_t count = pst_config_listeners(supervisor->config);
	int status;

	static_assert(PST_MAX_LISTENERS <= PST_COUNTERS_SUPERVISOR,
	    "each listener has a slot for its counters");
	pst_counters_enter(supervisor->counters, PST_COUNTERS_SUPERVISOR);
	pst_counter_set(
	    PST_COUNTER_STARTED, (uint64_t)pst_clock_epoch(&pst_clock_system));
	pst_counter_set(PST_COUNTER_WORKERS, count);
	pst_counters_configured(supervisor->config);
	supervisor->started = pst_config_ref(supervisor->config);
	supervisor->sandbox = pst_sandbox_new(supervisor->config);
	pst_sandbox_begin(supervisor->sandbox);
	status = count == 1 ? keep_listener(supervisor, 0, -1) :
			      keep_keepers(supervisor, count);
	pst_sandbox_free(supervisor->sandbox);
	pst_config_unref(supervisor->started);
	return status;
}
