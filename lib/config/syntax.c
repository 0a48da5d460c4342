/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/syntax.h"

#include <string.h>

#include "base/buf.h"
#include "config/hint.h"
#include "config/option.h"
#include "config/option_value.h"
#include "config/titled.h"
#include "config/tokens.h"

#define MAX_SHOWN 200

struct checker {
	struct pst_problems *problems;
	struct pst_arena *arena;
	const char *file;
	unsigned *empty_lists;
	struct pst_tokens tokens;
};

/* The section that is being read. */
struct place {
	const char *section; /* NULL: the top level */
	bool is_open;        /* a brace ends it */
};

static void
blank(char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from != '\n')
			*from = ' ';
	}
}

static void
complain(const struct checker *checker, unsigned line, const char *sentence)
{
	(void)pst_problems_add(checker->problems, PST_PROBLEM_ERROR,
	    checker->file, line, "%s", sentence);
}

static const char *
shown(const struct checker *checker, const char *text)
{
	return pst_escaped(
	    checker->arena, pst_str_first(pst_str(text), MAX_SHOWN));
}

static bool
is_text(const struct pst_token *token)
{
	return token->kind == PST_TOKEN_WORD || token->kind == PST_TOKEN_QUOTED;
}

/* Skips what is left of a line, but not the brace that ends the section. */
static void
skip_line(struct checker *checker, unsigned line)
{
	struct pst_token token = pst_token_peek(&checker->tokens);

	while (token.kind != PST_TOKEN_END && token.line == line &&
	    token.kind != PST_TOKEN_CLOSE) {
		(void)pst_token_next(&checker->tokens);
		token = pst_token_peek(&checker->tokens);
	}
}

/* Skips a part in braces, of which the first brace is next. */
static void
skip_braces(struct checker *checker)
{
	unsigned depth = 0;
	struct pst_token token;

	do {
		token = pst_token_next(&checker->tokens);
		if (token.kind == PST_TOKEN_OPEN)
			depth++;
		else if (token.kind == PST_TOKEN_CLOSE)
			depth--;
	} while (depth > 0 && token.kind != PST_TOKEN_END);
}

/* What a name is in its section. */
struct meaning {
	bool is_known;
	bool is_list;
	bool is_free_text; /* may be a sentence */
	size_t option;     /* pst_option_count: none in the table */
};

static struct meaning
meaning_of(const struct place *place, const char *name)
{
	const struct pst_titled_kind *kind =
	    place->section == NULL ? NULL : pst_titled_find(place->section);
	struct meaning meaning = {.option = pst_option_count};
	size_t index;

	if (kind != NULL) {
		index = pst_titled_option_find(kind, name);
		meaning.is_known = index < kind->count;
		meaning.is_list = meaning.is_known && kind->options[index].list;
		meaning.is_free_text =
		    meaning.is_known && kind->options[index].free_text;
		return meaning;
	}
	index = pst_option_find(
	    pst_option_section(place->section == NULL ? "" : place->section),
	    name);
	if (index == pst_option_count)
		return meaning;
	meaning.is_known = place->section == NULL ||
	    strcmp(place->section, PST_SECTION_LISTENER) != 0 ||
	    pst_options[index].per_listener;
	meaning.is_list = pst_option_is_list(&pst_options[index]);
	meaning.option = index;
	meaning.is_free_text = pst_options[index].type == PST_OPTION_TEXT;
	return meaning;
}

/*
 * Takes the texts of a line, from `first` on, for a hint; stops at what cannot
 * be a part of a text or list. With commas set, they become a list.
 */
static const char *
join_line(struct checker *checker, struct pst_token first, bool as_list)
{
	struct pst_buf buf;
	struct pst_token token = first;
	const char *lead = as_list ? "\"" : "";
	unsigned line = first.line;

	pst_buf_init(&buf, checker->arena, 4 * MAX_SHOWN);
	for (size_t i = 0;; i++) {
		if (is_text(&token))
			pst_buf_printf(&buf, "%s%s%s%s",
			    i == 0      ? "" :
				as_list ? ", " :
					  " ",
			    lead,
			    shown(checker,
				pst_token_text(checker->arena, &token)),
			    lead);
		else if (token.kind == PST_TOKEN_COMMA && !as_list)
			pst_buf_add_char(&buf, ',');
		line = token.line;
		token = pst_token_peek(&checker->tokens);
		/* A list may go on after a comma at the end of its line. */
		if ((token.line != line && checker->tokens.at[-1] != ',') ||
		    token.kind == PST_TOKEN_END ||
		    token.kind == PST_TOKEN_CLOSE)
			break;
		(void)pst_token_next(&checker->tokens);
	}
	return pst_buf_overflowed(&buf) ? "..." : pst_buf_str(&buf);
}

static void
complain_of_rest(struct checker *checker, const struct pst_token *name,
    struct meaning meaning, struct pst_token value)
{
	const char *text = pst_token_text(checker->arena, name);
	const char *rest = join_line(checker, value, meaning.is_list);

	complain(checker, name->line,
	    pst_arena_printf(checker->arena,
		meaning.is_list ?
		    "%s: a list has braces around it, and quotes around each "
		    "entry; write %s = {%s}" :
		    meaning.is_free_text ?
		    "%s: a text of several words has quotes around it; write "
		    "%s = \"%s\"" :
		    "%s takes one value, written %s = VALUE, but this line "
		    "has more: %s",
		text, text, rest));
	blank(name->start, checker->tokens.at);
}

/* Is there more of the value in this line, instead of another NAME = VALUE? */
static bool
has_rest(const struct checker *checker, const struct pst_token *value)
{
	struct pst_tokens ahead = checker->tokens;
	struct pst_token next = pst_token_next(&ahead);
	struct pst_token after = pst_token_peek(&ahead);

	if (next.kind == PST_TOKEN_COMMA || next.kind == PST_TOKEN_OTHER)
		return true;
	if (next.line != value->line)
		return false;
	if (next.kind == PST_TOKEN_EQUALS)
		return true;
	if (!is_text(&next))
		return false;
	return after.kind != PST_TOKEN_EQUALS && after.kind != PST_TOKEN_OPEN &&
	    !(is_text(&after) && after.line == next.line &&
		pst_option_section(pst_token_text(checker->arena, &next)) !=
		    NULL);
}

/* Reads the list that an open brace begins; false after a complaint. */
static bool
check_list(struct checker *checker, const char *name, struct meaning meaning)
{
	struct pst_tokens begin = checker->tokens;
	struct pst_token token = pst_token_next(&checker->tokens);
	bool is_good = meaning.is_list, after_entry = false;
	struct pst_token first = pst_token_peek(&checker->tokens);

	if (is_good && first.kind == PST_TOKEN_CLOSE &&
	    meaning.option < pst_option_count)
		checker->empty_lists[meaning.option] = token.line;

	while (is_good) {
		token = pst_token_next(&checker->tokens);
		if (token.kind == PST_TOKEN_CLOSE ||
		    token.kind == PST_TOKEN_END)
			return true;
		is_good = is_text(&token) != after_entry &&
		    (is_text(&token) || token.kind == PST_TOKEN_COMMA);
		after_entry = is_text(&token);
	}
	complain(checker, token.line,
	    pst_arena_printf(checker->arena,
		meaning.is_list ?
		    "%s: a list has a comma between its entries, and quotes "
		    "around each; write %s = {\"ONE\", \"TWO\"}" :
		    "%s takes one value, not a list; write %s = VALUE",
		name, name));
	checker->tokens = begin;
	skip_braces(checker);
	return false;
}

/* A value in the next line that is itself the name of an assignment. */
static bool
is_next_line(const struct checker *checker, const struct pst_token *name)
{
	struct pst_tokens ahead = checker->tokens;
	struct pst_token value = pst_token_next(&ahead);
	struct pst_token after = pst_token_next(&ahead);

	return value.line != name->line && is_text(&value) &&
	    (after.kind == PST_TOKEN_EQUALS || after.kind == PST_TOKEN_OPEN);
}

/* What is wrong with a value without quotes; NULL: nothing that shows here. */
static const char *
fault_of_word(const struct checker *checker, const struct pst_token *value)
{
	const char *text = pst_token_text(checker->arena, value);
	size_t len = strlen(text);

	if (value->kind == PST_TOKEN_QUOTED)
		return NULL;
	if (pst_hint_is_curly(text))
		return "write straight quotes (\"...\"), not those of a word "
		       "processor";
	if (len > 0 && text[len - 1] == ';')
		return "write no semicolon at the end of a line";
	return NULL;
}

/* Reads a value; the name is known, and the equal sign was taken. */
static void
check_value(struct checker *checker, const struct pst_token *name,
    struct meaning meaning)
{
	const char *text = pst_token_text(checker->arena, name);
	struct pst_token value = pst_token_peek(&checker->tokens);
	const char *fault;

	if (value.kind == PST_TOKEN_OPEN) {
		if (!check_list(checker, text, meaning))
			blank(name->start, checker->tokens.at);
		return;
	}
	if (!is_text(&value) || is_next_line(checker, name)) {
		complain(checker, name->line,
		    pst_arena_printf(checker->arena,
			value.kind == PST_TOKEN_EQUALS ?
			    "%s: write one equal sign, as in %s = VALUE" :
			    "%s has no value; write %s = VALUE, or remove it",
			text, text));
		if (value.kind == PST_TOKEN_EQUALS)
			skip_line(checker, name->line);
		blank(name->start, checker->tokens.at);
		return;
	}
	(void)pst_token_next(&checker->tokens);
	fault = fault_of_word(checker, &value);
	if (fault != NULL) {
		complain(checker, value.line,
		    pst_arena_printf(checker->arena, "%s: %s", text, fault));
		skip_line(checker, value.line);
		blank(name->start, checker->tokens.at);
	} else if (has_rest(checker, &value)) {
		complain_of_rest(checker, name, meaning, value);
	}
}

/* Skips the value of a name that is not known. */
static void
skip_value(struct checker *checker)
{
	struct pst_token value = pst_token_peek(&checker->tokens);

	if (value.kind == PST_TOKEN_OPEN) {
		skip_braces(checker);
		return;
	}
	if (!is_text(&value))
		return;
	(void)pst_token_next(&checker->tokens);
	if (has_rest(checker, &value))
		skip_line(checker, value.line);
}

static void check_body(struct checker *checker, const struct place *place);

static bool
has_title(const char *section)
{
	return pst_titled_find(section) != NULL ||
	    strcmp(section, PST_SECTION_LISTENER) == 0;
}

/* Returns what is wrong with the head of a section; NULL if nothing is. */
static const char *
fault_of_head(const struct checker *checker, const struct place *place,
    const char *section, bool titled)
{
	const struct pst_titled_kind *kind = pst_titled_find(section);
	struct meaning meaning = meaning_of(place, section);

	/* `sign` is both. */
	if (meaning.is_known && kind == NULL)
		return pst_arena_printf(checker->arena,
		    "there is no equal sign after %s; write %s = %s", section,
		    section, meaning.is_list ? "{...}" : "VALUE");
	if (!has_title(section) && pst_option_section(section) == NULL)
		return pst_hint_unknown_option(checker->arena,
		    place->section == NULL ? "" : place->section,
		    pst_str(section));
	if (place->section != NULL && !meaning.is_known &&
	    strcmp(place->section, PST_SECTION_LISTENER) == 0)
		return pst_arena_printf(checker->arena,
		    "%s cannot be set for one listener", section);
	if (place->section != NULL)
		return pst_arena_printf(checker->arena,
		    "section %s cannot be inside section %s; write } before "
		    "it, to end that",
		    section, place->section);
	if (titled && !has_title(section))
		return pst_arena_printf(checker->arena,
		    "section %s has no title; write %s { ... }", section,
		    section);
	if (!titled && has_title(section))
		return pst_arena_printf(checker->arena,
		    "a %s has a title; write %s \"%s\" { ... }",
		    kind != NULL ? kind->noun : section, section,
		    kind != NULL ? kind->example : "unix:/the/socket");
	return NULL;
}

/* The token is not shorter than the name, with or without its quotes. */
static void
rename_section(const struct pst_token *name, const char *parsed)
{
	size_t len = strlen(parsed);

	blank(name->start, name->end);
	memcpy(name->start, parsed, len);
}

/* The name, and the title if there is one, were taken; a brace is next. */
static void
check_section(struct checker *checker, const struct place *place,
    const struct pst_token *name, bool titled)
{
	const char *section = pst_token_text(checker->arena, name);
	const struct pst_titled_kind *kind = pst_titled_find(section);
	const char *fault = fault_of_head(checker, place, section, titled);
	size_t errors;

	if (fault != NULL) {
		complain(checker, name->line, fault);
		skip_braces(checker);
		blank(name->start, checker->tokens.at);
		return;
	}
	(void)pst_token_next(&checker->tokens);
	errors = checker->problems->errors;
	check_body(checker, &(struct place){section, true});
	/* Half a rule would seem to lack a condition, or the action. */
	if (checker->problems->errors > errors && kind != NULL)
		blank(name->start, checker->tokens.at);
	else if (kind != NULL)
		rename_section(name, kind->parsed);
}

static void
check_assignment(struct checker *checker, const struct place *place,
    const struct pst_token *name)
{
	const char *text = pst_token_text(checker->arena, name);
	struct meaning meaning = meaning_of(place, text);
	struct pst_token equals = pst_token_next(&checker->tokens);
	struct pst_token next = pst_token_peek(&checker->tokens);

	if (meaning.is_known) {
		check_value(checker, name, meaning);
		return;
	}
	if (place->section == NULL && next.kind == PST_TOKEN_OPEN &&
	    pst_option_section(text) != NULL) {
		complain(checker, name->line,
		    pst_arena_printf(checker->arena,
			"a section has no equal sign; write %s { ... }", text));
		blank(equals.start, equals.end);
		check_section(checker, place, name, false);
		return;
	}
	complain(checker, name->line,
	    pst_hint_unknown_option(checker->arena,
		place->section == NULL ? "" : place->section, pst_str(text)));
	skip_value(checker);
	blank(name->start, checker->tokens.at);
}

/* "mode: enforce", "mode enforce", "[dns]", or a word without any sense. */
static void
complain_of_name(struct checker *checker, const struct place *place,
    const struct pst_token *name)
{
	const char *text = pst_token_text(checker->arena, name);
	size_t len = strlen(text);
	bool colon = len > 0 && text[len - 1] == ':';
	const char *bare = pst_arena_memdup(checker->arena, text, len - colon);
	struct pst_token value = pst_token_peek(&checker->tokens);
	const char *sentence;

	if (pst_titled_find(bare) != NULL && value.kind == PST_TOKEN_QUOTED)
		sentence = pst_arena_printf(checker->arena,
		    "section %s has no braces; write %s \"TITLE\" { ... }",
		    bare, bare);
	else if (meaning_of(place, bare).is_known && is_text(&value) &&
	    value.line == name->line)
		sentence = pst_arena_printf(checker->arena,
		    "there is no equal sign after %s; write %s = %s", bare,
		    bare,
		    shown(checker, pst_token_text(checker->arena, &value)));
	else if (meaning_of(place, bare).is_known)
		sentence = pst_arena_printf(checker->arena,
		    "%s has no value; write %s = VALUE, or remove it", bare,
		    bare);
	else if (pst_option_section(bare) != NULL || has_title(bare))
		sentence = pst_arena_printf(checker->arena,
		    "section %s has no braces; write %s%s { ... }", bare, bare,
		    has_title(bare) ? " \"TITLE\"" : "");
	else
		sentence = pst_hint_unknown_option(checker->arena,
		    place->section == NULL ? "" : place->section,
		    pst_str(text));
	complain(checker, name->line, sentence);
	skip_line(checker, name->line);
	blank(name->start, checker->tokens.at);
}

static void
check_name(struct checker *checker, const struct place *place,
    const struct pst_token *name)
{
	struct pst_token next = pst_token_peek(&checker->tokens);
	struct pst_tokens ahead = checker->tokens;

	if (next.kind == PST_TOKEN_EQUALS) {
		check_assignment(checker, place, name);
		return;
	}
	if (next.kind == PST_TOKEN_OPEN) {
		check_section(checker, place, name, false);
		return;
	}
	(void)pst_token_next(&ahead);
	if (is_text(&next) && pst_token_peek(&ahead).kind == PST_TOKEN_OPEN) {
		checker->tokens = ahead;
		check_section(checker, place, name, true);
		return;
	}
	complain_of_name(checker, place, name);
}

/* source_text.h allows eight open braces, and each section is in one. */
static void
check_body(struct checker *checker, const struct place *place)
{
	struct pst_token token = pst_token_next(&checker->tokens);

	for (; token.kind != PST_TOKEN_END;
	     token = pst_token_next(&checker->tokens)) {
		if (is_text(&token)) {
			check_name(checker, place, &token);
			continue;
		}
		if (token.kind == PST_TOKEN_CLOSE && place->is_open)
			return;
		complain(checker, token.line,
		    token.kind == PST_TOKEN_CLOSE ?
			"this brace closes nothing; remove it" :
			pst_arena_printf(checker->arena,
			    "\"%.*s\" has no place here; write NAME = VALUE",
			    (int)(token.end - token.start), token.start));
		if (token.kind == PST_TOKEN_OPEN) {
			checker->tokens =
			    (struct pst_tokens){token.start, token.line};
			skip_braces(checker);
		}
		blank(token.start, checker->tokens.at);
	}
}

void
pst_syntax_check(struct pst_problems *problems, const char *file, char *text,
    unsigned *empty_lists)
{
	struct checker checker = {.problems = problems,
	    .arena = problems->arena,
	    .file = file,
	    .empty_lists = empty_lists,
	    .tokens = {text, 1}};

	check_body(&checker, &(struct place){NULL, false});
}
