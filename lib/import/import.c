/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/import.h"

#include <string.h>

#include "base/buf.h"

/* Octets of a value that a remark shows. */
#define MAX_SHOWN 120

void
pst_import_init(struct pst_import *import, struct pst_arena *arena,
    struct pst_import_files files)
{
	*import = (struct pst_import){.arena = arena, .files = files};
}

/* True if the value of a data set may have a password or a private key in it. */
static bool
is_secret(struct pst_str value)
{
	static const struct pst_str names[] = {
	    PST_STR_INIT("dsn:"),
	    PST_STR_INIT("ldap"),
	    PST_STR_INIT("erlang:"),
	};

	for (size_t i = 0; i < PST_COUNT(names); i++)
		if (pst_str_istarts(value, names[i]))
			return true;
	/* A list of a KeyTable: NAME=DOMAIN:SELECTOR:KEY. */
	return pst_str_find(value, '=') < value.len &&
	    pst_str_find(value, ':') < value.len;
}

static const char *
shown(struct pst_arena *arena, const struct pst_import_at *at)
{
	struct pst_str value = pst_str_trim(at->value);
	const char *text;

	if (is_secret(value))
		return pst_arena_printf(arena, "%s:...",
		    pst_escaped(
			arena, pst_str_first(value, pst_str_find(value, ':'))));
	text = pst_escaped(arena, pst_str_first(value, MAX_SHOWN));
	if (value.len <= MAX_SHOWN)
		return text;
	return pst_arena_printf(arena, "%s...", text);
}

void
pst_import_add(struct pst_import *import, enum pst_import_kind kind,
    const struct pst_import_at *at, const char *text, const char *now)
{
	struct pst_import_line *line;

	if (import->line_count == PST_IMPORT_MAX_LINES) {
		import->too_many_lines = true;
		return;
	}
	line = pst_arena_alloc(import->arena, sizeof(*line));
	*line = (struct pst_import_line){
	    .kind = kind,
	    .file = pst_escaped(import->arena, pst_str(at->file)),
	    .line = at->line,
	    .option = at->option,
	    .value = shown(import->arena, at),
	    .text = text,
	    .now = now == NULL ? "" : now,
	};
	if (import->last_line == NULL)
		import->lines = line;
	else
		import->last_line->next = line;
	import->last_line = line;
	import->line_count++;
}

size_t
pst_import_count(const struct pst_import *import, enum pst_import_kind kind)
{
	size_t count = 0;

	for (const struct pst_import_line *line = import->lines; line != NULL;
	     line = line->next)
		count += line->kind == kind;
	return count;
}

struct pst_import_section *
pst_import_section(struct pst_import *import, const char *domain)
{
	struct pst_import_section *grown;

	for (size_t i = 0; i < import->section_count; i++)
		if (strcmp(import->sections[i].domain, domain) == 0)
			return &import->sections[i];
	if (import->section_count == import->section_room) {
		size_t room =
		    import->section_room == 0 ? 16 : 2 * import->section_room;

		grown = pst_arena_array(import->arena, room, sizeof(*grown));
		if (import->section_count > 0)
			memcpy(grown, import->sections,
			    import->section_count * sizeof(*grown));
		import->sections = grown;
		import->section_room = room;
	}
	import->sections[import->section_count].domain = domain;
	return &import->sections[import->section_count++];
}

bool
pst_import_section_add(
    struct pst_import_section *section, struct pst_import_pair pair)
{
	for (size_t i = 0; i < section->pair_count; i++)
		if (strcmp(section->pairs[i].selector, pair.selector) == 0 &&
		    strcmp(section->pairs[i].file, pair.file) == 0)
			return true;
	if (section->pair_count == PST_SIGN_MAX)
		return false;
	section->pairs[section->pair_count++] = pair;
	return true;
}

bool
pst_import_signs(const struct pst_import *import)
{
	for (size_t i = 0; i < import->section_count; i++)
		if (!import->sections[i].suggested &&
		    import->sections[i].pair_count > 0)
			return true;
	return false;
}

static bool
is_name(struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!pst_is_alnum(text.ptr[i]) && text.ptr[i] != '_')
			return false;
	return text.len > 0;
}

/* True if text has a name between two marks, as in %%NAME%%. */
static bool
has_marked(struct pst_str text, struct pst_str mark)
{
	for (size_t i = 0; i + mark.len < text.len; i++) {
		struct pst_str rest;

		if (!pst_str_starts(pst_str_from(text, i), mark))
			continue;
		rest = pst_str_from(text, i + mark.len);
		for (size_t end = 1; end + mark.len <= rest.len; end++)
			if (pst_str_starts(pst_str_from(rest, end), mark) &&
			    is_name(pst_str_first(rest, end)))
				return true;
	}
	return false;
}

bool
pst_import_is_template(struct pst_str text)
{
	static const struct pst_str marks[] = {
	    PST_STR_INIT("{{"),
	    PST_STR_INIT("{%"),
	    PST_STR_INIT("<%"),
	    PST_STR_INIT("${"),
	    PST_STR_INIT("$("),
	};

	/* A line has one value; nothing that follows so far away matters. */
	text = pst_str_first(text, 1024);
	for (size_t i = 0; i < text.len; i++)
		for (size_t k = 0; k < PST_COUNT(marks); k++)
			if (pst_str_starts(pst_str_from(text, i), marks[k]))
				return true;
	return has_marked(text, PST_STR("%%")) ||
	    has_marked(text, PST_STR("__"));
}

bool
pst_import_is_path(struct pst_str text)
{
	if (text.len < 2 || text.ptr[0] != '/' || text.len > 1024 ||
	    !pst_str_is_printable(text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (strchr("\"'\\${}", text.ptr[i]) != NULL)
			return false;
	return true;
}
