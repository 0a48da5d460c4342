/* SPDX-License-Identifier: BSD-2-Clause */
/* For struct ucred, which is not in POSIX. */
#define _GNU_SOURCE
#include "milter/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/macros.h"
#include "base/str.h"
#include "milter/listener.h"

#define MAX_LINE 64

enum client_state {
	CLIENT_READING,
	CLIENT_ASKED,
	CLIENT_TAKEN, /* its request is being carried out */
};

struct client {
	int fd; /* -1: free */
	enum client_state state;
	enum pst_control_request request;
	int64_t until_ms;
	char line[MAX_LINE];
	size_t len;
};

struct pst_control {
	int fd;
	struct pst_endpoint endpoint;
	struct client clients[PST_CONTROL_MAX_CLIENTS];
};

static const struct {
	const char *word;
	enum pst_control_request request;
} requests[] = {
    {"reload", PST_CONTROL_RELOAD},
    {"status", PST_CONTROL_STATUS},
};

static bool
set_up(int fd)
{
	return fd < (int)FD_SETSIZE && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

struct pst_control *
pst_control_open(const char *path, long uid, struct pst_err *err)
{
	struct pst_control *control = calloc(1, sizeof(*control));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (control == NULL)
		abort();
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++)
		control->clients[i].fd = -1;
	control->fd = -1;
	if (!pst_endpoint_parse(pst_str(path), &control->endpoint, err) ||
	    !pst_listener_check(&control->endpoint, err)) {
		free(control);
		return NULL;
	}
	/* Nothing answers there, so this is the file of a killed daemon. */
	pst_listener_unlink(&control->endpoint);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	control->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (control->fd == -1 || !set_up(control->fd) ||
	    bind(control->fd, (const struct sockaddr *)&address,
		sizeof(address)) == -1 ||
	    listen(control->fd, PST_CONTROL_MAX_CLIENTS) == -1 ||
	    (uid != -1 && lchown(path, (uid_t)uid, (gid_t)-1) == -1)) {
		(void)pst_err_set(
		    err, "cannot listen on unix:%s: %s", path, strerror(errno));
		pst_control_leave(control);
		return NULL;
	}
	return control;
}

static void
drop(struct client *client)
{
	if (client->fd != -1)
		(void)close(client->fd);
	client->fd = -1;
}

void
pst_control_leave(struct pst_control *control)
{
	if (control == NULL)
		return;
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++)
		drop(&control->clients[i]);
	if (control->fd != -1)
		(void)close(control->fd);
	free(control);
}

void
pst_control_close(struct pst_control *control)
{
	if (control == NULL)
		return;
	pst_listener_unlink(&control->endpoint);
	pst_control_leave(control);
}

static struct client *
free_place(struct pst_control *control)
{
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++) {
		if (control->clients[i].fd == -1)
			return &control->clients[i];
	}
	return NULL;
}

static void
watch(int fd, fd_set *set, int *max_fd)
{
	FD_SET(fd, set);
	if (fd > *max_fd)
		*max_fd = fd;
}

void
pst_control_watch(const struct pst_control *control, fd_set *set, int *max_fd)
{
	bool room = false;

	if (control == NULL)
		return;
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++) {
		const struct client *client = &control->clients[i];

		room = room || client->fd == -1;
		if (client->fd != -1 && client->state == CLIENT_READING)
			watch(client->fd, set, max_fd);
	}
	if (room)
		watch(control->fd, set, max_fd);
}

/* Answers and hangs up. One short line to an empty socket never blocks. */
static void
say(struct client *client, int status, const char *text)
{
	char line[PST_CONTROL_MAX_ANSWER];
	size_t len;

	(void)snprintf(line, sizeof(line) - 1, "%d %s", status, text);
	len = strlen(line);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	}
	line[len++] = '\n';
	(void)!send(client->fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	drop(client);
}

static bool
may_ask(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid());
}

static void
take_client(struct pst_control *control, int64_t now_ms)
{
	struct client *client = free_place(control);
	int fd;

	if (client == NULL)
		return;
	fd = accept(control->fd, NULL, NULL);
	if (fd == -1)
		return;
	*client = (struct client){
	    .fd = fd,
	    .state = CLIENT_READING,
	    .until_ms = now_ms + PST_CONTROL_PATIENCE_MS,
	};
	if (!set_up(fd))
		drop(client);
	else if (!may_ask(fd))
		say(client, 2,
		    "only root and the daemon's user may send requests");
}

static void
take_line(struct client *client, struct pst_str line)
{
	for (size_t i = 0; i < PST_COUNT(requests); i++) {
		if (!pst_str_eq(line, pst_str(requests[i].word)))
			continue;
		client->request = requests[i].request;
		client->state = CLIENT_ASKED;
		return;
	}
	say(client, 2, "unknown request; expected reload or status");
}

static void
read_line(struct client *client)
{
	ssize_t n = recv(client->fd, client->line + client->len,
	    sizeof(client->line) - client->len, MSG_DONTWAIT);
	struct pst_str text;
	size_t end;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	client->len += (size_t)n;
	text = (struct pst_str){client->line, client->len};
	end = pst_str_find(text, '\n');
	if (end < text.len)
		take_line(client, pst_str_first(text, end));
	else if (client->len == sizeof(client->line))
		say(client, 2, "the request is too long");
}

void
pst_control_serve(
    struct pst_control *control, const fd_set *set, int64_t now_ms)
{
	if (control == NULL)
		return;
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++) {
		struct client *client = &control->clients[i];

		if (client->fd == -1 || client->state != CLIENT_READING)
			continue;
		if (FD_ISSET(client->fd, set))
			read_line(client);
		else if (now_ms > client->until_ms)
			say(client, 2, "no request arrived in time");
	}
	if (FD_ISSET(control->fd, set))
		take_client(control, now_ms);
}

static bool
is_at(const struct client *client, enum client_state state,
    enum pst_control_request request)
{
	return client->fd != -1 && client->state == state &&
	    client->request == request;
}

bool
pst_control_take(struct pst_control *control, enum pst_control_request request)
{
	bool any = false;

	for (size_t i = 0; control != NULL && i < PST_CONTROL_MAX_CLIENTS;
	     i++) {
		struct client *client = &control->clients[i];

		if (!is_at(client, CLIENT_ASKED, request))
			continue;
		client->state = CLIENT_TAKEN;
		any = true;
	}
	return any;
}

void
pst_control_answer(struct pst_control *control,
    enum pst_control_request request, int status, const char *text)
{
	for (size_t i = 0; control != NULL && i < PST_CONTROL_MAX_CLIENTS;
	     i++) {
		struct client *client = &control->clients[i];

		if (is_at(client, CLIENT_TAKEN, request))
			say(client, status, text);
	}
}
