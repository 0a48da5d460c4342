/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/correct_terms.h"

#include "base/macros.h"
#include "survey/make_text.h"
#include "survey/spf_tree.h"

#define MAX_SPLIT 300 /* octets of a term in which a lost blank is looked for */

struct pst_correct_terms *
pst_correct_terms_new(struct pst_arena *arena, bool keep_after_all)
{
	struct pst_correct_terms *terms =
	    pst_arena_alloc(arena, sizeof(*terms));

	terms->arena = arena;
	terms->keep_after_all = keep_after_all;
	pst_correct_begin(&terms->notes, arena);
	return terms;
}

static const char *
shown(const struct pst_correct_terms *terms, struct pst_str text)
{
	return pst_correct_shown(&terms->notes, text);
}

/* ---- one term ---- */

/* Reads a term by itself; false: it is not valid. */
static bool
read_term(struct pst_correct_terms *terms, struct pst_str text,
    struct pst_spf_record *out)
{
	const char *record =
	    pst_arena_printf(terms->arena, "v=spf1 %.*s", PST_STR_ARG(text));
	const char *why;

	return text.len > 0 && pst_str_find(text, ' ') == text.len &&
	    pst_spf_record_parse(terms->arena, pst_str(record), out, &why);
}

static bool
is_valid(struct pst_correct_terms *terms, struct pst_str text)
{
	struct pst_arena_mark mark = pst_arena_mark(terms->arena);
	struct pst_spf_record record;
	bool valid = read_term(terms, text, &record);

	pst_arena_rewind(terms->arena, mark);
	return valid;
}

/* 0 is the strictest. */
static size_t
softness(char qualifier)
{
	return pst_str_find(PST_STR("-~?+"), qualifier);
}

static void
take_mechanism(struct pst_correct_terms *terms, struct pst_str text,
    const struct pst_spf_term *term)
{
	bool late = terms->this_all != '\0';

	if (late && (!terms->keep_after_all || term->kind == PST_SPF_ALL)) {
		pst_correct_note(&terms->notes,
		    "left out %s, which came after all", shown(terms, text));
		return;
	}
	if (term->kind == PST_SPF_ALL) {
		terms->this_all = term->qualifier;
		return;
	}
	if (late)
		pst_correct_note(
		    &terms->notes, "%s in front of all", shown(terms, text));
	if (terms->count == PST_CORRECT_MAX_TERMS) {
		terms->failed = true;
		return;
	}
	terms->terms[terms->count++] = (struct pst_correct_term){
	    .text = text, .permits = term->qualifier == '+'};
	terms->permitted = terms->permitted || term->qualifier == '+';
}

static bool
is_named(struct pst_str text, const char *const *names, size_t count)
{
	struct pst_str name = pst_str_first(text, pst_str_find(text, '='));

	for (size_t i = 0; i < count; i++)
		if (pst_str_ieq(name, pst_str(names[i])))
			return true;
	return false;
}

static void
take_modifier(struct pst_correct_terms *terms, struct pst_str text)
{
	for (size_t i = 0; i < terms->modifier_count; i++) {
		struct pst_str other = terms->modifiers[i];
		size_t name = pst_str_find(other, '=') + 1;

		if (pst_str_ieq(other, text)) {
			pst_correct_note(
			    &terms->notes, "%s once", shown(terms, text));
			return;
		}
		if (pst_str_ieq(
			pst_str_first(other, name), pst_str_first(text, name)))
			terms->failed = true; /* one of them was meant */
	}
	if (terms->modifier_count == PST_CORRECT_MAX_TERMS)
		terms->failed = true;
	else
		terms->modifiers[terms->modifier_count++] = text;
}

static void
take_valid(struct pst_correct_terms *terms, struct pst_str text)
{
	static const char *const known[] = {"exp", "ra", "rp", "rr"};
	struct pst_spf_record record;
	const char *meant;

	if (!read_term(terms, text, &record)) {
		terms->failed = true;
	} else if (record.term_count == 1) {
		take_mechanism(terms, text, &record.terms[0]);
	} else if (record.has_redirect) {
		if (terms->redirect.ptr != NULL)
			pst_correct_note(
			    &terms->notes, "%s once", shown(terms, text));
		if (terms->redirect.ptr != NULL &&
		    !pst_str_ieq(terms->redirect, text))
			terms->failed = true;
		terms->redirect = text;
	} else if (is_named(text, known, PST_COUNT(known))) {
		take_modifier(terms, text);
	} else {
		meant = pst_spf_term_mend(terms->arena, text);
		if (meant != NULL && is_valid(terms, pst_str(meant)) &&
		    !pst_str_ieq(pst_str(meant), text)) {
			pst_correct_note(&terms->notes, "%s instead of %s",
			    meant, shown(terms, text));
			take_valid(terms, pst_str(meant));
			return;
		}
		pst_correct_note(&terms->notes,
		    "left out %s, which receivers ignore", shown(terms, text));
	}
}

/* ---- terms that are not valid ---- */

/* True if text begins like a term: "ip4:" or "-all". */
static bool
begins_term(struct pst_str text)
{
	static const char *const heads[] = {
	    "include:", "ip4:", "ip6:", "exists:", "redirect="};
	static const char *const alls[] = {"-all", "~all", "?all", "+all"};

	for (size_t i = 0; i < PST_COUNT(heads); i++)
		if (pst_str_istarts(text, pst_str(heads[i])))
			return true;
	for (size_t i = 0; i < PST_COUNT(alls); i++)
		if (pst_str_ieq(text, pst_str(alls[i])))
			return true;
	return false;
}

/* Finds the one place where a blank makes two valid terms; 0: there is none. */
static size_t
find_lost_blank(struct pst_correct_terms *terms, struct pst_str text)
{
	size_t found = 0;

	for (size_t i = 1; i < text.len && i < MAX_SPLIT; i++) {
		struct pst_str after = pst_str_from(text, i);

		if (!begins_term(after) || !is_valid(terms, after) ||
		    !is_valid(terms, pst_str_first(text, i)))
			continue;
		if (found > 0)
			return 0;
		found = i;
	}
	return found;
}

/* True if the word could be the name or the address of a host. */
static bool
could_be_host(struct pst_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(".:/@=", text.ptr[i]) != NULL)
			return true;
	return false;
}

static void
take_wrong(struct pst_correct_terms *terms, struct pst_str text)
{
	size_t blank = find_lost_blank(terms, text);
	const char *meant;

	if (blank > 0) {
		pst_correct_note(&terms->notes, "a blank before %s",
		    shown(terms, pst_str_from(text, blank)));
		take_valid(terms, pst_str_first(text, blank));
		take_valid(terms, pst_str_from(text, blank));
		return;
	}
	meant = pst_spf_term_mend(terms->arena, text);
	if (meant != NULL && is_valid(terms, pst_str(meant))) {
		pst_correct_note(&terms->notes, "%s instead of %s", meant,
		    shown(terms, text));
		take_valid(terms, pst_str(meant));
		return;
	}
	if (could_be_host(text))
		terms->failed = true;
	pst_correct_note(&terms->notes, "left out %s, which is not a term",
	    shown(terms, text));
}

/* ---- a record ---- */

/* Returns the text after the version; fails if it has none. */
static struct pst_str
take_version(struct pst_correct_terms *terms, struct pst_str text)
{
	struct pst_str rest = text;

	if (!pst_correct_skip_version(&rest, "spf")) {
		terms->failed = true;
		return rest;
	}
	if (rest.len > 0 && rest.ptr[0] == '1')
		rest = pst_str_from(rest, 1);
	/* another version, as in "v=spf2.0", or another word */
	if (rest.len > 0 && (pst_is_digit(rest.ptr[0]) || rest.ptr[0] == '.'))
		terms->failed = true;
	return rest;
}

/*
 * Returns the text with blanks where a comma or a semicolon is between terms. A
 * macro may have a comma inside.
 */
static struct pst_str
without_commas(struct pst_correct_terms *terms, struct pst_str text)
{
	char *copy = pst_arena_memdup(terms->arena, text.ptr, text.len);
	bool inside = false, changed = false;

	for (size_t i = 0; i < text.len; i++) {
		if (copy[i] == '{' || copy[i] == '}')
			inside = copy[i] == '{';
		if (inside || strchr(",;", copy[i]) == NULL)
			continue;
		copy[i] = ' ';
		changed = true;
	}
	if (changed)
		pst_correct_note(&terms->notes,
		    "blanks between terms, without commas and semicolons");
	return (struct pst_str){copy, text.len};
}

static bool
take_word(struct pst_str *rest, struct pst_str *word)
{
	bool more = rest->len > 0;

	while (pst_str_split(rest, ' ', word, &more))
		if (word->len > 0)
			return true;
	return false;
}

/* Joins "ip4:" and the address after the blank; false: they do not belong. */
static bool
join(struct pst_correct_terms *terms, struct pst_str word, struct pst_str *rest)
{
	struct pst_str after = *rest, next, joined;

	if (word.ptr[word.len - 1] != ':' || !take_word(&after, &next) ||
	    is_valid(terms, next))
		return false;
	joined = pst_str(pst_arena_printf(
	    terms->arena, "%.*s%.*s", PST_STR_ARG(word), PST_STR_ARG(next)));
	if (!is_valid(terms, joined))
		return false;
	*rest = after;
	pst_correct_note(&terms->notes, "no blank in %s", shown(terms, joined));
	take_valid(terms, joined);
	return true;
}

/* The softer of the ends of all records. */
static void
take_all(struct pst_correct_terms *terms)
{
	char all = terms->this_all;

	if (all == '\0' && terms->redirect.ptr == NULL)
		all = terms->records > 1 ? '?' : '\0';
	if (terms->records > 1 && all != terms->all) {
		if (softness(all) < softness(terms->all))
			all = terms->all;
		terms->all_changed = true;
	}
	terms->all = all;
}

void
pst_correct_terms_take(struct pst_correct_terms *terms, struct pst_str text)
{
	struct pst_str rest, word;

	terms->records++;
	terms->this_all = '\0';
	if (text.len > PST_MAKE_MAX_TEXT ||
	    !pst_correct_clean(&terms->notes, text, &rest)) {
		terms->failed = true;
		return;
	}
	if (!pst_spf_is_record(text))
		pst_correct_note(
		    &terms->notes, "v=spf1 and a blank at the start");
	rest = without_commas(terms, take_version(terms, rest));
	while (!terms->failed && take_word(&rest, &word)) {
		if (is_valid(terms, word))
			take_valid(terms, word);
		else if (!join(terms, word, &rest))
			take_wrong(terms, word);
	}
	take_all(terms);
}

bool
pst_correct_terms_finish(struct pst_correct_terms *terms)
{
	char old = terms->all;

	if (terms->records > 1) {
		pst_correct_note(
		    &terms->notes, "one record instead of %zu", terms->records);
		/* each record had its own end */
		terms->failed = terms->failed || terms->redirect.ptr != NULL;
	}
	if (terms->redirect.ptr != NULL && old == '\0')
		return !terms->failed;
	if (terms->redirect.ptr != NULL) {
		pst_correct_note(&terms->notes,
		    "left out %s, which receivers ignore after all",
		    shown(terms, terms->redirect));
		terms->redirect = (struct pst_str){NULL, 0};
	}
	if (old != '-')
		terms->all = '~';
	if (terms->all_changed)
		pst_correct_note(&terms->notes,
		    "%call, since the records end differently and this is the "
		    "softer one",
		    terms->all);
	else if (old == '\0')
		pst_correct_note(&terms->notes, "~all, which was missing");
	else if (old != terms->all)
		pst_correct_note(&terms->notes, "~all instead of %call", old);
	terms->all_changed = terms->all_changed || old != terms->all;
	return !terms->failed;
}

const char *
pst_correct_terms_write(struct pst_correct_terms *terms)
{
	struct pst_buf buf;

	pst_buf_init(&buf, terms->arena, PST_MAKE_MAX_TEXT);
	pst_buf_add_text(&buf, "v=spf1");
	for (size_t i = 0; i < terms->count; i++) {
		if (terms->terms[i].gone)
			continue;
		pst_buf_add_char(&buf, ' ');
		terms->terms[i].at = buf.len;
		pst_buf_add(&buf, terms->terms[i].text);
	}
	if (terms->redirect.ptr != NULL)
		pst_buf_printf(&buf, " %.*s", PST_STR_ARG(terms->redirect));
	else
		pst_buf_printf(&buf, " %call", terms->all);
	for (size_t i = 0; i < terms->modifier_count; i++)
		pst_buf_printf(&buf, " %.*s", PST_STR_ARG(terms->modifiers[i]));
	return pst_buf_str(&buf);
}

bool
pst_correct_terms_drop(
    struct pst_correct_terms *terms, size_t at, const char *why)
{
	for (size_t i = 0; i < terms->count; i++) {
		struct pst_correct_term *term = &terms->terms[i];

		if (term->gone || term->at != at)
			continue;
		term->gone = true;
		pst_correct_note(&terms->notes, "left out %s: %s",
		    shown(terms, term->text), why);
		return true;
	}
	return false;
}

bool
pst_correct_terms_is_plain(const struct pst_correct_terms *terms)
{
	bool permits = terms->redirect.ptr != NULL;

	for (size_t i = 0; i < terms->count; i++)
		permits = permits ||
		    (terms->terms[i].permits && !terms->terms[i].gone);
	return permits || (!terms->permitted && !terms->all_changed);
}
