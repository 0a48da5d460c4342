/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <confuse.h>

#include "base/buf.h"
#include "config/hint.h"
#include "config/assignments.h"
#include "config/source_text.h"
#include "config/syntax.h"
#include "config/option.h"
#include "config/rule_reader.h"
#include "config/sign_reader.h"
#include "config/option_value.h"

#define MAX_SECTION_OPTIONS 96

/*
 * A hidden list option. libconfuse passes its default to the validator where a
 * section begins, which is the only time that the section's line is known.
 */
#define BEGIN " "

/*
 * The load under way. It is static, as libconfuse passes no argument of ours to
 * its callbacks; only one load can run at a time in any case, because the
 * scanner of libconfuse has global state.
 */
static struct {
	struct pst_config *config;
	struct pst_arena *arena;
	const char *file;
	struct pst_assignment *assignments;
	struct pst_problems *problems;
	unsigned last_line;
	bool failed;
	struct pst_assignments notes;
	struct pst_config *trial; /* values of listeners, only to check them */
} loading;

static bool
fail_at(unsigned line, const char *sentence)
{
	if (line > loading.last_line)
		line = loading.last_line;
	loading.failed = true;
	return pst_problems_add(loading.problems, PST_PROBLEM_ERROR,
	    loading.file, line, "%s", sentence);
}

/* libconfuse does not say of which kind the section is. */
static const char *
fault_of_title(cfg_t *root, struct pst_str text)
{
	const char *title = pst_arena_memdup(loading.arena, text.ptr, text.len);

	if (cfg_gettsec(root, PST_SECTION_LISTENER, title) != NULL)
		return "there is already a listener with this title; give each "
		       "one its own title";
	for (size_t i = PST_TITLED_KINDS - 1; i > 0; i--) {
		if (cfg_gettsec(root, pst_titled_kinds[i].parsed, title) !=
		    NULL)
			return pst_titled_kinds[i].twice;
	}
	return pst_titled_kinds[0].twice;
}

/* The name of a section as the file has it. */
static const char *
section_name(cfg_t *cfg)
{
	const struct pst_titled_kind *kind =
	    pst_titled_find_parsed(cfg_name(cfg));

	return kind == NULL ? cfg_name(cfg) : kind->section;
}

__attribute__((format(printf, 2, 0))) static void
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	static const struct pst_str unknown = PST_STR_INIT("no such option '");
	static const struct pst_str double_title =
	    PST_STR_INIT("found duplicate title");
	char text[400];
	struct pst_str s;

	(void)vsnprintf(text, sizeof(text), format, ap);
	s = pst_str(text);
	if (pst_str_starts(s, unknown)) {
		s = pst_str_from(s, unknown.len);
		s = pst_str_first(s, pst_str_rfind(s, '\''));
		(void)fail_at((unsigned)cfg->line,
		    pst_hint_unknown_option(
			loading.arena, section_name(cfg), s));
		return;
	}
	if (pst_str_starts(s, double_title)) {
		s = pst_str_from(s, pst_str_find(s, '\'') + 1);
		s = pst_str_first(s, pst_str_rfind(s, '\''));
		(void)fail_at((unsigned)cfg->line, fault_of_title(cfg, s));
		return;
	}
	(void)fail_at((unsigned)cfg->line, pst_escaped(loading.arena, s));
}

/*
 * The callbacks return 0 also after an error, as libconfuse would stop at it
 * and not find the next one.
 */
#define GO_ON 0

/* Notes where an option was set; fails if it was set before. */
static bool
note_assignment(struct pst_assignment *setting, cfg_t *cfg, cfg_opt_t *opt,
    const char *text)
{
	unsigned line = (unsigned)cfg->line;
	bool list = (opt->flags & CFGF_LIST) != 0;

	if (pst_assignment_note(setting, loading.arena, line, text,
		list ? cfg_opt_size(opt) : 0))
		return true;
	return fail_at(line,
	    pst_arena_printf(loading.arena,
		"%s was already set on line %u; remove one of the two",
		opt->name, setting->line));
}

static const char *
last_part(cfg_opt_t *opt)
{
	const char *text;

	assert(cfg_opt_size(opt) > 0);
	text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	return text == NULL ? "" : text;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t index =
	    pst_option_find(pst_option_section(cfg_name(cfg)), opt->name);
	const char *text = last_part(opt);
	struct pst_err err;

	assert(index < pst_option_count);
	if (!note_assignment(&loading.assignments[index], cfg, opt, text) ||
	    pst_option_set(
		loading.config, loading.arena, &pst_options[index], text, &err))
		return GO_ON;
	loading.assignments[index].bad = true;
	(void)fail_at((unsigned)cfg->line, err.text);
	return GO_ON;
}

static struct pst_titled_notes *
titled_notes(cfg_t *section)
{
	return pst_assignments_of_titled(&loading.notes, section,
	    pst_titled_find_parsed(cfg_name(section)), (unsigned)section->line);
}

static struct pst_listener_section *
listener_notes(cfg_t *listener)
{
	return pst_assignments_of_listener(
	    &loading.notes, listener, (unsigned)listener->line);
}

/*
 * Only notes the value: it is parsed when the section is complete (take_rule(),
 * take_sign()). Where a section begins, libconfuse first passes the default of
 * each list, which is one empty part, and then the end of that default.
 */
static int
on_titled_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct pst_titled_kind *kind =
	    pst_titled_find_parsed(cfg_name(cfg));
	size_t index = pst_titled_option_find(kind, opt->name);
	struct pst_titled_note *note;
	const char *text = last_part(opt);

	assert(index < kind->count);
	note = &titled_notes(cfg)->options[index];
	if (kind->options[index].list && text[0] == '\0' &&
	    note->defaults_seen < 2) {
		note->defaults_seen++;
		return 0;
	}
	(void)note_assignment(&note->assignment, cfg, opt, text);
	return GO_ON;
}

static int
on_listener_begin(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)listener_notes(cfg);
	/* A file could set the hidden option by writing its name in quotes. */
	if (last_part(opt)[0] == '\0')
		return 0;
	(void)fail_at((unsigned)cfg->line,
	    pst_hint_unknown_option(
		loading.arena, PST_SECTION_LISTENER, pst_str(BEGIN)));
	return GO_ON;
}

static int
on_listener_value(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t index = pst_option_find(NULL, opt->name);
	const char *text = last_part(opt);
	struct pst_err err;

	assert(index < pst_option_count);
	if (!note_assignment(
		&listener_notes(cfg)->assignments[index], cfg, opt, text) ||
	    pst_option_set(
		loading.trial, loading.arena, &pst_options[index], text, &err))
		return GO_ON;
	listener_notes(cfg)->assignments[index].bad = true;
	(void)fail_at((unsigned)cfg->line, err.text);
	return GO_ON;
}

/* Lists get their default in libconfuse, so that "+=" adds to it. */
static void
add_option(cfg_opt_t *opt, const struct pst_option *option)
{
	char *initial = pst_option_is_list(option) ?
	    pst_arena_strdup(loading.arena,
		pst_option_text(loading.config, option, loading.arena)) :
	    NULL;
	cfg_opt_t scalar = CFG_STR(option->name, NULL, CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST(option->name, initial, CFGF_NONE);

	*opt = initial == NULL ? scalar : list;
}

static size_t
add_options(cfg_opt_t *opts, const char *section)
{
	cfg_opt_t end = CFG_END();
	size_t i, n = 0;

	for (i = 0; i < pst_option_count; i++) {
		const char *own = pst_options[i].section;

		if ((own == NULL) != (section == NULL) ||
		    (own != NULL && strcmp(own, section) != 0))
			continue;
		assert(n < MAX_SECTION_OPTIONS - 1);
		add_option(&opts[n++], &pst_options[i]);
	}
	opts[n] = end;
	return n;
}

/*
 * The default of a list has one empty part, so that a list which is not set
 * differs from one which is set to {}.
 */
static cfg_opt_t *
titled_options(const struct pst_titled_kind *kind)
{
	cfg_opt_t end = CFG_END();
	cfg_opt_t *opts =
	    pst_arena_array(loading.arena, kind->count + 1, sizeof(*opts));
	char *unset = pst_arena_strdup(loading.arena, "{\"\"}");

	for (size_t i = 0; i < kind->count; i++) {
		const char *name = kind->options[i].name;
		cfg_opt_t one = CFG_STR(name, NULL, CFGF_NODEFAULT);
		cfg_opt_t list = CFG_STR_LIST(name, unset, CFGF_NONE);

		opts[i] = kind->options[i].list ? list : one;
	}
	opts[kind->count] = end;
	return opts;
}

static cfg_opt_t *
listener_options(void)
{
	cfg_opt_t end = CFG_END();
	cfg_opt_t *opts =
	    pst_arena_array(loading.arena, MAX_SECTION_OPTIONS, sizeof(*opts));
	char *shown = pst_arena_strdup(loading.arena, "{\"\"}");
	cfg_opt_t begin = CFG_STR_LIST(BEGIN, shown, CFGF_NONE);
	size_t i, n = 0;

	opts[n++] = begin;
	for (i = 0; i < pst_option_count; i++) {
		if (!pst_options[i].per_listener)
			continue;
		assert(n < MAX_SECTION_OPTIONS - 1);
		assert(!pst_option_is_list(&pst_options[i]));
		add_option(&opts[n++], &pst_options[i]);
	}
	opts[n] = end;
	return opts;
}

static void
set_listener_validators(cfg_t *cfg)
{
	char path[80];

	(void)cfg_set_validate_func(
	    cfg, PST_SECTION_LISTENER "|" BEGIN, on_listener_begin);
	for (size_t i = 0; i < pst_option_count; i++) {
		if (!pst_options[i].per_listener)
			continue;
		(void)snprintf(path, sizeof(path), "%s|%s",
		    PST_SECTION_LISTENER, pst_options[i].name);
		(void)cfg_set_validate_func(cfg, path, on_listener_value);
	}
}

static void
set_titled_validators(cfg_t *cfg, const struct pst_titled_kind *kind)
{
	char path[80];

	for (size_t i = 0; i < kind->count; i++) {
		(void)snprintf(path, sizeof(path), "%s|%s", kind->parsed,
		    kind->options[i].name);
		(void)cfg_set_validate_func(cfg, path, on_titled_value);
	}
}

static void
set_validators(cfg_t *cfg)
{
	char path[80];

	for (size_t i = 0; i < pst_option_count; i++) {
		const char *section = pst_options[i].section;

		(void)snprintf(path, sizeof(path), "%s%s%s",
		    section == NULL ? "" : section, section == NULL ? "" : "|",
		    pst_options[i].name);
		(void)cfg_set_validate_func(cfg, path, on_value);
	}
	for (size_t i = 0; i < PST_TITLED_KINDS; i++)
		set_titled_validators(cfg, &pst_titled_kinds[i]);
	set_listener_validators(cfg);
}

/* Makes the libconfuse parser from our tables of options. */
static cfg_t *
make_parser(void)
{
	struct pst_arena *arena = loading.arena;
	cfg_opt_t end = CFG_END();
	cfg_opt_t listener = CFG_SEC(PST_SECTION_LISTENER, listener_options(),
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	cfg_opt_t *top =
	    pst_arena_array(arena, 2 * MAX_SECTION_OPTIONS, sizeof(*top));
	size_t i, n = add_options(top, NULL);
	cfg_t *cfg;

	for (i = 0; pst_option_sections[i] != NULL; i++) {
		cfg_opt_t *inner =
		    pst_arena_array(arena, MAX_SECTION_OPTIONS, sizeof(*inner));
		cfg_opt_t section =
		    CFG_SEC(pst_option_sections[i], inner, CFGF_NONE);

		(void)add_options(inner, pst_option_sections[i]);
		top[n++] = section;
	}
	for (i = 0; i < PST_TITLED_KINDS; i++) {
		const struct pst_titled_kind *kind = &pst_titled_kinds[i];
		cfg_opt_t section = CFG_SEC(kind->parsed, titled_options(kind),
		    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);

		top[n++] = section;
	}
	top[n++] = listener;
	top[n] = end;
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		abort();
	(void)cfg_set_error_function(cfg, on_error);
	set_validators(cfg);
	return cfg;
}

static void
take_lists(cfg_t *cfg)
{
	struct pst_err err;

	for (size_t i = 0; i < pst_option_count; i++) {
		const struct pst_option *option = &pst_options[i];
		cfg_t *at = option->section == NULL ?
		    cfg :
		    cfg_getsec(cfg, option->section);
		const char **parts;
		unsigned count;

		if (!pst_option_is_list(option) || at == NULL ||
		    loading.assignments[i].bad)
			continue;
		count = cfg_size(at, option->name);
		parts = pst_arena_array(loading.arena, count, sizeof(*parts));
		for (unsigned n = 0; n < count; n++)
			parts[n] = cfg_getnstr(at, option->name, n);
		if (!pst_option_set_list(loading.config, loading.arena, option,
			parts, count, &err)) {
			loading.assignments[i].bad = true;
			(void)fail_at(loading.assignments[i].line,
			    pst_arena_printf(loading.arena, "%s: %s",
				option->name, err.text));
		}
	}
}

static void
take_value(cfg_t *section, const struct pst_titled_option *option,
    unsigned line, struct pst_titled_value *out)
{
	cfg_opt_t *opt = cfg_getopt(section, option->name);
	unsigned n, count = cfg_opt_size(opt);

	out->line = line;
	/* For "= {}" libconfuse does not call the validator. */
	if (line == 0 && option->list && count == 0)
		out->line = titled_notes(section)->line;
	if (line == 0)
		return;
	out->count = count;
	out->parts = pst_arena_array(loading.arena, count, sizeof(*out->parts));
	for (n = 0; n < count; n++)
		out->parts[n] =
		    pst_arena_strdup(loading.arena, cfg_opt_getnstr(opt, n));
}

/* Stores the values of a section; returns the line on which it begins. */
static unsigned
take_values(cfg_t *section, enum pst_titled which, const char **title,
    struct pst_titled_value *out)
{
	const struct pst_titled_kind *kind = &pst_titled_kinds[which];
	const struct pst_titled_notes *notes = titled_notes(section);

	*title = pst_arena_strdup(loading.arena, cfg_title(section));
	for (size_t i = 0; i < kind->count; i++)
		take_value(section, &kind->options[i],
		    notes->options[i].assignment.line, &out[i]);
	return notes->line;
}

static void
take_rules(cfg_t *cfg)
{
	const char *name = pst_titled_kinds[PST_TITLED_RULE].parsed;
	struct pst_rules *rules = &loading.config->rules;
	size_t count = cfg_size(cfg, name);
	struct pst_err err;
	unsigned line;

	rules->items =
	    pst_arena_array(loading.arena, count, sizeof(*rules->items));
	for (; rules->count < count; rules->count++) {
		struct pst_rule *rule = &rules->items[rules->count];

		rule->line =
		    take_values(cfg_getnsec(cfg, name, (unsigned)rules->count),
			PST_TITLED_RULE, &rule->title, rule->written);
		if (!pst_rule_make(rule, loading.arena, &line, &err))
			(void)fail_at(line, err.text);
	}
}

static void
take_sign(cfg_t *cfg)
{
	const char *name = pst_titled_kinds[PST_TITLED_SIGN].parsed;
	struct pst_sign_domains *domains = &loading.config->sign_domains;
	size_t count = cfg_size(cfg, name);
	bool good = true;
	struct pst_err err;
	unsigned line;

	domains->items =
	    pst_arena_array(loading.arena, count, sizeof(*domains->items));
	for (; domains->count < count; domains->count++) {
		struct pst_sign_domain *one = &domains->items[domains->count];

		one->line = take_values(
		    cfg_getnsec(cfg, name, (unsigned)domains->count),
		    PST_TITLED_SIGN, &one->domain, one->written);
		if (pst_sign_domain_make(one, loading.arena, &line, &err))
			continue;
		good = fail_at(line, err.text);
	}
	if (good &&
	    !pst_sign_domains_index(
		domains, loading.arena, loading.file, loading.problems))
		loading.failed = true;
}

static void
take_listeners(cfg_t *cfg, struct pst_listener_sections *out)
{
	size_t count = cfg_size(cfg, PST_SECTION_LISTENER);

	out->items = pst_arena_array(loading.arena, count, sizeof(*out->items));
	for (; out->count < count; out->count++) {
		struct pst_listener_section *to = &out->items[out->count];
		cfg_t *from = cfg_getnsec(
		    cfg, PST_SECTION_LISTENER, (unsigned)out->count);

		*to = *listener_notes(from);
		to->title = pst_arena_strdup(loading.arena, cfg_title(from));
	}
}

bool
pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_config_notes *out,
    struct pst_problems *problems)
{
	struct pst_config_text text;
	cfg_t *cfg;
	unsigned *empty_lists;
	bool is_understood;
	int status;

	if (!pst_config_text_read(problems, file, &text))
		return false;
	empty_lists =
	    pst_arena_array(arena, pst_option_count, sizeof(*empty_lists));
	pst_syntax_check(problems, file, text.text, empty_lists);
	is_understood = problems->errors == 0;
	loading.config = config;
	loading.arena = arena;
	loading.file = file;
	loading.assignments = out->assignments;
	loading.problems = problems;
	loading.last_line = text.last_line;
	loading.failed = !is_understood;
	loading.notes = (struct pst_assignments){.arena = arena};
	loading.trial = pst_arena_alloc(arena, sizeof(*loading.trial));
	cfg = make_parser();
	status = cfg_parse_buf(cfg, text.text);
	out->is_read = status == CFG_SUCCESS && is_understood;
	if (status == CFG_SUCCESS) {
		take_lists(cfg);
		take_rules(cfg);
		take_sign(cfg);
		take_listeners(cfg, out->listeners);
	} else if (problems->errors == 0) {
		(void)fail_at((unsigned)cfg->line, "syntax error");
	}
	for (size_t i = 0; i < pst_option_count; i++) {
		if (out->assignments[i].line == 0)
			out->assignments[i].line = empty_lists[i];
	}
	(void)cfg_free(cfg);
	return !loading.failed;
}
