/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "dns/cache.h"

#define MEGABYTE ((size_t)1024 * 1024)
#define TXT_MAX 16384

static const struct pst_dns_answer *
answer_of(uint32_t ttl, const char *text)
{
	struct pst_dns_answer *answer =
	    pst_dns_answer_new(PST_DNS_OK, ttl, 1, strlen(text));
	struct pst_dns_record record = {.data = pst_str(text)};

	pst_dns_answer_add(answer, &record);
	return answer;
}

static void
put(struct pst_cache *cache, const char *name,
    const struct pst_dns_answer *answer, int64_t now_ms)
{
	pst_cache_put(
	    cache, pst_str(name), PST_DNS_TXT, TXT_MAX, answer, now_ms);
	pst_dns_answer_unref(answer);
}

/* Returns the text; "-" for an answer without records; NULL on a miss. */
static const char *
get(struct pst_cache *cache, const char *name, enum pst_dns_type type,
    int64_t now_ms)
{
	static char text[64];
	const struct pst_dns_answer *answer =
	    pst_cache_get(cache, pst_str(name), type, TXT_MAX, now_ms);

	if (answer == NULL)
		return NULL;
	(void)snprintf(text, sizeof(text), "%s",
	    answer->count == 0 ? "-" : answer->records[0].data.ptr);
	pst_dns_answer_unref(answer);
	return text;
}

static void
test_times(void **state)
{
	struct pst_cache *cache = pst_cache_new(MEGABYTE);

	(void)state;
	assert_null(get(cache, "a.example", PST_DNS_TXT, 0));
	put(cache, "a.example", answer_of(60, "one"), 1000);
	assert_string_equal(get(cache, "a.example", PST_DNS_TXT, 1000), "one");
	assert_string_equal(get(cache, "a.example", PST_DNS_TXT, 60999), "one");
	assert_null(get(cache, "a.example", PST_DNS_TXT, 61000));
	assert_int_equal(pst_cache_bytes(cache), 0);
	/* A second answer to the same question replaces the first. */
	put(cache, "a.example", answer_of(60, "one"), 0);
	put(cache, "a.example", answer_of(60, "two"), 0);
	assert_string_equal(get(cache, "a.example", PST_DNS_TXT, 5), "two");
	/* Nothing is kept for longer than a day. */
	put(cache, "b.example", answer_of(UINT32_MAX, "long"), 0);
	assert_non_null(get(cache, "b.example", PST_DNS_TXT, 86399999));
	assert_null(get(cache, "b.example", PST_DNS_TXT, 86400000));
	pst_cache_free(cache);
}

static void
test_what_is_kept(void **state)
{
	struct pst_cache *cache = pst_cache_new(MEGABYTE);

	(void)state;
	put(cache, "zero.example", answer_of(0, "zero"), 0);
	assert_null(get(cache, "zero.example", PST_DNS_TXT, 0));
	put(cache, "fail.example",
	    pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0), 0);
	assert_null(get(cache, "fail.example", PST_DNS_TXT, 0));
	put(cache, "none.example",
	    pst_dns_answer_new(PST_DNS_NXDOMAIN, 60, 0, 0), 0);
	assert_string_equal(get(cache, "none.example", PST_DNS_TXT, 0), "-");
	/* Another type, name or limit makes another question. */
	put(cache, "a.example", answer_of(60, "one"), 0);
	assert_null(get(cache, "a.example", PST_DNS_MX, 0));
	assert_null(get(cache, "a.exampl", PST_DNS_TXT, 0));
	assert_null(pst_cache_get(
	    cache, PST_STR("a.example"), PST_DNS_TXT, TXT_MAX - 1, 0));
	pst_cache_free(cache);
}

/* Memory is bounded, whatever the number and size of the answers. */
static void
test_bounded(void **state)
{
	struct pst_cache *cache = pst_cache_new(MEGABYTE / 4);
	static char big[20000];
	char name[32];
	unsigned found = 0, i;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	for (i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		put(cache, name,
		    answer_of(60, i % 100 == 0 ? big + 8000 : "small"), 0);
		assert_true(pst_cache_bytes(cache) <= MEGABYTE / 4);
	}
	for (i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		found += get(cache, name, PST_DNS_TXT, 1) != NULL;
	}
	assert_true(found > 100);
	/* An answer that alone would fill a whole part is not kept. */
	put(cache, "big.example", answer_of(60, big), 0);
	assert_null(get(cache, "big.example", PST_DNS_TXT, 0));
	pst_cache_free(cache);
}

static void *
hammer(void *arg)
{
	struct pst_cache *cache = arg;
	char name[32];

	for (unsigned i = 0; i < 4000; i++) {
		const struct pst_dns_answer *answer;

		(void)snprintf(name, sizeof(name), "n%u.example", i % 97);
		answer = pst_cache_get(
		    cache, pst_str(name), PST_DNS_TXT, TXT_MAX, i);
		if (answer == NULL)
			put(cache, name, answer_of(1, name), i);
		else
			assert(strcmp(answer->records[0].data.ptr, name) == 0);
		pst_dns_answer_unref(answer);
	}
	return NULL;
}

/* Mainly for ThreadSanitizer. */
static void
test_threads(void **state)
{
	struct pst_cache *cache = pst_cache_new(MEGABYTE / 16);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, hammer, cache), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(pst_cache_bytes(cache) <= MEGABYTE / 16);
	pst_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_what_is_kept),
	    cmocka_unit_test(test_bounded),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
