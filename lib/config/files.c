/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/files.h"

#include "config/option.h"

struct visitor {
	bool (*visit)(void *arg, const char *path);
	void *arg;
};

/* A part "@/path" names a file (config/list_file.h). */
static bool
visit_parts(
    const struct visitor *visitor, const char *const *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (parts[i][0] == '@' &&
		    !visitor->visit(visitor->arg, parts[i] + 1))
			return false;
	}
	return true;
}

static bool
may_name_files(const struct pst_option *option)
{
	return option->type == PST_OPTION_NETWORKS ||
	    option->type == PST_OPTION_DOMAIN_SET ||
	    option->type == PST_OPTION_LOGINS;
}

static bool
visit_lists(const struct visitor *visitor, const struct pst_config *config)
{
	for (size_t i = 0; i < pst_option_count; i++) {
		/* `written` is the first member of these types. */
		const struct pst_texts *list =
		    (const void *)((const char *)config +
			pst_options[i].offset);

		if (may_name_files(&pst_options[i]) &&
		    !visit_parts(visitor, list->items, list->count))
			return false;
	}
	return true;
}

static bool
visit_rules(const struct visitor *visitor, const struct pst_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct pst_titled_value *values = rules->items[i].written;

		for (enum pst_rule_option option = PST_RULE_CLIENT;
		     option <= PST_RULE_INDIRECT; option++) {
			if (!visit_parts(visitor, values[option].parts,
				values[option].count))
				return false;
		}
	}
	return true;
}

/* Their keys (pst_sign_domains_read_keys()) */
static bool
visit_keys(
    const struct visitor *visitor, const struct pst_sign_domains *domains)
{
	for (size_t i = 0; i < domains->count; i++) {
		const struct pst_sign_domain *one = &domains->items[i];

		for (size_t k = 0; k < one->pair_count; k++) {
			if (!visitor->visit(visitor->arg, one->pairs[k].file))
				return false;
		}
	}
	return true;
}

bool
pst_config_each_file(const struct pst_config *config,
    bool (*visit)(void *arg, const char *path), void *arg)
{
	const struct visitor visitor = {visit, arg};
	const char *file = pst_config_file(config);
	const char *suffixes = config->dmarc.public_suffix_list;

	return (file == NULL || visit(arg, file)) &&
	    (suffixes[0] == '\0' || visit(arg, suffixes)) &&
	    visit_lists(&visitor, config) &&
	    visit_rules(&visitor, &config->rules) &&
	    (!pst_sign_is_used(config) ||
		visit_keys(&visitor, &config->sign_domains));
}
