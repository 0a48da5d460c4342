/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/frame.h"
#include "config/config.h"

/* Longer than any answer of the daemon. */
#define MAX_ANSWER ((size_t)512 * 1024)

/* Returns a connected socket; -1 with errno. */
static int
connect_to(const char *path, unsigned patience_s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {(time_t)patience_s, 0};
	int fd, saved;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static bool
send_request(int fd, const char *request)
{
	unsigned char frame[PST_FRAME_HEADER + 64];
	size_t len = strlen(request);

	pst_frame_header(len, frame);
	memcpy(frame + PST_FRAME_HEADER, request, len);
	len += PST_FRAME_HEADER;
	return send(fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Receives one frame; its length is in *len. */
static bool
receive(int fd, char *text, size_t *len)
{
	enum pst_frame_state state = PST_FRAME_PARTIAL;
	struct pst_frame frame;
	char octets[4096];
	ssize_t n;

	pst_frame_init(&frame, text, MAX_ANSWER);
	while (state == PST_FRAME_PARTIAL) {
		n = recv(fd, octets, sizeof(octets), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		state = pst_frame_take(&frame, octets, (size_t)n);
	}
	*len = frame.len;
	return state == PST_FRAME_COMPLETE;
}

static enum pst_ask_outcome
ask_at(struct pst_arena *arena, const char *path, const char *request,
    unsigned patience_s, const char **text)
{
	static const enum pst_ask_outcome outcomes[] = {
	    PST_ASK_DONE, PST_ASK_FAILED, PST_ASK_REFUSED};
	char *answer = pst_arena_alloc(arena, MAX_ANSWER);
	int fd = connect_to(path, patience_s);
	struct pst_str said;
	size_t len = 0;
	bool ok;

	if (fd == -1) {
		bool forbidden = errno == EACCES;

		*text = pst_arena_printf(arena,
		    forbidden ?
			"no permission to ask at %s (%s); only root, the "
			"daemon's user and members of its group may" :
			"no daemon answers at %s (%s); check that posternd is "
			"running and that this is its control-socket",
		    path, strerror(errno));
		return forbidden ? PST_ASK_REFUSED : PST_ASK_NO_DAEMON;
	}
	/* A daemon that refuses us may answer before it reads the request. */
	(void)send_request(fd, request);
	ok = receive(fd, answer, &len);
	(void)close(fd);
	if (!ok || len < 2 || answer[0] < '0' || answer[0] > '2' ||
	    answer[1] != ' ') {
		*text = pst_arena_printf(arena,
		    "the daemon at %s did not answer; see its log, or restart "
		    "it if Postern was upgraded",
		    path);
		return PST_ASK_NO_DAEMON;
	}
	said = (struct pst_str){answer + 2, len - 2};
	/* JSON is printable, and must not be escaped twice. */
	*text = pst_str_is_printable(said) ?
	    pst_arena_memdup(arena, said.ptr, said.len) :
	    pst_escaped(arena, said);
	return outcomes[answer[0] - '0'];
}

/* Returns the path that the configuration names, in the arena. */
static enum pst_ask_outcome
find_path(struct pst_arena *arena, const char *file, const char **path,
    const char **text)
{
	struct pst_err err;
	struct pst_config *config;

	if (file == NULL && access(PST_CONFIG_DEFAULT_FILE, R_OK) == 0)
		file = PST_CONFIG_DEFAULT_FILE;
	config = pst_config_load(file, &err);
	if (config == NULL) {
		*text = pst_arena_strdup(arena, err.text);
		return PST_ASK_NO_CONFIG;
	}
	*path = pst_arena_strdup(arena, config->control_socket);
	pst_config_unref(config);
	if ((*path)[0] != '\0')
		return PST_ASK_DONE;
	*text = pst_arena_printf(arena,
	    "%s switches the control socket off; to reload, send SIGUSR1 to "
	    "the daemon",
	    file == NULL ? "the built-in configuration" : file);
	return PST_ASK_NO_DAEMON;
}

enum pst_ask_outcome
pst_ask(struct pst_arena *arena, const struct pst_ask_where *where,
    const char *request, unsigned patience_s, const char **text)
{
	const char *path = where->control;
	enum pst_ask_outcome outcome = PST_ASK_DONE;

	if (path == NULL)
		outcome = find_path(arena, where->config, &path, text);
	if (outcome != PST_ASK_DONE)
		return outcome;
	return ask_at(arena, path, request, patience_s, text);
}
