/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_ARENA_H
#define PST_BASE_ARENA_H

/*
 * Memory with the lifetime of one message.
 *
 * Everything that belongs to a message is allocated here and dies together
 * with it. Foreign handles (a DKIM *, a reference to a shared answer) are
 * tied to the same lifetime with pst_arena_defer().
 *
 * An arena belongs to one thread at a time; nothing in it is locked. Running
 * out of memory aborts the process: what a peer can make large is bounded
 * before it gets here, so there is no caller that could do better.
 */

#include <stdarg.h>
#include <stddef.h>

struct pst_arena;

/* A new, empty arena; never NULL. Free it with pst_arena_free(). */
struct pst_arena *pst_arena_new(void);

/*
 * Runs the deferred calls, last one first, then gives all memory back.
 * NULL is allowed and does nothing.
 */
void pst_arena_free(struct pst_arena *arena);

/*
 * size_bytes zeroed octets, aligned for any type; never NULL. A size of 0
 * gives a valid pointer that must not be read.
 */
void *pst_arena_alloc(struct pst_arena *arena, size_t size_bytes);

/* Like pst_arena_alloc(), but the octets hold anything. */
void *pst_arena_room(struct pst_arena *arena, size_t size_bytes);

/* Like pst_arena_alloc() for an array; a product that overflows aborts. */
void *pst_arena_array(struct pst_arena *arena, size_t count, size_t size_bytes);

/* A copy of len octets with a NUL behind it. */
char *pst_arena_memdup(struct pst_arena *arena, const void *ptr, size_t len);

/* A copy of a NUL-terminated string. */
char *pst_arena_strdup(struct pst_arena *arena, const char *text);

/* Formats into the arena; for texts whose length the program itself bounds. */
char *pst_arena_printf(struct pst_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Calls release(handle) when the arena is freed or rewound past this point.
 */
void pst_arena_defer(
    struct pst_arena *arena, void (*release)(void *handle), void *handle);

/*
 * A place to come back to. pst_arena_rewind() frees all that was allocated
 * and runs all that was deferred since; marks taken later become invalid.
 */
struct pst_arena_mark {
	void *block;
	size_t used;
	void *defers;
};

struct pst_arena_mark pst_arena_mark(const struct pst_arena *arena);
void pst_arena_rewind(struct pst_arena *arena, struct pst_arena_mark mark);

/* Octets handed out since the arena was made, for tests of limits. */
size_t pst_arena_used_bytes(const struct pst_arena *arena);

#endif
