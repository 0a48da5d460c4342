/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

static void
test_alloc_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 65536, 200000, 3};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, sizes, rows_number(sizes[i])) {
		unsigned char *ptr = pst_arena_alloc(arena, sizes[i]);
		assert_non_null(ptr);
		assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(ptr[k], 0);
		if (sizes[i] > 0)
			memset(ptr, 0xa5, sizes[i]);
	}
	pst_arena_free(arena);
}

static void
test_pieces_do_not_overlap(void **state)
{
	enum { COUNT = 3000 };
	struct pst_arena *arena = pst_arena_new();
	unsigned char *pieces[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		pieces[i] = pst_arena_alloc(arena, i % 90 + 1);
		memset(pieces[i], (int)(i % 251), i % 90 + 1);
	}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t k = 0; k < i % 90 + 1; k++)
			assert_int_equal(pieces[i][k], i % 251);
	pst_arena_free(arena);
}

static void
test_empty_pieces_differ(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	assert_ptr_not_equal(
	    pst_arena_alloc(arena, 0), pst_arena_alloc(arena, 0));
	pst_arena_free(arena);
}

static void
test_copies(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	static const char raw[] = {'a', '\0', 'b'};
	char *copy = pst_arena_memdup(arena, raw, sizeof(raw));

	(void)state;
	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(pst_arena_memdup(arena, NULL, 0), "");
	assert_string_equal(pst_arena_strdup(arena, "text"), "text");
	assert_string_equal(pst_arena_printf(arena, "%s-%d", "x", 42), "x-42");
	assert_int_equal(strlen(pst_arena_printf(arena, "%9000d", 1)), 9000);
	pst_arena_free(arena);
}

static void
test_used_bytes_counts_requests(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	assert_int_equal(pst_arena_used_bytes(arena), 0);
	(void)pst_arena_alloc(arena, 10);
	(void)pst_arena_array(arena, 3, 100);
	assert_int_equal(pst_arena_used_bytes(arena), 310);
	pst_arena_free(arena);
}

struct journal {
	char text[16];
	size_t len;
};

struct entry {
	struct journal *journal;
	char letter;
};

static void
write_entry(void *handle)
{
	struct entry *entry = handle;

	entry->journal->text[entry->journal->len++] = entry->letter;
}

static void
defer_letter(struct pst_arena *arena, struct journal *journal, char letter)
{
	struct entry *entry = pst_arena_alloc(arena, sizeof(*entry));

	*entry = (struct entry){journal, letter};
	pst_arena_defer(arena, write_entry, entry);
}

static void
test_deferred_calls_run_last_first(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct journal journal = {.len = 0};

	(void)state;
	for (char c = 'a'; c <= 'e'; c++) {
		defer_letter(arena, &journal, c);
		(void)pst_arena_alloc(arena, 50000);
	}
	assert_string_equal(journal.text, "");
	pst_arena_free(arena);
	assert_string_equal(journal.text, "edcba");
}

static void
test_rewind(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct journal journal = {.len = 0};
	char *kept = pst_arena_strdup(arena, "kept");

	(void)state;
	defer_letter(arena, &journal, 'a');
	struct pst_arena_mark mark = pst_arena_mark(arena);
	defer_letter(arena, &journal, 'b');
	unsigned char *first = pst_arena_alloc(arena, 64);
	memset(first, 0xff, 64);
	memset(pst_arena_alloc(arena, 100000), 0xff, 100000);
	defer_letter(arena, &journal, 'c');

	pst_arena_rewind(arena, mark);
	assert_string_equal(journal.text, "cb");
	assert_string_equal(kept, "kept");
	unsigned char *again = pst_arena_alloc(arena, 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(again[i], 0);
	pst_arena_rewind(arena, mark);
	assert_string_equal(journal.text, "cb");
	pst_arena_free(arena);
	assert_string_equal(journal.text, "cba");
}

static void
test_rewind_to_the_beginning(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena_mark mark = pst_arena_mark(arena);
	struct journal journal = {.len = 0};

	(void)state;
	defer_letter(arena, &journal, 'x');
	pst_arena_rewind(arena, mark);
	assert_string_equal(journal.text, "x");
	assert_string_equal(pst_arena_strdup(arena, "again"), "again");
	pst_arena_free(arena);
	assert_string_equal(journal.text, "x");
}

static void
test_free_null(void **state)
{
	(void)state;
	pst_arena_free(NULL);
}

/* Runs it in a child, which must die of SIGABRT; text is its stderr. */
static void
run_aborting(size_t count, size_t size_bytes, char *text, size_t text_size)
{
	int ends[2];
	int status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)pst_arena_array(pst_arena_new(), count, size_bytes);
		_exit(0);
	}
	(void)close(ends[1]);
	ssize_t len = read(ends[0], text, text_size - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
test_impossible_sizes_abort(void **state)
{
	static const struct {
		size_t count, size_bytes;
	} rows[] = {{SIZE_MAX, 2}, {SIZE_MAX / 8, 16}, {1, SIZE_MAX},
	    {1, SIZE_MAX / 2 + 1}};
	char text[256];

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].count)) {
		run_aborting(
		    rows[i].count, rows[i].size_bytes, text, sizeof(text));
		assert_string_equal(text, "postern: out of memory\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alloc_is_zeroed_and_aligned),
	    cmocka_unit_test(test_pieces_do_not_overlap),
	    cmocka_unit_test(test_empty_pieces_differ),
	    cmocka_unit_test(test_copies),
	    cmocka_unit_test(test_used_bytes_counts_requests),
	    cmocka_unit_test(test_deferred_calls_run_last_first),
	    cmocka_unit_test(test_rewind),
	    cmocka_unit_test(test_rewind_to_the_beginning),
	    cmocka_unit_test(test_free_null),
	    cmocka_unit_test(test_impossible_sizes_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
