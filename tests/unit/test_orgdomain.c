/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/orgdomain.h"
#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "test_orgdomain_rows.h"
#include "tests/unit/rows.h"

struct bench {
	struct pst_arena *arena;
	struct pst_resolver *zone;
	struct pst_clock clock;
	struct pst_world world;
};

static void
bench_open(struct bench *bench, const char *zone, bool eager)
{
	const struct pst_dns_limits limits = {
	    .max_queries = 50, .query_ms = 1000, .max_txt_bytes = 16384};
	struct pst_err err;

	bench->arena = pst_arena_new();
	bench->zone = pst_zone_parse(zone, strlen(zone), "zone", &err);
	if (bench->zone == NULL)
		fail_msg("%s", err.text);
	bench->clock = pst_clock_manual(1700000000);
	bench->world = (struct pst_world){
	    .arena = bench->arena,
	    .dns =
		pst_dns_open(bench->arena, bench->zone, &bench->clock, limits),
	    .now_epoch = 1700000000,
	    .eager = eager,
	};
}

static void
bench_close(struct bench *bench)
{
	pst_arena_free(bench->arena);
	pst_resolver_free(bench->zone);
}

static const char *
queries(const struct bench *bench)
{
	const struct pst_dns *dns = bench->world.dns;
	struct pst_buf buf;

	pst_buf_init(&buf, bench->arena, 8192);
	for (size_t i = 0; i < pst_dns_count(dns); i++)
		pst_buf_printf(
		    &buf, "%s%s", i == 0 ? "" : " ", pst_dns_at(dns, i)->name);
	return pst_buf_str(&buf);
}

static void
expect_text(
    const char *label, const char *what, const char *got, const char *want)
{
	if (got == NULL || want == NULL ? got != want : strcmp(got, want) != 0)
		fail_msg("%s: %s is %s, not %s", label, what,
		    got == NULL ? "NULL" : got, want == NULL ? "NULL" : want);
}

static void
test_names(void **state)
{
	(void)state;
	FOR_ROWS(i, names_rows, names_rows[i].start) {
		struct pst_arena *arena = pst_arena_new();
		const char *names[PST_WALK_MAX];
		size_t count = pst_walk_names(names_rows[i].start, names);
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 8192);
		for (size_t j = 0; j < count; j++)
			pst_buf_printf(
			    &buf, "%s%s", j == 0 ? "" : " ", names[j]);
		expect_text(names_rows[i].label, "list", pst_buf_str(&buf),
		    names_rows[i].want);
		pst_arena_free(arena);
	}
}

static const char *
hit_names(struct pst_arena *arena, const struct pst_walk *walk)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 8192);
	for (size_t i = 0; i < walk->hit_count; i++)
		pst_buf_printf(
		    &buf, "%s%s", i == 0 ? "" : " ", walk->hits[i].domain);
	return walk->hit_count == 0 ? "" : pst_buf_str(&buf);
}

static void
run_walk(const struct walk_row *row, bool eager)
{
	struct bench bench;
	struct pst_walk walk;

	bench_open(&bench, row->zone, eager);
	while (!pst_walk_check(&bench.world, row->start, &walk))
		if (!pst_dns_wait(bench.world.dns, INT64_MAX))
			fail_msg("%s: nothing to wait for", row->label);
	expect_text(row->label, "org_domain", walk.org_domain, row->org_domain);
	expect_text(row->label, "widest", walk.widest,
	    row->widest == NULL ? row->org_domain : row->widest);
	expect_text(
	    row->label, "hits", hit_names(bench.arena, &walk), row->hits);
	expect_text(row->label, "failed_at", walk.failed_at, row->failed_at);
	expect_text(row->label, "fault", walk.fault, row->fault);
	if (walk.temperror != (row->org_domain == NULL))
		fail_msg("%s: temperror is %d", row->label, walk.temperror);
	if (row->queries != NULL && !eager)
		expect_text(
		    row->label, "queries", queries(&bench), row->queries);
	bench_close(&bench);
}

static void
test_walk(void **state)
{
	(void)state;
	FOR_ROWS(i, walk_rows, walk_rows[i].label)
		run_walk(&walk_rows[i], false);
}

static void
test_walk_eager(void **state)
{
	(void)state;
	FOR_ROWS(i, walk_rows, walk_rows[i].label)
		run_walk(&walk_rows[i], true);
}

static void
test_eager_asks_all_at_once(void **state)
{
	struct bench bench;
	struct pst_walk walk;

	(void)state;
	bench_open(&bench, ";! delay _dmarc.a.b.c 20ms\n", true);
	assert_false(pst_walk_check(&bench.world, "a.b.c", &walk));
	assert_string_equal(
	    queries(&bench), "_dmarc.a.b.c _dmarc.b.c _dmarc.c");
	bench_close(&bench);
}

static void
test_lazy_asks_one_by_one(void **state)
{
	struct bench bench;
	struct pst_walk walk;

	(void)state;
	memset(&walk, 0x55, sizeof(walk));

	struct pst_walk before = walk;

	bench_open(&bench,
	    ";! delay _dmarc.a.b.c 5ms\n;! delay _dmarc.b.c 5ms\n"
	    ";! delay _dmarc.c 5ms\n",
	    false);
	for (size_t i = 1; i <= 3; i++) {
		assert_false(pst_walk_check(&bench.world, "a.b.c", &walk));
		assert_int_equal(pst_dns_count(bench.world.dns), i);
		assert_memory_equal(&walk, &before, sizeof(walk));
		assert_true(pst_dns_wait(bench.world.dns, INT64_MAX));
	}
	assert_true(pst_walk_check(&bench.world, "a.b.c", &walk));
	bench_close(&bench);
}

static void
test_restarts_take_no_memory(void **state)
{
	struct bench bench;
	struct pst_walk walk;
	struct pst_arena_mark first;
	struct pst_arena_mark last;

	(void)state;
	bench_open(&bench,
	    "_dmarc.a.b.c." T R "_dmarc.b.c." T R ";! timeout _dmarc.c\n",
	    true);
	assert_false(pst_walk_check(&bench.world, "a.b.c", &walk));
	assert_true(pst_dns_wait(bench.world.dns, INT64_MAX));
	first = pst_arena_mark(bench.arena);
	for (int i = 0; i < 100; i++)
		assert_false(pst_walk_check(&bench.world, "a.b.c", &walk));
	last = pst_arena_mark(bench.arena);
	assert_ptr_equal(first.block, last.block);
	assert_int_equal(first.used, last.used);
	bench_close(&bench);
}

static void
test_expired(void **state)
{
	struct bench bench;
	struct pst_walk walk;

	(void)state;
	bench_open(&bench, "_dmarc.a.b." T R, false);
	pst_dns_expire(bench.world.dns, PST_DNS_TIMEOUT);
	assert_true(pst_walk_check(&bench.world, "a.b", &walk));
	assert_true(walk.temperror);
	assert_null(walk.org_domain);
	bench_close(&bench);
}

/* With "_dmarc." in front the name is too long for the DNS: no record. */
static void
test_longest_name(void **state)
{
	char name[PST_DOMAIN_MAX + 1];
	struct bench bench;
	struct pst_walk walk;

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[sizeof(name) - 1] = '\0';
	bench_open(&bench, "_dmarc.a.a." T R, true);
	while (!pst_walk_check(&bench.world, name, &walk))
		assert_true(pst_dns_wait(bench.world.dns, INT64_MAX));
	assert_string_equal(walk.org_domain, "a.a");
	assert_int_equal(pst_dns_count(bench.world.dns), PST_WALK_MAX);
	assert_int_equal(
	    pst_dns_at(bench.world.dns, 0)->answer->status, PST_DNS_BADNAME);
	bench_close(&bench);
}

struct found_row {
	const char *label;
	const char *zone;
	enum pst_walk_found want;
	const char *fault;
};

static void
test_record(void **state)
{
	static const struct found_row rows[] = {
	    {"record", "_dmarc.a." T R, PST_WALK_RECORD, NULL},
	    {"record without a policy", "_dmarc.a." T "\"v=DMARC1\"\n",
		PST_WALK_RECORD, NULL},
	    {"no name", "b. A 192.0.2.1\n", PST_WALK_ABSENT, NULL},
	    {"no data", "_dmarc.a. A 192.0.2.1\n", PST_WALK_ABSENT, NULL},
	    {"several", "_dmarc.a." T R "_dmarc.a." T R_N, PST_WALK_ABSENT,
		several},
	    {"repeated tag", "_dmarc.a." T "\"v=DMARC1; p=none; p=none\"\n",
		PST_WALK_ABSENT, repeated},
	    {"servfail", ";! servfail _dmarc.a\n", PST_WALK_TEMPERROR, NULL},
	    {"time-out", ";! timeout _dmarc.a\n", PST_WALK_TEMPERROR, NULL},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench bench;
		struct pst_walk_hit hit;
		const char *fault;
		enum pst_walk_found found;

		bench_open(&bench, rows[i].zone, false);
		while ((found = pst_walk_record(&bench.world, "a", &hit,
			    &fault)) == PST_WALK_PENDING)
			assert_true(pst_dns_wait(bench.world.dns, INT64_MAX));
		if (found != rows[i].want)
			fail_msg("other finding");
		expect_text(rows[i].label, "fault", fault, rows[i].fault);
		bench_close(&bench);
	}
}

static const char list_text[] = "// a comment\n"
				"com\n"
				"uk\n"
				"co.uk\n"
				"*.ck\n"
				"!www.ck\n"
				"\xe5\x85\xac\xe5\x8f\xb8.cn\n"
				"// private part\n"
				"hosting.example\n";

/* Loads a list of that text from a temporary file. */
static struct pst_psl *
list_of(const char *text, struct pst_err *err)
{
	char path[] = "/tmp/postern-test-XXXXXX";
	int fd = mkstemp(path);
	struct pst_psl *psl;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	psl = pst_psl_load(path, err);
	unlink(path);
	return psl;
}

struct psl_row {
	const char *name;
	const char *org_domain;
};

static const struct psl_row psl_rows[] = {
    {"com", "com"},
    {"example.com", "example.com"},
    {"a.b.example.com", "example.com"},
    {"co.uk", "co.uk"},
    {"example.co.uk", "example.co.uk"},
    {"a.example.co.uk", "example.co.uk"},
    {"a.example.uk", "example.uk"},
    {"anything.ck", "anything.ck"},
    {"a.anything.ck", "a.anything.ck"},
    {"www.ck", "www.ck"},
    {"a.www.ck", "www.ck"},
    {"xn--55qx5d.cn", "xn--55qx5d.cn"},
    {"a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"},
    {"hosting.example", "hosting.example"},
    {"a.b.hosting.example", "b.hosting.example"},
    {"unlisted", "unlisted"},
    {"a.b.unlisted", "b.unlisted"},
    {"_a._b.com", "_b.com"},
};

static const struct psl_row suffixes[] = {
    {"com", "yes"},
    {"example.com", "no"},
    {"co.uk", "yes"},
    {"uk", "yes"},
    {"anything.ck", "yes"},
    {"www.ck", "no"},
    {"xn--55qx5d.cn", "yes"},
    {"hosting.example", "yes"},
    {"unlisted", "yes"},
    {"a.unlisted", "no"},
};

static void
check_list(const struct pst_psl *psl)
{
	FOR_ROWS(i, psl_rows, psl_rows[i].name)
		expect_text(psl_rows[i].name, "org domain",
		    pst_psl_org_domain(psl, psl_rows[i].name),
		    psl_rows[i].org_domain);
	FOR_ROWS(i, suffixes, suffixes[i].name)
		expect_text(suffixes[i].name, "suffix",
		    pst_psl_is_suffix(psl, suffixes[i].name) ? "yes" : "no",
		    suffixes[i].org_domain);
}

static void
test_psl(void **state)
{
	const char name[] = "a.example.com";
	struct pst_err err;
	struct pst_psl *psl = list_of(list_text, &err);

	(void)state;
	if (psl == NULL)
		fail_msg("%s", err.text);
	check_list(psl);
	assert_ptr_equal(pst_psl_org_domain(psl, name), name + 2);
	pst_psl_free(psl);
	pst_psl_free(NULL);
	assert_false(pst_psl_is_suffix(NULL, "com"));
}

static void *
use_list(void *psl)
{
	size_t wrong = 0;

	/* FOR_ROWS belongs to the thread of the test. */
	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < PST_COUNT(psl_rows); i++)
			wrong +=
			    strcmp(pst_psl_org_domain(psl, psl_rows[i].name),
				psl_rows[i].org_domain) != 0;
	return wrong == 0 ? psl : NULL;
}

static void
test_psl_in_threads(void **state)
{
	struct pst_psl *psl = list_of(list_text, NULL);
	pthread_t threads[4];

	(void)state;
	assert_non_null(psl);
	for (size_t i = 0; i < PST_COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, use_list, psl), 0);
	for (size_t i = 0; i < PST_COUNT(threads); i++) {
		void *same = NULL;

		assert_int_equal(pthread_join(threads[i], &same), 0);
		assert_ptr_equal(same, psl);
	}
	pst_psl_free(psl);
}

static void
test_psl_unusable(void **state)
{
	char folder[] = "/tmp/postern-test-XXXXXX";
	struct pst_err err = {.text = ""};

	(void)state;
	assert_null(list_of("", &err));
	assert_non_null(strstr(err.text, "public suffix list"));
	assert_null(list_of("// only a comment\n\n", &err));
	assert_non_null(mkdtemp(folder));
	err.text[0] = '\0';
	assert_null(pst_psl_load(folder, &err));
	assert_non_null(strstr(err.text, folder));
	rmdir(folder);
	assert_null(pst_psl_load(folder, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_walk_eager),
	    cmocka_unit_test(test_eager_asks_all_at_once),
	    cmocka_unit_test(test_lazy_asks_one_by_one),
	    cmocka_unit_test(test_restarts_take_no_memory),
	    cmocka_unit_test(test_expired),
	    cmocka_unit_test(test_longest_name),
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_psl),
	    cmocka_unit_test(test_psl_in_threads),
	    cmocka_unit_test(test_psl_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
