/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/mta/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool
await_connection(int fd, unsigned timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int failure = 0;
	socklen_t len = sizeof(failure);

	int count;
	do {
		count = poll(&wait, 1, (int)timeout_ms);
	} while (count < 0 && errno == EINTR);
	if (count == 0) {
		errno = ETIMEDOUT;
		return false;
	}
	if (count < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) != 0)
		return false;
	errno = failure;
	return failure == 0;
}

/* Returns a connected socket; -1 with errno set. */
static int
connect_to(const struct sockaddr *address, socklen_t len, unsigned timeout_ms)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int flags = fcntl(fd, F_GETFL);
	bool ok = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
	if (ok && connect(fd, address, len) != 0) {
		bool started = errno == EINPROGRESS || errno == EINTR;
		ok = started && await_connection(fd, timeout_ms);
	}
	if (!ok) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
connect_unix(const char *path, unsigned timeout_ms, struct pst_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof(address.sun_path)) {
		pst_err_set(err, "the path %s is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, len);
	int fd = connect_to(
	    (const struct sockaddr *)&address, sizeof(address), timeout_ms);
	if (fd < 0)
		pst_err_set(err, "cannot connect to unix:%s: %s", path,
		    strerror(errno));
	return fd;
}

int
pst_mta_connect(
    const struct pst_endpoint *where, unsigned timeout_ms, struct pst_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const char *host = where->host[0] == '\0' ? NULL : where->host;
	char port[16];
	int fd = -1;

	if (where->kind == PST_ENDPOINT_UNIX)
		return connect_unix(where->path, timeout_ms, err);
	(void)snprintf(port, sizeof(port), "%u", where->port);
	hints.ai_family = where->kind == PST_ENDPOINT_INET ? AF_INET : AF_INET6;
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0) {
		pst_err_set(err, "cannot find host \"%s\": %s", where->host,
		    gai_strerror(rc));
		return -1;
	}
	for (struct addrinfo *at = found; at != NULL && fd < 0;
	     at = at->ai_next)
		fd = connect_to(at->ai_addr, at->ai_addrlen, timeout_ms);
	int failure = errno;
	freeaddrinfo(found);
	if (fd < 0) {
		pst_err_set(err, "cannot connect to port %s of %s: %s", port,
		    host == NULL ? "this host" : host, strerror(failure));
		return -1;
	}
	/*
	 * With small packets both ways, Nagle's algorithm meets delayed ACKs.
	 */
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}
