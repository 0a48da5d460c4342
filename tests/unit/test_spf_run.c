/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/unit/rows.h"
#include "tests/unit/spf_bench.h"

/* Ten includes in each record of a tree cause 11 queries, not 111. */
static void
test_include_bomb(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_buf zone;
	struct bench bench;

	(void)state;
	pst_buf_init(&zone, arena, 65535);
	for (unsigned n = 0; n < 10; n++) {
		pst_buf_printf(&zone, "%ud.example. 60 IN TXT \"v=spf1", n);
		for (unsigned m = 0; m < 10; m++)
			pst_buf_printf(&zone, " include:%u%ud.example", m, n);
		pst_buf_add_text(&zone, "\"\n");
	}
	pst_buf_add_text(&zone, D "\"v=spf1");
	for (unsigned n = 0; n < 10; n++)
		pst_buf_printf(&zone, " include:%ud.example", n);
	pst_buf_add_text(&zone, "\"\n");
	for (unsigned n = 0; n < 10; n++)
		for (unsigned m = 0; m < 10; m++)
			pst_buf_printf(&zone,
			    "%u%ud.example. 60 IN TXT \"v=spf1 -all\"\n", m, n);

	bench_open(&bench, pst_buf_str(&zone), C4);
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_PERMERROR);
	assert_int_equal(pst_dns_count(bench.world.dns), 11);
	bench_close(&bench);

	bench_open(&bench, pst_buf_str(&zone), C4);
	bench.world.eager = true;
	bench_run(&bench);
	assert_int_equal(bench.spf.result, PST_RESULT_PERMERROR);
	assert_int_equal(pst_dns_count(bench.world.dns), 1 + 10 + 9);
	bench_close(&bench);
	pst_arena_free(arena);
}

/* Of more than ten MX names the first ten count; then comes permerror. */
static void
test_mx_limit(void **state)
{
	static const struct {
		unsigned names;
		unsigned place; /* of the client */
		enum pst_result want;
	} limits[] = {
	    {10, 10, PST_RESULT_PASS},
	    {10, 11, PST_RESULT_FAIL},
	    {11, 11, PST_RESULT_PERMERROR},
	    {11, 10, PST_RESULT_PASS},
	    {60, 99, PST_RESULT_PERMERROR},
	};

	(void)state;
	FOR_COUNT(i, 2 * PST_COUNT(limits), rows_number(limits[i / 2].names)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_buf zone;
		struct bench bench;

		pst_buf_init(&zone, arena, 65535);
		pst_buf_add_text(&zone, D "\"v=spf1 mx -all\"\n");
		for (unsigned n = 1; n <= limits[i / 2].names; n++)
			pst_buf_printf(&zone,
			    "d.example. 60 IN MX %u h%u.example.\n"
			    "h%u.example. 60 IN A 203.0.113.1\n",
			    n, n, n);
		pst_buf_printf(&zone, "h%u.example. 60 IN A " C4 "\n",
		    limits[i / 2].place);
		bench_open(&bench, pst_buf_str(&zone), C4);
		bench.world.eager = i % 2 == 1;
		bench_run(&bench);
		if (bench.spf.result != limits[i / 2].want)
			fail_msg("%u names, client at %u: %s",
			    limits[i / 2].names, limits[i / 2].place,
			    pst_result_word(bench.spf.result));
		assert_true(pst_dns_count(bench.world.dns) <= 12);
		bench_close(&bench);
		pst_arena_free(arena);
	}
}

#define SLOW                                                                   \
	D "\"v=spf1 a:a.example mx:m.example include:i.example "               \
	  "exists:%{p}.x.example redirect=r.example\"\n" REV "p.example.\n"    \
	  "a.example. 60 IN A 203.0.113.1\nm.example. 60 IN MX 1 h.example.\n" \
	  "h.example. 60 IN A 203.0.113.1\n"                                   \
	  "i.example. 60 IN TXT \"v=spf1 a:n.example -all\"\n"                 \
	  "p.example. 60 IN A 192.0.2.1\n"                                     \
	  "r.example. 60 IN TXT \"v=spf1 exp=e.example -all\"\n"               \
	  "e.example. 60 IN TXT \"%{p}\"\n;! delay d.example 20ms\n"           \
	  ";! delay a.example 20ms\n;! delay m.example 20ms\n"                 \
	  ";! delay h.example 20ms\n;! delay i.example 20ms\n"                 \
	  ";! delay p.example 20ms\n;! delay r.example 20ms\n"                 \
	  ";! delay e.example 20ms\n"                                          \
	  ";! delay 1.2.0.192.in-addr.arpa 20ms\n"

/*
 * Every answer is late. The counts start again in each run, *out is unchanged
 * until the last run, and pending runs leave nothing in the arena.
 */
static void
test_pending(void **state)
{
	struct bench lazy;
	struct bench eager;
	struct pst_arena_mark before;
	struct pst_arena_mark after;

	(void)state;
	bench_open(&lazy, SLOW, C4);
	before = pst_arena_mark(lazy.arena);
	lazy.spf.lookups = 77;
	assert_false(pst_spf_check(&lazy.world, &lazy.input, &lazy.spf));
	assert_int_equal(lazy.spf.lookups, 77);
	assert_false(pst_spf_check(&lazy.world, &lazy.input, &lazy.spf));
	assert_int_equal(pst_dns_count(lazy.world.dns), 1);
	after = pst_arena_mark(lazy.arena);
	assert_ptr_equal(after.block, before.block);
	assert_int_equal(after.used, before.used);
	assert_ptr_equal(after.defers, before.defers);
	bench_run(&lazy);
	assert_int_equal(lazy.spf.result, PST_RESULT_FAIL);
	assert_int_equal(lazy.spf.lookups, 6);
	assert_int_equal(lazy.spf.voids, 2);
	assert_string_equal(lazy.spf.explanation, "p.example");
	assert_in_range(lazy.rounds, 9, 11);

	bench_open(&eager, SLOW, C4);
	eager.world.eager = true;
	bench_run(&eager);
	assert_int_equal(eager.spf.result, lazy.spf.result);
	assert_int_equal(eager.spf.lookups, lazy.spf.lookups);
	assert_int_equal(eager.spf.voids, lazy.spf.voids);
	assert_string_equal(eager.spf.explanation, lazy.spf.explanation);
	assert_true(pst_clock_ms(&eager.clock) < pst_clock_ms(&lazy.clock));
	bench_close(&lazy);
	bench_close(&eager);
}

/* After the message's deadline the check ends, however far it is. */
static void
test_expired(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench, SLOW, C4);
	assert_false(pst_spf_check(&bench.world, &bench.input, &bench.spf));
	assert_true(pst_dns_wait(bench.world.dns, 60000));
	assert_false(pst_spf_check(&bench.world, &bench.input, &bench.spf));
	pst_dns_expire(bench.world.dns, PST_DNS_TIMEOUT);
	assert_true(pst_spf_check(&bench.world, &bench.input, &bench.spf));
	assert_int_equal(bench.spf.result, PST_RESULT_TEMPERROR);
	bench_close(&bench);
}

/* Eager evaluation queries all terms at once, up to one that matches. */
static void
test_eager(void **state)
{
	struct bench bench;

	(void)state;
	bench_open(&bench,
	    D "\"v=spf1 a:a.example mx:m.example include:i.example ptr "
	      "exists:%{p}.e.example ip4:192.0.2.1 a:never.example\"\n"
	      ";! delay a.example 20ms\n",
	    C4);
	bench.world.eager = true;
	assert_false(pst_spf_check(&bench.world, &bench.input, &bench.spf));
	assert_int_equal(pst_dns_count(bench.world.dns), 5);
	assert_string_equal(pst_dns_at(bench.world.dns, 1)->name, "a.example");
	assert_string_equal(pst_dns_at(bench.world.dns, 2)->name, "m.example");
	assert_string_equal(pst_dns_at(bench.world.dns, 3)->name, "i.example");
	assert_int_equal(pst_dns_at(bench.world.dns, 4)->type, PST_DNS_PTR);
	bench_close(&bench);
}

/* Eager evaluation queries all MX hosts at once, but no more than count. */
static void
test_eager_mx(void **state)
{
	static const struct {
		unsigned names, queries;
	} rows[] = {{1, 1}, {3, 3}, {10, 10}, {12, 10}};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].names)) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_buf zone;
		struct bench bench;

		pst_buf_init(&zone, arena, 65535);
		pst_buf_add_text(&zone, D "\"v=spf1 mx -all\"\n");
		for (unsigned n = 1; n <= rows[i].names; n++)
			pst_buf_printf(&zone,
			    "d.example. 60 IN MX %u h%u.example.\n"
			    ";! delay h%u.example 20ms\n",
			    n, n, n);
		bench_open(&bench, pst_buf_str(&zone), C4);
		bench.world.eager = true;
		assert_false(
		    pst_spf_check(&bench.world, &bench.input, &bench.spf));
		/* after those for the record and for the MX names */
		assert_int_equal(
		    pst_dns_count(bench.world.dns), 2 + rows[i].queries);
		bench_close(&bench);
		pst_arena_free(arena);
	}
}

/* Evaluations share only the resolver and libspf2's globals. */
static void *
evaluate_often(void *arg)
{
	struct pst_resolver *resolver = arg;
	size_t wrong = 0;

	for (int i = 0; i < 100; i++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_clock clock = pst_clock_manual(1700000000);
		struct pst_world world = {.arena = arena, .eager = i % 2 == 1};
		struct pst_spf_input input = {.max_voids = 2,
		    .want_explanation = true,
		    .mail_from = {.valid = true, .domain = "d.example"}};
		struct pst_spf spf = {.result = PST_RESULT_NONE};

		(void)pst_ip_parse(PST_STR(C4), &input.client);
		world.dns = pst_dns_open(arena, resolver, &clock,
		    (struct pst_dns_limits){.max_queries = 50,
			.query_ms = 5000,
			.max_txt_bytes = 4096});
		while (!pst_spf_check(&world, &input, &spf))
			(void)pst_dns_wait(
			    world.dns, pst_clock_ms(&clock) + 60000);
		wrong += spf.result != PST_RESULT_FAIL || spf.lookups != 6;
		pst_arena_free(arena);
	}
	return wrong == 0 ? resolver : NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];
	struct pst_err err;
	struct pst_resolver *resolver =
	    pst_zone_parse(SLOW, strlen(SLOW), "zone", &err);
	bool right = true;

	(void)state;
	assert_non_null(resolver);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, evaluate_often, resolver),
		    0);
	for (size_t i = 0; i < PST_COUNT(threads); i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		right = right && result != NULL;
	}
	pst_resolver_free(resolver);
	assert_true(right);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_include_bomb),
	    cmocka_unit_test(test_mx_limit),
	    cmocka_unit_test(test_pending),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_eager),
	    cmocka_unit_test(test_eager_mx),
	    cmocka_unit_test(test_threads),
	};

	pst_spf_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
