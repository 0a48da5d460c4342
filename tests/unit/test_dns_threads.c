/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "base/macros.h"
#include "dns_fixture.h"

static void *
complete_soon(void *arg)
{
	struct stub *stub = arg;

	for (size_t i = 0; i < stub->kept_count; i++) {
		usleep(2000);
		pst_dns_job_complete(stub->kept[i], make_answer("x"), 0);
	}
	return NULL;
}

/* With either clock, pst_dns_wait() waits for open jobs in real time. */
static void
test_wait_for_another_thread(void **state)
{
	(void)state;
	for (int manual = 0; manual < 2; manual++) {
		struct fixture *f = setup(STUB_KEEP);
		const struct pst_dns_entry *entries[4];
		pthread_t thread;
		int waits = 0;

		f->clock = manual ? pst_clock_manual(1000) : pst_clock_system;
		for (size_t i = 0; i < PST_COUNT(entries); i++) {
			char name[2] = {(char)('a' + (int)i), '\0'};

			entries[i] = ask(f, name);
		}
		assert_int_equal(
		    pthread_create(&thread, NULL, complete_soon, &f->stub), 0);
		while (pst_dns_wait(f->dns, INT64_MAX))
			waits++;
		pthread_join(thread, NULL);
		assert_in_range(waits, 1, PST_COUNT(entries));
		for (size_t i = 0; i < PST_COUNT(entries); i++)
			assert_int_equal(
			    entries[i]->answer->status, PST_DNS_OK);
		if (manual)
			assert_int_equal(pst_clock_ms(&f->clock), 0);
		pst_arena_free(f->arena);
	}
}

static void
test_real_time_out(void **state)
{
	struct fixture *f = setup(STUB_KEEP);
	struct pst_dns_limits short_limits = {5, 200, 16384, 0};
	const struct pst_dns_entry *entry;
	int64_t start_ms;

	(void)state;
	f->clock = pst_clock_system;
	f->dns =
	    pst_dns_open(f->arena, &f->stub.resolver, &f->clock, short_limits);
	entry = ask(f, "a.example");
	start_ms = pst_clock_ms(&f->clock);
	assert_false(pst_dns_wait(f->dns, start_ms + 3));
	assert_true(pst_dns_wait(f->dns, start_ms + 60000));
	assert_int_equal(entry->answer->status, PST_DNS_TIMEOUT);
	assert_true(pst_clock_ms(&f->clock) >= start_ms + 199);
	pst_dns_job_lose(f->stub.kept[0]);
	pst_arena_free(f->arena);
}

struct race {
	struct stub *stub;
	size_t from;
};

static void *
complete_all(void *arg)
{
	struct race *race = arg;

	for (size_t i = race->from; i < race->stub->kept_count; i += 2)
		pst_dns_job_complete(race->stub->kept[i], make_answer("x"), 0);
	return NULL;
}

/* Two threads answer while the queries expire or are closed. */
static void
test_race_with_close(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct fixture *f = setup(STUB_KEEP);
		struct race races[2] = {{&f->stub, 0}, {&f->stub, 1}};
		pthread_t threads[2];

		ask(f, "a.example");
		ask(f, "b.example");
		ask(f, "c.example");
		ask(f, "d.example");
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL,
					     complete_all, &races[i]),
			    0);
		if (round % 2 == 0)
			pst_dns_expire(f->dns, PST_DNS_TIMEOUT);
		pst_dns_poll(f->dns);
		pst_arena_free(f->arena);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wait_for_another_thread),
	    cmocka_unit_test(test_real_time_out),
	    cmocka_unit_test(test_race_with_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
