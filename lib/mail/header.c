/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/header.h"

#include <assert.h>

#include "base/hash.h"

#define CAPACITY_MIN 32

void
pst_header_init(struct pst_header *header, struct pst_arena *arena,
    struct pst_header_limits limits)
{
	*header = (struct pst_header){.arena = arena, .limits = limits};
}

void
pst_header_watch(struct pst_header *header, const char *name)
{
	size_t i = 0;

	while (i < PST_HEADER_WATCHED && header->watched[i].name.ptr != NULL)
		i++;
	assert(i < PST_HEADER_WATCHED && header->count == 0);
	header->watched[i].name = pst_str(name);
}

/* Returns the index of a watched name, PST_HEADER_WATCHED if it is not one. */
static size_t
find_watched(const struct pst_header *header, struct pst_str name)
{
	for (size_t i = 0; i < PST_HEADER_WATCHED; i++) {
		if (header->watched[i].name.ptr == NULL)
			break;
		if (pst_str_ieq(header->watched[i].name, name))
			return i;
	}
	return PST_HEADER_WATCHED;
}

size_t
pst_header_seen(const struct pst_header *header, const char *name)
{
	size_t i = find_watched(header, pst_str(name));

	assert(i < PST_HEADER_WATCHED);
	return header->watched[i].seen;
}

void
pst_header_sweep(struct pst_header *header, const struct pst_sweep *sweep)
{
	assert(header->count == 0);
	if (sweep->count > 0)
		header->swept.sweep = sweep;
}

/* Counts a field that is kept or not. */
static void
count_name(struct pst_header *header, struct pst_str name)
{
	size_t i = find_watched(header, name);

	if (i < PST_HEADER_WATCHED)
		header->watched[i].seen++;
	else
		pst_swept_count(&header->swept, header->arena, name);
	pst_header_counts_add(&header->counts, name);
}

static struct pst_str
copy_of(struct pst_arena *arena, struct pst_str s)
{
	return (struct pst_str){pst_arena_memdup(arena, s.ptr, s.len), s.len};
}

static uint64_t
hash_of(struct pst_str name)
{
	/* Secret: a sender that knows names that collide could make each of
	 * its fields cost as much as all of them together. */
	uint64_t hash = PST_HASH_START ^ pst_hash_secret();

	for (size_t i = 0; i < name.len; i++)
		hash = pst_hash_octet(hash, pst_lower(name.ptr[i]));
	return hash;
}

static size_t
slot_of(uint64_t hash)
{
	return pst_hash_fold(hash) % PST_HEADER_NAMES;
}

static struct pst_header_name *
find_name(const struct pst_header *header, struct pst_str name)
{
	uint64_t hash = hash_of(name);
	struct pst_header_name *one = header->names[slot_of(hash)];

	while (
	    one != NULL && (one->hash != hash || !pst_str_ieq(one->name, name)))
		one = one->next;
	return one;
}

/* Counts one more field of that name, which must be in the arena. */
static struct pst_header_name *
count_field(struct pst_header *header, struct pst_str name)
{
	struct pst_header_name *one = find_name(header, name), **first;

	if (one == NULL) {
		one = pst_arena_alloc(header->arena, sizeof(*one));
		one->name = name;
		one->number = header->name_count++;
		one->hash = hash_of(name);
		first = &header->names[slot_of(one->hash)];
		one->next = *first;
		*first = one;
	}
	one->seen++;
	return one;
}

/* Charges a field of this size to the bounds; false if one is passed. */
static bool
charge(struct pst_header *header, size_t size)
{
	if (header->count + header->left_out_count >=
		header->limits.max_fields ||
	    size > header->limits.max_total_bytes - header->total_bytes)
		header->closed = true;
	if (header->closed)
		return false;
	header->total_bytes += size;
	return true;
}

/*
 * Remembers only the name, for nth of later fields. No field with a name that
 * is too large itself can ever be kept, so such a name is not remembered.
 */
static void
leave_out(struct pst_header *header, struct pst_str name)
{
	if (name.len > header->limits.max_field_bytes) {
		header->unnamed = true;
		return;
	}
	if (!charge(header, name.len))
		return;
	count_field(header, copy_of(header->arena, name))->left_out = true;
	header->left_out_count++;
}

static void
grow(struct pst_header *header)
{
	size_t capacity =
	    header->capacity == 0 ? CAPACITY_MIN : header->capacity * 2;
	struct pst_header_field *fields =
	    pst_arena_array(header->arena, capacity, sizeof(*fields));

	for (size_t i = 0; i < header->count; i++)
		fields[i] = header->fields[i];
	header->fields = fields;
	header->capacity = capacity;
}

/*
 * RFC 5322 s. 4.5 allows blanks before the colon; they are not part of the
 * name.
 */
static struct pst_str
without_final_blanks(struct pst_str name)
{
	while (name.len > 0 && pst_is_wsp(name.ptr[name.len - 1]))
		name.len--;
	return name;
}

/* True for the first From field. */
static bool
count_from(struct pst_header *header, struct pst_str name)
{
	return pst_str_ieq(name, PST_STR("From")) && header->from_count++ == 0;
}

const struct pst_header_field *
pst_header_add(
    struct pst_header *header, struct pst_str name, struct pst_str value)
{
	struct pst_header_name *same;
	bool is_first_from;

	name = without_final_blanks(name);
	is_first_from = count_from(header, name);
	count_name(header, name);
	if (name.len + value.len > header->limits.max_field_bytes) {
		header->truncated = true;
		leave_out(header, name);
		return NULL;
	}
	if (!charge(header, name.len + value.len)) {
		header->truncated = true;
		/* Only this value can pass the bounds. */
		if (is_first_from)
			header->first_from = copy_of(header->arena, value);
		return NULL;
	}
	if (header->count == header->capacity)
		grow(header);

	struct pst_header_field *field = &header->fields[header->count];
	field->name = copy_of(header->arena, name);
	same = count_field(header, field->name);
	field->nth = same->seen;
	field->same = same;
	field->above = same->lowest;
	same->lowest = header->count + 1;
	field->value = copy_of(header->arena, value);
	if (is_first_from)
		header->first_from = field->value;
	header->count++;
	return field;
}

const struct pst_header_field *
pst_header_find(const struct pst_header *header, const char *name, size_t nth)
{
	for (size_t i = 0; i < header->count; i++)
		if (pst_str_ieq(header->fields[i].name, pst_str(name)) &&
		    nth-- == 1)
			return &header->fields[i];
	return NULL;
}

size_t
pst_header_count(const struct pst_header *header, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < header->count; i++)
		if (pst_str_ieq(header->fields[i].name, pst_str(name)))
			count++;
	return count;
}

const struct pst_header_name *
pst_header_name(const struct pst_header *header, struct pst_str name)
{
	return find_name(header, name);
}
