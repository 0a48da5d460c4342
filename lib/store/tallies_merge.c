/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_merge.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SUMS 1024
#define FIRST_LANES 16

/* A pack that is being read; the key is that of its next row. */
struct lane {
	struct pst_journal_octets plain;
	int64_t day;
	struct pst_str rest;
	struct pst_tally_packing at;
};

struct pst_tally_merge {
	enum pst_tally_question question;
	struct lane *lanes;
	size_t count, capacity; /* the lanes from count on have memory only */
	/* A heap: no lane comes before the one at half its index. From 1 on. */
	struct lane **heap;
	size_t heap_count;
	/* The key that is summed up, and what it has so far */
	struct pst_tally_packing key;
	struct pst_tally_row row;
	unsigned days; /* 0: there is none yet */
	size_t rows;
	struct pst_str numbers; /* of the last row, as they were packed */
	/*
	 * The sums before it, as octets: a head and a packed row for each. They
	 * are many, and most have few numbers that are not 0; new memory costs
	 * more than packing.
	 */
	struct pst_journal_octets packed;
	struct pst_tally_sum *sums;
	size_t sum_count, sum_capacity;
	struct pst_tally_packing write, read; /* the keys that were last */
};

/* Before the packed row of a sum */
struct head {
	int64_t newest;
	unsigned days;
};

static void *
must(void *ptr)
{
	if (ptr == NULL)
		abort();
	return ptr;
}

struct pst_tally_merge *
pst_tally_merge_new(enum pst_tally_question question)
{
	struct pst_tally_merge *merge = must(calloc(1, sizeof(*merge)));

	merge->question = question;
	return merge;
}

void
pst_tally_merge_free(struct pst_tally_merge *merge)
{
	for (size_t i = 0; i < merge->capacity; i++)
		free(merge->lanes[i].plain.ptr);
	free(merge->lanes);
	free(merge->heap);
	free(merge->packed.ptr);
	free(merge->sums);
	free(merge);
}

void
pst_tally_merge_clear(struct pst_tally_merge *merge)
{
	merge->count = 0;
	merge->sum_count = 0;
	merge->packed.len = 0;
	merge->days = 0;
}

struct pst_journal_octets *
pst_tally_merge_add(struct pst_tally_merge *merge, int64_t day)
{
	struct lane *lane;

	if (merge->count == merge->capacity) {
		const size_t more =
		    merge->capacity == 0 ? FIRST_LANES : merge->capacity;

		merge->lanes = must(realloc(merge->lanes,
		    (merge->capacity + more) * sizeof(merge->lanes[0])));
		memset(merge->lanes + merge->capacity, 0,
		    more * sizeof(merge->lanes[0]));
		merge->capacity += more;
	}
	lane = &merge->lanes[merge->count++];
	lane->day = day;
	lane->plain.len = 0;
	return &lane->plain;
}

/* ---- lanes ---- */

static int
compare_keys(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* The days of a key come in their order. */
static bool
is_before(const struct lane *a, const struct lane *b)
{
	const int order =
	    compare_keys(a->at.key, a->at.len, b->at.key, b->at.len);

	return order < 0 || (order == 0 && a->day < b->day);
}

/* Puts a lane at an index of the heap whose lanes below are in order. */
static void
sink(struct pst_tally_merge *merge, struct lane *lane, size_t index)
{
	struct lane **heap = merge->heap;
	const size_t count = merge->heap_count;

	for (size_t child = 2 * index; child <= count; child = 2 * index) {
		if (child < count && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], lane))
			break;
		heap[index] = heap[child];
		index = child;
	}
	heap[index] = lane;
}

/* Reads the key of the next row; at the end of the pack, *more is false. */
static bool
next_key(struct lane *lane, bool *more)
{
	*more = lane->rest.len > 0;
	return !*more || pst_tally_unpack_key(&lane->at, &lane->rest);
}

static bool
begin(struct pst_tally_merge *merge)
{
	bool more;

	merge->heap = must(
	    realloc(merge->heap, (merge->count + 1) * sizeof(merge->heap[0])));
	merge->heap_count = 0;
	for (size_t i = 0; i < merge->count; i++) {
		struct lane *lane = &merge->lanes[i];

		lane->rest = (struct pst_str){lane->plain.ptr, lane->plain.len};
		lane->at.len = 0;
		if (!next_key(lane, &more))
			return false;
		if (more)
			merge->heap[++merge->heap_count] = lane;
	}
	for (size_t i = merge->heap_count / 2; i > 0; i--)
		sink(merge, merge->heap[i], i);
	return true;
}

/* ---- sums ---- */

/* Packs the sum of the key, if there is one. */
static void
finish_key(struct pst_tally_merge *merge)
{
	const struct head head = {merge->row.day, merge->days};

	if (merge->days == 0)
		return;
	if (merge->sum_count == merge->sum_capacity) {
		merge->sum_capacity = merge->sum_capacity == 0 ?
		    FIRST_SUMS :
		    2 * merge->sum_capacity;
		merge->sums = must(realloc(
		    merge->sums, merge->sum_capacity * sizeof(merge->sums[0])));
	}
	merge->sums[merge->sum_count++] = (struct pst_tally_sum){
	    pst_tally_row_messages(&merge->row), merge->packed.len};
	pst_journal_octets_add(&merge->packed,
	    (struct pst_str){(const char *)&head, sizeof(head)});
	/* Sums are read in any order, so none continues another. */
	merge->write.len = 0;
	if (merge->rows > 1)
		pst_tally_pack(&merge->write, &merge->packed, &merge->row);
	else
		pst_tally_pack_copy(&merge->write, &merge->packed,
		    (struct pst_str){merge->key.key, merge->key.len},
		    merge->numbers);
}

static void
begin_key(struct pst_tally_merge *merge, const struct lane *lane)
{
	memcpy(merge->key.key, lane->at.key, lane->at.len + 1);
	merge->key.len = lane->at.len;
	merge->row = (struct pst_tally_row){.day = lane->day,
	    .question = merge->question,
	    .key = merge->key.key};
	merge->days = 1;
	merge->rows = 0;
}

/* Goes on to the key of the lane. False if it comes too late. */
static bool
go_on(struct pst_tally_merge *merge, const struct lane *lane)
{
	const int order = merge->days == 0 ?
	    1 :
	    compare_keys(
		lane->at.key, lane->at.len, merge->key.key, merge->key.len);

	if (order > 0) {
		finish_key(merge);
		begin_key(merge, lane);
	} else if (merge->row.day != lane->day) {
		merge->row.day = lane->day;
		merge->days++;
	}
	return order >= 0;
}

static bool
skip(struct lane *lane)
{
	struct pst_tally_row unwanted = {.day = 0};

	return pst_tally_unpack_add(&lane->rest, &unwanted);
}

/* Takes the row of the lane whose key is the first one. */
static bool
take(struct pst_tally_merge *merge, struct lane *lane, struct pst_str prefix)
{
	const struct pst_str key = {lane->at.key, lane->at.len};

	if (!pst_str_starts(key, prefix))
		return skip(lane);
	if (!go_on(merge, lane))
		return false;
	merge->rows++;
	merge->numbers = lane->rest;
	if (!pst_tally_unpack_add(&lane->rest, &merge->row))
		return false;
	merge->numbers =
	    pst_str_first(merge->numbers, merge->numbers.len - lane->rest.len);
	return true;
}

bool
pst_tally_merge_run(struct pst_tally_merge *merge, struct pst_str prefix,
    struct pst_tally_sum **sums, size_t *count)
{
	bool more;

	if (!begin(merge))
		return false;
	while (merge->heap_count > 0) {
		struct lane *lane = merge->heap[1];

		if (!take(merge, lane, prefix) || !next_key(lane, &more))
			return false;
		if (!more)
			lane = merge->heap[merge->heap_count--];
		if (merge->heap_count > 0)
			sink(merge, lane, 1);
	}
	finish_key(merge);
	*sums = merge->sums;
	*count = merge->sum_count;
	return true;
}

unsigned
pst_tally_merge_read(struct pst_tally_merge *merge,
    const struct pst_tally_sum *sum, struct pst_tally_row *out)
{
	struct pst_str rest = pst_str_from(
	    (struct pst_str){merge->packed.ptr, merge->packed.len}, sum->at);
	struct head head;

	memcpy(&head, rest.ptr, sizeof(head));
	rest = pst_str_from(rest, sizeof(head));
	*out = (struct pst_tally_row){.day = head.newest,
	    .question = merge->question,
	    .key = merge->read.key};
	/* It was packed here. */
	if (!pst_tally_unpack_key(&merge->read, &rest) ||
	    !pst_tally_unpack_add(&rest, out))
		abort();
	return head.days;
}
