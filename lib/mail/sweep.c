/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/sweep.h"

#include "base/hash.h"

bool
pst_sweep_is_field_name(struct pst_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~' ||
		    name.ptr[i] == ':')
			return false;
	}
	return name.len > 0;
}

const struct pst_sweep_name *
pst_sweep_find(const struct pst_sweep *sweep, struct pst_str name)
{
	char first = name.len == 0 ? '\0' : pst_lower(name.ptr[0]);

	for (size_t i = 0; i < sweep->count; i++) {
		const struct pst_sweep_name *one = &sweep->names[i];

		/* Few fields begin with the letter of one. */
		if (pst_lower(one->text.ptr[0]) != first)
			continue;
		if (one->is_prefix ? pst_str_istarts(name, one->text) :
				     pst_str_ieq(name, one->text))
			return one;
	}
	return NULL;
}

static uint64_t
hash_of(struct pst_str name)
{
	/* Secret: see mail/header.c. */
	uint64_t hash = PST_HASH_START ^ pst_hash_secret();

	for (size_t i = 0; i < name.len; i++)
		hash = pst_hash_octet(hash, pst_lower(name.ptr[i]));
	return hash;
}

static struct pst_swept_name **
slot_of(struct pst_swept *swept, struct pst_arena *arena, uint64_t hash)
{
	if (swept->slots == NULL)
		swept->slots = pst_arena_array(
		    arena, PST_SWEPT_SLOTS, sizeof(*swept->slots));
	return &swept->slots[pst_hash_fold(hash) % PST_SWEPT_SLOTS];
}

static struct pst_swept_name *
find_seen(struct pst_swept_name *in_slot, uint64_t hash, struct pst_str name)
{
	struct pst_swept_name *one = in_slot;

	while (one != NULL &&
	    (one->hash != hash || !pst_str_ieq(pst_str(one->name), name)))
		one = one->same;
	return one;
}

/* Returns NULL if a bound is passed. */
static struct pst_swept_name *
add_name(struct pst_swept *swept, struct pst_arena *arena,
    struct pst_swept_name **slot, uint64_t hash, struct pst_str name)
{
	struct pst_swept_name *one;

	if (swept->count == PST_SWEPT_MAX_NAMES ||
	    name.len > PST_SWEPT_MAX_BYTES - swept->bytes) {
		swept->over = true;
		return NULL;
	}
	one = pst_arena_alloc(arena, sizeof(*one));
	one->name = pst_arena_memdup(arena, name.ptr, name.len);
	one->hash = hash;
	one->same = *slot;
	*slot = one;
	if (swept->last == NULL)
		swept->first = one;
	else
		swept->last->next = one;
	swept->last = one;
	swept->count++;
	swept->bytes += name.len;
	return one;
}

/* Returns NULL if a bound is passed. */
static struct pst_swept_name *
note(struct pst_swept *swept, struct pst_arena *arena, struct pst_str name)
{
	uint64_t hash = hash_of(name);
	struct pst_swept_name **slot = slot_of(swept, arena, hash);
	struct pst_swept_name *one = find_seen(*slot, hash, name);

	return one == NULL ? add_name(swept, arena, slot, hash, name) : one;
}

void
pst_swept_count(
    struct pst_swept *swept, struct pst_arena *arena, struct pst_str name)
{
	struct pst_swept_name *one;

	if (swept->sweep == NULL ||
	    pst_sweep_find(swept->sweep, name) == NULL ||
	    !pst_sweep_is_field_name(name))
		return;
	one = note(swept, arena, name);
	if (one != NULL)
		one->seen++;
}

struct pst_swept_name *
pst_swept_restore(
    struct pst_swept *swept, struct pst_arena *arena, struct pst_str name)
{
	size_t before = swept->count;

	if (!pst_sweep_is_field_name(name))
		return NULL;
	(void)note(swept, arena, name);
	return swept->count == before ? NULL : swept->last;
}
