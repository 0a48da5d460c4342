/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.h"
#include "core/counters.h"
#include "dns/gate.h"
#include "tests/unit/core_fixture.h"

static struct pst_counters *block;
static struct pst_counters_sum sum;

static int
map(void **state)
{
	struct pst_err err;

	(void)state;
	block = pst_counters_map(&err);
	assert_non_null(block);
	pst_counters_enter(block, 0);
	return 0;
}

static int
unmap(void **state)
{
	(void)state;
	pst_counters_unmap(block);
	return 0;
}

static uint64_t
total(enum pst_counter counter)
{
	pst_counters_read(block, &sum);
	return pst_counters_total(&sum, counter);
}

/* The number of the place with that name; fails if there is none. */
static uint64_t
named(enum pst_counter counter, const char *name)
{
	pst_counters_read(block, &sum);
	for (unsigned i = 0; i < pst_counter_info(counter)->places; i++) {
		const char *found = pst_counters_name(&sum, counter, i);

		if (found != NULL && strcmp(found, name) == 0)
			return sum.of[counter][i];
	}
	fail_msg("no %s in %s", name, pst_counter_info(counter)->name);
	return 0;
}

/* Each row of the table can be printed, and no name occurs twice. */
static void
test_table(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		const struct pst_counter_info *info =
		    pst_counter_info((enum pst_counter)i);

		if (info->name == NULL || info->help == NULL ||
		    info->places == 0 || info->places > PST_COUNTER_PLACES)
			fail_msg("row %u is not complete", i);
		for (const char *c = info->name; *c != '\0'; c++)
			if (!islower((unsigned char)*c) && *c != '_')
				fail_msg("%s: wrong name", info->name);
		for (unsigned j = 0; j < i; j++)
			if (strcmp(info->name,
				pst_counter_info((enum pst_counter)j)->name) ==
			    0)
				fail_msg("%s occurs twice", info->name);
		for (unsigned j = 0; info->word != NULL && j < info->places;
		     j++)
			if (info->word(j) == NULL || info->word(j)[0] == '\0')
				fail_msg("%s: no word for %u", info->name, j);
	}
}

/* Without a block, all calls are allowed and do nothing. */
static void
test_none(void **state)
{
	(void)state;
	pst_counters_enter(NULL, 0);
	pst_counter_add(PST_COUNTER_MESSAGES, 0, 1);
	pst_counter_change(PST_COUNTER_SESSIONS_OPEN, 1);
	pst_counter_set(PST_COUNTER_STORE_QUEUE, 1);
	pst_counter_time(PST_COUNTER_DNS_MS, 1);
	pst_counter_since(PST_COUNTER_DNS_FAILING_SINCE, true);
	pst_counters_set_in(1, PST_COUNTER_WORKERS_READY, 1);
	pst_counters_bury(1);
	assert_int_equal(
	    pst_counters_place(PST_COUNTER_RULES, "x"), PST_COUNTER_PLACES - 1);
	pst_counters_read(NULL, &sum);
	for (unsigned i = 0; i < PST_COUNTERS; i++)
		assert_int_equal(
		    pst_counters_total(&sum, (enum pst_counter)i), 0);
	pst_counters_unmap(NULL);
}

#define THREADS 4
#define PROCESSES 3
#define ROUNDS 20000

static void *
count_all(void *arg)
{
	char name[16];

	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		(void)snprintf(name, sizeof(name), "rule-%u", i % 8);
		pst_counter_add(PST_COUNTER_MESSAGES, i % 5, 1);
		pst_counter_change(PST_COUNTER_DNS_OPEN, 1);
		pst_counter_time(PST_COUNTER_DNS_MS, i % 300);
		pst_counter_change(PST_COUNTER_DNS_OPEN, -1);
		pst_counter_add(PST_COUNTER_RULES,
		    pst_counters_place(PST_COUNTER_RULES, name), 1);
	}
	return NULL;
}

static void
run_threads(void)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		if (!pst_thread_start(&threads[i], count_all, NULL))
			_exit(1);
	for (size_t i = 0; i < THREADS; i++)
		pst_thread_join(threads[i]);
}

/* Several processes, two of them in one slot, with several threads each. */
static void
test_concurrent(void **state)
{
	const uint64_t all = (uint64_t)PROCESSES * THREADS * ROUNDS;
	pid_t pids[PROCESSES];
	int status;

	(void)state;
	for (size_t i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_int_not_equal(pids[i], -1);
		if (pids[i] == 0) {
			pst_counters_enter(block, i / 2);
			run_threads();
			_exit(0);
		}
	}
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(total(PST_COUNTER_MESSAGES), all);
	assert_int_equal(total(PST_COUNTER_DNS_OPEN), 0);
	assert_int_equal(total(PST_COUNTER_DNS_MS), all);
	assert_int_equal(total(PST_COUNTER_RULES), all);
	for (unsigned i = 0; i < 8; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "rule-%u", i);
		assert_int_equal(named(PST_COUNTER_RULES, name), all / 8);
	}
}

/* A program that was executed maps the block anew, by its descriptor. */
static void
test_attached(void **state)
{
	struct pst_err err;
	pid_t pid;
	int status, other;

	(void)state;
	assert_int_not_equal(pst_counters_fd(), -1);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		int fd = dup(pst_counters_fd());

		pst_counters_unmap(block);
		block = pst_counters_attach(fd, &err);
		if (block == NULL)
			_exit(1);
		pst_counters_enter(block, PST_COUNTERS_SUPERVISOR);
		pst_counter_add(PST_COUNTER_UPLOAD_BATCHES, 0, 5);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(total(PST_COUNTER_UPLOAD_BATCHES), 5);
	/* Anything else is refused. */
	assert_null(pst_counters_attach(-1, &err));
	other = open("/dev/null", O_RDWR);
	assert_int_not_equal(other, -1);
	assert_null(pst_counters_attach(other, &err));
	assert_non_null(strstr(err.text, "restart posternd"));
	assert_int_equal(close(other), 0);
}

/* What a killed worker counted stays; what it had open is gone. */
static void
test_killed_worker(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		pst_counters_enter(block, 3);
		pst_counter_add(PST_COUNTER_SESSIONS, 0, 7);
		pst_counter_change(PST_COUNTER_SESSIONS_OPEN, 5);
		pst_counter_set(PST_COUNTER_STORE_QUEUE, 9);
		pst_counter_since(PST_COUNTER_DNS_FAILING_SINCE, true);
		pst_counter_time(PST_COUNTER_MESSAGE_MS, 3);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	pst_counter_change(PST_COUNTER_SESSIONS_OPEN, 2);
	pst_counters_set_in(3, PST_COUNTER_WORKERS_READY, 1);
	assert_int_equal(total(PST_COUNTER_SESSIONS_OPEN), 7);
	assert_int_equal(total(PST_COUNTER_WORKERS_READY), 1);
	pst_counters_bury(3);
	assert_int_equal(total(PST_COUNTER_SESSIONS), 7);
	assert_int_equal(total(PST_COUNTER_MESSAGE_MS), 1);
	assert_int_equal(total(PST_COUNTER_SESSIONS_OPEN), 2);
	assert_int_equal(total(PST_COUNTER_STORE_QUEUE), 0);
	assert_int_equal(total(PST_COUNTER_DNS_FAILING_SINCE), 0);
	assert_int_equal(total(PST_COUNTER_WORKERS_READY), 0);
}

/* The names of rules are bounded; those that do not fit are "other". */
static void
test_names(void **state)
{
	const unsigned last = PST_COUNTER_PLACES - 1;
	char name[100];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		unsigned place;

		(void)snprintf(name, sizeof(name), "rule %u", i);
		place = pst_counters_place(PST_COUNTER_OPERATOR_RULES, name);
		assert_int_equal(place, i < last ? i : last);
		/* Again, and the lists are apart. */
		assert_int_equal(
		    pst_counters_place(PST_COUNTER_OPERATOR_RULES, name),
		    place);
		pst_counter_add(PST_COUNTER_OPERATOR_RULES, place, 1);
	}
	assert_int_equal(pst_counters_place(PST_COUNTER_RULES, "new"), 0);
	assert_int_equal(named(PST_COUNTER_OPERATOR_RULES, "rule 62"), 1);
	assert_int_equal(named(PST_COUNTER_OPERATOR_RULES, "other"), 37);
	assert_int_equal(pst_counters_place(PST_COUNTER_RULES, "other"), last);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(pst_counters_place(PST_COUNTER_RULES, name), 1);
	name[PST_COUNTER_NAME_SIZE - 1] = '\0';
	assert_int_equal(named(PST_COUNTER_RULES, name), 0);
}

static void
test_histogram(void **state)
{
	static const struct {
		unsigned ms, bucket;
	} rows[] = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5, 2}, {6, 3}, {1000, 9},
	    {1001, 10}, {60000, 14}, {60001, 15}, {UINT_MAX, 15}};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		uint64_t before, time;

		pst_counters_read(block, &sum);
		before = sum.of[PST_COUNTER_DNS_MS][rows[i].bucket];
		time = sum.of[PST_COUNTER_DNS_MS][PST_COUNTER_SUM];
		pst_counter_time(PST_COUNTER_DNS_MS, rows[i].ms);
		pst_counters_read(block, &sum);
		if (sum.of[PST_COUNTER_DNS_MS][rows[i].bucket] != before + 1 ||
		    sum.of[PST_COUNTER_DNS_MS][PST_COUNTER_SUM] !=
			time + rows[i].ms)
			fail_msg("%u ms: wrong bucket or sum", rows[i].ms);
	}
}

static void
test_percentile(void **state)
{
	(void)state;
	pst_counters_read(block, &sum);
	assert_int_equal(
	    pst_counters_percentile(&sum, PST_COUNTER_MESSAGE_MS, 50), 0);
	for (unsigned i = 0; i < 90; i++)
		pst_counter_time(PST_COUNTER_MESSAGE_MS, 4);
	for (unsigned i = 0; i < 9; i++)
		pst_counter_time(PST_COUNTER_MESSAGE_MS, 150);
	pst_counter_time(PST_COUNTER_MESSAGE_MS, 70000);
	pst_counters_read(block, &sum);
	assert_int_equal(
	    pst_counters_percentile(&sum, PST_COUNTER_MESSAGE_MS, 50), 5);
	assert_int_equal(
	    pst_counters_percentile(&sum, PST_COUNTER_MESSAGE_MS, 90), 5);
	assert_int_equal(
	    pst_counters_percentile(&sum, PST_COUNTER_MESSAGE_MS, 99), 200);
	assert_int_equal(
	    pst_counters_percentile(&sum, PST_COUNTER_MESSAGE_MS, 100),
	    UINT_MAX);
}

/* Of several slots, the first beginning and the latest event count. */
static void
test_times(void **state)
{
	uint64_t since;

	(void)state;
	pst_counters_set_in(1, PST_COUNTER_DNS_FAILING_SINCE, 500);
	pst_counters_set_in(2, PST_COUNTER_DNS_FAILING_SINCE, 300);
	pst_counters_set_in(1, PST_COUNTER_LAST_CRASH, 500);
	pst_counters_set_in(2, PST_COUNTER_LAST_CRASH, 300);
	assert_int_equal(total(PST_COUNTER_DNS_FAILING_SINCE), 300);
	assert_int_equal(total(PST_COUNTER_LAST_CRASH), 500);
	/* Only the first failure sets the time. */
	pst_counters_bury(1);
	pst_counters_bury(2);
	pst_counters_dns_health(PST_DNS_OBSERVED_FAILURE);
	since = total(PST_COUNTER_DNS_FAILING_SINCE);
	assert_true(since > 1600000000);
	pst_counter_set(PST_COUNTER_DNS_FAILING_SINCE, since - 100);
	pst_counters_dns_health(PST_DNS_OBSERVED_FAILURE);
	pst_counters_dns_health(PST_DNS_OBSERVED_NOTHING);
	assert_int_equal(total(PST_COUNTER_DNS_FAILING_SINCE), since - 100);
	pst_counters_dns_health(PST_DNS_OBSERVED_ANSWERS);
	assert_int_equal(total(PST_COUNTER_DNS_FAILING_SINCE), 0);
}

static void
test_resolver(void **state)
{
	const struct pst_resolver_note asked = {.event = PST_RESOLVER_ASKED};
	const struct pst_resolver_note notes[] = {asked, asked, asked, asked,
	    {.event = PST_RESOLVER_JOINED}, {.event = PST_RESOLVER_CACHED},
	    {PST_RESOLVER_REFUSED, .verdict = PST_GATE_POOL},
	    {PST_RESOLVER_REFUSED, .verdict = PST_GATE_PAUSE},
	    {PST_RESOLVER_REFUSED, .verdict = PST_GATE_PAUSE},
	    {PST_RESOLVER_DISPLACED, 0, 0, {"", 0}, PST_DNS_TXT,
		PST_DNS_CROWDED},
	    {PST_RESOLVER_ANSWERED, 0, 30, {"", 0}, PST_DNS_MX,
		PST_DNS_NXDOMAIN},
	    {PST_RESOLVER_GIVEN_UP, 0, 5000, {"", 0}, PST_DNS_A, PST_DNS_OK}};

	(void)state;
	for (size_t i = 0; i < PST_COUNT(notes); i++)
		pst_counters_resolver(&notes[i]);
	assert_int_equal(total(PST_COUNTER_DNS_QUERIES), 4);
	assert_int_equal(total(PST_COUNTER_DNS_MISSED), 8);
	assert_int_equal(named(PST_COUNTER_DNS_OUTCOMES, "MX,NXDOMAIN"), 1);
	assert_int_equal(named(PST_COUNTER_DNS_OUTCOMES, "TXT,CROWDED"), 1);
	assert_int_equal(named(PST_COUNTER_DNS_OUTCOMES, "A,GIVEN_UP"), 1);
	assert_int_equal(total(PST_COUNTER_DNS_JOINED), 1);
	assert_int_equal(named(PST_COUNTER_DNS_REFUSED, "pool"), 1);
	assert_int_equal(named(PST_COUNTER_DNS_REFUSED, "pause"), 2);
	assert_int_equal(named(PST_COUNTER_DNS_REFUSED, "network"), 0);
	assert_int_equal(total(PST_COUNTER_DNS_DISPLACED), 1);
	assert_int_equal(total(PST_COUNTER_DNS_CACHED), 1);
	assert_int_equal(total(PST_COUNTER_DNS_OPEN), 1);
	assert_int_equal(total(PST_COUNTER_DNS_MS), 1);
	assert_int_equal(sum.of[PST_COUNTER_DNS_MS][PST_COUNTER_SUM], 30);
}

#define ZONE                                                                   \
	"_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n"                    \
	"bank.example. TXT \"v=spf1 -all\"\n"
#define RULE                                                                   \
	"rule \"Friends\" { from-domain = {\"friend.example\"} "               \
	"action = \"tag\" }\n"

static void
play(struct pst_session *session, const char *from)
{
	char header[100], path[100];
	const struct letter letter = {
	    .helo = "mx.example", .mail_from = path, .header = header};

	(void)snprintf(header, sizeof(header), "From: <%s>\n", from);
	(void)snprintf(path, sizeof(path), "<%s>", from);
	pst_counters_message(lab_send(session, &letter));
}

/* Whole messages, through a session. */
static void
test_message(void **state)
{
	struct lab lab;
	struct pst_session *session;

	(void)state;
	lab_open(&lab, LAB_CONFIG RULE, ZONE);
	session = lab_connect(&lab, "192.0.2.66");
	assert_int_equal(total(PST_COUNTER_SESSIONS_OPEN), 1);
	play(session, "ann@bank.example");
	play(session, "ann@bank.example");
	play(session, "bob@friend.example");
	pst_session_close(session);
	session = lab_connect(&lab, NULL);
	play(session, "ann@bank.example");
	pst_session_close(session);
	lab_close(&lab);
	assert_int_equal(total(PST_COUNTER_SESSIONS), 2);
	assert_int_equal(total(PST_COUNTER_SESSIONS_OPEN), 0);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "reject"), 2);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "tag"), 1);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "accept"), 1);
	assert_int_equal(named(PST_COUNTER_EXEMPT, "no"), 3);
	assert_int_equal(named(PST_COUNTER_EXEMPT, "no-address"), 1);
	assert_int_equal(named(PST_COUNTER_DMARC, "fail"), 2);
	assert_int_equal(named(PST_COUNTER_DMARC, "none"), 1);
	assert_int_equal(named(PST_COUNTER_SPF, "fail"), 2);
	assert_int_equal(total(PST_COUNTER_SPF), 3);
	assert_int_equal(total(PST_COUNTER_MESSAGE_MS), 4);
	assert_int_equal(named(PST_COUNTER_OPERATOR_RULES, "Friends"), 1);
	assert_int_equal(named(PST_COUNTER_RULES, "dmarc-reject"), 2);
	assert_int_equal(
	    total(PST_COUNTER_RULES) + total(PST_COUNTER_OPERATOR_RULES), 4);
	assert_true(named(PST_COUNTER_DNS_ANSWERS, "NOERROR") >= 4);
	assert_int_equal(named(PST_COUNTER_DNS_ANSWERS, "TIMEOUT"), 0);
}

/* If libmilter refuses a call, what was done instead is counted. */
static void
test_not_carried_out(void **state)
{
	static const struct pst_done done = {
	    .action = PST_ACTION_TEMPFAIL, .failed = "setting the reply"};
	struct letter letter = {
	    "h", "<x@x.example>", false, "From: ann@bank.example\n", NULL};
	const struct pst_message *message;
	struct pst_session *session;
	struct lab lab;

	(void)state;
	lab_open(&lab, LAB_CONFIG RULE, ZONE);
	session = lab_connect(&lab, "192.0.2.66");
	message = lab_send(session, &letter);
	assert_int_equal(message->decision.action, PST_ACTION_REJECT);
	pst_session_done(session, &done);
	pst_counters_message(message);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "reject"), 0);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "tempfail"), 1);
	assert_int_equal(named(PST_COUNTER_RULES, PST_DONE_RULE), 1);
	assert_int_equal(total(PST_COUNTER_RULES), 1);
	pst_session_close(session);
	lab_close(&lab);
}

/* In monitor mode, what would have been done is counted too. */
static void
test_monitored(void **state)
{
	struct lab lab;
	struct pst_session *session;

	(void)state;
	lab_open(&lab, LAB_CONFIG "mode = monitor\n", ZONE);
	session = lab_connect(&lab, "192.0.2.66");
	play(session, "ann@bank.example");
	pst_session_close(session);
	lab_close(&lab);
	assert_int_equal(named(PST_COUNTER_MESSAGES, "accept"), 1);
	assert_int_equal(named(PST_COUNTER_NOT_ENFORCED, "reject"), 1);
}

static const char *
as_json(struct pst_arena *arena)
{
	struct pst_json *json = pst_json_new(arena);

	pst_counters_read(block, &sum);
	pst_json_open_object(json, NULL);
	pst_counters_json(json, &sum);
	pst_json_close(json);
	return pst_json_end(json);
}

/* What is printed as JSON and read again is the same. */
static void
test_json(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	static struct pst_counters_sum again;
	const struct pst_json_value *value;
	const char *text;
	struct pst_err err;

	(void)state;
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		const struct pst_counter_info *info =
		    pst_counter_info((enum pst_counter)i);

		for (unsigned j = 0; j < info->places; j++)
			pst_counter_add((enum pst_counter)i, j,
			    info->label != NULL && info->word == NULL &&
				    j > 0 && j < PST_COUNTER_PLACES - 1 ?
				0 :
				1000 * i + j + 1);
	}
	(void)pst_counters_place(PST_COUNTER_RULES, "dmarc \"pass\"");
	(void)pst_counters_place(PST_COUNTER_OPERATOR_RULES, "Friends");
	text = as_json(arena);
	value = pst_json_read(arena, pst_str(text), &err);
	assert_non_null(value);
	assert_true(pst_counters_from_json(value, &again, &err));
	assert_memory_equal(&again, &sum, sizeof(sum));
	assert_non_null(strstr(text,
	    "\"sessions\":{\"kind\":\"total\",\"help\":\"SMTP sessions\","
	    "\"value\":"));
	assert_true(strlen(text) < 16384);
	pst_arena_free(arena);
}

static void
test_other_json(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
	    {"{\"counters\":{\"sessions\":{\"value\":4},\"new\":{}}}", true},
	    {"{\"counters\":{\"sessions\":{\"value\":\"x\"},"
	     "\"rules\":{\"values\":[]},\"spf\":7,\"dns_ms\":{\"values\":{}}}}",
		true},
	    {"{\"counters\":{}}", false},
	    {"{\"counters\":7}", false},
	    {"{}", false},
	    {"[]", false},
	};
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err;

	(void)state;
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		bool ok = pst_counters_from_json(
		    pst_json_read(arena, pst_str(rows[i].text), &err), &sum,
		    &err);

		if (ok != rows[i].ok)
			fail_msg("%s: %d", rows[i].text, ok);
		if (pst_counters_total(&sum, PST_COUNTER_SESSIONS) !=
		    (i == 0 ? 4 : 0))
			fail_msg("%s: sessions", rows[i].text);
	}
	pst_arena_free(arena);
}

#define WITH_BLOCK(test) cmocka_unit_test_setup_teardown(test, map, unmap)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_none),
	    WITH_BLOCK(test_concurrent),
	    WITH_BLOCK(test_attached),
	    WITH_BLOCK(test_killed_worker),
	    WITH_BLOCK(test_names),
	    WITH_BLOCK(test_histogram),
	    WITH_BLOCK(test_percentile),
	    WITH_BLOCK(test_times),
	    WITH_BLOCK(test_resolver),
	    WITH_BLOCK(test_message),
	    WITH_BLOCK(test_not_carried_out),
	    WITH_BLOCK(test_monitored),
	    WITH_BLOCK(test_json),
	    WITH_BLOCK(test_other_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
