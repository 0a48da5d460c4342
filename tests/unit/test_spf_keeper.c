/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/thread.h"
#include "core/spf_file.h"
#include "core/spf_keeper.h"
#include "tests/unit/core_fixture.h"

#define CONFIG "forwarders = {\"spf:a.example\"}\n"
#define ZONE "a.example. 600 IN TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
#define B_ZONE "b.example. 600 IN TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n"
#define B_CONFIG "forwarders = {\"spf:b.example\"}\n"
#define LONG_MS 60000

static struct pst_arena *arena;
static struct pst_service *service;
static struct pst_spf_keeper *keeper;
static struct pst_clock system_clock;
static char *store;

/* What the log was told. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned warnings;

static void
take_log(void *arg, bool is_warning, const char *sentence)
{
	(void)arg;
	(void)sentence;
	pst_mutex_lock(&mutex);
	warnings += is_warning;
	pst_mutex_unlock(&mutex);
}

static unsigned
count_warnings(void)
{
	unsigned n;

	pst_mutex_lock(&mutex);
	n = warnings;
	pst_mutex_unlock(&mutex);
	return n;
}

static struct pst_config *
config_of(const char *text)
{
	return lab_config(pst_arena_printf(
	    arena, "%sstore { path = \"%s\" }\n", text, store));
}

static void
start(const char *config, const char *zone)
{
	system_clock = pst_clock_system;
	service = pst_service_start_with(
	    config_of(config), lab_zone(zone), &system_clock);
	keeper =
	    pst_spf_keeper_new(service, (struct pst_spf_log){take_log, NULL});
	pst_spf_keeper_tend(keeper);
}

static void
stop(void)
{
	pst_spf_keeper_stop(keeper);
	pst_service_stop(service);
}

static int
set_up(void **state)
{
	char place[] = "/tmp/postern-keeper.XXXXXX";

	(void)state;
	arena = pst_arena_new();
	warnings = 0;
	store = pst_arena_printf(arena, "%s/store", mkdtemp(place));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlink(pst_arena_printf(arena, "%s-networks", store));
	*strrchr(store, '/') = '\0';
	assert_int_equal(rmdir(store), 0);
	pst_arena_free(arena);
	return 0;
}

static enum pst_held
held(const char *client)
{
	struct pst_config *config = pst_service_config(service);
	struct pst_arena *own = pst_arena_new();
	struct pst_client_nets nets;
	enum pst_held result = PST_HELD_UNKNOWN;
	struct pst_ip ip;

	assert_true(pst_ip_parse(pst_str(client), &ip));
	nets = pst_spf_lists_ask(
	    pst_service_spf_lists(service), own, &config->spf_names, &ip);
	if (nets.count > 0)
		result = nets.items[0].held;
	pst_arena_free(own);
	pst_config_unref(config);
	return result;
}

static bool
file_exists(void)
{
	return access(pst_arena_printf(arena, "%s-networks", store), R_OK) == 0;
}

static void
test_start_and_file(void **state)
{
	(void)state;
	start(CONFIG, ZONE);
	pst_spf_keeper_wait(keeper, LONG_MS);
	assert_int_equal(held("192.0.2.1"), PST_HELD_YES);
	stop();
	assert_true(file_exists());
	assert_int_equal(count_warnings(), 0);
	/* The next one has the list before its first look-up. */
	start(CONFIG, ";! servfail a.example\n");
	assert_int_equal(held("192.0.2.1"), PST_HELD_YES);
	pst_spf_keeper_wait(keeper, LONG_MS);
	assert_int_equal(held("192.0.2.1"), PST_HELD_YES);
	stop();
}

static void
test_dead(void **state)
{
	(void)state;
	start(CONFIG, ";! servfail a.example\n");
	pst_spf_keeper_wait(keeper, LONG_MS);
	assert_int_equal(held("192.0.2.1"), PST_HELD_UNKNOWN);
	assert_int_equal(count_warnings(), 1);
	stop();
	assert_false(file_exists());
}

/* A look-up that waits does not hold up the end. */
static void
test_stop_while_waiting(void **state)
{
	(void)state;
	start(CONFIG, ";! timeout a.example\n");
	stop();
	assert_false(file_exists());
}

static void
test_unused(void **state)
{
	(void)state;
	start("", ZONE);
	pst_spf_keeper_wait(keeper, LONG_MS); /* there is no thread */
	stop();
	assert_false(file_exists());
}

/* Messages ask while the configuration and the lists change. */
static atomic_bool is_over;

static void *
ask(void *arg)
{
	(void)arg;
	while (!atomic_load(&is_over))
		(void)held("192.0.2.1");
	return NULL;
}

static void
wait_for(const char *client)
{
	for (unsigned i = 0; i < 6000 && held(client) != PST_HELD_YES; i++)
		(void)usleep(10000);
	assert_int_equal(held(client), PST_HELD_YES);
}

static void
test_threads(void **state)
{
	pthread_t threads[2];

	(void)state;
	start("", ZONE B_ZONE);
	atomic_store(&is_over, false);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_true(pst_thread_start(&threads[i], ask, NULL));
	for (unsigned i = 0; i < 5; i++) {
		pst_service_replace(service, config_of(CONFIG));
		pst_spf_keeper_tend(keeper);
		wait_for("192.0.2.1");
		pst_service_replace(service, config_of(B_CONFIG));
		pst_spf_keeper_tend(keeper);
		wait_for("203.0.113.1");
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		pst_thread_join(threads[i]);
	stop();
	assert_int_equal(count_warnings(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_start_and_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_dead, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_stop_while_waiting, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_unused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
