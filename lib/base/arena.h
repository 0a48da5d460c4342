/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_ARENA_H
#define PST_BASE_ARENA_H

/*
 * Memory with the lifetime of one message.
 *
 * Everything that belongs to a message is allocated here and is freed together
 * with it. Foreign handles (a DKIM *, a reference to a shared answer) are
 * tied to the same lifetime with pst_arena_defer().
 *
 * An arena has no lock: only one thread may use it at a time. Running out of
 * memory aborts the process. Whatever a peer can make large is bounded before
 * it gets here, so no caller could handle the failure better.
 */

#include <stdarg.h>
#include <stddef.h>

struct pst_arena;

/* Returns a new, empty arena; never NULL. Free it with pst_arena_free(). */
struct pst_arena *pst_arena_new(void);

/*
 * Runs the deferred calls, the latest first, then frees all memory. Does
 * nothing if arena is NULL.
 */
void pst_arena_free(struct pst_arena *arena);

/*
 * Returns size_bytes zeroed octets, aligned for any type; never NULL. For a
 * size of 0 it returns a valid pointer that must not be dereferenced.
 */
void *pst_arena_alloc(struct pst_arena *arena, size_t size_bytes);

/* Like pst_arena_alloc(), but the octets are not zeroed. */
void *pst_arena_room(struct pst_arena *arena, size_t size_bytes);

/* Like pst_arena_alloc() for an array; aborts if the product overflows. */
void *pst_arena_array(struct pst_arena *arena, size_t count, size_t size_bytes);

/* Returns a copy of len octets, followed by a NUL. */
char *pst_arena_memdup(struct pst_arena *arena, const void *ptr, size_t len);

/* Returns a copy of a NUL-terminated string. */
char *pst_arena_strdup(struct pst_arena *arena, const char *text);

/* Formats into the arena; only for text whose length the program bounds. */
char *pst_arena_printf(struct pst_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Calls release(handle) when the arena is freed or rewound past this point.
 */
void pst_arena_defer(
    struct pst_arena *arena, void (*release)(void *handle), void *handle);

/*
 * A point to return to. pst_arena_rewind() runs everything that was deferred
 * since the mark was taken and frees everything that was allocated since. Marks
 * that were taken later become invalid.
 */
struct pst_arena_mark {
	void *block;
	size_t used;
	void *defers;
};

struct pst_arena_mark pst_arena_mark(const struct pst_arena *arena);
void pst_arena_rewind(struct pst_arena *arena, struct pst_arena_mark mark);

/* Octets handed out since pst_arena_new(), rewound or not; for limit tests. */
size_t pst_arena_used_bytes(const struct pst_arena *arena);

#endif
