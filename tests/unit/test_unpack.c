/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "feedback/unpack.h"
#include "tests/unit/rows.h"

#define MB ((size_t)1024 * 1024)
#define PACKED_MAX (8 * MB)

static char packed_room[PACKED_MAX];

static const char text[] = "<feedback>a report that is not long</feedback>";

/* Returns content, repeated, as gzip in a static buffer. */
static struct pst_str
make_gzip(struct pst_str content, size_t times)
{
	z_stream stream;

	memset(&stream, 0, sizeof(stream));
	assert_int_equal(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 31, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	stream.next_out = (Bytef *)packed_room;
	stream.avail_out = sizeof(packed_room);
	for (size_t i = 0; i < times; i++) {
		/* zlib only reads it. */
		stream.next_in = (Bytef *)(uintptr_t)content.ptr;
		stream.avail_in = (uInt)content.len;
		assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
	}
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return (struct pst_str){packed_room, stream.total_out};
}

#define MAX_MEMBERS 8

struct member {
	const char *name;
	mode_t type;
	const char *content; /* NULL: the argument of make_zip_of() */
};

/* Returns a zip file with these members; one without a name is the last. */
static struct pst_str
make_zip_of(
    const struct member *members, struct pst_str content, const char *options)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
	assert_int_equal(
	    archive_write_set_options(archive, options), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(
			     archive, packed_room, sizeof(packed_room), &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < MAX_MEMBERS && members[i].name != NULL; i++) {
		struct pst_str one = members[i].content == NULL ?
		    content :
		    pst_str(members[i].content);

		archive_entry_set_pathname(entry, members[i].name);
		archive_entry_set_filetype(entry, members[i].type);
		archive_entry_set_size(entry, (la_int64_t)one.len);
		assert_int_equal(
		    archive_write_header(archive, entry), ARCHIVE_OK);
		assert_int_equal(
		    archive_write_data(archive, one.ptr, one.len), one.len);
	}
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return (struct pst_str){packed_room, used};
}

/* Returns a zip file with one member. */
static struct pst_str
make_zip(struct pst_str content, const char *options)
{
	static const struct member only[] = {
	    {"0.xml", S_IFREG, NULL}, {NULL, 0, NULL}};

	return make_zip_of(only, content, options);
}

struct seen {
	struct pst_arena *arena;
	struct pst_buf buf; /* the contents, each with a `|` after it */
};

static bool
want_most(void *arg, struct pst_str beginning)
{
	(void)arg;
	return !pst_str_starts(beginning, PST_STR("unwanted"));
}

static void
note_member(void *arg, struct pst_str content)
{
	struct seen *seen = arg;

	pst_buf_add(&seen->buf, content);
	pst_buf_add_char(&seen->buf, '|');
}

/* Unpacks with a budget of which the rest is left in *budget. */
static enum pst_unpack_result
unpack(struct pst_str packed, struct pst_unpack_budget *budget,
    struct seen *seen, struct pst_err *err)
{
	struct pst_unpack_visitor visitor = {want_most, note_member, seen};

	seen->arena = pst_arena_new();
	pst_buf_init(&seen->buf, seen->arena, 60 * MB);
	err->text[0] = '\0';
	return pst_unpack(packed, budget, visitor, err);
}

static void
expect_members(struct pst_str packed, struct pst_str wanted)
{
	struct pst_unpack_budget budget = pst_unpack_budget;
	struct seen seen;
	struct pst_err err;

	if (unpack(packed, &budget, &seen, &err) != PST_UNPACK_READ)
		fail_msg("%s", err.text);
	assert_true(pst_str_eq(pst_buf_slice(&seen.buf), wanted));
	pst_arena_free(seen.arena);
}

static void
expect_content(struct pst_str packed, struct pst_str wanted)
{
	char *copy = malloc(wanted.len + 1);

	assert_non_null(copy);
	memcpy(copy, wanted.ptr, wanted.len);
	copy[wanted.len] = '|';
	expect_members(packed, (struct pst_str){copy, wanted.len + 1});
	free(copy);
}

static void
expect_result(struct pst_str packed, struct pst_unpack_budget budget,
    enum pst_unpack_result result, const char *wanted)
{
	struct seen seen;
	struct pst_err err;

	assert_int_equal(unpack(packed, &budget, &seen, &err), result);
	if (strstr(err.text, wanted) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", err.text, wanted);
	pst_arena_free(seen.arena);
}

static void
refused(struct pst_str packed, const char *wanted)
{
	expect_result(packed, pst_unpack_budget, PST_UNPACK_UNREADABLE, wanted);
}

static void
too_large(struct pst_str packed, struct pst_unpack_budget budget)
{
	expect_result(
	    packed, budget, PST_UNPACK_TOO_LARGE, "unpacks to more than 50 MB");
}

static void
test_read(void **state)
{
	struct pst_str content = pst_str(text);

	(void)state;
	expect_content(make_gzip(content, 1), content);
	expect_content(make_zip(content, "zip:compression=deflate"), content);
	expect_content(make_zip(content, "zip:compression=store"), content);
	refused(content, "is neither gzip nor zip");
	refused(PST_STR(""), "is neither gzip nor zip");
}

/* What libarchive could read, but is never asked to. */
static void
test_other_formats(void **state)
{
	static const struct {
		const char *label;
		struct pst_str begin;
	} rows[] = {
	    {"RAR 4", PST_STR_INIT("Rar!\x1a\x07\x00")},
	    {"RAR 5", PST_STR_INIT("Rar!\x1a\x07\x01\x00")},
	    {"7zip", PST_STR_INIT("7z\xbc\xaf\x27\x1c")},
	    {"cabinet", PST_STR_INIT("MSCF\0\0\0\0")},
	    {"xar", PST_STR_INIT("xar!\0\x1c\0\x01")},
	    {"lha", PST_STR_INIT("\x1c\x00-lh5-")},
	    {"cpio", PST_STR_INIT("070707000000")},
	    {"WARC", PST_STR_INIT("WARC/1.0\r\n")},
	    {"compress", PST_STR_INIT("\x1f\x9d\x90")},
	    {"bzip2", PST_STR_INIT("BZh91AY&SY")},
	    {"xz",
		PST_STR_INIT("\xfd"
			     "7zXZ\0")},
	    {"Zstandard", PST_STR_INIT("\x28\xb5\x2f\xfd")},
	    {"uuencode", PST_STR_INIT("begin 644 x\n")},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		char octets[64 * 1024] = {0};
		struct pst_str packed = {octets, sizeof(octets)};

		/* An ISO image and a tar file have their marks further on. */
		memcpy(octets + 32769, "CD001", 5);
		memcpy(octets + 257, "ustar\00000", 8);
		memcpy(octets, rows[i].begin.ptr, rows[i].begin.len);
		refused(packed, "is neither gzip nor zip");
		/* In a gzip file it is text, which the XML parser refuses. */
		expect_content(make_gzip(packed, 1), packed);
	}
}

/* 1 GB of zeros, packed into a few MB, runs into each limit. */
static void
test_bomb(void **state)
{
	struct pst_unpack_budget small = pst_unpack_budget;
	char *zeros = calloc(1, MB);
	struct pst_str block = {zeros, MB};
	struct pst_str bomb = make_gzip(block, 1024);

	(void)state;
	assert_non_null(zeros);
	small.packed_bytes = 100;
	too_large(bomb, pst_unpack_budget);
	expect_result(
	    bomb, small, PST_UNPACK_UNREADABLE, "larger than 0 MB packed");
	too_large(make_gzip(block, 51), pst_unpack_budget);
	small = pst_unpack_budget;
	small.bytes = MB - 1;
	too_large(make_zip(block, "zip:compression=deflate"), small);
	free(zeros);
}

/* Reports with thousands of equal records shrink to a thousandth. */
static void
test_ratio(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char *spaces = pst_arena_alloc(arena, 20 * MB + 1);
	struct pst_str block = {spaces, MB};

	(void)state;
	memset(spaces, ' ', 20 * MB);
	expect_content(make_gzip(block, 20), (struct pst_str){spaces, 20 * MB});
	pst_arena_free(arena);
}

/* A limit includes its own value; what is used is gone. */
static void
test_exact(void **state)
{
	struct pst_str packed = make_gzip(pst_str(text), 100);
	size_t len = 100 * strlen(text);
	struct pst_unpack_budget budget = {packed.len, len, 1};
	struct seen seen;
	struct pst_err err;

	(void)state;
	assert_int_equal(unpack(packed, &budget, &seen, &err), PST_UNPACK_READ);
	assert_int_equal(seen.buf.len, len + 1);
	pst_arena_free(seen.arena);
	assert_int_equal(budget.bytes, 0);
	too_large(packed, budget);
	budget.bytes = len - 1;
	too_large(packed, budget);
	budget.bytes = len;
	budget.packed_bytes--;
	expect_result(packed, budget, PST_UNPACK_UNREADABLE, "MB packed");
}

#define FILE_OF(name)                                                          \
	{                                                                      \
		name, S_IFREG, name "!"                                        \
	}

static void
test_members(void **state)
{
	static const struct {
		const char *label;
		struct member members[MAX_MEMBERS];
		const char *wanted;  /* the contents that are visited */
		const char *refused; /* or the error */
	} rows[] = {
	    {"two", {FILE_OF("a"), FILE_OF("b")}, "a!|b!|", NULL},
	    {"folder", {{"f/", S_IFDIR, ""}, FILE_OF("f/a")}, "f/a!|", NULL},
	    {"Mac", {FILE_OF("a"), FILE_OF("__MACOSX/._a")}, "a!|", NULL},
	    {"Mac, the other way round",
		{FILE_OF("__MACOSX/x/._a"), FILE_OF("x/a")}, "x/a!|", NULL},
	    {"Mac, a file alone", {FILE_OF("._a"), FILE_OF("a")}, "a!|", NULL},
	    {"empty and full", {{"e", S_IFREG, ""}, FILE_OF("a")}, "a!|", NULL},
	    {"unwanted", {FILE_OF("unwanted"), FILE_OF("a")}, "a!|", NULL},
	    {"only unwanted", {FILE_OF("unwanted")}, "", NULL},
	    {"link", {{"l", S_IFLNK, ""}, FILE_OF("a")}, "a!|", NULL},
	    {"nothing", {{NULL, 0, NULL}}, NULL, "holds nothing"},
	    {"only a folder", {{"f/", S_IFDIR, ""}}, NULL, "holds nothing"},
	    {"only a shadow", {FILE_OF("__MACOSX/a")}, NULL, "holds nothing"},
	    {"only empty", {{"e", S_IFREG, ""}}, NULL, "holds nothing"},
	};
	struct pst_unpack_budget one = pst_unpack_budget;

	(void)state;
	one.members = 1;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_str zip = make_zip_of(
		    rows[i].members, PST_STR(""), "zip:compression=deflate");

		if (rows[i].refused != NULL)
			refused(zip, rows[i].refused);
		else
			expect_members(zip, pst_str(rows[i].wanted));
	}
	expect_result(make_zip_of(rows[0].members, PST_STR(""),
			  "zip:compression=deflate"),
	    one, PST_UNPACK_UNREADABLE, "more than 1000 members");
	refused(make_gzip(PST_STR(""), 0), "holds nothing");
}

/* A password, and LZMA, where the file dictates how much memory it takes. */
static void
test_methods(void **state)
{
	char copy[1024];
	struct pst_str zip = make_zip(pst_str(text), "zip:compression=deflate");

	(void)state;
	assert_true(zip.len < sizeof(copy));
	for (size_t i = 0; i < 2; i++) {
		memcpy(copy, zip.ptr, zip.len);
		/* patch the member's header and the central directory */
		for (size_t at = 0; at + 4 < zip.len; at++) {
			size_t flags = memcmp(copy + at, "PK\x03\x04", 4) == 0 ?
			    6 :
			    memcmp(copy + at, "PK\x01\x02", 4) == 0 ? 8 :
								      0;
			if (flags != 0 && i == 0)
				copy[at + flags] |= 1;
			else if (flags != 0)
				copy[at + flags + 2] = 14; /* LZMA */
		}
		refused((struct pst_str){copy, zip.len},
		    i == 0 ? "with a password" : "a method other than deflate");
	}
}

/* One call takes off one layer. */
static void
test_nested(void **state)
{
	char copy[1024];
	struct pst_str inner = make_gzip(pst_str(text), 1);

	(void)state;
	memcpy(copy, inner.ptr, inner.len);
	inner.ptr = copy;
	expect_content(make_gzip(inner, 1), inner);
}

/*
 * A gzip file may consist of several; rubbish after it, as a mailer's padding,
 * is ignored.
 */
static void
test_concatenated(void **state)
{
	char copy[1024];
	struct pst_str one = make_gzip(pst_str(text), 1);

	(void)state;
	memcpy(copy, one.ptr, one.len);
	memcpy(copy + one.len, one.ptr, one.len);
	memcpy(copy + 2 * one.len, "\0\0x", 3);
	expect_content((struct pst_str){copy, one.len}, pst_str(text));
	expect_members((struct pst_str){copy, 2 * one.len + 3},
	    PST_STR("<feedback>a report that is not long</feedback>"
		    "<feedback>a report that is not long</feedback>|"));
}

/* A file that is cut at any octet is refused. */
static void
test_truncated(void **state)
{
	struct pst_str whole[2];
	char *copies[2];

	(void)state;
	whole[0] = make_gzip(pst_str(text), 1);
	copies[0] = malloc(whole[0].len);
	assert_non_null(copies[0]);
	memcpy(copies[0], whole[0].ptr, whole[0].len);
	whole[1] = make_zip(pst_str(text), "zip:compression=deflate");
	copies[1] = malloc(whole[1].len);
	assert_non_null(copies[1]);
	memcpy(copies[1], whole[1].ptr, whole[1].len);
	for (size_t i = 0; i < 2; i++) {
		size_t len;

		/* A zip file without its directory still has its member. */
		for (len = 0; len < (i == 0 ? whole[i].len : 60); len++) {
			char *exact = malloc(len > 0 ? len : 1);

			assert_non_null(exact);
			memcpy(exact, copies[i], len);
			refused((struct pst_str){exact, len}, "");
			free(exact);
		}
		free(copies[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_other_formats),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_ratio),
	    cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_concatenated),
	    cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
