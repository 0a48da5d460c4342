/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>

#define CAPACITY_MIN 64

void
pst_buf_init(struct pst_buf *buf, struct pst_arena *arena, size_t max_len)
{
	/* Half the range leaves room for the NUL and for doubling below. */
	assert(max_len < SIZE_MAX / 2);
	*buf = (struct pst_buf){.arena = arena, .max_len = max_len};
}

/* Makes room for len more octets and the NUL; else marks the buffer. */
static bool
reserve(struct pst_buf *buf, size_t len)
{
	if (buf->overflow || len > buf->max_len - buf->len) {
		buf->overflow = true;
		return false;
	}
	size_t need = buf->len + len + 1;
	if (need <= buf->capacity)
		return true;
	size_t capacity = buf->capacity == 0 ? CAPACITY_MIN : buf->capacity;
	while (capacity < need)
		capacity *= 2;
	if (capacity > buf->max_len + 1)
		capacity = buf->max_len + 1;
	char *ptr = pst_arena_room(buf->arena, capacity);
	if (buf->len > 0)
		memcpy(ptr, buf->ptr, buf->len);
	buf->ptr = ptr;
	buf->capacity = capacity;
	return true;
}

void
pst_buf_add(struct pst_buf *buf, struct pst_str s)
{
	if (!reserve(buf, s.len))
		return;
	if (s.len > 0)
		memcpy(buf->ptr + buf->len, s.ptr, s.len);
	buf->len += s.len;
	buf->ptr[buf->len] = '\0';
}

void
pst_buf_add_text(struct pst_buf *buf, const char *text)
{
	pst_buf_add(buf, pst_str(text));
}

void
pst_buf_add_char(struct pst_buf *buf, char c)
{
	pst_buf_add(buf, (struct pst_str){&c, 1});
}

void
pst_buf_printf(struct pst_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(len >= 0);
	if (!reserve(buf, (size_t)len))
		return;

	va_start(args, format);
	(void)vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
	va_end(args);
	buf->len += (size_t)len;
}

void
pst_buf_add_escaped(struct pst_buf *buf, struct pst_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c == '\\')
			pst_buf_add(buf, PST_STR("\\\\"));
		else if (c >= 0x20 && c <= 0x7e)
			pst_buf_add_char(buf, s.ptr[i]);
		else
			pst_buf_printf(buf, "\\x%02X", (unsigned)c);
	}
}

const char *
pst_escaped(struct pst_arena *arena, struct pst_str s)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, s.len * 4);
	pst_buf_add_escaped(&buf, s);
	return pst_buf_str(&buf);
}

void
pst_buf_reset(struct pst_buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->ptr != NULL)
		buf->ptr[0] = '\0';
}

void
pst_buf_cut(struct pst_buf *buf, size_t len)
{
	assert(len <= buf->len);
	buf->len = len;
	if (buf->ptr != NULL)
		buf->ptr[len] = '\0';
}

bool
pst_buf_overflowed(const struct pst_buf *buf)
{
	return buf->overflow;
}

struct pst_str
pst_buf_slice(const struct pst_buf *buf)
{
	return (struct pst_str){buf->ptr, buf->len};
}

char *
pst_buf_str(struct pst_buf *buf)
{
	/* This appends nothing, but gives an untouched buffer its NUL. */
	pst_buf_add(buf, PST_STR(""));
	return buf->overflow ? NULL : buf->ptr;
}
