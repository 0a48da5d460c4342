/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/json.h"

#include <assert.h>

#define MAX_BYTES ((size_t)256 * 1024 * 1024)

void
pst_json_init(struct pst_json *json, struct pst_arena *arena)
{
	pst_buf_init(&json->buf, arena, MAX_BYTES);
	json->comma = false;
}

static void
add_quoted(struct pst_buf *buf, struct pst_str text)
{
	pst_buf_add_char(buf, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '"' || c == '\\')
			pst_buf_printf(buf, "\\%c", c);
		else if (c == '\n')
			pst_buf_add_text(buf, "\\n");
		else if (c == '\t')
			pst_buf_add_text(buf, "\\t");
		else if (c < 0x20 || c == 0x7f)
			pst_buf_printf(buf, "\\u%04x", c);
		else
			pst_buf_add_char(buf, text.ptr[i]);
	}
	pst_buf_add_char(buf, '"');
}

static void
begin_member(struct pst_json *json, const char *key)
{
	if (json->comma)
		pst_buf_add_char(&json->buf, ',');
	json->comma = true;
	if (key == NULL)
		return;
	add_quoted(&json->buf, pst_str(key));
	pst_buf_add_char(&json->buf, ':');
}

void
pst_json_open(struct pst_json *json, const char *key, char bracket)
{
	begin_member(json, key);
	pst_buf_add_char(&json->buf, bracket);
	json->comma = false;
}

void
pst_json_close(struct pst_json *json, char bracket)
{
	pst_buf_add_char(&json->buf, bracket);
	json->comma = true;
}

void
pst_json_slice(struct pst_json *json, const char *key, struct pst_str text)
{
	begin_member(json, key);
	if (!pst_str_is_utf8(text))
		text = pst_str(pst_escaped(json->buf.arena, text));
	add_quoted(&json->buf, text);
}

void
pst_json_text(struct pst_json *json, const char *key, const char *text)
{
	if (text != NULL) {
		pst_json_slice(json, key, pst_str(text));
		return;
	}
	begin_member(json, key);
	pst_buf_add_text(&json->buf, "null");
}

void
pst_json_number(struct pst_json *json, const char *key, uint64_t value)
{
	begin_member(json, key);
	pst_buf_printf(&json->buf, "%llu", (unsigned long long)value);
}

void
pst_json_real(struct pst_json *json, const char *key, double value)
{
	begin_member(json, key);
	pst_buf_printf(&json->buf, "%.3f", value);
}

const char *
pst_json_end(struct pst_json *json)
{
	const char *text = pst_buf_str(&json->buf);

	assert(text != NULL);
	return text;
}
