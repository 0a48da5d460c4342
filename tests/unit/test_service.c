/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/counters.h"
#include "tests/unit/core_fixture.h"

static struct pst_config *
named(const char *id)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
	    "authserv-id = \"%s\"\ndmarc { " LAB_NO_LIST " }\n", id);
	return lab_config(text);
}

/* A replacement drops only the reference that the service itself holds. */
static void
test_replace(void **state)
{
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct pst_resolver *zone = lab_zone("");
	struct pst_config *first = named("first.example");
	struct pst_service *service =
	    pst_service_start_with(first, zone, &clock);
	struct pst_config *held = pst_service_config(service);
	struct pst_config *now;

	(void)state;
	assert_ptr_equal(held, first);
	assert_ptr_equal(pst_service_resolver(service), zone);
	assert_ptr_equal(pst_service_clock(service), &clock);
	pst_service_replace(service, named("second.example"));
	assert_string_equal(held->authserv_id, "first.example");
	now = pst_service_config(service);
	assert_string_equal(now->authserv_id, "second.example");
	pst_config_unref(now);
	pst_service_stop(service);
	assert_string_equal(held->authserv_id, "first.example");
	pst_config_unref(held);
}

static void
write_file(char *name, const char *text)
{
	size_t len = strlen(text);
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static struct pst_config *
with_zone(const char *file)
{
	char text[300];

	(void)snprintf(
	    text, sizeof(text), LAB_CONFIG "dns { zone = \"%s\" }\n", file);
	return lab_config(text);
}

static void
test_zone_of_the_configuration(void **state)
{
	char file[] = "postern-zone-XXXXXX";
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct lab lab = {0};
	struct pst_session *session;
	struct pst_err err;

	(void)state;
	write_file(
	    file, "_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n");
	lab.service = pst_service_start(with_zone(file), &clock, &err);
	assert_int_equal(unlink(file), 0);
	assert_non_null(lab.service);
	session = lab_connect(&lab, "192.0.2.66");
	assert_string_equal(lab_send(session,
				&(struct letter){.mail_from = "<>",
				    .header = "From: ceo@bank.example\n"})
				->decision.rule,
	    "dmarc-reject");
	pst_session_close(session);
	pst_service_stop(lab.service);
}

static void
test_zone_that_is_wrong(void **state)
{
	char file[] = "postern-zone-XXXXXX";
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct pst_config *config = with_zone("does-not-exist.zone");
	struct pst_config *held = pst_config_ref(config);
	struct pst_err err = {""};

	(void)state;
	assert_null(pst_service_start(config, &clock, &err));
	assert_non_null(strstr(err.text, "does-not-exist.zone"));
	/* The service dropped its reference; ours is still valid. */
	assert_string_equal(held->authserv_id, LAB_ID);
	pst_config_unref(held);

	write_file(file, "this is not a zone\n");
	assert_null(pst_service_start(with_zone(file), &clock, &err));
	assert_int_equal(unlink(file), 0);
	assert_non_null(strstr(err.text, file));
}

/* Starting sends no query, so it needs no server. */
static void
test_real_resolver(void **state)
{
	struct pst_clock clock = pst_clock_system;
	struct pst_err err = {""};
	struct pst_service *service = pst_service_start(
	    lab_config(LAB_CONFIG "dns { servers = {\"127.0.0.1@1\"} }\n"),
	    &clock, &err);

	(void)state;
	if (service == NULL)
		fail_msg("%s", err.text);
	pst_service_stop(service);
}

enum { THREADS = 4, ROUNDS = 500 };

static void *
take(void *arg)
{
	struct pst_service *service = arg;

	for (size_t i = 0; i < ROUNDS; i++) {
		struct pst_config *config = pst_service_config(service);

		if (config->authserv_id[0] == '\0')
			abort();
		pst_config_unref(config);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	struct pst_clock clock = pst_clock_system;
	struct pst_service *service = pst_service_start_with(
	    named("first.example"), lab_zone(""), &clock);
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, take, service), 0);
	for (size_t i = 0; i < 20; i++)
		pst_service_replace(service, named("next.example"));
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pst_service_stop(service);
}

/* What a message says about the resolver is counted. */
static void
test_counted(void **state)
{
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct pst_service *service = pst_service_start_with(
	    named("first.example"), lab_zone(""), &clock);
	struct pst_config *config = pst_service_config(service);
	struct pst_counters_sum sum;
	struct pst_counters *block;
	struct pst_err err;
	bool capped;

	(void)state;
	block = pst_counters_map(&err);
	assert_non_null(block);
	pst_counters_enter(block, 0);
	assert_int_equal(pst_service_note_dns(service, config,
			     PST_DNS_OBSERVED_FAILURE, &capped),
	    PST_DNS_HEALTH_SAME);
	pst_counters_read(block, &sum);
	assert_true(sum.of[PST_COUNTER_DNS_FAILING_SINCE][0] > 0);
	(void)pst_service_note_dns(
	    service, config, PST_DNS_OBSERVED_ANSWERS, &capped);
	pst_counters_read(block, &sum);
	assert_int_equal(sum.of[PST_COUNTER_DNS_FAILING_SINCE][0], 0);
	pst_counters_unmap(block);
	pst_config_unref(config);
	pst_service_stop(service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_zone_of_the_configuration),
	    cmocka_unit_test(test_zone_that_is_wrong),
	    cmocka_unit_test(test_real_resolver),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
