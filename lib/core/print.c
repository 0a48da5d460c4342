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
pst_print_list_goes_on(
    const struct pst_buf *buf, size_t begin, size_t i, size_t count)
{
	return i < count && i < LIST_MAX_ITEMS &&
	    buf->len - begin < LIST_MAX_BYTES;
}

void
pst_print_list_end(struct pst_buf *buf, size_t i, size_t count)
{
	if (i < count)
		pst_buf_printf(buf, ",+%zu", count - i);
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
