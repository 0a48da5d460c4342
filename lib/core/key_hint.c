/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/key_hint.h"

#include <stdbool.h>
#include <string.h>

#include "core/keys.h"
#include "core/rule_make.h"

#define MAX_NAME 40

/* Levenshtein distance; names longer than MAX_NAME are far from everything. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t i, j, diagonal, above;

	if (a_len > MAX_NAME || b_len > MAX_NAME)
		return MAX_NAME;
	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			above = row[j];
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_len];
}

/* The candidate when it is less far from name than all before. */
static const char *
nearer(const char *best, const char *candidate, const char *name,
    size_t *best_distance)
{
	size_t d = distance(name, candidate);

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
