/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/dataset.h"

#include "base/buf.h"

/* The kinds that are not read, by what the text begins with. */
static const struct refused {
	struct pst_str prefix;
	const char *where;
} refused[] = {
    {PST_STR_INIT("dsn:"), "in an SQL database"},
    {PST_STR_INIT("ldap:"), "in an LDAP directory"},
    {PST_STR_INIT("ldaps:"), "in an LDAP directory"},
    {PST_STR_INIT("ldapi:"), "in an LDAP directory"},
    {PST_STR_INIT("lua:"), "made by a Lua script"},
    {PST_STR_INIT("mdb:"), "in an LMDB database"},
    {PST_STR_INIT("db:"), "in a Berkeley DB"},
    {PST_STR_INIT("bdb:"), "in a Berkeley DB"},
    {PST_STR_INIT("memcache:"), "in a memory cache"},
    {PST_STR_INIT("repute:"), "made by a reputation server"},
    {PST_STR_INIT("socket:"), "made by another server"},
    {PST_STR_INIT("erlang:"), "made by an Erlang node"},
};

bool
pst_dataset_line(struct pst_str *rest, struct pst_str *line)
{
	size_t end;

	if (rest->len == 0)
		return false;
	end = pst_str_find(*rest, '\n');
	*line = pst_str_first(*rest, end);
	*rest = pst_str_from(*rest, end + 1);
	*line = pst_str_first(*line, pst_str_find(*line, '#'));
	*line = pst_str_first(*line, pst_str_find(*line, '\r'));
	return true;
}

static size_t
blank_at(struct pst_str text)
{
	size_t i = 0;

	while (i < text.len && !pst_is_wsp(text.ptr[i]))
		i++;
	return i;
}

static bool
add_row(
    struct pst_dataset *set, struct pst_dataset_row row, struct pst_err *err)
{
	if (set->count == PST_IMPORT_MAX_ROWS)
		return pst_err_set_at(err, set->file, row.line,
		    "the table has more than %d lines; split it, and import "
		    "its parts one after the other",
		    PST_IMPORT_MAX_ROWS);
	set->rows[set->count++] = row;
	return true;
}

static bool
read_lines(struct pst_str text, struct pst_dataset *set, struct pst_err *err)
{
	struct pst_str line;

	for (unsigned number = 1; pst_dataset_line(&text, &line); number++) {
		struct pst_dataset_row row = {.line = number};

		if (pst_str_trim(line).len == 0)
			continue;
		row.indented = pst_is_wsp(line.ptr[0]);
		line = pst_str_trim(line);
		row.key = pst_str_first(line, blank_at(line));
		row.value = pst_str_trim(pst_str_from(line, row.key.len));
		if (!add_row(set, row, err))
			return false;
	}
	return true;
}

static bool
read_list(struct pst_str text, struct pst_dataset *set, struct pst_err *err)
{
	struct pst_str part;
	bool more = true;

	while (pst_str_split(&text, ',', &part, &more)) {
		struct pst_dataset_row row = {.line = 1};
		size_t equal;

		part = pst_str_trim(part);
		if (part.len == 0)
			continue;
		equal = pst_str_find(part, '=');
		row.key = pst_str_trim(pst_str_first(part, equal));
		row.value = pst_str_trim(pst_str_from(part, equal + 1));
		if (!add_row(set, row, err))
			return false;
	}
	return true;
}

static bool
refuse(const struct pst_import_at *at, struct pst_err *err)
{
	for (size_t i = 0; i < PST_COUNT(refused); i++)
		if (pst_str_starts(at->value, refused[i].prefix))
			return pst_err_set(err,
			    "the data are %s, which \"postern import\" does "
			    "not read: write them into a text file with one "
			    "line each, \"KEY VALUE:VALUE:VALUE\", set the "
			    "option to \"file:\" and its path, and import "
			    "again",
			    refused[i].where);
	if (pst_str_iends(at->value, PST_STR(".db")))
		return pst_err_set(err,
		    "the data are in a Berkeley DB, which \"postern import\" "
		    "does not read: set the option to \"file:\" and the path "
		    "of the text that the database was made from, and import "
		    "again");
	return true;
}

/* Reads the file at path; relative ones are below base. */
static bool
read_file(struct pst_import *import, struct pst_str path, const char *base,
    struct pst_dataset *set, struct pst_err *err)
{
	struct pst_str text;

	if (path.len == 0)
		return pst_err_set(err, "the path is missing");
	if (pst_str_starts(path, PST_STR("./")))
		path = pst_str_from(path, 2);
	set->file = path.ptr[0] == '/' || base == NULL ?
	    pst_arena_memdup(import->arena, path.ptr, path.len) :
	    pst_arena_printf(import->arena, "%s/%.*s", base, PST_STR_ARG(path));
	if (!import->files.read(
		import->files.arg, import->arena, set->file, &text, err))
		return false;
	return read_lines(text, set, err);
}

bool
pst_dataset_read(struct pst_import *import, const struct pst_import_at *at,
    const char *base, struct pst_dataset *out, struct pst_err *err)
{
	struct pst_str spec = at->value;

	*out = (struct pst_dataset){.file = at->file};
	if (!refuse(at, err))
		return false;
	out->rows = pst_arena_array(
	    import->arena, PST_IMPORT_MAX_ROWS, sizeof(*out->rows));
	if (pst_str_starts(spec, PST_STR("refile:"))) {
		out->kind = PST_DATASET_PATTERNS;
		return read_file(import, pst_str_from(spec, 7), base, out, err);
	}
	if (pst_str_starts(spec, PST_STR("file:"))) {
		out->kind = PST_DATASET_FILE;
		return read_file(import, pst_str_from(spec, 5), base, out, err);
	}
	if (pst_str_starts(spec, PST_STR("/")) ||
	    pst_str_starts(spec, PST_STR("./")) ||
	    pst_str_starts(spec, PST_STR("../"))) {
		out->kind = PST_DATASET_FILE;
		return read_file(import, spec, base, out, err);
	}
	out->kind = PST_DATASET_LIST;
	if (pst_str_starts(spec, PST_STR("csl:")))
		spec = pst_str_from(spec, 4);
	if (!read_list(spec, out, err))
		return false;
	for (size_t i = 0; i < out->count; i++)
		out->rows[i].line = at->line;
	return true;
}
