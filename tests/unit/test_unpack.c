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

/* Returns a zip file with `members` copies of this member. */
static struct pst_str
make_zip(struct pst_str content, const char *options, mode_t type, int members)
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
	for (int i = 0; i < members; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d.xml", i);
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, type);
		archive_entry_set_size(entry, (la_int64_t)content.len);
		assert_int_equal(
		    archive_write_header(archive, entry), ARCHIVE_OK);
		assert_int_equal(
		    archive_write_data(archive, content.ptr, content.len),
		    content.len);
	}
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return (struct pst_str){packed_room, used};
}

static void
expect_content(struct pst_str packed, struct pst_str wanted)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err = {""};
	struct pst_str out;

	if (!pst_unpack(arena, packed, &pst_unpack_limits, &out, &err))
		fail_msg("%s", err.text);
	assert_true(pst_str_eq(out, wanted));
	pst_arena_free(arena);
}

static void
expect_refusal(struct pst_str packed, const struct pst_unpack_limits *limits,
    const char *wanted)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_err err = {""};
	struct pst_str out;

	assert_false(pst_unpack(arena, packed, limits, &out, &err));
	if (strstr(err.text, wanted) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", err.text, wanted);
	assert_int_equal(pst_arena_used_bytes(arena), 0);
	pst_arena_free(arena);
}

static void
refused(struct pst_str packed, const char *wanted)
{
	expect_refusal(packed, &pst_unpack_limits, wanted);
}

static void
test_read(void **state)
{
	struct pst_str content = pst_str(text);

	(void)state;
	expect_content(make_gzip(content, 1), content);
	expect_content(
	    make_zip(content, "zip:compression=deflate", S_IFREG, 1), content);
	expect_content(
	    make_zip(content, "zip:compression=store", S_IFREG, 1), content);
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
	static const struct pst_unpack_limits no_ratio = {
	    PST_UNPACK_MAX_PACKED_BYTES, PST_UNPACK_MAX_BYTES, SIZE_MAX};
	static const struct pst_unpack_limits small = {
	    100, PST_UNPACK_MAX_BYTES, PST_UNPACK_MAX_RATIO};
	char *zeros = calloc(1, MB);
	struct pst_str block = {zeros, MB};
	struct pst_str bomb = make_gzip(block, 1024);

	(void)state;
	assert_non_null(zeros);
	refused(bomb, "unpacks to more than 50 MB");
	expect_refusal(bomb, &small, "larger than 0 MB packed");
	refused(make_gzip(block, 1), "unpacks to more than 200 times its size");
	expect_refusal(
	    make_gzip(block, 51), &no_ratio, "unpacks to more than 50 MB");
	refused(make_zip(block, "zip:compression=deflate", S_IFREG, 1),
	    "unpacks to more than 200 times its size");
	free(zeros);
}

/* A limit includes its own value. */
static void
test_exact(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str packed = make_gzip(pst_str(text), 100);
	size_t len = 100 * strlen(text);
	struct pst_unpack_limits limits = {
	    packed.len, len, (len + packed.len - 1) / packed.len};
	struct pst_err err = {""};
	struct pst_str out;

	(void)state;
	assert_true(pst_unpack(arena, packed, &limits, &out, &err));
	assert_int_equal(out.len, len);
	pst_arena_free(arena);
	limits.max_bytes--;
	expect_refusal(packed, &limits, "unpacks to more than 0 MB");
	limits.max_bytes++;
	limits.max_ratio--;
	expect_refusal(packed, &limits, "times its size");
	limits.max_ratio++;
	limits.max_packed_bytes--;
	expect_refusal(packed, &limits, "MB packed");
}

static void
test_members(void **state)
{
	struct pst_str content = pst_str(text);

	(void)state;
	refused(make_zip(content, "zip:compression=deflate", S_IFREG, 2),
	    "more than one member");
	refused(make_zip(content, "zip:compression=deflate", S_IFREG, 0),
	    "holds nothing");
	refused(make_zip(PST_STR(""), "zip:compression=store", S_IFDIR, 1),
	    "something other than a file");
	refused(make_zip(PST_STR(""), "zip:compression=store", S_IFREG, 1),
	    "holds nothing");
	refused(make_gzip(PST_STR(""), 0), "holds nothing");
}

/* A password, and LZMA, where the file dictates how much memory it takes. */
static void
test_methods(void **state)
{
	char copy[1024];
	struct pst_str zip =
	    make_zip(pst_str(text), "zip:compression=deflate", S_IFREG, 1);

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

static void
test_nested(void **state)
{
	char copy[1024];
	struct pst_str inner = make_gzip(pst_str(text), 1);
	struct pst_str zip;

	(void)state;
	memcpy(copy, inner.ptr, inner.len);
	refused(make_gzip((struct pst_str){copy, inner.len}, 1),
	    "packed more than once");
	refused(make_zip((struct pst_str){copy, inner.len},
		    "zip:compression=deflate", S_IFREG, 1),
	    "packed more than once");
	zip = make_zip(pst_str(text), "zip:compression=deflate", S_IFREG, 1);
	memcpy(copy, zip.ptr, zip.len);
	refused(make_gzip((struct pst_str){copy, zip.len}, 1),
	    "packed more than once");
	refused(make_zip((struct pst_str){copy, zip.len},
		    "zip:compression=store", S_IFREG, 1),
	    "packed more than once");
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
	whole[1] =
	    make_zip(pst_str(text), "zip:compression=deflate", S_IFREG, 1);
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
	    cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
