/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_BUF_H
#define PST_BASE_BUF_H

/*
 * A buffer in an arena that grows up to a bound. An append that would pass the
 * bound adds nothing and marks the buffer; from then on nothing is added. The
 * caller checks once, at the end, with pst_buf_str() or pst_buf_overflowed().
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_buf {
	struct pst_arena *arena;
	char *ptr; /* NULL until the first append, then NUL-terminated */
	size_t len;
	size_t capacity;
	size_t max_len;
	bool overflow;
};

/* Makes *buf an empty buffer that may hold up to max_len octets. */
void pst_buf_init(struct pst_buf *buf, struct pst_arena *arena, size_t max_len);

void pst_buf_add(struct pst_buf *buf, struct pst_str s);
void pst_buf_add_text(struct pst_buf *buf, const char *text);
void pst_buf_add_char(struct pst_buf *buf, char c);
void pst_buf_printf(struct pst_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Appends s in a form that is safe in a log line, on a terminal and in an SMTP
 * reply: printable ASCII unchanged, `\` doubled, every other octet as \xHH. All
 * text from a peer is printed through this function.
 */
void pst_buf_add_escaped(struct pst_buf *buf, struct pst_str s);

/* Returns s, escaped as above, as a C string in the arena. */
const char *pst_escaped(struct pst_arena *arena, struct pst_str s);

/* Empties the buffer and clears the mark; keeps its memory and bound. */
void pst_buf_reset(struct pst_buf *buf);

/* Shortens the content to len octets, which it must have. */
void pst_buf_cut(struct pst_buf *buf, size_t len);

bool pst_buf_overflowed(const struct pst_buf *buf);
/* Returns the content so far; a later pst_buf_reset() invalidates it. */
struct pst_str pst_buf_slice(const struct pst_buf *buf);
/* Returns the text, NUL-terminated; NULL if an append passed the bound. */
char *pst_buf_str(struct pst_buf *buf);

#endif
