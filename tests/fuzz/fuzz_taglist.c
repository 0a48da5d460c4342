/* SPDX-License-Identifier: BSD-2-Clause */

/* Tag lists of DKIM, ARC and DMARC, with a small limit. */

#include <assert.h>

#include "mail/token.h"

#define MAX_TAGS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_tag(struct pst_arena *arena, const struct pst_tag *tag, bool allow_8bit)
{
	struct pst_str value = tag->value;
	struct pst_str squeezed = pst_tag_squeeze(arena, value);

	assert(tag->name.len > 0 && pst_is_alpha(tag->name.ptr[0]));
	assert(pst_str_eq(value, pst_str_trim(value)));
	assert(pst_str_find(value, ';') == value.len);
	assert(allow_8bit || pst_str_is_ascii(value));
	assert(squeezed.len <= value.len);
	assert((squeezed.len == 0) == (value.len == 0));
	for (size_t i = 0; i < squeezed.len; i++)
		assert((unsigned char)squeezed.ptr[i] > ' ');
}

static void
check_list(struct pst_arena *arena, struct pst_str text, bool allow_8bit)
{
	struct pst_tag_list list;
	enum pst_tag_status status =
	    pst_tag_list_parse(arena, text, MAX_TAGS, allow_8bit, &list);

	assert((status == PST_TAGS_TOO_MANY) <= (list.count == MAX_TAGS));
	assert((status == PST_TAGS_OK) <= (list.count > 0));
	if (status == PST_TAGS_SYNTAX || status == PST_TAGS_DUPLICATE)
		assert(list.count == 0);
	for (size_t i = 0; i < list.count; i++) {
		char *name = pst_arena_memdup(
		    arena, list.tags[i].name.ptr, list.tags[i].name.len);

		check_tag(arena, &list.tags[i], allow_8bit);
		assert(pst_tag_find(&list, name) == &list.tags[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str text = {(const char *)data, size};

	check_list(arena, text, false);
	check_list(arena, text, true);
	pst_arena_free(arena);
	return 0;
}
