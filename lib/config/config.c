/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/config.h"

#include <assert.h>
#include <stdatomic.h>

#include "config/config_check.h"
#include "config/fingerprint.h"
#include "config/listeners.h"
#include "config/option.h"
#include "config/option_value.h"
#include "config/reader.h"
#include "config/spf_names.h"
#include "mail/charset.h"

struct pst_config_private {
	struct pst_arena *arena;
	const char *file;                   /* NULL: no file, all defaults */
	struct pst_assignment *assignments; /* indexed by option */
	struct pst_listener_sections sections;
	struct pst_listeners listeners;
	struct pst_config *base; /* what the listeners' copies are made from */
	const char *socket;      /* of the copy's listener; NULL: base */
	atomic_uint *refs;       /* to base and its copies, freed together */
};

static bool
load_psl(struct pst_config *config, struct pst_problems *problems)
{
	const char *list = config->dmarc.public_suffix_list;
	bool needed = config->dmarc.discovery != PST_DMARC_TREEWALK;
	bool asked = pst_config_line(config,
			 pst_option_find("dmarc", "public-suffix-list")) != 0;
	struct pst_err why;

	if (list[0] == '\0') {
		if (!needed)
			return true;
		return pst_config_fail(config,
		    &(struct pst_config_fault){"dmarc", "discovery",
			"public-suffix-list",
			"dmarc.discovery needs dmarc.public-suffix-list"},
		    problems);
	}
	config->psl = pst_psl_load(list, &why);
	/*
	 * A missing file at the default path is ignored; a path set in the
	 * configuration must work.
	 */
	if (config->psl == NULL && (needed || asked)) {
		return pst_config_fail(config,
		    &(struct pst_config_fault){
			"dmarc", "public-suffix-list", "discovery", why.text},
		    problems);
	}
	return true;
}

static void
make_marks(struct pst_config *config, struct pst_problems *problems)
{
	struct pst_err why;

	if (!pst_marks_make(config, config->private->arena, &why))
		(void)pst_config_fail(config,
		    &(struct pst_config_fault){
			NULL, "tag-also", "tag-header", why.text},
		    problems);
	pst_marks_sweep(config, config->private->arena);
}

static bool
derive(struct pst_config *config, struct pst_problems *problems)
{
	struct pst_err why;

	make_marks(config, problems);
	if (!load_psl(config, problems))
		return false;
	config->dkim_lib = pst_dkim_lib_new(&config->dkim, &why);
	if (config->dkim_lib == NULL)
		return pst_problems_add(
		    problems, PST_PROBLEM_ERROR, NULL, 0, "%s", why.text);
	config->dmarc_config = (struct pst_dmarc_config){
	    .discovery = config->dmarc.discovery,
	    .psl = config->psl,
	    .psl_guard = config->dmarc.suffix_guard,
	    .evaluate_all = config->dmarc.evaluate_all,
	    .max_author_domains = config->dmarc.max_author_domains,
	    .ignore_weak_spf = config->spf.weak_pass == PST_WEAK_PASS_IGNORE,
	    .accept_test_keys = config->dkim.accept_test_keys,
	};
	config->reads_names = config->own_domains.written.count > 0;
	for (size_t i = 0; i < config->rules.count; i++)
		config->reads_names |= config->rules.items[i]
					   .written[PST_RULE_DISPLAY_NAME]
					   .line != 0;
	if (config->reads_names)
		pst_charset_prepare();
	config->arc_config = (struct pst_arc_config){
	    .max_sets = config->arc.max_sets,
	    .min_key_bits = config->dkim.min_key_bits,
	    .clock_skew_s = config->dkim.clock_skew_s,
	    .accept_test_keys = config->dkim.accept_test_keys,
	};
	config->dns_limits = (struct pst_dns_limits){
	    /* A long chain must not use up the queries of SPF. */
	    .max_queries = config->dns.max_queries +
		(config->arc.verify ? 2 * config->arc.max_sets : 0),
	    .query_ms = config->dns.query_timeout_ms,
	    .max_txt_bytes = (unsigned)config->dns.max_txt_bytes,
	    .reserved = pst_config_reserved_queries(config),
	};
	config->header_limits = (struct pst_header_limits){
	    .max_fields = config->header.max_fields,
	    .max_field_bytes = config->header.max_field_bytes,
	    .max_total_bytes = config->header.max_total_bytes,
	};
	return true;
}

/* The default of `listen` does not count if there are sections `listener`. */
static bool
list_listeners(struct pst_config *config, struct pst_problems *problems)
{
	struct pst_config_private *private = config->private;
	struct pst_err why;

	if (private->sections.count > 0 &&
	    pst_config_line(config, pst_option_find(NULL, "listen")) == 0)
		config->listen.count = 0;
	private->sections.file = private->file;
	if (pst_listeners_make(&private->listeners, private->arena,
		&config->listen, &private->sections, &why))
		return true;
	/* The sentence has its place in front already. */
	return pst_problems_add(
	    problems, PST_PROBLEM_ERROR, NULL, 0, "%s", why.text);
}

/* Returns a copy of base, which is complete, with what the section sets. */
static struct pst_config *
copy_for(
    const struct pst_config *base, const struct pst_listener_section *section)
{
	struct pst_arena *arena = base->private->arena;
	struct pst_config *config = pst_arena_alloc(arena, sizeof(*config));
	struct pst_assignment *assignments =
	    pst_arena_array(arena, pst_option_count, sizeof(*assignments));
	struct pst_err err;

	*config = *base;
	config->private = pst_arena_alloc(arena, sizeof(*config->private));
	*config->private = *base->private;
	config->private->assignments = assignments;
	for (size_t i = 0; i < pst_option_count; i++) {
		assignments[i] = base->private->assignments[i];
		if (section->assignments[i].line == 0 ||
		    section->assignments[i].bad)
			continue;
		assignments[i] = section->assignments[i];
		if (!pst_option_set(config, arena, &pst_options[i],
			assignments[i].last, &err))
			assert(false);
	}
	return config;
}

static void
make_copies(struct pst_config *config, struct pst_problems *problems)
{
	struct pst_listeners *listeners = &config->private->listeners;

	for (size_t i = 0; i < listeners->count; i++) {
		struct pst_listener *listener = &listeners->items[i];

		listener->config = config;
		if (listener->section == NULL)
			continue;
		listener->config = copy_for(config, listener->section);
		listener->config->private->socket = listener->socket;
		pst_config_check(listener->config, problems);
		make_marks(listener->config, problems);
	}
}

static void
make_fingerprints(struct pst_config *config)
{
	struct pst_listeners *listeners = &config->private->listeners;
	struct pst_arena *arena = pst_arena_new();

	pst_fingerprint_make(config, arena);
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->items[i].config != config)
			pst_fingerprint_make(listeners->items[i].config, arena);
	pst_arena_free(arena);
}

/*
 * If a name was not understood, this is not called: the options could only seem
 * not to agree.
 */
static bool
complete(struct pst_config *config, struct pst_problems *problems)
{
	if (!list_listeners(config, problems))
		return false;
	pst_config_check(config, problems);
	if (!derive(config, problems))
		return false;
	pst_config_make_spf_names(config, config->private->arena, problems);
	make_copies(config, problems);
	if (problems->errors == 0)
		make_fingerprints(config);
	return problems->errors == 0;
}

struct pst_config *
pst_config_load_all(const char *file_name, struct pst_problems *problems)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_config *config = pst_arena_alloc(arena, sizeof(*config));
	struct pst_config_notes notes = {.is_read = true};
	bool good = true;

	config->private = pst_arena_alloc(arena, sizeof(*config->private));
	config->private->arena = arena;
	config->private->base = config;
	config->private->refs =
	    pst_arena_alloc(arena, sizeof(*config->private->refs));
	config->private->assignments = pst_arena_array(
	    arena, pst_option_count, sizeof(*config->private->assignments));
	atomic_init(config->private->refs, 1);
	for (size_t i = 0; i < pst_option_count; i++)
		pst_option_set_default(config, arena, &pst_options[i]);
	notes.assignments = config->private->assignments;
	notes.listeners = &config->private->sections;
	if (file_name != NULL) {
		config->private->file = pst_arena_strdup(arena, file_name);
		notes.is_read = false;
		good = pst_config_read(
		    config, arena, config->private->file, &notes, problems);
	}
	if (!notes.is_read || !complete(config, problems) || !good) {
		pst_problems_sort(problems);
		pst_config_unref(config);
		return NULL;
	}
	return config;
}

struct pst_config *
pst_config_load(const char *file_name, struct pst_err *err)
{
	struct pst_problems problems = {.arena = pst_arena_new()};
	struct pst_config *config = pst_config_load_all(file_name, &problems);

	if (config == NULL)
		pst_problems_first(&problems, err);
	pst_arena_free(problems.arena);
	return config;
}

struct pst_config *
pst_config_ref(struct pst_config *config)
{
	atomic_fetch_add(config->private->refs, 1);
	return config;
}

void
pst_config_unref(struct pst_config *config)
{
	if (config == NULL || atomic_fetch_sub(config->private->refs, 1) != 1)
		return;
	pst_sign_domains_forget_keys(config);
	if (config->dkim_lib != NULL)
		pst_dkim_lib_free(config->dkim_lib);
	pst_psl_free(config->psl);
	pst_arena_free(config->private->arena);
}

size_t
pst_config_listeners(const struct pst_config *config)
{
	return config->private->listeners.count;
}

static const struct pst_listener *
listener_at(const struct pst_config *config, size_t index)
{
	assert(index < config->private->listeners.count);
	return &config->private->listeners.items[index];
}

const char *
pst_config_socket(const struct pst_config *config, size_t index)
{
	return listener_at(config, index)->socket;
}

unsigned
pst_config_socket_line(const struct pst_config *config, size_t index)
{
	const struct pst_listener *listener = listener_at(config, index);

	return listener->section != NULL ?
	    listener->section->line :
	    pst_config_line(config, pst_option_find(NULL, "listen"));
}

const struct pst_config *
pst_config_at(const struct pst_config *config, size_t index)
{
	return listener_at(config, index)->config;
}

struct pst_config *
pst_config_for_listener(struct pst_config *config, size_t index)
{
	return pst_config_ref(listener_at(config, index)->config);
}

struct pst_config *
pst_config_for_socket(struct pst_config *config, const char *socket)
{
	size_t i = pst_listeners_find(&config->private->listeners, socket);

	if (i == config->private->listeners.count)
		return pst_config_ref(config->private->base);
	return pst_config_for_listener(config, i);
}

const char *
pst_config_own_socket(const struct pst_config *config)
{
	return config->private->socket;
}

unsigned
pst_config_listener_line(
    const struct pst_config *config, size_t index, size_t option_index)
{
	const struct pst_listener *listener = listener_at(config, index);

	assert(option_index < pst_option_count);
	return listener->section == NULL ?
	    0 :
	    listener->section->assignments[option_index].line;
}

const char *
pst_config_file(const struct pst_config *config)
{
	return config->private->file;
}

unsigned
pst_config_line(const struct pst_config *config, size_t option_index)
{
	assert(option_index < pst_option_count);
	return config->private->assignments[option_index].line;
}

bool
pst_config_was_refused(const struct pst_config *config, size_t option_index)
{
	return option_index < pst_option_count &&
	    config->private->assignments[option_index].bad;
}

const char *
pst_config_value(const struct pst_config *config, size_t option_index,
    struct pst_arena *arena)
{
	assert(option_index < pst_option_count);
	return pst_option_text(config, &pst_options[option_index], arena);
}

const char *
pst_config_shown(const struct pst_config *config, size_t option_index,
    struct pst_arena *arena)
{
	assert(option_index < pst_option_count);
	return pst_option_shown(config, &pst_options[option_index], arena);
}

static bool
is_same_value(
    const struct pst_config *a, const struct pst_config *b, size_t option_index)
{
	struct pst_arena *arena = b->private->arena;

	/* Compare the sockets: one may now be in a section, not in `listen`. */
	if (option_index == pst_option_find(NULL, "listen"))
		return pst_listeners_equal(
		    &a->private->listeners, &b->private->listeners);
	return strcmp(pst_config_value(a, option_index, arena),
		   pst_config_value(b, option_index, arena)) == 0;
}

const char *
pst_config_restart_option(const struct pst_config *running,
    const struct pst_config *fresh, size_t *from)
{
	struct pst_arena *arena = fresh->private->arena;
	char path[80];

	while (*from < pst_option_count) {
		size_t i = (*from)++;

		if (!pst_options[i].at_start)
			continue;
		if (!is_same_value(running, fresh, i))
			return pst_arena_strdup(arena,
			    pst_option_path(
				&pst_options[i], path, sizeof(path)));
	}
	return NULL;
}
