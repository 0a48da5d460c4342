/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/opendkim_tables.h"

#include <string.h>

#include "base/domain.h"
#include "import/signing_line.h"

static void
answer(
    struct pst_signing_work *work, const struct pst_signing_question *question)
{
	struct pst_opendkim_matches matches;
	const char *domain = question->domain;

	if (question->below)
		domain = pst_arena_printf(work->import->arena,
		    PST_OPENDKIM_ANY ".%s", question->domain);
	if (strlen(domain) > PST_DOMAIN_MAX)
		return;
	pst_opendkim_match(&work->signing, PST_OPENDKIM_ANY, domain,
	    work->tables->multiple, &matches);
	for (size_t i = 0; i < matches.count; i++) {
		work->seen[matches.rows[i] - work->signing.rows] = true;
		pst_signing_take_line(work, matches.rows[i], question);
	}
}

static void
take_domains(struct pst_signing_work *work, bool below)
{
	for (size_t i = 0; i < work->signing.count; i++) {
		const struct pst_opendkim_key *key = &work->parsed[i];
		struct pst_signing_question question = {key->domain, below};

		if (key->domain == NULL || key->some_users ||
		    key->target == PST_OPENDKIM_LATER)
			continue;
		if (key->target == PST_OPENDKIM_ENDS ||
		    (key->target == PST_OPENDKIM_BELOW) == below)
			answer(work, &question);
	}
}

/* Sections that only subdomains have asked for. */
static void
tell_not_own(struct pst_signing_work *work)
{
	const struct pst_import *import = work->import;

	for (size_t i = 0; i < import->section_count; i++) {
		const struct pst_import_section *one = &import->sections[i];
		struct pst_import_at at = work->tables->signing_table;

		if (one->own || one->suggested || one->pair_count == 0)
			continue;
		at.value = pst_str(one->domain);
		pst_import_add(work->import, PST_IMPORT_CHANGED, &at,
		    "It signed mail from domains below this one, but not mail "
		    "from the domain itself.",
		    "It signs both.");
	}
}

/* True if opendkim never comes to that line. */
static bool
is_shadowed(struct pst_signing_work *work, const struct pst_dataset_row *row,
    const struct pst_opendkim_key *key)
{
	struct pst_opendkim_matches matches;

	if (key->target != PST_OPENDKIM_ALL)
		return !work->seen[row - work->signing.rows];
	pst_opendkim_match(&work->signing, PST_OPENDKIM_ANY,
	    PST_OPENDKIM_ANY "." PST_OPENDKIM_ANY, work->tables->multiple,
	    &matches);
	for (size_t i = 0; i < matches.count; i++)
		if (matches.rows[i] == row)
			return false;
	return true;
}

/* A line for all domains there are. */
static void
take_all(struct pst_signing_work *work, const struct pst_dataset_row *row)
{
	struct pst_arena *arena = work->import->arena;
	struct pst_opendkim_signature key;
	struct pst_import_section *section;
	struct pst_err err;

	if (row->value.len == 0 ||
	    !pst_opendkim_keys_find(&work->keys,
		pst_signing_key_name(row, NULL), NULL, &key, &err)) {
		pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
		    row->value.len == 0 ?
			"The line names no key, so nothing was signed." :
			pst_arena_printf(arena, "Not taken: %s.", err.text),
		    NULL);
		return;
	}
	pst_signing_tell_signer(work, row);
	if (key.domain == NULL || key.file_varies) {
		pst_signing_remark(work, PST_IMPORT_ANSWER, row,
		    pst_arena_printf(arena,
			"Every From domain was signed, whoever owns it, with "
			"%s and the key file %s (%%: the From domain). Postern "
			"signs the domains that it knows: add sign \"DOMAIN\" { "
			"selector = \"%s\" key = \"FILE\" } for each domain of "
			"yours.",
			key.domain == NULL ? "d= the domain itself" :
					     "one domain",
			key.file, key.selector),
		    NULL);
		return;
	}
	section = pst_import_section(work->import, key.domain);
	section->subdomains = true;
	if (section->pair_count == 0) {
		section->own = true;
		pst_signing_add_pair(work, section, row, &key);
	}
	pst_signing_remark(work, PST_IMPORT_CHANGED, row,
	    pst_arena_printf(arena,
		"It signed mail from every domain with d=%s. For other domains "
		"such a signature does not count for DMARC.",
		key.domain),
	    pst_arena_printf(arena,
		"It signs mail from %s and the domains below it, and leaves "
		"the other mail unsigned.",
		key.domain));
}

static const struct pst_import_section *
covering(struct pst_signing_work *work, const char *domain)
{
	const struct pst_import *import = work->import;

	for (size_t i = 0; i < import->section_count; i++) {
		const struct pst_import_section *one = &import->sections[i];

		if (one->suggested || one->pair_count == 0)
			continue;
		if (strcmp(one->domain, domain) == 0 ||
		    (one->subdomains &&
			pst_domain_is_below(domain, one->domain)))
			return one;
	}
	return NULL;
}

/* A line for some users of a domain, or of all domains. */
static void
take_some_users(struct pst_signing_work *work,
    const struct pst_dataset_row *row, const struct pst_opendkim_key *key)
{
	struct pst_arena *arena = work->import->arena;
	struct pst_signing_question question = {
	    key->domain, key->target != PST_OPENDKIM_DOMAIN};
	const struct pst_import_section *section;

	if (key->domain == NULL) {
		pst_signing_remark(work, PST_IMPORT_ANSWER, row,
		    "It was for some users of every domain. Postern selects "
		    "keys by the From domain: add a section for each domain "
		    "of yours that has none.",
		    NULL);
		return;
	}
	section = covering(work, key->domain);
	if (section != NULL) {
		pst_signing_remark(work, PST_IMPORT_CHANGED, row,
		    "It had a key for some users of this domain.",
		    pst_arena_printf(arena,
			"It selects keys by the From domain: this mail is "
			"signed with the keys of %s.",
			section->domain));
		return;
	}
	pst_signing_take_line(work, row, &question);
	if (covering(work, key->domain) != NULL)
		pst_signing_remark(work, PST_IMPORT_ANSWER, row,
		    pst_arena_printf(arena,
			"Only mail of these users was signed. The section signs "
			"all mail of your clients from %s. If some must not be "
			"signed, remove the section, or let only some logins "
			"use the domain (login-domains).",
			key->domain),
		    NULL);
}

/* "*@example.com" in a table without refile: proposes the section. */
static void
take_later(struct pst_signing_work *work, const struct pst_dataset_row *row,
    const struct pst_opendkim_key *key)
{
	struct pst_opendkim_signature sign;
	struct pst_import_section *section;
	struct pst_err err;

	pst_signing_remark(work, PST_IMPORT_ANSWER, row,
	    "Nothing was signed: `*` stands for any text only in a table that "
	    "is named with \"refile:\". If this mail should be signed, publish "
	    "the key and remove the number signs of the section below.",
	    NULL);
	if (key->target != PST_OPENDKIM_LATER || key->domain == NULL ||
	    covering(work, key->domain) != NULL ||
	    !pst_opendkim_keys_find(&work->keys,
		pst_signing_key_name(row, key->domain), key->domain, &sign,
		&err) ||
	    strcmp(sign.domain, key->domain) != 0)
		return;
	section = pst_import_section(work->import, key->domain);
	section->suggested = true;
	(void)pst_import_section_add(
	    section, (struct pst_import_pair){sign.selector, sign.file});
}

static void
tell_odd(struct pst_signing_work *work, const struct pst_dataset_row *row)
{
	struct pst_str key = row->key;

	if (pst_import_is_template(key)) {
		pst_signing_remark(work, PST_IMPORT_ANSWER, row,
		    "This is a placeholder of a template: import the file that "
		    "is made from it.",
		    NULL);
		return;
	}
	pst_signing_remark(work, PST_IMPORT_ANSWER, row,
	    "This pattern does not name a domain. Postern has no patterns: add "
	    "a section for each domain that it meant.",
	    NULL);
}

static void
tell_nothing(struct pst_signing_work *work, const struct pst_dataset_row *row)
{
	pst_signing_remark(work, PST_IMPORT_ANSWER, row,
	    row->indented ?
		"The line begins with a blank, so opendkim reads an empty "
		"pattern, and nothing was signed. If it is meant, remove the "
		"blank and import again." :
		"It matches no address in this kind of table, so nothing was "
		"signed. If it is meant, write it as opendkim.conf(5) says "
		"for SigningTable, and import again.",
	    NULL);
}

static void
take_rest(struct pst_signing_work *work, size_t i)
{
	const struct pst_dataset_row *row = &work->signing.rows[i];
	const struct pst_opendkim_key *key = &work->parsed[i];

	switch (key->target) {
	case PST_OPENDKIM_NOTHING:
		tell_nothing(work, row);
		return;
	case PST_OPENDKIM_ODD:
		tell_odd(work, row);
		return;
	case PST_OPENDKIM_LATER:
		take_later(work, row, key);
		return;
	case PST_OPENDKIM_DOMAIN:
	case PST_OPENDKIM_BELOW:
	case PST_OPENDKIM_ENDS:
	case PST_OPENDKIM_ALL:
		break;
	}
	if (key->some_users) {
		take_some_users(work, row, key);
		return;
	}
	if (is_shadowed(work, row, key)) {
		pst_signing_remark(work, PST_IMPORT_UNNEEDED, row,
		    "Another line matches the same addresses first: it was not "
		    "in use.",
		    NULL);
		return;
	}
	if (key->target == PST_OPENDKIM_ALL)
		take_all(work, row);
	if (key->target == PST_OPENDKIM_ENDS)
		pst_signing_remark(work, PST_IMPORT_CHANGED, row,
		    "It also signed mail from domains whose name only ends "
		    "like this one.",
		    "It signs the domain and those below it.");
}

static bool
read_table(struct pst_signing_work *work, const struct pst_import_at *at,
    struct pst_dataset *out)
{
	struct pst_import *import = work->import;
	struct pst_err err;

	if (pst_dataset_read(import, at, work->tables->base, out, &err))
		return true;
	pst_import_add(import, PST_IMPORT_ANSWER, at,
	    pst_arena_printf(import->arena,
		"Not read: %s. What it signed is not known.", err.text),
	    NULL);
	return false;
}

static bool
read_tables(struct pst_signing_work *work)
{
	struct pst_arena *arena = work->import->arena;
	const struct pst_opendkim_tables *tables = work->tables;
	bool has_keys = read_table(work, &tables->key_table, &work->keys.set);
	bool has_signing =
	    read_table(work, &tables->signing_table, &work->signing);
	size_t count = work->signing.count;

	if (!has_keys || !has_signing) {
		if (has_keys || has_signing)
			pst_import_add(work->import, PST_IMPORT_UNNEEDED,
			    has_keys ? &tables->key_table :
				       &tables->signing_table,
			    "One table says nothing without the other.", NULL);
		return false;
	}
	work->keys.arena = arena;
	work->keys.base = tables->base;
	work->keys.used =
	    pst_arena_array(arena, work->keys.set.count, sizeof(bool));
	work->seen = pst_arena_array(arena, count, sizeof(bool));
	work->told = pst_arena_array(arena, count, sizeof(bool));
	work->told_signer = pst_arena_array(arena, count, sizeof(bool));
	work->parsed = pst_arena_array(arena, count, sizeof(*work->parsed));
	return true;
}

void
pst_opendkim_tables(
    struct pst_import *import, const struct pst_opendkim_tables *tables)
{
	struct pst_signing_work work = {.import = import, .tables = tables};

	if (!read_tables(&work))
		return;
	pst_import_add(import, PST_IMPORT_TAKEN, &tables->key_table,
	    "into the sections sign", NULL);
	pst_import_add(import, PST_IMPORT_TAKEN, &tables->signing_table,
	    "into the sections sign", NULL);
	for (size_t i = 0; i < work.signing.count; i++)
		work.parsed[i] = pst_opendkim_key_parse(
		    import->arena, &work.signing, &work.signing.rows[i]);
	work.only_own = true;
	take_domains(&work, false);
	work.only_own = false;
	if (work.again)
		take_domains(&work, false);
	take_domains(&work, true);
	for (size_t i = 0; i < work.signing.count; i++)
		take_rest(&work, i);
	tell_not_own(&work);
	pst_opendkim_keys_unused(&work.keys, import);
	if (work.signing.count == 0)
		pst_import_add(import, PST_IMPORT_ANSWER,
		    &tables->signing_table,
		    "The table is empty, so nothing was signed.", NULL);
}
