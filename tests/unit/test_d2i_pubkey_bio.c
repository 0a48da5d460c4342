/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "auth/dkim_decode.h"
#include "tests/unit/dkim_fixture.h"

#define HEADER "From: Joe <joe@example.com>\r\nSubject: test\r\n"
#define BODY "Hello.\r\n"

/* Returns the result of a message signed with key. */
static enum pst_result
verify(struct pst_dkim_lib *lib, const struct sign_key *key,
    const struct sign_key *published)
{
	static const struct sign_options options = {
	    .tags = "a=rsa-sha256; d=example.com; s=sel; ",
	    .canon = "relaxed/relaxed",
	    .names = "from:subject",
	    .length = SIZE_MAX};
	struct pst_arena *arena = pst_arena_new();
	struct trial trial = {
	    .header = pst_str(pst_arena_printf(arena, "%s" HEADER,
		sign_message(arena, key, &options, HEADER, pst_str(BODY)))),
	    .body = pst_str(BODY),
	    .zone = trial_txt(arena, "sel._domainkey.example.com",
		pst_arena_printf(arena, "v=DKIM1; p=%s",
		    sign_key_public(arena, published, SIGN_SPKI))),
	};
	struct pst_dkim out;

	trial_run(arena, lib, &trial, &out);
	pst_arena_free(arena);
	return out.result;
}

/* libopendkim calls our function, which remembers the right key. */
static void
test_remembered(void **state)
{
	struct pst_dkim_lib *lib = trial_lib();
	struct sign_key *one = sign_key_load("test-rsa.pem");
	struct sign_key *two = sign_key_load("test-rsa1024.pem");
	uint64_t hits, misses;

	(void)state;
	assert_int_equal(verify(lib, one, one), PST_RESULT_PASS);
	pst_dkim_decode_stats(&hits, &misses);
	assert_int_equal(hits, 0);
	assert_int_equal(misses, 1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(verify(lib, one, one), PST_RESULT_PASS);
		assert_int_equal(verify(lib, two, two), PST_RESULT_PASS);
		assert_int_equal(verify(lib, one, two), PST_RESULT_FAIL);
	}
	pst_dkim_decode_stats(&hits, &misses);
	assert_int_equal(misses, 2);
	assert_int_equal(hits, 8);
	sign_key_free(one);
	sign_key_free(two);
	pst_dkim_lib_free(lib);
}

struct worker {
	pthread_t thread;
	struct pst_dkim_lib *lib;
	const struct sign_key *keys[2];
	unsigned passed;
};

static void *
work(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < 20; i++) {
		const struct sign_key *key = worker->keys[i % 2];

		worker->passed +=
		    verify(worker->lib, key, key) == PST_RESULT_PASS;
	}
	return NULL;
}

/* Many threads use one decoded key; mainly for ThreadSanitizer. */
static void
test_threads(void **state)
{
	struct pst_dkim_lib *lib = trial_lib();
	struct sign_key *one = sign_key_load("test-rsa.pem");
	struct sign_key *two = sign_key_load("test-rsa1024.pem");
	struct worker workers[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		workers[i] = (struct worker){.lib = lib, .keys = {one, two}};
		assert_int_equal(
		    pthread_create(&workers[i].thread, NULL, work, &workers[i]),
		    0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		assert_int_equal(workers[i].passed, 20);
	}
	sign_key_free(one);
	sign_key_free(two);
	pst_dkim_lib_free(lib);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_remembered),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
