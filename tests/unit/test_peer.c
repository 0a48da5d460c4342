/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/macros.h"
#include "tests/unit/control_fixture.h"

/* Most of these tests require root: they become other users. */

#define GUEST 54322 /* a user */

struct guest {
	const char *label;
	uid_t uid;
	gid_t gid;
	size_t groups; /* supplementary ones; the last one is the daemon's */
	bool open;     /* the socket's file lets all users connect */
	const char *status, *reload; /* answers; NULL: cannot connect */
};

static void
become(const struct guest *guest)
{
	static gid_t groups[1000];

	for (size_t i = 0; i < guest->groups; i++)
		groups[i] =
		    i + 1 == guest->groups ? CONTROL_GROUP : 60000 + (gid_t)i;
	if (setgroups(guest->groups, groups) == -1 ||
	    setgid(guest->gid) == -1 || setuid(guest->uid) == -1)
		_exit(100);
}

/* In a child: returns true if the answer begins as expected. */
static bool
expect(const char *request, const char *expected)
{
	char octets[300] = "";
	int fd = control_connect();
	ssize_t n;

	if (fd == -1)
		return expected == NULL;
	(void)close(fd);
	if (expected == NULL)
		return false;
	fd = control_ask(request);
	n = recv(fd, octets, sizeof(octets) - 1, MSG_WAITALL);
	(void)close(fd);
	return n > PST_FRAME_HEADER &&
	    strncmp(octets + PST_FRAME_HEADER, expected, strlen(expected)) == 0;
}

/* Plays the daemon until the child has ended; returns its status. */
static int
serve_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		control_turns(1);
		for (unsigned r = 0; r < 3; r++) {
			enum pst_control_request request =
			    (enum pst_control_request)r;

			if (pst_control_take(the_control, request))
				pst_control_answer(
				    the_control, request, 0, "done");
		}
		(void)usleep(1000);
	}
	control_turns(PST_CONTROL_MAX_CLIENTS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void
test_rights(void **state)
{
	static const char refused[] = "2 only root and the daemon's user";
	static const char stranger[] = "2 only root, the daemon's user and";
	static const struct guest rows[] = {
	    {"root", 0, 0, 0, false, "0 done", "0 done"},
	    {"group", GUEST, CONTROL_GROUP, 0, false, "0 done", refused},
	    {"supplementary group", GUEST, 1, 1, false, "0 done", refused},
	    {"many groups", GUEST, 1, 900, false, "0 done", refused},
	    {"stranger", GUEST, 1, 0, false, NULL, NULL},
	    {"stranger, open file", GUEST, 1, 0, true, stranger, stranger},
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		pid_t pid;
		int status;

		assert_int_equal(
		    chmod(control_path, rows[i].open ? 0666 : 0660), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0) {
			become(&rows[i]);
			_exit(!expect("status", rows[i].status) +
			    2 * !expect("reload", rows[i].reload) +
			    4 * !expect("counters", rows[i].status));
		}
		status = serve_child(pid);
		if (status != 0)
			fail_msg("%s: %d", rows[i].label, status);
	}
}

/* Members of the group cannot take all places. */
static void
test_guests(void **state)
{
	static const struct guest guest = {.uid = GUEST, .gid = CONTROL_GROUP};
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		become(&guest);
		for (size_t i = 0; i < PST_CONTROL_MAX_GUESTS; i++) {
			if (control_connect() == -1)
				_exit(1);
		}
		_exit(expect("status", "2 too many requests") ? 0 : 2);
	}
	assert_int_equal(serve_child(pid), 0);
	/* They are free again. */
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		become(&guest);
		_exit(expect("status", "0 done") ? 0 : 1);
	}
	assert_int_equal(serve_child(pid), 0);
}

#define WITH_GROUP(test)                                                       \
	cmocka_unit_test_setup_teardown(                                       \
	    test, control_open_for_group, control_close)

static int
run(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_GROUP(test_rights),
	    WITH_GROUP(test_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return control_run(run);
}
