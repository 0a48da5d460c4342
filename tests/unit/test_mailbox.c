/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/mailbox.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))
#define MAX_BYTES ((size_t)200 * 1024)

static char dir[64];
static struct pst_arena *arena;
static struct pst_buf seen;

static int
set_up(void **state)
{
	(void)state;
	arena = pst_arena_new();
	pst_buf_init(&seen, arena, 1 << 20);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_mailbox.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static const char *
path_of(const char *name)
{
	return pst_arena_printf(arena, "%s/%s", dir, name);
}

static int
tear_down(void **state)
{
	static const char *const names[] = {"mbox", "new/1", "new/2", "new/.h",
	    "new/pipe", "cur/3:2,S", "new", "cur", "tmp", "b.xml", ".h",
	    "sub/c", "sub/loop", "sub"};

	(void)state;
	for (size_t i = 0; i < LENGTH_OF(names); i++)
		(void)remove(path_of(names[i]));
	pst_arena_free(arena);
	return rmdir(dir);
}

static void
write_file(const char *name, struct pst_str content)
{
	FILE *file = fopen(path_of(name), "wb");

	assert_non_null(file);
	if (content.len > 0)
		assert_int_equal(
		    fwrite(content.ptr, 1, content.len, file), content.len);
	assert_int_equal(fclose(file), 0);
}

/* Returns the label without the directory. */
static const char *
short_label(const char *label)
{
	return strncmp(label, dir, strlen(dir)) == 0 ? label + strlen(dir) :
						       label;
}

static void
note_document(
    void *arg, const char *label, struct pst_str octets, bool is_message)
{
	(void)arg;
	assert_int_equal(is_message,
	    strstr(label, ", message ") != NULL ||
		strstr(label, "/b.xml") != NULL ||
		strstr(label, "/sub/") != NULL ||
		strstr(label, "/d/") != NULL ||
		strstr(label, "/new/") != NULL ||
		strstr(label, "/cur/") != NULL);
	pst_buf_printf(&seen, "%s{", short_label(label));
	if (octets.len > 1000)
		pst_buf_printf(&seen, "%zu octets", octets.len);
	else
		pst_buf_add_escaped(&seen, octets);
	pst_buf_add_text(&seen, "} ");
}

static void
note_refused(void *arg, const char *label, const char *why)
{
	(void)arg;
	pst_buf_printf(&seen, "%s %s ", short_label(label), why);
}

static const char *
visit(const char *name)
{
	struct pst_mailbox_visitor visitor = {
	    note_document, note_refused, NULL, MAX_BYTES};
	struct pst_err err = {""};

	pst_buf_reset(&seen);
	if (!pst_mailbox_visit(name, visitor, &err))
		pst_buf_printf(&seen, "failed: %s", err.text);
	return seen.len == 0 ? "" : pst_buf_str(&seen);
}

#define FROM "From a@b.example Mon Jan  5 10:00:00 2026\n"

static const struct {
	const char *label;
	const char *content;
	const char *wanted;
} rows[] = {
    {"a file", "<feedback/>\n", "/mbox{<feedback/>\\x0A} "},
    {"empty", "", "/mbox{} "},
    {"one", FROM "A: 1\n\nx\n", "/mbox, message 1{A: 1\\x0A\\x0Ax\\x0A} "},
    {"two", FROM "A: 1\n\n" FROM "A: 2\n\nx",
	"/mbox, message 1{A: 1\\x0A\\x0A} /mbox, message 2{A: 2\\x0A\\x0Ax} "},
    {"CRLF",
	"From a Mon Jan  5 10:00:00 2026\r\nA: 1\r\n\r\n"
	"From b Mon Jan  5 10:00:00 2026\r\nA: 2\r\n",
	"/mbox, message 1{A: 1\\x0D\\x0A\\x0D\\x0A} "
	"/mbox, message 2{A: 2\\x0D\\x0A} "},
    {"From in the body",
	FROM "A: 1\n\nFrom me to you\n\nFrom Monday Jan is away\n>" FROM FROM
	     "x\n",
	"/mbox, message 1{A: 1\\x0A\\x0AFrom me to you\\x0A\\x0A"
	"From Monday Jan is away\\x0A>From a@b.example Mon Jan  5 10:00:00 "
	"2026\\x0AFrom a@b.example Mon Jan  5 10:00:00 2026\\x0Ax\\x0A} "},
    {"first line without a date", "From x\nA: 1\n",
	"/mbox, message 1{A: 1\\x0A} "},
    {"no message after it", FROM, "/mbox, message 1{} "},
    {"sender with blanks", FROM "\nFrom \"a b\"@c Tue Dec 31 x\ny",
	"/mbox, message 1{\\x0A} /mbox, message 2{y} "},
};

static void
test_mbox(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		write_file("mbox", pst_str(rows[i].content));
		const char *got = visit(path_of("mbox"));
		if (strcmp(got, rows[i].wanted) != 0)
			fail_msg("\"%s\", not \"%s\"", got, rows[i].wanted);
	}
}

/* A message may begin at any offset near the end of a 64 KB read. */
static void
test_chunks(void **state)
{
	struct pst_buf buf;

	(void)state;
	for (size_t pad = 65536 - 120; pad < 65536 + 20; pad++) {
		pst_buf_init(&buf, arena, 1 << 20);
		pst_buf_add_text(&buf, FROM);
		for (size_t i = 0; i < pad; i++)
			pst_buf_add_char(&buf, 'x');
		pst_buf_add_text(&buf, "\n\n" FROM "A: 2\n");
		write_file("mbox", pst_buf_slice(&buf));
		assert_string_equal(visit(path_of("mbox")),
		    pst_arena_printf(arena,
			"/mbox, message 1{%zu octets} "
			"/mbox, message 2{A: 2\\x0A} ",
			pad + 2));
	}
}

static void
test_large(void **state)
{
	struct pst_buf buf;

	(void)state;
	for (size_t len = MAX_BYTES - 1; len <= MAX_BYTES + 1; len++) {
		pst_buf_init(&buf, arena, 1 << 20);
		pst_buf_add_text(&buf, FROM);
		for (size_t i = 0; i + 2 < len; i++)
			pst_buf_add_char(&buf, 'x');
		pst_buf_add_text(&buf, "\n\n" FROM "A: 2\n");
		write_file("mbox", pst_buf_slice(&buf));
		assert_string_equal(visit(path_of("mbox")),
		    pst_arena_printf(arena,
			"/mbox, message 1%s /mbox, message 2{A: 2\\x0A} ",
			len > MAX_BYTES ?
			    " is larger than 0 MB, so it is not read" :
			    pst_arena_printf(arena, "{%zu octets}", len)));
		write_file("mbox",
		    pst_str_first(
			pst_str_from(pst_buf_slice(&buf), strlen(FROM)), len));
		assert_string_equal(visit(path_of("mbox")),
		    len > MAX_BYTES ?
			"/mbox is larger than 0 MB, so it is not read " :
			pst_arena_printf(arena, "/mbox{%zu octets} ", len));
	}
}

static void
test_maildir(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("new"), 0700), 0);
	assert_int_equal(mkdir(path_of("tmp"), 0700), 0);
	assert_string_equal(visit(dir), "");
	assert_int_equal(mkdir(path_of("cur"), 0700), 0);
	write_file("new/2", PST_STR("B: 1\n"));
	write_file("new/1", PST_STR("A: 1\n"));
	write_file("new/.h", PST_STR("hidden"));
	write_file("cur/3:2,S", PST_STR(FROM "C: 1\n"));
	assert_int_equal(mkfifo(path_of("new/pipe"), 0600), 0);
	assert_string_equal(visit(dir),
	    "/new/1{A: 1\\x0A} /new/2{B: 1\\x0A} /new/pipe is not a file, so it "
	    "is not read /cur/3:2,S{From a@b.example Mon Jan  5 10:00:00 "
	    "2026\\x0AC: 1\\x0A} ");
}

/* Without new/ and cur/ a directory is a folder of files. */
static void
test_folder(void **state)
{
	(void)state;
	assert_string_equal(visit(dir), "");
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	write_file("mbox", PST_STR(FROM "A: 1\n"));
	write_file("b.xml", PST_STR("<feedback/>"));
	write_file("sub/c", PST_STR("x"));
	write_file(".h", PST_STR("hidden"));
	/* Otherwise we could go round in circles. */
	assert_int_equal(symlink(".", path_of("sub/loop")), 0);
	assert_string_equal(visit(dir),
	    "/b.xml{<feedback/>} /mbox, message 1{A: 1\\x0A} /sub/c{x} "
	    "/sub/loop is not a file, so it is not read ");
}

static void
test_deep_folder(void **state)
{
	const char *path[PST_MAILBOX_MAX_DEPTH + 1];
	const char *file = "d/d/d/d/d/d/d/d/x";

	(void)state;
	path[0] = path_of("d");
	assert_int_equal(mkdir(path[0], 0700), 0);
	for (size_t i = 1; i < PST_COUNT(path); i++) {
		path[i] = pst_arena_printf(arena, "%s/d", path[i - 1]);
		assert_int_equal(mkdir(path[i], 0700), 0);
	}
	write_file(file, PST_STR("x"));
	assert_string_equal(visit(dir),
	    "/d/d/d/d/d/d/d/d/d is nested too deep; name it itself "
	    "/d/d/d/d/d/d/d/d/x{x} ");
	assert_int_equal(remove(path_of(file)), 0);
	for (size_t i = PST_COUNT(path); i > 0; i--)
		assert_int_equal(remove(path[i - 1]), 0);
}

static void
test_standard_input(void **state)
{
	int saved = dup(STDIN_FILENO);
	int fd;

	(void)state;
	write_file("mbox", PST_STR(FROM "A: 1\n\n" FROM "B: 2\n"));
	fd = open(path_of("mbox"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_string_equal(visit("-"),
	    "standard input, message 1{A: 1\\x0A\\x0A} "
	    "standard input, message 2{B: 2\\x0A} ");
	(void)dup2(saved, STDIN_FILENO);
	(void)close(saved);
	(void)close(fd);
}

static void
test_missing(void **state)
{
	(void)state;
	assert_string_equal(visit(path_of("none")),
	    "failed: cannot be opened: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_mbox, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_chunks, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_maildir, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_folder, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_deep_folder, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_standard_input, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
