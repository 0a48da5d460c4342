/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_un manager;
static socklen_t manager_len; /* 0: there is no manager */
/* How often the watchdog is told that we work; 0: there is none */
static int64_t watchdog_ms;
static int64_t watchdog_due_ms;

/* $WATCHDOG_USEC, if $WATCHDOG_PID does not name another process; or 0. */
static int64_t
read_watchdog(void)
{
	const char *text = getenv("WATCHDOG_USEC"),
		   *pid = getenv("WATCHDOG_PID");
	long long usec;

	if (text == NULL ||
	    (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	usec = strtoll(text, NULL, 10);
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	/* Twice in each period, but not for ever busy with it. */
	return usec < 2000 ? 0 : (int64_t)(usec / 2000);
}

void
pst_notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path == NULL ? 0 : strlen(path);

	if (len < 2 || len >= sizeof(manager.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	manager.sun_family = AF_UNIX;
	memcpy(manager.sun_path, path, len);
	/* "@name" is a name in the abstract namespace of Linux. */
	if (path[0] == '@')
		manager.sun_path[0] = '\0';
	manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	(void)unsetenv("NOTIFY_SOCKET");
	watchdog_ms = read_watchdog();
}

void
pst_notify(const char *state)
{
	int fd;

	if (manager_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd == -1)
		return;
	/* We go on filtering mail even if the manager has gone away. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&manager, manager_len);
	(void)close(fd);
}

void
pst_notify_reloading(void)
{
	struct timespec now;
	char text[80];

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	pst_notify(text);
}

int64_t
pst_notify_watchdog_due_ms(void)
{
	return watchdog_ms == 0 ? INT64_MAX : watchdog_due_ms;
}

void
pst_notify_watchdog(int64_t now_ms)
{
	if (now_ms < pst_notify_watchdog_due_ms())
		return;
	watchdog_due_ms = now_ms + watchdog_ms;
	pst_notify("WATCHDOG=1");
}
