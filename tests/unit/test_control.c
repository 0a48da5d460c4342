/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame.h"
#include "base/macros.h"
#include "tests/unit/control_fixture.h"
#include "tests/unit/rows.h"

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
	FOR_ROWS(i, rows, rows[i].label) {
		int fd = control_ask(rows[i].request);
		const char *got;

		control_turns(2);
		got = control_answer(fd);
		if ((got == NULL) != (rows[i].answer == NULL) ||
		    (got != NULL && strcmp(got, rows[i].answer) != 0))
			fail_msg("%s", got == NULL ? "no answer" : got);
		for (unsigned r = 0; r < 3; r++) {
			enum pst_control_request request =
			    (enum pst_control_request)r;

			if (pst_control_take(the_control, request) !=
			    rows[i].taken[r])
				fail_msg("request %u", r);
			pst_control_answer(the_control, request, 0, "done");
			got = rows[i].taken[r] ? control_answer(fd) : "0 done";
			if (got == NULL || strcmp(got, "0 done") != 0)
				fail_msg("not answered");
		}
		got = control_answer(fd);
		if (got == NULL || got[0] != '\0')
			fail_msg("the connection is open");
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
		fd = control_ask_octets(frame, (size_t)cut);
		control_turns(2);
		assert_false(pst_control_take(the_control, PST_CONTROL_STATUS));
		assert_null(control_answer(fd));
		assert_int_equal(
		    send(fd, frame + cut, (size_t)(all - cut), 0), all - cut);
		control_turns(1);
		assert_true(pst_control_take(the_control, PST_CONTROL_STATUS));
		pst_control_answer(the_control, PST_CONTROL_STATUS, 0, "well");
		assert_string_equal(control_answer(fd), "0 well");
		(void)close(fd);
	}
	fd = control_ask_octets("status\n", 7);
	control_turns(2);
	assert_string_equal(control_answer(fd), TOO_LONG);
	(void)close(fd);
	fd = control_ask_octets("\xff\xff\xff\xff", 4);
	control_turns(2);
	assert_string_equal(control_answer(fd), TOO_LONG);
	(void)close(fd);
	/* It hangs up in the middle. */
	fd = control_ask_octets(frame, 5);
	control_turns(2);
	(void)close(fd);
	control_turns(2);
	assert_false(pst_control_take(the_control, PST_CONTROL_STATUS));
}

/* A request that arrives during a reload waits for the next one. */
static void
test_later_one(void **state)
{
	int first = control_ask("reload");
	int second;

	(void)state;
	control_turns(2);
	assert_true(pst_control_take(the_control, PST_CONTROL_RELOAD));
	second = control_ask("reload");
	control_turns(2);
	pst_control_answer(the_control, PST_CONTROL_RELOAD, 1, "a\nb\001c");
	assert_string_equal(control_answer(first), "1 a b c");
	assert_null(control_answer(second));
	assert_true(pst_control_take(the_control, PST_CONTROL_RELOAD));
	pst_control_answer(the_control, PST_CONTROL_RELOAD, 0, "done");
	assert_string_equal(control_answer(second), "0 done");
	assert_false(pst_control_take(the_control, PST_CONTROL_RELOAD));
	(void)close(first);
	(void)close(second);
}

static void
test_slow_request(void **state)
{
	int fd = control_ask_octets("\0\0\0\6rel", 7);

	(void)state;
	control_turns(2);
	control_turn_at(PST_CONTROL_PATIENCE_MS - 2000);
	assert_null(control_answer(fd));
	control_turn_at(PST_CONTROL_PATIENCE_MS + 1);
	assert_string_equal(control_answer(fd), "2 no request arrived in time");
	(void)close(fd);
}

static int64_t
watched_until(void)
{
	struct pst_watch watch;

	pst_watch_begin(&watch);
	pst_control_watch(the_control, &watch);
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
	fd = control_ask_octets("\0", 1);
	control_turns(2);
	assert_true(watched_until() >= now + PST_CONTROL_PATIENCE_MS);
	assert_true(watched_until() <=
	    pst_clock_ms(&pst_clock_system) + PST_CONTROL_PATIENCE_MS + 1);
	(void)close(fd);
	control_turns(1);
	/* A client whose request is being carried out waits for us. */
	fd = control_ask("reload");
	control_turns(2);
	assert_true(watched_until() == INT64_MAX);
	control_turn_at(PST_CONTROL_PATIENCE_MS * 10);
	assert_true(pst_control_take(the_control, PST_CONTROL_RELOAD));
	(void)close(fd);
}

/* Clients beyond the limit wait until there is room; none is lost. */
static void
test_crowd(void **state)
{
	int fds[PST_CONTROL_MAX_CLIENTS + 2];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		fds[i] = control_ask("status");
		control_turns(1);
	}
	for (size_t round = 0; round < 2; round++) {
		control_turns(PST_COUNT(fds) + 1);
		assert_true(pst_control_take(the_control, PST_CONTROL_STATUS));
		pst_control_answer(the_control, PST_CONTROL_STATUS, 0, "well");
	}
	for (size_t i = 0; i < PST_COUNT(fds); i++) {
		assert_string_equal(control_answer(fds[i]), "0 well");
		(void)close(fds[i]);
	}
}

/* Asks, and answers with more than a socket holds. */
static int
ask_for_much(void)
{
	static char text[PST_CONTROL_MAX_ANSWER + 100];
	int fd = control_ask("counters");

	memset(text, 'x', sizeof(text) - 1);
	control_turns(2);
	assert_true(pst_control_take(the_control, PST_CONTROL_COUNTERS));
	pst_control_answer(the_control, PST_CONTROL_COUNTERS, 0, text);
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
		control_turns(1);
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
	control_turns(3);
	control_turn_at(PST_CONTROL_PATIENCE_MS + 1);
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
	int fd = control_ask("status");

	(void)state;
	control_turns(2);
	assert_true(pst_control_take(the_control, PST_CONTROL_STATUS));
	(void)close(fd);
	pst_control_answer(the_control, PST_CONTROL_STATUS, 0, "well");
	fd = control_ask("status");
	control_turns(2);
	assert_true(pst_control_take(the_control, PST_CONTROL_STATUS));
	pst_control_answer(the_control, PST_CONTROL_STATUS, 0, "well");
	assert_string_equal(control_answer(fd), "0 well");
	(void)close(fd);
}

static void
test_second_daemon(void **state)
{
	const struct pst_control_owner owner = {-1, -1};
	struct pst_err err;

	(void)state;
	assert_null(pst_control_open(control_path, owner, &err));
	assert_non_null(strstr(err.text, "another program answers there"));
	assert_null(
	    pst_control_open("/no-such-directory/control", owner, &err));
	assert_non_null(strstr(err.text, "there is no directory"));
}

/* The socket of a daemon that was killed is taken over. */
static void
test_stale(void **state)
{
	pst_control_leave(the_control);
	control_open_as(-1);
	test_later_one(state);
}

/* Whatever the umask is, the group can connect, and nobody else. */
static void
test_mode(void **state)
{
	static const mode_t masks[] = {0, 022, 077};
	struct stat st;

	FOR_ROWS(i, masks, NULL) {
		mode_t before = umask(masks[i]);

		pst_control_close(the_control);
		(void)control_open_for_group(state);
		assert_int_equal(umask(before), masks[i]);
		assert_int_equal(lstat(control_path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0660);
		if (geteuid() == 0)
			assert_int_equal(st.st_gid, CONTROL_GROUP);
	}
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
	cmocka_unit_test_setup_teardown(test, control_open, control_close)
static int
run(void)
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
	    cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	return control_run(run);
}
