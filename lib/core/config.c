/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <confuse.h>

#include "base/buf.h"
#include "core/keys.h"
#include "core/value.h"

#define MAX_FILE_BYTES (1024 * 1024)
#define MAX_SECTION_KEYS 32

struct pst_config_private {
	struct pst_arena *arena;
	const char *file; /* NULL: defaults */
	unsigned *lines;  /* by key index; 0: not set */
	atomic_uint refs;
};

/*
 * libconfuse passes no argument of ours to its callbacks, and cannot run twice
 * at a time anyway (its scanner has one global state): so the load under way
 * is a static.
 */
static struct {
	struct pst_config *config;
	struct pst_err *err;
	bool failed;
} loading;

static bool
fail_at(unsigned line, const char *sentence)
{
	if (!loading.failed) {
		loading.failed = true;
		(void)pst_err_set_at(loading.err,
		    loading.config->private->file, line, "%s", sentence);
	}
	return false;
}

static size_t
find_key(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		const char *own = pst_keys[i].section;

		if (strcmp(pst_keys[i].name, name) == 0 &&
		    (own == NULL) == (section == NULL) &&
		    (own == NULL || strcmp(own, section) == 0))
			break;
	}
	return i;
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
	struct pst_arena *arena = loading.config->private->arena;
	const char *section = section_of(cfg);
	const char *text = pst_arena_memdup(arena, name.ptr, name.len);
	const char *near = pst_key_nearest(section, text);
	const char *home = section_that_has(text);
	const char *hint = "see postern.conf(5) for the known ones";

	if (home != NULL)
		hint = pst_arena_printf(arena, "it belongs into %s", home);
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
	(void)fail_at((unsigned)cfg->line,
	    pst_escaped(loading.config->private->arena, s));
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	struct pst_config_private *private = loading.config->private;
	size_t index = find_key(section_of(cfg), opt->name);
	unsigned line = (unsigned)cfg->line;
	struct pst_err err;
	const char *text;
	unsigned count = cfg_opt_size(opt);

	assert(index < pst_key_count && count > 0);
	/* libconfuse asks about a list more than once. */
	if (private->lines[index] != 0 &&
	    !pst_value_is_list(&pst_keys[index])) {
		(void)fail_at(line,
		    pst_arena_printf(private->arena,
			"%s was already set in line %u; keep one of the two",
			opt->name, private->lines[index]));
		return -1;
	}
	private->lines[index] = line;
	text = cfg_opt_getnstr(opt, count - 1);
	if (text == NULL)
		text = "";
	if (pst_value_set(loading.config, private->arena, &pst_keys[index],
		text, &err))
		return 0;
	(void)fail_at(line, err.text);
	return -1;
}

static void
add_option(cfg_opt_t *opt, const struct pst_key *key)
{
	cfg_opt_t scalar = CFG_STR(key->name, NULL, CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST(key->name, NULL, CFGF_NODEFAULT);

	*opt = pst_value_is_list(key) ? list : scalar;
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
make_parser(struct pst_arena *arena)
{
	cfg_opt_t end = CFG_END();
	cfg_opt_t *top = pst_arena_array(arena, 2 * MAX_SECTION_KEYS,
	    sizeof(*top));
	size_t i, n = add_keys(top, NULL);
	cfg_t *cfg;
	char path[80];

	for (i = 0; pst_key_sections[i] != NULL; i++) {
		cfg_opt_t *inner = pst_arena_array(arena, MAX_SECTION_KEYS,
		    sizeof(*inner));
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
take_lists(cfg_t *cfg, struct pst_config *config)
{
	struct pst_config_private *private = config->private;
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		const struct pst_key *key = &pst_keys[i];
		cfg_t *at = key->section == NULL ?
		    cfg :
		    cfg_getsec(cfg, key->section);
		const char **parts;
		unsigned n, count;

		if (!pst_value_is_list(key) || at == NULL)
			continue;
		count = cfg_size(at, key->name);
		/* An empty list says "none"; a key not set has its default. */
		if (count == 0 && cfg_getopt(at, key->name) != NULL &&
		    (cfg_getopt(at, key->name)->flags & CFGF_MODIFIED) == 0)
			continue;
		parts = pst_arena_array(private->arena, count, sizeof(*parts));
		for (n = 0; n < count; n++)
			parts[n] = cfg_getnstr(at, key->name, n);
		pst_value_set_list(config, private->arena, key, parts, count);
	}
}

static const char *
read_file(struct pst_arena *arena, const char *name, struct pst_err *err)
{
	FILE *file = fopen(name, "re");
	struct stat st;
	char *text = NULL;
	size_t len;

	if (file == NULL) {
		(void)pst_err_set(err, "%s: %s; name a readable file", name,
		    strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)pst_err_set(err, "%s: not a regular file", name);
	} else if (st.st_size > MAX_FILE_BYTES) {
		(void)pst_err_set(err,
		    "%s: a configuration file has at most 1 MB", name);
	} else {
		text = pst_arena_alloc(arena, (size_t)st.st_size + 2);
		len = fread(text, 1, (size_t)st.st_size, file);
		text[len] = '\n';
		if (ferror(file) || memchr(text, '\0', len) != NULL) {
			(void)pst_err_set(err, "%s: not a text file", name);
			text = NULL;
		}
	}
	(void)fclose(file);
	return text;
}

static bool
parse_file(struct pst_config *config, struct pst_err *err)
{
	struct pst_config_private *private = config->private;
	const char *text = read_file(private->arena, private->file, err);
	cfg_t *cfg;
	int status;

	if (text == NULL)
		return false;
	loading.config = config;
	loading.err = err;
	loading.failed = false;
	cfg = make_parser(private->arena);
	status = cfg_parse_buf(cfg, text);
	if (status == CFG_SUCCESS && !loading.failed)
		take_lists(cfg, config);
	else
		(void)fail_at((unsigned)cfg->line, "syntax error");
	(void)cfg_free(cfg);
	return !loading.failed;
}

/* What depends on more than one key. */
static bool
check_whole(const struct pst_config *config, struct pst_err *err)
{
	const char *file = config->private->file;

	if (config->listen.count == 0) {
		return pst_err_set_at(err, file, 0,
		    "listen is empty; name at least one socket");
	}
	if (config->dkim.max_parsed < config->dkim.max_verified) {
		return pst_err_set_at(err, file, 0,
		    "dkim.max-parsed is below dkim.max-verified; raise it");
	}
	if (config->header.max_total_bytes < config->header.max_field_bytes) {
		return pst_err_set_at(err, file, 0,
		    "header.max-size is below header.max-field-size; raise it");
	}
	return true;
}

static bool
load_psl(struct pst_config *config, struct pst_err *err)
{
	const char *list = config->dmarc.public_suffix_list;
	bool needed = config->dmarc.discovery != PST_DMARC_TREEWALK;
	bool asked = pst_config_line(config,
			 find_key("dmarc", "public-suffix-list")) != 0;
	struct pst_err why;

	if (list[0] == '\0') {
		if (!needed)
			return true;
		return pst_err_set_at(err, config->private->file, 0,
		    "dmarc.discovery needs dmarc.public-suffix-list");
	}
	config->psl = pst_psl_load(list, &why);
	/* The default path is a wish, a path that was written is an order. */
	if (config->psl == NULL && (needed || asked)) {
		return pst_err_set_at(err, config->private->file, 0, "%s",
		    why.text);
	}
	return true;
}

static bool
derive(struct pst_config *config, struct pst_err *err)
{
	if (!load_psl(config, err))
		return false;
	config->dkim_lib = pst_dkim_lib_new(&config->dkim, err);
	if (config->dkim_lib == NULL)
		return false;
	config->dmarc_config = (struct pst_dmarc_config){
	    .discovery = (enum pst_dmarc_discovery)config->dmarc.discovery,
	    .psl = config->psl,
	    .psl_guard = config->dmarc.suffix_guard,
	    .evaluate_all = config->dmarc.evaluate_all,
	    .max_author_domains = config->dmarc.max_author_domains,
	    .accept_test_keys = config->dkim.accept_test_keys,
	};
	config->header_limits = (struct pst_header_limits){
	    .max_fields = config->header.max_fields,
	    .max_field_bytes = config->header.max_field_bytes,
	    .max_total_bytes = config->header.max_total_bytes,
	};
	return true;
}

struct pst_config *
pst_config_load(const char *file_name, struct pst_err *err)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_config *config = pst_arena_alloc(arena, sizeof(*config));
	size_t i;

	config->private = pst_arena_alloc(arena, sizeof(*config->private));
	config->private->arena = arena;
	config->private->lines =
	    pst_arena_array(arena, pst_key_count, sizeof(unsigned));
	atomic_init(&config->private->refs, 1);
	for (i = 0; i < pst_key_count; i++)
		pst_value_set_initial(config, arena, &pst_keys[i]);
	if (file_name != NULL)
		config->private->file = pst_arena_strdup(arena, file_name);
	if ((file_name != NULL && !parse_file(config, err)) ||
	    !check_whole(config, err) || !derive(config, err)) {
		pst_config_unref(config);
		return NULL;
	}
	return config;
}

struct pst_config *
pst_config_ref(struct pst_config *config)
{
	atomic_fetch_add(&config->private->refs, 1);
	return config;
}

void
pst_config_unref(struct pst_config *config)
{
	if (config == NULL || atomic_fetch_sub(&config->private->refs, 1) != 1)
		return;
	if (config->dkim_lib != NULL)
		pst_dkim_lib_free(config->dkim_lib);
	pst_psl_free(config->psl);
	pst_arena_free(config->private->arena);
}

const char *
pst_config_file(const struct pst_config *config)
{
	return config->private->file;
}

unsigned
pst_config_line(const struct pst_config *config, size_t key_index)
{
	assert(key_index < pst_key_count);
	return config->private->lines[key_index];
}

const char *
pst_config_value(const struct pst_config *config, size_t key_index,
    struct pst_arena *arena)
{
	assert(key_index < pst_key_count);
	return pst_value_text(config, &pst_keys[key_index], arena);
}

const char *
pst_config_restart_key(const struct pst_config *running,
    const struct pst_config *fresh, size_t *from)
{
	struct pst_arena *arena = fresh->private->arena;
	char path[80];

	while (*from < pst_key_count) {
		size_t i = (*from)++;

		if (!pst_keys[i].at_start)
			continue;
		if (strcmp(pst_config_value(running, i, arena),
			pst_config_value(fresh, i, arena)) != 0)
			return pst_arena_strdup(arena,
			    pst_key_path(&pst_keys[i], path, sizeof(path)));
	}
	return NULL;
}

const char *
pst_action_word(enum pst_action action)
{
	static const char *const words[] = {
	    [PST_ACTION_ACCEPT] = "accept",
	    [PST_ACTION_TAG] = "tag",
	    [PST_ACTION_QUARANTINE] = "quarantine",
	    [PST_ACTION_REJECT] = "reject",
	    [PST_ACTION_TEMPFAIL] = "tempfail",
	};

	return words[action];
}
