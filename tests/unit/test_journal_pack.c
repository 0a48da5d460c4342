/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdlib.h>

#include "store/journal_pack.h"

#define LARGE (PST_JOURNAL_BLOCK_BYTES)

static struct pst_str
slice(const struct pst_journal_octets *octets)
{
	return (struct pst_str){octets->ptr, octets->len};
}

static void
fill(char *octets, size_t len, unsigned period)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = (char)(i % period * 31 + i / 4096);
}

static void
test_round_trip(void **state)
{
	static const size_t lengths[] = {0, 1, 4096, LARGE};
	struct pst_journal_packer *packer = pst_journal_packer_new();
	struct pst_journal_octets packed = {NULL, 0, 0}, plain = {NULL, 0, 0};
	char *octets = malloc(LARGE);

	(void)state;
	assert_non_null(octets);
	fill(octets, LARGE, 97);
	FOR_ROWS(i, lengths, rows_number(lengths[i])) {
		struct pst_str all = {octets, lengths[i]};

		pst_journal_pack(packer, all, &packed);
		assert_true(pst_journal_unpack(
		    packer, slice(&packed), all.len, &plain));
		assert_true(pst_str_eq(slice(&plain), all));
		/* The file names another length. */
		assert_false(pst_journal_unpack(
		    packer, slice(&packed), all.len + 1, &plain));
		if (all.len > 0)
			assert_false(pst_journal_unpack(
			    packer, slice(&packed), all.len - 1, &plain));
	}
	assert_true(packed.len < LARGE / 10);
	free(octets);
	free(packed.ptr);
	free(plain.ptr);
	pst_journal_packer_free(packer);
	pst_journal_packer_free(NULL);
}

/* One octet is another one, wherever: the checksum says so. */
static void
test_damage(void **state)
{
	struct pst_journal_packer *packer = pst_journal_packer_new();
	struct pst_journal_octets packed = {NULL, 0, 0}, plain = {NULL, 0, 0};
	char octets[3000];

	(void)state;
	fill(octets, sizeof(octets), 251);
	pst_journal_pack(
	    packer, (struct pst_str){octets, sizeof(octets)}, &packed);
	FOR_COUNT(i, packed.len, rows_number(i)) {
		packed.ptr[i] = (char)(packed.ptr[i] ^ 0x40);
		if (pst_journal_unpack(
			packer, slice(&packed), sizeof(octets), &plain))
			assert_memory_equal(plain.ptr, octets, sizeof(octets));
		packed.ptr[i] = (char)(packed.ptr[i] ^ 0x40);
	}
	FOR_COUNT(i, packed.len, rows_number(i)) {
		assert_false(pst_journal_unpack(packer,
		    pst_str_first(slice(&packed), i), sizeof(octets), &plain));
	}
	free(packed.ptr);
	free(plain.ptr);
	pst_journal_packer_free(packer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
