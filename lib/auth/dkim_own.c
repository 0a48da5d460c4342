/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_own.h"

#include "auth/msgsig.h"

#define MAX_TEXT (SIZE_MAX / 4)

/* libopendkim compares each name in h= with each field. */
#define LIBRARY_MAX_SEARCH 10000

/*
 * Returns true for a value in which it is not certain where the field or a line
 * of it ends: mail programs disagree about these octets.
 */
static bool
is_odd(struct pst_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '\0' || c == '\r')
			return true;
		if (c == '\n' &&
		    (i + 1 == value.len || !pst_is_wsp(value.ptr[i + 1])))
			return true;
	}
	return false;
}

static bool
has_vertical_blank(struct pst_str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] == '\v' || value.ptr[i] == '\f')
			return true;
	return false;
}

/* Marks the signatures that sign the field with that index. */
static void
mark_signers(const struct pst_header *header, size_t field, bool odd,
    struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++) {
		struct pst_dkim_item *item = &pick->items[i];

		if (!item->chosen || (item->own && item->odd))
			continue;
		if (item->field != field &&
		    item->mentions[header->fields[field].same->number] == 0)
			continue;
		item->own = true;
		item->odd = item->odd || odd;
	}
}

static bool
is_other_algorithm(const struct pst_dkim_item *a, const struct pst_dkim_item *b)
{
	return a->tags.algorithm != b->tags.algorithm &&
	    strcmp(a->sig.domain, b->sig.domain) == 0 &&
	    strcmp(a->sig.selector, b->sig.selector) == 0;
}

static bool
is_own(const struct pst_header *header, const struct pst_dkim_pick *pick,
    size_t at)
{
	const struct pst_dkim_item *item = &pick->items[at];
	const struct pst_header_field *field = &header->fields[item->field];

	if (item->tags.own || item->tags.has_length ||
	    item->mentions[field->same->number] > 0 ||
	    item->tags.name_count * header->count > LIBRARY_MAX_SEARCH)
		return true;
	for (size_t i = 0; i < at; i++)
		if (pick->items[i].chosen &&
		    is_other_algorithm(&pick->items[i], item))
			return true;
	return false;
}

void
pst_dkim_own_mark(const struct pst_header *header, struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++)
		pick->items[i].own =
		    pick->items[i].chosen && is_own(header, pick, i);
	for (size_t i = 0; pick->chosen > 0 && i < header->count; i++) {
		struct pst_str value = header->fields[i].value;
		bool odd = is_odd(value);

		if (odd || has_vertical_blank(value))
			mark_signers(header, i, odd, pick);
	}
}

bool
pst_dkim_own_verify(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_dkim_item *item)
{
	const struct pst_dkim_tags *tags = &item->tags;
	enum pst_canon canon =
	    tags->relaxed_header ? PST_CANON_RELAXED : PST_CANON_SIMPLE;
	struct pst_arena_mark mark = pst_arena_mark(arena);
	struct pst_buf text;
	bool good;

	pst_buf_init(&text, arena, MAX_TEXT);
	pst_msgsig_canon_header(
	    &text, header, tags->names, tags->name_count, item->field, canon);
	pst_msgsig_canon_field(&text, header->fields[item->field].name,
	    pst_msgsig_without(arena, item->value, &tags->b_tag), canon);
	good = pst_msgsig_verify(arena, tags->algorithm, item->key.record,
	    pst_buf_slice(&text), pst_str(tags->b));
	pst_arena_rewind(arena, mark);
	return good;
}
