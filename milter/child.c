/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/child.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "milter/supervisor.h"
#include "milter/worker.h"

#define QUICK_DEATH_MS 2000
#define MAX_PAUSE_MS 5000

pid_t
pst_child_start(struct pst_child *child, int *own_fd)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1) {
		pst_log(PST_LOG_ERROR, "cannot make a socket pair: %s",
		    strerror(errno));
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		*own_fd = fds[1];
		return 0;
	}
	(void)close(fds[1]);
	if (pid == -1) {
		pst_log(PST_LOG_ERROR, "cannot fork: %s", strerror(errno));
		(void)close(fds[0]);
		return -1;
	}
	child->pid = pid;
	child->fd = fds[0];
	child->ready = false;
	child->silent = false;
	child->reloading = false;
	child->started_ms = pst_clock_ms(&pst_clock_system);
	return pid;
}

void
pst_child_tell(struct pst_child *children, size_t count, char byte)
{
	for (size_t i = 0; i < count; i++) {
		struct pst_child *child = &children[i];

		if (child->pid == 0 || child->silent)
			continue;
		if (send(child->fd, &byte, 1, MSG_NOSIGNAL) == 1 &&
		    byte == PST_WORKER_RELOAD)
			child->reloading = true;
	}
}

static bool
can_speak(const struct pst_child *child)
{
	return child->pid != 0 && !child->silent && child->fd < (int)FD_SETSIZE;
}

void
pst_child_watch(
    const struct pst_child *children, size_t count, fd_set *set, int *max_fd)
{
	for (size_t i = 0; i < count; i++) {
		if (!can_speak(&children[i]))
			continue;
		FD_SET(children[i].fd, set);
		if (children[i].fd > *max_fd)
			*max_fd = children[i].fd;
	}
}

static void
take_word(struct pst_child *child, char byte, struct pst_child_news *news)
{
	switch (byte) {
	case PST_WORKER_READY:
		child->ready = true;
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

struct pst_child_news
pst_child_hear(struct pst_child *children, size_t count, const fd_set *set)
{
	struct pst_child_news news = {0, 0};
	char words[16];
	ssize_t n;

	for (size_t i = 0; i < count; i++) {
		struct pst_child *child = &children[i];

		if (!can_speak(child) || !FD_ISSET(child->fd, set))
			continue;
		n = recv(child->fd, words, sizeof(words), MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			child->silent = true;
		for (ssize_t at = 0; at < n; at++)
			take_word(child, words[at], &news);
	}
	return news;
}

/*
 * A child that keeps dying right after its start is restarted after growing
 * pauses; any other child is restarted at once.
 */
static void
bury(struct pst_child *child, int status, bool stopping)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int64_t pause = 0;

	if (WIFSIGNALED(status))
		pst_log(PST_LOG_ERROR, "worker %ld was killed by signal %d",
		    (long)child->pid, WTERMSIG(status));
	/* A child that could not start has logged the reason itself. */
	else if (!stopping && WEXITSTATUS(status) != PST_EXIT_START)
		pst_log(PST_LOG_ERROR, "worker %ld ended with status %d",
		    (long)child->pid, WEXITSTATUS(status));
	(void)close(child->fd);
	child->pid = 0;
	/* The next child begins with the new configuration. */
	child->reloading = false;
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

bool
pst_child_reap(struct pst_child *children, size_t count, bool stopping)
{
	bool stillborn = false;
	int status;

	for (size_t i = 0; i < count; i++) {
		if (children[i].pid == 0 ||
		    waitpid(children[i].pid, &status, WNOHANG) !=
			children[i].pid)
			continue;
		if (!children[i].ready)
			stillborn = true;
		bury(&children[i], status, stopping);
	}
	return stillborn;
}

size_t
pst_child_running(const struct pst_child *children, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += children[i].pid != 0;
	return n;
}

size_t
pst_child_ready(const struct pst_child *children, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += children[i].pid != 0 && children[i].ready;
	return n;
}

size_t
pst_child_reloading(const struct pst_child *children, size_t count)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += children[i].pid != 0 && children[i].reloading;
	return n;
}
