/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <confuse.h>

#include "base/buf.h"
#include "core/config_text.h"
#include "core/keys.h"
#include "core/value.h"

#define MAX_SECTION_KEYS 32

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

/* libconfuse calls the top level "root". */
static const char *
section_of(cfg_t *cfg)
{
	const char *name = cfg_name(cfg);
	size_t i;

	for (i = 0; pst_key_sections[i] != NULL; i++) {
		if (strcmp(pst_key_sections[i], name) == 0)
			return pst_key_sections[i];
	}
	return NULL;
}

static const char *
section_that_has(const char *name)
{
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		if (strcmp(pst_keys[i].name, name) == 0)
			return pst_keys[i].section == NULL ?
			    "the top level" :
			    pst_keys[i].section;
	}
	return NULL;
}

static void
unknown_key(cfg_t *cfg, struct pst_str name)
{
	struct pst_arena *arena = loading.arena;
	const char *section = section_of(cfg);
	const char *text = pst_arena_memdup(arena, name.ptr, name.len);
	const char *near = pst_key_nearest(section, text);
	const char *home = section_that_has(text);
	const char *hint = "see postern.conf(5) for the known ones";

	if (home != NULL)
		hint = pst_arena_printf(arena, "it belongs into %s%s",
		    strchr(home, ' ') == NULL ? "section " : "", home);
	else if (near != NULL)
		hint = pst_arena_printf(arena, "did you mean \"%s\"?", near);
	(void)fail_at((unsigned)cfg->line,
	    pst_arena_printf(arena, "unknown key \"%s\"; %s",
		pst_escaped(arena, name), hint));
}

__attribute__((format(printf, 2, 0))) static void
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	static const struct pst_str unknown = {"no such option '", 16};
	char text[400];
	struct pst_str s;

	(void)vsnprintf(text, sizeof(text), format, ap);
	s = pst_str(text);
	if (pst_str_starts(s, unknown)) {
		s = pst_str_from(s, unknown.len);
		unknown_key(cfg, pst_str_first(s, pst_str_rfind(s, '\'')));
		return;
	}
	(void)fail_at((unsigned)cfg->line, pst_escaped(loading.arena, s));
}

/*
 * Is this another assignment of the key? libconfuse asks about each part of a
 * list, with one part more each time, and once more at the end of the list.
 */
static bool
is_repeated(
    struct pst_setting *setting, bool list, unsigned count, const char *text)
{
	if (setting->line == 0)
		return false;
	if (!list || setting->closed)
		return true;
	if (count == setting->count + 1)
		return false;
	setting->closed =
	    count == setting->count && strcmp(text, setting->last) == 0;
	return !setting->closed;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	struct pst_arena *arena = loading.arena;
	size_t index = pst_key_find(section_of(cfg), opt->name);
	struct pst_setting *setting = &loading.settings[index];
	const struct pst_key *key = &pst_keys[index];
	unsigned line = (unsigned)cfg->line;
	unsigned count = cfg_opt_size(opt);
	struct pst_err err;
	const char *text;

	assert(index < pst_key_count && count > 0);
	text = cfg_opt_getnstr(opt, count - 1);
	if (text == NULL)
		text = "";
	if (is_repeated(setting, pst_value_is_list(key), count, text)) {
		(void)fail_at(line,
		    pst_arena_printf(arena,
			"%s was already set in line %u; keep one of the two",
			opt->name, setting->line));
		return -1;
	}
	if (setting->line == 0)
		setting->line = line;
	setting->count = count;
	setting->last = pst_arena_strdup(arena, text);
	if (pst_value_set(loading.config, arena, key, text, &err))
		return 0;
	(void)fail_at(line, err.text);
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

/* The option table that libconfuse parses by, made from the key table. */
static cfg_t *
make_parser(void)
{
	struct pst_arena *arena = loading.arena;
	cfg_opt_t end = CFG_END();
	cfg_opt_t *top =
	    pst_arena_array(arena, 2 * MAX_SECTION_KEYS, sizeof(*top));
	size_t i, n = add_keys(top, NULL);
	cfg_t *cfg;
	char path[80];

	for (i = 0; pst_key_sections[i] != NULL; i++) {
		cfg_opt_t *inner =
		    pst_arena_array(arena, MAX_SECTION_KEYS, sizeof(*inner));
		cfg_opt_t section =
		    CFG_SEC(pst_key_sections[i], inner, CFGF_NONE);

		(void)add_keys(inner, pst_key_sections[i]);
		top[n++] = section;
	}
	top[n] = end;
	cfg = cfg_init(top, CFGF_NONE);
	if (cfg == NULL)
		abort();
	(void)cfg_set_error_function(cfg, on_error);
	for (i = 0; i < pst_key_count; i++) {
		const char *section = pst_keys[i].section;

		(void)snprintf(path, sizeof(path), "%s%s%s",
		    section == NULL ? "" : section, section == NULL ? "" : "|",
		    pst_keys[i].name);
		(void)cfg_set_validate_func(cfg, path, on_value);
	}
	return cfg;
}

static void
take_lists(cfg_t *cfg)
{
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
		pst_value_set_list(
		    loading.config, loading.arena, key, parts, count);
	}
}

bool
pst_config_read(struct pst_config *config, struct pst_arena *arena,
    const char *file, struct pst_setting *settings, struct pst_err *err)
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
	cfg = make_parser();
	status = cfg_parse_buf(cfg, text.text);
	if (status != CFG_SUCCESS)
		(void)fail_at((unsigned)cfg->line, "syntax error");
	if (!loading.failed)
		take_lists(cfg);
	(void)cfg_free(cfg);
	return !loading.failed;
}
