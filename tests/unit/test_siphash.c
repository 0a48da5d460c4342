/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"
#include "tests/unit/rows.h"

/* Octets 0, 1, 2, ..., as in the vectors of the reference implementation. */
static char octets[64];
static unsigned char key[PST_SIPHASH_KEY_BYTES];

static int
count_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)i;
	memcpy(key, octets, sizeof(key));
	return 0;
}

static void
test_vectors(void **state)
{
	static const struct {
		const char *label;
		size_t len;
		uint64_t digest;
	} rows[] = {
	    {"nothing", 0, UINT64_C(0x726fdb47dd0e0e31)},
	    {"one octet", 1, UINT64_C(0x74f839c593dc67fd)},
	    {"two octets", 2, UINT64_C(0x0d6c8009d9a94f5a)},
	    {"a word", 8, UINT64_C(0x93f5f5799a932462)},
	    {"nearly two words", 15, UINT64_C(0xa129ca6149be45e5)},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_siphash hash;

		pst_siphash_begin(&hash, key);
		pst_siphash_add(&hash, (struct pst_str){octets, rows[i].len});
		assert_true(pst_siphash_digest(&hash) == rows[i].digest);
	}
}

/* However the octets are cut, and whether or not somebody looks between. */
static void
test_pieces(void **state)
{
	struct pst_siphash whole;

	(void)state;
	pst_siphash_begin(&whole, key);
	pst_siphash_add(&whole, (struct pst_str){octets, sizeof(octets)});
	FOR_COUNT(step, sizeof(octets), rows_number(step)) {
		struct pst_str rest = {octets, sizeof(octets)};
		struct pst_siphash hash;

		pst_siphash_begin(&hash, key);
		while (rest.len > 0) {
			struct pst_str piece = pst_str_first(rest, step + 1);

			pst_siphash_add(&hash, piece);
			(void)pst_siphash_digest(&hash);
			rest = pst_str_from(rest, piece.len);
		}
		assert_true(
		    pst_siphash_digest(&hash) == pst_siphash_digest(&whole));
	}
}

/* The end of a piece counts. */
static void
test_whole(void **state)
{
	struct pst_siphash a, b;

	(void)state;
	pst_siphash_begin(&a, key);
	pst_siphash_begin(&b, key);
	pst_siphash_add_whole(&a, PST_STR("ab"));
	pst_siphash_add_whole(&a, PST_STR("c"));
	pst_siphash_add_whole(&b, PST_STR("a"));
	pst_siphash_add_whole(&b, PST_STR("bc"));
	assert_true(pst_siphash_digest(&a) != pst_siphash_digest(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, count_up, NULL);
}
