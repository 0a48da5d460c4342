/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Rows of the memory of domains, as they come from a file or from another
 * gateway. Input: for each row four numbers of eight octets and the days, then
 * the domain and the record up to a line end each. Merging a row twice changes
 * nothing, and what is stored is sound and bounded.
 */

#include <assert.h>
#include <string.h>

#include "base/domain.h"
#include "core/memory.h"

#define DOMAINS 8
#define NOW 1767600000
#define NUMBERS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
read_row(
    struct pst_arena *arena, struct pst_str *rest, struct pst_memory_row *row)
{
	int64_t numbers[NUMBERS];
	struct pst_str domain, record;
	bool more = true;

	if (rest->len < sizeof(numbers) + 1)
		return false;
	memcpy(numbers, rest->ptr, sizeof(numbers));
	*row = (struct pst_memory_row){.record_epoch = numbers[0],
	    .days = (unsigned char)rest->ptr[sizeof(numbers)],
	    .last_day = numbers[1],
	    .first_epoch = numbers[2],
	    .aligned_epoch = numbers[3]};
	*rest = pst_str_from(*rest, sizeof(numbers) + 1);
	if (!pst_str_split(rest, '\n', &domain, &more))
		return false;
	row->domain =
	    pst_arena_printf(arena, "%.*s", (int)domain.len, domain.ptr);
	if (!pst_str_split(rest, '\n', &record, &more))
		record = PST_STR("");
	row->record = record;
	return true;
}

static void
check_rows(struct pst_arena *arena, struct pst_memory *memory)
{
	struct pst_memory_row rows[DOMAINS + 1];
	struct pst_memory_figures figures;
	struct pst_recalled recalled = {.arena = arena};
	size_t count;

	pst_memory_figures(memory, &figures);
	assert(figures.domains <= DOMAINS);
	pst_memory_change_all(memory);
	count = pst_memory_take_changed(memory, arena, rows, DOMAINS + 1);
	assert(count == figures.domains);
	for (size_t i = 0; i < count; i++) {
		struct pst_memory_row same = rows[i];

		assert(pst_domain_is_ldh(pst_str(rows[i].domain)));
		assert(rows[i].days <= PST_MEMORY_MAX_DAYS);
		assert(rows[i].record.len <= PST_MEMORY_MAX_RECORD);
		assert(pst_str_is_utf8(rows[i].record));
		pst_memory_combine(&same, &rows[i]);
		assert(same.days == rows[i].days);
		assert(same.last_day == rows[i].last_day);
		assert(pst_memory_seen(&same) == pst_memory_seen(&rows[i]));
		assert(pst_memory_earlier_days(memory, rows[i].domain, NOW) <=
		    PST_MEMORY_MAX_DAYS);
		(void)pst_memory_recall(memory, rows[i].domain, NOW,
		    PST_MEMORY_MAX_DAYS, &recalled);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_memory *memory = pst_memory_new(DOMAINS, NOW);
	const void *octets = data;
	struct pst_str rest = {octets, size};
	struct pst_memory_row row;

	while (read_row(arena, &rest, &row)) {
		pst_memory_merge(memory, &row);
		pst_memory_merge(memory, &row);
	}
	check_rows(arena, memory);
	pst_memory_free(memory);
	pst_arena_free(arena);
	return 0;
}
