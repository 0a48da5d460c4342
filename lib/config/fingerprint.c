/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/fingerprint.h"

#include <string.h>

#include "base/hash.h"
#include "base/macros.h"
#include "config/option.h"

/*
 * The options of a part. All others, such as arc.verify, need none: a message
 * says whether the check was made.
 */
static const struct {
	enum pst_fingerprint part;
	const char *section;
	const char *name; /* NULL: all of the section that have no row */
} parts[] = {
    {PST_FINGERPRINT_RCPTS, NULL, "enforce-recipients"},
    {PST_FINGERPRINT_RCPTS, NULL, "monitor-recipients"},
    {PST_FINGERPRINT_TRUSTED, NULL, "trusted-networks"},
    {PST_FINGERPRINT_RELAYS, NULL, "relays"},
    {PST_FINGERPRINT_RELAYS, NULL, "relay-names"},
    {PST_FINGERPRINT_CAPS, NULL, "temperror-cap"},
    {PST_FINGERPRINT_CAPS, NULL, "temperror-domain-cap"},
    {PST_FINGERPRINT_CAPS, "dmarc", "remember"},
    {PST_FINGERPRINT_DNS, NULL, "deadline"},
    {PST_FINGERPRINT_AUTHORS, "dmarc", "evaluate-all"},
    {PST_FINGERPRINT_AUTHORS, "dmarc", "max-author-domains"},
    {PST_FINGERPRINT_ARC, "arc", "max-sets"},
    {PST_FINGERPRINT_HEADER, "header", NULL},
    {PST_FINGERPRINT_DNS, "dns", NULL},
    {PST_FINGERPRINT_SPF, "spf", NULL},
    {PST_FINGERPRINT_DKIM, "dkim", NULL},
    {PST_FINGERPRINT_DMARC, "dmarc", NULL},
};

/* Sections that no decision looks at. */
static const char *const others[] = {
    "store", "journal", "reports", "failure-reports", "canary", "log"};

/* The same for options: mail that is signed is not checked. */
static const char *const other_options[] = {"drain", "sign-networks",
    "login-domains", "sign-strict", "on-sign-error", "sign-unpublished"};

struct making {
	struct pst_config *config;
	struct pst_arena *arena;
	uint64_t hashes[PST_FINGERPRINTS];
};

/* With its NUL, so that two texts are not taken for one. */
static uint64_t
add_text(uint64_t hash, const char *text)
{
	return pst_hash(hash, (struct pst_str){text, strlen(text) + 1});
}

static uint64_t
add_octets(uint64_t hash, const void *ptr, size_t len)
{
	return pst_hash(hash, (struct pst_str){ptr, len});
}

static uint64_t
add_domains(uint64_t hash, const struct pst_domain_set *set)
{
	for (size_t i = 0; i < set->exact_count; i++)
		hash = add_text(hash, set->exact[i]);
	hash = add_text(hash, "");
	for (size_t i = 0; i < set->below_count; i++)
		hash = add_text(hash, set->below[i]);
	return add_text(hash, "");
}

static uint64_t
add_networks(uint64_t hash, const struct pst_net_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct pst_net *net = &set->nets[i];
		unsigned char bits = (unsigned char)net->prefix_bits;
		unsigned char family = (unsigned char)net->base.family;

		hash = add_octets(hash, &bits, 1);
		hash = add_octets(hash, &family, 1);
		hash = add_octets(
		    hash, net->base.octets, sizeof(net->base.octets));
	}
	for (size_t i = 0; i < set->spf_count; i++)
		hash = add_text(hash, set->spf[i]);
	return add_text(hash, "");
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_decisive(const struct pst_option *option)
{
	if (option->at_start)
		return false;
	for (size_t i = 0; i < PST_COUNT(others); i++)
		if (is_same(option->section, others[i]))
			return false;
	for (size_t i = 0; i < PST_COUNT(other_options); i++)
		if (option->section == NULL &&
		    strcmp(option->name, other_options[i]) == 0)
			return false;
	return true;
}

static enum pst_fingerprint
part_of(const struct pst_option *option)
{
	for (size_t i = 0; i < PST_COUNT(parts); i++)
		if (is_same(parts[i].section, option->section) &&
		    (parts[i].name == NULL ||
			is_same(parts[i].name, option->name)))
			return parts[i].part;
	return PST_FINGERPRINT_ALL;
}

static void
add_option(struct making *making, size_t index)
{
	const struct pst_option *option = &pst_options[index];
	const char *at = (const char *)making->config + option->offset;
	uint64_t *hash = &making->hashes[part_of(option)];

	*hash = add_text(*hash, option->name);
	*hash = add_text(
	    *hash, pst_config_value(making->config, index, making->arena));
	/* What is in the files of a list */
	if (option->type == PST_OPTION_NETWORKS)
		*hash = add_networks(*hash,
		    &((const struct pst_networks *)(const void *)at)->set);
	if (option->type == PST_OPTION_DOMAIN_SET)
		*hash = add_domains(*hash,
		    &((const struct pst_domains *)(const void *)at)->set);
}

static uint64_t
add_rule(uint64_t hash, const struct pst_rule *rule)
{
	hash = add_text(hash, rule->title);
	for (size_t i = 0; i < PST_RULE_OPTIONS; i++) {
		const struct pst_titled_value *value = &rule->written[i];

		for (size_t k = 0; value->line != 0 && k < value->count; k++)
			hash = add_text(hash, value->parts[k]);
		hash = add_text(hash, "");
	}
	hash = add_networks(hash, &rule->client);
	for (size_t i = 0; i < rule->shown.count; i++)
		hash = add_text(hash, rule->shown.names[i]);
	for (size_t i = 0; i < PST_RULE_INDIRECT; i++)
		hash = add_domains(hash, &rule->domains[i]);
	return hash;
}

static void
add_rules(struct making *making)
{
	const struct pst_rules *rules = &making->config->rules;
	uint64_t *hash = &making->hashes[PST_FINGERPRINT_RULES];

	for (size_t i = 0; i < rules->count; i++)
		*hash = add_rule(*hash, &rules->items[i]);
}

static void
add_listeners(struct making *making)
{
	const struct pst_config *config = making->config;
	uint64_t *hash = &making->hashes[PST_FINGERPRINT_LISTENERS];

	for (size_t i = 0; i < pst_config_listeners(config); i++)
		if (pst_config_own_socket(pst_config_at(config, i)) != NULL)
			*hash = add_text(*hash, pst_config_socket(config, i));
}

void
pst_fingerprint_make(struct pst_config *config, struct pst_arena *arena)
{
	struct making making = {.config = config, .arena = arena};
	uint64_t *all = &making.hashes[PST_FINGERPRINT_ALL];

	for (size_t i = 0; i < PST_FINGERPRINTS; i++)
		making.hashes[i] = PST_HASH_START;
	*all = add_text(*all, PST_VERSION);
	for (size_t i = 0; i < pst_option_count; i++)
		if (is_decisive(&pst_options[i]))
			add_option(&making, i);
	add_rules(&making);
	add_listeners(&making);
	for (size_t i = PST_FINGERPRINT_ALL + 1; i < PST_FINGERPRINTS; i++)
		if (i != PST_FINGERPRINT_LISTENERS)
			*all = add_octets(
			    *all, &making.hashes[i], sizeof(making.hashes[i]));
	for (size_t i = 0; i < PST_FINGERPRINTS; i++)
		config->fingerprints[i] = pst_hash_fold(making.hashes[i]);
}
