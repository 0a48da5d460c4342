/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/thread.h"
#include "core/splits.h"
#include "tests/unit/rows.h"

static const struct pst_split_rcpt both[] = {
    {11, PST_PART_MONITORED},
    {12, PST_PART_ENFORCED},
};

static struct pst_split_key
key_of(const char *ip, uint64_t mail_from, uint64_t letter)
{
	struct pst_split_key key = {.mail_from = mail_from, .letter = letter};

	assert_true(pst_ip_parse(pst_str(ip), &key.client));
	return key;
}

static enum pst_split_answer
remember(
    struct pst_splits *splits, const char *ip, uint64_t letter, int64_t now)
{
	struct pst_split_key key = key_of(ip, 1, letter);

	return pst_splits_remember(splits, &key, both, 2, now);
}

/* Which recipients find an entry, and for how long. */
static void
test_look_up(void **state)
{
	static const struct {
		const char *label, *ip;
		uint64_t mail_from, rcpt;
		int64_t after_ms;
		enum pst_part want;
	} rows[] = {
	    {"monitored", "192.0.2.1", 1, 11, 0, PST_PART_MONITORED},
	    {"enforced", "192.0.2.1", 1, 12, 0, PST_PART_ENFORCED},
	    {"same network", "192.0.2.99", 1, 11, 0, PST_PART_MONITORED},
	    {"other network", "192.0.3.1", 1, 11, 0, PST_PART_UNKNOWN},
	    {"other sender", "192.0.2.1", 2, 11, 0, PST_PART_UNKNOWN},
	    {"other recipient", "192.0.2.1", 1, 13, 0, PST_PART_UNKNOWN},
	    {"nearly a day", "192.0.2.1", 1, 11, PST_SPLITS_KEEP_MS - 1,
		PST_PART_MONITORED},
	    {"a day", "192.0.2.1", 1, 11, PST_SPLITS_KEEP_MS, PST_PART_UNKNOWN},
	};
	struct pst_splits *splits = pst_splits_new(4);

	(void)state;
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 1000), PST_SPLIT_REMEMBERED);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_split_key key =
		    key_of(rows[i].ip, rows[i].mail_from, 0);

		assert_int_equal(pst_splits_part(splits, &key, rows[i].rcpt,
				     1000 + rows[i].after_ms),
		    rows[i].want);
	}
	pst_splits_free(splits);
}

/* Of two messages to one recipient, the newer one says what part it has. */
static void
test_newer(void **state)
{
	static const struct pst_split_rcpt other = {11, PST_PART_ENFORCED};
	struct pst_splits *splits = pst_splits_new(4);
	struct pst_split_key key = key_of("192.0.2.7", 1, 6);

	(void)state;
	assert_int_equal(pst_splits_remember(splits, &key, &other, 1, 2000),
	    PST_SPLIT_REMEMBERED);
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 1000), PST_SPLIT_REMEMBERED);
	key.letter = 0;
	assert_int_equal(
	    pst_splits_part(splits, &key, 11, 3000), PST_PART_ENFORCED);
	pst_splits_free(splits);
}

/* An entry goes when both parts are done, or after a day. */
static void
test_end(void **state)
{
	struct pst_splits *splits = pst_splits_new(4);
	struct pst_split_key key = key_of("192.0.2.8", 1, 5);
	struct pst_split_key other = key_of("192.0.2.8", 1, 6);

	(void)state;
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 0), PST_SPLIT_REMEMBERED);
	pst_splits_done(splits, &key, PST_PART_MONITORED);
	pst_splits_done(splits, &key, PST_PART_MONITORED);
	pst_splits_done(splits, &other, PST_PART_ENFORCED);
	assert_int_equal(pst_splits_count(splits), 1);
	pst_splits_done(splits, &key, PST_PART_ENFORCED);
	assert_int_equal(pst_splits_count(splits), 0);
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 0), PST_SPLIT_REMEMBERED);
	assert_int_equal(remember(splits, "192.0.2.7", 6, PST_SPLITS_KEEP_MS),
	    PST_SPLIT_REMEMBERED);
	assert_int_equal(pst_splits_count(splits), 1);
	pst_splits_free(splits);
}

/* What does not fit is not remembered, and nothing else is forgotten for it. */
static void
test_bounds(void **state)
{
	static struct pst_split_rcpt many[PST_SPLITS_MAX_RCPTS + 1];
	struct pst_splits *splits = pst_splits_new(100);
	struct pst_split_key key = key_of("192.0.2.7", 1, 5);
	char ip[32];

	(void)state;
	for (size_t i = 0; i < PST_COUNT(many); i++)
		many[i] = (struct pst_split_rcpt){i + 1, PST_PART_ENFORCED};
	assert_int_equal(
	    pst_splits_remember(splits, &key, many, PST_COUNT(many), 0),
	    PST_SPLIT_TOO_MANY);
	assert_int_equal(
	    pst_splits_remember(splits, &key, many, PST_COUNT(many) - 1, 0),
	    PST_SPLIT_REMEMBERED);
	for (unsigned i = 1; i < PST_SPLITS_MAX_NETWORK; i++)
		assert_int_equal(remember(splits, "192.0.2.9", 100 + i, 0),
		    PST_SPLIT_REMEMBERED);
	assert_int_equal(remember(splits, "192.0.2.9", 99, 0), PST_SPLIT_FULL);
	for (unsigned i = 0; i < 100 - PST_SPLITS_MAX_NETWORK; i++) {
		(void)snprintf(ip, sizeof(ip), "198.51.%u.1", i);
		assert_int_equal(
		    remember(splits, ip, 1000 + i, 0), PST_SPLIT_REMEMBERED);
	}
	assert_int_equal(
	    remember(splits, "203.0.113.1", 99, 0), PST_SPLIT_FULL);
	/* One that is in the table already may be updated. */
	assert_int_equal(
	    remember(splits, "198.51.0.1", 1000, 0), PST_SPLIT_REMEMBERED);
	assert_int_equal(
	    pst_splits_part(splits, &key, 200, 0), PST_PART_ENFORCED);
	assert_int_equal(pst_splits_count(splits), 100);
	pst_splits_free(splits);
}

/* No message is refused for ever, whatever networks it is tried from. */
static void
test_times(void **state)
{
	static const char *const ips[] = {
	    "192.0.2.1", "192.0.2.2", "198.51.100.1", "203.0.113.1"};
	struct pst_splits *splits = pst_splits_new(100);

	(void)state;
	for (unsigned i = 0; i < PST_SPLITS_MAX_TIMES; i++)
		assert_int_equal(
		    remember(splits, ips[i], 5, 0), PST_SPLIT_REMEMBERED);
	assert_int_equal(remember(splits, ips[3], 5, 0), PST_SPLIT_TOO_OFTEN);
	assert_int_equal(remember(splits, ips[0], 5, 0), PST_SPLIT_TOO_OFTEN);
	assert_int_equal(remember(splits, ips[3], 6, 0), PST_SPLIT_REMEMBERED);
	pst_splits_free(splits);
}

/* A recipient is not held back for ever. */
static void
test_turns(void **state)
{
	struct pst_splits *splits = pst_splits_new(100);
	struct pst_split_key key = key_of("192.0.2.7", 1, 0);

	(void)state;
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 0), PST_SPLIT_REMEMBERED);
	for (unsigned i = 0; i < PST_SPLITS_MAX_TURNS; i++) {
		assert_int_equal(
		    pst_splits_part(splits, &key, 12, 0), PST_PART_ENFORCED);
		pst_splits_held_back(splits, &key, 12, 0);
	}
	assert_int_equal(
	    pst_splits_part(splits, &key, 12, 0), PST_PART_UNKNOWN);
	assert_int_equal(
	    remember(splits, "192.0.2.7", 5, 0), PST_SPLIT_TOO_OFTEN);
	assert_int_equal(
	    remember(splits, "192.0.2.7", 6, 0), PST_SPLIT_REMEMBERED);
	assert_int_equal(
	    pst_splits_part(splits, &key, 12, 0), PST_PART_ENFORCED);
	pst_splits_free(splits);
}

#define THREADS 4

static void *
work(void *arg)
{
	struct pst_splits *splits = arg;

	for (uint64_t i = 0; i < 2000; i++) {
		struct pst_split_key key = {.mail_from = 1, .letter = i % 50};

		key.client.family = PST_IP_V4;
		key.client.octets[0] = (unsigned char)(i % 7);
		(void)pst_splits_remember(splits, &key, both, 2, (int64_t)i);
		(void)pst_splits_part(splits, &key, 11, (int64_t)i);
		pst_splits_held_back(splits, &key, 12, (int64_t)i);
		pst_splits_done(splits, &key, PST_PART_MONITORED);
		pst_splits_done(splits, &key, PST_PART_ENFORCED);
	}
	return NULL;
}

/* For the thread sanitizer. */
static void
test_threads(void **state)
{
	struct pst_splits *splits = pst_splits_new(20);
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(pst_thread_start(&threads[i], work, splits));
	for (unsigned i = 0; i < THREADS; i++)
		pst_thread_join(threads[i]);
	assert_true(pst_splits_count(splits) <= 20);
	pst_splits_free(splits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_look_up),
	    cmocka_unit_test(test_newer),
	    cmocka_unit_test(test_end),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_turns),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
