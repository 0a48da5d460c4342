/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void
unix_address(const struct pst_endpoint *endpoint, struct sockaddr_un *out)
{
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	(void)snprintf(
	    out->sun_path, sizeof(out->sun_path), "%s", endpoint->path);
}

/* Returns a socket connected to a unix endpoint; -1 if nothing answers. */
static int
connect_unix(const struct pst_endpoint *endpoint)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unix_address(endpoint, &address);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	(void)close(fd);
	return -1;
}

static struct addrinfo *
resolve(const struct pst_endpoint *endpoint, bool passive, int *status)
{
	struct addrinfo hints = {
	    .ai_family =
		endpoint->kind == PST_ENDPOINT_INET6 ? AF_INET6 : AF_INET,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = passive ? AI_PASSIVE : 0,
	};
	const char *host = endpoint->host[0] == '\0' ? NULL : endpoint->host;
	struct addrinfo *list = NULL;
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", endpoint->port);
	*status = getaddrinfo(host, port, &hints, &list);
	return *status == 0 ? list : NULL;
}

static bool
check_unix(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	char dir[sizeof(endpoint->path)];
	char *slash;
	struct stat st;
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s", endpoint->path);
	slash = strrchr(dir, '/');
	slash[slash == dir ? 1 : 0] = '\0';
	if (stat(dir, &st) == -1 || !S_ISDIR(st.st_mode)) {
		return pst_err_set(err,
		    "cannot listen on unix:%s: there is no directory %s; "
		    "create it for the daemon's user",
		    endpoint->path, dir);
	}
	if (access(dir, W_OK | X_OK) == -1) {
		return pst_err_set(err,
		    "cannot listen on unix:%s: no permission to write to "
		    "directory %s",
		    endpoint->path, dir);
	}
	if (lstat(endpoint->path, &st) == -1)
		return true;
	if (!S_ISSOCK(st.st_mode)) {
		return pst_err_set(err,
		    "cannot listen on unix:%s: a file of that name "
		    "exists and is not a socket; move it away",
		    endpoint->path);
	}
	fd = connect_unix(endpoint);
	if (fd == -1)
		return true;
	(void)close(fd);
	return pst_err_set(err,
	    "cannot listen on unix:%s: another program answers there; stop "
	    "it first",
	    endpoint->path);
}

static bool
check_inet(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	const int on = 1;
	int status, fd;
	bool ok;
	struct addrinfo *list = resolve(endpoint, true, &status);

	if (list == NULL) {
		return pst_err_set(err,
		    "cannot listen on host \"%s\": %s; use one of this "
		    "machine's addresses",
		    endpoint->host, gai_strerror(status));
	}
	fd = socket(list->ai_family, SOCK_STREAM, 0);
	ok = fd != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, list->ai_addr, list->ai_addrlen) == 0;
	if (!ok)
		(void)pst_err_set(err, "cannot listen on port %u of %s: %s",
		    endpoint->port,
		    endpoint->host[0] == '\0' ? "any address" : endpoint->host,
		    strerror(errno));
	if (fd != -1)
		(void)close(fd);
	freeaddrinfo(list);
	return ok;
}

bool
pst_listener_check(const struct pst_endpoint *endpoint, struct pst_err *err)
{
	if (endpoint->kind == PST_ENDPOINT_UNIX)
		return check_unix(endpoint, err);
	return check_inet(endpoint, err);
}

#define MAX_FD 256

int
pst_listener_find(void)
{
	for (int fd = 0; fd < MAX_FD; fd++) {
		int listening = 0;
		socklen_t len = sizeof(listening);

		if (getsockopt(
			fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
		    listening != 0)
			return fd;
	}
	return -1;
}

bool
pst_listener_tune(
    const struct pst_endpoint *endpoint, long uid, struct pst_err *err)
{
	const int on = 1;
	int fd = pst_listener_find();

	if (fd == -1)
		return pst_err_set(
		    err, "cannot find the listening socket of libmilter");
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (endpoint->kind == PST_ENDPOINT_UNIX) {
		if (uid != -1 &&
		    lchown(endpoint->path, (uid_t)uid, (gid_t)-1) == -1) {
			return pst_err_set(err,
			    "cannot make the daemon's user the owner of "
			    "unix:%s: %s",
			    endpoint->path, strerror(errno));
		}
		return true;
	}
	/* Accepted sockets inherit it. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		return pst_err_set(
		    err, "cannot set TCP_NODELAY: %s", strerror(errno));
	return true;
}

void
pst_listener_poke(const struct pst_endpoint *endpoint)
{
	struct addrinfo *list;
	int status, fd;

	if (endpoint->kind == PST_ENDPOINT_UNIX) {
		fd = connect_unix(endpoint);
		if (fd != -1)
			(void)close(fd);
		return;
	}
	list = resolve(endpoint, false, &status);
	if (list == NULL)
		return;
	fd = socket(list->ai_family, SOCK_STREAM, 0);
	if (fd != -1) {
		(void)connect(fd, list->ai_addr, list->ai_addrlen);
		(void)close(fd);
	}
	freeaddrinfo(list);
}

void
pst_listener_unlink(const struct pst_endpoint *endpoint)
{
	if (endpoint->kind == PST_ENDPOINT_UNIX)
		(void)unlink(endpoint->path);
}
