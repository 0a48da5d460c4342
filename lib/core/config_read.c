/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <confuse.h>

#include "base/buf.h"
#include "core/config_hint.h"
#include "core/config_notes.h"
#include "core/config_text.h"
#include "core/keys.h"
#include "core/rule_make.h"
#include "core/value.h"

#define MAX_SECTION_KEYS 64

/*
 * A list that is not for operators: libconfuse shows its default where a
 * section begins, and only then is the line known.
 */
#define BEGIN " "

/*
 * libconfuse passes no argument of ours to its callbacks, and cannot run twice
 * at a time anyway (its scanner has one global state): so the load under way
 * is a static.
 */
static struct {
	struct pst_config *config;
	struct pst_arena *arena;
	const char *file;
	struct pst_setting *settings;
	struct pst_err *err;
	unsigned last_line;
	bool failed;
	struct pst_notes notes;
	struct pst_config *trial; /* takes values that are only checked */
} loading;

static bool
fail_at(unsigned line, const char *sentence)
{
	if (line > loading.last_line)
		line = loading.last_line;
	if (!loading.failed) {
		loading.failed = true;
		(void)pst_err_set_at(
		    loading.err, loading.file, line, "%s", sentence);
	}
	return false;
}

static bool
has_listener(cfg_t *root, struct pst_str title)
{
	return cfg_gettsec(root, PST_SECTION_LISTENER,
		   pst_arena_memdup(loading.arena, title.ptr, title.len)) !=
	    NULL;
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
		    pst_config_unknown_key(loading.arena, cfg_name(cfg), s));
		return;
	}
	if (pst_str_starts(s, double_title)) {
		s = pst_str_from(s, pst_str_find(s, '\'') + 1);
		s = pst_str_first(s, pst_str_rfind(s, '\''));
		(void)fail_at((unsigned)cfg->line,
		    pst_arena_printf(loading.arena,
			"there is a %s of that title already; each needs its "
			"own",
			has_listener(cfg, s) ? PST_SECTION_LISTENER :
					       PST_SECTION_RULE));
		return;
	}
	(void)fail_at((unsigned)cfg->line, pst_escaped(loading.arena, s));
}

/* Notes where the key was set; false when that is not for the first time. */
static bool
note_setting(
    struct pst_setting *setting, cfg_t *cfg, cfg_opt_t *opt, const char *text)
{
	unsigned line = (unsigned)cfg->line;
	bool list = (opt->flags & CFGF_LIST) != 0;

	if (pst_setting_note(setting, loading.arena, line, text,
		list ? cfg_opt_size(opt) : 0))
		return true;
	return fail_at(line,
	    pst_arena_printf(loading.arena,
		"%s was already set in line %u; keep one of the two", opt->name,
		setting->line));
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
	size_t index = pst_key_find(pst_key_section(cfg_name(cfg)), opt->name);
	const char *text = last_part(opt);
	struct pst_err err;

	assert(index < pst_key_count);
	if (!note_setting(&loading.settings[index], cfg, opt, text))
		return -1;
	if (pst_value_set(
		loading.config, loading.arena, &pst_keys[index], text, &err))
		return 0;
	(void)fail_at((unsigned)cfg->line, err.text);
	return -1;
}

static struct pst_rule_notes *
rule_notes(cfg_t *rule)
{
	return pst_notes_of_rule(&loading.notes, rule, (unsigned)rule->line);
}

static struct pst_listener_section *
listener_notes(cfg_t *listener)
{
	return pst_notes_of_listener(
	    &loading.notes, listener, (unsigned)listener->line);
}

/*
 * What it means is looked at when the rule is complete. Where a rule begins,
 * libconfuse first shows the default of each list, which is one empty part, and
 * its end.
 */
static int
on_rule_value(cfg_t *cfg, cfg_opt_t *opt)
{
	enum pst_rule_key key = pst_rule_key_find(opt->name);
	struct pst_rule_notes *notes = rule_notes(cfg);
	const char *text = last_part(opt);

	assert(key < PST_RULE_KEYS);
	if (pst_rule_keys[key].list && text[0] == '\0' &&
	    notes->defaults_seen[key] < 2) {
		notes->defaults_seen[key]++;
		return 0;
	}
	return note_setting(&notes->keys[key], cfg, opt, text) ? 0 : -1;
}

static int
on_listener_begin(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)listener_notes(cfg);
	/* In quotes, a file can name it after all. */
	if (last_part(opt)[0] == '\0')
		return 0;
	(void)fail_at((unsigned)cfg->line,
	    pst_config_unknown_key(
		loading.arena, PST_SECTION_LISTENER, pst_str(BEGIN)));
	return -1;
}

static int
on_listener_value(cfg_t *cfg, cfg_opt_t *opt)
{
	size_t index = pst_key_find(NULL, opt->name);
	const char *text = last_part(opt);
	struct pst_err err;

	assert(index < pst_key_count);
	if (!note_setting(
		&listener_notes(cfg)->settings[index], cfg, opt, text))
		return -1;
	if (pst_value_set(
		loading.trial, loading.arena, &pst_keys[index], text, &err))
		return 0;
	(void)fail_at((unsigned)cfg->line, err.text);
	return -1;
}

/* Lists have their default here, so that "+=" adds to it. */
static void
add_option(cfg_opt_t *opt, const struct pst_key *key)
{
	char *initial = pst_value_is_list(key) ?
	    pst_arena_strdup(loading.arena,
		pst_value_text(loading.config, key, loading.arena)) :
	    NULL;
	cfg_opt_t scalar = CFG_STR(key->name, NULL, CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST(key->name, initial, CFGF_NONE);

	*opt = initial == NULL ? scalar : list;
}

static size_t
add_keys(cfg_opt_t *opts, const char *section)
{
	cfg_opt_t end = CFG_END();
	size_t i, n = 0;

	for (i = 0; i < pst_key_count; i++) {
		const char *own = pst_keys[i].section;

		if ((own == NULL) != (section == NULL) ||
		    (own != NULL && strcmp(own, section) != 0))
			continue;
		assert(n < MAX_SECTION_KEYS - 1);
		add_option(&opts[n++], &pst_keys[i]);
	}
	opts[n] = end;
	return n;
}

/*
 * A list that is not set has one empty part, since a list that is set to
 * nothing must not look like it.
 */
static cfg_opt_t *
rule_options(void)
{
	cfg_opt_t end = CFG_END();
	cfg_opt_t *opts =
	    pst_arena_array(loading.arena, PST_RULE_KEYS + 1, sizeof(*opts));
	char *unset = pst_arena_strdup(loading.arena, "{\"\"}");
	enum pst_rule_key key;

	for (key = PST_RULE_CLIENT; key < PST_RULE_KEYS; key++) {
		const char *name = pst_rule_keys[key].name;
		cfg_opt_t one = CFG_STR(name, NULL, CFGF_NODEFAULT);
		cfg_opt_t list = CFG_STR_LIST(name, unset, CFGF_NONE);

		opts[key] = pst_rule_keys[key].list ? list : one;
	}
	opts[key] = end;
	return opts;
}

static cfg_opt_t *
listener_options(void)
{
	cfg_opt_t end = CFG_END();
	cfg_opt_t *opts =
	    pst_arena_array(loading.arena, MAX_SECTION_KEYS, sizeof(*opts));
	char *shown = pst_arena_strdup(loading.arena, "{\"\"}");
	cfg_opt_t begin = CFG_STR_LIST(BEGIN, shown, CFGF_NONE);
	size_t i, n = 0;

	opts[n++] = begin;
	for (i = 0; i < pst_key_count; i++) {
		if (!pst_keys[i].per_listener)
			continue;
		assert(n < MAX_SECTION_KEYS - 1);
		assert(!pst_value_is_list(&pst_keys[i]));
		add_option(&opts[n++], &pst_keys[i]);
	}
	opts[n] = end;
	return opts;
}

static void
set_listener_validators(cfg_t *cfg)
{
	char path[80];
	size_t i;

	(void)cfg_set_validate_func(
	    cfg, PST_SECTION_LISTENER "|" BEGIN, on_listener_begin);
	for (i = 0; i < pst_key_count; i++) {
		if (!pst_keys[i].per_listener)
			continue;
		(void)snprintf(path, sizeof(path), "%s|%s",
		    PST_SECTION_LISTENER, pst_keys[i].name);
		(void)cfg_set_validate_func(cfg, path, on_listener_value);
	}
}

static void
set_validators(cfg_t *cfg)
{
	enum pst_rule_key key;
	char path[80];
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		const char *section = pst_keys[i].section;

		(void)snprintf(path, sizeof(path), "%s%s%s",
		    section == NULL ? "" : section, section == NULL ? "" : "|",
		    pst_keys[i].name);
		(void)cfg_set_validate_func(cfg, path, on_value);
	}
	for (key = PST_RULE_CLIENT; key < PST_RULE_KEYS; key++) {
		(void)snprintf(path, sizeof(path), "%s|%s", PST_SECTION_RULE,
		    pst_rule_keys[key].name);
		(void)cfg_set_validate_func(cfg, path, on_rule_value);
	}
	set_listener_validators(cfg);
}

/* The option table that libconfuse parses by, made from the key table. */
static cfg_t *
make_parser(void)
{
	struct pst_arena *arena = loading.arena;
	cfg_opt_t end = CFG_END();
	cfg_opt_t rule = CFG_SEC(PST_SECTION_RULE, rule_options(),
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	cfg_opt_t listener = CFG_SEC(PST_SECTION_LISTENER, listener_options(),
	    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	cfg_opt_t *top =
	    pst_arena_array(arena, 2 * MAX_SECTION_KEYS, sizeof(*top));
	size_t i, n = add_keys(top, NULL);
	cfg_t *cfg;

	for (i = 0; pst_key_sections[i] != NULL; i++) {
		cfg_opt_t *inner =
		    pst_arena_array(arena, MAX_SECTION_KEYS, sizeof(*inner));
		cfg_opt_t section =
		    CFG_SEC(pst_key_sections[i], inner, CFGF_NONE);

		(void)add_keys(inner, pst_key_sections[i]);
		top[n++] = section;
	}
	top[n++] = rule;
	top[n++] = listener;
	top[n] = end;
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		abort();
	(void)cfg_set_error_function(cfg, on_error);
	set_validators(cfg);
	return cfg;
}

static bool
take_lists(cfg_t *cfg)
{
	struct pst_err err;
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		const struct pst_key *key = &pst_keys[i];
		cfg_t *at =
		    key->section == NULL ? cfg : cfg_getsec(cfg, key->section);
		const char **parts;
		unsigned n, count;

		if (!pst_value_is_list(key) || at == NULL)
			continue;
		count = cfg_size(at, key->name);
		parts = pst_arena_array(loading.arena, count, sizeof(*parts));
		for (n = 0; n < count; n++)
			parts[n] = cfg_getnstr(at, key->name, n);
		if (!pst_value_set_list(
			loading.config, loading.arena, key, parts, count, &err))
			return fail_at(loading.settings[i].line,
			    pst_arena_printf(
				loading.arena, "%s: %s", key->name, err.text));
	}
	return true;
}

static void
take_value(cfg_t *section, enum pst_rule_key key, unsigned line,
    struct pst_rule_value *out)
{
	cfg_opt_t *opt = cfg_getopt(section, pst_rule_keys[key].name);
	unsigned n, count = cfg_opt_size(opt);

	out->line = line;
	/* "= {}" is not told to the validator. */
	if (line == 0 && pst_rule_keys[key].list && count == 0)
		out->line = rule_notes(section)->line;
	if (line == 0)
		return;
	out->count = count;
	out->parts = pst_arena_array(loading.arena, count, sizeof(*out->parts));
	for (n = 0; n < count; n++)
		out->parts[n] =
		    pst_arena_strdup(loading.arena, cfg_opt_getnstr(opt, n));
}

static bool
take_rule(cfg_t *section, struct pst_rule *rule)
{
	struct pst_rule_notes *notes = rule_notes(section);
	enum pst_rule_key key;
	struct pst_err err;
	unsigned line;

	rule->title = pst_arena_strdup(loading.arena, cfg_title(section));
	rule->line = notes->line;
	for (key = PST_RULE_CLIENT; key < PST_RULE_KEYS; key++)
		take_value(
		    section, key, notes->keys[key].line, &rule->written[key]);
	return pst_rule_make(rule, loading.arena, &line, &err) ||
	    fail_at(line, err.text);
}

static bool
take_rules(cfg_t *cfg)
{
	struct pst_rules *rules = &loading.config->rules;
	size_t count = cfg_size(cfg, PST_SECTION_RULE);

	rules->items =
	    pst_arena_array(loading.arena, count, sizeof(*rules->items));
	for (; rules->count < count; rules->count++) {
		if (!take_rule(cfg_getnsec(cfg, PST_SECTION_RULE,
				   (unsigned)rules->count),
			&rules->items[rules->count]))
			return false;
	}
	return true;
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
    const char *file, struct pst_setting *settings,
    struct pst_listener_sections *listeners, struct pst_err *err)
{
	struct pst_config_text text;
	cfg_t *cfg;
	int status;

	if (!pst_config_text_read(arena, file, &text, err))
		return false;
	loading.config = config;
	loading.arena = arena;
	loading.file = file;
	loading.settings = settings;
	loading.err = err;
	loading.last_line = text.last_line;
	loading.failed = false;
	loading.notes = (struct pst_notes){.arena = arena};
	loading.trial = pst_arena_alloc(arena, sizeof(*loading.trial));
	cfg = make_parser();
	status = cfg_parse_buf(cfg, text.text);
	if (status != CFG_SUCCESS)
		(void)fail_at((unsigned)cfg->line, "syntax error");
	if (!loading.failed && take_lists(cfg) && take_rules(cfg))
		take_listeners(cfg, listeners);
	(void)cfg_free(cfg);
	return !loading.failed;
}
