/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "tools/command.h"
#include "tools/argument.h"
#include "tools/settings.h"
#include "tools/ui.h"

/* This is longer than the daemon waits for its workers. */
#define PATIENCE_S 40
#define MAX_ANSWER 2048

static const char command[] = "reload";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"config", required_argument, NULL, 'f'},
    {"status", no_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

/* Returns a connected socket; -1 after a sentence. */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {PATIENCE_S, 0};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		pst_ui_fail(
		    command, "the path %s is too long for a socket", path);
		return -1;
	}
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		0)
		return fd;
	pst_ui_fail(command,
	    "no daemon answers at %s (%s); check that posternd is running and "
	    "that this is its control-socket",
	    path, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	return -1;
}

/* Reads until the daemon hangs up; returns how many octets came. */
static size_t
read_answer(int fd, char *answer, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = recv(fd, answer + len, size - len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static int
ask(const char *path, const char *request)
{
	char answer[MAX_ANSWER];
	struct pst_str line;
	int fd = connect_to(path);
	int status;

	if (fd == -1)
		return PST_EXIT_USAGE;
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) == -1)
		line = PST_STR("");
	else
		line = (struct pst_str){
		    answer, read_answer(fd, answer, sizeof(answer))};
	(void)close(fd);
	line = pst_str_first(line, pst_str_find(line, '\n'));
	if (line.len < 2 || line.ptr[0] < '0' || line.ptr[0] > '2' ||
	    line.ptr[1] != ' ')
		return pst_ui_fail(command,
		    "the daemon at %s did not answer; see its log", path);
	status = line.ptr[0] - '0';
	line = pst_str_from(line, 2);
	if (status == PST_EXIT_OK)
		printf("%.*s\n", PST_STR_ARG(line));
	else
		pst_ui_fail(command, "%.*s", PST_STR_ARG(line));
	return pst_ui_finish(command, status);
}

/*
 * Asks at the path that the configuration names. The daemon is not asked if the
 * configuration has an error.
 */
static int
ask_configured(const char *file_name, const char *request)
{
	const char *origin;
	struct pst_config *config =
	    pst_settings_load(command, file_name, &origin);
	int status;

	if (config == NULL) {
		pst_ui_note(
		    command, "a running posternd keeps its old configuration");
		return PST_EXIT_OTHER;
	}
	if (config->control_socket[0] == '\0')
		status = pst_ui_fail(command,
		    "%s switches the control socket off; to reload, send "
		    "SIGUSR1 to the daemon",
		    origin);
	else
		status = ask(config->control_socket, request);
	pst_config_unref(config);
	return status;
}

int
pst_cmd_reload(int argc, char **argv)
{
	const char *control = NULL;
	const char *config = NULL;
	const char *request = "reload\n";
	int c;

	while ((c = pst_argument_next(command, argc, argv, options)) != -1) {
		switch (c) {
		case 'c':
			control = optarg;
			break;
		case 'f':
			config = optarg;
			break;
		case 's':
			request = "status\n";
			break;
		default:
			return PST_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return pst_ui_fail(
		    command, "unexpected argument \"%s\"", argv[optind]);
	if (control != NULL && config != NULL)
		return pst_ui_fail(
		    command, "--control and --config cannot be used together");
	if (control != NULL)
		return ask(control, request);
	return ask_configured(config, request);
}
