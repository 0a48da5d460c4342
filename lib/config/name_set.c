/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/name_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "config/list_file.h"

struct name_maker {
	struct pst_arena *arena;
	const char **names;
	size_t count;
	size_t capacity;
};

static size_t
count_words(struct pst_str words)
{
	size_t count = words.len > 0;

	for (size_t i = 0; i < words.len; i++)
		count += words.ptr[i] == ' ';
	return count;
}

static bool
add_name(void *arg, struct pst_str entry, struct pst_err *err)
{
	struct name_maker *maker = arg;
	struct pst_str words =
	    pst_fold_words(maker->arena, pst_fold(maker->arena, entry));
	size_t count = count_words(words);

	if (count == 0 || count > PST_NAME_MAX_WORDS || !pst_str_is_utf8(entry))
		return pst_err_set(err,
		    "\"%s\" is not a name of 1 to %d words in UTF-8",
		    pst_list_shown(maker->arena, entry), PST_NAME_MAX_WORDS);
	if (maker->count == maker->capacity) {
		const char **bigger;

		maker->capacity =
		    maker->capacity == 0 ? 8 : 2 * maker->capacity;
		bigger = pst_arena_array(
		    maker->arena, maker->capacity, sizeof(*bigger));
		if (maker->count > 0)
			memcpy(bigger, maker->names,
			    maker->count * sizeof(*bigger));
		maker->names = bigger;
	}
	maker->names[maker->count++] = words.ptr;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool
pst_name_set_make(struct pst_name_set *out, struct pst_arena *arena,
    const char *const *parts, size_t count, struct pst_err *err)
{
	struct name_maker maker = {.arena = arena};

	*out = (struct pst_name_set){.count = 0};
	if (!pst_list_read(arena, parts, count,
		(struct pst_list_taker){add_name, &maker}, err))
		return false;
	if (maker.count == 0)
		return true;
	qsort(maker.names, maker.count, sizeof(*maker.names), by_name);
	out->names = maker.names;
	for (size_t i = 0; i < maker.count; i++) {
		if (out->count == 0 ||
		    strcmp(maker.names[i], out->names[out->count - 1]) != 0)
			out->names[out->count++] = maker.names[i];
	}
	return true;
}

/* Returns the index of the first name that is not before the text. */
static size_t
lower_bound(const struct pst_name_set *set, struct pst_str text)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(set->names[middle], text.ptr, text.len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t
word_end(struct pst_str words, size_t at)
{
	return at + pst_str_find(pst_str_from(words, at), ' ');
}

/* Whether a name begins at the beginning of words. */
static bool
begins(const struct pst_name_set *set, struct pst_str words)
{
	size_t end = 0;

	for (unsigned n = 0; n < PST_NAME_MAX_WORDS; n++) {
		size_t at;

		end = word_end(words, end);
		at = lower_bound(set, pst_str_first(words, end));
		/* A name that begins with these words comes at this place. */
		if (at == set->count ||
		    strncmp(set->names[at], words.ptr, end) != 0)
			return false;
		if (set->names[at][end] == '\0')
			return true;
		if (end == words.len)
			return false;
		end++;
	}
	return false;
}

bool
pst_name_set_is_in(const struct pst_name_set *set, struct pst_str words)
{
	if (set->count == 0)
		return false;
	for (size_t at = 0; at < words.len; at = word_end(words, at) + 1) {
		if (begins(set, pst_str_from(words, at)))
			return true;
	}
	return false;
}

bool
pst_name_set_covers(const struct pst_name_set *a, const struct pst_name_set *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (a->count == 0 ||
		    bsearch(&b->names[i], a->names, a->count, sizeof(*a->names),
			by_name) == NULL)
			return false;
	}
	return true;
}
