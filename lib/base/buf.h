/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_BUF_H
#define PST_BASE_BUF_H

/*
 * A growing buffer in an arena with an upper bound. Appending past the bound
 * appends nothing more and marks the buffer; the caller checks once, at the
 * end, with pst_buf_str() or pst_buf_overflowed().
 */

#include "base/arena.h"
#include "base/str.h"

struct pst_buf {
	struct pst_arena *arena;
	char *ptr; /* always NUL-terminated once something was appended */
	size_t len;
	size_t capacity;
	size_t max_len;
	bool overflow;
};

/* An empty buffer that may hold up to max_len octets. */
void pst_buf_init(struct pst_buf *buf, struct pst_arena *arena, size_t max_len);

void pst_buf_add(struct pst_buf *buf, struct pst_str s);
void pst_buf_add_text(struct pst_buf *buf, const char *text);
void pst_buf_add_char(struct pst_buf *buf, char c);
void pst_buf_printf(struct pst_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Appends s as text for a log line, a terminal or an SMTP reply: printable
 * ASCII as it is, `\` doubled, every other octet as \xHH. The one function
 * through which text from a peer is printed.
 */
void pst_buf_add_escaped(struct pst_buf *buf, struct pst_str s);

/* pst_buf_add_escaped() on its own: s as a C string in the arena. */
const char *pst_escaped(struct pst_arena *arena, struct pst_str s);

/* Empties the buffer and keeps its memory and bound; clears the mark. */
void pst_buf_reset(struct pst_buf *buf);

bool pst_buf_overflowed(const struct pst_buf *buf);
struct pst_str pst_buf_slice(const struct pst_buf *buf);
/* The text, NUL-terminated, in the arena; NULL when the bound was passed. */
char *pst_buf_str(struct pst_buf *buf);

#endif
