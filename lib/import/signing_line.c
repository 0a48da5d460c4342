/* SPDX-License-Identifier: BSD-2-Clause */
#include "import/signing_line.h"

#include <string.h>

#include "base/buf.h"
#include "base/domain.h"

void
pst_signing_remark(struct pst_signing_work *work, enum pst_import_kind kind,
    const struct pst_dataset_row *row, const char *text, const char *now)
{
	struct pst_import_at at = {.file = work->signing.file,
	    .line = row->line,
	    .option = "SigningTable",
	    .value = row->key};

	pst_import_add(work->import, kind, &at, text, now);
}

/* The same, but only once for each line. */
void
pst_signing_remark_once(struct pst_signing_work *work,
    enum pst_import_kind kind, const struct pst_dataset_row *row,
    const char *text, const char *now)
{
	bool *told = &work->told[row - work->signing.rows];

	if (!*told)
		pst_signing_remark(work, kind, row, text, now);
	*told = true;
}

static const char *
question_text(
    struct pst_signing_work *work, const struct pst_signing_question *question)
{
	return pst_arena_printf(work->import->arena, "%s%s",
	    question->below ? "the domains below " : "", question->domain);
}

/* The name of the key that a line asks for. */
struct pst_str
pst_signing_key_name(const struct pst_dataset_row *row, const char *from)
{
	struct pst_str name =
	    pst_str_first(row->value, pst_str_find(row->value, ':'));

	if (pst_str_eq(name, PST_STR("%")) && from != NULL)
		return pst_str(from);
	return name;
}

/* An i= of its own. */
void
pst_signing_tell_signer(
    struct pst_signing_work *work, const struct pst_dataset_row *row)
{
	size_t colon = pst_str_find(row->value, ':');
	bool *told = &work->told_signer[row - work->signing.rows];

	if (colon + 1 >= row->value.len || *told)
		return;
	*told = true;
	pst_signing_remark(work, PST_IMPORT_CHANGED, row,
	    "It put an identity of its own (i=) into the signature.",
	    "It writes no i=; DMARC does not look at it.");
}

/* Adds a key to a section, and tells why it cannot be there. */
void
pst_signing_add_pair(struct pst_signing_work *work,
    struct pst_import_section *section, const struct pst_dataset_row *row,
    const struct pst_opendkim_signature *key)
{
	struct pst_import_pair pair = {key->selector, key->file};

	for (size_t i = 0; i < section->pair_count; i++)
		if (strcmp(section->pairs[i].selector, pair.selector) == 0 &&
		    strcmp(section->pairs[i].file, pair.file) != 0) {
			pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
			    pst_arena_printf(work->import->arena,
				"Selector %s of %s has two key files; only one "
				"of them can be the published key. Keep %s or "
				"write %s into the section.",
				pair.selector, section->domain,
				section->pairs[i].file, pair.file),
			    NULL);
			return;
		}
	if (!pst_import_section_add(section, pair))
		pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
		    pst_arena_printf(work->import->arena,
			"%s has more than %d keys, the most that a section can "
			"have. Choose which ones sign.",
			section->domain, PST_SIGN_MAX),
		    NULL);
}

/* d= is not the From domain or a domain above it. */
static void
tell_third_party(struct pst_signing_work *work,
    const struct pst_dataset_row *row,
    const struct pst_signing_question *question, const char *signer)
{
	pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
	    pst_arena_printf(work->import->arena,
		"Mail from %s was signed with d=%s. Such a signature does not "
		"count for DMARC, and Postern does not make it: this mail will "
		"be unsigned. Make a key for the From domain itself "
		"(\"postern record dkim\"), and add a section for it.",
		question_text(work, question), signer),
	    NULL);
}

/* Mail of a domain and its subdomains gets the keys of a domain above it. */
static void
take_from_above(struct pst_signing_work *work,
    const struct pst_dataset_row *row,
    const struct pst_signing_question *question,
    const struct pst_opendkim_signature *key)
{
	struct pst_arena *arena = work->import->arena;
	struct pst_import_section *section =
	    pst_import_section(work->import, key->domain);
	bool exact =
	    question->below && strcmp(question->domain, section->domain) == 0;

	section->subdomains = true;
	if (section->pair_count == 0 || !section->own) {
		pst_signing_add_pair(work, section, row, key);
	} else {
		struct pst_import_section copy = *section;

		if (copy.pair_count == PST_SIGN_MAX ||
		    !pst_import_section_add(&copy,
			(struct pst_import_pair){key->selector, key->file}) ||
		    copy.pair_count > section->pair_count)
			pst_signing_remark_once(work, PST_IMPORT_CHANGED, row,
			    pst_arena_printf(arena,
				"It signed mail from %s with a key of its own, "
				"%s.",
				question_text(work, question), key->file),
			    pst_arena_printf(arena,
				"Mail from %s and all domains below it is "
				"signed with the keys of %s.",
				section->domain, section->domain));
	}
	if (!exact)
		pst_signing_remark_once(work, PST_IMPORT_CHANGED, row,
		    pst_arena_printf(arena, "It signed mail from %s with d=%s.",
			question_text(work, question), section->domain),
		    pst_arena_printf(arena,
			"It signs mail from all domains below %s so.",
			section->domain));
}

/* Takes a line that applies to the question. */
void
pst_signing_take_line(struct pst_signing_work *work,
    const struct pst_dataset_row *row,
    const struct pst_signing_question *question)
{
	struct pst_arena *arena = work->import->arena;
	const char *from = question->below ? NULL : question->domain;
	struct pst_opendkim_signature key;
	struct pst_import_section *section;
	struct pst_err err;

	if (row->value.len == 0) {
		pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
		    "The line names no key, so nothing was signed. Write the "
		    "name of a key after the pattern, or remove the line.",
		    NULL);
		return;
	}
	if (!pst_opendkim_keys_find(&work->keys,
		pst_signing_key_name(row, from), from, &key, &err)) {
		pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
		    pst_arena_printf(arena, "Not taken: %s.", err.text), NULL);
		return;
	}
	pst_signing_tell_signer(work, row);
	if (from == NULL && (key.domain == NULL || key.file_varies)) {
		pst_signing_remark_once(work, PST_IMPORT_ANSWER, row,
		    pst_arena_printf(arena,
			"Each domain below %s was signed in its own name or "
			"with a key file of its own (%s). The tables do not "
			"tell which domains there are: add a section for each "
			"one that sends mail.",
			question->domain, key.file),
		    NULL);
		return;
	}
	if (from != NULL && strcmp(key.domain, from) == 0) {
		section = pst_import_section(work->import, from);
		section->own = true;
		pst_signing_add_pair(work, section, row, &key);
	} else if (work->only_own) {
		work->again = true;
	} else if (pst_domain_is_below(question->domain, key.domain)) {
		take_from_above(work, row, question, &key);
	} else {
		tell_third_party(work, row, question, key.domain);
	}
}
