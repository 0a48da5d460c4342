/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/containment.h"
#include "core/session.h"
#include "tests/unit/rows.h"

#define MINUTE_MS 60000
#define HOUR_MS PST_CONTAINMENT_MS

static struct pst_clock clock_of_test;
static struct pst_arena *arena;

static int
open_block(void **state)
{
	struct pst_err err;

	(void)state;
	clock_of_test = pst_clock_manual(1700000000);
	pst_clock_advance(&clock_of_test, HOUR_MS);
	arena = pst_arena_new();
	return pst_containment_map(&err) ? 0 : -1;
}

static int
close_block(void **state)
{
	(void)state;
	pst_containment_unmap();
	pst_arena_free(arena);
	return 0;
}

static struct pst_guard *
guard_for(const char *ip, const char *from)
{
	struct pst_message *message = pst_arena_alloc(arena, sizeof(*message));

	assert_true(pst_ip_parse(pst_str(ip), &message->client));
	message->findings.from.only_domain = from;
	return pst_containment_guard(arena, message);
}

/* In a worker, which the parent is not: whether the library is called. */
static bool
is_let_in(const char *ip, enum pst_library library, uint64_t digest)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		const struct pst_guarded what = {
		    .library = library, .digest = digest};
		struct pst_guard *guard;

		pst_containment_enter(0, &clock_of_test);
		guard = guard_for(ip, NULL);
		if (!pst_guard_enter(guard, &what))
			_exit(1);
		pst_guard_leave(guard);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

/* A worker crashes. Returns whether somebody was blamed for it. */
static bool
crash(const char *ip, const char *from, const struct pst_guarded *what,
    struct pst_crash *out)
{
	int status;
	pid_t pid = fork();
	bool blamed;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none);
		pst_containment_enter(0, &clock_of_test);
		if (!pst_guard_enter(guard_for(ip, from), what))
			_exit(1);
		abort();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_false(
	    pst_containment_collect(1, pid, pst_clock_ms(&clock_of_test), out));
	blamed =
	    pst_containment_collect(0, pid, pst_clock_ms(&clock_of_test), out);
	assert_false(blamed &&
	    pst_containment_collect(0, pid, pst_clock_ms(&clock_of_test), out));
	return blamed;
}

/* Returns whether the crash bars the network. */
static bool
crash_dkim(const char *ip, uint64_t digest)
{
	struct pst_crash found;

	assert_true(crash(ip, NULL,
	    &(struct pst_guarded){
		.library = PST_LIBRARY_OPENDKIM, .digest = digest},
	    &found));
	return found.bars_network;
}

static bool
is_let_in_dkim(const char *ip, uint64_t digest)
{
	return is_let_in(ip, PST_LIBRARY_OPENDKIM, digest);
}

/* Sanitizers keep their own handlers; then there is nothing to test. */
static bool
is_marked(void)
{
	if (!pst_crash_slots_are_marked())
		print_message("# no handler in a build with sanitizers\n");
	return pst_crash_slots_are_marked();
}

static void
test_message(void **state)
{
	(void)state;
	if (!is_marked())
		return;
	assert_true(is_let_in_dkim("192.0.2.1", 100));
	assert_false(crash_dkim("192.0.2.1", 100));
	/* Whatever client it comes from. */
	assert_false(is_let_in_dkim("192.0.2.1", 100));
	assert_false(is_let_in_dkim("203.0.113.1", 100));
	assert_true(is_let_in_dkim("192.0.2.1", 200));
	pst_clock_advance(&clock_of_test, HOUR_MS - 1);
	assert_false(is_let_in_dkim("192.0.2.1", 100));
	pst_clock_advance(&clock_of_test, 1);
	assert_true(is_let_in_dkim("192.0.2.1", 100));
	assert_false(crash_dkim("192.0.2.1", 100));
	assert_false(is_let_in_dkim("192.0.2.1", 100));
}

static void
test_log(void **state)
{
	static const struct {
		const char *label;
		const char *from, *domain;
		const char *want;
		unsigned is_author;
	} rows[] = {
	    {"From is known", "bank.example", "bulk.example", "bank.example",
		1},
	    {"only MAIL FROM is", NULL, "bulk.example", "bulk.example", 0},
	    {"nothing is", NULL, NULL, "", 0},
	};

	(void)state;
	if (!is_marked())
		return;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_crash found;

		assert_true(crash("2001:db8::1", rows[i].from,
		    &(struct pst_guarded){.library = PST_LIBRARY_SPF2,
			.digest = 2 * i,
			.domain = rows[i].domain},
		    &found));
		assert_int_equal(found.note.library, PST_LIBRARY_SPF2);
		assert_string_equal(found.note.domain, rows[i].want);
		assert_int_equal(found.note.is_author, rows[i].is_author);
		assert_int_equal(found.note.client.family, PST_IP_V6);
	}
}

static void
test_network(void **state)
{
	(void)state;
	if (!is_marked())
		return;
	assert_false(crash_dkim("192.0.2.1", 2));
	assert_false(crash_dkim("192.0.2.2", 4));
	assert_false(crash_dkim("192.0.3.1", 6));
	assert_true(is_let_in_dkim("192.0.2.3", 8));
	pst_clock_advance(&clock_of_test, MINUTE_MS - 1);
	assert_true(crash_dkim("192.0.2.3", 8));
	assert_false(is_let_in_dkim("192.0.2.4", 10));
	/* Another library, and another network. */
	assert_true(is_let_in("192.0.2.4", PST_LIBRARY_SPF2, 10));
	assert_true(is_let_in_dkim("192.0.3.4", 10));
	pst_clock_advance(&clock_of_test, HOUR_MS - 1);
	assert_false(is_let_in_dkim("192.0.2.4", 10));
	pst_clock_advance(&clock_of_test, 1);
	assert_true(is_let_in_dkim("192.0.2.4", 10));
}

/* Two crashes a minute are not too many, but so are ten an hour. */
static void
test_slow_attack(void **state)
{
	(void)state;
	if (!is_marked())
		return;
	for (unsigned n = 1; n <= PST_CONTAINMENT_AN_HOUR; n++) {
		assert_true(is_let_in_dkim("192.0.2.1", 2 * n));
		assert_true(crash_dkim("192.0.2.1", 2 * n) ==
		    (n == PST_CONTAINMENT_AN_HOUR));
		pst_clock_advance(&clock_of_test, MINUTE_MS / 2);
	}
	assert_false(is_let_in_dkim("192.0.2.1", 100));
}

/* A crash now and then, for ever, bars nobody. */
static void
test_seldom(void **state)
{
	(void)state;
	if (!is_marked())
		return;
	for (unsigned n = 1; n <= 3 * PST_CONTAINMENT_AN_HOUR; n++) {
		assert_false(crash_dkim("192.0.2.1", 2 * n));
		pst_clock_advance(
		    &clock_of_test, HOUR_MS / (PST_CONTAINMENT_AN_HOUR - 1));
	}
}

/* A process that is not a worker has no guard. */
static void
test_no_worker(void **state)
{
	struct pst_crash found;

	(void)state;
	assert_null(guard_for("192.0.2.1", NULL));
	pst_containment_unmap();
	pst_containment_enter(0, &clock_of_test);
	assert_null(guard_for("192.0.2.1", NULL));
	assert_false(pst_containment_collect(0, getpid(), 0, &found));
}

#define WITH_BLOCK(test)                                                       \
	cmocka_unit_test_setup_teardown(test, open_block, close_block)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_BLOCK(test_message),
	    WITH_BLOCK(test_log),
	    WITH_BLOCK(test_network),
	    WITH_BLOCK(test_slow_attack),
	    WITH_BLOCK(test_seldom),
	    WITH_BLOCK(test_no_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
