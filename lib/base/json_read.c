/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_read.h"

#include <jansson.h>

/* A value of ours is a value of jansson's, which the arena releases. */
static const json_t *
theirs(const struct pst_json_value *value)
{
	return (const json_t *)(const void *)value;
}

static const struct pst_json_value *
ours(const json_t *value)
{
	return (const struct pst_json_value *)(const void *)value;
}

static void
release(void *root)
{
	json_decref(root);
}

const struct pst_json_value *
pst_json_read(struct pst_arena *arena, struct pst_str text, struct pst_err *err)
{
	json_error_t error;
	json_t *root = json_loadb(text.ptr, text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (root == NULL) {
		(void)pst_err_set(err, "line %d is not JSON", error.line);
		return NULL;
	}
	pst_arena_defer(arena, release, root);
	return ours(root);
}

const struct pst_json_value *
pst_json_member(const struct pst_json_value *object, const char *key)
{
	return ours(json_object_get(theirs(object), key));
}

const struct pst_json_value *
pst_json_element(const struct pst_json_value *array, size_t i)
{
	return ours(json_array_get(theirs(array), i));
}

const struct pst_json_value *
pst_json_next(const struct pst_json_value *object, const char **key)
{
	/* jansson only reads the object, but its iterators are not const. */
	union {
		const json_t *kept;
		json_t *given;
	} object_of = {.kept = theirs(object)};
	void *at;

	if (*key == NULL)
		at = json_object_iter(object_of.given);
	else
		at = json_object_iter_next(object_of.given,
		    json_object_iter_at(object_of.given, *key));
	if (at == NULL)
		return NULL;
	*key = json_object_iter_key(at);
	return ours(json_object_iter_value(at));
}

bool
pst_json_as_number(const struct pst_json_value *value, uint64_t *out)
{
	json_int_t number = json_integer_value(theirs(value));

	if (!json_is_integer(theirs(value)) || number < 0)
		return false;
	*out = (uint64_t)number;
	return true;
}

bool
pst_json_is_true(const struct pst_json_value *value)
{
	return json_is_true(theirs(value));
}

const char *
pst_json_as_text(const struct pst_json_value *value)
{
	return json_string_value(theirs(value));
}
