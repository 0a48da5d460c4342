/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/listeners.h"

#include <string.h>

#include "base/buf.h"
#include "base/endpoint.h"

static bool
is_same_socket(const char *a_text, const char *b_text)
{
	struct pst_endpoint a, b;
	struct pst_err err;

	return pst_endpoint_parse(pst_str(a_text), &a, &err) &&
	    pst_endpoint_parse(pst_str(b_text), &b, &err) && a.kind == b.kind &&
	    a.port == b.port && strcmp(a.path, b.path) == 0 &&
	    pst_str_ieq(pst_str(a.host), pst_str(b.host));
}

size_t
pst_listeners_find(const struct pst_listeners *listeners, const char *socket)
{
	size_t i;

	for (i = 0; i < listeners->count; i++) {
		if (is_same_socket(listeners->items[i].socket, socket))
			break;
	}
	return i;
}

bool
pst_listeners_equal(
    const struct pst_listeners *a, const struct pst_listeners *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!is_same_socket(a->items[i].socket, b->items[i].socket))
			return false;
	}
	return true;
}

static bool
add_section(struct pst_listeners *out, struct pst_arena *arena,
    const struct pst_listener_section *section, const char *file,
    struct pst_err *err)
{
	struct pst_listener *listener;
	struct pst_endpoint endpoint;
	struct pst_err why;
	size_t at;

	if (!pst_endpoint_parse(pst_str(section->title), &endpoint, &why))
		return pst_err_set_at(err, file, section->line,
		    "listener \"%s\": %s",
		    pst_escaped(arena, pst_str(section->title)), why.text);
	at = pst_listeners_find(out, section->title);
	listener = &out->items[at];
	if (at == out->count) {
		listener->socket = section->title;
		out->count++;
	}
	if (listener->section != NULL)
		return pst_err_set_at(err, file, section->line,
		    "listener \"%s\" has the same socket as the one on line "
		    "%u; remove one of them",
		    section->title, listener->section->line);
	listener->section = section;
	return true;
}

bool
pst_listeners_make(struct pst_listeners *out, struct pst_arena *arena,
    const struct pst_texts *listen,
    const struct pst_listener_sections *sections, struct pst_err *err)
{
	out->items = pst_arena_array(
	    arena, listen->count + sections->count, sizeof(*out->items));
	for (; out->count < listen->count; out->count++)
		out->items[out->count].socket = listen->items[out->count];
	for (size_t i = 0; i < sections->count; i++) {
		if (!add_section(
			out, arena, &sections->items[i], sections->file, err))
			return false;
	}
	return true;
}
