/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/key_hint.h"

#include <stdbool.h>
#include <string.h>

#include "base/near.h"
#include "core/keys.h"
#include "core/rule_make.h"

/* The candidate when it is less far from name than all before. */
static const char *
nearer(const char *best, const char *candidate, const char *name,
    size_t *best_distance)
{
	size_t d = pst_near_distance(name, candidate);

	if (d >= *best_distance)
		return best;
	*best_distance = d;
	return candidate;
}

const char *
pst_rule_key_nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;
	enum pst_rule_key key;

	for (key = PST_RULE_CLIENT; key < PST_RULE_KEYS; key++)
		best =
		    nearer(best, pst_rule_keys[key].name, name, &best_distance);
	return best;
}

static bool
same_section(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

const char *
pst_key_nearest(const char *section, const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		if (same_section(pst_keys[i].section, section))
			best = nearer(
			    best, pst_keys[i].name, name, &best_distance);
	}
	for (i = 0; section == NULL && pst_key_sections[i] != NULL; i++)
		best = nearer(best, pst_key_sections[i], name, &best_distance);
	if (section != NULL)
		return best;
	best = nearer(best, "rule", name, &best_distance);
	return nearer(best, "listener", name, &best_distance);
}

const char *
pst_listener_key_nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = strlen(name) / 3 + 2;
	size_t i;

	for (i = 0; i < pst_key_count; i++) {
		if (pst_keys[i].per_listener)
			best = nearer(
			    best, pst_keys[i].name, name, &best_distance);
	}
	return best;
}
