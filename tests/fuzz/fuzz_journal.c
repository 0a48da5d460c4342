/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A block of a journal as it is read from disk. Input: the number of entries,
 * the length of the plain body (4 octets each) and that of the head (2), then
 * the head, then the packed body. What is accepted has the lengths that it says
 * and is within the bounds. The same octets are also read as a row of the tail,
 * whose body is not packed.
 */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/journal_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* So that the compiler reads all octets. */
static volatile unsigned long sink;

static void
read_unit(struct pst_str head, struct pst_str body, uint64_t entries)
{
	struct pst_journal_hashes hashes = {.values = {0}, .count = 1};
	struct pst_journal_unit copy = {.entries = 0};
	struct pst_journal_record record;
	struct pst_str heads = head, bodies = body;
	unsigned long sum = 0;

	assert(body.len <= PST_JOURNAL_MAX_UNIT);
	while (pst_journal_unit_next(&heads, &bodies, &record)) {
		assert(record.entry.len <= PST_JOURNAL_MAX_ENTRY);
		assert(record.hash_count <= PST_JOURNAL_MAX_KEYS);
		for (size_t i = 0; i < record.entry.len; i++)
			sum += (unsigned char)record.entry.ptr[i];
		for (size_t i = 0; i < record.hash_count; i++)
			sum += pst_journal_record_hash(&record, i);
		sum += pst_journal_record_has(&record, &hashes);
		pst_journal_unit_copy(&copy, &record);
	}
	assert(heads.len == 0 && bodies.len == 0 && copy.entries == entries);
	assert(copy.head.len == head.len && copy.body.len == body.len);
	assert(head.len == 0 || memcmp(copy.head.ptr, head.ptr, head.len) == 0);
	pst_journal_unit_free(&copy);
	sink = sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_journal_packer *packer;
	struct pst_journal_octets plain = {NULL, 0, 0};
	const char *octets = (const void *)data;
	struct pst_str head, body;
	uint32_t entries, plain_bytes;
	uint16_t head_len;

	if (size < 10)
		return 0;
	memcpy(&entries, data, 4);
	memcpy(&plain_bytes, data + 4, 4);
	memcpy(&head_len, data + 8, 2);
	head =
	    pst_str_first((struct pst_str){octets + 10, size - 10}, head_len);
	body = (struct pst_str){octets + 10 + head.len, size - 10 - head.len};
	packer = pst_journal_packer_new();
	if (pst_journal_unit_is_sound(head, entries, plain_bytes) &&
	    pst_journal_unpack(packer, body, plain_bytes, &plain)) {
		assert(plain.len == plain_bytes);
		read_unit(
		    head, (struct pst_str){plain.ptr, plain.len}, entries);
	}
	if (pst_journal_unit_is_sound(head, entries, body.len))
		read_unit(head, body, entries);
	free(plain.ptr);
	pst_journal_packer_free(packer);
	return 0;
}
