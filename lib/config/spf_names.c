/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/spf_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "config/option.h"

static void
add(struct pst_texts *names, const struct pst_net_set *set)
{
	for (size_t i = 0; i < set->spf_count; i++)
		names->items[names->count++] = set->spf[i];
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
make_distinct(struct pst_texts *names)
{
	size_t kept = 0;

	if (names->count == 0)
		return;
	qsort(names->items, names->count, sizeof(*names->items), by_name);
	for (size_t i = 1; i < names->count; i++)
		if (strcmp(names->items[kept], names->items[i]) != 0)
			names->items[++kept] = names->items[i];
	names->count = kept + 1;
}

void
pst_config_make_spf_names(struct pst_config *config, struct pst_arena *arena,
    struct pst_problems *problems)
{
	const struct pst_rules *rules = &config->rules;
	struct pst_texts *names = &config->spf_names;
	size_t room = config->forwarders.set.spf_count;

	*names = (struct pst_texts){.count = 0};
	for (size_t i = 0; i < rules->count; i++)
		room += rules->items[i].client.spf_count;
	if (room == 0)
		return;
	names->items = pst_arena_array(arena, room, sizeof(*names->items));
	add(names, &config->forwarders.set);
	for (size_t i = 0; i < rules->count; i++)
		add(names, &rules->items[i].client);
	make_distinct(names);
	if (names->count > PST_SPF_NAMES_MAX)
		(void)pst_problems_add(problems, PST_PROBLEM_ERROR,
		    pst_config_file(config),
		    pst_config_line(
			config, pst_option_find(NULL, "forwarders")),
		    "there are %zu different entries spf: in forwarders and in "
		    "the rules, and %d are possible; name fewer domains",
		    names->count, PST_SPF_NAMES_MAX);
}
