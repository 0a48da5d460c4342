/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.h"
#include "core/crash_slots.h"
#include "tests/unit/rows.h"

static struct pst_crash_slots *slots;

static const struct pst_crash_note note = {
    .library = PST_LIBRARY_OPENDKIM,
    .digest = 4711,
    .client = {.family = PST_IP_V4, .octets = {192, 0, 2, 66}},
    .domain = "bank.example",
    .is_test = 1,
    .is_author = 1,
};

static int
map(void **state)
{
	(void)state;
	slots = mmap(NULL, sizeof(*slots), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(slots != MAP_FAILED);
	return 0;
}

static int
unmap(void **state)
{
	(void)state;
	return munmap(slots, sizeof(*slots));
}

static size_t
slots_in_use(void)
{
	size_t n = 0;

	for (size_t i = 0; i < PST_CRASH_SLOTS; i++)
		n += atomic_load(&slots->slots[i].owner) != 0;
	return n;
}

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* Runs a worker, which ends by itself or by a signal of ours. */
static pid_t
run(void (*work)(int number), int number, int from_outside)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none);
		/* Those of the test framework would go on with its tests. */
		for (size_t i = 0; i < PST_COUNT(fatal); i++)
			(void)signal(fatal[i], SIG_DFL);
		pst_crash_slots_enter(slots);
		work(number);
		_exit(0);
	}
	while (from_outside != 0 && slots_in_use() == 0)
		(void)usleep(1000);
	if (from_outside != 0)
		assert_int_equal(kill(pid, from_outside), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return pid;
}

static void
take(void)
{
	if (!pst_crash_slot_take(&note))
		_exit(1);
}

static void
crash_inside(int number)
{
	take();
	(void)raise(number);
}

static void
crash_in_a_hook(int number)
{
	take();
	pst_crash_slot_move(false);
	(void)raise(number);
}

static void
crash_after_a_hook(int number)
{
	take();
	pst_crash_slot_move(false);
	pst_crash_slot_move(true);
	(void)raise(number);
}

static void
crash_afterwards(int number)
{
	take();
	pst_crash_slot_give_back();
	(void)raise(number);
}

static void
crash_before(int number)
{
	(void)raise(number);
}

static void
fault_inside(int number)
{
	volatile int *volatile nowhere = NULL;

	(void)number;
	take();
	*nowhere = 1;
}

static void
abort_inside(int number)
{
	(void)number;
	take();
	abort();
}

static void
stay_inside(int number)
{
	take();
	(void)sleep((unsigned)number);
}

static void
end_inside(int number)
{
	(void)number;
	take();
}

static void
test_who_is_blamed(void **state)
{
	static const struct {
		const char *label;
		void (*work)(int number);
		int number;
		int from_outside;
		bool blamed;
	} rows[] = {
	    {"a fault", fault_inside, 0, 0, true},
	    {"abort", abort_inside, 0, 0, true},
	    {"SIGSEGV", crash_inside, SIGSEGV, 0, true},
	    {"SIGBUS", crash_inside, SIGBUS, 0, true},
	    {"SIGFPE", crash_inside, SIGFPE, 0, true},
	    {"SIGILL", crash_inside, SIGILL, 0, true},
	    {"after a hook", crash_after_a_hook, SIGABRT, 0, true},
	    {"in a hook", crash_in_a_hook, SIGABRT, 0, false},
	    {"after the call", crash_afterwards, SIGABRT, 0, false},
	    {"without a call", crash_before, SIGABRT, 0, false},
	    {"another signal", crash_inside, SIGTERM, 0, false},
	    {"killed", stay_inside, 60, SIGKILL, false},
	    {"sent SIGSEGV", stay_inside, 60, SIGSEGV, false},
	    {"sent SIGABRT", stay_inside, 60, SIGABRT, false},
	    {"an exit", end_inside, 0, 0, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_crash_note found;
		pid_t pid =
		    run(rows[i].work, rows[i].number, rows[i].from_outside);

		/* Nobody collects the slots of another process. */
		assert_false(pst_crash_slots_collect(slots, getpid(), &found));
		assert_true(pst_crash_slots_collect(slots, pid, &found) ==
		    (rows[i].blamed && pst_crash_slots_are_marked()));
		assert_int_equal(slots_in_use(), 0);
		if (!rows[i].blamed || !pst_crash_slots_are_marked())
			continue;
		assert_int_equal(found.library, note.library);
		assert_int_equal(found.digest, note.digest);
		assert_true(pst_ip_eq(&found.client, &note.client));
		assert_string_equal(found.domain, note.domain);
		assert_int_equal(found.is_test, 1);
		assert_int_equal(found.is_author, 1);
		assert_false(pst_crash_slots_collect(slots, pid, &found));
	}
}

static void *
wait_inside(void *arg)
{
	atomic_int *inside = arg;

	take();
	(void)atomic_fetch_add(inside, 1);
	(void)sleep(60);
	return NULL;
}

#define THREADS 20

/* Only the last one crashes; its note has another digest. */
static void
crash_among_others(int number)
{
	struct pst_crash_note own = note;
	atomic_int inside = 0;
	pthread_t threads[THREADS];

	own.digest = (uint64_t)number;
	for (size_t i = 0; i < THREADS; i++)
		if (!pst_thread_start(&threads[i], wait_inside, &inside))
			_exit(1);
	while (atomic_load(&inside) < THREADS)
		(void)usleep(1000);
	if (!pst_crash_slot_take(&own))
		_exit(1);
	abort();
}

static void
test_other_threads(void **state)
{
	struct pst_crash_note found;
	pid_t pid = run(crash_among_others, 5, 0);

	(void)state;
	if (pst_crash_slots_are_marked()) {
		assert_true(pst_crash_slots_collect(slots, pid, &found));
		assert_int_equal(found.digest, 5);
	}
	assert_false(pst_crash_slots_collect(slots, pid, &found));
	assert_int_equal(slots_in_use(), 0);
}

static void
crash_without_a_slot(int number)
{
	(void)number;
	if (pst_crash_slot_take(&note))
		_exit(1);
	pst_crash_slot_move(true);
	pst_crash_slot_give_back();
	abort();
}

static void
test_no_slot_left(void **state)
{
	struct pst_crash_note found;
	pid_t pid;

	(void)state;
	/* They belong to init, which lives. */
	for (size_t i = 0; i < PST_CRASH_SLOTS; i++)
		atomic_store(&slots->slots[i].owner, 1 << 8 | 2);
	pid = run(crash_without_a_slot, 0, 0);
	assert_false(pst_crash_slots_collect(slots, pid, &found));
	assert_int_equal(slots_in_use(), PST_CRASH_SLOTS);
}

static void
do_nothing(int number)
{
	(void)number;
}

/* A worker whose supervisor died first is collected by the next one. */
static void
test_orphans(void **state)
{
	(void)state;
	(void)run(end_inside, 0, 0);
	assert_int_equal(slots_in_use(), 1);
	(void)run(do_nothing, 0, 0);
	assert_int_equal(slots_in_use(), 0);
}

/* Sanitizers keep their own handlers; then there is nothing to test. */
static bool
is_marked(void)
{
	if (!pst_crash_slots_are_marked())
		print_message("# no handler in a build with sanitizers\n");
	return pst_crash_slots_are_marked();
}

/* The process that crashed may have written anything there. */
static void
test_damaged_note(void **state)
{
	struct pst_crash_note found;
	pid_t pid;

	(void)state;
	if (!is_marked())
		return;
	pid = run(abort_inside, 0, 0);
	memset(&slots->slots[0].note, 'x', sizeof(slots->slots[0].note));
	assert_true(pst_crash_slots_collect(slots, pid, &found));
	assert_int_equal(found.library, PST_LIBRARY_SPF2);
	assert_int_equal(found.client.family, PST_IP_NONE);
	assert_int_equal(strlen(found.domain), sizeof(found.domain) - 1);
}

#define WITH_SLOTS(test) cmocka_unit_test_setup_teardown(test, map, unmap)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SLOTS(test_who_is_blamed),
	    WITH_SLOTS(test_other_threads),
	    WITH_SLOTS(test_no_slot_left),
	    WITH_SLOTS(test_orphans),
	    WITH_SLOTS(test_damaged_note),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
