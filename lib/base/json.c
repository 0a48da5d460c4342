/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/buf.h"

#define MAX_DEPTH 16

struct pst_json {
	struct pst_arena *arena;
	json_t *root;
	json_t *open[MAX_DEPTH]; /* borrowed from root */
	size_t depth;
};

static void
release(void *handle)
{
	struct pst_json *json = handle;

	json_decref(json->root);
}

struct pst_json *
pst_json_new(struct pst_arena *arena)
{
	struct pst_json *json = pst_arena_alloc(arena, sizeof(*json));

	json->arena = arena;
	pst_arena_defer(arena, release, json);
	return json;
}

struct pst_arena *
pst_json_arena(const struct pst_json *json)
{
	return json->arena;
}

/* Adds value to the innermost open one; if none is open, it is the root. */
static void
add(struct pst_json *json, const char *key, json_t *value)
{
	json_t *parent;
	int status;

	if (value == NULL)
		abort();
	if (json->depth == 0) {
		assert(json->root == NULL && key == NULL);
		json->root = value;
		return;
	}
	parent = json->open[json->depth - 1];
	assert(json_is_object(parent) == (key != NULL));
	if (key != NULL)
		status = json_object_set_new(parent, key, value);
	else
		status = json_array_append_new(parent, value);
	if (status != 0)
		abort();
}

static void
open_value(struct pst_json *json, const char *key, json_t *value)
{
	assert(json->depth < MAX_DEPTH);
	add(json, key, value);
	json->open[json->depth++] = value;
}

void
pst_json_open_object(struct pst_json *json, const char *key)
{
	open_value(json, key, json_object());
}

void
pst_json_open_array(struct pst_json *json, const char *key)
{
	open_value(json, key, json_array());
}

void
pst_json_close(struct pst_json *json)
{
	assert(json->depth > 0);
	json->depth--;
}

void
pst_json_text(struct pst_json *json, const char *key, const char *text)
{
	if (text == NULL)
		add(json, key, json_null());
	else if (pst_str_is_utf8(pst_str(text)))
		add(json, key, json_string(text));
	else
		pst_json_octets(json, key, pst_str(text));
}

void
pst_json_octets(struct pst_json *json, const char *key, struct pst_str octets)
{
	add(json, key, json_string(pst_escaped(json->arena, octets)));
}

void
pst_json_number(struct pst_json *json, const char *key, uint64_t value)
{
	add(json, key, json_integer((json_int_t)value));
}

void
pst_json_real(struct pst_json *json, const char *key, double value)
{
	add(json, key, json_real(value));
}

void
pst_json_bool(struct pst_json *json, const char *key, bool value)
{
	add(json, key, json_boolean(value));
}

void
pst_json_null(struct pst_json *json, const char *key)
{
	add(json, key, json_null());
}

void
pst_json_drop(struct pst_json *json, const char *key)
{
	assert(json->depth > 0);
	(void)json_object_del(json->open[json->depth - 1], key);
}

#define DUMP_FLAGS                                                             \
	((size_t)JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))

size_t
pst_json_len(const struct pst_json *json)
{
	return json_dumpb(json->root, NULL, 0, DUMP_FLAGS);
}

const char *
pst_json_end(struct pst_json *json)
{
	char *dump;
	const char *text;

	assert(json->depth == 0 && json->root != NULL);
	dump = json_dumps(json->root, DUMP_FLAGS);
	if (dump == NULL)
		abort();
	text = pst_arena_strdup(json->arena, dump);
	free(dump);
	return text;
}
