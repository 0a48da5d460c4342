/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/config.h"

#include <assert.h>
#include <stdatomic.h>

#include "core/config_read.h"
#include "core/keys.h"
#include "core/value.h"

struct pst_config_private {
	struct pst_arena *arena;
	const char *file;             /* NULL: defaults */
	struct pst_setting *settings; /* by key index */
	atomic_uint refs;
};

/* Names the place of the one or the other key. */
static bool
fail_whole(const struct pst_config *config, struct pst_err *err,
    const char *section, const char *key, const char *other,
    const char *sentence)
{
	unsigned line = pst_config_line(config, pst_key_find(section, key));

	if (line == 0)
		line = pst_config_line(config, pst_key_find(section, other));
	return pst_err_set_at(err, config->private->file, line, "%s", sentence);
}

/* What depends on more than one key. */
/* What SPF and iprev must be left with. */
#define MIN_FREE 30

/*
 * A sender chooses what SPF and iprev ask. That must never use up what the
 * keys and the policy of the From domain need, or it would lift the policy.
 */
static unsigned
reserved_queries(const struct pst_config *config)
{
	unsigned domains =
	    config->dmarc.evaluate_all ? config->dmarc.max_author_domains : 1;

	/* A walk, and whether the domain exists (R-DMARC-25). */
	return config->dkim.max_verified + domains * (PST_WALK_MAX + 1);
}

static bool
check_whole(const struct pst_config *config, struct pst_err *err)
{
	if (config->listen.count == 0)
		return fail_whole(config, err, NULL, "listen", "listen",
		    "listen is empty; name at least one socket");
	if (config->dkim.max_parsed < config->dkim.max_verified)
		return fail_whole(config, err, "dkim", "max-parsed",
		    "max-verified",
		    "dkim.max-parsed is below dkim.max-verified; raise it");
	if (config->dns.max_queries < reserved_queries(config) + MIN_FREE)
		return fail_whole(config, err, "dns", "max-queries",
		    "max-queries",
		    "dns.max-queries is too low for dkim.max-verified and the "
		    "policy look-ups; raise it");
	if (config->header.max_total_bytes < config->header.max_field_bytes)
		return fail_whole(config, err, "header", "max-size",
		    "max-field-size",
		    "header.max-size is below header.max-field-size; raise it");
	return true;
}

static bool
load_psl(struct pst_config *config, struct pst_err *err)
{
	const char *list = config->dmarc.public_suffix_list;
	bool needed = config->dmarc.discovery != PST_DMARC_TREEWALK;
	bool asked = pst_config_line(config,
			 pst_key_find("dmarc", "public-suffix-list")) != 0;
	struct pst_err why;

	if (list[0] == '\0') {
		if (!needed)
			return true;
		return fail_whole(config, err, "dmarc", "discovery",
		    "public-suffix-list",
		    "dmarc.discovery needs dmarc.public-suffix-list");
	}
	config->psl = pst_psl_load(list, &why);
	/* The default path is a wish, a path that was written is an order. */
	if (config->psl == NULL && (needed || asked)) {
		return fail_whole(config, err, "dmarc", "public-suffix-list",
		    "discovery", why.text);
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
	config->dns_limits = (struct pst_dns_limits){
	    .max_queries = config->dns.max_queries,
	    .query_ms = config->dns.query_timeout_ms,
	    .max_txt_bytes = (unsigned)config->dns.max_txt_bytes,
	    .reserved = reserved_queries(config),
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
	config->private->settings = pst_arena_array(
	    arena, pst_key_count, sizeof(*config->private->settings));
	atomic_init(&config->private->refs, 1);
	for (i = 0; i < pst_key_count; i++)
		pst_value_set_initial(config, arena, &pst_keys[i]);
	if (file_name != NULL)
		config->private->file = pst_arena_strdup(arena, file_name);
	if ((file_name != NULL &&
		!pst_config_read(config, arena, config->private->file,
		    config->private->settings, err)) ||
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
	return config->private->settings[key_index].line;
}

const char *
pst_config_value(
    const struct pst_config *config, size_t key_index, struct pst_arena *arena)
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
