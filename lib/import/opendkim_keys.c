/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_keys.h"

#include "base/buf.h"
#include "base/domain.h"
#include "import/opendkim_match.h"

static const struct pst_dataset_row *
find_row(const struct pst_opendkim_keys *keys, struct pst_str name)
{
	for (size_t i = 0; i < keys->set.count; i++) {
		const struct pst_dataset_row *row = &keys->set.rows[i];

		if (row->indented)
			continue;
		if (keys->set.kind == PST_DATASET_PATTERNS ?
			pst_opendkim_glob(row->key, name) :
			pst_str_eq(row->key, name))
			return row;
	}
	return NULL;
}

static bool
begins_as_path(struct pst_str text)
{
	return pst_str_starts(text, PST_STR("/")) ||
	    pst_str_starts(text, PST_STR("./")) ||
	    pst_str_starts(text, PST_STR("../"));
}

const char *
pst_opendkim_key_file(struct pst_arena *arena, struct pst_str path,
    const char *base, struct pst_err *err)
{
	const char *whole;

	if (pst_str_starts(path, PST_STR("./")))
		path = pst_str_from(path, 2);
	if (path.len > 0 && path.ptr[0] == '/') {
		whole = pst_arena_memdup(arena, path.ptr, path.len);
	} else if (base == NULL) {
		(void)pst_err_set(err,
		    "the path of the key file depends on the directory in "
		    "which opendkim was started: write it as an absolute path");
		return NULL;
	} else {
		whole =
		    pst_arena_printf(arena, "%s/%.*s", base, PST_STR_ARG(path));
	}
	if (pst_import_is_path(pst_str(whole)))
		return whole;
	(void)pst_err_set(err,
	    "the path of the key file has characters that a string of "
	    "postern.conf cannot have: rename the file");
	return NULL;
}

/* Returns text with the From domain in place of each `%`. */
static struct pst_str
replaced(struct pst_arena *arena, struct pst_str text, const char *from)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 4096);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '%')
			pst_buf_add_text(&buf, from);
		else
			pst_buf_add_char(&buf, text.ptr[i]);
	}
	return pst_buf_slice(&buf);
}

static bool
take_domain(struct pst_arena *arena, struct pst_str text, const char *from,
    struct pst_opendkim_signature *out, struct pst_err *err)
{
	if (pst_str_eq(text, PST_STR("%"))) {
		out->domain = from;
		return true;
	}
	if (pst_import_is_template(text))
		return pst_err_set(err,
		    "its domain is a placeholder of a template: import the "
		    "file that is made from it");
	out->domain = pst_domain_normalize(arena, text);
	if (out->domain == NULL)
		return pst_err_set(err, "its domain, %s, is not a domain name",
		    pst_escaped(arena, pst_str_first(text, 80)));
	return true;
}

static bool
take_selector(struct pst_arena *arena, struct pst_str text, const char **out,
    struct pst_err *err)
{
	if (pst_import_is_template(text))
		return pst_err_set(err,
		    "its selector is a placeholder of a template: import the "
		    "file that is made from it");
	if (!pst_domain_is_ldh(text))
		return pst_err_set(err, "its selector, %s, is not a name",
		    pst_escaped(arena, pst_str_first(text, 80)));
	*out = pst_domain_normalize(arena, text);
	if (*out == NULL) /* an all-numeric one, which reads as an address */
		*out = pst_arena_memdup(arena, text.ptr, text.len);
	return true;
}

static bool
take_file(const struct pst_opendkim_keys *keys, struct pst_str text,
    const char *from, struct pst_opendkim_signature *out, struct pst_err *err)
{
	if (pst_import_is_template(text))
		return pst_err_set(err,
		    "its key file is a placeholder of a template: import the "
		    "file that is made from it");
	if (!begins_as_path(text))
		return pst_err_set(err,
		    "the table has the key itself, or a path that begins "
		    "neither with \"/\" nor with \"./\" and that opendkim takes "
		    "for a key: write the key into a file of its own that only "
		    "root and the group postern can read");
	out->file_varies = pst_str_find(text, '%') < text.len;
	if (from != NULL && out->file_varies) {
		text = replaced(keys->arena, text, from);
		out->file_varies = false;
	}
	out->file = pst_opendkim_key_file(keys->arena, text, keys->base, err);
	return out->file != NULL;
}

bool
pst_opendkim_keys_find(struct pst_opendkim_keys *keys, struct pst_str name,
    const char *from, struct pst_opendkim_signature *out, struct pst_err *err)
{
	struct pst_str parts[2], rest;
	bool more = true;

	*out = (struct pst_opendkim_signature){.row = find_row(keys, name)};
	if (out->row == NULL)
		return pst_err_set(err,
		    "KeyTable has no key \"%s\", so opendkim has refused this "
		    "mail with a temporary error: correct the name, or remove "
		    "the line",
		    pst_escaped(keys->arena, pst_str_first(name, 80)));
	keys->used[out->row - keys->set.rows] = true;
	rest = out->row->value;
	for (size_t i = 0; i < PST_COUNT(parts); i++)
		if (!pst_str_split(&rest, ':', &parts[i], &more) || !more)
			return pst_err_set(err,
			    "KeyTable line %u does not have the form "
			    "NAME DOMAIN:SELECTOR:FILE, so opendkim has refused "
			    "this mail with a temporary error",
			    out->row->line);
	if (begins_as_path(rest) && pst_str_find(rest, ':') < rest.len)
		return pst_err_set(err,
		    "KeyTable line %u has a fourth part, which opendkim takes "
		    "for a part of the path, so that it has refused this mail "
		    "with a temporary error: remove it",
		    out->row->line);
	return take_domain(keys->arena, parts[0], from, out, err) &&
	    take_selector(keys->arena, parts[1], &out->selector, err) &&
	    take_file(keys, rest, from, out, err);
}

void
pst_opendkim_keys_unused(
    const struct pst_opendkim_keys *keys, struct pst_import *import)
{
	for (size_t i = 0; i < keys->set.count; i++) {
		const struct pst_dataset_row *row = &keys->set.rows[i];
		struct pst_import_at at = {.file = keys->set.file,
		    .line = row->line,
		    .option = "KeyTable",
		    .value = row->key};
		const struct pst_dataset_row *first;

		if (keys->used[i])
			continue;
		first = find_row(keys, row->key);
		pst_import_add(import,
		    row->indented ? PST_IMPORT_ANSWER : PST_IMPORT_UNNEEDED,
		    &at,
		    row->indented ?
			"The line begins with a blank, so opendkim reads an "
			"empty name, and the key was not in use. If it is "
			"meant, remove the blank and import again." :
			first != NULL && first != row ?
			"An earlier line has the same name, and opendkim uses "
			"only the first one." :
			"No line of SigningTable that is in effect names this "
			"key: it was not in use.",
		    NULL);
	}
}
