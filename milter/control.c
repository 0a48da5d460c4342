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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/frame.h"
#include "base/str.h"
#include "milter/listener.h"
#include "milter/peer.h"

/* The user and the group of the daemon can connect; nobody else. */
#define SOCKET_UMASK 0117

enum client_state {
	CLIENT_READING,
	CLIENT_ASKED,
	CLIENT_TAKEN, /* its request is being carried out */
	CLIENT_ANSWERED,
};

struct client {
	int fd; /* -1: free */
	enum client_state state;
	bool guest; /* it may only look */
	enum pst_control_request request;
	int64_t until_ms; /* not while it waits for us */
	struct pst_frame frame;
	char text[PST_CONTROL_MAX_REQUEST];
	char *answer; /* what is left to be sent begins at `sent` */
	size_t len;
	size_t sent;
};

struct pst_control {
	int fd;
	struct pst_control_owner owner;
	struct pst_endpoint endpoint;
	struct client clients[PST_CONTROL_MAX_CLIENTS];
};

static const struct {
	const char *word;
	enum pst_control_request request;
	bool guests; /* may send it */
} requests[] = {
    {"reload", PST_CONTROL_RELOAD, false},
    {"status", PST_CONTROL_STATUS, true},
    {"counters", PST_CONTROL_COUNTERS, true},
};

static bool
set_up(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool
listen_at(int fd, const char *path, struct pst_control_owner owner)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t umask_before;
	int status;

	if (fd == -1 || !set_up(fd))
		return false;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	umask_before = umask(SOCKET_UMASK);
	status = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(umask_before);
	return status == 0 && listen(fd, PST_CONTROL_MAX_CLIENTS) == 0 &&
	    ((owner.uid == -1 && owner.gid == -1) ||
		lchown(path, (uid_t)owner.uid, (gid_t)owner.gid) == 0);
}

struct pst_control *
pst_control_open(
    const char *path, struct pst_control_owner owner, struct pst_err *err)
{
	struct pst_control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		abort();
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++)
		control->clients[i].fd = -1;
	control->fd = -1;
	control->owner = owner;
	if (!pst_endpoint_parse(pst_str(path), &control->endpoint, err) ||
	    !pst_listener_check(&control->endpoint, err)) {
		free(control);
		return NULL;
	}
	/* Nothing answers there, so this is the file of a killed daemon. */
	pst_listener_unlink(&control->endpoint);
	control->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!listen_at(control->fd, path, owner)) {
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
	free(client->answer);
	*client = (struct client){.fd = -1};
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

static size_t
count_guests(const struct pst_control *control)
{
	size_t n = 0;

	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++)
		n += control->clients[i].fd != -1 && control->clients[i].guest;
	return n;
}

/* Returns what we wait for from a client; 0: it waits for us. */
static short
awaited(const struct client *client)
{
	switch (client->state) {
	case CLIENT_READING:
		return POLLIN;
	case CLIENT_ANSWERED:
		return POLLOUT;
	case CLIENT_ASKED:
	case CLIENT_TAKEN:
		return 0;
	}
	return 0;
}

void
pst_control_watch(const struct pst_control *control, struct pst_watch *watch)
{
	bool room = false;

	if (control == NULL)
		return;
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++) {
		const struct client *client = &control->clients[i];

		room = room || client->fd == -1;
		if (client->fd == -1 || awaited(client) == 0)
			continue;
		pst_watch_add(watch, client->fd, awaited(client));
		pst_watch_until(watch, client->until_ms + 1);
	}
	if (room)
		pst_watch_add(watch, control->fd, POLLIN);
}

/* Sends what the client takes; drops it when that was all, or it is gone. */
static void
send_some(struct client *client)
{
	ssize_t n = send(client->fd, client->answer + client->sent,
	    client->len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		client->sent += (size_t)n;
	if (n == -1 || client->sent == client->len)
		drop(client);
}

static void
say(struct client *client, int status, const char *text)
{
	size_t size = PST_FRAME_HEADER + sizeof("0 ") +
	    strnlen(text, PST_CONTROL_MAX_ANSWER);
	char *answer = malloc(size);
	char *body;
	size_t len;

	if (answer == NULL)
		abort();
	body = answer + PST_FRAME_HEADER;
	(void)snprintf(body, size - PST_FRAME_HEADER, "%d %s", status, text);
	len = strnlen(body, PST_CONTROL_MAX_ANSWER);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)body[i] < 0x20)
			body[i] = ' ';
	}
	pst_frame_header(len, (unsigned char *)answer);
	client->answer = answer;
	client->len = PST_FRAME_HEADER + len;
	client->sent = 0;
	client->state = CLIENT_ANSWERED;
	client->until_ms =
	    pst_clock_ms(&pst_clock_system) + PST_CONTROL_PATIENCE_MS;
	send_some(client);
}

static void
take_client(struct pst_control *control)
{
	struct client *client = free_place(control);
	enum pst_peer peer;
	int fd;

	if (client == NULL)
		return;
	fd = accept(control->fd, NULL, NULL);
	if (fd == -1)
		return;
	if (!set_up(fd)) {
		(void)close(fd);
		return;
	}
	peer = pst_peer_of(fd, control->owner.gid);
	*client = (struct client){
	    .fd = fd,
	    .state = CLIENT_READING,
	    .until_ms =
		pst_clock_ms(&pst_clock_system) + PST_CONTROL_PATIENCE_MS,
	};
	pst_frame_init(&client->frame, client->text, sizeof(client->text));
	if (peer == PST_PEER_STRANGER)
		say(client, 2,
		    "only root, the daemon's user and members of its group may "
		    "send requests");
	else if (peer == PST_PEER_MEMBER &&
	    count_guests(control) >= PST_CONTROL_MAX_GUESTS)
		say(client, 2, "too many requests at once; try again");
	else
		client->guest = peer == PST_PEER_MEMBER;
}

static void
take_request(struct client *client)
{
	struct pst_str text = {client->text, client->frame.len};

	for (size_t i = 0; i < PST_COUNT(requests); i++) {
		if (!pst_str_eq(text, pst_str(requests[i].word)))
			continue;
		if (client->guest && !requests[i].guests) {
			say(client, 2,
			    "only root and the daemon's user may do that");
			return;
		}
		client->request = requests[i].request;
		client->state = CLIENT_ASKED;
		return;
	}
	say(client, 2, "unknown request; expected reload, status or counters");
}

static void
read_request(struct client *client)
{
	char octets[PST_FRAME_HEADER + PST_CONTROL_MAX_REQUEST];
	ssize_t n = recv(client->fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(client);
		return;
	}
	switch (pst_frame_take(&client->frame, octets, (size_t)n)) {
	case PST_FRAME_PARTIAL:
		return;
	case PST_FRAME_COMPLETE:
		take_request(client);
		return;
	case PST_FRAME_TOO_LONG:
		say(client, 2,
		    "the request is too long, or is from a postern of another "
		    "version");
		return;
	}
}

static void
serve_client(
    struct client *client, const struct pst_watch *watch, int64_t now_ms)
{
	if (pst_watch_is_ready(watch, client->fd)) {
		if (client->state == CLIENT_READING)
			read_request(client);
		else if (client->state == CLIENT_ANSWERED)
			send_some(client);
	} else if (now_ms > client->until_ms && awaited(client) == POLLIN) {
		say(client, 2, "no request arrived in time");
	} else if (now_ms > client->until_ms && awaited(client) == POLLOUT) {
		drop(client);
	}
}

void
pst_control_serve(
    struct pst_control *control, const struct pst_watch *watch, int64_t now_ms)
{
	if (control == NULL)
		return;
	for (size_t i = 0; i < PST_CONTROL_MAX_CLIENTS; i++) {
		if (control->clients[i].fd != -1)
			serve_client(&control->clients[i], watch, now_ms);
	}
	if (pst_watch_is_ready(watch, control->fd))
		take_client(control);
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
