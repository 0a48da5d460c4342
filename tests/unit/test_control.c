/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame.h"
#include "base/macros.h"
#include "milter/control.h"

#define GROUP 54321 /* of the daemon, in the tests that require root */
#define GUEST 54322 /* a user */

static char dir[] = "/tmp/postern-control-XXXXXX";
static char path[64];
static struct pst_control *control;

static void
open_as(long gid)
{
	struct pst_err err;

	control =
	    pst_control_open(path, (struct pst_control_owner){-1, gid}, &err);
	assert_non_null(control);
}

static int
open_control(void **state)
{
	(void)state;
	open_as(-1);
	return 0;
}

static int
open_for_group(void **state)
{
	(void)state;
	open_as(geteuid() == 0 ? GROUP : -1);
	return 0;
}

static int
close_control(void **state)
{
	struct stat st;

	(void)state;
	pst_control_close(control);
	assert_int_equal(lstat(path, &st), -1);
	return 0;
}

/* Returns a connected socket; -1 if that is not allowed. */
static int
connect_to(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {10, 0};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
ask_octets(const char *octets, size_t len)
{
	int fd = connect_to();

	assert_int_not_equal(fd, -1);
	assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), (ssize_t)len);
	return fd;
}

static int
ask(const char *request)
{
	unsigned char octets[PST_FRAME_HEADER + 200];
	size_t len = strlen(request);

	pst_frame_header(len, octets);
	memcpy(octets + PST_FRAME_HEADER, request, len);
	return ask_octets((const char *)octets, len + PST_FRAME_HEADER);
}

/* Runs the supervisor's loop once, with the clock ahead. */
static void
turn_at(int64_t ahead_ms)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_control_watch(control, &watch);
	pst_watch_until(&watch, 0);
	pst_watch_wait(&watch, NULL);
	pst_control_serve(
	    control, &watch, pst_clock_ms(&pst_clock_system) + ahead_ms);
}

static void
turns(size_t n)
{
	for (size_t i = 0; i < n; i++)
		turn_at(0);
}

/*
 * Returns the text of the answer so far; NULL: nothing yet, and the connection
 * is open; "": the daemon hung up.
 */
static const char *
answer(int fd)
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

#define UNKNOWN "2 unknown request; expected reload, status or counters"
#define TOO_LONG                                                               \
	"2 the request is too long, or is from a postern of another version"

static void
test_requests(void **state)
{
	static const struct {
		const char *label, *request;
		bool taken[3];      /* as reload, status, counters */
		const char *answer; /* at once; NULL: none yet */
	} rows[] = {
	    {"reload", "reload", {true, false, false}, NULL},
	    {"status", "status", {false, true, false}, NULL},
	    {"counters", "counters", {false, false, true}, NULL},
	    {"another", "restart", {false}, UNKNOWN},
	    {"empty", "", {false}, UNKNOWN},
	    {"capitals", "RELOAD", {false}, UNKNOWN},
	    {"a line", "reload\n", {false}, UNKNOWN},
	    {"long",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxx",
		{false}, TOO_LONG},
	};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		int fd = ask(rows[i].request);
		const char *got;

		turns(2);
		got = answer(fd);
		if ((got == NULL) != (rows[i].answer == NULL) ||
		    (got != NULL && strcmp(got, rows[i].answer) != 0))
			fail_msg("%s: %s", rows[i].label,
			    got == NULL ? "no answer" : got);
		for (unsigned r = 0; r < 3; r++) {
			enum pst_control_request request =
			    (enum pst_control_request)r;

			if (pst_control_take(control, request) !=
			    rows[i].taken[r])
				fail_msg("%s: request %u", rows[i].label, r);
			pst_control_answer(control, request, 0, "done");
			got = rows[i].taken[r] ? answer(fd) : "0 done";
			if (got == NULL || strcmp(got, "0 done") != 0)
				fail_msg("%s: not answered", rows[i].label);
		}
		got = answer(fd);
		if (got == NULL || got[0] != '\0')
			fail_msg("%s: the connection is open", rows[i].label);
		(void)close(fd);
	}
}

/* A frame may arrive in pieces; what is not a frame is refused at once. */
static void
test_frames(void **state)
{
	static const char frame[] = "\0\0\0\6status";
	const ssize_t all = sizeof(frame) - 1;
	int fd;

	(void)state;
	for (ssize_t cut = 1; cut < all; cut++) {
		fd = ask_octets(frame, (size_t)cut);
		turns(2);
		assert_false(pst_control_take(control, PST_CONTROL_STATUS));
		assert_null(answer(fd));
		assert_int_equal(
		    send(fd, frame + cut, (size_t)(all - cut), 0), all - cut);
		turns(1);
		assert_true(pst_control_take(control, PST_CONTROL_STATUS));
		pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
		assert_string_equal(answer(fd), "0 well");
		(void)close(fd);
	}
	fd = ask_octets("status\n", 7);
	turns(2);
	assert_string_equal(answer(fd), TOO_LONG);
	(void)close(fd);
	fd = ask_octets("\xff\xff\xff\xff", 4);
	turns(2);
	assert_string_equal(answer(fd), TOO_LONG);
	(void)close(fd);
	/* It hangs up in the middle. */
	fd = ask_octets(frame, 5);
	turns(2);
	(void)close(fd);
	turns(2);
	assert_false(pst_control_take(control, PST_CONTROL_STATUS));
}

/* A request that arrives during a reload waits for the next one. */
static void
test_later_one(void **state)
{
	int first = ask("reload");
	int second;

	(void)state;
	turns(2);
	assert_true(pst_control_take(control, PST_CONTROL_RELOAD));
	second = ask("reload");
	turns(2);
	pst_control_answer(control, PST_CONTROL_RELOAD, 1, "a\nb\001c");
	assert_string_equal(answer(first), "1 a b c");
	assert_null(answer(second));
	assert_true(pst_control_take(control, PST_CONTROL_RELOAD));
	pst_control_answer(control, PST_CONTROL_RELOAD, 0, "done");
	assert_string_equal(answer(second), "0 done");
	assert_false(pst_control_take(control, PST_CONTROL_RELOAD));
	(void)close(first);
	(void)close(second);
}

static void
test_slow_request(void **state)
{
	int fd = ask_octets("\0\0\0\6rel", 7);

	(void)state;
	turns(2);
	turn_at(PST_CONTROL_PATIENCE_MS - 2000);
	assert_null(answer(fd));
	turn_at(PST_CONTROL_PATIENCE_MS + 1);
	assert_string_equal(answer(fd), "2 no request arrived in time");
	(void)close(fd);
}

static int64_t
watched_until(void)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_control_watch(control, &watch);
	return watch.until_ms;
}

/* The wait ends when a client is due to be dropped. */
static void
test_watch_until(void **state)
{
	int64_t now = pst_clock_ms(&pst_clock_system);
	int fd;

	(void)state;
	assert_true(watched_until() == INT64_MAX);
	fd = ask_octets("\0", 1);
	turns(2);
	assert_true(watched_until() >= now + PST_CONTROL_PATIENCE_MS);
	assert_true(watched_until() <=
	    pst_clock_ms(&pst_clock_system) + PST_CONTROL_PATIENCE_MS + 1);
	(void)close(fd);
	turns(1);
	/* A client whose request is being carried out waits for us. */
	fd = ask("reload");
	turns(2);
	assert_true(watched_until() == INT64_MAX);
	turn_at(PST_CONTROL_PATIENCE_MS * 10);
	assert_true(pst_control_take(control, PST_CONTROL_RELOAD));
	(void)close(fd);
}

/* Clients beyond the limit wait until there is room; none is lost. */
static void
test_crowd(void **state)
{
	int fds[PST_CONTROL_MAX_CLIENTS + 2];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		fds[i] = ask("status");
		turns(1);
	}
	for (size_t round = 0; round < 2; round++) {
		turns(PST_COUNT(fds) + 1);
		assert_true(pst_control_take(control, PST_CONTROL_STATUS));
		pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
	}
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		assert_string_equal(answer(fds[i]), "0 well");
		(void)close(fds[i]);
	}
}

/* Asks, and answers with more than a socket holds. */
static int
ask_for_much(void)
{
	static char text[PST_CONTROL_MAX_ANSWER + 100];
	int fd = ask("counters");

	memset(text, 'x', sizeof(text) - 1);
	turns(2);
	assert_true(pst_control_take(control, PST_CONTROL_COUNTERS));
	pst_control_answer(control, PST_CONTROL_COUNTERS, 0, text);
	return fd;
}

/* A long answer is cut, and is sent as the client reads it. */
static void
test_long_answer(void **state)
{
	static char octets[PST_CONTROL_MAX_ANSWER * 2];
	int fd = ask_for_much();
	size_t len = 0;
	ssize_t n;

	(void)state;
	while ((n = recv(fd, octets + len, 10000, MSG_DONTWAIT)) != 0) {
		assert_true(n > 0);
		len += (size_t)n;
		turns(1);
	}
	assert_int_equal(len, PST_FRAME_HEADER + PST_CONTROL_MAX_ANSWER);
	assert_memory_equal(octets, "\0\4\0\0\060 xxx", 9);
	(void)close(fd);
}

/* A client that does not read its answer keeps its place for a while only. */
static void
test_slow_reader(void **state)
{
	static char octets[PST_CONTROL_MAX_ANSWER * 2];
	int fd = ask_for_much();
	size_t len = 0;
	ssize_t n;

	(void)state;
	turns(3);
	turn_at(PST_CONTROL_PATIENCE_MS + 1);
	while ((n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	assert_true(len < PST_CONTROL_MAX_ANSWER);
	(void)close(fd);
}

/* A client that is gone before its answer does no harm. */
static void
test_gone(void **state)
{
	int fd = ask("status");

	(void)state;
	turns(2);
	assert_true(pst_control_take(control, PST_CONTROL_STATUS));
	(void)close(fd);
	pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
	fd = ask("status");
	turns(2);
	assert_true(pst_control_take(control, PST_CONTROL_STATUS));
	pst_control_answer(control, PST_CONTROL_STATUS, 0, "well");
	assert_string_equal(answer(fd), "0 well");
	(void)close(fd);
}

static void
test_second_daemon(void **state)
{
	const struct pst_control_owner owner = {-1, -1};
	struct pst_err err;

	(void)state;
	assert_null(pst_control_open(path, owner, &err));
	assert_non_null(strstr(err.text, "another program answers there"));
	assert_null(
	    pst_control_open("/no-such-directory/control", owner, &err));
	assert_non_null(strstr(err.text, "there is no directory"));
}

/* The socket of a daemon that was killed is taken over. */
static void
test_stale(void **state)
{
	pst_control_leave(control);
	open_as(-1);
	test_later_one(state);
}

/* Whatever the umask is, the group can connect, and nobody else. */
static void
test_mode(void **state)
{
	static const mode_t masks[] = {0, 022, 077};
	struct stat st;

	for (size_t i = 0; i < PST_COUNT(masks); i++) {
		mode_t before = umask(masks[i]);

		pst_control_close(control);
		(void)open_for_group(state);
		assert_int_equal(umask(before), masks[i]);
		assert_int_equal(lstat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0660);
		if (geteuid() == 0)
			assert_int_equal(st.st_gid, GROUP);
	}
}

/* ---- who may ask what; these require root ---- */

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
		groups[i] = i + 1 == guest->groups ? GROUP : 60000 + (gid_t)i;
	if (setgroups(guest->groups, groups) == -1 ||
	    setgid(guest->gid) == -1 || setuid(guest->uid) == -1)
		_exit(100);
}

/* In a child: returns true if the answer begins as expected. */
static bool
expect(const char *request, const char *expected)
{
	char octets[300] = "";
	int fd = connect_to();
	ssize_t n;

	if (fd == -1)
		return expected == NULL;
	(void)close(fd);
	if (expected == NULL)
		return false;
	fd = ask(request);
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
		turns(1);
		for (unsigned r = 0; r < 3; r++) {
			enum pst_control_request request =
			    (enum pst_control_request)r;

			if (pst_control_take(control, request))
				pst_control_answer(control, request, 0, "done");
		}
		(void)usleep(1000);
	}
	turns(PST_CONTROL_MAX_CLIENTS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void
test_rights(void **state)
{
	static const char refused[] = "2 only root and the daemon's user";
	static const char stranger[] = "2 only root, the daemon's user and";
	static const struct guest rows[] = {
	    {"root", 0, 0, 0, false, "0 done", "0 done"},
	    {"group", GUEST, GROUP, 0, false, "0 done", refused},
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

		assert_int_equal(chmod(path, rows[i].open ? 0666 : 0660), 0);
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
	static const struct guest guest = {.uid = GUEST, .gid = GROUP};
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		become(&guest);
		for (size_t i = 0; i < PST_CONTROL_MAX_GUESTS; i++) {
			if (connect_to() == -1)
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

/* All functions accept NULL in place of a control. */
static void
test_none(void **state)
{
	struct pst_watch watch;

	(void)state;
	pst_watch_begin(&watch);
	pst_control_watch(NULL, &watch);
	assert_int_equal(watch.count, 0);
	pst_control_serve(NULL, &watch, 0);
	assert_false(pst_control_take(NULL, PST_CONTROL_RELOAD));
	pst_control_answer(NULL, PST_CONTROL_RELOAD, 0, "");
	pst_control_leave(NULL);
	pst_control_close(NULL);
}

#define WITH_CONTROL(test)                                                     \
	cmocka_unit_test_setup_teardown(test, open_control, close_control)
#define WITH_GROUP(test)                                                       \
	cmocka_unit_test_setup_teardown(test, open_for_group, close_control)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_CONTROL(test_requests),
	    WITH_CONTROL(test_frames),
	    WITH_CONTROL(test_later_one),
	    WITH_CONTROL(test_slow_request),
	    WITH_CONTROL(test_watch_until),
	    WITH_CONTROL(test_crowd),
	    WITH_CONTROL(test_long_answer),
	    WITH_CONTROL(test_slow_reader),
	    WITH_CONTROL(test_gone),
	    WITH_CONTROL(test_second_daemon),
	    WITH_CONTROL(test_stale),
	    WITH_CONTROL(test_mode),
	    WITH_GROUP(test_rights),
	    WITH_GROUP(test_guests),
	    cmocka_unit_test(test_none),
	};
	int failed;

	if (mkdtemp(dir) == NULL || chmod(dir, 0711) == -1)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/control", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}
