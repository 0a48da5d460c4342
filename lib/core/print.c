/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/print.h"

const char *
pst_print_or_dash(const char *text)
{
	return text == NULL || *text == '\0' ? "-" : text;
}

void
pst_print_label(struct pst_buf *buf, const char *label)
{
	pst_buf_printf(buf, "%-10s", label);
}

#define LIST_MAX_ITEMS 4
#define LIST_MAX_BYTES 128

bool
pst_print_list_fits(struct pst_print_list *list, size_t len)
{
	if (list->items == LIST_MAX_ITEMS ||
	    (list->items > 0 && list->octets + len > LIST_MAX_BYTES))
		list->ended = true;
	if (list->ended)
		return false;
	list->items++;
	list->octets += len;
	return true;
}

void
pst_print_list_end(
    struct pst_buf *buf, const struct pst_print_list *list, size_t count)
{
	if (list->items < count)
		pst_buf_printf(buf, ",+%zu", count - list->items);
}

const char *
pst_print_word(struct pst_arena *arena, struct pst_str s, size_t max)
{
	struct pst_buf buf;
	struct pst_str word;

	pst_buf_init(&buf, arena, max);
	for (size_t i = 0; i < s.len && !pst_buf_overflowed(&buf); i++) {
		if (s.ptr[i] == ' ')
			pst_buf_add_text(&buf, "\\x20");
		else
			pst_buf_add_escaped(
			    &buf, (struct pst_str){s.ptr + i, 1});
	}
	word = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, word.ptr, word.len);
}

void
pst_print_prop(struct pst_authres *ar, const char *ptype, const char *property,
    const char *value)
{
	if (value != NULL)
		pst_authres_prop(ar, ptype, property, pst_str(value));
}

void
pst_print_texts(struct pst_json *json, const char *key,
    const char *const *items, size_t count)
{
	pst_json_open_array(json, key);
	for (size_t i = 0; i < count; i++)
		pst_json_text(json, NULL, items[i]);
	pst_json_close(json);
}

void
pst_print_if_set(struct pst_json *json, const char *key, const char *text)
{
	if (text != NULL)
		pst_json_text(json, key, text);
}
