/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "base/thread.h"
#include "core/waiting_room.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define ROOM 4

/* ---- who must leave ---- */

static struct pst_resolver no_resolver;

struct guest {
	struct pst_arena *arena;
	struct pst_waiting waiting;
};

static void
enter(struct pst_waiting_room *room, struct guest *guest, const char *ip,
    struct pst_clock *clock)
{
	const struct pst_dns_limits limits = {5, 1000, 16384, 0};
	struct pst_ip client;

	assert_true(pst_ip_parse(pst_str(ip), &client));
	guest->arena = pst_arena_new();
	pst_waiting_room_enter(room, &guest->waiting,
	    pst_dns_open(guest->arena, &no_resolver, clock, limits), &client,
	    pst_clock_ms(clock));
}

static void
leave(struct pst_waiting_room *room, struct guest *guest, int64_t now_ms)
{
	pst_waiting_room_leave(room, &guest->waiting, now_ms);
	pst_arena_free(guest->arena);
}

static void
test_who_must_leave(void **state)
{
	static const struct {
		const char *label;
		const char *ips[ROOM];
		unsigned expected;
	} rows[] = {
	    {"one network",
		{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}, 0},
	    {"four networks", {"192.0.2.1", "192.0.3.1", "192.0.4.1", "::1"},
		0},
	    {"most messages",
		{"192.0.2.1", "192.0.3.1", "192.0.4.1", "192.0.3.255"}, 1},
	    {"IPv6",
		{"192.0.2.1", "2001:db8::1", "2001:db8:0:1::1",
		    "2001:db8:0:1:ffff::"},
		2},
	    {"same octets, other family",
		{"::c000:200", "192.0.2.0", "192.0.3.0", "192.0.3.1"}, 2},
	};
	struct pst_clock clock = pst_clock_manual(1000);

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_waiting_room *room = pst_waiting_room_new(ROOM);
		struct guest guests[ROOM + 1];

		for (unsigned j = 0; j < ROOM; j++)
			enter(room, &guests[j], rows[i].ips[j], &clock);
		for (unsigned j = 0; j < ROOM; j++)
			assert_false(
			    pst_waiting_must_leave(&guests[j].waiting));
		enter(room, &guests[ROOM], "198.51.100.1", &clock);
		for (unsigned j = 0; j <= ROOM; j++)
			assert_int_equal(
			    pst_waiting_must_leave(&guests[j].waiting),
			    j == rows[i].expected);
		for (unsigned j = 0; j <= ROOM; j++)
			leave(room, &guests[j], 0);
		pst_waiting_room_free(room);
	}
}

/* Of messages that have left, none counts for its network any more. */
static void
test_left(void **state)
{
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_waiting_room *room = pst_waiting_room_new(3);
	struct guest a, b, c, d, e, f;

	(void)state;
	enter(room, &a, "192.0.2.1", &clock);
	enter(room, &b, "192.0.2.2", &clock);
	enter(room, &c, "192.0.3.1", &clock);
	enter(room, &d, "192.0.4.1", &clock); /* instead of a */
	assert_true(pst_waiting_must_leave(&a.waiting));
	leave(room, &b, 0);
	enter(room, &e, "192.0.3.2", &clock); /* there was room */
	assert_false(pst_waiting_must_leave(&c.waiting));
	enter(room, &f, "192.0.2.3", &clock); /* 192.0.3.0/24 has most */
	assert_true(pst_waiting_must_leave(&c.waiting));
	assert_false(pst_waiting_must_leave(&d.waiting));
	assert_false(pst_waiting_must_leave(&e.waiting));
	leave(room, &f, 0);
	leave(room, &a, 0);
	leave(room, &c, 0);
	leave(room, &e, 0);
	leave(room, &d, 0);
	pst_waiting_room_free(room);
}

/* ---- the alarm ---- */

static unsigned begun, ended;

static void
count_alarms(bool on)
{
	if (on)
		begun++;
	else
		ended++;
}

static void
test_alarm(void **state)
{
	struct pst_clock clock = pst_clock_manual(1000);
	struct pst_waiting_room *room = pst_waiting_room_new(1);
	struct guest a, b, c;

	(void)state;
	pst_waiting_room_watch(room, count_alarms);
	enter(room, &a, "192.0.2.1", &clock);
	assert_int_equal(begun, 0);
	enter(room, &b, "192.0.2.1", &clock);
	assert_int_equal(begun, 1);
	leave(room, &a, pst_clock_ms(&clock));
	pst_clock_advance(&clock, PST_WAITING_QUIET_MS - 1);
	enter(room, &c, "192.0.2.1", &clock); /* it goes on */
	leave(room, &b, pst_clock_ms(&clock));
	assert_int_equal(begun, 1);
	pst_clock_advance(&clock, PST_WAITING_QUIET_MS - 1);
	leave(room, &c, pst_clock_ms(&clock));
	assert_int_equal(ended, 0);
	pst_clock_advance(&clock, 1);
	enter(room, &a, "192.0.2.1", &clock);
	leave(room, &a, pst_clock_ms(&clock));
	assert_int_equal(ended, 1);
	enter(room, &a, "192.0.2.1", &clock);
	enter(room, &b, "192.0.2.1", &clock);
	assert_int_equal(begun, 2);
	leave(room, &a, pst_clock_ms(&clock));
	leave(room, &b, pst_clock_ms(&clock));
	pst_waiting_room_free(room);
}

/* ---- messages ---- */

static void
never_answer(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	(void)resolver;
	pst_dns_job_lose(job);
}

static void
free_nothing(struct pst_resolver *resolver)
{
	(void)resolver;
}

struct sender {
	struct lab lab;
	bool crowded;
	enum pst_action action;
	unsigned elapsed_ms;
};

static void *
send_letter(void *arg)
{
	static const struct letter letter = {.mail_from = "<x@bank.example>",
	    .header = "From: ceo@bank.example\nSubject: test\n",
	    .body = "Hello.\r\n"};
	struct sender *sender = arg;
	struct pst_session *session = lab_connect(&sender->lab, "192.0.2.1");
	const struct pst_message *out = lab_send(session, &letter);

	sender->crowded = out->findings.crowded;
	sender->action = out->decision.action;
	sender->elapsed_ms = out->elapsed_ms;
	pst_session_close(session);
	return NULL;
}

/*
 * Of two messages, the second takes the first one's place. Neither has the
 * policy of its author, so neither is accepted; the first does not wait for it.
 */
static void
test_messages(void **state)
{
	struct pst_resolver resolver = {
	    .ask = never_answer, .free = free_nothing};
	struct pst_clock clock = pst_clock_system;
	struct pst_service *service = pst_service_start_with(
	    lab_config(
		LAB_CONFIG "dns { max-waiting = 1 }\ndeadline = 1500ms\n"),
	    &resolver, &clock);
	struct sender senders[2];
	pthread_t threads[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		senders[i].lab = (struct lab){.service = service};
		assert_true(
		    pst_thread_start(&threads[i], send_letter, &senders[i]));
	}
	for (unsigned i = 0; i < 2; i++)
		pst_thread_join(threads[i]);
	assert_int_equal(senders[0].crowded + senders[1].crowded, 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(senders[i].action, PST_ACTION_TEMPFAIL);
		assert_int_equal(
		    senders[i].elapsed_ms < 1500, senders[i].crowded);
	}
	pst_service_stop(service);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_must_leave),
	    cmocka_unit_test(test_left),
	    cmocka_unit_test(test_alarm),
	    cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
