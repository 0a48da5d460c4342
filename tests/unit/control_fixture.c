/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame.h"
#include "tests/unit/control_fixture.h"

char control_path[64];
struct pst_control *the_control;

static char dir[] = "/tmp/postern-control-XXXXXX";

int
control_run(int (*run)(void))
{
	int failed;

	if (mkdtemp(dir) == NULL || chmod(dir, 0711) == -1)
		return 1;
	(void)snprintf(control_path, sizeof(control_path), "%s/control", dir);
	failed = run();
	(void)rmdir(dir);
	return failed;
}

void
control_open_as(long gid)
{
	struct pst_err err;

	the_control = pst_control_open(
	    control_path, (struct pst_control_owner){-1, gid}, &err);
	assert_non_null(the_control);
}

int
control_open(void **state)
{
	(void)state;
	control_open_as(-1);
	return 0;
}

int
control_open_for_group(void **state)
{
	(void)state;
	control_open_as(geteuid() == 0 ? CONTROL_GROUP : -1);
	return 0;
}

int
control_close(void **state)
{
	struct stat st;

	(void)state;
	pst_control_close(the_control);
	assert_int_equal(lstat(control_path, &st), -1);
	return 0;
}

/* Returns a connected socket; -1 if that is not allowed. */
int
control_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {10, 0};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", control_path);
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	(void)close(fd);
	return -1;
}

int
control_ask_octets(const char *octets, size_t len)
{
	int fd = control_connect();

	assert_int_not_equal(fd, -1);
	assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
	return fd;
}

int
control_ask(const char *request)
{
	unsigned char octets[PST_FRAME_HEADER + 200];
	size_t len = strlen(request);

	pst_frame_header(len, octets);
	memcpy(octets + PST_FRAME_HEADER, request, len);
	return control_ask_octets((const char *)octets, len + PST_FRAME_HEADER);
}

/* Runs the supervisor's loop once, with the clock ahead. */
void
control_turn_at(int64_t ahead_ms)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_control_watch(the_control, &watch);
	pst_watch_until(&watch, 0);
	pst_watch_wait(&watch, NULL);
	pst_control_serve(
	    the_control, &watch, pst_clock_ms(&pst_clock_system) + ahead_ms);
}

void
control_turns(size_t n)
{
	for (size_t i = 0; i < n; i++)
		control_turn_at(0);
}

/*
 * Returns the text of the answer so far; NULL: nothing yet, and the connection
 * is open; "": the daemon hung up.
 */
const char *
control_answer(int fd)
{
	static char octets[PST_FRAME_HEADER + PST_CONTROL_MAX_ANSWER + 1];
	static char text[PST_CONTROL_MAX_ANSWER + 1];
	struct pst_frame frame;
	ssize_t n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return NULL;
	if (n == -1) /* it hung up before it had read all */
		n = 0;
	pst_frame_init(&frame, text, PST_CONTROL_MAX_ANSWER);
	if (n > 0 &&
	    pst_frame_take(&frame, octets, (size_t)n) != PST_FRAME_COMPLETE)
		fail_msg("not a frame, or not a whole one");
	text[n == 0 ? 0 : frame.len] = '\0';
	return text;
}
