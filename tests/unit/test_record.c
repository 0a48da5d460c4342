/* SPDX-License-Identifier: BSD-2-Clause */

/* Sections, numbers and texts; and what is read from damaged octets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/record.h"
#include "tests/unit/rows.h"

static struct pst_str
octets_of(const struct pst_record_out *out)
{
	const void *ptr = out->ptr;

	return (struct pst_str){ptr, out->len};
}

static void
test_numbers(void **state)
{
	static const struct {
		uint64_t number;
		size_t octets;
	} rows[] = {{0, 1}, {1, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3},
	    {UINT32_MAX, 5}, {(uint64_t)1 << 63, 10}, {UINT64_MAX, 10}};

	(void)state;
	FOR_ROWS(i, rows, NULL) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_record_source source = {arena, false};
		struct pst_record_out out;
		struct pst_record_in in;

		pst_record_init(&out, arena, 100);
		pst_record_number(&out, rows[i].number);
		assert_int_equal(out.len, rows[i].octets);
		pst_record_begin(&in, octets_of(&out), &source);
		assert_int_equal(
		    pst_record_take_number(&in, UINT64_MAX), rows[i].number);
		assert_int_equal(in.len, 0);
		pst_record_begin(&in, octets_of(&out), &source);
		if (rows[i].number > 0) {
			assert_int_equal(
			    pst_record_take_number(&in, rows[i].number - 1), 0);
			assert_true(source.bad);
		}
		pst_arena_free(arena);
	}
}

static void
test_signed(void **state)
{
	static const int64_t rows[] = {
	    0, 1, -1, 63, -64, 64, INT32_MIN, INT64_MAX, INT64_MIN};

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i])) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_record_source source = {arena, false};
		struct pst_record_out out;
		struct pst_record_in in;

		pst_record_init(&out, arena, 100);
		pst_record_signed(&out, rows[i]);
		pst_record_begin(&in, octets_of(&out), &source);
		assert_true(pst_record_take_signed(&in) == rows[i]);
		assert_false(source.bad);
		pst_arena_free(arena);
	}
}

/* A reader that knows less skips the rest, one that knows more gets zeros. */
static void
test_sections(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_record_source source = {arena, false};
	struct pst_record_out out;
	struct pst_record_in in, section, inner;
	struct pst_ip ip;
	size_t opened, nested;
	unsigned tag;

	(void)state;
	pst_record_init(&out, arena, 1000);
	opened = pst_record_open(&out, 200);
	pst_record_text(&out, NULL);
	pst_record_text(&out, "");
	pst_record_text(&out, "some text");
	nested = pst_record_open(&out, 3);
	pst_record_number(&out, 7);
	assert_true(pst_record_close(&out, nested));
	assert_true(pst_record_close(&out, opened));
	opened = pst_record_open(&out, 4);
	assert_true(pst_record_close(&out, opened));
	assert_false(out.cut);

	pst_record_begin(&in, octets_of(&out), &source);
	assert_int_equal(pst_record_count(in, 200), 1);
	assert_true(pst_record_next(&in, &tag, &section));
	assert_int_equal(tag, 200);
	assert_null(pst_record_take_text(&section));
	assert_string_equal(pst_record_take_text(&section), "");
	assert_string_equal(pst_record_take_text(&section), "some text");
	assert_true(pst_record_next(&section, &tag, &inner));
	assert_int_equal(pst_record_take_unsigned(&inner), 7);
	assert_int_equal(pst_record_take_unsigned(&inner), 0);
	assert_null(pst_record_take_text(&inner));
	assert_int_equal(pst_record_take_octets(&inner).len, 0);
	pst_record_take_ip(&inner, &ip);
	assert_int_equal(ip.family, PST_IP_NONE);
	assert_false(pst_record_next(&section, &tag, &inner));
	assert_true(pst_record_next(&in, &tag, &section));
	assert_int_equal(tag, 4);
	assert_int_equal(section.len, 0);
	assert_false(pst_record_next(&in, &tag, &section));
	assert_false(source.bad);
	pst_arena_free(arena);
}

/* What does not fit is taken back as a whole section, and others still fit. */
static void
test_bounds(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	char large[5000];
	struct pst_record_out out;
	size_t opened, nested;

	(void)state;
	memset(large, 'x', sizeof(large));
	pst_record_init(&out, arena, 4000);
	opened = pst_record_open(&out, 1);
	pst_record_number(&out, 1);
	nested = pst_record_open(&out, 2);
	pst_record_octets(&out, (struct pst_str){large, sizeof(large)});
	pst_record_number(&out, 2);
	assert_false(pst_record_close(&out, nested));
	pst_record_number(&out, 3);
	assert_true(pst_record_close(&out, opened));
	assert_int_equal(out.len, 5);
	assert_true(out.cut);

	out.cut = false;
	pst_record_limit(&out, 100);
	opened = pst_record_open(&out, 3);
	pst_record_octets(&out, (struct pst_str){large, 100});
	assert_false(pst_record_close(&out, opened));
	pst_record_unlimit(&out);
	opened = pst_record_open(&out, 3);
	pst_record_octets(&out, (struct pst_str){large, 3000});
	assert_true(pst_record_close(&out, opened));
	assert_int_equal(out.len, 5 + 3 + 2 + 3000);
	assert_memory_equal(out.ptr, "\1\2\0\1\3\3", 6);
	pst_arena_free(arena);
}

static const unsigned char numbers[] = {3, 0, 9};
static const struct pst_record_numbers enums = {numbers, 3};

enum kind { NUMBER, TEXT, WORDS, STRING, OCTETS, IP, ENUM, SECTION };

/* Takes a value of that kind, whatever is there. */
static void
take(struct pst_record_in *in, enum kind kind)
{
	struct pst_record_in section;
	struct pst_ip ip;
	unsigned tag;

	switch (kind) {
	case NUMBER:
		(void)pst_record_take_number(in, UINT64_MAX);
		break;
	case TEXT:
		(void)pst_record_take_text(in);
		break;
	case WORDS:
		(void)pst_record_take_words(in);
		break;
	case STRING:
		(void)pst_record_take_string(in);
		break;
	case OCTETS:
		(void)pst_record_take_octets(in);
		break;
	case IP:
		pst_record_take_ip(in, &ip);
		break;
	case ENUM:
		(void)pst_record_take_enum(in, &enums);
		break;
	case SECTION:
		(void)pst_record_next(in, &tag, &section);
		break;
	}
}

/* Each kind of value, from octets that are one, and from others. */
static const struct {
	const char *label;
	enum kind kind;
	const char *octets;
	size_t len;
	bool bad;
} damaged[] = {
    {"a number that goes on", NUMBER, "\x80", 1, true},
    {"a number above 64 bits", NUMBER,
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, true},
    {"the largest number", NUMBER, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	10, false},
    {"eleven octets", NUMBER, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
	11, true},
    {"a text after the end", TEXT,
	"\x05"
	"abc",
	4, true},
    {"a text", TEXT,
	"\x04"
	"abc",
	4, false},
    {"a control in a text", TEXT,
	"\x04"
	"a\x1b"
	"c",
	4, true},
    {"8 bits in a text", TEXT, "\x03\xc3\xa4", 3, true},
    {"8 bits in words", WORDS, "\x03\xc3\xa4", 3, false},
    {"half a character", WORDS, "\x02\xc3", 2, true},
    {"a line end in words", WORDS,
	"\x03"
	"a\n",
	3, true},
    {"any octets", STRING, "\x03\x1b\xff", 3, false},
    {"a NUL", STRING,
	"\x03"
	"a\0",
	3, true},
    {"a NUL in octets", OCTETS,
	"\x03"
	"a\0",
	3, false},
    {"octets after the end", OCTETS, "\x7f", 1, true},
    {"no address", IP, "\0", 1, false},
    {"an address", IP, "\4\1\2\3\4", 5, false},
    {"half an address", IP, "\4\1\2", 3, true},
    {"an address of 5 octets", IP, "\5\1\2\3\4\5", 6, true},
    {"an address of 255 octets", IP, "\xff\1", 2, true},
    {"an enum", ENUM, "\x09", 1, false},
    {"a number of no enum", ENUM, "\x01", 1, true},
    {"half a head", SECTION, "\1\2", 2, true},
    {"a section after the end", SECTION, "\1\2\0\0", 4, true},
    {"a section", SECTION, "\1\1\0\0", 4, false},
};

static void
test_damaged(void **state)
{
	(void)state;
	FOR_ROWS(i, damaged, damaged[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_record_source source = {arena, false};
		struct pst_record_in in;

		pst_record_begin(&in,
		    (struct pst_str){damaged[i].octets, damaged[i].len},
		    &source);
		take(&in, damaged[i].kind);
		assert_int_equal(source.bad, damaged[i].bad);
		assert_int_equal(in.len, 0);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_signed),
	    cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
