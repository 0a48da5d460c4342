/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/advice_text.h"

#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "config/option.h"

#define MAX_MARK 40

/* Where a text was found, for the warning. */
struct text {
	const struct pst_config *config;
	struct pst_problems *problems;
	unsigned line;
	const char *name; /* of the option; with the rule's title in front */
	const char *text;
};

static void
warn(const struct text *at, const char *what, const char *sentence)
{
	(void)pst_problems_add(at->problems, PST_PROBLEM_WARNING,
	    pst_config_file(at->config), at->line, "%s: %s%s", at->name,
	    pst_escaped(at->problems->arena, pst_str(what)), sentence);
}

/* Returns the {mark} or $mark at the beginning of text; NULL if none is. */
static const char *
mark_at(struct pst_arena *arena, const char *text)
{
	size_t len = 1;

	if (text[0] == '%' && text[1] == '{')
		return mark_at(arena, text + 1);
	if (text[0] != '{' || !pst_is_alnum(text[1]))
		return NULL;
	while (pst_is_alnum(text[len]) || text[len] == '-' ||
	    text[len] == '_' || text[len] == ' ')
		len++;
	if (text[len] != '}' || len > MAX_MARK)
		return NULL;
	return pst_arena_memdup(arena, text, len + 1);
}

/* marks: those that are filled in, with blanks around each. */
static void
check_marks(const struct text *at, const char *marks)
{
	struct pst_arena *arena = at->problems->arena;

	for (const char *c = at->text; *c != '\0'; c++) {
		const char *mark = mark_at(arena, c);

		if (mark != NULL &&
		    strstr(marks, pst_arena_printf(arena, " %s ", mark)) ==
			NULL)
			warn(at, mark,
			    marks[0] == '\0' ?
				" is not filled in here, but sent as it is" :
				pst_arena_printf(arena,
				    " is not known, and is sent as it is; "
				    "known:%s",
				    marks));
		if (c[0] != '%' || !pst_is_alpha(c[1]) ||
		    (c[1] != '\0' && pst_is_alnum(c[2])))
			continue;
		warn(at, pst_arena_memdup(arena, c, 2),
		    marks[0] == '\0' ?
			" is not filled in here, but sent as it is" :
			pst_arena_printf(arena,
			    " is not filled in, but sent as it is; known:%s",
			    marks));
	}
}

/* "550 5.7.1 ...": the codes are ours. */
static void
check_code(const struct text *at)
{
	const char *c = at->text;

	if ((c[0] == '4' || c[0] == '5') &&
	    ((pst_is_digit(c[1]) && pst_is_digit(c[2]) &&
		 (c[3] == ' ' || c[3] == '-')) ||
		(c[1] == '.' && pst_is_digit(c[2]))))
		warn(at, "",
		    "the codes of the reply are put in front by Postern; write "
		    "the text only");
}

static void
check_replies(const struct pst_config *config, struct pst_problems *problems)
{
	static const char domain[] = " {domain} ";
	static const char both[] = " {domain} {reason} ";
	const struct {
		const char *name;
		const char *text;
		const char *marks;
	} rows[] = {
	    {"reject-text", config->reject_text, domain},
	    {"tempfail-text", config->tempfail_text, domain},
	    {"malformed-text", config->malformed_text, domain},
	    {"refused-text", config->refused_text, both},
	};

	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		const struct text at = {config, problems,
		    pst_config_line(
			config, pst_option_find(NULL, rows[i].name)),
		    rows[i].name, rows[i].text};

		check_marks(&at, rows[i].marks);
		check_code(&at);
	}
	for (size_t i = 0; i < config->rules.count; i++) {
		const struct pst_rule *rule = &config->rules.items[i];
		const struct text at = {config, problems,
		    rule->written[PST_RULE_REPLY].line,
		    pst_arena_printf(
			problems->arena, "rule \"%s\": reply", rule->title),
		    rule->reply};

		if (rule->reply == NULL)
			continue;
		check_marks(&at, both);
		check_code(&at);
	}
}

/* What other programs replace by the name of the host, or what is a slip. */
static void
check_id(const struct text *at)
{
	struct pst_str id = pst_str(at->text);

	if (id.len == 0)
		return;
	if (pst_str_ieq(id, PST_STR("HOSTNAME")) ||
	    strchr(at->text, '$') != NULL || strchr(at->text, '{') != NULL ||
	    strchr(at->text, '%') != NULL)
		warn(at, at->text,
		    " is taken as it is, not replaced by a name; remove the "
		    "option to use the MTA's own name");
	else if (pst_str_find(id, ' ') < id.len)
		warn(at, at->text,
		    " has a blank, and other programs may not read such a "
		    "name; write one host name, and others in "
		    "authserv-id-aliases");
	else if (pst_str_find(id, '.') == id.len ||
	    pst_str_ieq(id, PST_STR("localhost.localdomain")))
		warn(at, at->text,
		    " is not the full name of a host, so other sites may have "
		    "the same; write one such as mx.example.com");
	else if (pst_domain_normalize(at->problems->arena, id) == NULL)
		warn(at, at->text,
		    " is not a host name; write one such as mx.example.com");
}

static void
check_ids(const struct pst_config *config, struct pst_problems *problems)
{
	size_t index = pst_option_find(NULL, "authserv-id");

	check_id(
	    &(struct text){config, problems, pst_config_line(config, index),
		"authserv-id", config->authserv_id});
	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		unsigned line = pst_config_listener_line(config, i, index);

		if (line != 0)
			check_id(&(struct text){config, problems, line,
			    "authserv-id",
			    pst_config_at(config, i)->authserv_id});
	}
}

static void
check_tags(const struct pst_config *config, struct pst_problems *problems)
{
	size_t index = pst_option_find(NULL, "tag-value");

	check_marks(
	    &(struct text){config, problems, pst_config_line(config, index),
		"tag-value", config->tag_value},
	    "");
	for (size_t i = 0; i < pst_config_listeners(config); i++) {
		unsigned line = pst_config_listener_line(config, i, index);

		if (line != 0)
			check_marks(
			    &(struct text){config, problems, line, "tag-value",
				pst_config_at(config, i)->tag_value},
			    "");
	}
}

void
pst_advise_texts(const struct pst_config *config, struct pst_problems *problems)
{
	check_replies(config, problems);
	check_ids(config, problems);
	check_tags(config, problems);
}
