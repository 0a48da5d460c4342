/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/compose.h"
#include "base/day.h"
#include "tests/unit/send_fixture.h"

static const struct pst_compose what = {
    .day = STORE_DAY, .domain = "a.example", .owner = "", .id = "id1"};

static bool
keep(void *arg, const void *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
	return true;
}

static bool
refuse(void *arg, const void *ptr, size_t len)
{
	(void)arg;
	(void)ptr;
	(void)len;
	return false;
}

static const char *
compose(
    struct pst_arena *arena, struct send_bench *bench, struct pst_composed *out)
{
	struct pst_buf *buf = pst_arena_alloc(arena, sizeof(*buf));

	pst_buf_init(buf, arena, 1 << 24);
	if (!pst_compose_write(&bench->store, &what,
		(struct pst_aggregate_sink){keep, buf}, out, &bench->err))
		fail_msg("%s", bench->err.text);
	return pst_buf_str(buf);
}

/* The same rows make the same report, however they arrived. */
static void
test_pure(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_composed size;
	struct send_bench bench;
	const char *one;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	for (unsigned i = 0; i < 50; i++)
		send_row(&bench,
		    (struct send_row){
			STORE_DAY, "a.example", "mailto:x@a.example", i, 2});
	one = compose(arena, &bench, &size);
	assert_int_equal(size.rows, 50);
	assert_int_equal(size.messages, 100);
	assert_false(size.cut);
	send_close(&bench);
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	for (unsigned i = 50; i-- > 0;)
		for (int j = 0; j < 2; j++)
			send_row(&bench,
			    (struct send_row){STORE_DAY, "a.example",
				"mailto:x@a.example", i, 1});
	bench.clock.now_epoch += 5000;
	assert_string_equal(one, compose(arena, &bench, &size));
	send_close(&bench);
	pst_arena_free(arena);
}

/* R-AGG-10, -11, and the note about rows that R-AGG-4 left out. */
static void
test_head(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_composed size;
	struct send_bench bench;
	const char *text;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	text = compose(arena, &bench, &size);
	assert_non_null(strstr(text, "<org_name>gw.example</org_name>"));
	assert_non_null(strstr(text, "<email>dmarc@gw.example</email>"));
	assert_non_null(strstr(text, "<begin>1795392000</begin>"));
	assert_non_null(strstr(text, "<end>1795478399</end>"));
	assert_null(strstr(text, "<error>"));
	bench.config->store.max_rows = 100;
	assert_true(pst_db_run(bench.db,
	    "UPDATE policy SET rows_n = 101, fault = 'two records'", NULL, 0,
	    NULL, NULL));
	assert_non_null(strstr(compose(arena, &bench, &size),
	    "<error>two records; more than 100 different rows"));
	send_close(&bench);
	pst_arena_free(arena);
}

/* The part up to `last` and the part after it are all rows, and no row twice. */
static void
check_parts(struct send_bench *bench, const struct pst_composed *first)
{
	struct pst_composed size;
	struct pst_compose part = what;

	part.until = first->last;
	assert_true(pst_compose_count(&bench->store, &part, &size, NULL));
	assert_int_equal(size.rows, first->rows);
	assert_int_equal(size.messages, first->messages);
	part.until = "";
	part.after = first->last;
	assert_true(pst_compose_count(&bench->store, &part, &size, NULL));
	assert_int_equal(size.rows, 400 - first->rows);
}

static void
test_measure(void **state)
{
	struct pst_composed size;
	struct send_bench bench;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	for (unsigned i = 0; i < 400; i++)
		send_row(&bench,
		    (struct send_row){STORE_DAY, "a.example",
			"mailto:x@a.example", i * 7919, 1});
	for (int i = 0; i < 2; i++) {
		bench.config->reports.format =
		    i == 0 ? PST_REPORT_GZIP : PST_REPORT_XML;
		bench.config->reports.max_bytes = 65536 >> (i == 0 ? 4 : 0);
		assert_true(pst_compose_measure(
		    &bench.store, &what, &size, &bench.err));
		assert_true(size.cut);
		assert_in_range(size.rows, 40, 399);
		assert_int_equal(strlen(size.last), 32);
		check_parts(&bench, &size);
		/* At least one row always fits, or it would never end. */
		bench.config->reports.max_bytes = PST_PACK_MIN_BYTES;
		assert_true(pst_compose_measure(
		    &bench.store, &what, &size, &bench.err));
		assert_true(size.cut);
		assert_in_range(size.rows, 1, 5);
		bench.config->reports.max_bytes = 10 << 20;
		assert_true(pst_compose_measure(
		    &bench.store, &what, &size, &bench.err));
		assert_false(size.cut);
		assert_int_equal(size.rows, 400);
	}
	send_close(&bench);
}

static void
test_faults(void **state)
{
	struct pst_compose other = what;
	struct pst_composed size;
	struct send_bench bench;

	(void)state;
	send_open(&bench, "x.invalid. A 192.0.2.1\n");
	send_row(&bench,
	    (struct send_row){
		STORE_DAY, "a.example", "mailto:x@a.example", 1, 1});
	assert_false(pst_compose_write(&bench.store, &what,
	    (struct pst_aggregate_sink){refuse, NULL}, &size, &bench.err));
	assert_non_null(strstr(bench.err.text, "a.example"));
	other.domain = "b.example";
	assert_false(pst_compose_write(&bench.store, &other,
	    (struct pst_aggregate_sink){refuse, NULL}, &size, &bench.err));
	assert_non_null(strstr(bench.err.text, "no policy of b.example"));
	send_close(&bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pure),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_measure),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}
