/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int
fail(int fd, const struct pst_endpoint *endpoint, struct pst_err *err)
{
	char text[PST_ENDPOINT_TEXT_SIZE];
	int saved = errno;

	if (fd != -1)
		(void)close(fd);
	pst_endpoint_postfix(endpoint, text);
	(void)pst_err_set(err, "cannot listen on %s: %s%s", text,
	    strerror(saved),
	    saved == EADDRINUSE ?
		"; another program has this address: stop it, or choose "
		"another one with --listen" :
		"");
	return -1;
}

/* Removes a socket that an earlier process has left; keeps all else. */
static void
remove_stale(const struct sockaddr_un *address)
{
	struct stat found;
	int fd;

	if (lstat(address->sun_path, &found) == -1 || !S_ISSOCK(found.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		-1 &&
	    errno == ECONNREFUSED)
		(void)unlink(address->sun_path);
	(void)close(fd);
}

static int
listen_unix(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t before;
	int fd, done;

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", endpoint->path);
	remove_stale(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return fail(-1, endpoint, err);
	/* The proxy is let in by the group of the file. */
	before = umask(0117);
	done = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(before);
	if (done == -1 || listen(fd, BACKLOG) == -1)
		return fail(fd, endpoint, err);
	return fd;
}

static bool
is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool
check_loopback(const struct addrinfo *found,
    const struct pst_endpoint *endpoint, struct pst_err *err)
{
	for (; found != NULL; found = found->ai_next)
		if (!is_loopback(found->ai_addr))
			return pst_err_set(err,
			    "postern-web has no login and no TLS, so it does "
			    "not listen on \"%s\", which other hosts reach: "
			    "listen on 127.0.0.1 or a unix socket, and let a "
			    "reverse proxy that asks for a login pass "
			    "requests on (postern-web(8) shows one)",
			    endpoint->host[0] == '\0' ? "any address" :
							endpoint->host);
	return true;
}

static int
listen_first(const struct addrinfo *found)
{
	const int on = 1;
	int fd, saved;

	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static int
listen_inet(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char port[16];
	int fd = -1, error;

	hints.ai_family =
	    endpoint->kind == PST_ENDPOINT_INET6 ? AF_INET6 : AF_UNSPEC;
	(void)snprintf(port, sizeof(port), "%u", endpoint->port);
	error = getaddrinfo(endpoint->host[0] == '\0' ? NULL : endpoint->host,
	    port, &hints, &found);
	if (error != 0) {
		(void)pst_err_set(err, "cannot find the address of \"%s\": %s",
		    endpoint->host, gai_strerror(error));
		return -1;
	}
	if (check_loopback(found, endpoint, err)) {
		fd = listen_first(found);
		if (fd == -1)
			(void)fail(-1, endpoint, err);
	}
	freeaddrinfo(found);
	return fd;
}

int
pst_web_listen(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	return endpoint->kind == PST_ENDPOINT_UNIX ?
	    listen_unix(endpoint, err) :
	    listen_inet(endpoint, err);
}
