/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "import/dataset.h"
#include "import/opendkim_keys.h"
#include "import/opendkim_tables.h"

static void
remark(struct pst_import *import, const struct pst_import_at *option,
    const struct pst_dataset *set, const struct pst_dataset_row *row,
    const char *text)
{
	struct pst_import_at at = {.file = set->file,
	    .line = row->line,
	    .option = option->option,
	    .value = row->key};

	pst_import_add(import, PST_IMPORT_ANSWER, &at, text, NULL);
}

static void
take_domain(struct pst_import *import, const struct pst_opendkim_single *single,
    const struct pst_dataset *set, const struct pst_dataset_row *row,
    struct pst_import_pair pair)
{
	struct pst_import_section *section;
	const char *domain = NULL;

	if (pst_str_find(row->key, '*') < row->key.len) {
		remark(import, &single->domain, set, row,
		    "Each domain that this matches was signed in its own name. "
		    "Postern signs the domains that it knows: add a section for "
		    "each domain of yours.");
		return;
	}
	if (row->key.len > 0 && row->key.ptr[0] == '.') {
		remark(import, &single->domain, set, row,
		    "opendkim signs nothing for it: Domain takes names without "
		    "a dot in front. If it is meant, remove the dot, set "
		    "SubDomains, and import again.");
		return;
	}
	if (!pst_import_is_template(row->key))
		domain = pst_domain_normalize(import->arena, row->key);
	if (domain == NULL) {
		remark(import, &single->domain, set, row,
		    "This is not a domain name. If it is a placeholder of a "
		    "template, import the file that is made from it.");
		return;
	}
	section = pst_import_section(import, domain);
	section->own = true;
	section->subdomains = single->subdomains;
	(void)pst_import_section_add(section, pair);
}

static bool
take_pair(struct pst_import *import, const struct pst_opendkim_single *single,
    struct pst_import_pair *pair)
{
	const struct pst_import_at *at = &single->selector;
	struct pst_err err;
	char *selector;

	if (pst_import_is_template(at->value) ||
	    !pst_domain_is_ldh(at->value)) {
		pst_import_add(import, PST_IMPORT_ANSWER, at,
		    "This is not a name for a selector. If it is a placeholder "
		    "of a template, import the file that is made from it.",
		    NULL);
		return false;
	}
	selector =
	    pst_arena_memdup(import->arena, at->value.ptr, at->value.len);
	for (char *c = selector; *c != '\0'; c++)
		*c = pst_lower(*c);
	pair->selector = selector;
	at = &single->key_file;
	pair->file =
	    pst_opendkim_key_file(import->arena, at->value, single->base, &err);
	if (pair->file != NULL && !pst_import_is_template(at->value))
		return true;
	pst_import_add(import, PST_IMPORT_ANSWER, at,
	    pair->file == NULL ?
		pst_arena_printf(import->arena, "Not taken: %s.", err.text) :
		"This is a placeholder of a template: import the file that "
		"is made from it.",
	    NULL);
	return false;
}

void
pst_opendkim_single(
    struct pst_import *import, const struct pst_opendkim_single *single)
{
	struct pst_import_pair pair;
	struct pst_dataset set;
	struct pst_err err;

	if (!take_pair(import, single, &pair))
		return;
	if (!pst_dataset_read(
		import, &single->domain, single->base, &set, &err)) {
		pst_import_add(import, PST_IMPORT_ANSWER, &single->domain,
		    pst_arena_printf(import->arena, "Not read: %s.", err.text),
		    NULL);
		return;
	}
	for (size_t i = 0; i < set.count; i++)
		take_domain(import, single, &set, &set.rows[i], pair);
	pst_import_add(import, PST_IMPORT_TAKEN, &single->domain,
	    "into the sections sign", NULL);
	pst_import_add(import, PST_IMPORT_TAKEN, &single->selector,
	    "into the sections sign", NULL);
	pst_import_add(import, PST_IMPORT_TAKEN, &single->key_file,
	    "into the sections sign", NULL);
}
