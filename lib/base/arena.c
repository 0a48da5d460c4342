/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * AddressSanitizer cannot see where one piece of a block ends and the next
 * begins, so a build with it leaves a poisoned gap after every piece.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(ptr, len) ASAN_POISON_MEMORY_REGION(ptr, len)
#define UNPOISON(ptr, len) ASAN_UNPOISON_MEMORY_REGION(ptr, len)
#define GAP_BYTES 16
#else
#define POISON(ptr, len) ((void)(ptr), (void)(len))
#define UNPOISON(ptr, len) ((void)(ptr), (void)(len))
#define GAP_BYTES 0
#endif

#define BLOCK_MIN_BYTES ((size_t)4 * 1024)
#define BLOCK_MAX_BYTES ((size_t)64 * 1024)
#define ALIGN_BYTES _Alignof(max_align_t)

/* A stack of blocks. Pieces come from the newest; a mark is a place in it. */
struct block {
	struct block *prev;
	size_t used;
	size_t size;
	max_align_t data[];
};

struct defer {
	struct defer *prev;
	void (*release)(void *handle);
	void *handle;
};

struct pst_arena {
	struct block *block;
	struct defer *defers;
	size_t next_bytes; /* size of the next block */
	size_t used_bytes;
};

static _Noreturn void
out_of_memory(void)
{
	static const char text[] = "postern: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	abort();
}

static char *
block_at(struct block *block, size_t offset)
{
	return (char *)block->data + offset;
}

static void
push_block(struct pst_arena *arena, size_t need)
{
	size_t size = arena->next_bytes;

	if (need > size)
		size = need;
	else if (arena->next_bytes < BLOCK_MAX_BYTES)
		arena->next_bytes *= 2;
	struct block *block = malloc(sizeof(*block) + size);
	if (block == NULL)
		out_of_memory();
	block->prev = arena->block;
	block->used = 0;
	block->size = size;
	POISON(block->data, size);
	arena->block = block;
}

struct pst_arena *
pst_arena_new(void)
{
	struct pst_arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		out_of_memory();
	arena->next_bytes = BLOCK_MIN_BYTES;
	return arena;
}

void
pst_arena_free(struct pst_arena *arena)
{
	if (arena == NULL)
		return;
	pst_arena_rewind(arena, (struct pst_arena_mark){NULL, 0, NULL});
	free(arena);
}

void *
pst_arena_room(struct pst_arena *arena, size_t size_bytes)
{
	/* Below half the range, no sum here or in push_block() overflows. */
	if (size_bytes > PTRDIFF_MAX)
		out_of_memory();
	/* A size of 0 takes room too, so every piece has its own address. */
	size_t need = size_bytes == 0 ? 1 : size_bytes;
	need = (need + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES + GAP_BYTES;

	if (arena->block == NULL ||
	    need > arena->block->size - arena->block->used)
		push_block(arena, need);
	char *ptr = block_at(arena->block, arena->block->used);
	arena->block->used += need;
	arena->used_bytes += size_bytes;
	UNPOISON(ptr, size_bytes);
	return ptr;
}

void *
pst_arena_alloc(struct pst_arena *arena, size_t size_bytes)
{
	return memset(pst_arena_room(arena, size_bytes), 0, size_bytes);
}

void *
pst_arena_array(struct pst_arena *arena, size_t count, size_t size_bytes)
{
	if (size_bytes != 0 && count > SIZE_MAX / size_bytes)
		out_of_memory();
	return pst_arena_alloc(arena, count * size_bytes);
}

char *
pst_arena_memdup(struct pst_arena *arena, const void *ptr, size_t len)
{
	if (len == SIZE_MAX)
		out_of_memory();
	char *copy = pst_arena_room(arena, len + 1);
	if (len > 0)
		memcpy(copy, ptr, len);
	copy[len] = '\0';
	return copy;
}

char *
pst_arena_strdup(struct pst_arena *arena, const char *text)
{
	return pst_arena_memdup(arena, text, strlen(text));
}

char *
pst_arena_printf(struct pst_arena *arena, const char *format, ...)
{
	va_list args;

	assert(format != NULL);
	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);

	size_t size = (size_t)len + 1;
	char *text = pst_arena_room(arena, size);
	va_start(args, format);
	(void)vsnprintf(text, size, format, args);
	va_end(args);
	return text;
}

void
pst_arena_defer(
    struct pst_arena *arena, void (*release)(void *handle), void *handle)
{
	struct defer *defer = pst_arena_alloc(arena, sizeof(*defer));

	defer->prev = arena->defers;
	defer->release = release;
	defer->handle = handle;
	arena->defers = defer;
}

struct pst_arena_mark
pst_arena_mark(const struct pst_arena *arena)
{
	struct pst_arena_mark mark = {arena->block, 0, arena->defers};

	if (arena->block != NULL)
		mark.used = arena->block->used;
	return mark;
}

void
pst_arena_rewind(struct pst_arena *arena, struct pst_arena_mark mark)
{
	/* Run all calls first: what they release may point into the arena. */
	while (arena->defers != mark.defers) {
		struct defer *defer = arena->defers;
		assert(defer != NULL);
		arena->defers = defer->prev;
		defer->release(defer->handle);
	}
	while (arena->block != mark.block) {
		struct block *block = arena->block;
		assert(block != NULL);
		arena->block = block->prev;
		UNPOISON(block->data, block->size);
		free(block);
	}
	if (arena->block == NULL)
		return;
	assert(mark.used <= arena->block->used);
	POISON(
	    block_at(arena->block, mark.used), arena->block->used - mark.used);
	arena->block->used = mark.used;
}

size_t
pst_arena_used_bytes(const struct pst_arena *arena)
{
	return arena->used_bytes;
}
