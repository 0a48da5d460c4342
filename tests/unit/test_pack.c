/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "report/pack.h"

#define SAMPLE 300000

/* Fills it with octets that compress badly (seed 1) or well (seed 0). */
static void
fill(unsigned char *ptr, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + (seed == 0 ? 0 : 1013904223);
		ptr[i] = (unsigned char)(seed >> 24);
	}
}

/* Unpacks as gunzip would, and returns the length. */
static size_t
unpack(struct pst_str packed, unsigned char *out, size_t size)
{
	z_stream stream;
	unsigned char *copy = malloc(packed.len);

	assert_non_null(copy);
	memcpy(copy, packed.ptr, packed.len);
	memset(&stream, 0, sizeof(stream));
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = copy;
	stream.avail_in = (unsigned)packed.len;
	stream.next_out = out;
	stream.avail_out = (unsigned)size;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	(void)inflateEnd(&stream);
	free(copy);
	return stream.total_out;
}

static void
test_round_trip(void **state)
{
	unsigned char *in = malloc(SAMPLE), *out = malloc(SAMPLE + 1);
	struct pst_pack *pack = pst_pack_new(true, SAMPLE * 2);

	(void)state;
	for (uint32_t seed = 0; seed < 2; seed++) {
		fill(in, SAMPLE, seed);
		pst_pack_reset(pack);
		for (size_t at = 0; at < SAMPLE; at += 1000)
			assert_true(pst_pack_add(pack, in + at, 1000));
		assert_true(pst_pack_end(pack));
		assert_int_equal(
		    unpack(pst_pack_octets(pack), out, SAMPLE + 1), SAMPLE);
		assert_memory_equal(in, out, SAMPLE);
		/* gzip's header has no name and no time: always the same */
		assert_memory_equal(
		    pst_pack_octets(pack).ptr, "\x1f\x8b\x08\0\0\0\0\0", 8);
	}
	pst_pack_free(pack);
	free(in);
	free(out);
}

static void
test_plain(void **state)
{
	struct pst_pack *pack = pst_pack_new(false, 1024);
	char text[600];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(pst_pack_has_room(pack, 1024));
	assert_false(pst_pack_has_room(pack, 1025));
	assert_true(pst_pack_add(pack, text, 600));
	assert_true(pst_pack_has_room(pack, 424));
	assert_false(pst_pack_has_room(pack, 425));
	assert_true(pst_pack_end(pack));
	assert_int_equal(pst_pack_octets(pack).len, 600);
	assert_false(pst_pack_add(pack, text, 600));
	assert_false(pst_pack_end(pack));
	pst_pack_reset(pack);
	assert_true(pst_pack_add(pack, text, 3));
	assert_true(pst_pack_end(pack));
	assert_int_equal(pst_pack_octets(pack).len, 3);
	pst_pack_free(pack);
	pst_pack_free(NULL);
}

/* A caller that asks for room before each piece never exceeds the bound. */
static void
test_room(void **state)
{
	unsigned char *in = malloc(SAMPLE), *out = malloc(SAMPLE * 20);

	(void)state;
	for (uint32_t seed = 0; seed < 2; seed++) {
		struct pst_pack *pack = pst_pack_new(true, 65536);
		size_t total = 0, piece = 700;

		fill(in, SAMPLE, seed);
		while (total < SAMPLE * 16 && pst_pack_has_room(pack, piece)) {
			assert_true(
			    pst_pack_add(pack, in + total % 200000, piece));
			total += piece;
		}
		assert_true(pst_pack_end(pack));
		assert_in_range(pst_pack_octets(pack).len, 1, 65536);
		/* nor does it stop long before the bound */
		assert_true(total > 60000);
		if (seed == 0)
			assert_true(total >= SAMPLE * 16);
		assert_int_equal(
		    unpack(pst_pack_octets(pack), out, SAMPLE * 20), total);
		pst_pack_free(pack);
	}
	free(in);
	free(out);
}

static void
test_bound(void **state)
{
	unsigned char *in = malloc(SAMPLE);
	struct pst_pack *pack = pst_pack_new(true, 2048);

	(void)state;
	fill(in, SAMPLE, 1);
	assert_false(pst_pack_add(pack, in, SAMPLE));
	assert_false(pst_pack_add(pack, in, 1));
	assert_false(pst_pack_has_room(pack, 0));
	assert_false(pst_pack_end(pack));
	pst_pack_free(pack);
	free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_plain),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
