/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/counters.h"
#include "milter/crash.h"
#include "milter/sandbox.h"
#include "milter/supervisor.h"
#include "milter/worker.h"

#define QUICK_DEATH_MS 2000
#define MAX_PAUSE_MS 5000
#define FREE_CRASHES 5
#define CRASH_PAUSE_MS 30
#define FORK_PAUSE_MS 1000

/*
 * In a child: closes our ends of all pairs. A process that kept the end of a
 * sibling's pair open would keep that sibling from seeing that we have died.
 */
static void
leave_pairs(struct pst_children children)
{
	for (size_t i = 0; i < children.count; i++) {
		if (children.items[i].pid != 0)
			(void)close(children.items[i].fd);
	}
}

/* Forks, with the ends of a pair: fds[0] for us, fds[1] for the child. */
static pid_t
fork_pair(int fds[2])
{
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1) {
		pst_log(PST_LOG_ERROR,
		    "cannot make a socket pair: %s; trying again in a second",
		    strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == -1) {
		pst_log(PST_LOG_ERROR,
		    "cannot start a process: %s; trying again in a second",
		    strerror(errno));
		(void)close(fds[0]);
	}
	(void)close(pid == 0 ? fds[0] : fds[1]);
	return pid;
}

pid_t
pst_child_start(
    struct pst_children children, struct pst_child *child, int *own_fd)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int fds[2];
	pid_t pid = fork_pair(fds);

	if (pid == -1) {
		child->not_before_ms = now + FORK_PAUSE_MS;
		return -1;
	}
	if (pid == 0) {
		pst_log_forked();
		leave_pairs(children);
		*own_fd = fds[1];
		return 0;
	}
	child->pid = pid;
	child->fd = fds[0];
	child->ready = false;
	child->silent = false;
	child->reloading = false;
	child->beat = (struct pst_heartbeat){.asking = false};
	child->started_ms = now;
	if (child->role->reads_mail)
		pst_counter_add(PST_COUNTER_WORKER_STARTS, 0, 1);
	return pid;
}

void
pst_child_tell(struct pst_children children, char byte)
{
	for (size_t i = 0; i < children.count; i++) {
		struct pst_child *child = &children.items[i];

		if (child->pid == 0 || child->silent)
			continue;
		if (send(child->fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
		    byte == PST_WORKER_RELOAD)
			child->reloading = true;
	}
}

void
pst_child_watch(struct pst_children children, struct pst_watch *watch)
{
	for (size_t i = 0; i < children.count; i++) {
		const struct pst_child *child = &children.items[i];

		if (child->pid != 0 && !child->silent)
			pst_watch_add(watch, child->fd, POLLIN);
	}
}

void
pst_child_watch_starts(struct pst_children children, struct pst_watch *watch)
{
	for (size_t i = 0; i < children.count; i++) {
		if (children.items[i].pid == 0)
			pst_watch_until(watch, children.items[i].not_before_ms);
	}
}

static void
take_word(struct pst_child *child, char byte, struct pst_child_news *news)
{
	switch (byte) {
	case PST_WORKER_READY:
		child->ready = true;
		if (child->role->reads_mail)
			pst_counters_set_in(
			    child->index, PST_COUNTER_WORKERS_READY, 1);
		return;
	case PST_WORKER_ALIVE:
	case PST_WORKER_IDLE:
		pst_heartbeat_heard(&child->beat, byte == PST_WORKER_IDLE);
		return;
	case PST_WORKER_RELOADED:
		news->reloaded += child->reloading;
		child->reloading = false;
		return;
	case PST_WORKER_REFUSED:
		news->refused += child->reloading;
		child->reloading = false;
		return;
	default:
		return;
	}
}

static void
hear(struct pst_child *child, struct pst_child_news *news)
{
	char words[16];
	ssize_t n = recv(child->fd, words, sizeof(words), MSG_DONTWAIT);

	if (n == 0 || (n == -1 && errno == ECONNRESET))
		child->silent = true;
	for (ssize_t at = 0; at < n; at++)
		take_word(child, words[at], news);
}

struct pst_child_news
pst_child_hear(struct pst_children children, const struct pst_watch *watch)
{
	struct pst_child_news news = {0, 0};

	for (size_t i = 0; i < children.count; i++) {
		struct pst_child *child = &children.items[i];

		if (child->pid != 0 && !child->silent &&
		    pst_watch_is_ready(watch, child->fd))
			hear(child, &news);
	}
	return news;
}

/* ---- workers that hang ---- */

static bool
has_beat(const struct pst_child *child)
{
	return child->role->reads_mail && child->pid != 0 && child->ready &&
	    !child->silent;
}

void
pst_child_watch_beats(
    struct pst_children children, int listen_fd, struct pst_watch *watch)
{
	for (size_t i = 0; i < children.count; i++) {
		const struct pst_child *child = &children.items[i];

		if (has_beat(child))
			pst_heartbeat_watch(&child->beat, listen_fd, watch);
	}
}

static void
check_beat(struct pst_child *child, bool client_waits)
{
	const struct pst_heartbeat_view view = {.client_waits = client_waits,
	    .reloading = child->reloading,
	    .now_ms = pst_clock_ms(&pst_clock_system)};

	switch (pst_heartbeat_turn(&child->beat, &view)) {
	case PST_HEARTBEAT_NOTHING:
		return;
	case PST_HEARTBEAT_ASK:
		(void)send(child->fd, &(char){PST_WORKER_ASK}, 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	case PST_HEARTBEAT_KILL:
		pst_log(PST_LOG_ERROR,
		    "%s %ld has not answered for %u s although clients wait; "
		    "it hangs or was stopped, so it is killed and another one "
		    "takes its place; the MTA treats its messages as if the "
		    "filter were away",
		    child->role->name, (long)child->pid,
		    child->beat.missed * PST_HEARTBEAT_MS / 1000);
		(void)kill(child->pid, SIGKILL);
		child->beat.asking = false;
		return;
	}
}

void
pst_child_check_beats(
    struct pst_children children, int listen_fd, const struct pst_watch *watch)
{
	bool waits = listen_fd != -1 && pst_watch_is_ready(watch, listen_fd);

	for (size_t i = 0; i < children.count; i++) {
		if (has_beat(&children.items[i]))
			check_beat(&children.items[i], waits);
	}
}

static void
count_death(const struct pst_child *child, bool stopping)
{
	if (!child->role->needed)
		return;
	pst_counters_bury(child->index);
	if (stopping)
		return;
	pst_counter_add(PST_COUNTER_WORKER_CRASHES, 0, 1);
	pst_counter_set(PST_COUNTER_LAST_CRASH,
	    (uint64_t)pst_clock_epoch(&pst_clock_system));
}

/*
 * Returns how long a child stays dead. It is restarted at once, unless it keeps
 * dying right after its start. One that never became ready then waits longer
 * and longer. One that was ready has been crashed by somebody's mail, and
 * others' mail waits for it: a flood of crashes may not put it off by more than
 * the time that keeps the restarts from taking more than a part of a processor.
 */
static int64_t
pause_after(const struct pst_child *child)
{
	unsigned doublings = child->quick_deaths < 7 ? child->quick_deaths : 7;
	int64_t pause = (int64_t)100 << doublings;

	if (child->quick_deaths <= 1)
		return 0;
	if (child->ready)
		return child->quick_deaths > FREE_CRASHES ? CRASH_PAUSE_MS : 0;
	return pause < MAX_PAUSE_MS ? pause : MAX_PAUSE_MS;
}

static void
bury(struct pst_child *child, int status, bool stopping)
{
	int64_t now = pst_clock_ms(&pst_clock_system);

	if (WIFSIGNALED(status))
		pst_log(PST_LOG_ERROR, "%s %ld was killed by signal %d%s",
		    child->role->name, (long)child->pid, WTERMSIG(status),
		    pst_sandbox_death(WTERMSIG(status)));
	/* A child that could not start has logged the reason itself. */
	else if (!stopping && WEXITSTATUS(status) != PST_EXIT_START)
		pst_log(PST_LOG_ERROR, "%s %ld ended with status %d",
		    child->role->name, (long)child->pid, WEXITSTATUS(status));
	count_death(child, stopping);
	if (child->role->reads_mail)
		pst_crash_note(child->index, child->pid);
	(void)close(child->fd);
	child->pid = 0;
	/* The next child begins with the new configuration. */
	child->reloading = false;
	if (now - child->started_ms < QUICK_DEATH_MS)
		child->quick_deaths++;
	else
		child->quick_deaths = 0;
	child->not_before_ms = now + pause_after(child);
}

bool
pst_child_reap(struct pst_children children, bool stopping)
{
	bool stillborn = false;
	int status;

	for (size_t i = 0; i < children.count; i++) {
		struct pst_child *child = &children.items[i];

		if (child->pid == 0 ||
		    waitpid(child->pid, &status, WNOHANG) != child->pid)
			continue;
		if (!child->ready && child->role->needed)
			stillborn = true;
		bury(child, status, stopping);
	}
	return stillborn;
}

size_t
pst_child_running(struct pst_children children)
{
	size_t n = 0;

	for (size_t i = 0; i < children.count; i++)
		n += children.items[i].pid != 0;
	return n;
}

size_t
pst_child_reloading(struct pst_children children)
{
	size_t n = 0;

	for (size_t i = 0; i < children.count; i++)
		n += children.items[i].pid != 0 && children.items[i].reloading;
	return n;
}

bool
pst_child_all_ready(struct pst_children children)
{
	for (size_t i = 0; i < children.count; i++) {
		const struct pst_child *child = &children.items[i];

		if (child->role->needed && (child->pid == 0 || !child->ready))
			return false;
	}
	return true;
}
